# SPDX-License-Identifier: GPL-2.0-only
"""-m set: random sets of every type; the oracle's are in its kernel, bpfilter gets them as a FILE."""

import os
import random
import shutil
import sys

from extensions import Extension
from host import inside, run
from rules import BEHIND, LOCAL, PORTS, SOURCES, V4, V6, maybe, negate

FAMILY = {V4: "inet", V6: "inet6"}
HOSTS = {f: LOCAL[f] + SOURCES[f] + BEHIND[f] for f in (V4, V6)}
NETS = {
    V4: ["10.1.0.0/16", "10.2.0.0/24", "192.0.2.0/25", "192.0.2.128/25", "10.0.0.0/8", "198.51.100.77/31", "0.0.0.0/1",
         "128.0.0.0/1", "203.0.113.0/24", "203.0.113.255/32", "10.1.7.9/30", "10.1.0.2-10.1.7.9", "192.0.2.1-198.51.101.2",
         "10.2.0.6-10.2.0.5", "127.0.0.0/8", "224.0.0.0/3"],
    V6: ["fd01::/64", "fd02::/16", "2001:db8::/32", "2001:db8::8000:0/112", "::/1", "fd00::/8", "::1/128", "8000::/1",
         "fd01::2/127", "2001:db8:ffff::1/47", "ff00::/8"],
}
RANGES4 = ["10.1.0.0/28", "192.0.2.128-192.0.2.140", "203.0.113.254/31", "10.2.0.6-10.2.0.5", "198.51.100.64/26"]
ICMP = {V4: ["icmp:8/0", "icmp:3/3", "icmp:echo-reply", "icmp:13/0", "icmp:255/0"],
        V6: ["icmpv6:128/0", "icmpv6:1/4", "ipv6-icmp:neighbour-solicitation", "icmpv6:200/0", "icmpv6:129/0"]}
PORTLESS = ["gre:0", "esp:0", "33:0", "255:0", "41:0", "50:0"]
SETS = 10       # of each type and family


def port(r, family):
    kind = r.choice(["number", "number", "proto", "proto", "range", "icmp", "portless"])
    if kind == "icmp":
        return r.choice(ICMP[family])
    if kind == "portless":
        return r.choice(PORTLESS)
    number = r.choice(PORTS)
    last = min(65535, number + r.randint(1, 20))
    text = f"{number}-{last}" if kind == "range" else str(number)
    return text if kind == "number" else f"{r.choice(['tcp', 'udp', 'sctp', 'udplite'])}:{text}"


def address(r, family, kind):
    if "net" in kind:
        return r.choice(NETS[family] if maybe(r, 75) else HOSTS[family])
    return r.choice(RANGES4) if family == V4 and maybe(r, 20) else r.choice(HOSTS[family])


def entry(r, family, kind):
    if kind == "bitmap:port":
        number = r.choice(PORTS)
        return f"{number}-{min(65535, number + r.randint(1, 9))}" if maybe(r, 30) else str(number)
    words = address(r, family, kind)
    if "port" in kind:
        words += "," + port(r, family)
    return words + (" nomatch" if "net" in kind and maybe(r, 35) else "")


def noise(r, family, kind):
    """An entry that no packet meets, so that trees have more than one node."""
    if kind == "bitmap:port":
        return str(r.randint(2000, 30000))
    text = f"100.{r.randint(64, 127)}.{r.randint(0, 255)}.{r.randint(0, 255)}" if family == V4 else \
        f"2001:db8:{r.randint(1, 65535):x}::{r.randint(1, 65535):x}"
    return text + (f",tcp:{r.randint(1, 65535)}" if "port" in kind else "")


def make_set(r, family, kind, name):
    options = "range 0-65535" if kind == "bitmap:port" else f"family {FAMILY[family]} maxelem 1000000"
    if kind in ("hash:ip", "hash:ip,port") and maybe(r, 25):
        options += f" netmask {r.choice([24, 28, 31] if family == V4 else [64, 112, 127])}"
    lines = [f"create {name} {kind} {options}"]
    lines += [f"add {name} {entry(r, family, kind)} -exist" for _ in range(r.choice([0, 1, 3, 8, 20]))]
    lines += [f"add {name} {noise(r, family, kind)} -exist" for _ in range(r.choice([0, 0, 20, 200, 3000]))]
    return lines


def make_sets():
    """The text, and the names of each family."""
    r, lines, names = random.Random(20261121), [], {V4: [], V6: []}
    for kind in ("hash:ip", "hash:net", "hash:ip,port", "hash:net,port", "bitmap:port"):
        for i in range(SETS):
            for family in (V4, V6):
                name = f"{kind.replace('hash:', '').replace(':', '-').replace(',', '-')}-{family}-{i}"
                lines += make_set(r, family, kind, name)
                names[family].append(name)
    single = {f: list(names[f]) for f in names}
    for i in range(SETS):
        # A list may have sets of both families.
        members = r.sample(single[V4] + single[V6], r.randint(0, 6))
        lines.append(f"create list-{i} list:set")
        lines += [f"add list-{i} {m}" for m in members]
        names[V4].append(f"list-{i}")
        names[V6].append(f"list-{i}")
    return "\n".join(lines) + "\n", names


TEXT, NAMES = make_sets()


def match(r, family, _chain):
    name = r.choice(NAMES[family])
    two = "port" in name and "bitmap" not in name or "list" in name
    count = r.choice([1, 2, 2, 3] if maybe(r, 10) else [2] if two else [1])
    words = ["-m set", f"{negate(r)}--match-set {name} {','.join(r.choice(['src', 'dst']) for _ in range(count))}"]
    if maybe(r, 15):
        words.append("--return-nomatch")
    if maybe(r, 5):
        words.append("! --update-counters")
    if maybe(r, 5):
        words.append(f"{r.choice(['--packets-gt', '--bytes-lt', '! --packets-eq'])} {r.randint(0, 9)}")
    return " ".join(words)


def set_file(host):
    return f"/tmp/{host.name}.ipset"


def prepare(host):
    if not hasattr(host, "binary"):
        with inside(host.name):
            run("ipset", "-exist", "restore", stdin=TEXT)
        return
    with open(set_file(host), "w", encoding="ascii") as f:
        f.write(TEXT)
    host.more = [set_file(host)]


def finish(host):
    if hasattr(host, "binary"):
        host.more = []
        os.unlink(set_file(host))
        return
    host.clear()
    with inside(host.name):
        run("ipset", "flush")       # lists hold their sets
        run("ipset", "destroy")


if shutil.which("ipset"):
    EXTENSIONS = [Extension("set", match, prepare=prepare, finish=finish)]
else:
    print("note: ipset is not installed, so -m set is not compared", file=sys.stderr)
    EXTENSIONS = []
