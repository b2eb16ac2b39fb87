# SPDX-License-Identifier: GPL-2.0-only
"""Rule sets of any size in the style of access lists, firewalls and IP chains; the same seed gives the same set.

A style says how often a prefix of which length, a port or a range, a protocol occurs. Overlaps come from the addresses:
most are taken out of a pool of networks, some of which are many times more popular than others, and longer prefixes lie
inside of shorter ones. No two rules are the same."""
import random

ANY, HIGH = (0, 65535), (1024, 65535)
SERVICES = (20, 21, 22, 23, 25, 53, 69, 80, 110, 111, 119, 123, 135, 137, 139, 143, 161, 179, 389, 443, 445, 514, 515,
            587, 636, 993, 995, 1080, 1433, 1521, 1723, 2049, 3128, 3306, 3389, 5060, 5432, 6379, 8080, 8443, 9090)

NARROW = 24


class Style:
    """Each is a {value: weight}; pool: how many networks there are for each thousand rules."""

    def __init__(self, src, dst, sport, dport, proto, pool):
        self.src, self.dst, self.sport, self.dport, self.proto, self.pool = src, dst, sport, dport, proto, pool


STYLES = {
    # Hosts and small networks on both sides, one service each.
    "acl": Style({32: 54, 31: 20, 30: 6, 24: 7, 23: 7, 22: 4, 0: 2},
                 {32: 50, 31: 18, 30: 6, 24: 6, 23: 6, 22: 7, 16: 5, 0: 2},
                 {"any": 1}, {"one": 60, "any": 28, "range": 12}, {6: 87, 0: 8, 1: 3, 17: 2}, 200),
    # One side is often everything, the other one host.
    "fw": Style({0: 42, 1: 18, 32: 14, 31: 9, 30: 4, 28: 4, 22: 4, 2: 3, 16: 2},
                {32: 36, 31: 26, 0: 18, 1: 9, 30: 6, 22: 3, 2: 2},
                {"any": 77, "one": 15, "high": 8}, {"one": 63, "any": 29, "high": 8},
                {6: 57, 17: 34, 47: 4, 1: 4, 0: 1}, 500),
    # Networks of all sizes, often without ports.
    "ipc": Style({32: 18, 24: 15, 23: 14, 25: 9, 31: 8, 0: 8, 22: 6, 1: 5, 26: 5, 16: 6, 17: 4, 8: 2},
                 {32: 26, 24: 13, 31: 12, 25: 10, 23: 8, 0: 6, 26: 6, 16: 9, 1: 4, 27: 4, 8: 2},
                 {"any": 81, "one": 17, "range": 2}, {"any": 55, "one": 36, "high": 6, "range": 3},
                 {17: 38, 0: 33, 6: 27, 1: 1, 47: 1}, 250),
}


def pick(rnd, weights):
    return rnd.choices(list(weights), list(weights.values()))[0]


def make_pool(rnd, count):
    """Addresses, the popular ones first; each fourth new one shares a network with one that is there."""
    pool = []
    for _ in range(count):
        n = rnd.randrange(1 << 24, 224 << 24)
        if pool and rnd.random() < 0.75:
            bits = rnd.choice((4, 8, 8, 12, 16))
            n = pool[rnd.randrange(len(pool))] & ~((1 << bits) - 1) | rnd.getrandbits(bits)
        pool.append(n)
    return pool


def prefix(rnd, lengths, pool):
    length = pick(rnd, lengths)
    address = pool[int(len(pool) * rnd.random() ** 3)] ^ (rnd.getrandbits(2) if length > 30 else 0)
    return address & ~((1 << (32 - length)) - 1) & 0xffffffff, length


def ports(rnd, kinds):
    kind = pick(rnd, kinds)
    if kind == "one":
        port = rnd.choice(SERVICES) if rnd.random() < 0.8 else rnd.randrange(1024, 65536)
        return port, port
    if kind == "range":
        low = rnd.randrange(1, 60000)
        return low, low + rnd.choice((1, 3, 10, 63, 500, 4000))
    return {"any": ANY, "high": HIGH}[kind]


def breadth(rule):
    """How many prefix bits are wanting until it is narrow: 0 for most."""
    return max(0, NARROW - rule[0][1] - rule[1][1])


def generate(name, count, seed=1):
    """A list of @count rules (src, dst, sports, dports, proto) of a style.

    The broad ones come last, as people write them: else they would hide most of the others."""
    style, rnd, rules = STYLES[name], random.Random(f"{name} {seed}"), {}
    sources, targets = (make_pool(rnd, max(64, style.pool * count // 1000)) for _ in range(2))
    while len(rules) < count:
        src, dst, proto = prefix(rnd, style.src, sources), prefix(rnd, style.dst, targets), pick(rnd, style.proto)
        has_ports = proto in (6, 17)
        sport, dport = (ports(rnd, kinds) if has_ports else ANY for kinds in (style.sport, style.dport))
        rule = (src, dst, sport, dport, proto)
        if src[1] + dst[1] == 0 and not has_ports or breadth(rule) > rnd.random() * 1.25 * NARROW:
            continue
        rules[rule] = None      # each once, in order
    return sorted(rules, key=breadth)
