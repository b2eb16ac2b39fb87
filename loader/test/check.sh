# SPDX-License-Identifier: GPL-2.0-only
# What the tests in shell share; sourced. Needs $bpfilter.
# shellcheck shell=bash

work=$(mktemp -d)
chmod 755 "$work"
passed=0 failed=0

ok() { # ok WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		passed=$((passed + 1))
		echo "ok $what"
	else
		failed=$((failed + 1))
		echo "not ok $what"
		sed 's/^/    /' "$work/out"
	fi
}

# says CODE PATTERN COMMAND...: exit code and what is printed.
says() {
	local code=$1 pattern=$2 status=0
	shift 2
	"$@" >"$work/said" 2>&1 || status=$?
	cat "$work/said"
	[ $status = "$code" ] && grep -q -- "$pattern" "$work/said"
}

not() { ! "$@"; }
end() { echo "$passed passed, $failed failed"; [ $failed = 0 ]; }

# cookie PREFIX...: the number of the network namespace in which PREFIX runs a command.
cookie() { "$@" "$bpfilter" status --json | sed -n 's/.*"namespace": \([0-9]*\).*/\1/p' || true; }
