// SPDX-License-Identifier: GPL-2.0-only
/*
 * No memory: each allocation between a text and its image fails once, alone or with all that come
 * after it. Then there is an error that says so, no image, and nothing is left behind. (That the
 * old rules stay in force then: loader/test/memory.)
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "images.h"
#include "rules/sets.h"

/* What the linker puts in the place of the allocator (mk/test.mk). */
static struct {
	long left;			/* calls until one fails; < 0: none does */
	bool all;			/* and all later ones */
	bool failed;
	long live;			/* allocated and not freed */
} memory;

static bool fails(void)
{
	if (memory.left < 0 || memory.left-- > 0)
		return false;
	if (memory.all)
		memory.left = 0;
	memory.failed = true;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t len);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg);

void *__wrap_malloc(size_t size)
{
	void *p = fails() ? NULL : __real_malloc(size);

	memory.live += p != NULL;
	return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p = fails() ? NULL : __real_calloc(n, size);

	memory.live += p != NULL;
	return p;
}

void *__wrap_realloc(void *old, size_t size)
{
	void *p = fails() ? NULL : __real_realloc(old, size);

	memory.live += p && !old;
	return p;
}

void __wrap_free(void *p)
{
	memory.live -= p != NULL;
	__real_free(p);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *p = MAP_FAILED;

	if (!fails())
		p = __real_mmap(addr, len, prot, flags, fd, offset);
	memory.live += p != MAP_FAILED;
	return p;
}

int __wrap_munmap(void *addr, size_t len)
{
	memory.live--;
	return __real_munmap(addr, len);
}

/* There is no thread to be had: so the order of calls is always the same. */
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg)
{
	(void)t;
	(void)attr;
	(void)run;
	(void)arg;
	return EAGAIN;
}

/* Both families, every kind of node; @more rules so that buffers and arena grow. */
static struct buffer texts[NR_FAMILIES];

/* Of each kind of tree; not sorted, so that sorting needs memory. */
static const char sets[] =
	"create a hash:ip\nadd a 10.0.0.7\nadd a 10.0.0.1\ncreate l list:set\nadd l a\n"
	"create n hash:net,port family inet6\nadd n fe80::/64,80\nadd n fd00::/64,80-99\n";
static const char set_rules[] =
	"*filter\n-4 -A INPUT -m set --match-set l src\n-6 -A INPUT -m set --match-set n src,dst\n"
	"COMMIT\n";

static int make(struct image *img, struct error *err)
{
	const struct sets_source more = { .where = "test", .text = sets, .len = sizeof(sets) - 1 };
	struct rules_source src = { .where = "test", .families = FAMILIES_ALL, .text = set_rules,
				    .len = sizeof(set_rules) - 1 };
	struct ruleset rs;
	int ret;

	ruleset_init(&rs);
	ret = rules_parse(&rs, &src, err);
	if (!ret)
		ret = sets_parse(&rs, &more, err);
	for (int f = 0; !ret && f < NR_FAMILIES; f++) {
		src.families = FAMILY_BIT(f);
		src.text = texts[f].data;
		src.len = texts[f].len;
		ret = rules_parse(&rs, &src, err);
	}
	if (!ret)
		ret = ruleset_finish(&rs, err);
	if (!ret)
		ret = image_compile(&rs, img, err);
	ruleset_free(&rs);
	return ret;
}

/* A text to an image; the image checked, and back to a text, as "apply" does for rules it keeps. */
static int all_steps(struct error *err)
{
	struct buffer out = { 0 };
	struct image img = { 0 };
	struct ruleset rs;
	int ret = make(&img, err);

	if (ret) {
		assert_null(img.data);
		return ret;
	}
	ret = image_validate(img.data, img.size, err);
	if (!ret)
		ret = image_ruleset(img.header, &rs, false, err);
	if (!ret) {
		rules_print(&out, &rs, FAMILY_IPV4, TABLE_FILTER, 0);
		ret = out.failed;
		if (ret)
			error_errno(err, ret, "printing");
		buffer_free(&out);
		ruleset_free(&rs);
	}
	image_free(&img);
	return ret;
}

static void each_call(bool all)
{
	long n, before = memory.live;
	struct error err;
	int ret;

	for (n = 0;; n++) {
		err = (struct error){ 0 };
		memory.left = n;
		memory.all = all;
		memory.failed = false;
		ret = all_steps(&err);
		memory.left = -1;
		if (!memory.failed)
			break;
		if (ret != -ENOMEM || (!strstr(err.msg, "memory")))
			fail_msg("call %ld: %d, \"%s\"", n, ret, err.msg);
		if (memory.live != before)
			fail_msg("call %ld: %ld blocks are left behind", n, memory.live - before);
	}
	assert_int_equal(ret, 0);
	assert_int_equal(memory.live, before);
	print_message("%ld allocations, each failed%s\n", n, all ? " with all later ones" : "");
	assert_true(n > 100);
}

static void one_fails(void **state)
{
	(void)state;
	each_call(false);
}

static void all_fail(void **state)
{
	(void)state;
	each_call(true);
}

static int setup(void **state)
{
	(void)state;
	memory.left = -1;
	for (int f = 0; f < NR_FAMILIES; f++)
		image_rules(&texts[f], (enum family)f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int f = 0; f < NR_FAMILIES; f++)
		buffer_free(&texts[f]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_fails),
		cmocka_unit_test(all_fail),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
