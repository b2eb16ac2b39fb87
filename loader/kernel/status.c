/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What "bpfilter status" asks: links and memory here, and who else has filters of ours.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/answers.h"
#include "kernel/kernel.h"
#include "kernel/netns.h"
#include "kernel/slot.h"
#include "kernel/sys.h"

/* "memlock:" of a map or program: bytes charged for it. */
static uint64_t memory_of(int fd)
{
	char path[48], line[128];
	uint64_t n = 0;
	FILE *f;

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %" SCNu64, &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static void slot_status(const struct slot *s, struct filter_status *st)
{
	size_t size = 0;
	struct link l;
	int fd;

	FOR_EACH_HOOK(f, t, h) {
		if (s->link[f][t][h] < 0 || link_identify(s->link[f][t][h], &l))
			continue;
		st->present[f][t][h] = true;
		st->link_id[f][t][h] = l.id;
		st->priority[f][t][h] = l.priority;
	}
	fd = slot_image(s, &size, NULL);
	st->capacity = (uint32_t)size;
	st->memory += memory_of(fd) + memory_of(s->prog[0]) + memory_of(s->prog[1]) +
		      memory_of(s->image_fd) + memory_of(s->control_fd);
	if (fd >= 0)
		close(fd);
}

/* Any link of a family: somebody may have been killed while he pinned or removed them. */
static bool deny_linked(const struct kernel *k, unsigned int family)
{
	char name[LINK_NAME];
	bool found = false;
	int fd;

	for (unsigned int h = 0; !found && h < IMAGE_HOOKS; h++) {
		fd = pin_get(k, GEN_DENY, link_name(name, family, 0, h), NULL);
		found = fd >= 0;
		if (found)
			close(fd);
	}
	return found;
}

/* Links without a program or a gate that could be read count as shut. */
static void deny_status(const struct kernel *k, struct filter_status *st)
{
	int prog = pin_get(k, GEN_DENY, "bf_deny", NULL);

	if (prog >= 0) {
		st->memory += memory_of(prog);
		if (program_read(prog, ".bss", &st->gate, sizeof(st->gate)))
			st->gate = 0;
		close(prog);
	}
	for (unsigned int f = 0; f < FAMILIES; f++)
		st->deny_present[f] = !(st->gate & (1U << f)) && deny_linked(k, f);
}

int filter_status(struct kernel *k, struct filter_status *st, struct error *err)
{
	char path[PIN_PATH];
	enum generation other = GENERATIONS;
	struct slot s;
	int ret;

	memset(st, 0, sizeof(*st));
	st->repinned = k->repinned;
	ret = slot_current(k, &s, err);
	if (ret && ret != -ENOENT)
		return ret;
	if (!ret) {
		slot_status(&s, st);
		other = s.gen == GEN_A ? GEN_B : GEN_A;
	}
	slot_close(&s);
	deny_status(k, st);
	st->half_done = other == GENERATIONS && answers_present(k);
	for (enum generation g = GEN_A; g <= GEN_B; g++)
		if ((other == GENERATIONS || g == other) &&
		    !access(pin_path(path, k, g, NULL), F_OK))
			st->half_done = true;
	return 0;
}

struct listing {
	uint64_t here;
	struct foreign_namespace *list;
	size_t count;
	bool unseen;
};

static struct foreign_namespace *entry(struct listing *a, uint64_t cookie)
{
	struct foreign_namespace *p;
	size_t i;

	for (i = 0; i < a->count; i++)
		if (a->list[i].cookie == cookie)
			return &a->list[i];
	p = realloc(a->list, (a->count + 1) * sizeof(*p));
	if (!p)
		return NULL;
	a->list = p;
	memset(&p[a->count], 0, sizeof(*p));
	p[a->count].cookie = cookie;
	return &p[a->count++];
}

static int note_link(int fd, const struct link *l, void *arg)
{
	struct foreign_namespace *e;
	struct listing *a = arg;

	(void)fd;
	if (l->cookie == a->here)
		return 0;
	e = entry(a, l->cookie);
	if (!e)
		return -ENOMEM;
	e->links++;
	return 0;
}

/* Directories of pins in a bpffs, whether or not links are left. */
static int note_dirs(const char *bpffs, struct listing *a)
{
	uint64_t cookie;
	char path[96];
	struct dirent *e;
	int ret = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/bpfilter", bpffs);
	d = opendir(path);
	while (d && !ret && (e = readdir(d))) {
		cookie = strtoull(e->d_name, NULL, 10);
		if (cookie && cookie != a->here && !entry(a, cookie))
			ret = -ENOMEM;
	}
	if (d)
		closedir(d);
	return ret;
}

/* Companions are in the namespaces that they answer for, and do not count. */
static int note_alive(struct listing *a, const char *bpffs, struct error *err)
{
	pid_t *skip;
	uint64_t *alive = NULL;
	size_t n = 0, i, j;
	int ret;

	if (!a->count)
		return 0;
	skip = calloc(a->count + 1, sizeof(*skip));
	if (!skip)
		return -ENOMEM;
	for (i = 0; i < a->count; i++)
		skip[i] = answers_companion_of(bpffs, a->list[i].cookie);
	ret = netns_alive(skip, a->count, &alive, &n, &a->unseen, err);
	free(skip);
	for (i = 0; i < a->count; i++)
		for (j = 0; j < n; j++)
			if (alive[j] == a->list[i].cookie)
				a->list[i].alive = true;
	free(alive);
	return ret;
}

int filter_namespaces(struct foreign_namespace **list, size_t *count, bool *unseen,
		      struct error *err)
{
	struct listing a = { 0 };
	char bpffs[64];
	int ret;

	*list = NULL;
	*count = 0;
	ret = kernel_netns_cookie(&a.here, err);
	if (!ret)
		ret = links_each(note_link, &a, err);
	if (!ret && !bpffs_find(bpffs, sizeof(bpffs), err))
		ret = note_dirs(bpffs, &a);
	else
		bpffs[0] = 0;
	if (!ret)
		ret = note_alive(&a, bpffs, err);
	if (ret == -ENOMEM)
		error_errno(err, ret, "cannot list namespaces");
	if (ret) {
		free(a.list);
		return ret;
	}
	*list = a.list;
	*count = a.count;
	*unseen = a.unseen;
	return 0;
}
