#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: program.py BUILD [--beside BUILD]... [--csv] [--runs N] [--flows N] [--rules N,...]

Nanoseconds of one run of the program at INPUT, by BPF_PROG_TEST_RUN, with an empty program beside it that accepts at
once; all interleaved. The packets lie in the cache, and the same one comes again and again: nothing but the program is
measured. Of RUNS rounds for each packet the fastest counts, so that a busy machine does little harm; shown is the mean
of the packets. Then what the verifier and the JIT make of the program.

  --beside  the program of another build too: BUILD/bpfilter
  --runs    rounds for each packet (9)
  --flows   packets for each row (32)
  --rules   how many rules (0 1 5 10 20 100 1000 10000)
Cases: early and late hit rules of the first and last tenth, miss hits none. Rules with connection tracking are not
here: the packet of a test run has no entry there, see scripts/bench packets.
"""
import argparse
import glob
import os
import socket
import statistics
import sys
import tempfile
import time

from common import Failed, Table, command, finish, inside, numbers, progress
from sets import cases, hosts, write_flows, write_rules
from space import Space

REPEAT = 2000
SO_NETNS_COOKIE = 71


def pin_of(space):
    """Where the program of table filter is that is in force in the namespace."""
    with inside(space.name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        cookie = int.from_bytes(s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8), "little")
    for top in ("/sys/fs/bpf", "/run/bpfilter/bpf"):
        found = glob.glob(f"{top}/bpfilter/{cookie}/v*/*/bf_filter")
        if found:
            return found[0]
    raise Failed(f"{space.name}: no pin of a program in force")


def tool(build, *words):
    out = command(f"{build}/host/program", *map(str, words))
    return [[float(n) for n in line.split()] for line in out.splitlines()]


def check(case, accepted, flows, space):
    wanted = 0 if case == "miss" else flows
    if accepted != wanted:
        raise Failed(f"{space.name} accepted {accepted:.0f} of {flows} packets ({case}), not {wanted}")


def costs(args, spaces, work):
    names = [s.label for s in spaces]
    table = Table(args.csv, ["rules", "case", "empty", *names, *(f"{n} adds" for n in names)])
    rules_file, flows_file = os.path.join(work, "rules"), os.path.join(work, "flows")
    for count in args.rules:
        rules = list(hosts(count))
        write_rules(rules_file, rules, "ACCEPT")
        for s in spaces:
            s.load(rules_file)
        pins = [pin_of(s) for s in spaces]
        for case, chosen in cases(rules).items():
            progress(f"{count} rules: {case}")
            write_flows(flows_file, chosen, args.flows)
            empty, *ours = tool(args.build, "run", flows_file, REPEAT, args.runs, *pins)
            for s, got in zip(spaces, ours):
                check(case, got[1], args.flows, s)
            table.row([str(count), case, f"{empty[0]:.1f}", *(f"{o[0]:.1f}" for o in ours),
                       *(f"{o[0] - empty[0]:.1f}" for o in ours)])


def first_load(spaces, path, runs):
    """Milliseconds from nothing in force to these rules in force, medians."""
    got = [[] for _ in spaces]
    for _ in range(runs):
        for s, times in zip(spaces, got):
            s.off()
            start = time.monotonic()
            s.load(path)
            times.append((time.monotonic() - start) * 1000)
    return [statistics.median(t) for t in got]


def verifier(args, spaces, work):
    head = ["build", "instructions verified", "verification ms", "machine code bytes", "first apply ms"]
    table = Table(args.csv, head)
    path, flows = os.path.join(work, "rules"), os.path.join(work, "flows")
    rules = list(hosts(10))
    write_rules(path, rules, "ACCEPT")
    write_flows(flows, rules, 1)
    loads = first_load(spaces, path, args.runs)
    for s, ms in zip(spaces, loads):
        in_force = tool(args.build, "run", flows, 1, 1, pin_of(s))[1]
        one = f"{s.build}/bpf/evaluator0.o"
        verify = "-"
        if os.path.exists(one):     # a build may be nothing but the executable
            verify = f"{tool(args.build, 'load', one, args.runs)[0][1] / 1000:.1f}"
        table.row([s.label, f"{in_force[2]:.0f}", verify, f"{in_force[3]:.0f}", f"{ms:.1f}"])


def main():
    p = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    p.add_argument("build")
    p.add_argument("--beside", action="append", default=[])
    p.add_argument("--csv", action="store_true")
    p.add_argument("--runs", type=int, default=9)
    p.add_argument("--flows", type=int, default=32)
    p.add_argument("--rules", default="0,1,5,10,20,100,1000,10000", type=numbers)
    args = p.parse_args()
    spaces = []
    with tempfile.TemporaryDirectory() as work:
        try:
            for i, build in enumerate([args.build, *args.beside]):
                spaces.append(Space("bpfilter", build, f"beside{i}" if i else "bpfilter"))
            costs(args, spaces, work)
            print()
            verifier(args, spaces, work)
        finally:
            for s in spaces:
                s.remove()


if __name__ == "__main__":
    sys.exit(finish(main))
