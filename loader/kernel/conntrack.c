// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/conntrack.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/modules.h"
#include "kernel/nftchain.h"
#include "kernel/object.h"
#include "kernel/sys.h"
#include "rules/ruleset.h"

/* The answer of bpf/conntrack.bpf.c, loaded as @o: bits by family; negative: cannot be known. */
static int probe(const struct object *o, struct error *err)
{
	int ret = sys_prog_run(object_prog(o, "bf_conntrack"), NULL, 0);

	if (ret < 0)
		return error_errno(err, ret, "asking whether connection tracking is on");
	if (!(ret & 4))
		return error_set(err, -EPROTO,
				 "asking whether connection tracking is on: no answer");
	return ret & 3;
}

/*
 * Was nf_conntrack started with enable_hooks=1? The parameter cannot be read (its mode is 0000,
 * nf_conntrack_standalone.c), but then every new network namespace has the hooks from its beginning
 * (nf_conntrack_pernet_init()): make one and look. A child does it, for unshare() is for good.
 */
static bool enable_hooks(const struct object *o)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(!unshare(CLONE_NEWNET) && probe(o, NULL) == 3 ? 0 : 1);
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return false;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void describe(struct conntrack_state *st, const struct object *o)
{
	st->chain = nftchain_present();
	if (!st->on[FAMILY_IPV4] && !st->on[FAMILY_IPV6])
		st->by = CONNTRACK_OFF;
	else if (st->chain)
		st->by = CONNTRACK_CHAIN;
	else
		st->by = enable_hooks(o) ? CONNTRACK_ENABLE_HOOKS : CONNTRACK_OTHERS;
}

static int look(const struct object *o, struct conntrack_state *st, struct error *err)
{
	int bits;

	memset(st, 0, sizeof(*st));
	bits = probe(o, err);
	if (bits < 0)
		return bits;
	st->checked = true;
	st->on[FAMILY_IPV4] = bits & 1;
	st->on[FAMILY_IPV6] = bits & 2;
	describe(st, o);
	return 0;
}

int conntrack_check(struct conntrack_state *st, struct error *err)
{
	struct object o;
	int ret;

	memset(st, 0, sizeof(*st));
	ret = object_load(&o, "conntrack", NULL, err);
	if (ret)
		return ret;
	ret = look(&o, st, err);
	object_close(&o);
	return ret;
}

static bool satisfied(const struct conntrack_state *st, unsigned int families)
{
	int f;

	for (f = 0; f < NR_FAMILIES; f++) {
		if ((families & FAMILY_BIT(f)) && !st->on[f])
			return false;
	}
	/*
	 * What others hold they can let go of when they like. What we hold ourselves stays until
	 * somebody flushes all of nf_tables.
	 */
	return st->by == CONNTRACK_ENABLE_HOOKS || st->by == CONNTRACK_CHAIN;
}

/* nf_tables may be modules; errors show when the chain is refused. */
static void load_nf_tables(void)
{
	module_load("nf_tables", "", NULL);
	module_load("nft_ct", "", NULL);
}

/* Loaded is nf_conntrack; is it switched on here, for good? */
static int switch_on(const struct object *o, unsigned int families, struct conntrack_state *st,
		     struct error *err)
{
	int ret = look(o, st, err);

	if (ret || satisfied(st, families))
		return ret;
	load_nf_tables();
	ret = nftchain_install(err);
	if (!ret)
		ret = look(o, st, err);
	if (ret || satisfied(st, families))
		return ret;
	error_set(err, -ENOTSUP, "connection tracking stays off in this network namespace");
	error_hint(err,
		   "boot with nf_conntrack.enable_hooks=1, or load nf_conntrack with that option");
	return -ENOTSUP;
}

int conntrack_require(unsigned int families, struct conntrack_state *st, struct error *err)
{
	struct object o;
	int ret;

	if (!module_present("nf_conntrack")) {
		ret = module_load("nf_conntrack", "enable_hooks=1", err);
		if (ret) {
			error_hint(err, "the rules need connection tracking (state, conntrack): it "
				   "must be in the kernel or its modules in the initramfs");
			return ret;
		}
	}
	ret = object_load(&o, "conntrack", NULL, err);
	if (ret)
		return ret;
	ret = switch_on(&o, families, st, err);
	object_close(&o);
	return ret;
}

int conntrack_release(struct error *err)
{
	return nftchain_remove(err);
}

const char *conntrack_by_name(enum conntrack_by by)
{
	static const char *const names[] = {
		[CONNTRACK_OFF] = "off",
		[CONNTRACK_ENABLE_HOOKS] = "enable_hooks",
		[CONNTRACK_OTHERS] = "others",
		[CONNTRACK_CHAIN] = "nf_tables chain",
	};

	return names[by];
}
