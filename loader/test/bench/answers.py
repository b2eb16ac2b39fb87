#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: answers.py BUILD [--csv] [--runs N]

What REJECT and LOG cost and how much of it is done when packets come as fast as this machine can make them: bpfilter and
its companion beside iptables-legacy, whose answers the kernel gives at once. Interleaved, medians.

  answers    ICMP errors sent, or lines in the kernel's log
  a second   of them, until the last one is there
  lost       packets that met the rule and got none, in percent: the ring was full
  ns         of CPU time of the packet's way through the host, for each packet
  CPU        of the companion, nanoseconds for each answer
  RSS        of the companion at its most, KiB; grown: since before the flood
  kernel     memory of maps and programs, KiB, as bpfilter status has it; the ring is 4096 besides
"""
import argparse
import contextlib
import os
import select
import statistics
import sys
import time

from common import Failed, Table, command, finish, inside, note, progress

KINDS = ("bpfilter", "legacy")
PACKETS = {"REJECT": 200000, "LOG": 20000, "REJECT and LOG": 20000}
RULES = {
    "REJECT": "-A INPUT -p udp -m udp --dport 9 -j REJECT\n",
    "LOG": '-A INPUT -p udp -m udp --dport 9 -j LOG --log-prefix "bench " --log-level debug\n-A INPUT -j DROP\n',
    "REJECT and LOG": '-A INPUT -p udp -m udp --dport 9 -j LOG --log-prefix "bench " --log-level debug\n'
                      "-A INPUT -p udp -m udp --dport 9 -j REJECT\n",
}
SET_UP = """
link set lo up
link add e0 type veth peer name e1
link set e0 arp off
link set e1 arp off
link set e0 up
link set e1 up
addr add 10.78.0.2/24 dev e0
neigh add 10.78.0.1 lladdr 02:00:00:00:00:01 dev e0 nud permanent
"""
SYSCTLS = ("net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=1000000000", "net.ipv4.icmp_msgs_burst=1000000000",
           "net.ipv6.conf.all.disable_ipv6=1")
# The whole machine's: lines of namespaces come, and none is rationed.
GLOBAL = {"/proc/sys/net/netfilter/nf_log_all_netns": "1", "/proc/sys/kernel/printk_devkmsg": "on",
          "/proc/sys/kernel/printk": "1 4 1 1"}
QUIET, PATIENCE = 0.1, 20
TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def log_settings():
    before = {}
    try:
        for path, value in GLOBAL.items():
            with open(path, encoding="ascii") as f:
                before[path] = f.read().strip()
            write(path, value)
        yield
    finally:
        for path, value in before.items():
            write(path, value)


def write(path, value):
    with open(path, "w", encoding="ascii") as f:
        f.write(value + "\n")


def lines_logged():
    """The number of the kernel log's last line; they are numbered from the start."""
    fd = os.open("/dev/kmsg", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.lseek(fd, 0, os.SEEK_END)
        os.write(fd, b"<7>bench: a mark\n")
        while True:
            select.select([fd], [], [], 1)
            # BlockingIOError: not written to the end; BrokenPipeError: overwritten already
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                return int(os.read(fd, 8192).split(b",")[1])
    finally:
        os.close(fd)


class Space:
    """A namespace with one of the two in it."""

    def __init__(self, kind, build):
        self.kind, self.build, self.name = kind, build, f"answers-{os.getpid()}-{kind}"
        command("ip", "netns", "add", self.name)
        try:
            self.run("ip", "-batch", "-", stdin=SET_UP)
            for setting in SYSCTLS:
                with contextlib.suppress(Failed):       # older kernels have some of them for the machine alone
                    self.run("sysctl", "-q", setting)
        except Failed:
            self.remove()
            raise

    def run(self, *words, **more):
        with inside(self.name):
            return command(*words, **more)

    def load(self, rules):
        words = (f"{self.build}/bpfilter", "apply", "-4", "-") if self.kind == "bpfilter" else ("iptables-legacy-restore",)
        self.run(*words, stdin=f"*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n{rules}COMMIT\n")

    def status(self):
        return self.run(f"{self.build}/bpfilter", "status", "--json")

    def companion(self):
        """Its process number; 0: none."""
        if self.kind != "bpfilter":
            return 0
        return int(self.status().split('"companion"')[1].split('"pid": ')[1].split(",")[0].split("}")[0])

    def kernel_memory(self):
        if self.kind != "bpfilter":
            return None
        text = self.run(f"{self.build}/bpfilter", "status")
        return int(text.split("kernel memory ")[1].split()[0])

    def sent(self):
        with inside(self.name), open("/proc/thread-self/net/dev", encoding="ascii") as f:
            return next(int(line.split()[10]) for line in f if line.strip().startswith("e0:"))

    def met(self):
        """Packets that rule 1 has counted."""
        words = (f"{self.build}/bpfilter", "save", "-4", "-c") if self.kind == "bpfilter" else ("iptables-legacy-save", "-c")
        return next(int(x[1:x.index(":")]) for x in self.run(*words).splitlines() if "-A INPUT" in x)

    def remove(self):
        if self.kind == "bpfilter":
            with contextlib.suppress(Failed):
                self.run(f"{self.build}/bpfilter", "off", "--yes")
        with contextlib.suppress(Failed):
            command("ip", "netns", "del", self.name)


def memory(pid, field):
    """KiB, of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field))


def cpu(pid):
    """Seconds."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICKS


def flood(space, what, packets):
    """{column: figure} of one run."""
    answers = lines_logged if what == "LOG" else space.sent
    pid, before, met, got = space.companion(), answers(), space.met(), {}
    if pid:
        got["rss"], spent = memory(pid, "VmRSS"), cpu(pid)
    start = time.monotonic()
    got["ns"] = float(space.run(f"{space.build}/host/rate", "e0", "drop", str(packets)))
    last, seen = time.monotonic(), 0
    while time.monotonic() - last < QUIET and time.monotonic() - start < PATIENCE:
        now = answers() - before
        marks = 1 if what == "LOG" else 0       # asking leaves a line
        if now - seen > marks:
            last = time.monotonic()
        seen = now
        if what == "LOG":
            before += 1
            seen -= 1
        time.sleep(0.005)
    met = space.met() - met
    got.update(answers=min(seen, met), rate=min(seen, met) / (last - start), lost=max(met - seen, 0) * 100 / met)
    if pid:
        got["cpu"] = (cpu(pid) - spent) * 1e9 / max(seen, 1)
        got["grown"], got["most"] = memory(pid, "VmRSS") - got["rss"], memory(pid, "VmHWM")
        got["kernel"] = space.kernel_memory()
    return got


def cell(runs, column, digits=0):
    values = [r[column] for r in runs if r.get(column) is not None]
    return f"{statistics.median(values):.{digits}f}" if values else "-"


def measure(args, table, what, rules):
    spaces, got = [], {k: [] for k in KINDS}
    try:
        for kind in KINDS:
            spaces.append(Space(kind, args.build))
            spaces[-1].load(rules)
        for i in range(args.runs):
            for s in spaces:
                progress(f"{what}: run {i + 1} of {args.runs}, {s.kind}")
                got[s.kind].append(flood(s, what, PACKETS[what]))
    finally:
        for s in spaces:
            s.remove()
    for kind in KINDS:
        runs = got[kind]
        table.row([what, kind, cell(runs, "answers"), cell(runs, "rate"), cell(runs, "lost", 1), cell(runs, "ns"), cell(runs, "cpu"),
                   cell(runs, "most"), cell(runs, "grown"), cell(runs, "kernel")])


def parse():
    p = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "))
    p.add_argument("build")
    p.add_argument("--csv", action="store_true")
    p.add_argument("--runs", type=int, default=5)
    return p.parse_args()


def main():
    args = parse()
    table = Table(args.csv, ["what", "by", "answers", "a second", "lost %", "ns", "CPU ns", "RSS", "grown", "kernel"], (16, 10))
    with log_settings():
        for what, rules in RULES.items():
            measure(args, table, what, rules)
    note("one core makes the packets; iptables-legacy answers on it, the companion on any")


if __name__ == "__main__":
    sys.exit(finish(main))
