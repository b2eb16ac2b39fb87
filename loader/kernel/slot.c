/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A slot: one generation of the evaluator with its maps, links and pins.
 */
#include "kernel/slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/sys.h"

static const char *const program_names[TABLES] = { "bf_filter", "bf_raw" };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void slot_none(struct slot *s)
{
	memset(s, 0, sizeof(*s));
	s->gen = GENERATIONS;
	s->prog[0] = s->prog[1] = s->image_fd = s->control_fd = -1;
	s->answers_fd = s->companions_fd = -1;
	FOR_EACH_HOOK(f, t, h)
		s->link[f][t][h] = -1;
}

void slot_close(struct slot *s)
{
	FOR_EACH_HOOK(f, t, h)
		close_fd(&s->link[f][t][h]);
	close_fd(&s->prog[0]);
	close_fd(&s->prog[1]);
	close_fd(&s->image_fd);
	close_fd(&s->control_fd);
	close_fd(&s->answers_fd);
	close_fd(&s->companions_fd);
	if (s->control)
		munmap((void *)(uintptr_t)s->control, sizeof(*s->control));
	slot_none(s);
}

static int map_control(struct slot *s, struct error *err)
{
	void *p;

	p = mmap(NULL, sizeof(*s->control), PROT_READ | PROT_WRITE, MAP_SHARED, s->control_fd, 0);
	if (p == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the control of slot %s",
				   generation_dir(s->gen));
	s->control = p;
	return 0;
}

/* Programs by their pins, if they are ours (I4). bf_raw may be missing: then no link needs it. */
static int open_programs(const struct kernel *k, struct slot *s, struct error *err)
{
	struct object_config config;
	char name[OBJECT_NAME];
	unsigned int t;
	int fd, ret;

	for (t = 0; t < TABLES; t++) {
		fd = pin_get(k, s->gen, program_names[t], err);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		s->prog[t] = fd;
		ret = program_identify(fd, &config, name);
		if (ret && ret != -ENOENT)
			return error_errno(err, ret, "cannot read program %s", program_names[t]);
		if (ret || config.cookie != k->cookie || config.slot != s->gen ||
		    strcmp(name, program_names[t]))
			close_fd(&s->prog[t]);
		else
			s->groups = config.features;
	}
	return s->prog[0] >= 0 || s->prog[1] >= 0 ? 0 : -ENOENT;
}

/* The outer maps of an evaluator whose rules answer; others have no pins of them. */
static int open_answers(const struct kernel *k, struct slot *s, struct error *err)
{
	if (!(s->groups & IMAGE_F_GROUP(OPS_ANSWER)))
		return 0;
	s->answers_fd = pin_get(k, s->gen, "answers", err);
	if (s->answers_fd < 0)
		return s->answers_fd;
	s->companions_fd = pin_get(k, s->gen, "companions", err);
	return s->companions_fd < 0 ? s->companions_fd : 0;
}

static int open_maps(const struct kernel *k, struct slot *s, struct error *err)
{
	int ret;

	s->image_fd = pin_get(k, s->gen, "image", err);
	if (s->image_fd < 0)
		return s->image_fd;
	s->control_fd = pin_get(k, s->gen, "control", err);
	if (s->control_fd < 0)
		return s->control_fd;
	ret = open_answers(k, s, err);
	return ret ? ret : map_control(s, err);
}

static int open_links(const struct kernel *k, struct slot *s, struct error *err)
{
	struct link l;
	char name[LINK_NAME];
	int fd;

	FOR_EACH_HOOK(f, t, h) {
		fd = pin_get(k, s->gen, link_name(name, f, t, h), err);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		if (link_identify(fd, &l) || l.cookie != k->cookie || l.gen != s->gen ||
		    l.family != f || l.table != t || l.hook != h) {
			close(fd);
			continue;
		}
		s->link[f][t][h] = fd;
	}
	return 0;
}

int slot_open(const struct kernel *k, enum generation gen, struct slot *s, struct error *err)
{
	int ret;

	slot_none(s);
	s->gen = gen;
	ret = open_programs(k, s, err);
	if (!ret)
		ret = open_maps(k, s, err);
	if (!ret)
		ret = open_links(k, s, err);
	if (ret)
		slot_close(s);
	return ret;
}

/* When the image of a slot was loaded; 0: it has none. */
static uint64_t loaded_at(const struct slot *s)
{
	struct image_header *h;
	uint64_t at = 0;
	size_t size;
	int fd;

	fd = slot_image(s, &size, NULL);
	if (fd < 0)
		return 0;
	h = mmap(NULL, sizeof(*h), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (h == MAP_FAILED)
		return 0;
	at = h->loaded_at;
	munmap(h, sizeof(*h));
	return at;
}

int slot_current(const struct kernel *k, struct slot *s, struct error *err)
{
	struct slot both[2];
	int ret[2], i, best = -1;

	for (i = 0; i < 2; i++) {
		ret[i] = slot_open(k, i ? GEN_B : GEN_A, &both[i], err);
		if (!ret[i] && both[i].control->judging)
			best = best < 0 || loaded_at(&both[i]) > loaded_at(&both[0]) ? i : best;
	}
	slot_none(s);
	if (best >= 0) {
		*s = both[best];
		slot_none(&both[best]);
	}
	slot_close(&both[0]);
	slot_close(&both[1]);
	if (best >= 0)
		return 0;
	if (ret[0] && ret[0] != -ENOENT)
		return ret[0];
	return ret[1] && ret[1] != -ENOENT ? ret[1] : -ENOENT;
}

static int pin_slot(const struct kernel *k, const struct slot *s, struct error *err)
{
	int ret;

	ret = pin_mkdir(k, s->gen, err);
	if (!ret)
		ret = pin_add(k, s->gen, program_names[0], s->prog[0], err);
	if (!ret)
		ret = pin_add(k, s->gen, "image", s->image_fd, err);
	if (!ret)
		ret = pin_add(k, s->gen, "control", s->control_fd, err);
	if (!ret && s->answers_fd >= 0)
		ret = pin_add(k, s->gen, "answers", s->answers_fd, err);
	if (!ret && s->companions_fd >= 0)
		ret = pin_add(k, s->gen, "companions", s->companions_fd, err);
	return ret;
}

/* Without groups beyond the basic ops the smaller one will do. */
static void evaluator_name(char name[16], int capacity_index, uint32_t groups)
{
	snprintf(name, 16, "evaluator%s%d", groups ? "x" : "", capacity_index);
}

int slot_build(const struct kernel *k, enum generation gen, int capacity_index, uint32_t groups,
	       struct slot *s, struct error *err)
{
	struct object_config config = { IMAGE_MAGIC, k->cookie, (uint32_t)gen, groups };
	char name[16];
	struct object o;
	int ret;

	slot_none(s);
	s->gen = gen;
	s->groups = groups;
	evaluator_name(name, capacity_index, groups);
	ret = object_load(&o, name, &config, err);
	if (ret)
		return ret;
	s->prog[0] = object_take_prog(&o, program_names[0]);
	s->image_fd = object_take_map(&o, "image");
	s->control_fd = object_take_map(&o, ".bss");
	if (groups & IMAGE_F_GROUP(OPS_ANSWER)) {
		s->answers_fd = object_take_map(&o, "answers");
		s->companions_fd = object_take_map(&o, "companions");
	}
	object_close(&o);
	if (s->prog[0] < 0 || s->image_fd < 0 || s->control_fd < 0)
		ret = error_set(err, -EINVAL, "%s lacks a program or a map", name);
	if (!ret)
		ret = map_control(s, err);
	if (!ret)
		ret = pin_slot(k, s, err);
	if (ret)
		slot_close(s);
	return ret;
}

int slot_add_raw(const struct kernel *k, int capacity_index, struct slot *s, struct error *err)
{
	struct object_config config = { IMAGE_MAGIC, k->cookie, (uint32_t)s->gen, s->groups };
	const struct object_fd maps[] = {
		{ "image", s->image_fd }, { ".bss", s->control_fd },
		{ "answers", s->answers_fd }, { "companions", s->companions_fd },
	};
	unsigned int nr_maps = s->answers_fd >= 0 && s->companions_fd >= 0 ? 4 : 2;
	char name[16];
	struct object o;
	int ret;

	evaluator_name(name, capacity_index, s->groups);
	ret = object_load_program(&o, name, program_names[1], &config, maps, nr_maps, err);
	if (ret)
		return ret;
	s->prog[1] = object_take_prog(&o, program_names[1]);
	object_close(&o);
	if (s->prog[1] < 0)
		return error_set(err, -EINVAL, "%s lacks program %s", name, program_names[1]);
	return pin_add(k, s->gen, program_names[1], s->prog[1], err);
}

int slot_attach(const struct kernel *k, struct slot *s, unsigned int family, unsigned int table,
		unsigned int hook, struct error *err)
{
	char name[LINK_NAME];
	int fd, ret;

	fd = link_attach(s->prog[table], k->cookie, s->gen, family, table, hook, err);
	if (fd < 0)
		return fd;
	ret = pin_add(k, s->gen, link_name(name, family, table, hook), fd, err);
	if (ret) {
		close(fd);
		return ret;
	}
	s->link[family][table][hook] = fd;
	return 0;
}

int slot_detach(const struct kernel *k, struct slot *s, unsigned int family, unsigned int table,
		unsigned int hook, struct error *err)
{
	char name[LINK_NAME];
	int ret;

	/*
	 * No BPF_LINK_DETACH: the slot goes on. A link that some pin out of reach holds stays
	 * attached then and can be adopted; detached it would look alive.
	 */
	ret = pin_remove(k, s->gen, link_name(name, family, table, hook), err);
	close_fd(&s->link[family][table][hook]);
	return ret;
}

int slot_image(const struct slot *s, size_t *size, struct error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t key = 0, id;
	int fd, ret;

	ret = sys_map_lookup(s->image_fd, &key, &id);
	if (ret)
		return ret == -ENOENT ? ret : error_errno(err, ret, "cannot read map \"image\"");
	fd = sys_fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
	if (fd < 0)
		return error_errno(err, fd, "cannot open the image in force");
	ret = sys_info(fd, &info, sizeof(info));
	if (ret) {
		close(fd);
		return error_errno(err, ret, "cannot read the image in force");
	}
	*size = info.value_size;
	return fd;
}

int slot_set_image(const struct slot *s, int inner_fd, struct error *err)
{
	uint32_t key = 0;
	int ret;

	ret = sys_map_update(s->image_fd, &key, &inner_fd);
	return ret ? error_errno(err, ret, "cannot put the image in force") : 0;
}

int slot_set_answers(const struct slot *s, int ring_fd, int companion_fd, struct error *err)
{
	uint32_t key = 0;
	int ret = 0;

	if (s->answers_fd < 0 || s->companions_fd < 0)
		return error_set(err, -EINVAL, "no rule in force answers");
	if (companion_fd >= 0)
		ret = sys_map_update(s->companions_fd, &key, &companion_fd);
	if (!ret && ring_fd >= 0)
		ret = sys_map_update(s->answers_fd, &key, &ring_fd);
	return ret ? error_errno(err, ret, "cannot give the evaluator its ring") : 0;
}

int slot_remove(const struct kernel *k, enum generation gen, struct error *err)
{
	struct slot s;
	int ret;

	ret = slot_open(k, gen, &s, err);
	if (!ret)
		s.control->judging = 0;
	else if (ret != -ENOENT)
		return ret;
	slot_close(&s);
	return pin_clear(k, gen, err);
}
