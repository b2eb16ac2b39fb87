/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "rules/ruleset.h"
#include "state.h"

const char *origin_name(enum image_origin origin)
{
	switch (origin) {
	case IMAGE_ORIGIN_BOOT:
		return "boot";
	case IMAGE_ORIGIN_APPLY:
		return "apply";
	case IMAGE_ORIGIN_RESCUE:
		return "rescue";
	}
	return "unknown";
}

void state_time(uint64_t boottime_ns, char text[32])
{
	struct timespec now, boot;
	struct tm tm;
	time_t when;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	when = now.tv_sec - boot.tv_sec + (time_t)(boottime_ns / 1000000000U);
	gmtime_r(&when, &tm);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Is the caller's network namespace that of the system, process 1's? When in doubt: yes. */
static bool is_system_namespace(void)
{
	struct stat own, init;

	if (stat("/proc/self/ns/net", &own) || stat("/proc/1/ns/net", &init))
		return true;
	return own.st_ino == init.st_ino && own.st_dev == init.st_dev;
}

static void state_path(const struct kernel *k, char *path, size_t size)
{
	if (is_system_namespace())
		snprintf(path, size, STATE_DIR "/state");
	else
		snprintf(path, size, STATE_DIR "/state.%" PRIu64, k->cookie);
}

static void print_families(struct buffer *out, const char *key, unsigned int families)
{
	buffer_puts(out, key);
	for (int f = 0, n = 0; f < NR_FAMILIES; f++)
		if (families & FAMILY_BIT(f))
			buffer_printf(out, "%s%s", n++ ? " " : "", family_name((enum family)f));
	buffer_putc(out, '\n');
}

static void print_image(struct buffer *out, const struct image_header *image)
{
	char when[32];

	buffer_puts(out, "digest=");
	for (size_t i = 0; i < sizeof(image->digest); i++)
		buffer_printf(out, "%02x", image->digest[i]);
	state_time(image->loaded_at, when);
	buffer_printf(out, "\nloaded_by=%s\nloaded_at=%s\n",
		      origin_name((enum image_origin)image->origin), when);
	print_families(out, "families=", image->families);
	for (int f = 0; f < NR_FAMILIES; f++)
		for (int t = 0; t < NR_TABLES; t++)
			buffer_printf(out, "rules_%s_%s=%u\n", f == FAMILY_IPV4 ? "ipv4" : "ipv6",
				      table_name((enum table_id)t), image->nr_rules[f][t]);
	buffer_printf(out, "conntrack_needed=%s\n",
		      image->features & IMAGE_F_CONNTRACK ? "yes" : "no");
}

static int collect(struct kernel *k, struct buffer *out, struct error *err)
{
	struct filter_status status = { 0 };
	struct filter_view view = { 0 };
	unsigned int denied = 0;
	int in_force, ret;

	in_force = filter_view(k, &view, err);
	if (in_force && in_force != -ENOENT)
		return in_force;
	if (in_force)
		*err = (struct error){ 0 };
	ret = filter_status(k, &status, err);
	if (ret)
		goto out;
	buffer_printf(out, "version=1\nnamespace=%" PRIu64 "\nin_force=%s\n", k->cookie,
		      in_force ? "no" : "yes");
	if (!in_force)
		print_image(out, view.image);
	for (int f = 0; f < NR_FAMILIES; f++)
		denied |= status.deny_present[f] ? FAMILY_BIT(f) : 0;
	print_families(out, "denied=", denied);
	ret = out->failed;
out:
	if (!in_force)
		filter_view_close(&view);
	return ret;
}

/* Under a temporary name, then renamed: readers see the old state or the new. */
static int replace_file(const char *path, const struct buffer *out, struct error *err)
{
	char tmp[128];
	int fd, ret = 0;

	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, -errno, "cannot write %s", tmp);
	if (fchmod(fd, 0644) || write(fd, out->data, out->len) != (ssize_t)out->len)
		ret = errno ? -errno : -EIO;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(tmp, path))
		ret = -errno;
	if (!ret)
		return 0;
	(void)unlink(tmp);
	return error_errno(err, ret, "cannot write %s", path);
}

int state_write(struct kernel *k, struct error *err)
{
	struct buffer out = { 0 };
	char path[96];
	int ret;

	if (mkdir(STATE_DIR, 0755) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make %s", STATE_DIR);
	state_path(k, path, sizeof(path));
	ret = collect(k, &out, err);
	if (!ret)
		ret = replace_file(path, &out, err);
	buffer_free(&out);
	return ret;
}

int state_remove(const struct kernel *k, struct error *err)
{
	char path[96];

	state_path(k, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		return error_errno(err, -errno, "cannot remove %s", path);
	return 0;
}

void state_forget(uint64_t cookie)
{
	char path[96];

	snprintf(path, sizeof(path), STATE_DIR "/state.%" PRIu64, cookie);
	unlink(path);
}
