# SPDX-License-Identifier: GPL-2.0-only
# Starting a guest; sourced by run and scripts/boot. Needs scripts/lib.sh.
# shellcheck shell=bash

# accelerator: kvm or tcg. /dev/kvm may open and guests still hang: a short boot tells, once.
accelerator() {
	local cache=$build/boot-tests/accelerator
	mkdir -p "$build/boot-tests"
	if [ ! -e "$cache" ]; then
		echo tcg >"$cache"
		if [ -w /dev/kvm ] && timeout 10 qemu-system-x86_64 -M q35 -accel kvm -cpu host -m 128 -nodefaults \
			-display none -no-reboot -serial "file:$build/boot-tests/kvm.log" \
			-kernel "${GUEST_KERNEL_DIR:-$build/kernel/current}/vmlinuz" -append 'console=ttyS0 panic=-1' \
			</dev/null >/dev/null 2>&1 && grep -q 'Kernel panic' "$build/boot-tests/kvm.log"; then
			echo kvm >"$cache"
		fi
	fi
	cat "$cache"
}

# guest DIR INITRAMFS CMDLINE TIMEOUT FLOOD_CLASS...: boot it under a flood of probes. In DIR: serial.log,
# result.log, flood.txt, flood.json, guest.pcap. INITRAMFS may be empty: what is in the kernel. $GUEST_KERNEL
# and $GUEST_SERIAL may replace the kernel and where the console goes, $GUEST_MEMORY its MiB, $GUEST_CPU the processor
# that is emulated; with $GUEST_REBOOT it may reboot; guest_args are added to QEMU's, guest_in is a command to run QEMU
# by. GUEST_NIC=late: without the network device, which somebody plugs in. Sets flood_status.
guest_args=() guest_in=()
guest_nic=virtio-net-pci,netdev=n0,mac=52:54:00:77:00:02,romfile=
guest() {
	local dir=$1 initramfs=$2 cmdline=$3 limit=$4 accel cpu=${GUEST_CPU:-max} flood_pid net initrd=() nic=()
	local ends=(-no-reboot)
	shift 4
	net=$(mktemp -d)	# the path of a socket has at most 107 bytes: not below $dir
	accel=$(accelerator)
	[ "$accel" = kvm ] && cpu=host
	[ "${GUEST_NIC-}" = late ] || nic=(-device "$guest_nic")
	[ -z "$initramfs" ] || initrd=(-initrd "$initramfs")
	[ -z "${GUEST_REBOOT-}" ] || ends=()
	"$build/boot-tests/host/flood" --local "$net/peer" --remote "$net/guest" \
		--pcap "$dir/guest.pcap" --report "$dir/flood.txt" --json "$dir/flood.json" \
		"$@" 2>"$dir/flood.err" &
	flood_pid=$!
	timeout "$limit" ${guest_in[@]+"${guest_in[@]}"} qemu-system-x86_64 -M q35 -accel "$accel" -cpu "$cpu" \
		-m "${GUEST_MEMORY:-256}" -nodefaults -display none ${ends[@]+"${ends[@]}"} \
		-serial "${GUEST_SERIAL:-file:$dir/serial.log}" -serial "file:$dir/result.log" \
		-netdev "dgram,id=n0,local.type=unix,local.path=$net/guest,remote.type=unix,remote.path=$net/peer" \
		${nic[@]+"${nic[@]}"} \
		-kernel "${GUEST_KERNEL:-${GUEST_KERNEL_DIR:-$build/kernel/current}/vmlinuz}" ${initrd[@]+"${initrd[@]}"} \
		-append "console=ttyS0 panic=-1 $cmdline" ${guest_args[@]+"${guest_args[@]}"} </dev/null 2>"$dir/qemu.err" || true
	sleep 0.3
	kill -TERM "$flood_pid"
	flood_status=0
	wait "$flood_pid" || flood_status=$?
	rm -rf "$net"
}

# embed_guest DIR OPTION...: a kernel with helper, busybox and the guest's test init inside, in DIR; OPTIONs of
# scripts/kernel say what rules.
embed_guest() {
	local dir=$1
	shift
	"$top/boot-tests/mkinitramfs" "$build/kernel/guest/" --no-helper
	"$top/scripts/kernel" --output "$dir" --files "$build/kernel/guest" "$@"
}
