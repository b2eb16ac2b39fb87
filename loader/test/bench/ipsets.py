#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: ipsets.py BUILD [--csv] [--runs N] [--flows N] [--entries N,...]

Nanoseconds of one run of the program at INPUT with one rule -m set, by BPF_PROG_TEST_RUN, for sets of each size; an
empty program beside it. Half of the packets are in the set. Many different packets: the set's nodes come from memory,
as far as they do not fit into caches. Then milliseconds from the text of the set to the rule in force.

  --runs     rounds for each packet (5)
  --flows    packets for each row (2000)
  --entries  sizes of the sets (10 100 1000 10000 100000 1000000)
"""
import argparse
import ipaddress
import os
import random
import sys
import tempfile
import time

from common import Table, finish, numbers, progress
from program import pin_of, tool
from space import Space

REPEAT = 20
RULE = "*filter\n:INPUT DROP\n-A INPUT -m set --match-set s src,dst -j ACCEPT\nCOMMIT\n"
KINDS = {"hash:ip": "", "hash:net": "/28", "hash:ip,port": ",udp:53"}


def text_of(number):
    return str(ipaddress.IPv4Address(number))


def write_set(path, kind, addresses):
    with open(path, "w", encoding="ascii") as f:
        f.write(f"create s {kind} maxelem 2000000\n")
        f.writelines(f"add s {text_of(a)}{KINDS[kind]}\n" for a in addresses)


def write_packets(path, rnd, addresses, count):
    with open(path, "w", encoding="ascii") as f:
        for i in range(count):
            source = rnd.choice(addresses) if i % 2 else 0xf0000000 | rnd.getrandbits(28) & ~1
            f.write(f"{text_of(source)} 203.0.113.1 1024 53 17\n")


def main():
    p = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    p.add_argument("build")
    p.add_argument("--csv", action="store_true")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--flows", type=int, default=2000)
    p.add_argument("--entries", default="10,100,1000,10000,100000,1000000", type=numbers)
    args = p.parse_args()
    space = Space("bpfilter", args.build)
    table = Table(args.csv, ["type", "entries", "empty", "ns", "adds", "in the set", "apply ms", "insns verified"], (14,))
    with tempfile.TemporaryDirectory() as work:
        rules, sets, flows = (os.path.join(work, n) for n in ("rules.v4", "s.ipset", "flows"))
        with open(rules, "w", encoding="ascii") as f:
            f.write(RULE)
        try:
            for kind in KINDS:
                for count in args.entries:
                    progress(f"{kind}: {count}")
                    rnd = random.Random(count)
                    addresses = [a << 4 for a in rnd.sample(range(0x100000, 0xe000000), count)]
                    write_set(sets, kind, addresses)
                    write_packets(flows, rnd, addresses, args.flows)
                    start = time.monotonic()
                    space.run(f"{args.build}/bpfilter", "apply", rules, sets)
                    ms = (time.monotonic() - start) * 1000
                    empty, ours = tool(args.build, "run", flows, REPEAT, args.runs, pin_of(space))
                    table.row([kind, str(count), f"{empty[0]:.1f}", f"{ours[0]:.1f}", f"{ours[0] - empty[0]:.1f}",
                               f"{ours[1]:.0f} of {args.flows}", f"{ms:.0f}", f"{ours[2]:.0f}"])
        finally:
            space.remove()


if __name__ == "__main__":
    sys.exit(finish(main))
