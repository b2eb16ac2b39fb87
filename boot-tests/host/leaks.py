#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: leaks.py stamp
       leaks.py table [--csv] [--accel NAME] DIR SITUATION:FIREWALL:RUN...

stamp: standard input to standard output, each line with the time at which it came.
table: what was answered that the rules deny, by time since power-on; of the boots in DIR/SITUATION.FIREWALL.RUN, each
with flood.json and guest.pcap of boot-tests/host/flood.c and a stamped console.
"""
import argparse
import json
import re
import struct
import sys
import time

SITUATIONS = {
    "static": "networkd configures the interface in the real root",
    "initrd": "the interface is up in the initrd (ip=, and 8 s as for a passphrase), then networkd's",
    "error": "as static, and one line of the IPv4 rules is misspelt",
}
NAMES = {
    "none": "no firewall",
    "ours": "bpfilter",
    "ours-unit": "bpfilter, unit alone",
    "ours-rescue": "bpfilter, rescue.v4",
}
COLUMNS = 100
LABEL = 21
PAUSE = 2  # seconds

# What the console says when a firewall's part is done; systemd shortens long names.
DONE = {
    "netfilter-persistent": r"Finished netfilter",
    "nftables": r"Finished nftables",
    "ours": r"bpfilter: stage [12] in force",
    "ours-unit": r"Finished bpfilter",
    "ours-rescue": r"bpfilter: stage [12] in force",
}
REFUSED = {
    "netfilter-persistent": r"rules failed test load",
    "nftables": r"Failed to start nftables",
    "ours": r"bpfilter: .*rules\.v4:\d+:",
    "ours-rescue": r"bpfilter: .*rules\.v4:\d+:",
}
SHUTDOWN = r"guest: result: ok"
ROOT = r"Welcome to "
OFF = r"reboot: Power down"


def stamp():
    for line in sys.stdin.buffer:
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", line.decode(errors="replace"))
        sys.stdout.write(f"{time.time():.3f} {text}")
        sys.stdout.flush()


def arp_replies(path):
    """The times at which the guest answered a question for its address: then its interface was up."""
    with open(path, "rb") as file:
        data = file.read()
    times, first, at = [], None, 24
    while at + 16 <= len(data):
        seconds, micro, length = struct.unpack_from("<III", data, at)
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        when = seconds + micro / 1e6
        if first is None:
            first = when
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2":
            times.append(when)
    return first, times


class Boot:
    """What was sent and answered in one boot, in bins; and moments, in seconds since power-on."""

    def __init__(self, base, name):
        self.situation, self.firewall, self.run = name.split(":")
        path = f"{base}/{self.situation}.{self.firewall}.{self.run}"
        with open(f"{path}/flood.json", encoding="ascii") as file:
            flood = json.load(file)
        first, replies = arp_replies(f"{path}/guest.pcap")
        if first is None:
            sys.exit(f"leaks.py: the guest sent nothing: {path}")
        self.width = flood["bin"]
        power_on = first - flood["up"]
        self.bins = len(flood["classes"][0]["sent_in"])
        self.up = [0] * self.bins
        for when in replies:
            self.up[min(int((when - power_on) / self.width), self.bins - 1)] += 1
        self.sent, self.answered, self.first = {}, {}, None
        for kind in ("allow", "deny"):
            of_kind = [c for c in flood["classes"] if c["expected"] == kind]
            self.sent[kind] = [sum(bins) for bins in zip(*(c["sent_in"] for c in of_kind))]
            self.answered[kind] = [sum(bins) for bins in zip(*(c["answered_in"] for c in of_kind))]
        firsts = [c["first"] for c in flood["classes"] if c["expected"] == "deny" and c["answered"]]
        self.first = min(firsts, default=None)
        with open(f"{path}/console", encoding="utf-8", errors="replace") as file:
            self.console = [(float(line.split(" ", 1)[0]) - power_on, line) for line in file]
        done, refused = self.moment(DONE.get(self.firewall)), self.moment(REFUSED.get(self.firewall))
        if done and refused:
            refused = min(done, refused)  # the journal of a unit that did not fail comes to the console at the end
        self.moments = {
            "!": refused,
            "F": done,
            "R": self.moment(ROOT),
            "S": self.moment(SHUTDOWN),
            "O": self.moment(OFF),
        }

    def moment(self, pattern):
        for when, line in self.console:
            if pattern and re.search(pattern, line):
                return when
        return None

    def sent_up(self):
        return sum(sent for sent, up in zip(self.sent["deny"], self.up) if up)

    def last(self):
        """The end of the last bin with an answer."""
        bins = [i for i, n in enumerate(self.answered["deny"]) if n]
        return (bins[-1] + 1) * self.width if bins else None

    def longest(self):
        """Bins in which nothing at all was answered are pauses of QEMU, if they are few."""
        best, begin, end = 0, None, 0
        for i, n in enumerate(self.answered["deny"]):
            if n:
                begin = i if begin is None else begin
                end = i + 1
                best = max(best, end - begin)
            elif self.up[i] or (i - end) * self.width > PAUSE:
                begin = None
        return best * self.width

    def seconds_up(self):
        return sum(1 for n in self.up if n) * self.width

    def seconds_open(self):
        return sum(1 for n in self.answered["deny"] if n) * self.width

    def name(self):
        name = NAMES.get(self.firewall, self.firewall)
        return name if self.run == "1" else f"{name} {self.run}"


def seconds(value):
    return "-" if value is None else f"{value:.1f}"


ROW = "{:<21}{:>8}{:>6}{:>9}{:>10}{:>7}{:>7}{:>7}{:>9}{:>16}"


def table(boots):
    print(ROW.format("", "done", "up", "denied", "answered", "first", "last", "open", "longest", "allowed ones"))
    print(ROW.format("", "s", "s", "sent up", "", "s", "s", "s", "s", "answered"))
    for boot in boots:
        force = seconds(boot.moments["F"]) + (" !" if boot.moments["!"] is not None else "")
        print(ROW.format(boot.name(), force, seconds(boot.seconds_up()), boot.sent_up(), sum(boot.answered["deny"]),
                         seconds(boot.first), seconds(boot.last()), seconds(boot.seconds_open()),
                         seconds(boot.longest()), sum(boot.answered["allow"])))


def plot_line(boot, per, chars):
    line = ""
    for i in range(0, boot.bins, per):
        here = range(i, min(i + per, boot.bins))
        if any(boot.answered["deny"][j] for j in here):
            line += "#"
        elif any(boot.up[j] for j in here):
            line += "-"
        else:
            line += "."
    return line[:chars]


def plot_marks(boot, width):
    marks = {}
    for letter, when in boot.moments.items():
        if when is not None:
            marks.setdefault(int(when / width), letter)
    return "".join(marks.get(i, " ") for i in range(max(marks) + 1)) if marks else ""


def plot(boots):
    longest = max(boot.bins * boot.width for boot in boots)
    per = 1
    while longest / (boots[0].width * per) > COLUMNS - LABEL:
        per += 1
    width = boots[0].width * per
    print(f"\na character is {width:g} s")
    chars = int(longest / width) + 1
    axis = ""
    for i in range(0, chars, 10):
        axis += f"{i * width:<10g}"
    print(" " * LABEL + axis.rstrip()[:COLUMNS - LABEL])
    for boot in boots:
        print(f"{boot.name():<{LABEL}}{plot_line(boot, per, chars)}")
        print((" " * LABEL + plot_marks(boot, width)).rstrip())


def csv(boots):
    print("situation,firewall,run,done_s,refused_s,up_s,denied_sent_up,denied_answered,first_s,last_s,open_s,"
          "longest_s,allowed_answered,real_root_s,shutdown_s,off_s")
    for boot in boots:
        numbers = [boot.moments["F"], boot.moments["!"], boot.seconds_up(), boot.sent_up(), sum(boot.answered["deny"]),
                   boot.first, boot.last(), boot.seconds_open(), boot.longest(), sum(boot.answered["allow"])]
        numbers += [boot.moments[letter] for letter in "RSO"]
        print(",".join([boot.situation, boot.firewall, boot.run] +
                       ["" if n is None else f"{n:.3f}".rstrip("0").rstrip(".") for n in numbers]))
    print("\nsituation,firewall,run,since_s,arp_replies,denied_sent,denied_answered,allowed_sent,allowed_answered")
    for boot in boots:
        for i in range(boot.bins):
            print(boot.situation, boot.firewall, boot.run, i * boot.width, boot.up[i], boot.sent["deny"][i],
                  boot.answered["deny"][i], boot.sent["allow"][i], boot.answered["allow"][i], sep=",")


LEGEND = """
done     the firewall says so; bpfilter in the initrd: its default deny is in force; ! rules refused
up       seconds in which the interface answered ARP, the address of IPv4
open     seconds in which denied probes were answered; longest: at a stretch, with pauses of QEMU
plot     . no interface up   - none of the denied probes answered   # some of them answered
below    F done   ! done, and rules refused   R systemd of the real root   S shutdown begins   O off"""


def main():
    parser = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    parser.add_argument("what", choices=("stamp", "table"))
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--accel", default="unknown")
    parser.add_argument("dir", nargs="?")
    parser.add_argument("boots", nargs="*")
    args = parser.parse_intermixed_args()
    if args.what == "stamp":
        stamp()
        return
    boots = [Boot(args.dir, name) for name in args.boots]
    if args.csv:
        csv(boots)
        return
    print(f"Debian 12 in QEMU ({args.accel}), a flood of probes from power-on to power-off; seconds since power-on")
    if args.accel != "kvm":
        print("Without KVM, and with whatever else the machine did: times are many times those of a real machine.")
    print(LEGEND)
    for situation in dict.fromkeys(boot.situation for boot in boots):
        these = [boot for boot in boots if boot.situation == situation]
        print(f"\n=== {situation}: {SITUATIONS[situation]}")
        table(these)
        plot(these)


main()
