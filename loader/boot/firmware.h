/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_FIRMWARE_H
#define BOOT_FIRMWARE_H

#include <stddef.h>

#include "error.h"

/*
 * Texts that the host of a virtual machine hands in. Whoever controls the host controls these, and
 * the rules with them; they are read only if a source names them. *text is malloc()ed and NUL
 * terminated; -ENOENT: there is none of this name.
 */

/** firmware_prepare() - load the drivers whose sysfs files the functions below read. */
void firmware_prepare(void);

/** firmware_fw_cfg() - the file @name of QEMU's fw_cfg (drivers/firmware/qemu_fw_cfg.c). */
int firmware_fw_cfg(const char *name, char **text, size_t *len, struct error *err);

/** firmware_smbios() - what follows "@name=" in an OEM string (SMBIOS type 11, dmi-sysfs). */
int firmware_smbios(const char *name, char **text, size_t *len, struct error *err);

/**
 * firmware_credential() - a system credential as systemd names them: the fw_cfg file
 * opt/io.systemd.credentials/@name, else the OEM string io.systemd.credential:@name=, else
 * io.systemd.credential.binary:@name= in base64. Encrypted ones need a key that is not there yet.
 */
int firmware_credential(const char *name, char **text, size_t *len, struct error *err);

/**
 * smbios_string() - the string "@name=VALUE" of one raw type 11 structure (DSP0134 section 7.12).
 * Pure. Returns VALUE (in @raw, NUL terminated) or NULL.
 */
const char *smbios_string(const char *raw, size_t len, const char *name);

#endif
