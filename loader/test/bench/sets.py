# SPDX-License-Identifier: GPL-2.0-only
"""Rule sets of the benchmarks: as iptables' text, as nft's with sets where those fit, and packets that hit them.

A rule is (src, dst, sports, dports, proto): addresses (number, prefix length), ports (from, to), 0 for any protocol."""
import os
import random
import re

from generate import ANY

CLASSBENCH = re.compile(r"@(\S+)\s+(\S+)\s+(\d+) : (\d+)\s+(\d+) : (\d+)\s+0x(\w+)/0x(\w+)")
HERE = os.path.dirname(os.path.abspath(__file__))
EVERY = (0, 0)
NOWHERE = ((200 << 24, 8), EVERY, ANY, ANY, 17)     # no host or blocklist has it
PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp"}


def dotted(n):
    return f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def network(text):
    address, length = text.split("/")
    n = 0
    for part in address.split("."):
        n = n << 8 | int(part)
    return n & ~((1 << (32 - int(length))) - 1), int(length)


def hosts(count):
    rnd = random.Random(1)
    for _ in range(count):
        length = rnd.choice((32, 32, 24))
        src = rnd.randrange(1 << 24, 100 << 24) & ~((1 << (32 - length)) - 1)
        port = rnd.choice((22, 53, 80, 443, rnd.randrange(1, 65536)))
        yield (src, length), EVERY, ANY, (port, port), rnd.choice((6, 6, 17))


def blocklist(count):
    """Different addresses and networks, none within another."""
    rnd, seen = random.Random(3), set()
    while len(seen) < count:
        block = rnd.randrange(1 << 16, 100 << 16)    # of 256 addresses
        if block not in seen:
            seen.add(block)
            length = rnd.choice((32, 32, 32, 24))
            yield (block << 8 | (rnd.getrandbits(8) if length == 32 else 0), length), EVERY, ANY, ANY, 0


def classbench_folder():
    return os.environ.get("CLASSBENCH") or os.path.normpath(f"{HERE}/../../../../shared/classbench")


def classbench(name, count):
    """At most @count rules of a file, as they are written there; of the large one if the small one has not enough."""
    path = os.path.join(classbench_folder(), f"{name}_{'1k' if count <= 1000 else '10k'}")
    rules = []
    with open(path, encoding="ascii") as f:
        for m in filter(None, map(CLASSBENCH.match, f)):
            proto = int(m.group(7), 16) if int(m.group(8), 16) else 0
            ports = [int(m.group(k)) for k in (3, 4, 5, 6)] if proto in (6, 17) else [*ANY, *ANY]
            rules.append((network(m.group(1)), network(m.group(2)), tuple(ports[:2]), tuple(ports[2:]), proto))
    return rules[:count]


def rule_text(rule):
    src, dst, sports, dports, proto = rule
    out = "-A INPUT"
    for letter, (address, length) in (("s", src), ("d", dst)):
        if length:
            out += f" -{letter} {dotted(address)}/{length}"
    if proto:
        out += f" -p {PROTOCOLS.get(proto, proto)}"
    for name, (low, high) in (("sport", sports), ("dport", dports)):
        if (low, high) != ANY:
            out += f" --{name} {low}:{high}"
    return out


def write_rules(path, rules, target="DROP"):
    """What none of them is for is dropped."""
    with open(path, "w", encoding="ascii") as f:
        f.write("*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n")
        f.writelines(f"{rule_text(r)} -j {target}\n" for r in rules)
        f.write("COMMIT\n")



def write_nft_set(path, rules):
    """The same for nft, by a set of all: of addresses, or of address . protocol . port; both may be intervals."""
    ports = any(r[4] for r in rules)
    kind, key = ("ipv4_addr . inet_proto . inet_service", "ip saddr . meta l4proto . th dport") if ports else \
        ("ipv4_addr", "ip saddr")
    elements = [f"{dotted(r[0][0])}/{r[0][1]}" + (f" . {PROTOCOLS[r[4]]} . {r[3][0]}" if ports else "")
                for r in apart(rules)]
    with open(path, "w", encoding="ascii") as f:
        f.write("flush ruleset\ntable ip t {\n\tset s {\n\t\ttype " + kind + "\n\t\tflags interval\n")
        if elements:
            f.write("\t\telements = { " + ",\n".join(elements) + " }\n")
        f.write("\t}\n\tchain c {\n\t\ttype filter hook input priority 0; policy drop;\n")
        f.write(f"\t\t{key} @s counter drop\n" + "\t}\n}\n")


def apart(rules):
    """Without those that lie within others: elements of an nft set may not overlap."""
    networks = {(r[0][0], r[3], r[4]) for r in rules if r[0][1] == 24}
    seen = set()
    for r in rules:
        inside_of = r[0][1] == 32 and (r[0][0] & ~255, r[3], r[4]) in networks
        if r not in seen and not inside_of:
            seen.add(r)
            yield r


def point(rnd, address, length):
    """An address of the prefix from which a packet can be received."""
    for _ in range(20):
        n = address | rnd.getrandbits(32) & ((1 << (32 - length)) - 1)
        if 1 <= n >> 24 <= 223 and n >> 24 != 127:
            return n
    return rnd.randrange(1 << 24, 100 << 24)


def flow_of(rnd, rule):
    src, dst, sports, dports, proto = rule
    ends = f"{dotted(point(rnd, *src))} {dotted(point(rnd, *dst))}"
    return f"{ends} {rnd.randint(*sports)} {rnd.randint(*dports)} {proto or 6}\n"


def write_flows(path, rules, count):
    """Packets of randomly chosen rules, as flows and program read them."""
    rnd = random.Random(2)
    with open(path, "w", encoding="ascii") as f:
        f.writelines(flow_of(rnd, rnd.choice(rules)) for _ in range(count))


def cases(rules):
    """{name: rules that its packets are of}"""
    tenth = max(1, len(rules) // 10)
    if not rules:
        return {"miss": [NOWHERE]}
    return {"early": rules[:tenth], "late": rules[-tenth:], "miss": [NOWHERE]}
