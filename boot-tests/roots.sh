# SPDX-License-Identifier: GPL-2.0-only
# Scenarios that boot a real Debian system; sourced by run. Their settings:
#	system = initramfs-tools|dracut		which tool makes the initrd
#	packages = NAME,NAME			more of Debian's packages
#	helper-package = yes|no|old		our package with the demonstration's rules; old: of a lower version
#	prepare = SCENARIO			whose prepare DIR is run for the root file system; without: its own, if any
#	kernel = own|own-old|no-btf		the kernel of scripts/kernel, with the helper inside; old: of a lower version;
#						no-btf: Debian's, unable to filter
#	ends = TEXT				on the console: nothing more is to come
#	reboot = yes				it boots twice
# A root that is wanted again is taken from build/boot-tests/roots.
# shellcheck shell=bash disable=SC2154,SC2034

roots=$build/boot-tests/roots
old_version=0.0.1

# package VERSION: our package of what is in the tree; its file.
package() {
	local version=$1 out
	out=$build/bpfilter_${version}_amd64.deb
	quiet "$build/boot-tests/deb.log" make -C "$top" deb VERSION="$version" >&2
	[ -e "$out" ] || die "make deb VERSION=$version made no $out"
	echo "$out"
}

# packages yes|old: sets deb_now, and deb_old if that is wanted; what is in build/ afterwards is of the tree's own version.
deb_now='' deb_old=''
packages() {
	if [ "$1" = old ] && [ -z "$deb_old" ]; then
		deb_old=$(package "$old_version")
		deb_now=''
	fi
	[ -n "$deb_now" ] || deb_now=$(package "$(sed -n 's/^VERSION[[:space:]]*:= *//p' "$top/Makefile")")
}

# embed_old: build/kernel/own-old, which has the helper of the lower version inside.
embed_old() {
	make -s -C "$top" VERSION="$old_version"
	"$top/scripts/kernel" --output "$build/kernel/own-old" --rules4 "$demo/rules.v4" --rules6 "$demo/rules.v6" >/dev/null
	make -s -C "$top"
}

# mirror: can Debian's packages be fetched?
mirror() {
	/usr/lib/apt/apt-helper download-file http://deb.debian.org/debian/dists/bookworm/Release "$build/boot-tests/Release" \
		>/dev/null 2>&1
}

# root_of FILE: the folder with the scenario's root.img, vmlinuz and initrd.img; nothing if there is no network to make it.
root_of() {
	local file=$1 scenario tool more helper prepare args=() dir tree stamp
	scenario=$(basename "$(dirname "$file")")
	tool=$(setting "$file" system)
	more=$(setting "$file" packages)
	helper=$(setting "$file" helper-package)
	prepare=$(setting "$file" prepare)
	[ -n "$prepare" ] || prepare=$scenario
	[ -e "$scenarios/$prepare/prepare" ] || prepare=''
	args=(--initrd "$tool")
	[ -z "$more" ] || args+=(--packages "$more")
	case $helper in
	yes) args+=(--etc "$demo" --deb "$deb_now") ;;
	old) args+=(--etc "$demo" --deb "$deb_old") ;;
	no) ;;
	*) die "$file: helper-package = yes, no or old" ;;
	esac
	dir=$roots/$tool${more:+-$more}${prepare:+-$prepare}-$helper
	stamp=$({ cat "$top/scripts/debian-root" "$top/boot-tests/system.sh" "$demo"/* "$build/boot-tests/guest/service"
		find "$top/boot-tests/system" -type f -exec cat {} +
		[ -z "$prepare" ] || cat "$scenarios/$prepare"/*
		case $helper in yes) cat "$deb_now" ;; old) cat "$deb_old" ;; esac
		echo "${args[@]}"; } | sha256sum | cut -c1-16)
	[ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || { echo "$dir"; return; }
	tree=$dir/tree
	rm -rf "$dir"
	mkdir -p "$dir"
	if ! "$top/scripts/debian-root" "$tree" "${args[@]}" >&2; then
		! mirror || die "the system of $scenario could not be made"
		return 0
	fi
	[ -z "$prepare" ] || quiet "$build/boot-tests/prepare.log" "$scenarios/$prepare/prepare" "$tree"
	system_image "$tree" "$dir/root.img"
	cp "$(system_boot_file "$tree" vmlinuz)" "$dir/vmlinuz"
	cp "$(system_boot_file "$tree" initrd.img)" "$dir/initrd.img"
	rm -rf "$tree"
	echo "$stamp" >"$dir/stamp"
	echo "$dir"
}

# test_disk NAME DIR FILE: DIR/test.tar, what the guest's test unit gets: test.sh, and our package.
test_disk() {
	local name=$1 dir=$2 file=$3 script args
	args=(--transform 's|.*/||' -cf "$dir/test.tar")
	script=$(setting "$file" test_sh)
	script=$scenarios/${script:-$name/test.sh}
	[ ! -e "$script" ] || args+=("$script")
	[ "$(setting "$file" helper-package)" != old ] || args+=("$deb_now")
	if [ ${#args[@]} -gt 4 ]; then tar -P "${args[@]}"; fi
}

# boot_root NAME DIR FILE CLASS...: boot the scenario; its logs are in DIR. Sets skipped.
skipped=''
boot_root() {
	local name=$1 dir=$2 file=$3 kernel words root helper ends
	shift 3
	skipped=''
	helper=$(setting "$file" helper-package)
	[ "$helper" = no ] || packages "$helper"
	root=$(root_of "$file")
	[ -n "$root" ] || { skipped="Debian's packages cannot be fetched"; return 0; }
	kernel=$root/vmlinuz
	case $(setting "$file" kernel) in
	'') ;;
	own | no-btf) fetch "$(setting "$file" kernel)"; kernel=$GUEST_KERNEL_DIR/vmlinuz ;;
	own-old) embed_old; kernel=$build/kernel/own-old/vmlinuz ;;
	esac
	test_disk "$name" "$dir" "$file"
	ends=$(setting "$file" ends)
	[ -z "$ends" ] || plug_in "$dir" "$ends" quit
	words="test.seconds=$(setting "$file" seconds) $(setting "$file" cmdline)"
	if [ "$(setting "$file" reboot)" = yes ]; then
		GUEST_REBOOT=1 GUEST_KERNEL=$kernel system_guest "$dir" "$root/root.img" "$root/initrd.img" \
			"$words test.reboot" 1800 "$@"
	else
		GUEST_KERNEL=$kernel system_guest "$dir" "$root/root.img" "$root/initrd.img" "$words" 1200 "$@"
	fi
	plug_end
}

# leaks DIR FILE: of a system with another firewall: answers to probes that its rules deny, which no scenario fails for.
leaks() {
	[ -z "$(setting "$2" system)" ] ||
		awk '$2 == "any" { n += $5; seen = 1 } END { if (seen) print ", " n + 0 " answers to what its rules deny" }' \
			"$1/flood.txt"
}
