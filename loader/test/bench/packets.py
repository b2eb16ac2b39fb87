#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: packets.py BUILD [--csv] [--runs N] [--full] [--sets NAME,...] [--rules N,...]

What rules add to the cost of a received packet: nanoseconds of CPU time in INPUT of a network namespace of its own
for each alternative, all interleaved, medians, less the base: a namespace where an nft chain without rules drops
everything. All packets are dropped in all of them, so that nothing behind the filter is measured. (server: connections
are tracked, in the base too, and what the rules accept ends at a socket whose queue is full, in the base too.)

Alternatives: bpfilter, iptables-legacy, iptables-nft; nft with one set for all rules where one fits.
  --sets   hosts         random hosts and networks with a port each
           blocklist     addresses and networks
           server        20 rules with connection tracking
           acl1 fw1 ipc1 ClassBench's, if CLASSBENCH names the folder with acl1_1k ...
           acl fw ipc    ours in the style of those, of any size (with --full)
  --rules  how many of the set; what is not given: 0 to 10,000 (--full: 1,000,000)
Cases: early and late hit rules of the first and last tenth (or earlier ones, where rules overlap), miss hits none,
other has random addresses and ports. hot: 256 flows in turn, cold: 65,536. Who is slow gets fewer packets.
"""
import argparse
import os
import random
import statistics
import sys
import tempfile

import server
from aims import Figures
from common import Failed, Table, finish, note, numbers, progress
from generate import ANY, STYLES, generate
from sets import blocklist, cases, classbench, hosts, write_flows, write_nft_set, write_rules
from space import KINDS, Space

HEATS = {"hot": 256, "cold": 65536}      # in this order
FEWEST, MOST = 64, 100000       # packets of a run
RUN_NS = 60e6                   # how long one should be
PATIENCE = 120                  # seconds to wait for rules to be loaded
DROP_ALL = "flush ruleset\nadd table ip t\nadd chain ip t c { type filter hook input priority 0; policy drop; }\n"
NETWORKS = ("hosts", "blocklist")
FILES = ("acl1", "fw1", "ipc1")
SIZES = {"hosts": [0, 1, 5, 10, 20, 50, 100, 1000, 10000], "blocklist": [1000, 10000], "server": [20],
         "acl1": [1000, 10000], "fw1": [1000, 10000], "ipc1": [1000, 10000], "acl": [], "fw": [], "ipc": []}
MORE = {"hosts": [100000, 1000000], "blocklist": [100000, 1000000], "acl": [100000], "fw": [100000], "ipc": [100000]}


def save(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


class Static:
    """Rules that need no connection tracking."""

    def __init__(self, name, rules):
        self.name, self.rules, self.cases = name, rules, cases(rules)
        if name not in NETWORKS:
            rnd = random.Random(5)
            del self.cases["miss"]
            self.cases["other"] = [((0, 0), (0, 0), ANY, ANY, rnd.choice((6, 17))) for _ in range(100)]

    def kinds(self):
        return [k for k in KINDS if k != "set" or self.name in NETWORKS and self.rules]

    def write(self, kind, path):
        if kind == "none":
            save(path, DROP_ALL)
        elif kind == "set":
            write_nft_set(path, self.rules)
        else:
            write_rules(path, self.rules)

    def write_flows(self, case, path, count):
        write_flows(path, self.cases[case], count)

    def before(self, spaces, case, count):
        """Nothing to do."""

    def after(self, spaces, case, sent):
        """Nothing to do."""

    def close(self):
        """Nothing is open."""


class Server:
    """Rules with connection tracking."""

    def __init__(self):
        self.name, self.rules, self.cases = "server", server.RULES.splitlines(), ("established", "late", "miss")
        self.sockets = []

    def kinds(self):
        return KINDS

    def write(self, kind, path):
        if kind == "none":
            save(path, server.NOTHING.format(policy="drop"))
        elif kind == "set":
            save(path, server.NFT_SET)
        else:
            server.write_rules(path)

    def write_flows(self, case, path, count):
        server.write_flows(path, case, count)

    def before(self, spaces, case, count):
        """What the rules accept the base accepts, too."""
        for s in spaces:
            if s.kind == "none":
                s.run("nft", "-f", "-", stdin=server.NOTHING.format(policy="drop" if case == "miss" else "accept"))
        if not self.sockets:
            self.sockets = [server.Sockets(s) for s in spaces]
        if case == "established":
            for s in self.sockets:
                s.establish(count)

    def after(self, spaces, case, sent):
        """Was it rule 1, wherever it counts?"""
        for s in spaces:
            if case == "established" and s.kind in ("bpfilter", "legacy", "nft") and s.first_counter() < sent[s.kind]:
                raise Failed(f"{s.name}: rule 1 counted {s.first_counter()} of {sent[s.kind]} packets: not ESTABLISHED")

    def close(self):
        for s in self.sockets:
            s.close()


def make_set(name, count):
    if name == "server":
        return Server()
    if name in FILES:
        return Static(name, classbench(name, count))
    return Static(name, list({"hosts": hosts, "blocklist": blocklist}.get(name, lambda n: generate(name, n))(count)))


class Bench:
    """One rule set in all alternatives."""

    def __init__(self, args, work, table, figures, rules):
        self.args, self.work, self.table, self.figures, self.set = args, work, table, figures, rules
        self.label = f"{rules.name} {len(rules.rules)}"
        self.spaces, self.counts = [], {}

    def load(self):
        path = os.path.join(self.work, "rules")
        for kind in self.set.kinds():
            progress(f"{self.label}: {kind} loads")
            self.set.write(kind, path)
            space = Space(kind, self.args.build)
            try:
                space.load(path, PATIENCE)
                self.spaces.append(space)
            except Failed as e:
                space.remove()
                if kind in ("none", "bpfilter"):
                    raise
                note(f"{self.label}: no figures of {kind}: {e}")

    def packets(self, space, flows):
        """As many as take some time, but no less than one batch."""
        return int(max(FEWEST, min(MOST, RUN_NS / space.measure(flows, FEWEST))))

    def measure(self, case, heat):
        flows = os.path.join(self.work, "flows")
        self.set.write_flows(case, flows, HEATS[heat])
        self.set.before(self.spaces, case, HEATS[heat])
        if heat == "hot":
            self.counts = {s.kind: self.packets(s, flows) for s in self.spaces}
        got = {k: [] for k in KINDS}
        for i in range(self.args.runs):
            for s in self.spaces:
                progress(f"{self.label}: {case} {heat}, run {i + 1} of {self.args.runs}, {s.kind}")
                got[s.kind].append(s.measure(flows, self.counts[s.kind]))
        self.set.after(self.spaces, case, {k: n * self.args.runs for k, n in self.counts.items()})
        self.line(f"{case} {heat}", got)

    def line(self, case, got):
        """Differences within a round: what slows the machine for a while slows all of it."""
        none = got.pop("none")
        base = statistics.median(none)
        added = {k: statistics.median([ns - n for ns, n in zip(v, none)]) for k, v in got.items() if v}
        ratio = "-"
        if added.get("legacy", 0) > 0 and added["bpfilter"] > 0:
            ratio = f"{added['legacy'] / added['bpfilter']:.1f}"
        cells = [f"{added[k]:.0f}" if k in added else "-" for k in KINDS[1:]]
        self.table.row([self.set.name, str(len(self.set.rules)), case, f"{base:.0f}", *cells, ratio])
        if self.set.name == "hosts":
            self.figures.add(len(self.set.rules), case, added)

    def run(self):
        try:
            self.load()
            for case in self.set.cases:
                for heat in HEATS:
                    self.measure(case, heat)
        finally:
            self.set.close()
            for s in self.spaces:
                s.remove()


def sizes(name, args):
    if name == "server":
        return SIZES[name]
    return args.rules or SIZES[name] + (MORE.get(name, []) if args.full else [])


def parse():
    p = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    p.add_argument("build")
    p.add_argument("--csv", action="store_true")
    p.add_argument("--full", action="store_true")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--sets", default=",".join(SIZES), type=lambda t: t.split(","))
    p.add_argument("--rules", default=[], type=numbers)
    args = p.parse_args()
    for name in args.sets:
        if name not in SIZES:
            p.error(f"no set {name}; there are {' '.join(SIZES)}")
    if any(n in STYLES for n in args.sets) and args.rules and min(args.rules) < 1:
        args.rules = [n for n in args.rules if n]
    return args


def main():
    args = parse()
    head = ["set", "rules", "case", "base", "bpfilter", "legacy", "nft", "nft set", "legacy/bpfilter"]
    table, figures = Table(args.csv, head, (10, 8, 18)), Figures()
    with tempfile.TemporaryDirectory() as work:
        for name in args.sets:
            for count in sizes(name, args):
                try:
                    chosen = make_set(name, count)
                except FileNotFoundError as e:
                    note(f"skip {name}: no {e.filename}; CLASSBENCH=DIR says where ClassBench's sets are")
                    break
                Bench(args, work, table, figures, chosen).run()
    figures.table(args.csv)


if __name__ == "__main__":
    sys.exit(finish(main))
