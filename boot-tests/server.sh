# SPDX-License-Identifier: GPL-2.0-only
# A server for a guest; sourced by run. A scenario with a line
#	serve = NAME
# has a second network device, eth1, in QEMU's own network (DHCP; the host is 10.0.2.2). That leads to the loopback
# device of a network namespace that has no other device, where boot-tests/serve-NAME DIR listens: nothing of it can be
# reached from elsewhere.
# shellcheck shell=bash

server_pid=''

# server DIR NAME: start it, and wait until there is DIR/serving; sets guest_in, adds to guest_args.
server() {
	local dir=$1 name=$2 namespace=bf-serve-$$
	guest_in=()
	[ -n "$name" ] || return 0
	ip netns add "$namespace"
	ip -n "$namespace" link set lo up
	ip netns exec "$namespace" "$top/boot-tests/serve-$name" "$dir" >"$dir/serve.log" 2>&1 &
	server_pid=$!
	until [ -e "$dir/serving" ]; do
		kill -0 "$server_pid" 2>/dev/null || die "serve-$name has ended; what it said is in $dir/serve.log"
		sleep 0.1
	done
	guest_in=(ip netns exec "$namespace")
	guest_args+=(-netdev "user,id=n1" -device "virtio-net-pci,netdev=n1,mac=52:54:00:77:00:03,romfile=")
}

# server_end: after the guest.
server_end() {
	[ -n "$server_pid" ] || return 0
	kill -KILL "$server_pid" 2>/dev/null || true	# tgtd stays for its clients otherwise
	{ wait "$server_pid" || true; } 2>/dev/null
	ip netns del "bf-serve-$$"
	server_pid=''
}
