# SPDX-License-Identifier: GPL-2.0-only
# Devices that are plugged into a running guest; sourced by run.
# shellcheck shell=bash

qmp_dir='' qmp_pid=''

# plug_in DIR TEXT DEVICE...: once TEXT stands on the console; DEVICE as for QEMU's -device, or "quit", which switches
# the guest off soon after. Adds to guest_args.
plug_in() {
	local dir=$1 text=$2 devices=() d
	for d in "${@:3}"; do
		if [ "$d" = quit ]; then
			devices+=(quit)
			continue
		fi
		guest_args+=(-device "pcie-root-port,id=port${#devices[@]},chassis=$((${#devices[@]} + 1))")
		devices+=("$d,bus=port${#devices[@]}")
	done
	qmp_dir=$(mktemp -d)	# the path of a socket has at most 107 bytes: not below $dir
	guest_args+=(-qmp "unix:$qmp_dir/qmp,server=on,wait=off")
	python "$top/boot-tests/host/qmp.py" "$qmp_dir/qmp" "$dir/serial.log" "$text" "${devices[@]}" \
		>"$dir/qmp.log" 2>&1 &
	qmp_pid=$!
}

# plug_end: after the guest.
plug_end() {
	[ -n "$qmp_pid" ] || return 0
	kill "$qmp_pid" 2>/dev/null || true
	wait "$qmp_pid" || true
	rm -r "$qmp_dir"
	qmp_pid=''
}
