/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only file that includes generated code: one light skeleton and one ELF file for each object
 * of bpf/.
 */
#include "kernel/skeleton.h"

#include <errno.h>
#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#include "bpf/image.h"

#include "gen/clock.lskel.h"
#include "gen/conntrack.lskel.h"
#include "gen/deny.lskel.h"
#include "gen/evaluator0.lskel.h"
#include "gen/evaluatorx0.lskel.h"
#include "gen/evaluator1.lskel.h"
#include "gen/evaluatorx1.lskel.h"
#include "gen/evaluator2.lskel.h"
#include "gen/evaluatorx2.lskel.h"
#include "gen/evaluator3.lskel.h"
#include "gen/evaluatorx3.lskel.h"
#include "gen/evaluator4.lskel.h"
#include "gen/evaluatorx4.lskel.h"
#include "gen/evaluator5.lskel.h"
#include "gen/evaluatorx5.lskel.h"
#include "gen/handover.lskel.h"

#pragma GCC diagnostic pop

#include "gen/clock.elf.h"
#include "gen/conntrack.elf.h"
#include "gen/deny.elf.h"
#include "gen/evaluator0.elf.h"
#include "gen/evaluatorx0.elf.h"
#include "gen/evaluator1.elf.h"
#include "gen/evaluatorx1.elf.h"
#include "gen/evaluator2.elf.h"
#include "gen/evaluatorx2.elf.h"
#include "gen/evaluator3.elf.h"
#include "gen/evaluatorx3.elf.h"
#include "gen/evaluator4.elf.h"
#include "gen/evaluatorx4.elf.h"
#include "gen/evaluator5.elf.h"
#include "gen/evaluatorx5.elf.h"
#include "gen/handover.elf.h"

/* The generated functions take their own type: these take any. */
#define PLAIN(NAME)								\
	static void *NAME##_open(void)						\
	{									\
		return NAME##_bpf__open();					\
	}									\
	static int NAME##_load(void *s)						\
	{									\
		return NAME##_bpf__load(s);					\
	}									\
	static void NAME##_destroy(void *s)					\
	{									\
		NAME##_bpf__destroy(s);						\
	}

/* An object with a config in .rodata. */
#define CONFIGURED(NAME)							\
	PLAIN(NAME)								\
	static void *NAME##_rodata(void *s, size_t *size)			\
	{									\
		struct NAME##_bpf *skel = s;					\
										\
		*size = sizeof(*skel->rodata);					\
		return skel->rodata;						\
	}

#define COMMON(NAME)								\
	.name = #NAME,								\
	.open = NAME##_open,							\
	.load = NAME##_load,							\
	.destroy = NAME##_destroy,						\
	.progs = offsetof(struct NAME##_bpf, progs),				\
	.nr_progs = sizeof(((struct NAME##_bpf *)0)->progs) /			\
		    sizeof(struct bpf_prog_desc),				\
	.elf = &NAME##_elf

#define WITH_MAPS(NAME)								\
	.maps = offsetof(struct NAME##_bpf, maps),				\
	.nr_maps = sizeof(((struct NAME##_bpf *)0)->maps) /			\
		   sizeof(struct bpf_map_desc),					\
	.rodata = NAME##_rodata

PLAIN(clock)
PLAIN(conntrack)
CONFIGURED(deny)
CONFIGURED(evaluator0)
CONFIGURED(evaluatorx0)
CONFIGURED(evaluator1)
CONFIGURED(evaluatorx1)
CONFIGURED(evaluator2)
CONFIGURED(evaluatorx2)
CONFIGURED(evaluator3)
CONFIGURED(evaluatorx3)
CONFIGURED(evaluator4)
CONFIGURED(evaluatorx4)
CONFIGURED(evaluator5)
CONFIGURED(evaluatorx5)
PLAIN(handover)

static const struct skeleton skeletons[] = {
	{ COMMON(clock) },
	{ COMMON(conntrack) },
	{ COMMON(deny), WITH_MAPS(deny) },
	{ COMMON(evaluator0), WITH_MAPS(evaluator0) },
	{ COMMON(evaluatorx0), WITH_MAPS(evaluatorx0) },
	{ COMMON(evaluator1), WITH_MAPS(evaluator1) },
	{ COMMON(evaluatorx1), WITH_MAPS(evaluatorx1) },
	{ COMMON(evaluator2), WITH_MAPS(evaluator2) },
	{ COMMON(evaluatorx2), WITH_MAPS(evaluatorx2) },
	{ COMMON(evaluator3), WITH_MAPS(evaluator3) },
	{ COMMON(evaluatorx3), WITH_MAPS(evaluatorx3) },
	{ COMMON(evaluator4), WITH_MAPS(evaluator4) },
	{ COMMON(evaluatorx4), WITH_MAPS(evaluatorx4) },
	{ COMMON(evaluator5), WITH_MAPS(evaluator5) },
	{ COMMON(evaluatorx5), WITH_MAPS(evaluatorx5) },
	{ COMMON(handover) },
};

const struct skeleton *skeleton_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(skeletons) / sizeof(skeletons[0]); i++)
		if (!strcmp(skeletons[i].name, name))
			return &skeletons[i];
	return NULL;
}
