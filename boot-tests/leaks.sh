# SPDX-License-Identifier: GPL-2.0-only
# What a Debian answers that its firewall's rules deny, from power-on to power-off: the same system under QEMU with
# different firewalls, under the flood; sourced by scripts/bench. Needs scripts/lib.sh, boot-tests/qemu.sh,
# boot-tests/system.sh; and of scripts/bench $work, $csv, $leaks_runs, $leaks_situations. Boots are in build/leaks.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034

leaks_dir=$build/leaks
leaks_demo=$top/boot-tests/demo
# Each system has these, so that all have the same; Debian starts no service for them.
leaks_packages=iptables,nftables

# leaks_firewalls SITUATION: those that are compared in it. "none" is the control: what could be answered at all; there
# is nothing in it to misspell. ours-unit: bpfilter starts in the real root, like the others, and not in the initrd.
leaks_firewalls() {
	case $1 in
	static) echo none netfilter-persistent nftables ours ours-unit ;;
	initrd) echo none netfilter-persistent nftables ours ;;
	error) echo netfilter-persistent nftables ours ours-rescue ;;
	esac
}

# leaks_cmdline SITUATION FIREWALL: what they add to the kernel's command line.
leaks_cmdline() {
	[ "$1" != initrd ] || echo 'ip=10.77.0.2::10.77.0.1:255.255.255.0:::off'
	[ "$2" != ours-unit ] || echo 'rd.bpfilter=0'
}

# leaks_misspell FILE PATTERN LINE: LINE behind the first line with PATTERN.
leaks_misspell() {
	sed -i "0,/$2/s//&\n$3/" "$1"
	grep -qxF -e "$3" "$1" || die "leaks: no place for the misspelt rule in $1"
}

# leaks_nft DIR: the rules as iptables' own tools translate them.
leaks_nft() {
	local dir=$1 n tool=iptables
	printf '#!/usr/sbin/nft -f\nflush ruleset\n' >"$dir/etc/nftables.conf"
	for n in 4 6; do
		"$top/boot-tests/in-root" "$dir" "$tool-restore-translate" -f /dev/stdin <"$leaks_demo/rules.v$n" \
			>>"$dir/etc/nftables.conf"
		tool=ip6tables
	done
}

# leaks_install FIREWALL: the system with it in $leaks_dir/FIREWALL, its services enabled as its documentation says.
leaks_install() {
	local firewall=$1 dir=$leaks_dir/$1 packages=$leaks_packages args=() deb
	case $firewall in
	netfilter-persistent) packages+=,iptables-persistent ;;
	ours*)
		deb=$(find "$build/" -maxdepth 1 -name 'bpfilter_*.deb' | sort -V | tail -n 1)
		args=(--etc "$leaks_demo" --deb "$deb")
		;;
	esac
	"$top/scripts/debian-root" "$dir" --packages "$packages" ${args[@]+"${args[@]}"}
	case $firewall in
	netfilter-persistent) cp "$leaks_demo"/rules.v[46] "$dir/etc/iptables/" ;;
	nftables)
		leaks_nft "$dir"
		quiet "$leaks_dir/log" "$top/boot-tests/in-root" "$dir" systemctl enable nftables.service
		;;
	esac
	install -D -m 755 "$top/boot-tests/initrd-network" \
		"$dir/etc/initramfs-tools/scripts/init-premount/initrd-network"
	leaks_initrd "$dir"
}

leaks_initrd() { quiet "$leaks_dir/log" "$top/boot-tests/in-root" "$1" update-initramfs -u; }

# leaks_break FIREWALL: one line of its IPv4 rules is misspelt.
leaks_break() {
	local dir=$leaks_dir/$1 pattern='^-A SERVICES .*ssh.*' line='-A SERVICES -p tcp -m tcp --dprot 443 -j ACCEPT'
	case $1 in
	netfilter-persistent) leaks_misspell "$dir/etc/iptables/rules.v4" "$pattern" "$line" ;;
	nftables)
		leaks_misspell "$dir/etc/nftables.conf" '^add rule ip filter SERVICES .*ssh.*' \
			'add rule ip filter SERVICES tcp dprot 443 counter accept'
		;;
	ours*)
		leaks_misspell "$dir/etc/bpfilter/rules.v4" "$pattern" "$line"
		[ "$1" != ours-rescue ] || printf '%s\n' '*filter' ':INPUT DROP' ':FORWARD DROP' ':OUTPUT ACCEPT' \
			'-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT' COMMIT >"$dir/etc/bpfilter/rescue.v4"
		leaks_initrd "$dir"
		;;
	esac
}

# Every probe of the flood, with what the rules say about it.
leaks_classes() {
	printf '%s\n' allow:{tcp4/22,udp4/53,icmp4,tcp6/22,udp6/53,icmp6} \
		deny:{tcp,udp}{4,6}/{80,8080,9999}
}

# leaks_boot SITUATION FIREWALL RUN: once, into $leaks_dir/SITUATION.FIREWALL.RUN. Of each line of the console the time
# of arrival is kept, by the clock of this machine: that of the flood.
leaks_boot() {
	local situation=$1 root=$leaks_dir/$2 dir=$leaks_dir/$1.$2.$3 classes stamp_pid
	mapfile -t classes < <(leaks_classes)
	rm -rf "$dir"
	mkdir -p "$dir"
	mkfifo "$dir/fifo"
	python "$top/boot-tests/host/leaks.py" stamp <"$dir/fifo" >"$dir/console" &
	stamp_pid=$!
	guest_args=()
	say "  BOOT    $situation, $2, run $3 of $leaks_runs"
	GUEST_SERIAL=file:$dir/fifo GUEST_KERNEL=$(system_boot_file "$root" vmlinuz) \
		system_guest "$dir" "$root.img" "$(system_boot_file "$root" initrd.img)" \
		"test.seconds=6 $(leaks_cmdline "$situation" "$2")" 300 "${classes[@]}"
	: <>"$dir/fifo"		# if QEMU has not opened it nobody waits for it any longer
	wait "$stamp_pid"
	rm "$dir/fifo"
	grep -q '^result: ok' "$dir/result.log" || die "leaks: the system did not come up and go down: $dir/console"
}

# leaks_boots FIREWALL: all of its boots. Those of "error" come last: they change the rules.
leaks_boots() {
	local firewall=$1 image=$leaks_dir/$1.img situation run
	for situation in $leaks_situations; do
		[[ " $(leaks_firewalls "$situation") " == *" $firewall "* ]] || continue
		[ -d "$leaks_dir/$firewall" ] || leaks_install "$firewall"
		if [ "$situation" = error ]; then
			leaks_break "$firewall"
			rm -f "$image"
		fi
		[ -e "$image" ] || system_image "$leaks_dir/$firewall" "$image"
		for ((run = 1; run <= leaks_runs; run++)); do leaks_boot "$situation" "$firewall" "$run"; done
	done
	rm -rf "${leaks_dir:?}/$firewall" "$image"
}

bench_leaks() {
	local firewall situation run boots=()
	make -s -C "$top" boot-tools
	make -s -C "$top" deb
	"$top/scripts/fetch-kernel"	# that of the test whether KVM works
	rm -rf "$leaks_dir"
	mkdir -p "$leaks_dir"
	for firewall in none netfilter-persistent nftables ours ours-unit ours-rescue; do leaks_boots "$firewall"; done
	for situation in $leaks_situations; do
		for firewall in $(leaks_firewalls "$situation"); do
			for ((run = 1; run <= leaks_runs; run++)); do boots+=("$situation:$firewall:$run"); done
		done
	done
	python "$top/boot-tests/host/leaks.py" table ${csv:+--csv} --accel "$(accelerator)" "$leaks_dir" "${boots[@]}"
}
