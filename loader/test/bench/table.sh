# SPDX-License-Identifier: GPL-2.0-only
# Tables of medians; sourced by scripts/bench. Uses $csv, $runs.
# shellcheck shell=bash
# shellcheck disable=SC2154

# stat FILE: median, minimum and maximum of the numbers in it.
stat_of() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[1], v[NR] }'; }

row() { # row NAME FILE AIM
	local m lo hi
	read -r m lo hi < <(stat_of "$2")
	if [ -n "$csv" ]; then
		echo "\"$1\",$m,$lo,$hi,$runs"
	else
		printf '%-44s %10.3f %10.3f %10.3f  %s\n' "$1" "$m" "$lo" "$hi" "${3-}"
	fi
}

heading() { # heading [UNIT]
	if [ -n "$csv" ]; then
		echo "what,median_${1-ms},fastest_${1-ms},slowest_${1-ms},runs"
	else
		printf '%-44s %10s %10s %10s  %s\n' "${1-ms}, $runs runs, $(uname -r)" median fastest slowest aim
	fi
}
