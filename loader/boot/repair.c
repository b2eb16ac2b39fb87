// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "apply.h"
#include "boot/notify.h"
#include "boot/stage2.h"
#include "commands.h"
#include "state.h"
#include "status.h"

static int look(const struct status_options *opt, struct status *st)
{
	struct error err = { 0 };

	if (!status_collect(st, opt, &err))
		return 0;
	boot_log_error(LOG_ERROR, &err);
	status_free(st);
	return -1;
}

/* INPUT_DIR under the boot's conditions: its tables, its key. -ENOENT: there are no files. */
static int read_wanted(const struct boot *b, struct input *in, struct error *err)
{
	struct sign_key key;
	bool keyed;
	int ret = signed_key(&b->cmdline, &key, &keyed, err);

	if (!ret && b->cmdline.tables)
		ret = input_tables(b->cmdline.tables, &in->tables, err);
	if (!ret)
		ret = input_defaults(in, INPUT_DIR, err);
	if (!ret)
		ret = keyed ? signed_read(&b->cmdline, &key, in, err) : input_read(in, err);
	return ret;
}

/* Where a key is in use, what is not signed is not even parsed (B5). */
static bool may_look(const struct boot *b)
{
	struct input in = { 0 };
	struct error err = { 0 };
	int ret = 0;

	if (b->keyed || b->cmdline.key)
		ret = read_wanted(b, &in, &err);
	input_free(&in);
	if (!ret || ret == -ENOENT)
		return true;
	boot_log_error(LOG_ERROR, &err);
	return false;
}

static int apply_wanted(const struct boot *b)
{
	struct input in = { 0 };
	struct error err = { 0 };
	int ret = read_wanted(b, &in, &err);

	if (ret) {
		boot_log_error(LOG_ERROR, &err);
		ret = COMMAND_FAILED;
	} else {
		ret = apply_rules(&in, IMAGE_ORIGIN_BOOT);
	}
	input_free(&in);
	return ret;
}

/* The rules that are in force, with their counters. */
static int apply_again(enum image_origin origin)
{
	struct input none = { 0 };
	int ret = apply_rules(&none, origin);

	input_free(&none);
	return ret;
}

/* What was applied by hand since the boot is not for us to undo. */
static bool by_hand(const struct status *st)
{
	return st->in_force && st->view.image->origin == IMAGE_ORIGIN_APPLY;
}

static void tell(const struct status *st)
{
	struct buffer line = { 0 };

	status_line(st, &line);
	if (!line.failed) {
		boot_log(LOG_NOTE, "%s", line.data);
		notify_status(line.data);
	}
	buffer_free(&line);
	for (size_t i = 0; i < st->nr_problems; i++) {
		boot_log(LOG_WARNING, "problem: %s", st->problems[i].text);
		if (st->problems[i].next[0])
			boot_log(LOG_WARNING, "next: %s", st->problems[i].next);
	}
}

/* An initrd may have hidden the one of the boot; the unit of the real root asks for it. */
static void write_state(void)
{
	struct kernel k = { .lock_fd = -1 };
	struct error err = { 0 };
	int ret = kernel_open(&k, true, &err);

	if (!ret) {
		ret = state_write(&k, &err);
		kernel_close(&k);
	}
	if (ret)
		boot_log_error(LOG_WARNING, &err);
}

int repair(const struct boot *b)
{
	/* What the command line names was put in force by the boot, and cannot be read again. */
	struct status_options opt = {
		.no_wanted = b->cmdline.rules.nr, .tables = b->cmdline.tables,
	};
	bool others, mended = false;
	struct status st;
	int ret = 0;

	if (!opt.no_wanted && !may_look(b)) {
		opt.no_wanted = true;
		ret = COMMAND_FAILED;
	}
	if (look(&opt, &st))
		return COMMAND_FAILED;
	others = st.in_force && !by_hand(&st);
	if (st.wanted == WANTED_REFUSED)
		ret = COMMAND_FAILED;
	if (st.wanted == WANTED_DIFFERENT && !by_hand(&st)) {
		ret = apply_wanted(b);
		mended = !ret;
	}
	if (mended && others)
		boot_log(LOG_WARNING, "other rules were in force before, those of the initramfs: make "
			 "it anew (update-initramfs -u, dracut --force), or the next boot begins "
			 "with them");
	if (!mended && st.broken && st.in_force) {
		for (size_t i = 0; i < st.nr_problems; i++)
			boot_log(LOG_WARNING, "repairing: %s", st.problems[i].text);
		ret |= apply_again((enum image_origin)st.view.image->origin);
		mended = true;
	}
	if (mended) {
		status_free(&st);
		if (look(&opt, &st))
			return COMMAND_FAILED;
	}
	if (!st.in_force || st.broken)
		ret = COMMAND_FAILED;
	tell(&st);
	status_free(&st);
	write_state();
	return ret;
}
