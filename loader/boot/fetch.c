// SPDX-License-Identifier: GPL-2.0-only
/* What the child does before it locks itself in: it may still load modules and mount. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "boot/firmware.h"
#include "boot/partition.h"
#include "boot/stage2.h"
#include "kernel/modules.h"
#include "rules/parse.h"
#include "sign/sign.h"

#define BOOTCONFIG_MAX	(1U << 20)	/* the kernel takes 32 KiB */

static int read_bootconfig(char **text, struct error *err)
{
	int fd = open("/proc/bootconfig", O_RDONLY | O_CLOEXEC), ret;
	size_t len;

	if (fd < 0) {
		ret = error_errno(err, -errno, "cannot read /proc/bootconfig");
		error_hint(err, "the kernel needs CONFIG_BOOT_CONFIG");
		return ret;
	}
	ret = rules_read_stream(fd, "/proc/bootconfig", BOOTCONFIG_MAX, text, &len, err);
	close(fd);
	if (!ret && strlen(*text) != len) {
		free(*text);
		ret = error_set(err, -EINVAL, "/proc/bootconfig holds a NUL byte");
	}
	return ret;
}

static int add(struct fetch *f, const struct source_spec *spec, const char *list, size_t number,
	       struct error *err)
{
	struct fetched *more = realloc(f->all, (f->nr + 1) * sizeof(*more));

	if (!more)
		return error_errno(err, -ENOMEM, "cannot keep the sources of rules");
	f->all = more;
	f->all[f->nr++] = (struct fetched){ .spec = *spec, .list = list, .number = number };
	return 0;
}

/* In the place of the word "bootconfig", once: a second one would be the same rules again. */
static int add_bootconfig(struct fetch *f, struct error *err)
{
	int ret;

	if (f->bootconfig.nr)
		return error_set(err, -EINVAL, "bpfilter.rules=bootconfig is given twice");
	ret = read_bootconfig(&f->bootconfig_text, err);
	if (!ret)
		ret = bootconfig_sources(f->bootconfig_text, &f->bootconfig, err);
	for (size_t i = 0; !ret && i < f->bootconfig.nr; i++)
		ret = add(f, &f->bootconfig.specs[i], "bootconfig:bpfilter.rules", i + 1, err);
	return ret;
}

static int load_modules(const char *names, struct error *err)
{
	char *copy = strdup(names), *name, *save;
	int ret = copy ? 0 : error_errno(err, -ENOMEM, "cannot read bpfilter.modules=");

	for (name = copy ? strtok_r(copy, ",", &save) : NULL; !ret && name;
	     name = strtok_r(NULL, ",", &save))
		ret = module_load(name, "", err);
	free(copy);
	return ret;
}

/* One after the other may be on the same partition: it is looked for once. */
struct at_hand {
	struct partition_spec spec;
	struct partition partition;
	bool open;
	uint64_t deadline_ns;
};

static void put_away(struct at_hand *hand)
{
	if (hand->open)
		partition_close(&hand->partition);
	hand->open = false;
}

/* That there is no signature matters only if a key is in use: signed.c. */
static int read_partition(struct partition *p, const char *path, struct fetched *f,
			  struct error *err)
{
	char *sig_path;
	int ret = partition_read(p, path, RULES_FILE_MAX, &f->text, &f->len, err);

	if (ret || asprintf(&sig_path, "%s" SIGN_SUFFIX, path) < 0)
		return ret;
	(void)partition_read(p, sig_path, SIGN_TEXT_MAX, &f->sig, &f->sig_len, NULL);
	free(sig_path);
	return 0;
}

static int fetch_partition(const struct cmdline *c, struct fetched *f, struct at_hand *hand,
			   struct error *err)
{
	const struct partition_options opt = {
		.deadline_ns = hand->deadline_ns,
		.unique_ms = c->unique * 1000,
		.removable = c->removable,
	};
	char name[PARTITION_VALUE_MAX + 16];
	struct partition_spec spec;
	int ret = partition_spec_parse(f->spec.text, &spec, err);

	if (!ret && hand->open && !partition_spec_same(&spec, &hand->spec))
		put_away(hand);
	if (!ret && !hand->open) {
		partition_spec_name(&spec, name, sizeof(name));
		boot_log(LOG_INFO, "looking for %s", name);
		ret = partition_open(&spec, &opt, &hand->partition, err);
		hand->open = !ret;
		hand->spec = spec;
	}
	return ret ? ret : read_partition(&hand->partition, spec.path, f, err);
}

static int fetch_one(const struct cmdline *c, struct fetched *f, struct at_hand *hand,
		     struct error *err)
{
	switch (f->spec.kind) {
	case SOURCE_PARTITION:
		return fetch_partition(c, f, hand, err);
	case SOURCE_CREDENTIAL:
	case SOURCE_FW_CFG:
	case SOURCE_SMBIOS:
		firmware_prepare();
		return 0;
	case SOURCE_INLINE:
	case SOURCE_PATH:
	case SOURCE_BOOTCONFIG:
		break;		/* nothing that the sandbox forbids */
	}
	return 0;
}

int sources_fetch(const struct cmdline *c, struct fetch *f, struct error *err)
{
	/* The error must be told, or the rules compiled, before process 1 loses its patience. */
	struct at_hand hand = {
		.deadline_ns = clock_ns(CLOCK_MONOTONIC) + c->timeout * UINT64_C(800000000),
	};
	int ret = c->modules ? load_modules(c->modules, err) : 0;

	for (size_t i = 0; !ret && i < c->rules.nr; i++)
		ret = c->rules.specs[i].kind == SOURCE_BOOTCONFIG ? add_bootconfig(f, err) :
			add(f, &c->rules.specs[i], "bpfilter.rules=", i + 1, err);
	for (size_t i = 0; !ret && i < f->nr; i++)
		ret = fetch_one(c, &f->all[i], &hand, err);
	put_away(&hand);
	return ret;
}
