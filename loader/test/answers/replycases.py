# SPDX-License-Identifier: GPL-2.0-only
"""Packets for REJECT, and how the kernel takes them: by which chain they go, which route they have."""

import dataclasses
import struct

from packets import ACK, FIN, ICMP4, ICMP6, PSH, RST, SYN, TCP, UDP, checksum, icmp, ip4, ip6, packed, tcp, udp
from rules import V4, V6

LOCAL_ROUTE, BROADCAST, MULTICAST, ANYCAST6 = 0x80000000, 0x10000000, 0x20000000, 0x00100000
HERE, HERE_TOO, BEHIND, SENDER = {}, {}, {}, {}
HERE[4], HERE_TOO[4], BEHIND[4], SENDER[4] = "10.1.0.1", "10.1.0.9", "10.2.0.5", "192.0.2.7"
# IPv6 looks at an interface's newest address first.
HERE[6], HERE_TOO[6], BEHIND[6], SENDER[6] = "fd01::1", "fd01::9", "fd02::5", "2001:db8::7"
URG = 32


@dataclasses.dataclass
class Case:
    name: str
    chain: str
    packet: bytes
    where: str = "p0"       # or "out": of the host's own, "local": the same to itself, over lo
    route_flags: int = 0
    pkt_type: int = 0
    mac: bytes = b""        # another than the host's
    flags: int = 8          # RECORD_*: it has a route
    basic: bool = False     # for each type
    tcp: bool = False


def transports(family, src, dst):
    """(name, protocol, bytes)"""
    t = lambda flags, **more: tcp(family, src, dst, 4000, 80, flags, 0x12345678, 0x9abcdef0, **more)  # noqa: E731
    yield "tcp syn", TCP, t(SYN)
    yield "tcp syn options", TCP, t(SYN, options=b"\2\4\5\xb4\4\2\1\3\3\7")
    for name, flags in (("none", 0), ("ack", ACK), ("syn-ack", SYN | ACK), ("fin", FIN), ("fin-ack", FIN | ACK),
                        ("syn-fin", SYN | FIN), ("psh-urg", PSH | URG), ("rst", RST), ("rst-ack", RST | ACK),
                        ("all", 0xff), ("all but rst", 0xfb), ("ece-cwr", 0xc0 | SYN)):
        yield "tcp " + name, TCP, t(flags, data=b"data" if flags != FIN else b"")
    yield "tcp syn odd data", TCP, t(SYN, data=b"x" * 101)
    yield "tcp long", TCP, t(PSH, data=bytes(range(256)) * 5)
    yield "tcp wraps", TCP, tcp(family, src, dst, 1, 65535, SYN | FIN, 0xffffffff, 0)
    for offset in (0, 4, 15):
        bad = bytearray(t(SYN))
        bad[12] = offset << 4
        yield f"tcp offset {offset}", TCP, sum_again(family, src, dst, TCP, bytes(bad), 16)
    yield "tcp bad checksum", TCP, broken(t(SYN))
    yield "tcp 19 bytes", TCP, sum_again(family, src, dst, TCP, t(SYN)[:19], 16)
    yield "tcp 4 bytes", TCP, t(SYN)[:4]
    yield "tcp no bytes", TCP, b""
    yield "udp", UDP, udp(family, src, dst, 4000, 53)
    yield "udp odd", UDP, udp(family, src, dst, 4000, 53, b"odd")
    yield "udp long", UDP, udp(family, src, dst, 4000, 53, bytes(range(256)) * 5)
    for size in (519, 520, 521, 1183, 1184, 1185):
        yield f"udp {size} bytes", UDP, udp(family, src, dst, 4000, 53, b"z" * size)
    yield "udp no checksum", UDP, udp(family, src, dst, 4000, 53)[:6] + b"\0\0hello"
    yield "udp bad checksum", UDP, broken(udp(family, src, dst, 4000, 53))
    yield "udp 4 bytes", UDP, udp(family, src, dst, 4000, 53)[:4]
    # DCCP, 33, is not asked: 6.16 began to look at its checksum as if it covered all.
    for protocol in (41, 47, 50, 51, 132, 136, 253, 255, 4, 59):
        yield f"protocol {protocol}", protocol, b"\x11\x22" * 12
    yield "protocol 253 adds up", 253, zero_sum(family, src, dst, 253)
    yield "foreign icmp", ICMP6 if family == V4 else ICMP4, zero_sum(family, src, dst, 58 if family == V4 else 1)


def icmps(family, src, dst):
    kinds = (*range(20), 40, 42, 255) if family == V4 else \
        (0, 1, 2, 3, 4, 100, 127, 128, 129, 144, 200, 255)
    for kind in kinds:
        yield f"icmp {kind}", ICMP4 if family == V4 else ICMP6, icmp(family, src, dst, kind, 0)
    yield "icmp bad checksum", ICMP4 if family == V4 else ICMP6, broken(icmp(family, src, dst, 128, 0))
    yield "icmp no bytes", ICMP4 if family == V4 else ICMP6, b""


def pseudo(family, src, dst, protocol, size):
    both = packed(src) + packed(dst)
    if family == V4:
        return both + struct.pack("!BBH", 0, protocol, size)
    return both + struct.pack("!IHBB", size, 0, 0, protocol)


def sum_again(family, src, dst, protocol, data, at):
    if len(data) < at + 2:
        return data
    data = data[:at] + b"\0\0" + data[at + 2:]
    value = checksum(pseudo(family, src, dst, protocol, len(data)) + data)
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def broken(data):
    return data[:-1] + bytes([data[-1] ^ 0x55])


def zero_sum(family, src, dst, protocol):
    data = b"ab" * 10
    head = b"" if family == V4 else pseudo(family, src, dst, protocol, len(data) + 2)
    return data + struct.pack("!H", checksum(head + data))


BASIC = ("tcp syn", "udp", "udp long", "icmp 8", "icmp 128")


def wrap(family, src, dst, protocol, data):
    return ip4(src, dst, protocol, data, 0x4242) if family == V4 else ip6(src, dst, protocol, data)


def plain(family):
    """Each transport, by each way."""
    for chain, where, src, dst, flags in (
            ("INPUT", "p0", SENDER, HERE, LOCAL_ROUTE), ("FORWARD", "p0", SENDER, BEHIND, 0),
            ("OUTPUT", "out", HERE_TOO, BEHIND, 0), ("INPUT", "local", HERE_TOO, HERE, LOCAL_ROUTE),
            ("OUTPUT", "out", HERE_TOO, HERE, LOCAL_ROUTE)):
        src, dst = src[family], dst[family]
        for name, protocol, data in (*transports(family, src, dst), *icmps(family, src, dst)):
            if where == "out" and not data:
                continue
            packet = wrap(family, src, dst, protocol, data)
            if where == "local":
                packet = ip4(src, dst, protocol, data, 0x4242, ttl=63) if family == V4 else \
                    ip6(src, dst, protocol, data, hop_limit=63)
            yield Case(f"{where} {name}", chain, packet, where, flags,
                       basic=name in BASIC and where == "p0", tcp=protocol == TCP)


def options4():
    rr = lambda at, n: bytes([7, 3 + 4 * n, at]) + b"\0" * 4 * n  # noqa: E731
    yield "nop", b"\1\1\1\1"
    yield "router alert", b"\x94\4\0\0"
    yield "record route", rr(4, 3) + b"\1"
    yield "record route second", rr(8, 3) + b"\1"
    yield "record route full", rr(16, 3) + b"\1"
    yield "record route last", rr(12, 3) + b"\1"
    yield "record route 9", rr(4, 9) + b"\0"
    yield "stream id and nop", b"\x88\4\0\1\1\1\1\0"
    yield "timestamp", b"\x44\x0c\5\0" + b"\0" * 8
    yield "timestamp full", b"\x44\x0c\x0d\0" + b"\0" * 8
    yield "timestamp and address", b"\x44\x14\5\1" + b"\0" * 16
    yield "timestamp of others", b"\x44\x0c\5\3" + packed("192.0.2.99") + b"\0" * 4
    yield "route and end", rr(4, 1) + b"\0"
    yield "source route done", b"\1\x83\x0b\x0c" + packed("192.0.2.50") + packed("192.0.2.52")
    yield "strict route done", b"\1\x89\x0b\x0c" + packed("192.0.2.50") + packed("192.0.2.51")
    yield "unknown", b"\x5e\4\0\0"


def at_rule(case, family, replies):
    """What the packet is when it meets the rule: FORWARD has counted it as one more hop, and ip_options_compile() has
    filled in this host's entry of the options, without the header's checksum."""
    data = bytearray(case.packet)
    if family == V6:
        data[7] -= case.chain == "FORWARD"
        return bytes(data)
    header = (data[0] & 15) * 4
    if case.chain == "FORWARD":
        data[8] -= 1
        data[10:12] = b"\0\0"
        data[10:12] = struct.pack("!H", checksum(bytes(data[:header])))
    if replies and replies[0][9] == ICMP4:
        # With the time of day that this host has filled in: what is quoted says.
        quoted = (replies[0][0] & 15) * 4 + 8
        data[20:header] = replies[0][quoted + 20:quoted + header]
    else:
        fill(data)
    return bytes(data)


def fill(data):
    """The entry of this host in a first option."""
    if data[0] & 15 == 5:
        return
    kind, size, at, how = data[20:24]
    if kind not in (7, 68) or (kind == 68 and how == 3):
        return
    if at > size:
        data[23] += 16 * (kind == 68)
        return
    entry = (packed("10.1.0.1") if kind == 7 or how == 1 else b"") + (b"time" if kind == 68 else b"")
    data[20 + at - 1:20 + at - 1 + len(entry)] = entry
    data[22] += len(entry)


def odd4():
    src, here, behind = SENDER[4], HERE[4], BEHIND[4]
    syn = lambda dst, source=src: tcp(4, source, dst, 4000, 80, SYN, 5)  # noqa: E731
    ways = (("INPUT", here, LOCAL_ROUTE), ("FORWARD", behind, 0))
    for chain, dst, flags in ways:
        for name, options in options4():
            if "route done" in name and chain == "FORWARD":
                continue
            yield Case("option " + name, chain, ip4(src, dst, TCP, syn(dst), 1, options=options), "p0", flags, tcp=True)
            yield Case("option udp " + name, chain, ip4(src, dst, UDP, udp(4, src, dst, 1, 2, b"q" * 600), 1,
                                                        options=options), "p0", flags)
            # Without a checksum that is looked at: else the header, changed on its way in, makes it a wrong one.
            yield Case("option gre " + name, chain, ip4(src, dst, 47, b"g" * 600, 1, options=options), "p0", flags)
        for tos in (0, 1, 2, 0x1e, 0xff, 0x2e << 2):
            packet = bytearray(ip4(src, dst, TCP, syn(dst), 7))
            packet[1] = tos
            packet[10:12] = b"\0\0"
            packet[10:12] = struct.pack("!H", checksum(bytes(packet[:20])))
            yield Case(f"tos {tos:#x}", chain, bytes(packet), "p0", flags, tcp=True)
        yield Case("don't fragment", chain, ip4(src, dst, TCP, syn(dst), 7, frag=0x4000), "p0", flags,
                   tcp=True)
        yield Case("ttl 2", chain, ip4(src, dst, TCP, syn(dst), 7, ttl=2), "p0", flags, tcp=True)
    yield Case("from the other side", "FORWARD", ip4("10.2.0.77", behind, TCP, syn(behind, "10.2.0.77"), 7), tcp=True)
    yield Case("udp from the other side", "FORWARD", ip4("10.2.0.77", behind, UDP,
                                                            udp(4, "10.2.0.77", behind, 1, 2), 7))
    yield Case("ttl 1", "INPUT", ip4(src, here, TCP, syn(here), 7, ttl=1), "p0", LOCAL_ROUTE, tcp=True)
    yield Case("first fragment", "FORWARD", ip4(src, behind, TCP, syn(behind) + b"x" * 4, 7, frag=0x2000),
               tcp=True)
    yield Case("first fragment gre", "FORWARD", ip4(src, behind, 47, b"x" * 24, 7, frag=0x2000), "p0", 0)
    yield Case("later fragment", "FORWARD", ip4(src, behind, TCP, syn(behind), 7, frag=5), "p0", 0, tcp=True)
    yield Case("later fragment gre", "FORWARD", ip4(src, behind, 47, b"x" * 24, 7, frag=0x2005), "p0", 0)
    for dst, mac, kind, flags in (
            ("255.255.255.255", b"\xff" * 6, 1, BROADCAST | LOCAL_ROUTE),
            ("10.9.0.255", b"\xff" * 6, 1, BROADCAST | LOCAL_ROUTE),
            ("10.9.0.255", b"", 0, BROADCAST | LOCAL_ROUTE),
            ("224.0.0.1", b"\1\0\x5e\0\0\1", 2, MULTICAST | LOCAL_ROUTE),
            ("224.0.0.1", b"", 0, MULTICAST | LOCAL_ROUTE),
            (here, b"\xff" * 6, 1, LOCAL_ROUTE), (here, b"\1\0\x5e\0\0\1", 2, LOCAL_ROUTE)):
        for name, protocol, data in (("tcp", TCP, syn(dst)), ("udp", UDP, udp(4, src, dst, 1, 2)),
                                     ("echo", ICMP4, icmp(4, src, dst, 8, 0))):
            yield Case(f"{name} to {dst} of type {kind}", "INPUT", ip4(src, dst, protocol, data, 9), "p0", flags, kind,
                       mac, tcp=protocol == TCP)
    for source in ("0.0.0.0", "255.255.255.255", "224.1.1.1", "127.0.0.1"):
        yield Case(f"from {source}", "INPUT", ip4(source, here, TCP, syn(here, source), 9), "p0", LOCAL_ROUTE,
                   tcp=True) if source != "127.0.0.1" else \
            Case("trailing bytes", "INPUT", ip4(src, here, UDP, udp(4, src, here, 1, 2), 9), "p0", LOCAL_ROUTE)


def extended(headers, protocol, data):
    """(first, bytes) of extension headers [(number, bytes behind its next header)]"""
    numbers = [n for n, _ in headers] + [protocol]
    return numbers[0], b"".join(bytes([numbers[i + 1]]) + h for i, (_, h) in enumerate(headers)) + data


def odd6():
    src, here, behind = SENDER[6], HERE[6], BEHIND[6]
    pad, long_pad = b"\0\1\4\0\0\0\0", b"\1\1\x0c" + b"\0" * 12 + b"\0"
    fragment = lambda off: b"\0" + struct.pack("!HI", off, 77)  # noqa: E731
    chains = {
        "hop by hop": [(0, pad)], "destination": [(60, pad)], "long destination": [(60, long_pad)],
        "routing": [(43, b"\0\xfd\0\0\0\0\0")], "three": [(0, pad), (60, pad), (43, b"\0\xfd\0\0\0\0\0")],
        "atomic fragment": [(44, fragment(0))], "first fragment": [(44, fragment(1))],
        "later fragment": [(44, fragment(8))], "last fragment": [(44, fragment(64))],
        "authentication": [(51, b"\1" + b"\0" * 10)], "hop and fragment": [(0, pad), (44, fragment(9))],
        "reserved fragment bits": [(44, fragment(6))],
    }
    for chain, dst, flags in (("INPUT", here, LOCAL_ROUTE), ("FORWARD", behind, 0)):
        for name, headers in chains.items():
            if chain == "INPUT" and "fragment" in name and "atomic" not in name:
                continue    # is put together with others first
            for what, protocol, data in (("tcp", TCP, tcp(6, src, dst, 4000, 80, SYN, 5, data=b"abc")),
                                         ("udp", UDP, udp(6, src, dst, 1, 2)), ("gre", 47, b"\0" * 8),
                                         ("echo", ICMP6, icmp(6, src, dst, 128, 0)),
                                         ("error", ICMP6, icmp(6, src, dst, 1, 0)), ("nothing", 59, b"")):
                first, body = extended(headers, protocol, data)
                yield Case(f"{name} {what}", chain, ip6(src, dst, first, body), "p0", flags,
                           tcp=protocol == TCP)
        for name, body in (("cut", b"\6\1\0\0\0\0\0\0"), ("endless", b"\6\xff" + b"\0" * 20), ("one byte", b"\6")):
            yield Case(f"destination {name}", chain, ip6(src, dst, 60, body), "p0", flags)
        syn = tcp(6, src, dst, 4000, 80, SYN, 5)
        packet = ip6(src, dst, TCP, syn)
        yield Case("traffic class and label", chain, b"\x6f\xfa\xbc\xde" + packet[4:], "p0", flags,
                   tcp=True)
        yield Case("hop limit 2", chain, ip6(src, dst, TCP, syn, hop_limit=2), "p0", flags, tcp=True)
    other = "fd02::77"
    yield Case("from the other side", "FORWARD", ip6(other, behind, TCP, tcp(6, other, behind, 1, 2, SYN)), tcp=True)
    yield Case("udp from the other side", "FORWARD", ip6(other, behind, UDP, udp(6, other, behind, 1, 2)))
    for source, dst, mac, kind, flags in (
            (src, "ff02::1", b"\x33\x33\0\0\0\1", 2, 0), (src, "ff02::1", b"", 0, 0),
            (src, here, b"\xff" * 6, 1, LOCAL_ROUTE), ("::", here, b"", 0, LOCAL_ROUTE),
            ("fe80::fe", "fe80::1", b"", 0, LOCAL_ROUTE), ("fe80::fe", here, b"", 0, LOCAL_ROUTE),
            (src, "fe80::1", b"", 0, LOCAL_ROUTE), (src, "fe80::", b"", 0, ANYCAST6)):
        for name, protocol, data in (("tcp", TCP, tcp(6, source, dst, 4000, 80, SYN, 5)),
                                     ("udp", UDP, udp(6, source, dst, 1, 2)),
                                     ("echo", ICMP6, icmp(6, source, dst, 128, 0))):
            yield Case(f"{name} from {source} to {dst} of type {kind}", "INPUT", ip6(source, dst, protocol, data), "p0",
                       flags, kind, mac, tcp=protocol == TCP)


def cases(family):
    yield from plain(family)
    yield from odd4() if family == V4 else odd6()
