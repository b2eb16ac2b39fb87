# SPDX-License-Identifier: GPL-2.0-only
"""Plays a case on both hosts and tells what differs."""

import collections
import difflib

import frames
import kmsg
from rules import BEHIND, LOCAL, V4, V6

# What is counted: compared, and different.
KINDS = ("frames", "replies", "log lines", "connections", "counters", "NFLOG packets")
SHOWN = 40


# The kernel's log is short, and lines that were overwritten before they could be read make a comparison void.
TRIES = 5


class Comparison:
    """Two hosts that ought to behave the same."""

    def __init__(self, oracle, tested, same):
        self.oracle, self.tested, self.hosts = oracle, tested, (oracle, tested)
        self.same = same        # both are iptables-legacy
        self.compared, self.different = collections.Counter(), collections.Counter()
        self.ambiguous = 0      # cases that differed once
        addresses = LOCAL[V4] + LOCAL[V6] + BEHIND[V4] + BEHIND[V6] + ["10.1.5.1"]
        self.kmsg = kmsg.Kmsg(addresses)
        for host in self.hosts:
            host.kmsg = self.kmsg

    def reset(self):
        for host in self.hosts:
            host.clear()
            host.flush_flows()

    def load(self, case, altered):
        texts = case.text, altered(case.text) if altered else case.text
        answers = [h.load(case.family, t) for h, t in zip(self.hosts, texts)]
        return [f"{h.name}: exit {a.returncode} {a.stderr}" for h, a in zip(self.hosts, answers) if a.returncode]

    def play(self, case, altered=None):
        """(expected, got), or lines that say why there is nothing."""
        self.reset()
        before = [host.set(case.sysctls) for host in self.hosts]
        try:
            complaints = self.load(case, altered)
            if complaints:
                return None, None, complaints
            expected = self.oracle.result(case.family, case.flows, case.tables())
            got = self.tested.result(case.family, case.flows, case.tables(), expected.sizes())
            return expected, got, []
        finally:
            for host, values in zip(self.hosts, before):
                host.set(values)

    def compare(self, case):
        """Lines about what differs, and does so again: others on this machine log and take its time, too."""
        before = self.compared.copy(), self.different.copy()
        out = self.once(case)
        if not out:
            return []
        self.compared, self.different = before
        out = self.once(case)
        if not out:
            self.ambiguous += 1
            print(f"note: {case.name} differed once, and not again", flush=True)
        return out

    def once(self, case, altered=None, count=True):
        """Lines about what differs."""
        for _ in range(TRIES):
            expected, got, out = self.play(case, altered)
            if out:
                return out
            if not expected.lost and not got.lost:
                break
        else:
            return ["/dev/kmsg was not read fast enough"]
        numbers, differ = collections.Counter(), collections.Counter()
        if "net/ipv6/auto_flowlabels" in case.sysctls:
            for result in (expected, got):
                result.frames = [(d, frames.without_label(bytes.fromhex(x)).hex()) for d, x in result.frames]
        for kind, one, two in self.parts(expected, got):
            numbers[kind] += len(one)
            lines = differences(one, two)
            differ[kind] += sum(line.startswith(("-", "+")) for line in lines)
            out += [f"{kind} differ (- iptables-legacy, + tested):", *lines[:SHOWN]] if lines else []
        out += self.facility(got)
        if count:
            self.compared += numbers
            self.different += differ
        return out

    def parts(self, expected, got):
        replies = [[f for f in r.frames if is_reply(f)] for r in (expected, got)]
        rest = [[f for f in r.frames if not is_reply(f)] for r in (expected, got)]
        yield "replies", Frames(replies[0]), Frames(replies[1])
        yield "frames", Frames(rest[0]), Frames(rest[1])
        yield "log lines", expected.lines, got.lines
        yield "connections", expected.flows, got.flows
        for table, lines in expected.counters.items():
            yield "counters", lines, got.counters.get(table, [])
        yield "NFLOG packets", expected.packets, got.packets

    def facility(self, got):
        """Only the kernel's own lines are of facility 0: those of a process are of facility 1, user."""
        wanted = {0} if self.same else {1}
        return [f"log lines of facility {got.facilities}, not {wanted}"] if got.facilities - wanted else []


class Frames(list):
    """Those are told apart by bytes, and shown decoded."""


def is_reply(item):
    return frames.is_reply(bytes.fromhex(item[1]))


def differences(one, two):
    """Lines; none if both have the same elements, in whatever order."""
    left, right = collections.Counter(one), collections.Counter(two)
    if left == right:
        return []
    missing, more = list((left - right).elements()), list((right - left).elements())
    if isinstance(one, Frames):
        return describe_frames(missing, more)
    if all(line.startswith(("*", ":", "[", "COMMIT")) for line in one):
        return [x for x in difflib.unified_diff(one, two, "", "", "", "", 0, "") if x[:3] not in ("---", "+++", "@@ ")]
    return [line for pair in paired([f"- {x}" for x in missing], [f"+ {x}" for x in more]) for line in pair]


def paired(missing, more):
    """Each with the one that is most like it, so that both can be read together."""
    out = []
    for line in missing[:SHOWN]:
        near = max(more, key=lambda m: common(line[2:], m[2:]), default=None)
        if near is not None and common(line[2:], near[2:]) > len(line) // 3:
            more.remove(near)
            out.append((line, near))
        else:
            out.append((line,))
    return out + [(x,) for x in missing[SHOWN:] + more]


def common(a, b):
    """How much two texts have in common, word by word."""
    return sum(len(w) for w in set(a.split()) & set(b.split()))


def quoted_key(frame):
    """What a reply is about: ports or identifiers, whatever stands behind the outer headers."""
    protocol, data = frames.transport(frame)
    return protocol, data[:4] if protocol == frames.TCP else data[8 + 20:][-64:]


def describe_frames(missing, more):
    out, rest = [], [(d, bytes.fromhex(x)) for d, x in more]
    for device, text in missing:
        frame = bytes.fromhex(text)
        out.append(f"- {device} {frames.name(frame)}: {text}")
        for other in rest:
            if other[0] == device and other[1][12:14] == frame[12:14] and quoted_key(other[1]) == quoted_key(frame):
                out.append(f"+ {other[0]} {frames.name(other[1])}: bytes {frames.differing(frame, other[1])}: {other[1].hex()}")
                rest.remove(other)
                break
    return out + [f"+ {d} {frames.name(f)}: {f.hex()}" for d, f in rest]
