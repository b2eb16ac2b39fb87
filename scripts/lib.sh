# SPDX-License-Identifier: GPL-2.0-only
# Helpers of the scripts; sourced. Needs bash.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# quiet LOG COMMAND...: run with its output in LOG; show the end of it only if the command fails.
quiet() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		say "failed: $*"
		tail -n 30 "$log" >&2
		return 1
	fi
}

# retry N COMMAND...: networks and mirrors have bad moments.
retry() {
	local n=$1 i
	shift
	for ((i = 1; i <= n; i++)); do
		"$@" && return 0
		((i == n)) || sleep $((i * 2))
	done
	return 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "must be root (it installs packages and makes network namespaces): sudo $0"
}

# host_can BINARY: can this machine's kernel do it at all? By doing it, in a namespace that ends with the command.
host_can() {
	printf '*filter\n:INPUT DROP [0:0]\nCOMMIT\n' |
		unshare --net sh -c "'$1' apply -4 - && '$1' off --yes" >/dev/null 2>&1
}

# Debian's, which the packages of scripts/deps belong to; nothing is written into the tree.
python() { PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$@"; }

# A build that wants rules signed: build/keyed/bpfilter, its key is test.key there.
build_keyed() {
	local dir=$build/keyed
	mkdir -p "$dir"
	[ -e "$dir/test.pub" ] || "$build/bpfilter" sign --new-key "$dir/test" || return 1
	make -s -C "$top" B=build/keyed DEPS=build/deps KEY="$dir/test.pub" build/keyed/bpfilter
}
