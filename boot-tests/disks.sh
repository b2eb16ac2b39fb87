# SPDX-License-Identifier: GPL-2.0-only
# Disks of a guest; sourced by run. A scenario has lines
#	disk = NAME virtio|faulty|removable|late ARGUMENT...
# where the ARGUMENTs are mkdisk's; @scenario is the scenario's folder, @dir where make-files wrote to. "faulty":
# nothing can be read. "removable": a SCSI disk whose medium can be taken out. "late": plugged in when the console
# says that a partition is looked for.
# shellcheck shell=bash

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
			late+=("virtio-blk-pci,id=late-$name,drive=$name,serial=$name")
			;;
		*) die "$file: disk = $name $how: it can be virtio, faulty, removable or late" ;;
		esac
	done < <(setting "$file" disk)
	[ ${#late[@]} = 0 ] || plug_in "$dir" 'bpfilter: looking for' "${late[@]}"
}
