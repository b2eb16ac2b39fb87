# SPDX-License-Identifier: GPL-2.0-only
# Disks of a guest; sourced by run. A scenario has lines
#	disk = NAME virtio|faulty|removable|late ARGUMENT...
# where the ARGUMENTs are mkdisk's; @scenario is the scenario's folder, @dir where make-files wrote to. "faulty":
# nothing can be read. "removable": a SCSI disk whose medium can be taken out. "late": plugged in when the console
# says that a partition is looked for.
# shellcheck shell=bash

qmp_dir='' qmp_pid=''

# disks DIR FILE: make the images in DIR; adds to guest_args, and waits in the background to plug in those that are late.
disks() {
	local dir=$1 file=$2 name how words image late=()
	while read -r name how words; do
		words=${words//@scenario/$(dirname "$file")}
		read -ra words <<<"${words//@dir/$dir/files}"
		"$top/boot-tests/mkdisk" "$dir/$name.img" "${words[@]}"
		image=if=none,id=$name,format=raw,file=$dir/$name.img
		[ "$how" != faulty ] || image=${image/file=/file.driver=blkdebug,file.inject-error.0.event=read_aio,file.image.filename=}
		guest_args+=(-drive "$image")
		case $how in
		virtio | faulty) guest_args+=(-device "virtio-blk-pci,drive=$name,serial=$name") ;;
		removable) guest_args+=(-device "virtio-scsi-pci,id=scsi-$name" -device "scsi-hd,bus=scsi-$name.0,drive=$name,removable=on") ;;
		late)
			guest_args+=(-device "pcie-root-port,id=port-$name,chassis=$((${#late[@]} + 1))")
			late+=("$name")
			;;
		*) die "$file: disk = $name $how: it can be virtio, faulty, removable or late" ;;
		esac
	done < <(setting "$file" disk)
	[ ${#late[@]} = 0 ] && return
	qmp_dir=$(mktemp -d)	# the path of a socket has at most 107 bytes: not below $dir
	guest_args+=(-qmp "unix:$qmp_dir/qmp,server=on,wait=off")
	python "$top/boot-tests/host/qmp.py" "$qmp_dir/qmp" "$dir/serial.log" 'bpfilter: looking for' "${late[@]}" \
		>"$dir/qmp.log" 2>&1 &
	qmp_pid=$!
}

# disks_end: after the guest.
disks_end() {
	[ -n "$qmp_pid" ] || return 0
	kill "$qmp_pid" 2>/dev/null || true
	wait "$qmp_pid" || true
	rm -r "$qmp_dir"
	qmp_pid=''
}
