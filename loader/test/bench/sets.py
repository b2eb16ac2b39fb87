# SPDX-License-Identifier: GPL-2.0-only
"""Rule sets of the benchmarks as (src, dst, sports, dports, proto), as iptables' text, and packets that hit them."""
import os
import random
import re

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
    return out


def write_rules(path, rules, target="DROP"):
    """All others are dropped, too."""
    with open(path, "w") as f:
        f.write("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n")
        f.writelines(f"{rule_text(r)} -j {target}\n" for r in rules)
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


def cases(rules):
    tenth = max(1, len(rules) // 10)
    nothing = ((200 << 24, 8), (0, 0), (0, 65535), (0, 65535), 17)
    if not rules:
        return {"miss": [nothing]}
    return {"early": rules[:tenth], "late": rules[-tenth:], "miss": [nothing]}
