# SPDX-License-Identifier: GPL-2.0-only
# How much later the next init starts because of the helper, in QEMU; sourced by scripts/bench. Needs scripts/lib.sh,
# boot-tests/qemu.sh; and of scripts/bench $work, $csv, $stall_runs, rules() and stat_of().
# shellcheck shell=bash
# shellcheck disable=SC2154

# Name, what it is. All of text are in one initramfs, the image has its own: as much is unpacked with as without.
stall_cases=(
	"0:0 rules" "100:100 rules" "100ct:100 rules, connection states" "10000:10,000 rules"
	"1000000:1,000,000 rules, as an image"
)

# stall_archive NAME KERNEL: $work/NAME.cpio from $work/NAME/, with the helper, the next init and modules. Not
# compressed: that would only add to both sides.
stall_archive() {
	local root=$work/$1
	mkdir -p "$root"/{dev,lib,rules}
	cp "$build/bpfilter" "$root/bpfilter-init"
	cp "$build/boot-tests/guest/stamp" "$root/stamp"
	[ ! -d "$2/lib/modules" ] || cp -r "$2/lib/modules" "$root/lib/"
	[ -e "$root/dev/console" ] || mknod "$root/dev/console" c 5 1
	[ -e "$root/dev/ttyS1" ] || mknod "$root/dev/ttyS1" c 4 65
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$work/$1.cpio"
}

stall_prepare() {
	local kernel=$1
	mkdir -p "$work"/{text,image}/rules
	printf '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n' |
		tee "$work/text/rules/0.v4" >"$work/text/rules/0.v6"
	rules 100 >"$work/text/rules/100ct.v4"
	rules 100 without >"$work/text/rules/100.v4"
	rules 10000 without >"$work/text/rules/10000.v4"
	if [ ! -e "$work/image/rules/1000000.image" ]; then
		rules 1000000 without >"$work/1000000.v4"
		"$build/bpfilter" compile "$work/1000000.v4" "$work/text/rules/0.v6" \
			-o "$work/image/rules/1000000.image" >/dev/null
		rm "$work/1000000.v4"
	fi
	stall_archive text "$kernel"
	stall_archive image "$kernel"
}

# stall_boot KERNEL CASE with|without time|count: the moment of the next init in ms since kernel start, into
# $work/moment; what the helper has logged is in $work/result. count: a clock that goes on 1 ns with each instruction. No disk
# controller: the kernel may wait for its links 0.2 s more or less, whoever is process 1.
stall_boot() {
	local archive=text memory=256 words='rdinit=/stamp' accel machine=()
	accel=$(accelerator)
	if [ "$4" = count ]; then
		accel=tcg
		machine=(-icount "shift=0,sleep=off")
	fi
	if [ "$2" = 1000000 ]; then archive=image memory=1024; fi
	if [ "$3" = with ]; then
		words="rdinit=/bpfilter-init bpfilter.init=/stamp bpfilter.timeout=120"
		if [ "$2" = 1000000 ]; then
			words+=" bpfilter.rules=/rules/$2.image"
		else
			words+=" bpfilter.rules=/rules/$2.v4 bpfilter.rules=/rules/0.v6"
		fi
	fi
	timeout 180 qemu-system-x86_64 -M q35,sata=off -accel "$accel" -cpu "$([ "$accel" = kvm ] && echo host || echo max)" \
		${machine[@]+"${machine[@]}"} -m $memory -nodefaults -display none -no-reboot -serial null -serial "file:$work/result" \
		-kernel "$1/vmlinuz" -initrd "$work/$archive.cpio" -append "console=ttyS0 panic=-1 quiet $words" \
		</dev/null 2>"$work/qemu.err" || true
	sed -n 's/^next init: boottime \([0-9.]*\).*/\1/p' "$work/result" | awk '{ print $1 * 1000 }' >"$work/moment"
	[ -s "$work/moment" ] || { cat "$work/result" "$work/qemu.err" >&2; die "the guest did not get to the next init"; }
	[ "$3" = without ] || grep -q 'stage 2 in force' "$work/result" ||
		{ cat "$work/result" >&2; die "the rules were not in force in the guest"; }
}

# Boots with the helper in turn, between them those without: what slows the machine down meets both.
stall_round() {
	local kernel=$1 kind=$2 c without to
	for c in "${stall_cases[@]}"; do
		c=${c%%:*}
		if [ "$c" = 0 ] || [ "$c" = 1000000 ]; then
			stall_boot "$kernel" "$c" without "$kind"
			without=$(cat "$work/moment")
		fi
		stall_boot "$kernel" "$c" with "$kind"
		to=$work/$kind.$c
		echo "$without" >>"$to.without"
		cat "$work/moment" >>"$to.with"
		awk -v w="$without" '{ print $1 - w }' "$work/moment" >>"$to.added"
		sed -n 's/.*; slowest: \(.*\) ms/\1/p' "$work/result" | tr -d '\r' >>"$to.slowest"
		stall_done=$((stall_done + 1))
		[ ! -t 2 ] || printf '\r%d of %d ' $stall_done $(((stall_runs + 1) * ${#stall_cases[@]})) >&2
	done
}

# The part that was the slowest most often, and its median in ms.
stall_slowest() {
	local name
	name=$(cut -d' ' -f1 "$1" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
	awk -v n="$name" '$1 == n { print $2 }' "$1" >"$work/slowest"
	echo "$name $(stat_of "$work/slowest" | cut -d' ' -f1)"
}

stall_table() {
	local c from without with added fast least count slowest
	for c in "${stall_cases[@]}"; do
		from=$work/time.${c%%:*}
		read -r without fast _ < <(stat_of "$from.without")
		read -r with least _ < <(stat_of "$from.with")
		read -r added _ < <(stat_of "$from.added")
		fast=$(awk -v w="$least" -v o="$fast" 'BEGIN { print w - o }')
		count=$(cat "$work/count.${c%%:*}.added")
		slowest=$(stall_slowest "$from.slowest")
		if [ -n "$csv" ]; then
			echo "\"${c#*:}\",$without,$with,$added,$fast,$stall_runs,$count,${slowest/ /,}"
		else
			printf '%-35s %8.0f %8.0f %8.0f %8.0f %13.0f  %s\n' "${c#*:}" "$without" "$with" "$added" "$fast" \
				"$count" "$slowest"
		fi
	done
}

# stall_bench KERNEL: the whole table of one kernel.
stall_bench() {
	local kernel=$1 i name
	name="$(basename "$(readlink -f "$kernel")"), QEMU, $(accelerator), 1 CPU, quiet"
	rm -f "$work"/{time,count}.*
	rm -rf "$work"/{text,image}/lib
	stall_prepare "$kernel"
	stall_done=0
	for ((i = 0; i < stall_runs; i++)); do stall_round "$kernel" time; done
	stall_round "$kernel" count
	[ ! -t 2 ] || printf '\r\033[K' >&2
	echo
	if [ -n "$csv" ]; then
		echo "\"kernel start to next init, $name\",without_median_ms,with_median_ms,added_median_ms,added_fastest_ms,boots,added_million_instructions,slowest_part,slowest_part_ms"
	else
		echo "kernel start to next init, ms; $stall_runs boots each; $name"
		printf '%-35s %8s %8s %8s %8s %13s  %s\n' "" without with added fastest "instructions" "slowest part, its ms"
	fi
	stall_table
	[ -n "$csv" ] || cat <<-END
		added: median of the differences of neighbouring boots; fastest: difference of the fastest of both;
		instructions: added, in millions (a ms of waiting counts as one), one boot each; other load does not matter
	END
}
