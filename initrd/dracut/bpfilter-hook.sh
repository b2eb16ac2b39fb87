#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# pre-udev hook of an initrd without systemd, sourced by dracut's init. The command line is dracut's view of it, with
# /etc/cmdline.d.

if ! bpfilter_cmdline=$(getcmdline) || ! /usr/sbin/bpfilter start --initrd --cmdline "$bpfilter_cmdline"; then
	die "bpfilter: no packet filter could be put in force (rd.bpfilter=0 boots without one)"
fi
unset bpfilter_cmdline
