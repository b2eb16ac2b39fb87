/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the fields of a connection lie. Not by CO-RE in the program: nf_conn may be a type of a
 * module that is not loaded when the program is, and then the program would not load either.
 */
#include "kernel/tracking.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* A field: members separated by dots; an array stands for its first element. */
struct field {
	const char *type, *path;
	size_t place;		/* in struct ct_layout */
};

#define FIELD(type, path, member)	{ type, path, offsetof(struct ct_layout, member) }

static const struct field fields[] = {
	FIELD("nf_conn", "status", status),
	FIELD("nf_conn", "timeout", timeout),
	FIELD("nf_conn", "mark", mark),
	FIELD("nf_conn", "master", master),
	FIELD("nf_conn", "ext", ext),
	FIELD("nf_conn", "tuplehash.tuple.src.u3", address[0]),
	FIELD("nf_conn", "tuplehash.tuple.dst.u3", address[1]),
	FIELD("nf_conn", "tuplehash.tuple.src.u", port[0]),
	FIELD("nf_conn", "tuplehash.tuple.dst.u", port[1]),
	FIELD("nf_conn", "tuplehash.tuple.dst.protonum", proto),
	FIELD("nf_conn", "proto.tcp.state", tcp_state),
	FIELD("nf_conn_acct", "counter.packets", acct_packets),
	FIELD("nf_conn_acct", "counter.bytes", acct_bytes),
	FIELD("nf_ct_ext", "offset", acct_id),
	FIELD("nf_ct_ext", "offset", help_id),
	FIELD("nf_conn_help", "helper", help_helper),
	FIELD("nf_conntrack_helper", "name", helper_name),
};

/* What not every configuration has. */
static const struct field options[] = {
	FIELD("nf_conn", "ct_net.net", net),
	FIELD("nf_conn", "zone.id", zone),
};

/* What is at the end of typedefs, qualifiers and arrays. */
static const struct btf_type *resolve(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_array(t)))
		t = btf__type_by_id(btf, btf_is_array(t) ? btf_array(t)->type : t->type);
	return t;
}

/*
 * The first member on @path, looked for in anonymous members too (@depth of them). *bits grows by
 * its offset. Returns its type or NULL.
 */
static const struct btf_type *member(const struct btf *btf, const struct btf_type *t,
				     const char *name, size_t len, uint32_t *bits, int depth)
{
	const struct btf_type *inner, *found;
	const struct btf_member *m;
	uint32_t i, within;
	const char *s;

	if (!t || !btf_is_composite(t) || !depth)
		return NULL;
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++, m++) {
		s = btf__name_by_offset(btf, m->name_off);
		inner = resolve(btf, m->type);
		within = btf_member_bit_offset(t, i);
		found = s && strlen(s) == len && !memcmp(s, name, len) ? inner : NULL;
		if (!found && (!s || !*s))
			found = member(btf, inner, name, len, &within, depth - 1);
		if (found) {
			*bits += within;
			return found;
		}
	}
	return NULL;
}

static int find_field(const struct btf *btf, const struct field *f, uint32_t *bits)
{
	int id = btf__find_by_name_kind(btf, f->type, BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const char *p = f->path;
	size_t len;

	for (*bits = 0; t && *p; p += len + (p[len] == '.')) {
		len = strcspn(p, ".");
		t = member(btf, t, p, len, bits, 4);
	}
	return t ? 0 : -ENOENT;
}

static int set_field(const struct btf *btf, const struct field *f, struct ct_layout *l)
{
	uint32_t bits;
	uint16_t at;

	if (find_field(btf, f, &bits) || bits / 8 > UINT16_MAX)
		return -ENOENT;
	at = (uint16_t)(bits / 8);
	memcpy((char *)l + f->place, &at, sizeof(at));
	return 0;
}

static int size_of(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id < 0 ? -ENOENT : (int)btf__type_by_id(btf, (uint32_t)id)->size;
}

static int extension(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, "nf_ct_ext_id", BTF_KIND_ENUM);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_enum *e = t ? btf_enum(t) : NULL;
	uint32_t i;

	for (i = 0; e && i < btf_vlen(t); i++, e++)
		if (!strcmp(btf__name_by_offset(btf, e->name_off), name))
			return e->val;
	return -ENOENT;
}

static int missing(struct error *err, const char *type, const char *path)
{
	return error_set(err, -ENOENT, "this kernel's BTF has no %s%s%s: connections cannot be "
			 "matched", type, *path ? "." : "", path);
}

/* What is no field: the other direction, and the numbers of the extensions. */
static int find_rest(const struct btf *btf, struct ct_layout *l, struct error *err)
{
	int hash = size_of(btf, "nf_conntrack_tuple_hash"), size = size_of(btf, "nf_conn_counter");
	int acct = extension(btf, "NF_CT_EXT_ACCT"), help = extension(btf, "NF_CT_EXT_HELPER");
	int i;

	if (hash < 0 || size < 0)
		return missing(err, hash < 0 ? "nf_conntrack_tuple_hash" : "nf_conn_counter", "");
	if (acct < 0 || help < 0)
		return missing(err, "nf_ct_ext_id", acct < 0 ? "NF_CT_EXT_ACCT" :
							       "NF_CT_EXT_HELPER");
	for (i = 0; i < 2; i++) {
		l->address[2 + i] = (uint16_t)(l->address[i] + hash);
		l->port[2 + i] = (uint16_t)(l->port[i] + hash);
	}
	for (i = 0; i < 2; i++)
		set_field(btf, &options[i], l);
	l->acct_size = (uint16_t)size;
	l->acct_id = (uint16_t)(l->acct_id + acct);
	l->help_id = (uint16_t)(l->help_id + help);
	return 0;
}

static int find_fields(const struct btf *btf, struct ct_layout *l, unsigned int nr,
		       struct error *err)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (set_field(btf, &fields[i], l))
			return missing(err, fields[i].type, fields[i].path);
	return 0;
}

int tracking_layout(struct ct_layout *layout, bool all, struct error *err)
{
	struct ct_layout l = { 0 };
	struct btf *vmlinux, *module;
	const struct btf *btf;
	int ret;

	vmlinux = btf__load_vmlinux_btf();
	if (!vmlinux)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	/* Of what is built in there is no such BTF; the module's has all of the kernel's in it. */
	module = btf__load_module_btf("nf_conntrack", vmlinux);
	btf = module ? module : vmlinux;
	ret = find_fields(btf, &l, all ? sizeof(fields) / sizeof(fields[0]) : 1, err);
	if (!ret && all)
		ret = find_rest(btf, &l, err);
	btf__free(module);
	btf__free(vmlinux);
	if (!ret)
		*layout = l;
	return ret;
}

int tracking_account(struct error *err)
{
	static const char path[] = "/proc/sys/net/netfilter/nf_conntrack_acct";
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, "1", 1);
	int ret = n == 1 ? 0 : -errno;

	if (fd >= 0)
		close(fd);
	return ret ? error_errno(err, ret, "cannot switch accounting of connections on, which "
				 "connbytes needs (%s)", path) : 0;
}
