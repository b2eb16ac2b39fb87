/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/sys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The part of union bpf_attr up to and with a member: kernels that know less refuse more. */
#define UPTO(member)	(offsetof(union bpf_attr, member) + sizeof(((union bpf_attr *)0)->member))

int sys_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	long ret = syscall(SYS_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

int sys_map_create(uint32_t type, const char *name, uint32_t value_size, uint32_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = value_size;
	attr.max_entries = 1;
	attr.map_flags = flags;
	strncpy(attr.map_name, name, sizeof(attr.map_name) - 1);
	return sys_bpf(BPF_MAP_CREATE, &attr, UPTO(map_extra));
}

static int element(int cmd, int fd, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	return sys_bpf(cmd, &attr, UPTO(flags));
}

int sys_map_update(int fd, const void *key, const void *value)
{
	return element(BPF_MAP_UPDATE_ELEM, fd, key, value);
}

int sys_map_lookup(int fd, const void *key, void *value)
{
	return element(BPF_MAP_LOOKUP_ELEM, fd, key, value);
}

static int object(int cmd, int fd, const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	attr.bpf_fd = (uint32_t)fd;
	return sys_bpf(cmd, &attr, UPTO(file_flags));
}

int sys_pin(int fd, const char *path)
{
	return object(BPF_OBJ_PIN, fd, path);
}

int sys_get(const char *path)
{
	return object(BPF_OBJ_GET, 0, path);
}

int sys_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, UPTO(info));
}

int sys_prog_run(int fd, const void *ctx, uint32_t size)
{
	union bpf_attr attr;
	int ret;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.ctx_in = (uintptr_t)ctx;
	attr.test.ctx_size_in = size;
	ret = sys_bpf(BPF_PROG_TEST_RUN, &attr, UPTO(test));
	return ret ? ret : (int)attr.test.retval;
}

int sys_link_create(int prog_fd, uint32_t pf, uint32_t hook, int32_t priority)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)prog_fd;
	attr.link_create.attach_type = BPF_NETFILTER;
	attr.link_create.netfilter.pf = pf;
	attr.link_create.netfilter.hooknum = hook;
	attr.link_create.netfilter.priority = priority;
	return sys_bpf(BPF_LINK_CREATE, &attr, UPTO(link_create));
}

int sys_link_detach(int fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_detach.link_fd = (uint32_t)fd;
	return sys_bpf(BPF_LINK_DETACH, &attr, UPTO(link_detach));
}

int sys_next_id(int what, uint32_t *id)
{
	union bpf_attr attr;
	int ret;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = *id;
	ret = sys_bpf(what, &attr, UPTO(open_flags));
	if (!ret)
		*id = attr.next_id;
	return ret;
}

int sys_fd_by_id(int what, uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = id;
	return sys_bpf(what, &attr, UPTO(open_flags));
}
