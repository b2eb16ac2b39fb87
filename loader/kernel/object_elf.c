/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading by libbpf, from the ELF file in the executable. Slow (it reads the kernel's BTF), but it
 * needs less of the kernel than a light skeleton, and says why a program was refused.
 */
#include "kernel/object_elf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"

#define LOG_SIZE	(256U << 10)

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int set_config(struct bpf_object *obj, const struct object_config *config)
{
	struct bpf_map *map;
	size_t size = 0, n;
	void *rodata;
	const char *name;

	bpf_object__for_each_map(map, obj) {
		name = bpf_map__name(map);
		n = strlen(name);
		if (n < 7 || strcmp(name + n - 7, ".rodata"))
			continue;
		rodata = bpf_map__initial_value(map, &size);
		return rodata ? object_set_config(rodata, size, config) : -ENOENT;
	}
	return -ENOENT;
}

/* The object stays libbpf's, which closes it: we keep duplicates. */
static int take_all(struct object *o, struct bpf_object *obj)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int ret = 0, fd;

	bpf_object__for_each_map(map, obj) {
		fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
		ret = fd < 0 ? -errno : object_add_map(o, fd);
		if (ret)
			return ret;
	}
	bpf_object__for_each_program(prog, obj) {
		if (!bpf_program__autoload(prog))
			continue;
		fd = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 3);
		ret = fd < 0 ? -errno : object_add_prog(o, fd);
		if (ret)
			return ret;
	}
	return 0;
}

/* The last line of the verifier's log that says something, without its statistics. */
static const char *last_words(char *log)
{
	char *line;

	for (;;) {
		line = strrchr(log, '\n');
		line = line ? line + 1 : log;
		if (*line && strncmp(line, "processed ", 10) &&
		    strncmp(line, "verification time", 17) && strncmp(line, "stack depth", 11) &&
		    strncmp(line, "peak_states", 11))
			return line;
		if (line == log)
			return "";
		line[-1] = '\0';
	}
}

static int explain(int ret, const struct skeleton *k, char *log, struct error *err)
{
	struct error why = { 0 };
	const char *words = log ? last_words(log) : "";

	if (kernel_check(&why)) {
		error_set(err, ret, "%s", why.msg);
		error_hint(err, "%s", why.hint);
		return ret;
	}
	error_errno(err, ret, "the kernel refuses BPF object \"%s\"", k->name);
	if (*words)
		error_hint(err, "the verifier says: %s", words);
	return ret;
}

static int reuse_map(struct bpf_map *map, const struct object_part *part)
{
	unsigned int i;

	for (i = 0; i < part->nr_maps; i++)
		if (object_matches(bpf_map__name(map), part->maps[i].name))
			return bpf_map__reuse_fd(map, part->maps[i].fd);
	return 0;
}

static int choose(struct bpf_object *obj, const struct object_part *part)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int ret = 0;

	bpf_object__for_each_map(map, obj)
		if (!ret)
			ret = reuse_map(map, part);
	bpf_object__for_each_program(prog, obj)
		if (!ret && part->program)
			ret = bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog),
								      part->program));
	return ret;
}

static int load(struct object *o, struct bpf_object *obj, const struct object_config *config,
		const struct object_part *part)
{
	int ret = 0;

	if (config)
		ret = set_config(obj, config);
	if (!ret)
		ret = choose(obj, part);
	if (!ret)
		ret = bpf_object__load(obj);
	return ret ? ret : take_all(o, obj);
}

int object_load_elf(struct object *o, const struct skeleton *k, const struct object_config *config,
		    const struct object_part *part, struct error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = k->name);
	libbpf_print_fn_t print = libbpf_set_print(quiet);
	struct bpf_object *obj;
	void *elf;
	char *log;
	int ret;

	elf = embedded_unpack(k->elf);
	if (!elf)
		return error_errno(err, -ENOMEM, "cannot unpack BPF object \"%s\"", k->name);
	log = calloc(1, LOG_SIZE);
	opts.kernel_log_buf = log;
	opts.kernel_log_size = log ? LOG_SIZE : 0;
	obj = bpf_object__open_mem(elf, k->elf->len, &opts);
	ret = obj ? load(o, obj, config, part) : -errno;
	if (ret)
		explain(ret, k, log, err);
	bpf_object__close(obj);
	libbpf_set_print(print);
	free(log);
	free(elf);
	return ret;
}
