#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: load.py BUILD [--csv] [--runs N] [--full] [--rules N,...]

From text to enforced: the same rules put in force in place of themselves by bpfilter apply, iptables-legacy-restore,
iptables-nft-restore and nft -f, each in a network namespace of its own, all interleaved, medians. "first" is bpfilter
apply where nothing is in force, which loads the program, too; "image" is bpfilter apply of what bpfilter compile wrote.

  --runs   of each (10); at most 3 with 100,000 rules and more
  --rules  how many (10 1000 10000 100000; --full: 1000000 too)
of legacy: the time as a part of iptables-legacy-restore's. process: the most memory that the command held. kernel: what
the rules hold there; bpfilter tells it, else it is what slabs, vmalloc and per-CPU memory of the kernel lose when the
rules are removed ("-": too little to be told apart from the rest of the machine).
"""
import argparse
import json
import os
import statistics
import sys
import tempfile
import time

from common import Failed, Table, finish, note, numbers, progress
from sets import dotted, hosts
from space import Space

PATIENCE = 120      # seconds for one command
TELLABLE = 2 << 20  # bytes of kernel memory
AIMS = {(100000, "bpfilter"): 1 / 2.5, (100000, "image"): 1 / 20, (1000000, "bpfilter"): 1 / 3,
        (1000000, "image"): 1 / 20}
HEAD = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
NFT_HEAD = """flush ruleset
table ip filter {
	chain FORWARD { type filter hook forward priority 0; policy drop; }
	chain OUTPUT { type filter hook output priority 0; policy accept; }
	chain INPUT {
		type filter hook input priority 0; policy drop;
		iifname "lo" counter accept
		ct state related,established counter accept
"""


def rules(count):
    """(address, protocol, port, target)"""
    for i, ((address, length), _, _, (port, _), proto) in enumerate(hosts(count - 2)):
        yield f"{dotted(address)}/{length}", {6: "tcp", 17: "udp"}[proto], port, "accept" if i % 5 else "drop"


def write_texts(directory, count):
    with open(f"{directory}/rules.v4", "w", encoding="ascii") as f:
        f.write(HEAD + "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")
        f.writelines(f"-A INPUT -s {a} -p {p} -m {p} --dport {d} -j {t.upper()}\n" for a, p, d, t in rules(count))
        f.write("COMMIT\n")
    with open(f"{directory}/rules.nft", "w", encoding="ascii") as f:
        f.write(NFT_HEAD)
        f.writelines(f"\t\tip saddr {a} {p} dport {d} counter {t}\n" for a, p, d, t in rules(count))
        f.write("\t}\n}\n")


def kernel_memory():
    """Bytes that slabs, vmalloc and per-CPU memory hold."""
    with open("/proc/meminfo", encoding="ascii") as f:
        lines = dict(line.split(":") for line in f)
    return sum(int(lines[k].split()[0]) << 10 for k in ("Slab", "VmallocUsed", "Percpu") if k in lines)


class Way:
    """One way of putting rules in force."""

    def __init__(self, name, label, kind, build, *words):
        self.name, self.label, self.build, self.words = name, label, build, words
        self.space = Space(kind, build, name)
        self.ms, self.kib, self.kernel, self.gone = [], [], None, False

    def once(self):
        if self.name == "first":
            self.space.off()
        out = self.space.run(f"{self.build}/host/spend", *self.words, timeout=PATIENCE).split()
        self.ms.append(float(out[0]))
        self.kib.append(int(out[1]))

    def try_once(self, count):
        try:
            self.once()
        except Failed as e:
            if self.space.kind == "bpfilter":
                raise
            self.gone = True
            note(f"{count} rules: no figures of {self.label}: {e}")

    def measure_kernel(self):
        if self.space.kind == "bpfilter":
            self.kernel = json.loads(self.space.run("sh", "-c", '"$0" status --json || test $? = 1',
                                                    f"{self.build}/bpfilter"))["memory"]
            return
        time.sleep(0.2)
        before = kernel_memory()
        self.space.run({"legacy": "iptables-legacy-restore", "nft": "iptables-nft-restore"}.get(self.space.kind, "nft"),
                       *(["-f", "-"] if self.space.kind == "set" else []),
                       stdin="flush ruleset\n" if self.space.kind == "set" else "*filter\nCOMMIT\n")
        time.sleep(0.5)     # what was removed is freed later
        freed = before - kernel_memory()
        self.kernel = freed if freed >= TELLABLE else None


def make_ways(build, work):
    apply, text = f"{build}/bpfilter", f"{work}/rules.v4"
    ways, plan = [], (
        ("bpfilter", "bpfilter apply", "bpfilter", apply, "apply", "-4", text),
        ("first", "bpfilter apply, first", "bpfilter", apply, "apply", "-4", text),
        ("image", "bpfilter apply IMAGE", "bpfilter", apply, "apply", f"{work}/rules.image"),
        ("legacy", "iptables-legacy-restore", "legacy", "iptables-legacy-restore", text),
        ("nft", "iptables-nft-restore", "nft", "iptables-nft-restore", text),
        ("nft-f", "nft -f", "set", "nft", "-f", f"{work}/rules.nft"))
    try:
        for name, label, kind, *words in plan:
            ways.append(Way(name, label, kind, build, *words))
    except Failed:
        remove(ways)
        raise
    return ways


def remove(ways):
    for w in ways:
        w.space.remove()


def show(table, count, ways):
    legacy = next(w for w in ways if w.name == "legacy")
    for w in ways:
        if not w.ms:
            table.row([w.label, str(count)] + ["-"] * 6)
            continue
        median = statistics.median(w.ms)
        of_legacy = f"{median / statistics.median(legacy.ms):.3f}" if legacy.ms else "-"
        aim = AIMS.get((count, w.name))
        table.row([w.label, str(count), f"{median:.1f}", f"{min(w.ms):.1f}", f"{max(w.ms):.1f}", of_legacy,
                   f"{max(w.kib) / 1024:.1f}", "-" if w.kernel is None else f"{w.kernel / 2**20:.1f}",
                   f"<= {aim:.3f}" if aim else ""])


def bench(args, work, table, count):
    write_texts(work, count)
    ways = make_ways(args.build, work)
    runs = min(args.runs, 3) if count >= 100000 else args.runs
    try:
        ways[0].space.run(f"{args.build}/bpfilter", "compile", "-4", f"{work}/rules.v4", "-o", f"{work}/rules.image")
        warm_up = count < 1000000
        for i in range(runs + warm_up):
            for w in ways:
                if w.gone or len(w.ms) and sum(w.ms) > PATIENCE * 1000:
                    continue
                progress(f"{count} rules, run {i + 1} of {runs + warm_up}: {w.label}")
                w.try_once(count)
                if i == 0 and warm_up:
                    w.ms.clear()
        for w in ways:
            if not w.gone:
                w.measure_kernel()
        show(table, count, ways)
    finally:
        remove(ways)


def main():
    p = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    p.add_argument("build")
    p.add_argument("--csv", action="store_true")
    p.add_argument("--full", action="store_true")
    p.add_argument("--runs", type=int, default=10)
    p.add_argument("--rules", default=[], type=numbers)
    args = p.parse_args()
    counts = args.rules or [10, 1000, 10000, 100000] + ([1000000] if args.full else [])
    head = ["way", "rules", "median ms", "fastest", "slowest", "of legacy", "process MiB", "kernel MiB", "aim"]
    table = Table(args.csv, head, (26, 8))
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        for count in counts:
            bench(args, work, table, max(count, 2))


if __name__ == "__main__":
    sys.exit(finish(main))
