#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What bpfilter-initrd.service runs in an initrd of dracut with systemd: the helper with dracut's view of the command
# line, which has /etc/cmdline.d in it. systemd stops the boot when this fails.

export DRACUT_SYSTEMD=1
# shellcheck source=/dev/null
. /lib/dracut-lib.sh
cmdline=$(getcmdline) || exit 1
exec /usr/sbin/bpfilter start --initrd --cmdline "$cmdline"
