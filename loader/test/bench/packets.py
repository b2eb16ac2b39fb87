#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: packets.py BUILD [--csv] [--runs N] [--full] [--sets NAME,...] [--rules N,...]

What rules add to the cost of a received packet: nanoseconds of CPU time in INPUT of a network namespace of its own
for each alternative, all interleaved, medians, less the base: a namespace where an nftables chain without rules drops
everything. All packets are dropped in all of them, so that nothing behind the filter is measured.

  --sets   hosts (random hosts, networks and ports), and, if CLASSBENCH names their folder: acl1, fw1, ipc1
  --rules  how many of the set (0 1 10 100 1000 10000; --full: 100000 and 1000000 too, those without slow peers)
Cases: early and late hit rules of the first and last tenth, miss hits none; hot are 256 flows, cold 65,536.
"""
import argparse
import os
import statistics
import sys
import tempfile

from sets import cases, classbench, hosts, write_flows, write_rules
from space import Space

HOT, COLD = 256, 65536


def packets_for(kind, count):
    """Fewer for those whose cost grows with the rules."""
    if kind in ("none", "bpfilter"):
        return 200000
    return max(500, min(200000, 40000000 // max(count, 1)))


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.spaces = [Space(k, args.build) for k in ("none", "bpfilter", "legacy", "nft")]

    def close(self):
        for s in self.spaces:
            s.remove()

    def line(self, name, count, case, got):
        base = statistics.median(got.pop("none"))
        cells = ["%.0f" % (statistics.median(v) - base) if v else "-" for v in got.values()]
        if self.args.csv:
            print(",".join([name, str(count), case, "%.0f" % base] + cells), flush=True)
        else:
            print("%-6s %8d  %-11s %8.0f %10s %10s %10s" % (name, count, case, base, *cells), flush=True)

    def one(self, name, count, rules):
        path = os.path.join(self.work, "rules")
        write_rules(path, rules)
        peers = [s for s in self.spaces if count <= 10000 or s.kind in ("none", "bpfilter", "legacy") and
                 count <= 100000 or s.kind in ("none", "bpfilter")]
        for s in peers:
            s.load(path)
        for case, chosen in cases(rules).items():
            for heat, number in (("hot", HOT), ("cold", COLD)):
                flows = os.path.join(self.work, "flows")
                write_flows(flows, chosen, number)
                got = {s.kind: [] for s in self.spaces}
                for _ in range(self.args.runs):
                    for s in peers:
                        got[s.kind].append(s.measure(flows, packets_for(s.kind, count)))
                self.line(name, count, "%s %s" % (case, heat), got)


def main():
    p = argparse.ArgumentParser(usage=__doc__, add_help=True)
    p.add_argument("build")
    p.add_argument("--csv", action="store_true")
    p.add_argument("--full", action="store_true")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--sets", default="hosts,acl1,fw1,ipc1")
    p.add_argument("--rules", default="")
    args = p.parse_args()
    counts = [int(n) for n in args.rules.split(",") if n] or [0, 1, 10, 100, 1000, 10000] + \
        ([100000, 1000000] if args.full else [])
    head = ("set", "rules", "case", "base", "bpfilter", "legacy", "nft")
    print(",".join(head) if args.csv else "%-6s %8s  %-11s %8s %10s %10s %10s   ns over the base" % head)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(args, work)
        try:
            for name in args.sets.split(","):
                for count in counts:
                    rules = list(hosts(count) if name == "hosts" else classbench(name, count))
                    if len(rules) > count // 2 or name == "hosts":
                        bench.one(name, len(rules), rules)
        finally:
            bench.close()


if __name__ == "__main__":
    sys.exit(main())
