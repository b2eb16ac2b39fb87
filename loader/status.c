/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/answers.h"
#include "status.h"

static const char *const drop_reasons[] = {
	[DROP_HOTDROP] = "hotdrop",
	[DROP_NO_IMAGE] = "no_image",
	[DROP_BAD_IMAGE] = "bad_image",
	[DROP_BUDGET] = "budget",
	[DROP_STACK] = "stack",
	[DROP_UNREADABLE] = "unreadable",
	[DROP_NO_TRACKING] = "no_tracking",
};

_Static_assert(sizeof(drop_reasons) / sizeof(drop_reasons[0]) == DROP_REASONS,
	       "every drop reason has a name");

const char *drop_reason_name(enum drop_reason reason)
{
	return drop_reasons[reason];
}

const char *wanted_name(enum wanted wanted)
{
	static const char *const names[] = {
		[WANTED_NONE] = "none",
		[WANTED_SAME] = "same",
		[WANTED_DIFFERENT] = "different",
		[WANTED_REFUSED] = "refused",
	};

	return names[wanted];
}

__attribute__((format(printf, 3, 4)))
static void problem(struct status *st, const char *next, const char *fmt, ...)
{
	struct status_problem *p;
	va_list args;

	if (st->nr_problems == STATUS_PROBLEMS)
		return;
	p = &st->problems[st->nr_problems++];
	snprintf(p->next, sizeof(p->next), "%s", next);
	va_start(args, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
}

/* What is in force does not filter as it should. */
#define broken(st, ...) do { \
	(st)->broken = true; \
	problem(st, "bpfilter apply", __VA_ARGS__); \
} while (0)

/* The rules of INPUT_DIR, compiled: would they give what is in force? */
static void find_wanted(struct status *st, const char *tables)
{
	struct input in = { 0 };
	struct image img = { 0 };
	int ret = 0;

	if (tables)
		ret = input_tables(tables, &in.tables, &st->wanted_error);
	if (!ret)
		ret = input_defaults(&in, INPUT_DIR, &st->wanted_error);

	if (ret == -ENOENT) {
		st->wanted_error = (struct error){ 0 };
		goto out;
	}
	input_names(&in, &st->wanted_files);
	if (!ret)
		ret = input_read(&in, &st->wanted_error);
	if (!ret)
		ret = input_compile(&in, &img, &st->wanted_error);
	st->wanted = ret ? WANTED_REFUSED : WANTED_DIFFERENT;
	if (ret)
		goto out;
	memcpy(st->wanted_digest, img.header->digest, sizeof(st->wanted_digest));
	if (st->in_force && !memcmp(st->wanted_digest, st->view.image->digest,
				    sizeof(st->wanted_digest)))
		st->wanted = WANTED_SAME;
out:
	image_free(&img);
	input_free(&in);
}

static void judge_wanted(struct status *st)
{
	char text[1024];

	switch (st->wanted) {
	case WANTED_DIFFERENT:
		if (st->in_force)
			problem(st, "bpfilter apply", "the rules in force are not those of %s",
				INPUT_DIR);
		break;
	case WANTED_REFUSED:
		error_format(&st->wanted_error, text, sizeof(text));
		text[strcspn(text, "\n")] = 0;
		problem(st, "bpfilter check FILE shows all of it",
			"the rules of %s would be refused: %s", INPUT_DIR, text);
		break;
	default:
		break;
	}
}

static void judge_tracking(struct status *st, const struct error *err)
{
	if (!st->in_force || !(st->view.image->features & IMAGE_F_CONNTRACK))
		return;
	if (!st->tracking.checked) {
		problem(st, "", "cannot tell whether connection tracking is on: %s", err->msg);
		return;
	}
	for (int f = 0; f < NR_FAMILIES; f++)
		if (st->view.image->families & FAMILY_BIT(f) && !st->tracking.on[f])
			broken(st, "the rules need connection tracking and it is off for %s: TCP "
			       "and UDP are dropped", family_name((enum family)f));
}

/* A chain that is used, or drops, must have its link. */
static void judge_hook(struct status *st, int f, int t, int h)
{
	const struct image_header *image = st->view.image;
	const char *base = (const char *)image;
	const struct image_chain *chain;
	uint32_t number = image->base[f][t][h];

	if (number == IMAGE_NONE || number >= image->chains.count || st->filter.present[f][t][h])
		return;
	chain = (const void *)(base + image->chains.offset);
	chain += number;
	if (chain->count || !chain->policy)
		broken(st, "%s %s %s is not hooked in: it sees no packet",
		       family_name((enum family)f), table_name((enum table_id)t), hook_name(h));
}

static void judge_drops(struct status *st)
{
	static const enum drop_reason errors[] = {
		DROP_NO_IMAGE, DROP_BAD_IMAGE, DROP_BUDGET, DROP_STACK,
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (st->view.control.drops[errors[i]])
			problem(st, "please report this, with the rules",
				"%" PRIu64 " packets were dropped by an error: %s",
				(uint64_t)st->view.control.drops[errors[i]],
				drop_reason_name(errors[i]));
}

static void judge_filter(struct status *st)
{
	const struct image_header *image = st->view.image;
	struct error unable = { 0 };

	if (!st->in_force) {
		problem(st, "bpfilter apply", "no rules are in force in this network namespace");
		if (kernel_check(&unable))
			problem(st, unable.hint, "%s", unable.msg);
		return;
	}
	if (!st->view.control.judging)
		broken(st, "the program in force lets everything pass");
	for (int f = 0; f < NR_FAMILIES; f++)
		for (int t = 0; t < NR_TABLES; t++)
			for (int h = 0; h < IMAGE_HOOKS; h++)
				judge_hook(st, f, t, h);
	for (int f = 0; f < NR_FAMILIES; f++)
		if (image->families & FAMILY_BIT(f) && st->filter.deny_present[f])
			broken(st, "%s has rules, but is still denied since boot",
			       family_name((enum family)f));
	if (image->origin == IMAGE_ORIGIN_RESCUE)
		problem(st, "bpfilter check FILE tells why; then bpfilter apply",
			"the rescue rules are in force: the wanted ones were refused at boot");
	judge_drops(st);
}

static void look_at_companion(const struct kernel *k, struct status *st)
{
	struct answers a;

	st->answers.needed = st->in_force && answers_needed(st->view.image);
	if (answers_open(k, false, &a, NULL))
		return;
	st->answers.present = true;
	st->answers.pid = answers_companion(&a);
	st->answers.map = *(struct companion *)(uintptr_t)a.companion;
	answers_close(&a);
	if (!st->answers.needed)
		st->filter.half_done = true;
}

static void judge_answers(struct status *st)
{
	if (!st->answers.needed || st->answers.pid)
		return;
	st->broken = true;
	problem(st, "bpfilter start", "the companion does not run: REJECT drops without an answer, LOG and NFLOG are lost");
}

static int look(struct status *st, struct error *err)
{
	struct kernel k = { .lock_fd = -1 };
	int ret = kernel_open(&k, false, err);

	if (ret == -ENOENT) {
		*err = (struct error){ 0 };
		return kernel_netns_cookie(&st->cookie, err);
	}
	if (ret)
		return ret;
	st->cookie = k.cookie;
	ret = filter_status(&k, &st->filter, err);
	if (!ret) {
		ret = filter_view(&k, &st->view, err);
		st->in_force = !ret;
		look_at_companion(&k, st);
	}
	kernel_close(&k);
	if (ret == -ENOENT) {
		*err = (struct error){ 0 };
		ret = 0;
	}
	return ret;
}

int status_collect(struct status *st, const struct status_options *opt, struct error *err)
{
	struct error tracking_err = { 0 };
	bool unseen;
	int ret;

	*st = (struct status){ .all = opt->all };
	ret = look(st, err);
	if (!ret && opt->all)
		ret = filter_namespaces(&st->others, &st->nr_others, &unseen, err);
	if (ret)
		return ret;
	if (conntrack_check(&st->tracking, &tracking_err))
		st->tracking.checked = false;
	if (!opt->no_wanted)
		find_wanted(st, opt->tables);
	judge_filter(st);
	judge_wanted(st);
	judge_tracking(st, &tracking_err);
	judge_answers(st);
	return 0;
}

void status_free(struct status *st)
{
	if (st->in_force)
		filter_view_close(&st->view);
	buffer_free(&st->wanted_files);
	free(st->others);
}
