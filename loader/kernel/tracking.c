/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where nf_conn.status lies. Not by CO-RE in the program: nf_conn may be a type of a module that is
 * not loaded when the program is, and then the program would not load either.
 */
#include "kernel/tracking.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

static int find_status(const struct btf *btf, volatile uint32_t *offset)
{
	const struct btf_type *t;
	const struct btf_member *m;
	uint32_t i;
	int id;

	id = btf__find_by_name_kind(btf, "nf_conn", BTF_KIND_STRUCT);
	if (id < 0)
		return -ENOENT;
	t = btf__type_by_id(btf, (uint32_t)id);
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++, m++) {
		if (strcmp(btf__name_by_offset(btf, m->name_off), "status"))
			continue;
		*offset = btf_member_bit_offset(t, i) / 8;
		return 0;
	}
	return -ENOENT;
}

int tracking_offset(volatile uint32_t *offset, struct error *err)
{
	struct btf *vmlinux, *module = NULL;
	int ret;

	vmlinux = btf__load_vmlinux_btf();
	if (!vmlinux)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	ret = find_status(vmlinux, offset);
	if (ret) {
		module = btf__load_module_btf("nf_conntrack", vmlinux);
		ret = module ? find_status(module, offset) : -ENOENT;
	}
	btf__free(module);
	btf__free(vmlinux);
	if (ret)
		error_set(err, ret, "this kernel's BTF has no nf_conn.status: SNAT and DNAT states "
			  "cannot be matched");
	return ret;
}
