/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 1: the default deny. The first thing that happens at boot, so it needs nothing but bpf(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/pins.h"
#include "kernel/sys.h"

#define DENY_HOOKS	3U
#define BOTH		3U	/* families */

/* d->links: IPv4 INPUT, FORWARD, OUTPUT, then IPv6. */
static const unsigned int hooks[DENY_HOOKS] = { 1, 2, 3 };

static void deny_none(struct deny *d)
{
	unsigned int i;

	for (i = 0; i < FAMILIES * DENY_HOOKS; i++)
		d->links[i] = -1;
	d->gate_fd = d->prog_fd = -1;
	d->gate = NULL;
}

static int map_gate(struct deny *d, struct error *err)
{
	void *p;

	p = mmap(NULL, sizeof(*d->gate), PROT_READ | PROT_WRITE, MAP_SHARED, d->gate_fd, 0);
	if (p == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the gate");
	d->gate = p;
	return 0;
}

static int load(struct deny *d, uint64_t cookie, struct error *err)
{
	struct object_config config = { IMAGE_MAGIC, cookie, GEN_DENY, 0 };
	struct object o;
	int ret;

	ret = object_load(&o, "deny", &config, err);
	if (ret)
		return ret;
	d->prog_fd = object_take_prog(&o, "bf_deny");
	d->gate_fd = object_take_map(&o, ".bss");
	object_close(&o);
	if (d->prog_fd < 0 || d->gate_fd < 0)
		return error_set(err, -EINVAL, "the deny program lacks a part");
	return map_gate(d, err);
}

/* Is a deny program of ours there already (the helper ran twice)? Then it is that one. */
struct earlier {
	struct deny *d;
	uint64_t cookie;
};

static int take_earlier(int fd, const struct link *l, void *arg)
{
	struct earlier *e = arg;

	(void)fd;
	if (l->cookie != e->cookie || l->gen != GEN_DENY)
		return 0;
	e->d->prog_fd = sys_fd_by_id(BPF_PROG_GET_FD_BY_ID, l->prog_id);
	return 1;
}

static int attach(struct deny *d, uint64_t cookie, struct error *err)
{
	unsigned int f, i;
	int fd;

	for (f = 0; f < FAMILIES; f++) {
		for (i = 0; i < DENY_HOOKS; i++) {
			fd = link_attach(d->prog_fd, cookie, GEN_DENY, f, 0, hooks[i], err);
			if (fd < 0)
				return fd;
			d->links[f * DENY_HOOKS + i] = fd;
		}
	}
	return 0;
}

/* What stands from an earlier run goes on, and what it lacks is added to it. */
static int attach_earlier(struct deny *d, uint64_t cookie, struct error *err)
{
	struct earlier e = { d, cookie };
	int ret;

	deny_close(d);
	ret = links_each(take_earlier, &e, err);
	if (ret < 0)
		return ret;
	if (d->prog_fd < 0)
		return -EBUSY;
	d->gate_fd = program_map(d->prog_fd, ".bss");
	if (d->gate_fd < 0)
		return error_errno(err, d->gate_fd, "cannot open the gate");
	ret = map_gate(d, err);
	if (!ret)
		ret = attach(d, cookie, err);
	if (!ret)
		__atomic_and_fetch((uint32_t *)(uintptr_t)d->gate, ~BOTH, __ATOMIC_SEQ_CST);
	return ret;
}

int deny_install(struct deny *d, struct error *err)
{
	struct error busy = { 0 };
	uint64_t cookie;
	int ret;

	deny_none(d);
	ret = kernel_netns_cookie(&cookie, err);
	if (!ret)
		ret = load(d, cookie, err);
	if (!ret) {
		ret = attach(d, cookie, &busy);
		if (ret == -EBUSY)
			ret = attach_earlier(d, cookie, &busy);
		if (ret) {
			error_set(err, ret, "%s", busy.msg);
			error_hint(err, "%s", busy.hint);
		}
	}
	if (ret)
		deny_close(d);
	return ret;
}

int deny_pin(struct deny *d, const struct kernel *k, struct error *err)
{
	char name[LINK_NAME];
	unsigned int i;
	int ret;

	ret = pin_mkdir(k, GEN_DENY, err);
	if (!ret)
		ret = pin_add(k, GEN_DENY, "bf_deny", d->prog_fd, err);
	if (!ret)
		ret = pin_add(k, GEN_DENY, "gate", d->gate_fd, err);
	for (i = 0; !ret && i < FAMILIES * DENY_HOOKS; i++) {
		link_name(name, i / DENY_HOOKS, 0, hooks[i % DENY_HOOKS]);
		if (d->links[i] >= 0)
			ret = pin_add(k, GEN_DENY, name, d->links[i], err);
	}
	return ret;
}

/* By the pins: the gate of what an earlier command or boot installed. -ENOENT: it is not there. */
static int deny_reopen(struct deny *d, const struct kernel *k, struct error *err)
{
	struct object_config config;
	char name[OBJECT_NAME];
	int ret;

	d->prog_fd = pin_get(k, GEN_DENY, "bf_deny", err);
	if (d->prog_fd < 0)
		return d->prog_fd;
	ret = program_identify(d->prog_fd, &config, name);
	if (ret || config.cookie != k->cookie || config.slot != GEN_DENY)
		return ret ? ret : -ENOENT;
	d->gate_fd = pin_get(k, GEN_DENY, "gate", err);
	if (d->gate_fd < 0)
		return d->gate_fd;
	return map_gate(d, err);
}

static int remove_links(struct deny *d, const struct kernel *k, unsigned int family,
			struct error *err)
{
	char name[LINK_NAME];
	unsigned int i;
	int *fd, ret = 0;

	for (i = 0; !ret && i < DENY_HOOKS; i++) {
		fd = &d->links[family * DENY_HOOKS + i];
		link_name(name, family, 0, hooks[i]);
		if (*fd >= 0) {
			sys_link_detach(*fd);
			close(*fd);
			*fd = -1;
		} else {
			ret = pin_detach(k, GEN_DENY, name, err);
		}
		if (!ret)
			ret = pin_remove(k, GEN_DENY, name, err);
	}
	return ret;
}

int deny_open(struct deny *given, const struct kernel *k, unsigned int families, struct error *err)
{
	struct deny mine = { 0 }, *d = given ? given : &mine;
	unsigned int f, open = families & BOTH;
	int ret = 0;

	deny_none(&mine);
	if (!given)
		ret = deny_reopen(&mine, k, err);
	/* Without a gate, if somebody was killed before he had pinned it, links go one by one. */
	if (ret == -ENOENT)
		ret = 0;
	if (!ret && d->gate)
		open = __atomic_or_fetch((uint32_t *)(uintptr_t)d->gate, open, __ATOMIC_SEQ_CST);
	for (f = 0; !ret && f < FAMILIES; f++)
		if (open & (1U << f))
			ret = remove_links(d, k, f, err);
	if (!ret && (open & BOTH) == BOTH)
		ret = pin_clear(k, GEN_DENY, err);
	if (!given)
		deny_close(&mine);
	return ret;
}

void deny_close(struct deny *d)
{
	unsigned int i;

	for (i = 0; i < FAMILIES * DENY_HOOKS; i++)
		if (d->links[i] >= 0)
			close(d->links[i]);
	if (d->gate)
		munmap((void *)(uintptr_t)d->gate, sizeof(*d->gate));
	if (d->gate_fd >= 0)
		close(d->gate_fd);
	if (d->prog_fd >= 0)
		close(d->prog_fd);
	deny_none(d);
}
