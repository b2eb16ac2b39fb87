// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium/utils.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/firmware.h"
#include "kernel/modules.h"
#include "rules/parse.h"

#define FW_CFG_DIR	"/sys/firmware/qemu_fw_cfg/by_name"
#define DMI_DIR		"/sys/firmware/dmi/entries"
#define NAME_LIMIT	255U
#define STRUCTURE_MAX	65536U	/* SMBIOS 2: the whole table; a 16 bit length */

void firmware_prepare(void)
{
	if (access(FW_CFG_DIR, F_OK))
		(void)module_load("qemu_fw_cfg", "", NULL);
	if (access(DMI_DIR, F_OK))
		(void)module_load("dmi_sysfs", "", NULL);
}

/* Names become paths below a directory of sysfs. */
static bool good_name(const char *name)
{
	return *name && strlen(name) <= NAME_LIMIT && *name != '/' && !strstr(name, "..");
}

static int bad_name(const char *name, struct error *err)
{
	return error_set(err, -EINVAL, "'%.100s' is no name of a file of the firmware", name);
}

static int read_sysfs(const char *path, size_t max, char **text, size_t *len, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : error_errno(err, -errno, "cannot open %s", path);
	ret = rules_read_stream(fd, path, max, text, len, err);
	close(fd);
	return ret;
}

static int read_fw_cfg(const char *dir, const char *name, char **text, size_t *len,
		       struct error *err)
{
	char path[sizeof(FW_CFG_DIR) + NAME_LIMIT + 64];

	snprintf(path, sizeof(path), FW_CFG_DIR "/%s%s/raw", dir, name);
	return read_sysfs(path, RULES_FILE_MAX, text, len, err);
}

int firmware_fw_cfg(const char *name, char **text, size_t *len, struct error *err)
{
	int ret;

	if (!good_name(name))
		return bad_name(name, err);
	ret = read_fw_cfg("", name, text, len, err);
	if (ret == -ENOENT && access(FW_CFG_DIR, F_OK)) {
		error_set(err, ret, "the kernel offers no fw_cfg (" FW_CFG_DIR ")");
		error_hint(err, "it needs CONFIG_FW_CFG_SYSFS, as a module that of the initramfs");
	} else if (ret == -ENOENT) {
		error_set(err, ret, "there is no fw_cfg file %s", name);
		error_hint(err, "QEMU: -fw_cfg name=%s,file=FILE", name);
	}
	return ret;
}

/* The value of "@prefix@name" in any type 11 structure. Two of them: nobody knows which is meant. */
static int find_string(const char *prefix, const char *name, char **text, struct error *err)
{
	char path[sizeof(DMI_DIR) + 64], key[NAME_LIMIT + 64];
	DIR *d = opendir(DMI_DIR);
	struct dirent *e;
	int ret = 0;

	*text = NULL;
	if (!d)
		return -ENOENT;
	snprintf(key, sizeof(key), "%s%s", prefix, name);
	while (!ret && (e = readdir(d))) {
		const char *value;
		char *raw = NULL;
		size_t n = 0;

		if (strncmp(e->d_name, "11-", 3) || strlen(e->d_name) > 16)
			continue;
		snprintf(path, sizeof(path), DMI_DIR "/%.16s/raw", e->d_name);
		ret = read_sysfs(path, STRUCTURE_MAX, &raw, &n, err);
		if (ret)
			continue;
		value = smbios_string(raw, n, key);
		if (value && *text) {
			ret = error_set(err, -ENOTUNIQ, "more than one OEM string is %s=", key);
		} else if (value) {
			*text = strdup(value);
			ret = *text ? 0 : error_errno(err, -ENOMEM, "cannot take in %s", key);
		}
		free(raw);
	}
	closedir(d);
	if (!ret && !*text)
		ret = -ENOENT;
	if (ret) {
		free(*text);
		*text = NULL;
	}
	return ret;
}

static int no_string(const char *what, const char *name, struct error *err)
{
	if (access(DMI_DIR, F_OK)) {
		error_set(err, -ENOENT, "the kernel offers no OEM strings (" DMI_DIR ")");
		error_hint(err, "it needs CONFIG_DMI_SYSFS, as a module that of the initramfs");
	} else {
		error_set(err, -ENOENT, "there is no %s %s", what, name);
		error_hint(err, "QEMU: -smbios type=11,value=NAME=TEXT");
	}
	return -ENOENT;
}

int firmware_smbios(const char *name, char **text, size_t *len, struct error *err)
{
	int ret;

	if (!good_name(name))
		return bad_name(name, err);
	ret = find_string("", name, text, err);
	if (ret == -ENOENT)
		return no_string("OEM string", name, err);
	*len = ret ? 0 : strlen(*text);
	return ret;
}

/* In place: the text gets shorter. */
static int decode_base64(const char *name, char *text, size_t *len, struct error *err)
{
	unsigned char *out = (unsigned char *)text;
	const char *end;
	size_t n = strlen(text);

	if (sodium_base642bin(out, n, text, n, "\n", len, &end, sodium_base64_VARIANT_ORIGINAL) ||
	    *end)
		return error_set(err, -EBADMSG, "the credential %s is not base64", name);
	text[*len] = 0;
	return 0;
}

int firmware_credential(const char *name, char **text, size_t *len, struct error *err)
{
	int ret;

	if (!good_name(name) || strchr(name, '/'))
		return bad_name(name, err);
	ret = read_fw_cfg("opt/io.systemd.credentials/", name, text, len, err);
	if (ret != -ENOENT)
		return ret;
	ret = find_string("io.systemd.credential:", name, text, err);
	if (!ret)
		*len = strlen(*text);
	if (ret != -ENOENT)
		return ret;
	ret = find_string("io.systemd.credential.binary:", name, text, err);
	if (ret == -ENOENT)
		return no_string("credential", name, err);
	if (ret)
		return ret;
	ret = decode_base64(name, *text, len, err);
	if (ret)
		free(*text);
	return ret;
}
