# SPDX-License-Identifier: GPL-2.0-only
# scripts/bench boot; sourced there. Uses its $work, $runs, $quick, and loader/test/bench/table.sh, boot-tests/stall.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154

# rules N [without]: a server's first rules, then hosts and ports in an order that helps nobody; without: no states.
rules() {
	awk -v n="$1" -v without="${2-}" 'BEGIN {
		print "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]"
		print "-A INPUT -i lo -j ACCEPT"
		print without ? "-A INPUT -p icmp -j ACCEPT" : "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
		for (i = 2; i < n; i++) {
			h = (i * 2654435761) % 4294967296
			a = sprintf("%d.%d.%d", 1 + h % 223, (h / 256) % 256, (h / 65536) % 256)
			printf "-A INPUT -s %s.%s -p %s -m %s --dport %d -j %s\n", a, i % 3 ? "0/24" : "7/32",
				i % 4 ? "tcp" : "udp", i % 4 ? "tcp" : "udp", 1 + h % 65535, i % 5 ? "ACCEPT" : "DROP"
		}
		print "COMMIT" }'
}

# A root file system like that of an initramfs, for process 1 of a new set of namespaces.
make_root() {
	local root=$1
	mkdir -p "$root"/{proc,sys,dev,run,etc/bpfilter}
	cp "$build/bpfilter" "$root/bpfilter-init"
	cp "$(command -v busybox)" "$root/busybox"
	printf '#!/busybox true\n' >"$root/init"
	chmod 755 "$root/init"
	rules "$2" >"$root/etc/bpfilter/rules.v4"
}

# boot_once ROOT: "stage 1 ms, stage 2 ms" from what the helper logs.
boot_once() {
	local mark
	mark="bench-$$-$RANDOM$RANDOM"
	echo "$mark" >/dev/kmsg
	unshare --fork --pid --mount --net chroot "$1" /bpfilter-init >/dev/null 2>&1 || true
	dmesg | awk -v m="$mark" 'index($0, m) { on = 1 }
		on && /stage 1 in force/ { sub(/.*start, /, ""); one = $1 }
		on && /stage 2 in force/ { sub(/.*start, /, ""); two = $1 }
		END { print one, two }'
}

bench_boot() {
	local n i one two
	for n in 10 1000 10000; do make_root "$work/$n" "$n"; done
	boot_once "$work/10" >/dev/null	# loads modules, warms caches
	for ((i = 0; i < runs; i++)); do
		for n in 10 1000 10000; do
			read -r one two < <(boot_once "$work/$n")
			[ -n "$two" ] || die "the helper did not say when it was in force; see dmesg"
			echo "$one" >>"$work/one"
			echo "$two" >>"$work/two.$n"
		done
	done
	heading
	row "exec to default deny in force (stage 1)" "$work/one" "<= 5"
	row "exec to 10 rules in force (stage 2)" "$work/two.10"
	row "exec to 1,000 rules in force (stage 2)" "$work/two.1000" "<= 10"
	row "exec to 10,000 rules in force (stage 2)" "$work/two.10000"
}

bench_stall() {
	make -s -C "$top" boot-tools
	if [ -n "$quick" ]; then
		"$top/scripts/fetch-kernel"
		stall_bench "$build/kernel/current"
	else
		"$top/boot-tests/upcalls" >"$work/upcalls"	# builds the kernels
		stall_bench "$build/kernel/own-rules"
		echo
		cat "$work/upcalls"
	fi
}
