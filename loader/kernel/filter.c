/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Putting an image in force. Two ways: the slot that judges can hold it (same capacity): a new
 * image in its outer map; else a new slot beside it, and then the hand-over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/compile.h"
#include "kernel/answers.h"
#include "kernel/clock.h"
#include "kernel/inner.h"
#include "kernel/kernel.h"
#include "kernel/object.h"
#include "kernel/objects.h"
#include "kernel/rcu.h"
#include "kernel/slot.h"
#include "kernel/sys.h"
#include "kernel/tracking.h"

#define PRELOAD	0	/* the capacity that filter_preload() chooses */

struct filter_change {
	struct slot current;	/* in force now; gen GENERATIONS: none */
	struct slot next;	/* being built; gen GENERATIONS: @current takes the image */
	struct inner image;	/* the new one */
	struct inner old;	/* the one in force, for its counters */
	struct object handover;	/* if @next follows @current */
	bool added[FAMILIES][TABLES][HOOKS];	/* links made on @current */
	unsigned int keep_counters;
};

static void change_free(struct filter_change *c)
{
	inner_close(&c->image);
	inner_close(&c->old);
	slot_close(&c->current);
	slot_close(&c->next);
	object_close(&c->handover);
	free(c);
}

static struct filter_change *change_new(const struct apply_options *opt)
{
	struct filter_change *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	slot_none(&c->current);
	slot_none(&c->next);
	c->image.fd = c->old.fd = -1;
	c->keep_counters = opt->keep_counters;
	return c;
}

/* The slot that receives the image. */
static struct slot *target(struct filter_change *c)
{
	return c->next.gen == GENERATIONS ? &c->current : &c->next;
}

/* What is in force, and its image; then remove what an interrupted change left (I5). */
static int find_current(struct kernel *k, struct filter_change *c, struct error *err)
{
	enum generation other;
	size_t size = 0;
	int ret, fd;

	ret = slot_current(k, &c->current, err);
	if (ret == -ENOENT) {
		ret = k->preloaded ? 0 : slot_remove(k, GEN_A, err);
		return ret ? ret : slot_remove(k, GEN_B, err);
	}
	if (ret)
		return ret;
	fd = slot_image(&c->current, &size, err);
	if (fd < 0)
		return fd;
	ret = inner_map(&c->old, fd, size, false, err);
	if (ret)
		return ret;
	other = c->current.gen == GEN_A ? GEN_B : GEN_A;
	return slot_remove(k, other, err);
}

/* Can the slot in force take this image? Its program fixes the capacity and the groups of ops. */
static bool can_reuse(const struct filter_change *c, size_t capacity)
{
	uint32_t groups = c->image.image->features & IMAGE_F_GROUPS;

	return c->current.gen != GENERATIONS && c->old.size == capacity &&
	       c->current.prog[0] >= 0 && !(groups & ~c->current.groups);
}

/* The second program, if the image has a use for it and the slot has it not yet. */
static int add_raw(struct kernel *k, struct filter_change *c, int index, struct error *err)
{
	struct slot *s = target(c);

	if (s->prog[1] >= 0)
		return 0;
	FOR_EACH_HOOK(f, t, h)
		if (t && inner_needs(c->image.image, f, t, h))
			return slot_add_raw(k, index, s, err);
	return 0;
}

/* Links the image needs and the slot has not. */
static int attach(struct kernel *k, struct filter_change *c, struct error *err)
{
	struct slot *s = target(c);
	int ret;

	FOR_EACH_HOOK(f, t, h) {
		if (s->link[f][t][h] >= 0 || !inner_needs(c->image.image, f, t, h))
			continue;
		ret = slot_attach(k, s, f, t, h, err);
		if (ret)
			return ret;
		c->added[f][t][h] = true;
	}
	return 0;
}

static int build(struct kernel *k, struct filter_change *c, int index, struct error *err)
{
	const enum generation gen = c->current.gen == GEN_A ? GEN_B : GEN_A;
	uint32_t groups = c->image.image->features & IMAGE_F_GROUPS;
	int ret = 0;

	if (k->preloaded && (index != PRELOAD || gen != k->preloaded->gen ||
			     (groups & ~k->preloaded->groups)))
		filter_unload(k);
	if (k->preloaded) {
		c->next = *k->preloaded;
		free(k->preloaded);
		k->preloaded = NULL;
	} else {
		ret = slot_build(k, gen, index, groups, &c->next, err);
	}
	if (ret) {
		slot_remove(k, gen, NULL);
		return ret;
	}
	if (c->current.gen != GENERATIONS)
		ret = object_load(&c->handover, "handover", NULL, err);
	if (ret)
		return ret;
	return slot_set_image(&c->next, c->image.fd, err);
}

int filter_preload(struct kernel *k, struct error *err)
{
	struct slot s;
	int ret;

	if (k->preloaded)
		return 0;
	ret = slot_current(k, &s, err);
	if (ret != -ENOENT) {
		slot_close(&s);
		return ret;
	}
	ret = slot_remove(k, GEN_A, err);
	if (ret)
		return ret;
	k->preloaded = malloc(sizeof(*k->preloaded));
	if (!k->preloaded)
		return error_errno(err, -ENOMEM, "cannot load the evaluator");
	ret = slot_build(k, GEN_A, PRELOAD, 0, k->preloaded, err);
	if (ret) {
		free(k->preloaded);
		k->preloaded = NULL;
		slot_remove(k, GEN_A, NULL);
	}
	return ret;
}

void filter_unload(struct kernel *k)
{
	if (!k->preloaded)
		return;
	slot_close(k->preloaded);
	free(k->preloaded);
	k->preloaded = NULL;
	slot_remove(k, GEN_A, NULL);
}

/* What the ops of connections need. It is the kernel's, so it is the same for every rule set. */
static int prepare_tracking(struct slot *s, uint32_t features, struct error *err)
{
	struct control *control = (struct control *)(uintptr_t)s->control;
	bool all = features & (IMAGE_F_GROUP(OPS_CT) | IMAGE_F_GROUP(OPS_CONNLIMIT));
	int ret = 0;

	if (all ? !control->ct.ext : features & IMAGE_F_NAT_STATE && !control->ct.status)
		ret = tracking_layout(&control->ct, all, err);
	if (!ret && features & IMAGE_F_ACCOUNTING)
		ret = tracking_account(err);
	return ret;
}

/* The ring is there before anybody can write into it; who reads it is the caller's matter (A2). */
static int prepare_answers(struct kernel *k, struct slot *s, const struct image_header *h,
			   struct error *err)
{
	struct answers a;
	int ret;

	if (!answers_needed(h))
		return 0;
	ret = answers_open(k, true, &a, err);
	if (ret)
		return ret;
	ret = slot_set_answers(s, a.ring_fd, a.companion_fd, err);
	answers_close(&a);
	return ret;
}

static int prepare(struct kernel *k, struct filter_change *c, const struct image *img,
		   const struct apply_options *opt, struct error *err)
{
	const struct image_header *h = img->header;
	size_t capacity;
	int ret, index;

	index = inner_capacity(h, err);
	if (index < 0)
		return index;
	capacity = image_capacity_bytes(index);
	ret = h->features & IMAGE_F_GROUP(OPS_OBJECT) ? objects_check(h, err) : 0;
	if (!ret)
		ret = find_current(k, c, err);
	if (!ret)
		ret = inner_create(&c->image, img, capacity, opt->origin, err);
	if (!ret)
		ret = clock_set(c->image.image, err);
	if (!ret && !can_reuse(c, capacity))
		ret = build(k, c, index, err);
	if (!ret)
		ret = add_raw(k, c, index, err);
	if (!ret)
		ret = prepare_tracking(target(c), h->features, err);
	if (!ret)
		ret = prepare_answers(k, target(c), h, err);
	if (!ret && c->old.image)
		ret = inner_check_counters(c->image.image, c->old.image, c->keep_counters, err);
	if (!ret && c->old.image)
		inner_carry_state(&c->image, &c->old, c->keep_counters);
	return ret ? ret : attach(k, c, err);
}

int filter_prepare(struct kernel *k, const struct image *img, const struct apply_options *opt,
		   struct filter_change **change, struct error *err)
{
	struct filter_change *c;
	int ret;

	*change = NULL;
	if (img->size < sizeof(*img->header) || img->header->size != img->size)
		return error_set(err, -EINVAL, "not an image: its size is wrong");
	c = change_new(opt);
	if (!c)
		return error_errno(err, -ENOMEM, "cannot prepare a change");
	ret = prepare(k, c, img, opt, err);
	if (ret)
		filter_abort(k, c);
	else
		*change = c;
	return ret;
}

void filter_abort(struct kernel *k, struct filter_change *c)
{
	enum generation next;

	if (!c)
		return;
	next = c->next.gen;
	if (next == GENERATIONS && c->current.gen != GENERATIONS) {
		FOR_EACH_HOOK(f, t, h)
			if (c->added[f][t][h])
				slot_detach(k, &c->current, f, t, h, NULL);
	}
	change_free(c);
	if (next != GENERATIONS)
		slot_remove(k, next, NULL);
}

/*
 * After the new rules are in force: what fails from here on leaves something behind that harms
 * nothing and that the next command removes (I5), so it is no failure of the commit.
 */
static void clean_up(struct kernel *k, struct filter_change *c)
{
	struct slot *s = &c->current;
	enum generation old = c->next.gen == GENERATIONS ? GENERATIONS : s->gen;

	if (c->old.image)
		inner_add_counters(&c->image, &c->old, c->keep_counters);
	FOR_EACH_HOOK(f, t, h)
		if (old == GENERATIONS && s->link[f][t][h] >= 0 &&
		    !inner_needs(c->image.image, f, t, h))
			slot_detach(k, s, f, t, h, NULL);
	change_free(c);
	if (old != GENERATIONS)
		slot_remove(k, old, NULL);
}

/*
 * The current slot hands over to the next one, in one system call: a process that is killed leaves
 * the old rules or the new ones.
 */
static int hand_over(struct filter_change *c, struct error *err)
{
	struct handover h = {
		.next_fd = (uint32_t)c->next.control_fd,
		.current_fd = (uint32_t)c->current.control_fd,
		.image_fd = (uint32_t)c->next.image_fd,
		.inner_fd = (uint32_t)c->image.fd,
		.next = *c->next.control,
		.current = *c->current.control,
	};
	int ret;

	h.current.judging = 0;
	ret = sys_prog_run(object_prog(&c->handover, "bf_handover"), &h, sizeof(h));
	return ret ? error_errno(err, ret, "cannot hand over to the new program") : 0;
}

/*
 * New program: old -> both -> new (I1). A packet meets all programs of a hook inside one RCU read
 * section (nf_hook()), so after a grace period no packet is on its way that has not met the new
 * slot judging.
 */
static int commit_slot(struct filter_change *c, struct error *err)
{
	struct control *new = (struct control *)(uintptr_t)c->next.control;
	int ret, i;

	if (c->current.gen == GENERATIONS) {
		new->judging = 1;
		return 0;
	}
#ifdef PLANT_REMOVE_FIRST	/* a bug that the test "kill" must find */
	c->current.control->judging = 0;
	rcu_wait(&c->next, c->image.fd, NULL);
#endif
	ret = hand_over(c, err);
	if (!ret) {
		/* For exact counters only. */
		rcu_wait(&c->next, c->image.fd, NULL);
		for (i = 0; i < DROP_REASONS; i++)
			__atomic_fetch_add(&new->drops[i], c->current.control->drops[i],
					   __ATOMIC_RELAXED);
	}
	return ret;
}

int filter_commit(struct kernel *k, struct filter_change *c, struct error *err)
{
	int ret;

	/* New rules, same program: one store in the outer map. A grace period is part of it. */
	if (c->next.gen == GENERATIONS)
		ret = slot_set_image(&c->current, c->image.fd, err);
	else
		ret = commit_slot(c, err);
	if (ret)
		filter_abort(k, c);
	else
		clean_up(k, c);
	return ret;
}
