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
import random
import re
import statistics
import subprocess
import sys
import tempfile

HOT, COLD = 256, 65536
CLASSBENCH = re.compile(r"@(\S+)\s+(\S+)\s+(\d+) : (\d+)\s+(\d+) : (\d+)\s+0x(\w+)/0x(\w+)")


def dotted(n):
    return "%d.%d.%d.%d" % (n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255)


def network(text):
    address, length = text.split("/")
    n = 0
    for part in address.split("."):
        n = n << 8 | int(part)
    length = int(length)
    return n & ~((1 << (32 - length)) - 1), length


def hosts(count):
    """Rules (src, dst, sports, dports, proto), each address (number, prefix length)."""
    rnd = random.Random(1)
    for _ in range(count):
        length = rnd.choice((32, 32, 24))
        src = rnd.randrange(1 << 24, 100 << 24) & ~((1 << (32 - length)) - 1)
        port = rnd.choice((22, 53, 80, 443, rnd.randrange(1, 65536)))
        yield (src, length), (0, 0), (0, 65535), (port, port), rnd.choice((6, 6, 17))


def classbench(name, count):
    folder = os.environ.get("CLASSBENCH", "")
    size = "1k" if count <= 1000 else "10k"
    path = os.path.join(folder, "%s_%s" % (name, size))
    if not folder or not os.path.exists(path):
        return
    with open(path) as f:
        for i, m in enumerate(filter(None, map(CLASSBENCH.match, f))):
            if i == count:
                return
            proto = int(m.group(7), 16) if int(m.group(8), 16) else 0
            ports = [int(m.group(k)) for k in (3, 4, 5, 6)] if proto in (6, 17) else [0, 65535] * 2
            yield network(m.group(1)), network(m.group(2)), tuple(ports[:2]), tuple(ports[2:]), proto


def rule_text(rule):
    src, dst, sports, dports, proto = rule
    out = "-A INPUT"
    for letter, (address, length) in (("s", src), ("d", dst)):
        if length:
            out += " -%s %s/%d" % (letter, dotted(address), length)
    if proto:
        out += " -p %s" % {6: "tcp", 17: "udp", 1: "icmp"}.get(proto, proto)
    for name, (low, high) in (("sport", sports), ("dport", dports)):
        if (low, high) != (0, 65535):
            out += " --%s %d:%d" % (name, low, high)
    return out + " -j DROP"


def write_rules(path, rules):
    with open(path, "w") as f:
        f.write("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n")
        f.writelines(rule_text(r) + "\n" for r in rules)
        f.write("COMMIT\n")


def point(rnd, address, length):
    """An address of the prefix from which a packet can be received."""
    for _ in range(20):
        n = address | rnd.getrandbits(32) & ((1 << (32 - length)) - 1)
        if 1 <= n >> 24 <= 223 and n >> 24 != 127:
            return n
    return None


def write_flows(path, rules, count):
    rnd = random.Random(2)
    with open(path, "w") as f:
        done = 0
        while done < count:
            src, dst, sports, dports, proto = rnd.choice(rules)
            s, d = point(rnd, *src), point(rnd, *dst)
            if s is None or d is None:
                s, d = rnd.randrange(1 << 24, 100 << 24), rnd.randrange(1 << 24, 100 << 24)
            f.write("%s %s %d %d %d\n" % (dotted(s), dotted(d), rnd.randint(*sports), rnd.randint(*dports),
                                          proto if proto in (6, 17) else 6))
            done += 1


class Space:
    """A network namespace with one alternative in it."""

    def __init__(self, name, build, work):
        self.name, self.build, self.work = "bench-%d-%s" % (os.getpid(), name), build, work
        self.kind = name
        for command in ("ip netns add %s", "ip -n %s link add e0 type veth peer name e1",
                        "ip -n %s link set e0 up", "ip -n %s link set e1 up", "ip -n %s link set lo up",
                        "ip -n %s addr add 203.0.113.1/24 dev e0", "ip -n %s route add default dev e0",
                        "ip -n %s route add local 0.0.0.0/0 dev lo",
                        "ip netns exec %s sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.e0.rp_filter=0 "
                        "net.ipv4.conf.all.accept_local=1"):
            subprocess.run((command % self.name).split(), check=True)

    def run(self, *words, **more):
        return subprocess.run(["ip", "netns", "exec", self.name, *words], check=True, text=True,
                              stdout=subprocess.PIPE, **more).stdout

    def load(self, path):
        if self.kind == "bpfilter":
            self.run(self.build + "/bpfilter", "apply", "-4", path, stderr=subprocess.DEVNULL)
        elif self.kind == "none":
            self.run("nft", "add table ip t; add chain ip t c { type filter hook input priority 0; policy drop; }")
        else:
            self.run("iptables-%s-restore" % self.kind, path)

    def measure(self, flows, packets):
        return float(self.run(self.build + "/host/flows", self.build + "/host/flows.bpf.o", "e0", flows,
                              str(packets)))

    def remove(self):
        if self.kind == "bpfilter":
            subprocess.run(["ip", "netns", "exec", self.name, self.build + "/bpfilter", "off", "--yes"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def packets_for(kind, count):
    """Fewer for those whose cost grows with the rules."""
    if kind in ("none", "bpfilter"):
        return 200000
    return max(500, min(200000, 40000000 // max(count, 1)))


def cases(rules):
    tenth = max(1, len(rules) // 10)
    nothing = ((200 << 24, 8), (0, 0), (0, 65535), (0, 65535), 17)
    if not rules:
        return {"miss": [nothing]}
    return {"early": rules[:tenth], "late": rules[-tenth:], "miss": [nothing]}


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.spaces = [Space(k, args.build, work) for k in ("none", "bpfilter", "legacy", "nft")]

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
