/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ops of OPS_OBJECT need of the kernel's configuration, by its BTF. */
#include "kernel/objects.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "kernel/modules.h"

/* A member of a structure, or a value of an enumeration. */
static const struct {
	unsigned char op;
	unsigned char kind;
	const char *type, *member;
	const char *option, *match;
} needs[] = {
	{ OP_CLASSID, BTF_KIND_STRUCT, "sock_cgroup_data", "classid", "CGROUP_NET_CLASSID",
	  "cgroup" },
	{ OP_PHYSDEV, BTF_KIND_ENUM, "skb_ext_id", "SKB_EXT_BRIDGE_NF", "BRIDGE_NETFILTER",
	  "physdev" },
	{ OP_POLICY, BTF_KIND_ENUM, "skb_ext_id", "SKB_EXT_SEC_PATH", "XFRM", "policy" },
	{ OP_LOCAL6, BTF_KIND_STRUCT, "fib6_info", "fib6_flags", "IPV6", "addrtype" },
};

#define NR_NEEDS	(sizeof(needs) / sizeof(needs[0]))

static bool has_member(const struct btf *btf, unsigned int kind, const char *type,
		       const char *member)
{
	int id = btf__find_by_name_kind(btf, type, kind);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	uint32_t i, name;

	for (i = 0; t && i < btf_vlen(t); i++) {
		name = kind == BTF_KIND_ENUM ? btf_enum(t)[i].name_off : btf_members(t)[i].name_off;
		if (!strcmp(btf__name_by_offset(btf, name), member))
			return true;
	}
	return false;
}

/* Bits by index of needs[]: which of these ops are in the image's match programs? */
static unsigned int asked(const struct image_header *h)
{
	const unsigned char *at = (const unsigned char *)h + h->programs.offset;
	const unsigned char *end = at + h->programs.count;
	unsigned int found = 0;
	struct image_op op;
	size_t i;

	for (; (size_t)(end - at) >= sizeof(op); at += op.size * 8U) {
		memcpy(&op, at, sizeof(op));
		for (i = 0; i < NR_NEEDS; i++)
			if (op.code == needs[i].op)
				found |= 1U << i;
		if (!op.size || op.size * 8U > (size_t)(end - at))
			break;
	}
	return found;
}

int objects_check(const struct image_header *h, struct error *err)
{
	unsigned int found = asked(h);
	struct btf *btf;
	int ret = 0;
	size_t i;

	if (!found)
		return 0;
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	for (i = 0; i < NR_NEEDS && !ret; i++) {
		if (!(found >> i & 1))
			continue;
		if (!has_member(btf, needs[i].kind, needs[i].type, needs[i].member))
			ret = error_set(err, -EOPNOTSUPP, "this kernel was built without CONFIG_%s, "
					"which match \"%s\" needs", needs[i].option,
					needs[i].match);
		else if (needs[i].op == OP_PHYSDEV)
			(void)module_load("br_netfilter", "", NULL);
	}
	btf__free(btf);
	return ret;
}
