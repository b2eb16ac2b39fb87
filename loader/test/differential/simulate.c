// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: simulate RECORD.bpf.o IMAGE
 *
 * The evaluator in user space beside the one in the kernel, in this network namespace: it judges
 * the same packets by the same image. On each line of its input it prints its counters as "bpfilter save
 * -c" would, then how many packets it accepted that the kernel did not and the other way round, by
 * hook, and "END". It says READY first; or KERNEL, and ends: only the kernel can judge by this image.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compile/evaluate.h"
#include "compile/layout.h"
#include "loader/test/differential/record.h"
#include "rules/parse.h"

#define CAPACITY	((size_t)IMAGE_CAPACITY_1)

struct simulator {
	struct image_header *image;	/* CAPACITY bytes */
	long accepted[NR_FAMILIES][2][NR_HOOKS];	/* by us, less those the kernel let pass */
	unsigned long packets, too_long, errors;
};

/* bpf/evaluator.bpf.c tracking(); there is no NAT in these tests. */
static unsigned int state_of(unsigned long long nfct)
{
	unsigned int info = nfct & 7;

	if (!(nfct & ~7ULL))
		return info == 7 ? CT_UNTRACKED : CT_INVALID;
	return 1U << (info % 3 + 1);
}

static int take(void *arg, void *data, size_t size)
{
	struct simulator *s = arg;
	const struct record *r = data;
	const struct packet_context ctx = {
		.family = r->family ? FAMILY_IPV6 : FAMILY_IPV4,
		.table = r->raw ? TABLE_RAW : TABLE_FILTER,
		.hook = (enum hook)r->hook,
		.in = r->in[0] ? r->in : NULL,
		.out = r->out[0] ? r->out : NULL,
		.ct = state_of(r->nfct),
		.socket = r->hook == NF_INET_LOCAL_OUT,
	};
	long *balance = &s->accepted[ctx.family][r->raw][ctx.hook];

	(void)size;
	if (r->passed) {
		(*balance)--;
		return 0;
	}
	s->packets++;
	if (r->len > RECORD_MAX)
		s->too_long++;
	else if (image_evaluate(s->image, CAPACITY, &ctx, r->data, r->len) == EVALUATE_ACCEPT)
		(*balance)++;
	return 0;
}

static int attach(struct bpf_object *o, const char *name, __u32 pf, __u32 hook, __s32 priority)
{
	LIBBPF_OPTS(bpf_netfilter_opts, opts, .pf = pf, .hooknum = hook, .priority = priority);
	struct bpf_program *p = bpf_object__find_program_by_name(o, name);

	return bpf_program__attach_netfilter(p, &opts) ? 0 : -errno;
}

static int attach_all(struct bpf_object *o)
{
	static const struct {
		const char *name;
		__u32 hook;
		__s32 priority;
	} at[] = {
		{ "raw_before", NF_INET_PRE_ROUTING, -310 }, { "raw_behind", NF_INET_PRE_ROUTING, -299 },
		{ "raw_before", NF_INET_LOCAL_OUT, -310 }, { "raw_behind", NF_INET_LOCAL_OUT, -299 },
		{ "filter_before", NF_INET_LOCAL_IN, -10 }, { "filter_behind", NF_INET_LOCAL_IN, 10 },
		{ "filter_before", NF_INET_FORWARD, -10 }, { "filter_behind", NF_INET_FORWARD, 10 },
		{ "filter_before", NF_INET_LOCAL_OUT, -10 }, { "filter_behind", NF_INET_LOCAL_OUT, 10 },
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < sizeof(at) / sizeof(at[0]); i++) {
		ret = attach(o, at[i].name, NFPROTO_IPV4, at[i].hook, at[i].priority);
		if (!ret)
			ret = attach(o, at[i].name, NFPROTO_IPV6, at[i].hook, at[i].priority);
	}
	return ret;
}

static void print_counters(const struct simulator *s)
{
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct ruleset rs;
	int f, t;

	if (image_ruleset(s->image, &rs, true, &err)) {
		error_print(&err, STDERR_FILENO);
		exit(1);
	}
	for (f = 0; f < NR_FAMILIES; f++)
		for (t = NR_TABLES - 1; t >= 0; t--)
			if ((rs.families & FAMILY_BIT(f)) && rs.tables[f][t].present)
				rules_print(&out, &rs, (enum family)f, (enum table_id)t,
					    PRINT_COUNTERS);
	printf("%.*s", (int)out.len, out.data ? out.data : "");
	buffer_free(&out);
	ruleset_free(&rs);
}

static void answer(const struct simulator *s, unsigned long lost)
{
	int f, raw, h;

	print_counters(s);
	printf("# %lu packets\n", s->packets);
	if (lost || s->too_long)
		printf("! %lu packets lost, %lu too long\n", lost, s->too_long);
	for (f = 0; f < NR_FAMILIES; f++)
		for (raw = 0; raw < 2; raw++)
			for (h = 0; h < NR_HOOKS; h++)
				if (s->accepted[f][raw][h])
					printf("! IPv%d %s hook %d: %+ld accepted\n", f ? 6 : 4,
					       raw ? "raw" : "filter", h, s->accepted[f][raw][h]);
	puts("END");
	fflush(stdout);
}

static unsigned long lost_records(struct bpf_object *o)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o, ".bss");
	unsigned long lost = 0;
	__u32 key = 0;

	bpf_map__lookup_elem(map, &key, sizeof(key), &lost, sizeof(lost), 0);
	return lost;
}

static int serve(struct simulator *s, struct bpf_object *o)
{
	struct ring_buffer *ring;
	struct pollfd fds[2];
	char c;

	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(o, "records"), take, s, NULL);
	if (!ring)
		return 1;
	fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = ring_buffer__epoll_fd(ring), .events = POLLIN };
	puts("READY");
	fflush(stdout);
	while (poll(fds, 2, -1) > 0) {
		ring_buffer__consume(ring);
		if (!fds[0].revents)
			continue;
		if (read(STDIN_FILENO, &c, 1) != 1)
			return 0;
		if (c == '\n')
			answer(s, lost_records(o));
	}
	return 1;
}

static struct image_header *load_image(const char *path)
{
	struct image_header *space;
	struct error err = { 0 };
	struct image img;
	char *text;
	size_t len;

	space = mmap(NULL, CAPACITY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (space == MAP_FAILED || rules_read_file(path, CAPACITY, &text, &len, &err) ||
	    image_borrow(&img, path, text, len, &err) || img.size > CAPACITY) {
		error_print(&err, STDERR_FILENO);
		return NULL;
	}
	memcpy(space, img.data, img.size);
	free(text);
	if (space->features & IMAGE_F_KERNEL) {
		puts("KERNEL");
		exit(0);
	}
	if (image_layout(space, CAPACITY, 1))
		return NULL;
	space->hz = 100;	/* the time stands still */
	return space;
}

int main(int argc, char **argv)
{
	struct simulator s = { 0 };
	struct bpf_object *o;
	int ret;

	if (argc != 3)
		return 2;
	s.image = load_image(argv[2]);
	o = bpf_object__open_file(argv[1], NULL);
	if (!s.image || !o || bpf_object__load(o))
		return 1;
	ret = attach_all(o);
	if (ret) {
		fprintf(stderr, "simulate: cannot attach: %s\n", strerror(-ret));
		return 1;
	}
	return serve(&s, o);
}
