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

# install_packages LOG NAME...: those of Debian's packages that are missing.
install_packages() {
	local log=$1 missing=() p
	shift
	for p in "$@"; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return 0
	need_root
	say "  APT     ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	retry 3 quiet "$log" apt-get -q update
	retry 3 quiet "$log" apt-get -q install -y --no-install-recommends "${missing[@]}"
}

# package_file LOG NAME: the newest NAME_*.deb of build/cache, downloaded if there is none.
package_file() {
	local log=$1 name=$2
	mkdir -p "$build/cache"
	if [ -z "$(find "$build/cache/" -name "${name}_*.deb")" ]; then
		say "  FETCH   $name"
		(cd "$build/cache" && retry 3 quiet "$log" apt-get -q download "$name")
	fi
	find "$build/cache/" -name "${name}_*.deb" | sort -V | tail -n 1 | grep . || die "no $name in $build/cache"
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
