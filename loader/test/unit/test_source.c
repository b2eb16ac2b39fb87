// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/firmware.h"
#include "boot/spec.h"

static void test_kinds(void **state)
{
	static const struct {
		const char *word;
		int kind;	/* -1: none */
	} words[] = {
		{ "/etc/bpfilter/a.v4", SOURCE_PATH },
		{ "-A INPUT -j DROP", SOURCE_INLINE },
		{ "4:-P INPUT DROP", SOURCE_INLINE },
		{ "6:-P INPUT DROP", SOURCE_INLINE },
		{ "bootconfig", SOURCE_BOOTCONFIG },
		{ "credential:bpfilter.rules.v4", SOURCE_CREDENTIAL },
		{ "fw_cfg:opt/x/rules.v4", SOURCE_FW_CFG },
		{ "smbios:x", SOURCE_SMBIOS },
		{ "LABEL=x:/rules.v4", SOURCE_PARTITION },
		{ "/dev/vda1:/rules.v4", SOURCE_PARTITION },
		{ "", -1 }, { "/", -1 }, { "-", -1 }, { "4:", -1 }, { "5:-P INPUT DROP", -1 },
		{ "bootconfig:x", -1 }, { "smbios:", -1 }, { "fw_cfg", -1 }, { "rules.v4", -1 },
		{ "LABEL=x", -1 }, { "UUID=:/x", -1 }, { "label=x:/x", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct sources s = { 0 };
		struct error err = { 0 };
		int ret = sources_add(&s, words[i].word, &err);

		assert_int_equal(ret, words[i].kind < 0 ? -EINVAL : 0);
		assert_int_equal(s.nr, words[i].kind >= 0);
		if (!ret)
			assert_int_equal(s.specs[0].kind, words[i].kind);
		else
			assert_string_not_equal(err.hint, "");
		sources_free(&s);
	}
}

static int bootconfig(const char *text, struct sources *s, struct error *err, char *copy)
{
	*s = (struct sources){ 0 };
	*err = (struct error){ 0 };
	return bootconfig_sources(strcpy(copy, text), s, err);
}

/* As fs/proc/bootconfig.c of Linux 6.12 prints it. */
static void test_bootconfig(void **state)
{
	char copy[512];
	struct sources s;
	struct error err;

	(void)state;
	assert_int_equal(bootconfig("kernel.panic = \"5\"\n"
		"bpfilter.rules = \"-P INPUT DROP\", \"4:-A INPUT -s 10.0.0.0/8 -j ACCEPT\", "
		"'-A INPUT -m comment --comment \"a, b\" -j ACCEPT', \"/etc/x.v6\"\n"
		"other.key = \"several\nlines\"\nempty = \"\"\n"
		"# Parameters from bootloader:\n# bpfilter.rules = \"/y\"\n", &s, &err, copy), 0);
	assert_int_equal(s.nr, 4);
	assert_string_equal(s.specs[0].text, "-P INPUT DROP");
	assert_string_equal(s.specs[1].text, "-A INPUT -s 10.0.0.0/8 -j ACCEPT");
	assert_int_equal(s.specs[1].families, FAMILY_BIT(FAMILY_IPV4));
	assert_string_equal(s.specs[2].text, "-A INPUT -m comment --comment \"a, b\" -j ACCEPT");
	assert_int_equal(s.specs[3].kind, SOURCE_PATH);
	sources_free(&s);
}

static void test_bootconfig_refused(void **state)
{
	static const struct {
		const char *text, *message;
		int ret;
	} refused[] = {
		{ "", "has no bpfilter.rules", -ENOENT },
		{ "a = \"b\"\n", "has no bpfilter.rules", -ENOENT },
		{ "bpfilter.rules = \"\"\n", "no source of rules", -EINVAL },
		{ "bpfilter.rules = \"rules.v4\"\n", "no source of rules", -EINVAL },
		{ "bpfilter.rules = \"bootconfig\"\n", "names itself", -EINVAL },
		{ "bpfilter.rule = \"/x\"\n", "unknown key bpfilter.rule", -EINVAL },
		{ "bpfilter.rules = \"/x\", \"/y\n", "cannot be understood", -EINVAL },
		{ "bpfilter.rules = /x\n", "cannot be understood", -EINVAL },
		{ "bpfilter.rules = \"/x\" \"/y\"\n", "cannot be understood", -EINVAL },
		{ "bpfilter.rules\n", "cannot be understood", -EINVAL },
		{ "a\nbpfilter.rules = \"/x\"\n", "cannot be understood", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char copy[512];
		struct sources s;
		struct error err;

		assert_int_equal(bootconfig(refused[i].text, &s, &err, copy), refused[i].ret);
		if (!strstr(err.msg, refused[i].message))
			fail_msg("\"%s\" not in \"%s\"", refused[i].message, err.msg);
		sources_free(&s);
	}
}

static void test_smbios(void **state)
{
	static const char raw[] = "\x0b\x05\x00\x01\x03" "a=1\0rules=-P INPUT DROP\0other\0";

	(void)state;
	assert_string_equal(smbios_string(raw, sizeof(raw), "rules"), "-P INPUT DROP");
	assert_string_equal(smbios_string(raw, sizeof(raw), "a"), "1");
	assert_null(smbios_string(raw, sizeof(raw), "rule"));
	assert_null(smbios_string(raw, sizeof(raw), "other"));
	assert_null(smbios_string("\x0c\x05\x00\x01\x01" "a=1\0", 10, "a"));
	assert_null(smbios_string("\x0b\xff\x00\x01\x01" "a=1\0", 10, "a"));
	/* Wherever it is cut: nothing that has no end. */
	for (size_t len = 0; len < 26; len++)
		assert_null(smbios_string(raw, len, "rules"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bootconfig),
		cmocka_unit_test(test_bootconfig_refused),
		cmocka_unit_test(test_smbios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
