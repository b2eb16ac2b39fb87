// SPDX-License-Identifier: GPL-2.0-only
/*
 * The classifier against a plain loop over the rules: the same text, the same packets, any rule to
 * begin with. Each set is compiled as the helper does it, validated, and asked by the evaluator's
 * own source.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compile/compile.h"
#include "compile/layout.h"
#include "model.h"
#include "rules/parse.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#include "bpf/walk.h"
#pragma GCC diagnostic pop

static unsigned int passed, failed;
static unsigned long all_packets, mismatches;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compile(const struct model_set *s, struct image *img)
{
	struct rules_source src = { .where = "set", .families = s->ipv6 ? 2 : 1 };
	struct error err = { 0 };
	struct ruleset rs;
	char *text = NULL;
	FILE *f = open_memstream(&text, &src.len);
	int ret;

	if (!f)
		abort();
	model_print(s, f);
	fclose(f);
	src.text = text;
	ruleset_init(&rs);
	ret = rules_parse(&rs, &src, &err);
	if (!ret)
		ret = ruleset_finish(&rs, &err);
	if (!ret)
		ret = image_compile(&rs, img, &err);
	if (!ret) {
		ret = image_validate(img->data, img->size, &err);
		if (ret)
			image_free(img);
	}
	if (ret)
		error_print(&err, 2);
	ruleset_free(&rs);
	free(text);
	return ret;
}

static u32 interval(struct image_space *img, const char *name)
{
	char bytes[16] = { 0 };
	u64 hi, lo;

	memcpy(bytes, name, strlen(name));
	memcpy(&hi, bytes, 8);
	memcpy(&lo, bytes + 8, 8);
	return interface_interval(img, __builtin_bswap64(hi), __builtin_bswap64(lo));
}

/* What bpf/packet.h makes of such packets. */
static const struct {
	u8 header, ports;
} l4[] = {
	[MODEL_READABLE] = { L4_READABLE, L4_READABLE },
	[MODEL_FRAGMENT] = { L4_FRAGMENT, L4_FRAGMENT },
	[MODEL_SHORT] = { L4_SHORT, L4_SHORT },
	[MODEL_PORTS] = { L4_SHORT, L4_READABLE },
	[MODEL_EVIL] = { L4_SHORT, L4_FRAGMENT },
	[MODEL_UNPARSED] = { L4_SHORT, L4_SHORT },
};

static struct packet packet_of(struct image_space *img, const struct model_packet *m, bool ipv6)
{
	struct packet p = { .family = ipv6, .tcp_flags = (u8)m->tcp_flags };

	memcpy(p.src, m->src, sizeof(p.src));
	memcpy(p.dst, m->dst, sizeof(p.dst));
	p.proto = m->proto;
	p.sport = m->sport;
	p.dport = m->dport;
	p.ct = m->state;
	p.in = interval(img, m->in);
	p.out = interval(img, m->out);
	p.l4 = l4[m->l4].header;
	p.ports = l4[m->l4].ports;
	if (m->fragment)
		p.flags |= PACKET_FRAGMENT;
	if (m->l4 == MODEL_UNPARSED)
		p.flags |= PACKET_UNPARSED;
	p.unknown = packet_unknown(&p);
	return p;
}

static u32 ask(struct image_space *img, u32 chain, const struct packet *p, u32 from, u32 *steps)
{
	const struct image_chain *c = (const struct image_chain *)(const void *)
		(img->data + header_of(img)->chains.offset) + chain;
	struct search q = { .chain = chain, .from = c->first + from, .start = IMAGE_NONE };
	u32 result, id, act, residual;

	for (result = search_start(img, &q); result == SEARCH_ON; ++*steps)
		result = search_leaf(NULL, img, p, &q);
	id = result == SEARCH_END ? search_answer(img, &q, &act, &residual) : FIRST_BAD;
	if (id == FIRST_NONE)
		return MODEL_NONE;
	if (id == FIRST_HOTDROP)
		return MODEL_HOTDROP;
	return id > FIRST_MAX_ID ? id : id - c->first;
}

/*
 * From the start, and then from rules up to the first one that ends the search: the walker asks for
 * no others, and what such a rule hides need not be there.
 */
static bool same_answers(struct image_space *img, u32 chain, const struct model_set *s,
			 const struct model_packet *m, u32 *steps)
{
	struct packet p = packet_of(img, m, s->ipv6);
	u32 end = 0, want, got, i, from = 0;

	for (;;) {
		want = model_first(s, m, end);
		if (want >= MODEL_HOTDROP || s->rules[want].terminal)
			break;
		end = want + 1;
	}
	for (i = 0; i < 4; i++) {
		want = model_first(s, m, from);
		got = ask(img, chain, &p, from, steps);
		if (want != got) {
			fprintf(stderr, "from %u: %u, not %u (l4 %d, proto %u, %x -> %x, ports %u %u)\n",
				from, got, want, (int)m->l4, m->proto, m->src[0], m->dst[0],
				m->sport, m->dport);
			return false;
		}
		from = random_number(want < MODEL_HOTDROP ? want + 1 : end + 1);
		if (from > end)
			from = end;
	}
	return true;
}

static void report(const char *name, const struct model_set *s, const struct image_header *h,
		   u32 packets, u32 steps, u32 bad)
{
	u32 records = h->rules4.count + h->rules6.count;

	printf("%s %s %s: %u rules, %u trees, %u nodes, %u records, %u packets, %.1f leaves a query, "
	       "%u mismatches\n", bad ? "not ok" : "ok", name, s->ipv6 ? "IPv6" : "IPv4", s->count,
	       h->trees.count, h->nodes.count, records, packets, steps / 4.0 / packets, bad);
}

static void check_set(const char *name, const struct model_set *s, u32 packets)
{
	struct image_space space;
	struct model_packet m;
	u32 bad = 0, i, steps = 0, chain;
	struct image img, again;

	if (compile(s, &img)) {
		printf("not ok %s: not compiled\n", name);
		failed++;
		return;
	}
	space = (struct image_space){ .data = img.data, .size = img.size };
	chain = img.header->base[s->ipv6][0][1];
	for (i = 0; i < packets; i++) {
		model_packet_near(s, &m);
		bad += !same_answers(&space, chain, s, &m, &steps);
		if (bad > 5)
			break;
	}
	if (!bad && s->count <= 20000) {
		if (compile(s, &again) || again.size != img.size ||
		    memcmp(again.data, img.data, img.size)) {
			printf("not ok %s: the same text gave another image\n", name);
			bad = 1;
		}
		image_free(&again);
	}
	report(name, s, img.header, packets, steps, bad);
	image_free(&img);
	*(bad ? &failed : &passed) += 1;
	all_packets += i;
	mismatches += bad;
}

static void check_made(const char *name, bool ipv6, u32 count, u32 packets)
{
	struct model_set s = { .ipv6 = ipv6 };

	if (model_make(&s, name, count))
		abort();
	check_set(name, &s, packets);
	model_free(&s);
}

static void check_file(const char *dir, const char *name, bool ipv6, u32 packets)
{
	struct model_set s = { .ipv6 = ipv6 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!dir[0] || model_file(&s, path))
		printf("skip %s: not in \"%s\"; CLASSBENCH=DIR is where ClassBench's sets are\n", name,
		       dir);
	else
		check_set(name, &s, packets);
	model_free(&s);
}

static void check_files(const char *dir, bool full)
{
	static const char *const names[] = { "acl1_1k", "fw1_1k", "ipc1_1k",
					     "acl1_10k", "fw1_10k", "ipc1_10k" };
	size_t i;

	for (i = 0; i < (full ? 6 : 3); i++) {
		check_file(dir, names[i], false, full ? 65536 : 1000);
		check_file(dir, names[i], true, full ? 65536 : 1000);
	}
}

static void check_random(bool full)
{
	static const u32 sizes[] = { 0, 1, 2, 15, 16, 17, 18, 40, 200, 1000, 4000 };
	u32 rounds = full ? 40 : 3, i, r;

	for (r = 0; r < rounds; r++) {
		for (i = 1; i < (full ? 11 : 10); i++) {
			check_made("random", false, sizes[i], full ? 4000 : 400);
			check_made("random", true, sizes[i], full ? 4000 : 400);
		}
	}
}

static void check_hard(bool full)
{
	static const char *const names[] = { "rectangles", "wide", "nested", "same", "lists" };
	size_t i;

	for (i = 0; i < 10; i++) {
		check_made(names[i / 2], i % 2, 1000, full ? 4000 : 300);
		if (full)
			check_made(names[i / 2], i % 2, 10000, 4000);
	}
	check_made("blocklist", false, full ? 100000 : 3000, full ? 2000 : 300);
	check_made("blocklist", true, full ? 100000 : 3000, full ? 2000 : 300);
	if (full)
		check_made("wide", false, 100000, 500);
	if (full)
		check_made("nested", false, 100000, 500);
}

static const char usage[] =
	"usage: classifier [--full] [--seed N] [--classbench DIR]\n"
	"Compares the classifier with a loop over the rules, each packet from the first rule and from three\n"
	"others. DIR holds acl1_1k, fw1_1k ... --full: larger sets, more packets.\n";

int main(int argc, char **argv)
{
	static const struct option options[] = { { "full", no_argument, NULL, 'f' },
						 { "seed", required_argument, NULL, 's' },
						 { "classbench", required_argument, NULL, 'c' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	uint64_t seed = 1;
	const char *dir = "";
	bool full = false;
	double start = now();
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'f') {
			full = true;
		} else if (c == 's') {
			seed = strtoull(optarg, NULL, 0);
		} else if (c == 'c') {
			dir = optarg;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	random_start(seed);
	check_random(full);
	check_hard(full);
	check_files(dir, full);
	printf("%u sets, %lu packets from four rules each, seed %ju, %.1f s\n%lu mismatches\n"
	       "%u passed, %u failed\n", passed + failed, all_packets, (uintmax_t)seed,
	       now() - start, mismatches, passed, failed);
	return failed != 0;
}
