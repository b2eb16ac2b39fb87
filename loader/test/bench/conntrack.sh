# SPDX-License-Identifier: GPL-2.0-only
# scripts/bench conntrack; sourced there. Uses its $work, $runs, and loader/test/bench/table.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154

# Two network namespaces that differ in one thing: in the second something wants connection tracking.
bench_conntrack() {
	local ns=bpfilter-bench-$$ n i kind what plain tracked
	make -s -C "$top" "build/host/rate"
	printf '%s\n' '*filter' ':INPUT DROP' ':FORWARD DROP' ':OUTPUT ACCEPT' '-A INPUT -p udp --dport 53 -j ACCEPT' \
		COMMIT >"$work/rules.v4"
	# shellcheck disable=SC2064	# now
	trap "for n in off on; do ip netns exec $ns-\$n '$build/bpfilter' off --yes; ip netns del $ns-\$n; done \
		>/dev/null 2>&1; rm -rf '$work'" EXIT
	for n in off on; do
		ip netns add "$ns-$n"
		ip -n "$ns-$n" link add e0 type veth peer name e1
		ip -n "$ns-$n" addr add 10.78.0.2/24 dev e0
		ip -n "$ns-$n" link set e0 up
		ip -n "$ns-$n" link set e1 up
		quiet "$work/err" ip netns exec "$ns-$n" "$build/bpfilter" apply -4 "$work/rules.v4"
	done
	ip netns exec "$ns-on" nft 'add table inet t; add chain inet t c; add rule inet t c ct state new'
	for ((i = 0; i < runs; i++)); do
		for n in off on; do
			for kind in accept drop; do
				ip netns exec "$ns-$n" "$build/host/rate" e0 "$kind" 300000 >>"$work/$kind.$n"
			done
		done
	done
	heading ns
	for kind in accept drop; do
		what="UDP of one flow, accepted"
		[ $kind = accept ] || what="UDP, each of a new flow, dropped"
		read -r plain _ < <(stat_of "$work/$kind.off")
		read -r tracked _ < <(stat_of "$work/$kind.on")
		row "$what: no tracking" "$work/$kind.off"
		row "$what: tracking" "$work/$kind.on" \
			"$(awk -v a="$plain" -v b="$tracked" 'BEGIN { printf "%+.0f ns, x %.2f", b - a, b / a }')"
	done
}
