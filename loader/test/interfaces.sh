# SPDX-License-Identifier: GPL-2.0-only
# What loader/test/interfaces is written with; sourced. Everything is there twice: once with bpfilter (a), once with
# iptables-legacy (b). Of each, $s is the network namespace with the rules and $p that of its peer; "both COMMAND..."
# runs with the one, then with the other. Network N has the addresses 10.9.N.1 and fd09:N::1 at $s, .2 and ::2 at $p.
# shellcheck shell=bash

s='' p='' helpers=() patterns=() modes=() far4='' far6=''
declare -A want=() before=()
declare -r nf_call=/proc/sys/net/bridge/bridge-nf-call-iptables
declare -r scratch=bf-scratch-$$ outer=4789 counted=7000:7001 dropped=7001

both() {
	local k
	for k in a b; do
		s=bf-$k-$$ p=bf-$k-peer-$$
		"$@" || return 1
	done
}

ours() { [[ $s == bf-a-* ]]; }
in_s() { ip netns exec "$s" "$@"; }
ip_s() { ip -n "$s" "$@"; }
ip_p() { ip -n "$p" "$@"; }
# COMMAND NAMESPACE HOST ARGUMENT...
at_s() { "$1" "$s" 1 "${@:2}"; }
at_p() { "$1" "$p" 2 "${@:2}"; }
at_both_ends() { at_s "$@" && at_p "$@"; }

cleanup() {
	local n
	[ ${#helpers[@]} = 0 ] || kill "${helpers[@]}" 2>/dev/null || true
	for n in $(cd /run/netns && compgen -G "bf-*-$$*"); do
		ip netns exec "$n" "$bpfilter" off --yes >/dev/null 2>&1 || true
		ip netns del "$n"
	done
	rm -rf "$work"
}
trap cleanup EXIT

# --- devices

namespace_add() {
	ip netns add "$1"
	# Addresses serve at once; ARP is answered by the device that has the address.
	# shellcheck disable=SC2016
	ip netns exec "$1" sh -c 'cd /proc/sys/net; for f in default all; do
		echo 0 >ipv6/conf/$f/accept_dad; echo 1 >ipv4/conf/$f/arp_ignore; done'
	ip -n "$1" link set lo up
}

# address NAMESPACE HOST DEVICE NETWORK: and up.
address() {
	ip -n "$1" addr replace "10.9.$4.$2/24" dev "$3"
	ip -n "$1" -6 addr replace "fd09:$4::$2/64" dev "$3" nodad
	ip -n "$1" link set "$3" up
}

# up DEVICE NETWORK [DEVICE OF THE PEER]
up() {
	address "$s" 1 "$1" "$2"
	address "$p" 2 "${3:-$1}" "$2"
}

# wire NAME [NETWORK]: between $s and $p, the same name on both sides.
wire() {
	ip_s link add "$1" type veth peer name "$1" netns "$p"
	ip_s link set "$1" up
	ip_p link set "$1" up
	[ -z "${2-}" ] || up "$1" "$2"
}

# upper NAMESPACE HOST LOWER NAME NETWORK TYPE...: a device on another.
upper() {
	ip -n "$1" link add link "$3" name "$4" type "${@:6}"
	address "$1" "$2" "$4" "$5"
}

# has TYPE OPTION...: can this kernel make such a device?
has() {
	local lower=()
	[ -e /run/netns/$scratch ] || {
		ip netns add $scratch
		ip -n $scratch link add lan0 type veth peer name lan1
	}
	[[ $1 != *vlan ]] || lower=(link lan0)
	if ip -n $scratch link add ${lower[@]+"${lower[@]}"} name has0 type "$@" 2>/dev/null; then
		ip -n $scratch link del has0
	else
		echo "skip ${FUNCNAME[1]}: this kernel has no $1"
		return 1
	fi
}

# nf_call 0|1: do bridged packets meet the rules of IPv4 and IPv6?
nf_call() {
	if ! in_s [ -e "$nf_call" ]; then
		echo "skip ${FUNCNAME[1]}, bridge-nf-call-iptables=$1: this kernel has no br_netfilter"
		return 1
	fi
	both in_s sh -c "for f in iptables ip6tables; do echo $1 >/proc/sys/net/bridge/bridge-nf-call-\$f; done"
}

# --- rules

# For each pattern rules that count, in each place where a device can be named; then those that drop, with the first.
rules() {
	local x match='-p udp -m udp --dport' place
	echo '*raw'
	for x in "${patterns[@]}"; do
		echo "-A PREROUTING -i $x $match $counted"
		echo "-A OUTPUT -o $x $match $counted"
	done
	printf 'COMMIT\n*filter\n'
	for place in 'INPUT -i' 'FORWARD -i' 'FORWARD -o' 'OUTPUT -o'; do
		for x in "${patterns[@]}"; do
			echo "-A $place $x $match $counted"
			[ "$x" = + ] || echo "-A ${place% *} ! ${place#* } $x $match $counted"
			echo "-A $place $x $match $outer"
		done
	done
	for place in 'INPUT -i' 'FORWARD -i' 'OUTPUT -o'; do
		echo "-A $place ${patterns[0]} $match $dropped -j DROP"
	done
	echo 'COMMIT'
}

# rules_on [SUFFIX]: in the namespace $s, or in $sSUFFIX.
rules_on() {
	local n=$s${1-}
	if ours; then
		ip netns exec "$n" "$bpfilter" apply -4 "$work/rules" -6 "$work/rules"
	else
		ip netns exec "$n" iptables-legacy-restore "$work/rules"
		ip netns exec "$n" ip6tables-legacy-restore "$work/rules"
	fi
}

rules_off() {
	local n=$s${1-} tool
	if ours; then
		ip netns exec "$n" "$bpfilter" off --yes
		return
	fi
	for tool in {iptables,ip6tables}-legacy; do
		ip netns exec "$n" "$tool" -F
		ip netns exec "$n" "$tool" -t raw -F
	done
}

# counters FAMILY SUFFIX: of all rules, as iptables-save prints them, with the table in front.
counters() {
	local save=(iptables-legacy-save -c)
	[ "$1" = 4 ] || save[0]=ip6tables-legacy-save
	! ours || save=("$bpfilter" save -c "-$1")
	ip netns exec "$s$2" "${save[@]}" | awk '/^\*/ { table = $0 } /^\[/ { print table, $0 }' | sort -s -k 1,1
}

# begin PATTERN...: new namespaces, the rules in force, no device but lo. The first pattern is the one that drops.
begin() {
	patterns=("$@") modes=() helpers=() want=() before=() far4='' far6=''
	both namespaces
	rules >"$work/rules"
	ok "${FUNCNAME[1]}: rules before the devices" both rules_on
}

namespaces() {
	namespace_add "$s"
	namespace_add "$p"
}

# --- packets

# mode NAME: who sends, where to, where it arrives, whose rules and which of them should count it.
mode() {
	local net=${1#"${1%%[0-9]*}"}
	net=${net:-1}
	from=$p at=$s new='' chain='INPUT -i' to4=10.9.$net.1 to6=fd09:$net::1 bound=''
	case $1 in
	in_new) at=$s-new new=-new ;;
	in_free) at=$s-new ;;
	in_label) to4=10.9.7.1 to6='' ;;
	in*) ;;
	out_vrf) from=$s at=$p chain='OUTPUT -o' to4=10.9.1.2 to6=fd09:1::2 bound=vrf0 ;;
	out*) from=$s at=$p chain='OUTPUT -o' to4=10.9.$net.2 to6=fd09:$net::2 ;;
	self_label) from=$s to4=127.0.0.9 to6='' ;;
	self) from=$s ;;
	far) at=$p-far chain='FORWARD -i' to4=${far4:-10.9.1.3} to6=${far6:-fd09:1::3} ;;
	esac
}

# Nobody listens, so UDP counts them as packets without a port.
# shellcheck disable=SC2016
arrived() { # arrived NAMESPACE FAMILY
	if [ "$2" = 4 ]; then
		ip netns exec "$1" awk '/^Udp:/ && $3 ~ /[0-9]/ { print $3 }' /proc/net/snmp
	else
		ip netns exec "$1" awk '/^Udp6NoPorts/ { print $2 }' /proc/net/snmp6
	fi
}

note_arrived() {
	local f
	mode "$1"
	for f in 4 6; do before[$s/$f]=$(arrived "$at" $f); done
}

# What is dropped on its way out is refused.
send() {
	local to
	mode "$1"
	for to in $to4 $to6; do
		if [ -n "$bound" ]; then
			[[ $to != *:* ]] || to=[$to]
			for port in 7000 7001; do
				echo x | ip netns exec "$from" socat -u - "UDP:$to:$port,so-bindtodevice=$bound" || true
			done
		else
			# shellcheck disable=SC2016
			ip netns exec "$from" bash -c 'for port in 7000 7001; do echo x >"/dev/udp/$0/$port"; done' "$to" || true
		fi
	done 2>/dev/null
}

families() { if [ -n "$to6" ]; then echo 4 6; else echo 4; fi; }

# arrives N: of each family.
arrives() {
	local f
	for f in $(families); do
		got=$(($(arrived "$at" "$f") - ${before[$s/$f]}))
		[ $got = "$1" ] || { echo "IPv$f in $at: $got packets arrived, $1 should"; return 1; }
	done
}

# expect CHAIN DEVICE=N...: to be added to what a rule should have counted by now. With out/DEVICE, to/DEVICE and
# raw/DEVICE: the rule in OUTPUT, the one for where it is forwarded to, the one in table raw.
expect() {
	local x place
	for x in "${@:2}"; do
		place="filter $1"
		case $x in
		out/*) place='filter OUTPUT -o' ;;
		to/*) place='filter FORWARD -o' ;;
		raw/*)
			place='raw PREROUTING -i'
			[[ $1 != OUTPUT* ]] || place='raw OUTPUT -o'
			;;
		esac
		x=${x#*/}
		place="$new $place ${x%=*}"
		want[$place]=$((${want[$place]:-0} + ${x#*=}))
	done
}

# counts FILE: are the counters in it those that should be? 
counts() {
	local place n
	for place in "${!want[@]}"; do
		[ "${place%% *}" = "$new" ] || continue
		place=${place#* }
		n=$(sed -n "s/^\*${place%% *} \[\([0-9]*\):[0-9]*\] -A ${place#* } -p udp -m udp --dport $counted\$/\1/p" "$1")
		[ "$n" = "${want["$new $place"]}" ] ||
			{ echo "$place: ${n:-no} packets counted, ${want["$new $place"]} should be"; return 1; }
	done
}

# Counters and arrivals of both are as they should be, and the same.
agreed() {
	local f
	both arrives "$1" || return 1
	for f in $(families); do
		both save_counters "$f"
		counts "$work/a.$f" || { echo "(bpfilter, IPv$f)"; return 1; }
		counts "$work/b.$f" || { echo "(iptables-legacy, IPv$f)"; return 1; }
		diff -u -L "iptables, IPv$f" -L "bpfilter, IPv$f" \
			<(grep -v -- "--dport $outer" "$work/b.$f") <(grep -v -- "--dport $outer" "$work/a.$f") || return 1
	done
}

save_counters() {
	local k=b
	! ours || k=a
	counters "$1" "$new" >"$work/$k.$1"
}

# Packets may be on their way for a while; and none may come later.
settled() {
	for _ in {1..40}; do
		! "$@" >"$work/why" 2>&1 || break
		sleep 0.1
	done
	sleep 0.1
	"$@"
}

# probe WHAT MODE DEVICE=N...: sends two packets of each family; of these the rules that name DEVICE count N.
probe() {
	local what=$1 passing=2 first
	both note_arrived "$2"
	mode "$2"
	expect "$chain" "${@:3}"
	for first in "${@:3}"; do
		[[ $first != *"${patterns[0]}="[1-9]* ]] || passing=1
	done
	[ $passing = 2 ] || [ -n "$new" ] || modes+=("$2")
	both send "$2"
	ok "${FUNCNAME[1]}: $what" settled agreed $passing
}

# Without rules everything arrives: it was the rules that dropped.
finish() {
	local m
	ok "${FUNCNAME[1]}: something was dropped" [ ${#modes[@]} -gt 0 ]
	ok "${FUNCNAME[1]}: off" both rules_off
	for m in $(printf '%s\n' "${modes[@]}" | sort -u); do
		both note_arrived "$m"
		both send "$m"
		ok "${FUNCNAME[1]}: without rules all of '$m' arrives" settled both arrives 2
	done
	[ ${#helpers[@]} = 0 ] || kill "${helpers[@]}"
	both namespaces_del
}

namespaces_del() {
	local n
	for n in "$s" "$p" "$s-new" "$p-far"; do
		[ ! -e "/run/netns/$n" ] || ip netns del "$n"
	done
}
