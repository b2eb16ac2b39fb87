/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter links: made, named, found by id and recognised.
 */
#include "kernel/links.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/sys.h"

#define MAPS_MAX	16U
#define VALUE_MAX	4096U	/* of .rodata and .bss, one page */

int link_priority(enum generation gen, unsigned int table)
{
	return (table ? -301 : -1) - (int)gen;
}

const char *link_hook_name(unsigned int hook)
{
	static const char *const names[HOOKS] = {
		"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
	};

	return hook < HOOKS ? names[hook] : "?";
}

const char *link_name(char buf[LINK_NAME], unsigned int family, unsigned int table,
		      unsigned int hook)
{
	snprintf(buf, LINK_NAME, "link-%c-%s-%s", family ? '6' : '4', table ? "raw" : "filter",
		 link_hook_name(hook));
	return buf;
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

/* A descriptor of the map numbered @id if its name ends in @suffix; *size is its value's. */
static int map_named(uint32_t id, const char *suffix, uint32_t *size)
{
	struct bpf_map_info info = { 0 };
	int fd, ret;

	fd = sys_fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
	if (fd < 0)
		return fd;
	ret = sys_info(fd, &info, sizeof(info));
	if (!ret && !ends_with(info.name, suffix))
		ret = -ENOENT;
	if (ret) {
		close(fd);
		return ret;
	}
	*size = info.value_size;
	return fd;
}

static int find_map(int prog_fd, const char *suffix, uint32_t *size)
{
	struct bpf_prog_info info = { 0 };
	uint32_t ids[MAPS_MAX], i;
	int ret, fd;

	info.nr_map_ids = MAPS_MAX;
	info.map_ids = (uintptr_t)ids;
	ret = sys_info(prog_fd, &info, sizeof(info));
	if (ret)
		return ret;
	for (i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++) {
		fd = map_named(ids[i], suffix, size);
		if (fd != -ENOENT)
			return fd;
	}
	return -ENOENT;
}

int program_map(int prog_fd, const char *suffix)
{
	uint32_t size;

	return find_map(prog_fd, suffix, &size);
}

int program_read(int prog_fd, const char *suffix, void *buf, size_t size)
{
	uint64_t data[VALUE_MAX / 8] = { 0 };
	uint32_t length = 0, key = 0;
	int fd, ret;

	fd = find_map(prog_fd, suffix, &length);
	if (fd < 0)
		return fd;
	ret = length <= sizeof(data) ? sys_map_lookup(fd, &key, data) : -ENOENT;
	close(fd);
	if (ret)
		return ret;
	memset(buf, 0, size);
	memcpy(buf, data, size < length ? size : length);
	return 0;
}

/* The config in a program's read-only data; its magic is how it is found there. */
static int read_config(int prog_fd, struct object_config *config)
{
	uint64_t data[VALUE_MAX / 8];
	size_t i;
	int ret;

	ret = program_read(prog_fd, ".rodata", data, sizeof(data));
	if (ret)
		return ret;
	for (i = 0; i * 8 + sizeof(*config) <= sizeof(data); i++) {
		if (data[i] != IMAGE_MAGIC)
			continue;
		memcpy(config, &data[i], sizeof(*config));
		return 0;
	}
	return -ENOENT;
}

int program_identify(int fd, struct object_config *config, char name[OBJECT_NAME])
{
	struct bpf_prog_info info = { 0 };
	int ret;

	ret = sys_info(fd, &info, sizeof(info));
	if (ret)
		return ret;
	if (info.type != BPF_PROG_TYPE_NETFILTER || strncmp(info.name, "bf_", 3))
		return -ENOENT;
	memcpy(name, info.name, OBJECT_NAME);
	ret = read_config(fd, config);
	if (ret)
		return ret;
	return config->slot < GENERATIONS ? 0 : -ENOENT;
}

int link_identify(int fd, struct link *l)
{
	struct object_config config;
	struct bpf_link_info info = { 0 };
	char name[OBJECT_NAME];
	int prog, ret;

	ret = sys_info(fd, &info, sizeof(info));
	if (ret)
		return ret;
	if (info.type != BPF_LINK_TYPE_NETFILTER || info.netfilter.hooknum >= HOOKS)
		return -ENOENT;
	prog = sys_fd_by_id(BPF_PROG_GET_FD_BY_ID, info.prog_id);
	if (prog < 0)
		return prog;
	ret = program_identify(prog, &config, name);
	close(prog);
	if (ret)
		return ret;
	l->id = info.id;
	l->prog_id = info.prog_id;
	l->cookie = config.cookie;
	l->gen = (enum generation)config.slot;
	l->family = info.netfilter.pf == NFPROTO_IPV6;
	l->table = !strcmp(name, "bf_raw");
	l->hook = info.netfilter.hooknum;
	l->priority = info.netfilter.priority;
	return l->priority == link_priority(l->gen, l->table) ? 0 : -ENOENT;
}

int links_each(int (*f)(int fd, const struct link *l, void *arg), void *arg, struct error *err)
{
	struct link l;
	uint32_t id = 0;
	int ret, fd;

	while (!(ret = sys_next_id(BPF_LINK_GET_NEXT_ID, &id))) {
		fd = sys_fd_by_id(BPF_LINK_GET_FD_BY_ID, id);
		/*
		 * Gone meanwhile; or not yet one: a process is making it (bpf_link_by_id() in
		 * kernel/bpf/syscall.c), in another namespace, as we hold the lock of this one.
		 */
		if (fd == -ENOENT || fd == -EAGAIN)
			continue;
		if (fd < 0)
			return error_errno(err, fd, "cannot open BPF link %u", id);
		ret = link_identify(fd, &l) ? 0 : f(fd, &l, arg);
		close(fd);
		if (ret)
			return ret;
	}
	if (ret != -ENOENT)
		return error_errno(err, ret, "cannot list BPF links");
	return 0;
}

/*
 * Which link sits at a hook and priority? Links do not tell their namespace, so this may be a
 * guess; but those of ours do: none of another namespace (@cookie is this one's) is in the way.
 */
static uint32_t link_at(uint64_t cookie, uint32_t pf, uint32_t hook, int priority,
			char name[OBJECT_NAME])
{
	struct bpf_prog_info prog = { 0 };
	struct link ours;
	uint32_t id = 0;
	int fd, ret;

	while (!sys_next_id(BPF_LINK_GET_NEXT_ID, &id)) {
		struct bpf_link_info info = { 0 };

		fd = sys_fd_by_id(BPF_LINK_GET_FD_BY_ID, id);
		if (fd < 0)
			continue;
		ret = sys_info(fd, &info, sizeof(info));
		if (!ret && !link_identify(fd, &ours) && ours.cookie != cookie)
			ret = -ENOENT;
		close(fd);
		if (ret || info.type != BPF_LINK_TYPE_NETFILTER || info.netfilter.pf != pf ||
		    info.netfilter.hooknum != hook || info.netfilter.priority != priority)
			continue;
		fd = sys_fd_by_id(BPF_PROG_GET_FD_BY_ID, info.prog_id);
		if (fd < 0)
			continue;
		ret = sys_info(fd, &prog, sizeof(prog));
		close(fd);
		if (ret)
			continue;
		memcpy(name, prog.name, OBJECT_NAME);
		return id;
	}
	return 0;
}

/*
 * A link of ours in the way: its last reference is just being dropped, or is a pin that cannot be
 * reached any more. If it is of the same program it is the one wanted; else it may go if its
 * program does not judge.
 */
struct stale {
	uint64_t cookie;
	uint32_t pf, hook;
	int priority;
	uint32_t prog_id;	/* of the program that is to take the place */
	int fd;			/* the link, if it is one of that program */
};

/* Does this program's control map say so? If unknown: yes. */
static bool judging(uint32_t prog_id)
{
	struct control control = { 0 };
	int prog, ret;

	prog = sys_fd_by_id(BPF_PROG_GET_FD_BY_ID, prog_id);
	if (prog < 0)
		return true;
	ret = program_read(prog, ".bss", &control, sizeof(control));
	close(prog);
	return ret || control.judging;
}

static int clear_stale(int fd, const struct link *l, void *arg)
{
	struct stale *s = arg;

	if (l->cookie != s->cookie || l->priority != s->priority || l->hook != s->hook ||
	    l->family != (s->pf == NFPROTO_IPV6))
		return 0;
	if (l->prog_id == s->prog_id)
		s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	else if (l->gen != GEN_DENY && !judging(l->prog_id))
		sys_link_detach(fd);
	return 0;
}

static int taken(uint64_t cookie, uint32_t pf, uint32_t hook, int priority, struct error *err)
{
	char name[OBJECT_NAME] = "";
	uint32_t id = link_at(cookie, pf, hook, priority, name);

	if (id)
		error_set(err, -EBUSY,
			  "hook %s of %s at priority %d is taken by BPF link %u (program \"%s\")",
			  link_hook_name(hook), pf == NFPROTO_IPV6 ? "IPv6" : "IPv4", priority, id,
			  name);
	else
		error_set(
			err, -EBUSY,
			"hook %s of %s at priority %d is taken by another filter (not a BPF link)",
			link_hook_name(hook), pf == NFPROTO_IPV6 ? "IPv6" : "IPv4", priority);
	error_hint(err, "remove that filter or move it to another priority; "
		   "'nft list hooks' shows what is there");
	return -EBUSY;
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };

	return sys_info(fd, &info, sizeof(info)) ? 0 : info.id;
}

int link_attach(int prog_fd, uint64_t cookie, enum generation gen, unsigned int family,
		unsigned int table, unsigned int hook, struct error *err)
{
	uint32_t pf = family ? NFPROTO_IPV6 : NFPROTO_IPV4;
	struct stale s = { cookie, pf, hook, link_priority(gen, table), 0, -1 };
	int fd;

	fd = sys_link_create(prog_fd, pf, hook, s.priority);
	if (fd == -EBUSY) {
		s.prog_id = program_id(prog_fd);
		links_each(clear_stale, &s, NULL);
		fd = s.fd >= 0 ? s.fd : sys_link_create(prog_fd, pf, hook, s.priority);
	}
	if (fd == -EBUSY)
		return taken(cookie, pf, hook, s.priority, err);
	if (fd < 0)
		return error_errno(err, fd, "cannot attach to hook %s of %s at priority %d",
				   link_hook_name(hook), family ? "IPv6" : "IPv4", s.priority);
	return fd;
}
