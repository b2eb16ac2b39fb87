# SPDX-License-Identifier: GPL-2.0-only
"""Fields of packets and their buffers: mark, mac, eui64, pkttype, ttl, hl, length, tcpmss, tos, dscp, ecn, iprange,
cpu, devgroup, realm, u32."""

import ipaddress
import os
import struct
import time

import packets
from extensions import Extension
from host import TOOL, inside, run
from packets import ICMP6, TCP, UDP
from rules import BEHIND, LOCAL, PORTS, SOURCES, V4, V6, maybe, negate

# Few values, so that rules and packets meet.
TTLS = [0, 1, 2, 5, 63, 64, 65, 128, 254, 255]
CLASSES = [0, 1, 2, 3, 4, 8, 0x10, 0x28, 0x2e << 2, 0xb9, 0xfc, 0xff]
PAYLOADS = [0, 1, 7, 8, 20, 21, 100, 1000]
MARKS = [0, 1, 2, 0x10, 0x11, 0x8000, 0xffffffff]
MACS = [b"\x02\x00\x00\x00\x01\x02", b"\x02\x00\x00\x00\x02\x02", b"\x00\x11\x22\x33\x44\x55",
        b"\x02\x00\x00\x00\x01\x03", b"\xff\xfe\xfd\xfc\xfb\xfa", b"\x00" * 6]
MSS = [0, 536, 1400, 1460, 65535]


def with_fields(family, packet, tos, ttl):
    """The packet with another type of service or traffic class, and another TTL or hop limit."""
    if family == V6:
        word = struct.unpack("!I", packet[:4])[0] & 0xf00fffff | tos << 20
        return struct.pack("!I", word) + packet[4:7] + bytes([ttl]) + packet[8:]
    at = (packet[0] & 15) * 4
    head = packet[:1] + bytes([tos]) + packet[2:8] + bytes([ttl]) + packet[9:10] + b"\0\0" + packet[12:at]
    return head[:10] + struct.pack("!H", packets.checksum(head)) + head[12:] + packet[at:]


def way(r, family):
    """Where a packet comes in, its source and its destination."""
    where = r.choice(["p0", "p0", "p0", "p1", "out"])
    if where == "out":
        return where, r.choice(LOCAL[family]), r.choice(SOURCES[family] + BEHIND[family] + LOCAL[family])
    if where == "p1":
        return where, r.choice(BEHIND[family]), r.choice(LOCAL[family] + SOURCES[family])
    return where, r.choice(SOURCES[family]), r.choice(LOCAL[family] * 2 + BEHIND[family])


def step(where, family, packet, source=None, destination=None):
    if where == "out":
        return where, packet
    data = packets.frame(where, family, packet)
    return where, (destination or data[:6]) + (source or data[6:12]) + data[12:]


def any_fields(r, family, _port, ident):
    """A usual packet with unusual fields."""
    where, src, dst = way(r, family)
    protocol, payload = packets.transport(r, family, src, dst)
    if maybe(r, 40):
        protocol, payload = UDP, packets.udp(family, src, dst, 1024, r.choice(PORTS), b"l" * r.choice(PAYLOADS))
    # Discovery with a hop limit of 255 would start timers in the host.
    ttl = r.choice(TTLS) if protocol != ICMP6 else packets.HOP_LIMIT
    packet = packets.ip(family, src, dst, protocol, payload, ident)
    return [step(where, family, with_fields(family, packet, r.choice(CLASSES), ttl))]


def any_frame(r, family, _port, ident):
    """From and to some MAC address; the address of the sender may be made of it."""
    where, src, dst = way(r, family)
    source = r.choice(MACS)
    destination = r.choice([None, None, None, b"\xff" * 6, b"\x01\x00\x5e\x00\x00\x09", b"\x33\x33\x00\x00\x00\x01"])
    if family == V6 and where != "out" and maybe(r, 60):
        host = bytes([source[0] ^ 2]) + source[1:3] + b"\xff\xfe" + source[3:]
        if maybe(r, 20):
            at = r.randint(0, 7)
            host = host[:at] + bytes([host[at] ^ r.choice([1, 2, 0x80])]) + host[at + 1:]
        src = str(ipaddress.IPv6Address(ipaddress.ip_address(src).packed[:8] + host))
    if family == V4 and where == "out" and maybe(r, 30):
        dst = "224.0.0.1"       # comes back: the host listens to it
    protocol, payload = packets.transport(r, family, src, dst)
    return [step(where, family, packets.ip(family, src, dst, protocol, payload, ident), source, destination)]


def options(r):
    """TCP options, most with a maximum segment size somewhere."""
    mss = b"\2\4" + struct.pack("!H", min(max(r.choice(MSS) + r.choice([0, 0, -1, 1]), 0), 65535))
    others = [b"\1", b"\4\2", b"\3\3\7", b"\x08\x0a" + b"t" * 8, b"\0", b"\2\3\5", b"\x1e\1", b"\x1e\0", b"\2\4\5\xb4"]
    before = b"".join(r.choice(others) for _ in range(r.choice([0, 0, 0, 1, 2, 3])))
    data = before + r.choice([mss, mss, mss, mss[:3], b"", b"\x1e\x20"])
    return data[:40] if maybe(r, 80) else data[:r.randint(0, 40) // 4 * 4]


def any_segment(r, family, port, ident):
    """TCP, with its options or header cut off here and there, or in a later fragment."""
    where, src, dst = way(r, family)
    flags = r.choice([2, 0x12, 0xc2, 0x52, 0x10, r.randint(0, 255)])
    data = packets.tcp(family, src, dst, port, r.choice([22, 80, 81]), flags, 1, 0, options(r),
                       b"d" * r.choice([0, 0, 8]))
    if maybe(r, 10):
        data = data[:12] + bytes([r.randint(0, 15) << 4]) + data[13:]
    if maybe(r, 15):
        data = data[:r.randint(0, len(data))]
    if where == "out" or maybe(r, 80):
        return [step(where, family, packets.ip(family, src, dst, TCP, data, ident))]
    more, offset = r.choice([0, 1]), r.choice([0, 1, 1, 5])
    if more:
        data = data[:len(data) // 8 * 8]
    if family == V4:
        return [step(where, family, packets.ip4(src, dst, TCP, data, ident, offset | more << 13))]
    head = struct.pack("!BBHI", TCP, 0, offset * 8 | more, ident)
    return [step(where, family, packets.ip6(src, dst, 44, head + data))]


def number(r, pool, most):
    return min(max(r.choice(pool) + r.choice([0, 0, 0, -1, 1]), 0), most)


def span(r, pool, most):
    low, high = sorted(number(r, pool, most) for _ in range(2))
    return r.choice([str(low), f"{low}:{high}", f"{low}:", f":{high}"])


def mark(r, _family, _chain):
    mask = r.choice(["", "", "", "/0x1", "/0xff00", "/0", "/0xffffffff"])
    return f"-m mark {negate(r)}--mark {r.choice(MARKS):#x}{mask}"


def mark_rules(host, verb):
    """Table mangle sets marks by address, before the rules of table filter are asked."""
    with inside(host.name):
        for family in (V4, V6):
            for i, address in enumerate(LOCAL[family] + SOURCES[family] + BEHIND[family]):
                for chain in ("PREROUTING", "OUTPUT"):
                    run(TOOL[family], "-t", "mangle", verb, chain, "-s", address, "-j", "MARK", "--set-mark",
                        f"{MARKS[i % len(MARKS)]:#x}")


def mac(r, _family, _chain):
    return f"-m mac {negate(r)}--mac-source {':'.join(f'{b:02x}' for b in r.choice(MACS))}"


def eui64(_r, _family, _chain):
    return "-m eui64"


def pkttype(r, _family, _chain):
    return f"-m pkttype {negate(r)}--pkt-type {r.choice(['unicast', 'broadcast', 'multicast', 'otherhost'])}"


def ttl(r, family, _chain):
    name = "ttl" if family == V4 else "hl"
    sign, how = r.choice([("", "eq"), ("! ", "eq"), ("", "lt"), ("", "gt")])
    return f"-m {name} {sign}--{name}-{how} {number(r, TTLS, 255)}"


def length(r, family, _chain):
    head = 20 if family == V4 else 40
    pool = [head + p + 8 for p in PAYLOADS] + [0, 65535]
    return f"-m length {negate(r)}--length {span(r, pool, 65535)}"


def tcpmss(r, _family, _chain):
    return f"-p tcp -m tcpmss {negate(r)}--mss {span(r, MSS, 65535)}"


def tos(r, _family, _chain):
    mask = r.choice(["", "", "/0x3f", "/0x1c", "/3", "/0", "/0xfe"])
    value = r.choice(["Minimize-Delay", "Maximize-Throughput", "Normal-Service", "Minimize-Cost"])
    return f"-m tos {negate(r)}--tos {value if maybe(r, 20) else f'{r.choice(CLASSES):#x}{mask}'}"


def dscp(r, _family, _chain):
    if maybe(r, 30):
        return f"-m dscp {negate(r)}--dscp-class {r.choice(['CS0', 'BE', 'EF', 'AF11', 'CS7', 'CS1'])}"
    return f"-m dscp {negate(r)}--dscp {r.choice(CLASSES) >> 2}"


def ecn(r, _family, _chain):
    bits = [f"{negate(r, 40)}{o}" for o in ("--ecn-tcp-ece", "--ecn-tcp-cwr") if maybe(r, 50)]
    if not bits or maybe(r, 40):
        bits.append(f"{negate(r, 40)}--ecn-ip-ect {r.randint(0, 3)}")
    return ("-p tcp " if "tcp" in " ".join(bits) else "") + "-m ecn " + " ".join(bits)


def iprange(r, family, _chain):
    pool = [int(ipaddress.ip_address(a)) for a in LOCAL[family] + SOURCES[family] + BEHIND[family]]
    make = ipaddress.IPv4Address if family == V4 else ipaddress.IPv6Address
    out = []
    for option in r.choice([["--src-range"], ["--dst-range"], ["--src-range", "--dst-range"]]):
        ends = [make(r.choice(pool) + r.choice([0, 0, 0, 1, -1])) for _ in range(2)]
        if maybe(r, 80):
            ends.sort()
        out.append(f"{negate(r)}{option} " + (str(ends[0]) if maybe(r, 15) else f"{ends[0]}-{ends[1]}"))
    return "-m iprange " + " ".join(out)


CPUS = sorted(os.sched_getaffinity(0))


def cpu(r, _family, _chain):
    return f"-m cpu {negate(r)}--cpu {r.choice([*CPUS[:1], CPUS[-1], CPUS[-1], 77, 4294967295])}"


def one_cpu(_host):
    """What is sent here is received here."""
    os.sched_setaffinity(0, CPUS[-1:])


def all_cpus(_host):
    os.sched_setaffinity(0, CPUS)


GROUPS = [0, 1, 2, 0x11]


def group(r, option):
    return f"{negate(r)}{option} {r.choice(GROUPS):#x}{r.choice(['', '', '/1', '/0xf0', '/0', '/0xffffffff'])}"


def groups(*pair):
    return lambda r, _family, _chain: "-m devgroup " + " ".join(group(r, option) for option in pair)


def set_groups(host):
    """Once, and for all: the host says on a device that is changed which multicast groups it is in."""
    if hasattr(host, "grouped"):
        return
    host.grouped = True
    with inside(host.name):
        run("ip", "link", "set", "dev", "v0", "group", "1")
        run("ip", "link", "set", "dev", "v1", "group", "17")
    time.sleep(3)


def realm(r, _family, _chain):
    mask = r.choice(["", "", "/0xffff", "/0xffff0000", "/1", "/0"])
    return f"-m realm {negate(r)}--realm {r.choice([0, 3, 5, 0x50000, 0x50003, 0x70005, 0x70000]):#x}{mask}"


def set_realms(host, verb):
    with inside(host.name):
        run("ip", "route", verb, "192.0.2.0/25", "via", "10.1.0.254", "dev", "v0", "realm", "5")
        run("ip", "route", verb, "10.1.0.2/31", "via", "10.1.0.254", "dev", "v0", "realm", "7")
        run("ip", "route", verb, "10.2.9.0/24", "via", "10.2.0.254", "dev", "v1", "realm", "7/3")


def location(r, family):
    head = "0>>22&0x3C@" if family == V4 else "0&0@"
    return r.choice([
        str(r.choice([0, 1, 2, 4, 6, 9, 12, 16, 20, 24, 27, 36, 40, 44, 1000, 65536, 0xffffffff])),
        "0>>28", "6&0xff" if family == V4 else "3&0xff", "0&0xffff", "8>>24", "2&0xffff",
        f"{head}{0 if family == V4 else 40}>>16", f"{head}{0 if family == V4 else 40}&0xffff",
        f"{head}{r.choice([0, 12, 13, 20, 36, 40, 60])}>>{r.randint(0, 31)}&{r.choice([1, 0xff, 0xf0, 0xffff])}",
        f"{head}12>>26&0x3C@0", f"0@{r.randint(0, 3)}", f"0>>22&0x3C@12>>26&0x3C@{r.randint(0, 8)}<<{r.randint(0, 31)}",
        f"{r.randint(0, 60)}@{r.randint(0, 9)}@1",
    ])


def u32_range(r, family):
    pool = [0, 1, 4, 5, 6, 17, 58, 0xff, 0x40, 0xffffffff, *PORTS, int(ipaddress.ip_address(LOCAL[V4][0]))]
    if family == V6:
        pool += [0xfd010000, 0xfd020000]
    low, high = sorted(min(max(r.choice(pool) + r.choice([0, 0, 0, -1, 1]), 0), 0xffffffff) for _ in range(2))
    return r.choice([f"{low:#x}", str(low), f"{low}:{high}", f"{low}:{high}", f"{high}:{low}"])


def u32(r, family, _chain):
    tests = [f"{location(r, family)}={','.join(u32_range(r, family) for _ in range(r.choice([1, 1, 2, 4])))}"
             for _ in range(r.choice([1, 1, 2, 3]))]
    return f"-m u32 {negate(r)}--u32 \"{r.choice(['&&', ' && ']).join(tests)}\""


INCOMING = ["INPUT", "FORWARD"]
EXTENSIONS = [
    Extension("mark", mark, prepare=lambda host: mark_rules(host, "-A"), finish=lambda host: mark_rules(host, "-D")),
    Extension("mac", mac, any_frame, chains=INCOMING),
    Extension("eui64", eui64, any_frame, families=(V6,), chains=INCOMING),
    Extension("pkttype", pkttype, any_frame),
    Extension("ttl", ttl, any_fields, families=(V4,)),
    Extension("hl", ttl, any_fields, families=(V6,)),
    Extension("length", length, any_fields),
    Extension("tcpmss", tcpmss, any_segment),
    Extension("tos", tos, any_fields),
    Extension("dscp", dscp, any_fields),
    Extension("ecn", ecn, lambda *args: args[0].choice([any_fields, any_segment])(*args)),
    Extension("iprange", iprange),
    Extension("cpu", cpu, prepare=one_cpu, finish=all_cpus),
    Extension("devgroup", groups("--src-group"), chains=INCOMING, prepare=set_groups),
    Extension("devgroup", groups("--dst-group"), chains=["FORWARD", "OUTPUT"], prepare=set_groups),
    Extension("devgroup", groups("--src-group", "--dst-group"), chains=["FORWARD"], prepare=set_groups),
    Extension("realm", realm, families=(V4,), prepare=lambda host: set_realms(host, "replace"),
              finish=lambda host: set_realms(host, "del")),
    Extension("u32", u32, lambda *args: args[0].choice([any_fields, any_segment])(*args)),
]
