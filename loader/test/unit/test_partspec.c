// SPDX-License-Identifier: GPL-2.0-only
/* LABEL=NAME:/PATH and its like: what they name, and which device answers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/partition.h"

static void tells_them_from_paths(void **state)
{
	static const char *const ours[] = {
		"LABEL=x:/y", "LABEL=", "UUID=1", "PARTLABEL=x", "PARTUUID=", "/dev/vda1:/x",
	};
	static const char *const others[] = {
		"", "/etc/bpfilter/x.v4", "/etc/a:/b", "/dev/vda1", "label=x:/y", "-A", "LABEL",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		assert_true(partition_spec_is(ours[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(partition_spec_is(others[i]));
}

static void parses(void **state)
{
	static const struct {
		const char *text, *value, *path, *name;
		enum partition_key key;
	} cases[] = {
		{ "LABEL=CONFIG:/rules.v4", "CONFIG", "/rules.v4", "LABEL=CONFIG", PARTITION_LABEL },
		{ "LABEL=a b:/c d", "a b", "/c d", "LABEL=a b", PARTITION_LABEL },
		{ "LABEL=a:/b:/c", "a:/b", "/c", "LABEL=a:/b", PARTITION_LABEL },
		{ "LABEL=a:b:/c:d", "a:b", "/c:d", "LABEL=a:b", PARTITION_LABEL },
		{ "UUID=1B-2C://x", "1B-2C", "//x", "UUID=1B-2C", PARTITION_UUID },
		{ "PARTLABEL=LABEL=x:/y", "LABEL=x", "/y", "PARTLABEL=LABEL=x", PARTITION_PARTLABEL },
		{ "PARTUUID=ab-01:/x", "ab-01", "/x", "PARTUUID=ab-01", PARTITION_PARTUUID },
		{ "/dev/vda1:/a/b", "vda1", "/a/b", "/dev/vda1", PARTITION_NODE },
		{ "/dev/cciss/c0d0:/x", "cciss!c0d0", "/x", "/dev/cciss/c0d0", PARTITION_NODE },
	};
	struct partition_spec spec;
	char name[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(partition_spec_parse(cases[i].text, &spec, NULL), 0);
		assert_int_equal(spec.key, cases[i].key);
		assert_string_equal(spec.value, cases[i].value);
		assert_string_equal(spec.path, cases[i].path);
		partition_spec_name(&spec, name, sizeof(name));
		assert_string_equal(name, cases[i].name);
	}
}

static void refuses(void **state)
{
	static const char *const cases[] = {
		"",	       "LABEL=x",	  "LABEL=x:/",		 "LABEL=:/x",
		"UUID=",       "PARTUUID=:/x",	  "/dev/:/x",		 "/etc/x:/y",
		"/dev/vda1:x", "LABEL=x:rules.v4", "/dev/disk/by-label/x:/y", "/dev/mapper/x:/y",
	};
	char text[400], a[PARTITION_VALUE_MAX + 1];
	struct partition_spec spec;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(partition_spec_parse(cases[i], &spec, &err), -EINVAL);
		assert_true(err.msg[0]);
	}
	memset(a, 'a', sizeof(a));
	snprintf(text, sizeof(text), "LABEL=%.*s:/x", PARTITION_VALUE_MAX - 1, a);
	assert_int_equal(partition_spec_parse(text, &spec, NULL), 0);
	snprintf(text, sizeof(text), "LABEL=%.*s:/x", PARTITION_VALUE_MAX, a);
	assert_int_equal(partition_spec_parse(text, &spec, NULL), -EINVAL);
}

static bool matches(const char *text, const struct partition_found *found)
{
	struct partition_spec spec;

	assert_int_equal(partition_spec_parse(text, &spec, NULL), 0);
	return partition_spec_matches(&spec, "vda1", found);
}

static void matches_devices(void **state)
{
	const struct partition_found found = {
		.type = "ext4", .label = "CONFIG", .uuid = "ab-cd", .partlabel = "rules",
		.partuuid = "ef-01",
	};
	const struct partition_found bare = { .ret = 0 };
	struct partition_found bad = found;

	(void)state;
	assert_true(matches("LABEL=CONFIG:/x", &found));
	assert_false(matches("LABEL=config:/x", &found));
	assert_false(matches("LABEL=CONFI:/x", &found));
	assert_true(matches("UUID=AB-CD:/x", &found));
	assert_false(matches("UUID=AB-C:/x", &found));
	assert_true(matches("PARTLABEL=rules:/x", &found));
	assert_false(matches("PARTLABEL=CONFIG:/x", &found));
	assert_true(matches("PARTUUID=EF-01:/x", &found));
	assert_false(matches("PARTUUID=AB-CD:/x", &found));
	assert_true(matches("/dev/vda1:/x", &bare));
	assert_false(matches("/dev/vda:/x", &bare));
	assert_false(matches("UUID=x:/x", &bare));
	bad.ret = -EUCLEAN;	/* more than one file system: what is inside does not count */
	assert_false(matches("LABEL=CONFIG:/x", &bad));
	assert_false(matches("UUID=ab-cd:/x", &bad));
	assert_true(matches("PARTLABEL=rules:/x", &bad));
}

static void same_device(void **state)
{
	struct partition_spec a, b, c;

	(void)state;
	assert_int_equal(partition_spec_parse("LABEL=x:/a", &a, NULL), 0);
	assert_int_equal(partition_spec_parse("LABEL=x:/b", &b, NULL), 0);
	assert_int_equal(partition_spec_parse("UUID=x:/a", &c, NULL), 0);
	assert_true(partition_spec_same(&a, &b));
	assert_false(partition_spec_same(&a, &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_them_from_paths),
		cmocka_unit_test(parses),
		cmocka_unit_test(refuses),
		cmocka_unit_test(matches_devices),
		cmocka_unit_test(same_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
