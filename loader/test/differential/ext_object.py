# SPDX-License-Identifier: GPL-2.0-only
"""Sockets and their owners, address types and routes, bridge ports, IPsec policies (of packets without any)."""

import contextlib
import ctypes
import os
import re
import socket
import struct
import time
import zlib

import packets
from extensions import Extension
from host import inside, run
from rules import BEHIND, LOCAL, SOURCES, V4, V6, maybe, negate

libc = ctypes.CDLL(None, use_errno=True)

# Who sends what the host sends itself: user, group, supplementary groups of the process that opened the socket.
OWNERS = [(0, 0, []), (1000, 1000, [1000]), (1500, 7, [5, 6, 20]), (33, 33, []), (65534, 65534, [1, 100000]),
          (4294967294, 4294967294, [4294967294]), (1001, 5, list(range(2000, 2300)))]
IDS = sorted({n for user, group, groups in OWNERS for n in (user, group, *groups[:6])} | {2299, 2300, 7, 32})


class Senders:
    """Raw sockets of several owners in the place of the host's one. The packet's bytes decide which is used."""

    def __init__(self, plain, family, owners):
        self.plain, self.sockets = plain, []
        for user, group, groups in owners:
            os.setgroups(groups)
            libc.setfsgid(group)
            libc.setfsuid(user)
            self.sockets.append(socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_RAW))
            libc.setfsuid(0)
            libc.setfsgid(0)
        os.setgroups([])

    def sendto(self, data, where):
        """Where there is no route, nothing is sent."""
        with contextlib.suppress(OSError):
            self.sockets[zlib.crc32(data) % len(self.sockets)].sendto(data, where)

    def close(self):
        for s in (self.plain, *self.sockets):
            s.close()


def several_owners(host, owners=OWNERS):
    with inside(host.name):
        for family, kind in ((V4, socket.AF_INET), (V6, socket.AF_INET6)):
            host.raw[family] = Senders(host.raw[family], kind, owners)


def one_owner(host):
    for family, senders in host.raw.items():
        for s in senders.sockets:
            s.close()
        host.raw[family] = senders.plain


def id_range(r):
    low, high = sorted(max(0, min(n + r.choice([0, 0, -1, 1]), 4294967294)) for n in r.choices(IDS, k=2))
    return r.choice([f"{low}", f"{low}-{high}", f"{high}", f"{low}:{high}", "root"])


def owner(r, _family, _chain):
    words = [f"{negate(r)}--uid-owner {id_range(r)}"] if maybe(r, 50) else []
    if maybe(r, 50):
        words.append(f"{negate(r)}--gid-owner {id_range(r)}" + (" --suppl-groups" if maybe(r, 50) else ""))
    if maybe(r, 20) or not words:
        words.append(f"{negate(r)}--socket-exists")
    return "-m owner " + " ".join(words)


def cgroup(r, _family, _chain):
    return f"-m cgroup {negate(r)}--cgroup {r.choice([0, 0, 1, 1048577, 4294967295])}"


def own_flow(r, family, port, ident):
    """What the host sends itself, and what makes it answer."""
    src = r.choice(LOCAL[family])
    dst = r.choice(SOURCES[family] + BEHIND[family] + LOCAL[family])
    data = packets.udp(family, src, dst, port, r.choice([9, 53, 4000]))
    steps = [("out", packets.ip(family, src, dst, packets.UDP, data, ident))]
    if maybe(r, 40):
        peer = r.choice(SOURCES[family])
        syn = packets.tcp(family, peer, src, port, r.choice([22, 80, 81]), packets.SYN)
        steps.append(("p0", packets.frame("p0", family, packets.ip(family, peer, src, packets.TCP, syn, ident))))
    return steps


TYPES = {V4: ["UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE",
              "PROHIBIT", "THROW", "NAT", "XRESOLVE"],
         V6: ["LOCAL", "LOCAL", "UNSPEC", "UNICAST", "MULTICAST"]}
# Reached from user chains that INPUT, FORWARD and OUTPUT jump to, a limit would be illegal.
LIMITS = {"INPUT": ["--limit-iface-in"], "OUTPUT": ["--limit-iface-out"],
          "FORWARD": ["--limit-iface-in", "--limit-iface-out"]}
# No neighbour may have to be looked for: what comes of that would come at another time on the other host.
ROUTES = """
    addr add 10.3.0.1/24 brd + dev v0 noprefixroute
    addr add 10.4.0.129/25 brd + dev v1 noprefixroute
    addr add 172.16.5.5/31 dev v1 noprefixroute
    neigh add 198.51.100.77 lladdr 02:00:00:00:02:02 dev v1 nud permanent
    route add local 192.0.2.128/26 dev lo table local
    route add broadcast 192.0.2.130 dev v0 table local
    route add anycast 198.51.100.77 dev v1 table local
    route add blackhole 203.0.113.0/25 table local
    route add unreachable 203.0.113.128/25
    route add prohibit 10.1.7.0/24 metric 3
    route add throw 10.2.9.0/24 table local
    route add local 10.2.9.200 dev v1
    route add local 10.1.64.0/18 dev v0 table local
    route add 10.1.65.0/24 via 10.2.0.254 dev v1 table local
    addr add fd03::1/128 dev v0 nodad
    addr add fd02::5/128 dev v1 nodad
    addr add fe80::1/64 dev v0 nodad noprefixroute
    addr add fe80::2/64 dev v1 nodad noprefixroute
    addr add fe80::1/64 dev v1 nodad noprefixroute
    route add local 2001:db8::8000:0/112 dev lo
    route add local fd01:0:0:7::/64 dev v0 table main
    route add fd01:0:0:7::8/125 via fd02::fe dev v1
    route add unreachable fd04::/32
    route add local fd04::/32 dev lo table main metric 7
    route add local fd04:1::/48 dev lo table main metric 2000
    route add prohibit fd04:1::/48 metric 1000
    route add throw fd05::/48 table local
    route add local fd05::/32 dev lo table local
    route add local fd05::7:0/120 dev v1 table main
    route add anycast fd05:0:8::7 dev v0 table local
    route add blackhole fd05:0:9::/48 table local
    route add unreachable 2001:db8:ffff::/48
    route add local 2001:db8:ffff::/64 dev v1 table main
    route add fd06::/64 via fd02::fe dev v1 metric 5
    route append local fd06::/64 dev lo table main metric 9
    route add local fd06::/48 dev lo table main
    route add multicast ff0e::/16 dev v1 table local
    route add local ff0e::7 dev lo table local
"""
ODD4 = ["0.0.0.0", "0.0.0.1", "255.255.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "127.0.0.1", "127.255.255.255",
        "10.3.0.0", "10.3.0.1", "10.3.0.77", "10.3.0.255", "10.4.0.127", "10.4.0.128", "10.4.0.129", "10.4.0.255",
        "172.16.5.4", "172.16.5.5", "192.0.2.128", "192.0.2.130", "192.0.2.192", "198.51.100.77", "198.51.100.78",
        "203.0.113.1", "203.0.113.200", "10.1.7.1", "10.2.9.200", "10.2.9.201", "10.1.63.255", "10.1.64.1", "10.1.65.1"]
ODD6 = ["::", "::1", "::2", "::ffff:10.1.0.1", "ff02::1", "ff0e::7", "fe80::1", "fe80::2", "fe80::3", "fec0::1", "fc00::1",
        "2000::", "ff00::", "fd03::1", "fd03::2", "fd01:0:0:7::7", "fd01:0:0:7::9", "fd04::1", "fd04:1::1", "fd04:0:1::",
        "fd05::1", "fd05:1::1", "fd05::7:1", "fd05::7:101", "fd05:0:8::7", "fd05:0:8::8", "fd05:0:9::1", "fd06::1",
        "fd06:0:0:1::", "2001:db8:ffff:1::1", "2001:db8::7fff:ffff", "2001:db8::8001:0"]


def addrtype(r, family, chain):
    words = []
    for option in ("--src-type", "--dst-type"):
        if maybe(r, 60):
            words.append(f"{negate(r)}{option} {','.join(r.sample(TYPES[family], r.choice([1, 1, 1, 2, 3])))}")
    words = words or ["--dst-type " + r.choice(TYPES[family])]
    if chain in LIMITS and maybe(r, 25):
        words.append(r.choice(LIMITS[chain]))
    return "-m addrtype " + " ".join(words)


def odd_flow(r, family, port, ident):
    """From and to addresses of all types, spoofed ones too. A reset is never answered."""
    pool = (ODD4 if family == V4 else ODD6) + LOCAL[family] + SOURCES[family] + BEHIND[family]
    steps = []
    for i in range(4):
        src, dst = r.choice(pool), r.choice(pool)
        data = packets.tcp(family, src, dst, port, 9, packets.RST)
        packet = packets.ip(family, src, dst, packets.TCP, data, ident + i & 0xffff)
        where = r.choice(["p0", "p1", "out"])
        steps.append((where, packet if where == "out" else packets.frame(where, family, packet)))
    return steps


def change_routes(host, lines):
    """The groups of the addresses are reported; that has to be over before the rules count."""
    with inside(host.name):
        for device in ("v0", "v1"):
            for version in (1, 2):
                path = f"/proc/sys/net/ipv6/conf/{device}/mldv{version}_unsolicited_report_interval"
                with open(path, "w", encoding="ascii") as f:
                    f.write("1")
        run("ip", "-force", "-batch", "-", stdin=lines, check=False)
    time.sleep(2)
    host.receive()
    host.frames = []


def more_routes(host):
    several_owners(host, OWNERS[:1])
    change_routes(host, ROUTES)


def less_routes(host):
    """In the opposite order, and everything deleted."""
    undo = [re.sub(" add | append ", " del ", line, count=1).replace(" brd +", "")
            for line in reversed(ROUTES.split("\n")) if line]
    change_routes(host, "\n".join(undo))
    one_owner(host)


def policy(r, direction):
    """There is no IPsec in the tested hosts: packets have no policy."""
    words = f"-m policy --dir {direction}"
    if maybe(r, 50):
        return words + " --pol none"
    words += r.choice(["", " --pol ipsec"])
    if maybe(r, 30):
        words += f" {negate(r)}--reqid 1"
    if maybe(r, 30):
        words += f" --mode {r.choice(['tunnel', 'transport'])}"
    return words


DEVICES = ["v0", "v1", "v+", "v", "w+", "br0", "lo", "+"]


def physdev(r, _family, chain):
    options = ["--physdev-in", "--physdev-is-in", "--physdev-is-bridged"]
    if chain in ("INPUT", "FORWARD"):
        options += ["--physdev-out", "--physdev-is-out"]
    words = r.sample(options, r.choice([1, 1, 2, 3]))
    return "-m physdev " + " ".join(f"{negate(r)}{o}" + ("" if "is" in o else " " + r.choice(DEVICES)) for o in words)


def bridge_flow(r, family, port, ident):
    """For the host itself, through its bridge to the other port, or routed."""
    where = r.choice(["p0", "p1"])
    other = "p1" if where == "p0" else "p0"
    src, dst = r.choice(SOURCES[family]), r.choice(LOCAL[family] + BEHIND[family])
    packet = packets.ip(family, src, dst, packets.UDP, packets.udp(family, src, dst, port, r.choice([9, 53])), ident)
    target = r.choice([packets.MAC_HOST[where], packets.MAC_PEER[other]])
    head = target + packets.MAC_PEER[where] + struct.pack("!H", packets.ETHERTYPE[family])
    steps = [(where, head + packet)]
    if maybe(r, 30):
        dst = r.choice(SOURCES[family] + BEHIND[family])
        src = LOCAL[family][0]
        data = packets.udp(family, src, dst, port, 9)
        steps.append(("out", packets.ip(family, src, dst, packets.UDP, data, ident)))
    return steps


def bridged(host):
    """The bridge reports the groups it joins; that has to be over before the rules count."""
    with inside(host.name):
        run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        for name, value in (("ipv6/conf/br0/forwarding", "0"), ("ipv6/conf/br0/mldv1_unsolicited_report_interval", "1"),
                            ("ipv6/conf/br0/mldv2_unsolicited_report_interval", "1"),
                            ("bridge/bridge-nf-call-iptables", "1"), ("bridge/bridge-nf-call-ip6tables", "1")):
            with open("/proc/sys/net/" + name, "w", encoding="ascii") as f:
                f.write(value)
        run("ip", "-batch", "-", stdin="""
            link set br0 addrgenmode none
            link set v0 master br0
            link set v1 master br0
            link set br0 up
        """)
    time.sleep(2)
    host.receive()
    host.frames = []


def unbridged(host):
    with inside(host.name):
        run("ip", "-batch", "-", stdin="link set v0 nomaster\nlink set v1 nomaster\nlink del br0\n")


EXTENSIONS = [
    Extension("owner", owner, own_flow, chains=["OUTPUT"], prepare=several_owners, finish=one_owner),
    Extension("cgroup", cgroup, own_flow, chains=["INPUT", "OUTPUT"]),
    Extension("addrtype", addrtype, odd_flow, prepare=more_routes, finish=less_routes),
    Extension("policy", lambda r, _family, _chain: policy(r, "in"), chains=["INPUT", "FORWARD"]),
    Extension("policy", lambda r, _family, _chain: policy(r, "out"), chains=["FORWARD", "OUTPUT"]),
    Extension("physdev", physdev, bridge_flow, prepare=bridged, finish=unbridged),
]
