/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "boot/spec.h"
#include "error.h"

/*
 * What the kernel command line tells the helper:
 *
 *	bpfilter.rules=SOURCE		rules; may be repeated, joined in order:
 *		/PATH			a file of the initramfs
 *		-A+INPUT+...		an inline rule, one word: '+' is a blank, "++" a plus. Table
 *					filter. "4:-..." or "6:-..." for one family only
 *		bootconfig		the sources that bpfilter.rules of /proc/bootconfig names
 *		LABEL=NAME:/PATH	a file on a partition, partition.h; also UUID=, PARTLABEL=,
 *					PARTUUID=, /dev/NAME:/PATH
 *		credential:NAME		a system credential (systemd.system-credentials(7))
 *		fw_cfg:NAME		a file of QEMU's fw_cfg
 *		smbios:NAME		what follows "NAME=" in an OEM string (SMBIOS type 11)
 *	bpfilter.end			after the last inline rule: the line was not cut
 *	bpfilter.fail=deny|open|panic	what to do when the rules cannot be put in force
 *	bpfilter.timeout=SECONDS	how long finding and compiling them may take
 *	bpfilter.tables=filter,raw	take these tables only
 *	bpfilter.key=/PATH		rules must be signed by this key (loader/sign/sign.h)
 *	bpfilter.modules=a,b		kernel modules to load before anything is looked for
 *	bpfilter.removable=yes|no	may a partition be on a removable device?
 *	bpfilter.unique=SECONDS		how long after the partition that answers another may, which
 *					is an error
 *	bpfilter.nflog=OUTPUT		where -j NFLOG's packets go (answer/nflog.h)
 *	bpfilter.init=/PATH		what to execute next
 *	bpfilter=off			no filter
 *	rd.bpfilter=0|1			hooks of initrds: do nothing; deny also without any rules
 *
 * A later word overrides an earlier one. Unknown words are errors: a typo must not open anything.
 * Pure: text in, values out, no system calls.
 */

enum fail_policy { FAIL_DENY, FAIL_OPEN, FAIL_PANIC };
enum rd_switch { RD_UNSET, RD_OFF, RD_ON };

struct cmdline {
	enum fail_policy fail;
	bool off;
	enum rd_switch rd;	/* of "bpfilter start --initrd" alone */
	unsigned int timeout;	/* seconds */
	unsigned int unique;	/* seconds */
	bool removable;
	const char *tables;	/* NULL: not given */
	const char *init;	/* NULL: not given */
	const char *key;	/* NULL: not given */
	const char *nflog;	/* nflog_spec_parse() takes it; NULL: not given */
	const char *modules;	/* separated by commas; NULL: not given */
	struct sources rules;
	char *text;		/* owned: all strings point into it */
};

#define CMDLINE_TIMEOUT		10U
#define CMDLINE_TIMEOUT_MAX	3600U
#define CMDLINE_UNIQUE		1U
/** cmdline_read() - /proc/cmdline. @text: to be freed. */
int cmdline_read(char **text, size_t *len, struct error *err);

/**
 * cmdline_parse() - read /proc/cmdline's text.
 * The whole text is always read: after an error (the first is in @err) @c still holds every value
 * that was clear, above all the failure policy. cmdline_free() is due in any case.
 * Returns 0, -EINVAL, -ENOMEM.
 */
int cmdline_parse(const char *text, size_t len, struct cmdline *c, struct error *err);
void cmdline_free(struct cmdline *c);

/**
 * cmdline_tighten() - with a key built in the line may only tighten: what would loosen is taken out
 * of @c. Returns the next such word, to be reported; NULL: none is left.
 */
const char *cmdline_tighten(struct cmdline *c);

#endif
