/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links that are in force but have no pin that can be reached: after a hand-over that hid the bpffs
 * of the initramfs. They are found by id and pinned again, with their programs and maps.
 *
 * In force are a generation whose control says so, and deny links of families whose gate is closed.
 * What else there is by id (a link that was detached, and is held by a pin out of reach) is not
 * adopted.
 */
#include "kernel/pins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/answers.h"
#include "kernel/slot.h"
#include "kernel/sys.h"

struct adoption {
	struct kernel *k;
	struct error *err;
};

static int program_by_id(uint32_t id, struct object_config *config, char name[OBJECT_NAME])
{
	int fd, ret;

	fd = sys_fd_by_id(BPF_PROG_GET_FD_BY_ID, id);
	if (fd < 0)
		return fd;
	ret = program_identify(fd, config, name);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static bool in_force(int prog, const struct link *l)
{
	struct control control;
	uint32_t gate;

	if (l->gen == GEN_DENY)
		return !program_read(prog, ".bss", &gate, sizeof(gate)) &&
		       !(gate & (1U << l->family));
	return !program_read(prog, ".bss", &control, sizeof(control)) && control.judging;
}

/* Is the pin of that name the link itself? */
static bool pinned(const struct kernel *k, const struct link *l, const char *name)
{
	struct link other;
	bool same;
	int fd;

	fd = pin_get(k, l->gen, name, NULL);
	if (fd < 0)
		return false;
	same = !link_identify(fd, &other) && other.id == l->id;
	close(fd);
	return same;
}

static int pin_map(struct adoption *a, enum generation gen, int prog, const char *suffix,
		   const char *name)
{
	int fd, ret;

	fd = program_map(prog, suffix);
	if (fd < 0)
		return error_errno(a->err, fd, "a program of ours has no map \"%s\"", name);
	ret = pin_add(a->k, gen, name, fd, a->err);
	close(fd);
	return ret;
}

/* The maps of an evaluator; some have more (slot.c, open_answers()). */
static int pin_maps(struct adoption *a, enum generation gen, int prog, uint32_t groups)
{
	int ret = pin_map(a, gen, prog, "image", "image");

	if (ret || !(groups & IMAGE_F_GROUP(OPS_ANSWER)))
		return ret;
	ret = pin_map(a, gen, prog, "answers", "answers");
	return ret ? ret : pin_map(a, gen, prog, "companions", "companions");
}

static int adopt(struct adoption *a, int fd, const struct link *l, int prog, uint32_t groups,
		 const char *pin)
{
	const char *program = l->gen == GEN_DENY ? "bf_deny" : l->table ? "bf_raw" : "bf_filter";
	int ret;

	ret = kernel_make_dirs(a->k, a->err);
	if (!ret)
		ret = pin_mkdir(a->k, l->gen, a->err);
	if (!ret)
		ret = pin_add(a->k, l->gen, program, prog, a->err);
	if (!ret)
		ret = pin_map(a, l->gen, prog, ".bss", l->gen == GEN_DENY ? "gate" : "control");
	if (!ret && l->gen != GEN_DENY)
		ret = pin_maps(a, l->gen, prog, groups);
	if (!ret)
		ret = pin_add(a->k, l->gen, pin, fd, a->err);
	if (!ret)
		a->k->repinned = true;
	return ret;
}

static int look(int fd, const struct link *l, void *arg)
{
	struct object_config config;
	struct adoption *a = arg;
	char name[OBJECT_NAME], pin[LINK_NAME];
	int prog, ret = 0;

	if (l->cookie != a->k->cookie)
		return 0;
	link_name(pin, l->family, l->table, l->hook);
	if (pinned(a->k, l, pin))
		return 0;
	prog = program_by_id(l->prog_id, &config, name);
	if (prog < 0)
		return 0;
	if (in_force(prog, l))
		ret = adopt(a, fd, l, prog, config.features, pin);
	close(prog);
	return ret;
}

int pins_adopt(struct kernel *k, struct error *err)
{
	struct adoption a = { k, err };

	int ret = links_each(look, &a, err);

	return ret || !k->repinned ? ret : answers_adopt(k, err);
}
