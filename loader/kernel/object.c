/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading BPF objects: by light skeleton, else by libbpf (object_elf.c).
 */
#include "kernel/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "bpf/image.h"
#include "kernel/object_elf.h"
#include "kernel/skeleton.h"
#include "kernel/sys.h"

/* struct bpf_map_desc and bpf_prog_desc of skel_internal.h, which only skeleton.c may include. */
struct map_desc {
	int fd;
	uint32_t max_entries;
	uint64_t initial_value;
};

int object_set_config(void *rodata, size_t size, const struct object_config *config)
{
	char *p = rodata;
	uint64_t word;
	size_t i;

	for (i = 0; i + sizeof(*config) <= size; i += 8) {
		memcpy(&word, p + i, sizeof(word));
		if (word != IMAGE_MAGIC)
			continue;
		memcpy(p + i, config, sizeof(*config));
		return 0;
	}
	return -ENOENT;
}

int object_add_prog(struct object *o, int fd)
{
	struct bpf_prog_info info = { 0 };
	int ret;

	ret = o->nr_progs < OBJECT_FDS ? sys_info(fd, &info, sizeof(info)) : -E2BIG;
	if (ret) {
		close(fd);
		return ret;
	}
	memcpy(o->prog[o->nr_progs].name, info.name, OBJECT_NAME);
	o->prog[o->nr_progs++].fd = fd;
	return 0;
}

int object_add_map(struct object *o, int fd)
{
	struct bpf_map_info info = { 0 };
	int ret;

	ret = o->nr_maps < OBJECT_FDS ? sys_info(fd, &info, sizeof(info)) : -E2BIG;
	if (ret) {
		close(fd);
		return ret;
	}
	memcpy(o->map[o->nr_maps].name, info.name, OBJECT_NAME);
	o->map[o->nr_maps++].fd = fd;
	return 0;
}

/* Descriptors move from the skeleton to the object. */
static int take_all(struct object *o, const struct skeleton *k, void *skel)
{
	struct map_desc *map = (struct map_desc *)((char *)skel + k->maps);
	int *prog = (int *)((char *)skel + k->progs);
	size_t i;
	int fd, ret = 0;

	for (i = 0; i < k->nr_maps && !ret; i++) {
		fd = map[i].fd;
		map[i].fd = 0;
		if (fd > 0)
			ret = object_add_map(o, fd);
	}
	for (i = 0; i < k->nr_progs && !ret; i++) {
		fd = prog[i];
		prog[i] = 0;
		if (fd > 0)
			ret = object_add_prog(o, fd);
	}
	return ret;
}

static int load_light(struct object *o, const struct skeleton *k,
		      const struct object_config *config)
{
	void *skel, *rodata;
	size_t size = 0;
	int ret = 0;

	skel = k->open();
	if (!skel)
		return -ENOMEM;
	if (config) {
		rodata = k->rodata(skel, &size);
		ret = object_set_config(rodata, size, config);
	}
	if (!ret)
		ret = k->load(skel);
	if (!ret)
		ret = take_all(o, k, skel);
	k->destroy(skel);
	return ret;
}

int object_load(struct object *o, const char *name, const struct object_config *config,
		struct error *err)
{
	const struct object_part all = { 0 };
	const struct skeleton *k;
	int ret;

	memset(o, 0, sizeof(*o));
	k = skeleton_find(name);
	if (!k)
		return error_set(err, -ENOENT, "there is no BPF object \"%s\"", name);
	ret = load_light(o, k, config);
	if (!ret)
		return 0;
	object_close(o);
	ret = object_load_elf(o, k, config, &all, err);
	if (ret)
		object_close(o);
	return ret;
}

int object_load_program(struct object *o, const char *name, const char *program,
			const struct object_config *config, const struct object_fd *maps,
			unsigned int nr_maps, struct error *err)
{
	const struct object_part part = { program, maps, nr_maps };
	const struct skeleton *k;
	int ret;

	memset(o, 0, sizeof(*o));
	k = skeleton_find(name);
	if (!k)
		return error_set(err, -ENOENT, "there is no BPF object \"%s\"", name);
	ret = object_load_elf(o, k, config, &part, err);
	if (ret)
		object_close(o);
	return ret;
}

bool object_matches(const char *name, const char *wanted)
{
	size_t n = strlen(name), m = strlen(wanted);

	if (wanted[0] != '.')
		return !strcmp(name, wanted);
	return n >= m && !strcmp(name + n - m, wanted);
}

static struct object_fd *find(struct object_fd *fds, unsigned int n, const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (object_matches(fds[i].name, name) && fds[i].fd >= 0)
			return &fds[i];
	return NULL;
}

static int take(struct object_fd *fds, unsigned int n, const char *name)
{
	struct object_fd *f = find(fds, n, name);
	int fd = f ? f->fd : -1;

	if (f)
		f->fd = -1;
	return fd;
}

int object_prog(const struct object *o, const char *name)
{
	struct object_fd *f = find((struct object_fd *)o->prog, o->nr_progs, name);

	return f ? f->fd : -1;
}

int object_map(const struct object *o, const char *name)
{
	struct object_fd *f = find((struct object_fd *)o->map, o->nr_maps, name);

	return f ? f->fd : -1;
}

int object_take_prog(struct object *o, const char *name)
{
	return take(o->prog, o->nr_progs, name);
}

int object_take_map(struct object *o, const char *name)
{
	return take(o->map, o->nr_maps, name);
}

void object_close(struct object *o)
{
	unsigned int i;

	for (i = 0; i < o->nr_progs; i++)
		if (o->prog[i].fd >= 0)
			close(o->prog[i].fd);
	for (i = 0; i < o->nr_maps; i++)
		if (o->map[i].fd >= 0)
			close(o->map[i].fd);
	memset(o, 0, sizeof(*o));
}
