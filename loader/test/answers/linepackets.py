# SPDX-License-Identifier: GPL-2.0-only
"""Packets whose lines differ: every type, header and option that LOG knows, cut at every place; then random ones."""

import contextlib
import os
import socket
import struct

from packets import ICMP4, ICMP6, TCP, UDP, icmp, ip4, ip6, packed, single, tcp, udp
from rules import BEHIND, LOCAL, SOURCES, V4, V6

UDPLITE, AH, ESP = 136, 51, 50
SRC = {V4: SOURCES[V4][0], V6: SOURCES[V6][0]}
OPTIONS = b"\2\4\5\xb4\4\2\x08\x0a\1\2\3\4\0\0\0\0\1\3\3\7"


def plain(family, dst=None, **more):
    dst = dst or LOCAL[family][0]
    data = udp(family, SRC[family], dst, 5000, 9)
    return ip4(SRC[V4], dst, UDP, data, 7, **more) if family == V4 else ip6(SRC[V6], dst, UDP, data, **more)


def wrap(family, protocol, payload, dst=None, **more):
    dst = dst or LOCAL[family][0]
    if family == V4:
        return ip4(SRC[V4], dst, protocol, payload, 4711, **more)
    return ip6(SRC[V6], dst, protocol, payload, **more)


def segment(family, flags=2, reserved=0, options=b"", data=b"xyz", dst=None, doff=None):
    out = tcp(family, SRC[family], dst or LOCAL[family][0], 4000, 25, flags, 0xfffffff0, 17, options, data)
    first = (doff << 4 if doff is not None else out[12] & 0xf0) | reserved
    return out[:12] + bytes([first]) + out[13:]


def transports(family):
    """(what, protocol, bytes)"""
    src, dst = SRC[family], LOCAL[family][0]
    yield "udp", UDP, udp(family, src, dst, 1, 65535)
    yield "udplite", UDPLITE, udp(family, src, dst, 53, 53)
    yield "ah", AH, struct.pack("!BBHII", TCP, 4, 0, 0xdeadbeef, 1) + bytes(12) + segment(family)
    yield "esp", ESP, struct.pack("!II", 0xf1, 1) + bytes(16)
    yield "sctp", 132, bytes(range(16))
    yield "gre", 47, bytes(8)
    yield "none", 59, bytes(8)
    yield "other icmp", ICMP6 if family == V4 else ICMP4, bytes(16)
    yield "tcp", TCP, segment(family, options=OPTIONS)


def segments(family):
    for bit in range(8):
        yield f"tcp flag {bit}", segment(family, 1 << bit)
    for reserved in (1, 2, 4, 8, 15):
        yield f"tcp reserved {reserved}", segment(family, 0xff, reserved)
    for n in (4, 20, 40):
        yield f"tcp options {n}", segment(family, 0x10, 0, bytes(range(1, n + 1)))
    for doff in (0, 4, 6, 15):
        yield f"tcp offset {doff}", segment(family, 0x10, doff=doff)


def quotable(family):
    """What an ICMP error may quote: (what, packet)"""
    for what, protocol, data in transports(family):
        yield what, wrap(family, protocol, data)
    yield "error", wrap(family, ICMP4 if family == V4 else ICMP6,
                        icmp(family, SRC[family], LOCAL[family][0], 3 if family == V4 else 2, 4 if family == V4 else 0,
                             struct.pack("!I", 1400) + plain(family)))
    yield "echo", wrap(family, ICMP4 if family == V4 else ICMP6,
                       icmp(family, SRC[family], LOCAL[family][0], 8 if family == V4 else 128, 0, bytes(8)))
    if family == V4:
        yield "options", wrap(V4, TCP, segment(V4, options=OPTIONS), options=b"\1" * 8)
        yield "short ihl", wrap(V4, UDP, bytes(20), ihl=1)
        yield "long ihl", wrap(V4, UDP, bytes(4), ihl=15)
        yield "fragment", wrap(V4, TCP, bytes(20), frag=0x2003)
        yield "later AH", wrap(V4, AH, bytes(20), frag=3)
        yield "length 0", wrap(V4, TCP, bytes(20), length=0)
    else:
        yield "extension", wrap(V6, 60, bytes([44, 0, 1, 4, 0, 0, 0, 0]) + struct.pack("!BBHI", TCP, 0, 0x11, 5) +
                                bytes(20))
        yield "overlong", wrap(V6, 60, bytes([TCP, 255, 1, 4, 0, 0, 0, 0]))


def errors(family):
    """ICMP of all types, and errors with what they quote cut everywhere."""
    protocol = ICMP4 if family == V4 else ICMP6
    dst = LOCAL[family][0]
    quoted = wrap(family, UDP, udp(family, dst, SRC[family], 53, 54))
    types = [*range(0, 20), 30, 40, 255] if family == V4 else [*range(0, 6), 100, *range(127, 162), 200, 255]
    for kind in types:
        for code in (0, 4):
            rest = struct.pack("!I", 0xc0a80102) + quoted
            yield f"icmp {kind}/{code}", wrap(family, protocol, icmp(family, SRC[family], dst, kind, code, rest))
            for n in (0, 4, 8, 12, 16, 20):
                yield f"icmp {kind}/{code} of {4 + n}", wrap(family, protocol,
                                                             icmp(family, SRC[family], dst, kind, code, rest[:n]))
    for kind in (3, 5, 12) if family == V4 else (1, 2, 4):
        for what, packet in quotable(family):
            for n in sorted({len(packet), 19, 20, 21, 24, 27, 28, 39, 40, 41, 42, 47, 48, 52, 59, 60, len(packet) - 1}):
                if n <= len(packet):
                    data = icmp(family, SRC[family], dst, kind, 4 if kind == 3 else 0,
                                struct.pack("!I", 1280) + packet[:n])
                    yield f"icmp {kind} with {n} of {what}", wrap(family, protocol, data)


def packets4():
    for frag in (0x4000, 0x8000, 0xc000, 0x2000, 0x2001, 1, 0x1fff, 0x4001):
        for what, protocol, data in [*transports(V4), ("icmp", ICMP4, icmp(V4, SRC[V4], LOCAL[V4][0], 8, 0))]:
            yield f"{what} fragment {frag:#x}", wrap(V4, protocol, data[:len(data) // 8 * 8], frag=frag)
    for options in (b"\1\1\1\1", b"\x94\4\0\0", b"\1" * 40, b"\0" * 4):
        for what, protocol, data in transports(V4):
            yield f"{what} options {options.hex()}", wrap(V4, protocol, data, options=options)
    for tos in range(0, 256, 17):
        data = plain(V4)
        data = data[:1] + bytes([tos]) + data[2:10] + b"\0\0" + data[12:]
        total = sum(struct.unpack("!10H", data[:20]))
        total = (total & 0xffff) + (total >> 16)
        yield f"tos {tos}", data[:10] + struct.pack("!H", ~total & 0xffff) + data[12:]
    for length in (0, 19, 20, 24, 2000):
        yield f"length {length}", wrap(V4, UDP, bytes(20), length=length)


def chain(kinds, protocol, payload):
    for kind in reversed(kinds):
        if kind == "first":
            head = struct.pack("!BBHI", protocol, 0, 1, 0xabcdef)
        elif kind == "later":
            head = struct.pack("!BBHI", protocol, 9, 0x18, 0xabcdef)
        elif kind == "long":
            head = bytes([protocol, 2, 1, 20]) + bytes(20)
        elif kind == "ah":
            head = struct.pack("!BBHII", protocol, 1, 0, 0x77, 1)
        elif kind == "esp":
            head = struct.pack("!II", 0xfeedface, 1)
        elif kind == "routing":
            head = struct.pack("!BBBBI", protocol, 0, 4, 0, 0)
        else:
            head = bytes([protocol, 0, 1, 4, 0, 0, 0, 0])
        number = {"first": 44, "later": 44, "ah": 51, "esp": 50, "routing": 43, "hop": 0}.get(kind, 60)
        protocol, payload = number, head + payload
    return protocol, payload


def packets6():
    chains = [["hop"], ["dest"], ["routing"], ["first"], ["later"], ["ah"], ["esp"], ["long"],
              ["hop", "dest", "routing"], ["hop", "first", "dest"], ["later", "dest"], ["later", "ah"],
              ["later", "esp"], ["later", "routing"], ["ah", "ah", "first"], ["dest", "later", "later"],
              ["dest"] * 12, ["ah", "esp"], ["dest", "hop"]]
    for kinds in chains:
        for what, protocol, data in [*transports(V6), ("icmp", ICMP6, icmp(V6, SRC[V6], LOCAL[V6][0], 128, 0))]:
            yield f"{'+'.join(kinds)} {what}", wrap(V6, *chain(kinds, protocol, data))
        number, data = chain(kinds, TCP, segment(V6))
        for n in range(len(data)):
            yield f"{'+'.join(kinds)} of {n}", wrap(V6, number, data[:n])
    for n in (100, 140, 160):
        yield f"{n} options", wrap(V6, *chain(["dest"] * n, TCP, segment(V6, options=OPTIONS)))
    for word in (0x60000000, 0x6fffffff, 0x60012345, 0x6ff00000):
        data = plain(V6)
        yield f"first word {word:#x}", struct.pack("!I", word) + data[4:]
    yield "length 0", wrap(V6, UDP, b"", length=0)


def packets(r, family, count):
    """(what, packet): the listed ones, then @count random ones."""
    for what, protocol, data in transports(family):
        for n in sorted({*range(min(len(data), 24)), len(data)}):
            yield f"{what} of {n}", wrap(family, protocol, data[:n])
        yield f"{what} forwarded", wrap(family, protocol, data, dst=BEHIND[family][0])
        more = {"ttl": 77} if family == V4 else {"hop_limit": 77}
        yield f"{what} marked", wrap(family, protocol, data, **more)
        yield f"{what} marked, forwarded", wrap(family, protocol, data, dst=BEHIND[family][0], **more)
    for what, data in segments(family):
        yield what, wrap(family, TCP, data)
    yield from errors(family)
    yield from packets4() if family == V4 else packets6()
    for i in range(count):
        where, data = single(r, family, i + 1)
        if where == "p0":
            yield f"random {i}", data[14:]


@contextlib.contextmanager
def owned(uid, gid):
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def to(family, address, port, kind, uid, gid, mark, options=()):
    """A function that sends with a socket of @uid; its result is for whom the line says the packet is."""
    def send():
        with owned(uid, gid):
            s = socket.socket(socket.AF_INET if family == V4 else socket.AF_INET6, kind | socket.SOCK_NONBLOCK)
        with s, contextlib.suppress(OSError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
            for option in options:
                s.setsockopt(*option)
            if kind == socket.SOCK_DGRAM:
                s.sendto(b"hello", (address, port))
            else:
                s.connect((address, port))
                raise AssertionError("connected")
        return (uid, gid), mark
    return send


def sockets(uid, gid, mark):
    """(what, family, send)"""
    for family, far, group in ((V4, "10.1.0.77", "224.0.0.77"), (V6, "fd01::77", "ff02::77")):
        yield "own udp", family, to(family, far, 9, socket.SOCK_DGRAM, uid, gid, 0)
        yield "own udp marked", family, to(family, far, 9, socket.SOCK_DGRAM, 0, gid, mark)
        yield "own tcp", family, to(family, far, 9, socket.SOCK_STREAM, uid, 0, mark)
        if family == V4:
            join = (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, packed(group) + packed("10.1.0.1"))
            device = (socket.IPPROTO_IP, socket.IP_MULTICAST_IF, packed("10.1.0.1"))
        else:
            index = socket.if_nametoindex("v0")
            join = (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed(group) + struct.pack("@i", index))
            device = (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, struct.pack("@i", index))
        yield "own multicast", family, to(family, group, 9, socket.SOCK_DGRAM, uid, gid, mark, (device, join))


def local_sockets(uid, gid, mark):
    """(what, family, send) to a port of ours that nobody answers from"""
    for family, address in ((V4, "127.0.0.1"), (V6, "::1")):
        yield "to itself", family, to(family, address, 9, socket.SOCK_DGRAM, uid, gid, mark)
        yield "to itself, no mark", family, to(family, address, 9, socket.SOCK_DGRAM, uid, gid, 0)


if __name__ == "__main__":
    for one in (V4, V6):
        print(one, sum(1 for _ in packets(None, one, 0)))
