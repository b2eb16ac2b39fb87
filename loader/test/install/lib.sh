# SPDX-License-Identifier: GPL-2.0-only
# For the parts of the suite "install"; sourced. Each check prints "ok NAME" or "not ok NAME: why".
# shellcheck shell=bash

set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib.sh"

passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$build/test/install-packages.log
# A make of ours must not be told what make was told that started the test.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES DESTDIR PREFIX

# ok NAME COMMAND...: the command succeeds; else the end of what it said is the reason.
ok() {
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name: $* failed: $(tail -n 3 "$work/said" | tr '\n' ' ')"
		failed=$((failed + 1))
	fi
}

# no_arguments ARGUMENT...: of the script; --help is what stands behind "usage:" in it.
no_arguments() {
	case ${1-} in
	-h | --help) sed -n 's/^# usage: //p' "$0"; exit 0 ;;
	?*) say "${0##*/}: takes no arguments"; exit 2 ;;
	esac
}

not() { ! "$@"; }
# same WANTED GOT
same() { [ "$1" = "$2" ] || { printf 'wanted "%s", got "%s"\n' "$1" "$2"; return 1; }; }
# has TEXT PATTERN
has() { grep -qE -- "$2" <<<"$1" || { printf 'no "%s" in: %s\n' "$2" "$1"; return 1; }; }
skip() { echo "skip: install: $*"; }

finish() {
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
}

# The package of "make deb" without VERSION=.
package() { echo "$build/bpfilter_$(sed -n 's/^VERSION[[:space:]]*:= //p' "$top/Makefile")_amd64.deb"; }
