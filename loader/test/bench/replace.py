#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: replace.py BUILD [--csv] [--full]

Rules replaced again and again under a flood of numbered packets, every tenth time by so many that a larger program is
needed, then by few again: how many packets are judged by neither the old nor the new rules. denied: packets that all
rules deny, and how many of them came through; allowed: packets that all rules allow, and how many of them got lost. One
after the other, each in a network namespace of its own, the same rules in the same order: bpfilter apply and nft -f
(flush ruleset and the rules, one transaction; what no rule is for is denied by the policy, or by a last rule), both
families at once; iptables-legacy-restore, then ip6tables-. Times are those under the flood, of small rule sets and of
large ones.

  --full   1,000 replacements (200)
"""
import argparse
import os
import random
import statistics
import sys
import tempfile
import time

from common import Failed, Table, command, finish, note, progress

CLOSED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "closed")
sys.path.insert(0, CLOSED)
from wire import Wire, allowed, inside, rules, run  # noqa: E402

FILLERS = 15000     # with so many rules more they need a larger program
EMPTY = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"


class Peer(Wire):
    """Another firewall in place of bpfilter: the commands that put a file in force and that remove all rules."""

    suffix, put, empty = "", (), ""

    def command(self, *words, stdin=None, prefix=()):
        apply = words[0] == "apply"
        path, stdin = (words[1] + self.suffix, stdin) if apply else ("/dev/stdin", self.empty)
        with inside(self.name):
            for tool in self.put:
                done = run(*prefix, *tool, path, stdin=stdin, check=False, timeout=60)
                if done.returncode:
                    break
        return done


class Legacy(Peer):
    put, empty = [["iptables-legacy-restore"], ["ip6tables-legacy-restore"]], EMPTY


class Nft(Peer):
    suffix, put, empty = ".nft", [["nft", "-f"]], "flush ruleset\n"


class NftLast(Peer):
    """The policy of a new chain is in force later than its rules are: a last rule in its place."""

    suffix, put, empty = ".last.nft", Nft.put, Nft.empty


ALTERNATIVES = (("bpfilter apply", Wire), ("iptables-legacy-restore", Legacy), ("nft -f", Nft),
                ("nft -f, last rule drop", NftLast))


def write_for_nft(path):
    text = "flush ruleset\n" + "".join(command(f"{v}tables-restore-translate", "-f", path) for v in ("ip", "ip6"))
    last = "".join(f"add rule {v} filter INPUT drop\n" for v in ("ip", "ip6"))
    for kind, more in ((Nft, ""), (NftLast, last)):
        with open(path + kind.suffix, "w", encoding="ascii") as f:
            f.write(text + more)


def write_all(directory):
    """(small files, large files), each allowing A or B of wire.py, and C."""
    out = ([], [])
    for files, fillers in zip(out, (0, FILLERS)):
        for one in "AB":
            path = os.path.join(directory, f"{one}{fillers}")
            with open(path, "w", encoding="ascii") as f:
                f.write(rules(one + "C", fillers=fillers))
            write_for_nft(path)
            files.append(path)
    return out


class Count:
    """What came in of the flood's packets that all rules allow."""

    def __init__(self, wire):
        self.wire, self.came = wire, 0

    def take(self):
        got = self.wire.drain()
        self.came += sum(len(got.get(f"C{family}", [])) for family in (4, 6))


def replace(wire, files, args, label):
    """Milliseconds of each replacement, how many failed; packets of each kind sent, allowed ones that came."""
    times, failed, r = [], 0, random.Random(1)
    flow = Count(wire)
    wire.start_flood()
    for i in range(args.count):
        progress(f"{label}: {i + 1} of {args.count}")
        path = r.choice(files[i % 10 == 9])
        start = time.monotonic()
        done = wire.command("apply", path)
        times.append((time.monotonic() - start) * 1000)
        flow.take()
        if done.returncode:
            failed += 1
            note(f"{label}: replacement {i + 1} failed: {done.stderr.strip()}")
    sent = wire.stop_flood()
    time.sleep(0.1)
    flow.take()
    return times, failed, sent * 2, flow.came


def begin(wire, label, files):
    """Large rules, small rules: do they judge, and is it another program?"""
    capacities = set()
    for path in (files[1][0], files[0][0]):
        done = wire.command("apply", path)
        if done.returncode or wire.probe() != allowed("A", "C"):
            raise Failed(f"{label}: the first rules are not in force: {done.stderr.strip()}")
        if not isinstance(wire, Peer):
            capacities.add(wire.status()["capacity"])
    if len(capacities) == 1:
        raise Failed(f"{FILLERS} rules are not enough to need a larger program")


def bench(label, kind, files, args, table):
    with kind(args.build + "/bpfilter") as wire:
        begin(wire, label, files)
        times, failed, sent, came = replace(wire, files, args, label)
        holes = wire.holes
        wire.command("off", "--yes")
        if "P4" not in wire.probe():
            raise Failed(f"{label}: without rules the denied packets do not come through either")
    small = [t for i, t in enumerate(times) if i % 10 != 9]
    table.row([label, str(args.count), str(failed), str(sent), str(holes), str(sent), str(sent - came),
               f"{statistics.median(small):.1f}", f"{statistics.median(times[9::10] or [0]):.1f}"])


def main():
    p = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    p.add_argument("build")
    p.add_argument("--csv", action="store_true")
    p.add_argument("--full", action="store_const", dest="count", const=1000, default=200)
    p.add_argument("--count", type=int, help=argparse.SUPPRESS)
    args = p.parse_args()
    head = ["way", "replaced", "failed", "denied", "came through", "allowed", "lost", "small ms", "large ms"]
    table = Table(args.csv, head, (26,))
    with tempfile.TemporaryDirectory() as work:
        files = write_all(work)
        for label, kind in ALTERNATIVES:
            bench(label, kind, files, args, table)


if __name__ == "__main__":
    sys.exit(finish(main))
