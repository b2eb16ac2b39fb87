# SPDX-License-Identifier: GPL-2.0-only
# Real systems as guests, made by scripts/debian-root; sourced by run and scripts/boot. Needs lib.sh and qemu.sh.
# shellcheck shell=bash disable=SC2154,SC2054

# system_image DIR IMAGE: an ext4 file system with what is in DIR; a sparse file.
system_image() {
	local dir=$1 image=$2 mib
	mib=$(du -sm --apparent-size "$dir" | cut -f1)
	rm -f "$image"
	quiet "$build/boot-tests/mke2fs.log" mke2fs -q -t ext4 -d "$dir" "$image" $((mib + mib / 2 + 256))M
}

# system_boot_file DIR vmlinuz|initrd.img: the newest of /boot.
system_boot_file() {
	local file
	file=$(find "$1/boot/" -name "$2-*" ! -name '*.old' ! -name '*.bak' ! -name '*.dpkg-bak' | sort -V | tail -n 1)
	[ -n "$file" ] || die "no $2 in $1/boot: make the system by scripts/debian-root"
	echo "$file"
}

# system_guest DIR IMAGE INITRD CMDLINE TIMEOUT FLOOD_CLASS...: as guest, with IMAGE as the root file system, which stays
# as it is. If there is DIR/test.tar the system's test unit unpacks it and runs test.sh.
system_guest() {
	local dir=$1 image=$2 initrd=$3 cmdline=$4
	guest_args+=(-smp 2 -machine "sata=off" -drive "if=none,id=root,format=raw,file=$image,snapshot=on,cache=unsafe"
		-device virtio-blk-pci,drive=root)
	if [ -e "$dir/test.tar" ]; then
		guest_args+=(-drive "if=none,id=test,format=raw,file=$dir/test.tar,readonly=on"
			-device virtio-blk-pci,drive=test,serial=test)
	fi
	# A plain processor: udev loads a module for each thing that "max" can.
	GUEST_CPU=qemu64 GUEST_MEMORY=${GUEST_MEMORY:-1024} guest "$dir" "$initrd" "root=/dev/vda ro $cmdline" "${@:5}"
}

# system_filtered DIR: is bpfilter installed there?
system_filtered() { [ -x "$1/usr/sbin/bpfilter" ]; }

# system_rules DIR RULES4 RULES6: put them into its /etc/bpfilter, alone, and let the kernel's own hooks make the initrd.
system_rules() {
	local dir=$1 version hook
	mkdir -p "$dir/etc/bpfilter"
	rm -f "$dir"/etc/bpfilter/{rules,rules.v4,rules.v6,*.image}
	[ -z "$2" ] || cp "$2" "$dir/etc/bpfilter/rules.v4"
	[ -z "$3" ] || cp "$3" "$dir/etc/bpfilter/rules.v6"
	version=$(system_boot_file "$dir" vmlinuz)
	version=${version##*/vmlinuz-}
	say "  INITRD  $version"
	for hook in initramfs-tools dracut; do
		[ ! -e "$dir/etc/kernel/postinst.d/$hook" ] || quiet "$build/boot-tests/initrd.log" "$top/boot-tests/in-root" \
			"$dir" "/etc/kernel/postinst.d/$hook" "$version" "/boot/vmlinuz-$version"
	done
}
