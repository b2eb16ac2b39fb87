#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dracut module: a packet filter before the first network interface, see bpfilter-dracut(8). It needs no word on the
# kernel command line, so there is no cmdline().

# Is anything to be filtered on this machine? A helper that wants rules signed denies all without them.
bpfilter_wanted() {
    [[ -n "$(@LIBDIR@/initrd-files 2> /dev/null)" ]] && return 0
    [[ "$(@SBINDIR@/bpfilter --version)" == *"must be signed"* ]] && return 0
    # shellcheck disable=SC2154 # of dracut's configuration
    [[ " $kernel_cmdline $(< /proc/cmdline)" == *" "@(bpfilter.rules=|rd.bpfilter=1)* ]]
}

# Nothing is denied until there are rules: an initrd for this machine alone does without the helper then, unless it is
# asked for by name. A generic one may meet rules on any command line.
check() {
    # shellcheck disable=SC2154 # dracut's
    [[ $mount_needs ]] && return 1
    require_binaries @SBINDIR@/bpfilter || return 1
    # shellcheck disable=SC2154 # dracut's
    [[ $hostonly ]] && ! bpfilter_wanted && return 255
    return 0
}

# It needs no other module, and must not bring the network in.
depends() {
    return 0
}

# Connection tracking, and what switches it on if nf_conntrack was loaded by somebody else. And the listeners of
# NFLOG, if rules have it: without them only these listeners miss packets.
installkernel() {
    local file
    hostonly='' instmods nf_conntrack nf_tables nft_ct || return
    while read -r file; do
        ! grep -qs NFLOG "$file" || hostonly='' instmods -s nfnetlink_log || :
    done < <(@LIBDIR@/initrd-files 2> /dev/null)
    return 0
}

# An initrd that lacks a part would be an open one.
bpfilter_need() {
    "$@" && return 0
    dfatal "bpfilter: cannot be installed: $*"
    exit 1
}

install() {
    local file files
    bpfilter_need inst_binary @SBINDIR@/bpfilter /usr/sbin/bpfilter
    # Not by inst_multiple -H: rd.hostonly=0 on the command line would take the rules away.
    files=$(bpfilter_need @LIBDIR@/initrd-files) || exit 1
    while read -r file; do
        [[ -z $file ]] || bpfilter_need inst_simple "$file"
    done <<< "$files"
    # Either a unit or a hook: dracut's own pre-udev unit ignores the failures of hooks, and is after its cmdline hooks.
    # shellcheck disable=SC2154 # dracut's
    if dracut_module_included "systemd-initrd"; then
        bpfilter_need inst_script "$moddir/bpfilter-start.sh" /usr/lib/bpfilter/start
        bpfilter_need inst_simple "$moddir/bpfilter-initrd.service" "$systemdsystemunitdir/bpfilter-initrd.service"
        bpfilter_need "$SYSTEMCTL" -q --root "$initdir" enable bpfilter-initrd.service
    else
        inst_hook pre-udev 00 "$moddir/bpfilter-hook.sh"
    fi
}
