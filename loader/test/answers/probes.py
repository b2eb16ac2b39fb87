# SPDX-License-Identifier: GPL-2.0-only
"""Packets that REJECT must answer, or must not, and LOG has much to say about: one of each kind, at each hook."""

import struct

from packets import (ACK, FIN, ICMP4, ICMP6, MAC_HOST, RST, SYN, TCP, UDP, checksum, frame, icmp, ip4, ip6,
                     tcp, udp)
from rules import V4, V6

# (hook, where it is sent, source, destination)
WAYS = {
    V4: [("INPUT", "p0", "10.1.0.2", "10.1.0.1"), ("FORWARD", "p0", "192.0.2.1", "10.2.0.5"),
         ("OUTPUT", "out", "10.1.0.1", "10.2.0.6")],
    V6: [("INPUT", "p0", "fd01::2", "fd01::1"), ("FORWARD", "p0", "2001:db8::1", "fd02::5"),
         ("OUTPUT", "out", "fd01::1", "fd02::6")],
}
OTHER = {V4: "203.0.113.255", V6: "2001:db8:ffff::1"}
# Whole packets of these sizes: what a reply may quote ends near some of them.
SIZES = [29, 68, 128, 255, 256, 511, 512, 520, 521, 547, 548, 549, 575, 576, 577, 600, 1000, 1231, 1232, 1233, 1239, 1240,
         1241, 1279, 1280, 1281, 1400, 1452, 1472, 1499, 1500]
OPTIONS4 = [b"\1\1\1\1", b"\x94\4\0\0", b"\7\7\4\0\0\0\0\0", b"\7\x27\4" + b"\0" * 37, b"\x44\x0c\5\0" + b"\0" * 8,
            b"\x44\x0c\5\1" + b"\0" * 8, b"\x44\x0c\5\3\x0a\1\0\1\0\0\0\0", b"\x83\7\4\x0a\1\0\2\0", b"\x89\7\4\x0a\1\0\2\0",
            b"\x83\x0b\x08\x0a\1\0\2\x0a\1\0\3\0", b"\x82\x0b" + b"\0" * 9 + b"\0", b"\1" * 40, b"\0\0\0\0", b"\x88\4\0\1",
            b"\x86\6\0\0\0\1\0\0"]
# Options that are broken: the packet is dropped before, or not.
BROKEN4 = [b"\x44\1\0\0", b"\7\2\0\0", b"\xff\x30\0\0", b"\7\3\4\0", b"\x83\3\4\0"]
TCP_OPTIONS = [b"\2\4\5\xb4", b"\1\1\x08\x0a\0\0\0\1\0\0\0\2", b"\4\2", b"\3\3\7\0", b"\x08\0", b"\1" * 40, b"\xff\x28"]


class Way:
    """Makes packets of one source, destination and hook; each has an identifier and ports of its own."""

    def __init__(self, family, way, serial):
        self.family, (self.hook, self.where, self.src, self.dst) = family, way
        self.out, self.serial = [], serial

    def port(self):
        self.serial += 1
        return 1024 + self.serial % 60000

    def add(self, packet):
        self.out.append([(self.where, packet if self.where == "out" else frame(self.where, self.family, packet))])

    def ip(self, protocol, payload, src=None, dst=None, **fields):
        src, dst = src or self.src, dst or self.dst
        if self.family == V4:
            return ip4(src, dst, protocol, payload, fields.pop("ident", self.serial % 65535 + 1), **fields)
        return ip6(src, dst, protocol, payload, **fields)

    def send(self, protocol, payload, **fields):
        self.serial += 1
        self.add(self.ip(protocol, payload, **fields))

    def tcp(self, flags, **more):
        return tcp(self.family, self.src, self.dst, self.port(), 80, flags, **more)

    def udp(self, size=5, dst=None):
        return udp(self.family, self.src, dst or self.dst, self.port(), 53, bytes(i & 255 for i in range(size)))

    def icmp(self, kind, code=0, rest=b"\0" * 8):
        self.serial += 1
        return icmp(self.family, self.src, self.dst, kind, code, struct.pack("!HH", self.serial & 65535, 7) + rest)

    @property
    def icmp_protocol(self):
        return ICMP4 if self.family == V4 else ICMP6


def broken(data, at):
    """With a wrong checksum there."""
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]


def tcps(w):
    for flags in range(64):
        w.send(TCP, w.tcp(flags, seq=0x10203040, ack=0x50607080))
    for flags in (SYN | 0x40, SYN | 0xc0, ACK | 0x80, RST | 0xc0, RST | ACK):
        w.send(TCP, w.tcp(flags, seq=0xfffffff0, ack=1, data=b"d" * 40))
    for flags, seq, ack, data in ((SYN, 0, 0, b"x"), (SYN | FIN, 0xffffffff, 0, b"yy"), (ACK, 0xfffffffe, 0xffffffff, b"z" * 9),
                                  (FIN, 7, 0, b""), (FIN, 7, 9, b"ab"), (0, 5, 6, b"abc"), (SYN, 1, 0, b"q" * 1000)):
        w.send(TCP, w.tcp(flags, seq=seq, ack=ack, data=data))
    for options in TCP_OPTIONS:
        w.send(TCP, w.tcp(SYN, options=options, data=b"o"))
    for offset in range(16):
        data = w.tcp(SYN, data=b"x" * 20)
        w.send(TCP, data[:12] + bytes([offset << 4 | 5]) + data[13:])
    for length in (0, 1, 3, 4, 8, 12, 13, 14, 19):
        w.send(TCP, w.tcp(SYN)[:length])
    w.send(TCP, broken(w.tcp(SYN), 16))
    w.send(TCP, broken(w.tcp(ACK, ack=4, data=b"data"), 17))
    data = w.tcp(SYN)
    w.send(TCP, data[:14] + b"\0\0" + data[16:18] + b"\xab\xcd")        # window, urgent pointer; the checksum is wrong now


def udps(w):
    for size in (0, 1, 2, 7, 8, 9, 20):
        w.send(UDP, w.udp(size))
    data = w.udp()
    w.send(UDP, data[:6] + b"\0\0" + data[8:])
    w.send(UDP, broken(w.udp(), 6))
    for length in (0, 1, 4, 6, 7):
        w.send(UDP, w.udp()[:length])
    for claimed in (0, 7, 8, 9, 2000):
        data = w.udp()
        w.send(UDP, data[:4] + struct.pack("!H", claimed) + data[6:])


def icmps(w):
    kinds = [*range(20), 30, 40, 41, 255] if w.family == V4 else [*range(6), 100, 127, 128, 129, 130, 131, 132, 133,
                                                                   134, 135, 136, 137, 138, 143, 160, 200, 255]
    for kind in kinds:
        w.send(w.icmp_protocol, w.icmp(kind))
    w.send(w.icmp_protocol, w.icmp(8 if w.family == V4 else 128, 3))
    w.send(w.icmp_protocol, broken(w.icmp(8 if w.family == V4 else 128), 2))
    for length in (0, 1, 2, 4, 7):
        w.send(w.icmp_protocol, w.icmp(8 if w.family == V4 else 128)[:length])
    # Errors about packets of ours, whole and cut short.
    for kind in ((3, 5, 11, 12, 4) if w.family == V4 else (1, 2, 3, 4, 137)):
        quoted = w.ip(UDP, udp(w.family, w.dst, w.src, 4000 + kind, 53), w.dst, w.src)
        for length in (0, 8, 20, 24, 28, 40, 44, 48, len(quoted)):
            w.send(w.icmp_protocol, icmp(w.family, w.src, w.dst, kind, 1, struct.pack("!I", 1400) + quoted[:length]))
    for quoted_protocol, data in ((TCP, w.tcp(SYN)), (w.icmp_protocol, w.icmp(8 if w.family == V4 else 128)), (50, b"e" * 12)):
        quoted = w.ip(quoted_protocol, data, w.dst, w.src)
        w.send(w.icmp_protocol, icmp(w.family, w.src, w.dst, 3 if w.family == V4 else 1, 3, b"\0" * 4 + quoted))


def others(w):
    for protocol in (2, 4, 33, 41, 46, 47, 50, 51, 59, 89, 94, 103, 108, 112, 115, 132, 136, 254, 255):
        for size in (0, 3, 4, 8, 40):
            # Behind IPv6 protocol 51 is an extension header: a plain one.
            data = struct.pack("!BBHII", UDP, 4, 0, 0x12345678, 9) + bytes(28)
            w.send(protocol, data[:size] if protocol == 51 else bytes((size * 7 + i) & 255 for i in range(size)))
    w.send(ICMP6 if w.family == V4 else ICMP4, w.icmp(8))


def sizes(w):
    header = 20 if w.family == V4 else 40
    for size in SIZES:
        if size >= header + 20:
            w.send(UDP, w.udp(size - header - 8))
            w.send(TCP, w.tcp(ACK, seq=1, ack=2, data=b"s" * (size - header - 20)))


def headers4(w):
    for tos in (0x01, 0x02, 0x03, 0x04, 0x10, 0x1e, 0x20, 0xb8, 0xc0, 0xfc, 0xff):
        for protocol, data in ((TCP, w.tcp(SYN)), (UDP, w.udp())):
            w.serial += 1
            packet = bytearray(w.ip(protocol, data))
            packet[1] = tos
            w.add(repaired(bytes(packet)))
    for ttl in (1, 2, 255):
        w.send(TCP, w.tcp(SYN), ttl=ttl)
        w.send(UDP, w.udp(), ttl=ttl)
    # Options of a socket (IP_OPTIONS) are echoed, those that come with a header of one's own (IP_HDRINCL) are not: the
    # kernel knows which, bpfilter takes all for a socket's. So there are none here that are echoed.
    for options in OPTIONS4 + BROKEN4 if w.where != "out" else [b"\1\1\1\1", b"\0\0\0\0"]:
        for protocol, data in ((TCP, w.tcp(SYN)), (UDP, w.udp()), (UDP, w.udp(600)), (ICMP4, w.icmp(8))):
            w.send(protocol, data, options=options)
    for frag in (0x4000, 0x8000, 0xc000, 0x2000, 1, 0x2001, 0x1fff, 0x4001):
        for protocol, data in ((TCP, w.tcp(SYN, data=b"f" * 12)), (UDP, w.udp(24)), (ICMP4, w.icmp(8, rest=b"r" * 8))):
            w.send(protocol, data, frag=frag)
    if w.where != "out":
        w.send(UDP, w.udp(), ident=0)
    w.send(UDP, w.udp() + b"behind", length=33)      # more in the frame than in the packet


def repaired(packet):
    """With the right IPv4 header checksum."""
    return packet[:10] + struct.pack("!H", checksum(packet[:10] + b"\0\0" + packet[12:20])) + packet[12:]


def headers6(w):
    for first in (0x60100000, 0x60200000, 0x6ff00000, 0x60012345, 0x6abfffff):
        for protocol, data in ((TCP, w.tcp(SYN)), (UDP, w.udp())):
            w.serial += 1
            packet = w.ip(protocol, data)
            w.add(struct.pack("!I", first) + packet[4:])
    for hop_limit in (1, 2, 255):
        w.send(TCP, w.tcp(SYN), hop_limit=hop_limit)
        w.send(UDP, w.udp(), hop_limit=hop_limit)
    for kinds in ((0,), (60,), (43,), (44,), (51,), (0, 60), (0, 60, 43, 44, 51, 60), (44, 60), (60, 44), (51, 44), (135,), (59,)):
        for protocol, data in ((TCP, w.tcp(SYN)), (UDP, w.udp(30)), (ICMP6, w.icmp(128)), (ICMP6, w.icmp(1))):
            payload, following = data, protocol
            for kind in reversed(kinds):
                payload, following = extension(kind, following) + payload, kind
            w.send(following, payload)
    for offset in (1, 8, 9, 0x100, 0xfff8):
        for protocol, data in ((TCP, w.tcp(SYN, data=b"f" * 12)), (UDP, w.udp(24)), (ICMP6, w.icmp(128, rest=b"r" * 8))):
            w.send(44, struct.pack("!BBHI", protocol, 0, offset, w.serial) + data)
    w.send(UDP, w.udp() + b"behind", length=13)


def extension(kind, following):
    if kind == 44:
        return struct.pack("!BBHI", following, 0, 0, 77)
    if kind == 51:
        return struct.pack("!BBHII", following, 1, 0, 1, 1)
    if kind == 43:
        return struct.pack("!BBBBI", following, 0, 4, 0, 0)
    if kind == 135:
        return struct.pack("!BBBBHH", following, 0, 0, 0, 0, 0)
    return struct.pack("!BBBB", following, 0, 1, 4) + b"\0" * 4


def places(w):
    """Odd sources and destinations, and link-layer destinations, of packets that come in."""
    if w.where == "out":
        for dst in ("10.1.0.254", "10.1.0.2", "10.1.5.2", "10.1.5.255", "255.255.255.255", "224.0.0.9", "127.0.0.1", "10.2.0.1") if w.family == V4 \
                else ("fd01::fe", "fd01::2", "fd01:5::2", "ff02::1", "ff02::9", "::1", "fd02::1"):
            far(w, w.src, dst)
        for src in ("127.0.0.1", "10.2.0.1", "10.1.5.1", "192.0.2.9") if w.family == V4 else ("::1", "fd02::1", "fd01:5::1", "2001:db8::9"):
            far(w, src, w.dst)
        return
    if w.hook == "INPUT":
        for dst in ("255.255.255.255", "224.0.0.1", "10.1.5.255", "10.1.5.1", "10.2.0.1", "0.0.0.0") if w.family == V4 else \
                ("ff02::1", "fe80::1", "fd01:5::1", "fd02::1", "fd01:5::"):
            far(w, w.src, dst)
    for src in ("10.1.5.2", "10.1.0.254", "0.0.0.0", "10.1.5.255", "255.255.255.255", "224.0.0.1", "127.0.0.1", "10.2.0.5", "10.1.0.1",
                "240.0.0.1") if w.family == V4 else ("fe80::fe", "fe80::99", "fd01:5::2", "::", "ff02::1", "::1", "fd02::5", "fd01::1",
                                                     "::ffff:10.1.0.2", "fd01:5::"):
        far(w, src, w.dst)
    for mac in (b"\xff" * 6, b"\1\0\x5e\0\0\1", b"\x02\x77\0\0\0\1"):
        for protocol, data in ((TCP, w.tcp(SYN)), (UDP, w.udp())):
            w.serial += 1
            whole = frame(w.where, w.family, w.ip(protocol, data))
            w.out.append([(w.where, mac + whole[6:])])
    for mac in (b"\0" * 6, MAC_HOST["p0"]):
        whole = frame(w.where, w.family, w.ip(UDP, w.udp()))
        w.out.append([(w.where, whole[:6] + mac + whole[12:])])



def far(w, src, dst):
    """TCP, UDP and an echo request between other addresses."""
    port = w.port()
    w.send(TCP, tcp(w.family, src, dst, port, 80, SYN, 1, 2), src=src, dst=dst)
    w.send(UDP, udp(w.family, src, dst, port, 53), src=src, dst=dst)
    kind = 8 if w.family == V4 else 128
    w.send(w.icmp_protocol, icmp(w.family, src, dst, kind, 0, struct.pack("!I", w.serial)), src=src, dst=dst)


def backwards(family, serial):
    """Through the host the other way round: in by v1, out by v0."""
    hook, _, src, dst = WAYS[family][1]
    w = Way(family, (hook, "p1", dst, src), serial)
    w.send(TCP, w.tcp(SYN))
    w.send(UDP, w.udp())
    w.send(w.icmp_protocol, w.icmp(8 if family == V4 else 128))
    far(w, OTHER[family], {V4: "10.2.0.1", V6: "fd02::1"}[family])
    return w


def fixed(family, serial, brief=False):
    """Flows of one packet each, at all three hooks; @brief: only a few of each kind."""
    out = []
    for way in WAYS[family]:
        w = Way(family, way, serial)
        for make in (tcps, udps, icmps, others, sizes, headers4 if family == V4 else headers6, places):
            make(w)
        out += w.out
        serial = w.serial
    last = backwards(family, serial)
    out += last.out
    users = [[("user", (1000 + n, n))] for n in (0, 5, 100)]
    return (out[::7] if brief else out) + users


def conversation(family, serial):
    """A TCP connection through the host, whose later segments rules may reject: flows in order."""
    w, steps = Way(family, WAYS[family][1], serial), []
    port = w.port()

    def there(flags, seq, ack, data=b""):
        w.serial += 1
        segment = tcp(family, w.src, w.dst, port, 80, flags, seq, ack, b"", data)
        steps.append(("p0", frame("p0", family, w.ip(TCP, segment))))

    def back(flags, seq, ack, data=b""):
        w.serial += 1
        segment = tcp(family, w.dst, w.src, 80, port, flags, seq, ack, b"", data)
        steps.append(("p1", frame("p1", family, w.ip(TCP, segment, w.dst, w.src))))
    there(SYN, 1000, 0)
    back(SYN | ACK, 5000, 1001)
    there(ACK, 1001, 5001)
    there(ACK | 8, 1001, 5001, b"hello")
    back(ACK | 8, 5001, 1006, b"world")
    there(ACK | 8, 1006, 5006, b"REJECT ME")
    back(ACK | 8, 5006, 1006, b"more")
    return [[s] for s in steps]
