#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The same random rule files and packets in iptables-legacy and in bpfilter; every counter is compared.

usage: harness.py --binary build/bpfilter [--seed N] [--files N] [--packets N] [--rules N] [--self]
                  [--extension NAME] [--keep DIR]"""

import argparse
import difflib
import os
import random
import sys
import time

import extensions
import packets
import rules
from host import Failed, Legacy, Ours


def tables_of(text):
    return [t for t in ("filter", "raw") if f"*{t}\n" in text]


class Comparison:
    """Two hosts that ought to behave the same."""

    def __init__(self, oracle, tested, count):
        self.oracle, self.tested, self.count = oracle, tested, count
        self.hosts = (oracle, tested)
        self.strict = None
        self.ext = None     # the extension the files are about
        self.live = False   # frames by BPF_PROG_TEST_RUN instead of over the veth pair
        self.judged = 0     # packets at hooks, by the simulator's count
        self.met = 0        # rules that some packet matched, of the last file
        self.saved = []     # its lines in iptables-save -c

    def reset(self):
        for host in self.hosts:
            host.clear()
            host.flush_flows()
            host.settle()
            host.frames = []

    def make(self, seed, family, size=0, ext=None):
        """The rule file and the flows of a seed; @size: of so many rules; @ext: for that extension."""
        r = random.Random(f"{seed} {ext.name}" if ext else seed)
        if ext:
            text, flows = extensions.rule_file(r, ext, family), extensions.flows(r, ext, family, self.count,
                                                                                 seed * self.count)
        else:
            text = rules.large_file(r, family, size) if size else rules.rule_file(r, family)
            flows = packets.flows(r, family, self.count, seed * self.count)
        return text, flows if self.checks_length() or family == rules.V4 else packets.without_overlong(flows)

    def checks_length(self):
        """Does the oracle's kernel refuse extension headers longer than the packet, as new ones and bpfilter do?"""
        if self.strict is None:
            self.reset()
            answer = self.oracle.load(rules.V6, "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp\nCOMMIT\n")
            self.oracle.play([("p0", packets.probe_overlong())], rules.V6)
            self.oracle.settle()
            self.strict = not answer.returncode and "DROP [0:0]" in self.oracle.save(rules.V6, ["filter"])["filter"][1]
            if not self.strict:
                print("note: this kernel reads IPv6 extension headers that are longer than the packet, bpfilter "
                      "does not: such packets are left out")
        return self.strict

    def compare(self, family, text, flows, altered=None):
        """Load, send, compare. Returns lines about what differs; the tested host gets @altered(text)."""
        self.reset()
        for host in self.hosts:
            host.use_live = self.live
            host.pause = self.ext.pause if self.ext else 0
            if self.ext and self.ext.prepare:
                self.ext.prepare(host)
        answers = [self.oracle.load(family, text), self.tested.load(family, altered(text) if altered else text)]
        if any(a.returncode for a in answers):
            if all(a.returncode for a in answers):
                return ["# neither accepts the file; the generator is to blame: " + answers[0].stderr]
            return [f"{h.name}: exit {a.returncode} {a.stderr}" for h, a in zip(self.hosts, answers)]
        for host in self.hosts:
            for flow in flows:
                host.play(flow, family)
            host.settle()
        out = self.differences(family, tables_of(text))
        for host in self.hosts:
            if self.ext and self.ext.finish:
                self.ext.finish(host)
        return out

    def simulated(self, got):
        """The evaluator in user space has to agree with the one in the kernel, which is compared with iptables."""
        tables, out = self.tested.simulated()
        for t in (t for t in tables or {} if tables[t] != got[t]):
            out += difflib.unified_diff(got[t], tables[t], f"bpfilter {t}", f"user space {t}", "", "", 0, "")
        self.judged += self.tested.simulator.packets if tables else 0
        return out

    def shrink(self, family, text, flows):
        """The smallest part of both that still differs, found by leaving out ever smaller pieces."""
        if not (self.ext and self.ext.ordered):
            flows = smallest(flows, lambda part: self.compare(family, text, part))
        lines = text.splitlines()
        movable = [i for i, line in enumerate(lines) if line.startswith("-A")]

        def with_rules(kept):
            rest = [x for i, x in enumerate(lines) if i not in movable or i in kept]
            words = " ".join(x for x in rest if x.startswith("-A")).split()
            return "\n".join(x for x in rest if not x.startswith(":c") or x[1:].split()[0] in words) + "\n"
        kept = smallest(movable, lambda part: self.compare(family, with_rules(part), flows))
        return with_rules(kept), flows

    def differences(self, family, tables):
        out = []
        expected, got = (h.save(family, tables) for h in self.hosts)
        self.saved = [line for t in tables for line in expected[t]]
        self.met = sum(line.startswith("[") and not line.startswith("[0:0]") for t in tables for line in expected[t])
        for t in (t for t in tables if expected[t] != got[t]):
            out += difflib.unified_diff(expected[t], got[t], f"iptables-legacy {t}", f"bpfilter {t}", "", "", 0, "")
        out += self.simulated(got)
        sent, got = (h.sent() for h in self.hosts)
        if sent != got:
            out.append("frames sent differ:")
            out += [f"- {f}" for f in sent if f not in got][:8] + [f"+ {f}" for f in got if f not in sent][:8]
            if len(out) == 1:
                out.append(f"the same kinds, but {len(sent)} and {len(got)} frames")
        return out


def smallest(items, fails, budget=120):
    """A list without what can be left out so that fails(list) stays true."""
    size = len(items)
    while size and budget > 0:
        at = 0
        while at < len(items) and budget > 0:
            less = items[:at] + items[at + size:]
            budget -= 1
            if fails(less):
                items = less
            else:
                at += size
        size //= 2
    return items


def describe(flow):
    return [f"{where} {make.hex() if isinstance(make, bytes) else '(made of the answers)'}" for where, make in flow]


def drop_one_rule(text):
    """For the control: without its first rule, the counters cannot be the same."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.startswith("-A INPUT"):
            return "\n".join(lines[:i] + lines[i + 1:]) + "\n"
    return text.replace(":INPUT ACCEPT", ":INPUT DROP").replace(":OUTPUT ACCEPT", ":OUTPUT DROP")


def parse():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--binary", required=True, help="the bpfilter to test")
    p.add_argument("--simulate", metavar="DIR", help="where simulate and record.bpf.o are (no simulator)")
    p.add_argument("--seed", type=int, default=None, help="of the first file; each next one has the next seed")
    p.add_argument("--files", type=int, default=60, help="rule files a family (60)")
    p.add_argument("--minutes", type=float, default=0, help="as many files as fit into that time")
    p.add_argument("--packets", type=int, default=400, help="flows a file (400); most are one packet")
    p.add_argument("--rules", type=int, default=0, metavar="N",
                   help="rules a file (few to hundreds; with --minutes now and then thousands)")
    p.add_argument("--extension", action="append", default=[], metavar="NAME",
                   help="files about this match only (all: about each in turn); may be repeated")
    p.add_argument("--self", action="store_true", help="iptables-legacy against itself: is the test sound?")
    p.add_argument("--shrink", type=int, default=2, metavar="N", help="make the first N failures small (2)")
    p.add_argument("--quiet", action="store_true", help="no progress on a terminal")
    p.add_argument("--keep", metavar="DIR", help="write files that differ there")
    return p.parse_args()


def keep(directory, name, text):
    if directory:
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
            f.write(text)


def progress(args, done, end):
    if sys.stdout.isatty() and done and not args.quiet:
        left = f"{(end - time.monotonic()) / 60:.0f} minutes left" if args.minutes else f"of {args.files}"
        print(f"\r{done} files a family, {left} ", end="", flush=True)


def size_of(args, seed):
    """Rules of the file of a seed; 0: the random files, which are small."""
    return args.rules or ({3: 10000, 7: 2000}.get(seed % 10, 0) if args.minutes else 0)


def plan(args, first):
    """(seed, extension or None) one after the other."""
    every = extensions.known()
    wanted = [e for e in every if e.name in args.extension or "all" in args.extension]
    missing = set(args.extension) - {e.name for e in every} - {"all"}
    if missing:
        raise Failed(f"no such extension: {', '.join(sorted(missing))}; there are: "
                     f"{' '.join(sorted({e.name for e in every}))}")
    for seed in range(first, first + (10**9 if args.minutes else args.files)):
        if not args.extension:
            yield seed, None
        # A long run is about extensions, too: several files of them for each of the others.
        for i, ext in enumerate(wanted if args.extension else every if args.minutes else []):
            if args.extension or i % 4 == seed % 4:
                yield seed, ext


def compare_one(comparison, args, seed, family, ext):
    """True: no difference."""
    size = 0 if ext else size_of(args, seed)
    text, flows = comparison.make(seed, family, size, ext)
    comparison.live, comparison.ext = seed % 4 == 3, ext
    out = comparison.compare(family, text, flows)
    again = sum(bool(comparison.compare(family, text, flows)) for _ in range(3)) if out else 0
    if out and again < 2:
        # Connections have timers of a second; a machine that pauses lets them run out in one of the two.
        print(f"note: seed {seed} IPv{family}{' ' + ext.name if ext else ''} differed, and in {again} of three repetitions")
        out = []
    if size:
        print(f"seed {seed} IPv{family}: {text.count('-A ')} rules, packets met {comparison.met} of them", flush=True)
    if ext:
        ext.count(comparison.saved)
    if not out:
        return True
    about = f" extension {ext.name}" if ext else ""
    keep(args.keep, f"{seed}.v{family}{about.replace(' ', '-')}", text)
    print(f"FAIL seed {seed} IPv{family}{about} (again: --seed {seed} --files 1 --packets {args.packets}"
          f"{f' --rules {size}' if size else ''}{f' --extension {ext.name}' if ext else ''})")
    if args.shrink > 0:
        args.shrink -= 1
        text, flows = comparison.shrink(family, text, flows)
        out = comparison.compare(family, text, flows)
        print("\n".join(f"  | {line}" for line in text.splitlines()))
        print("\n".join(f"  > {step}" for flow in flows for step in describe(flow)))
    print("\n".join(f"    {line}" for line in out[:40]), flush=True)
    return False


def compare_files(comparison, args, first):
    passed = failed = 0
    used = {}
    end = time.monotonic() + args.minutes * 60
    for seed, ext in plan(args, first):
        if args.minutes and time.monotonic() > end:
            break
        progress(args, seed - first, end)
        for family in (rules.V4, rules.V6):
            if ext and family not in ext.families:
                continue
            if ext:
                used.setdefault(ext.name, []).append(ext)
            if compare_one(comparison, args, seed, family, ext):
                passed += 1
            else:
                failed += 1
    for name, entries in used.items():
        one = set(entries)
        print(f"extension {name}: {sum(e.files for e in one)} files, {sum(e.rules for e in one)} rules, packets met "
              f"{sum(e.met for e in one)} of them")
    return passed, failed


def control(comparison, first):
    """A test that cannot fail proves nothing: one rule less must show."""
    comparison.ext = None
    for seed in range(first, first + 5):
        if comparison.compare(rules.V4, *comparison.make(seed, rules.V4), drop_one_rule):
            print("ok   control: a rule left out is noticed")
            return 1, 0
    print("FAIL control: a rule left out is not noticed")
    return 0, 1


def main():
    args = parse()
    # Fixed in CI, so that a failure there is one here; --seed 0 is a new one each time.
    first = 20261121 if args.seed is None else args.seed or int(time.time())
    oracle = Legacy("bf-legacy")
    tested = Legacy("bf-again") if args.self else Ours("bf-ours", os.path.abspath(args.binary), args.simulate)
    comparison = Comparison(oracle, tested, args.packets)
    start = time.monotonic()
    print(f"kernel {os.uname().release}, seed {first}, {args.files} files a family, {args.packets} flows a file")
    try:
        oracle.start()
        tested.start()
        time.sleep(3)   # the host's own multicast reports
        passed, failed = compare_files(comparison, args, first)
        if not args.self:
            more = control(comparison, first)
            passed, failed = passed + more[0], failed + more[1]
    except Failed as e:
        print(f"FAIL {e}")
        passed, failed = 0, 1
    finally:
        for host in comparison.hosts:
            host.stop()
    print(f"{tested.lived} frames came as live frames (BPF_PROG_TEST_RUN), the others over the wire")
    if args.simulate:
        print(f"the evaluator in user space has judged {comparison.judged} packets at hooks, too")
    print(f"seed {first}, {passed + failed} files, {(passed + failed) * args.packets} flows, "
          f"{time.monotonic() - start:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
