# SPDX-License-Identifier: GPL-2.0-only
"""Random packets that nearly match the rules of rules.py, broken ones, and real flows.

A step is (where, make): where is "p0" or "p1" (a frame at that end of a veth pair) or "out" (an IP packet of
the tested host's own); make is bytes, or a function of the frames that the host sent since the flow began."""

import ipaddress
import struct

from rules import BEHIND, LOCAL, PORTS, SOURCES, V4, V6, maybe

MAC_HOST = {"p0": b"\x02\x00\x00\x00\x01\x01", "p1": b"\x02\x00\x00\x00\x02\x01"}
MAC_PEER = {"p0": b"\x02\x00\x00\x00\x01\x02", "p1": b"\x02\x00\x00\x00\x02\x02"}
ETHERTYPE = {V4: 0x0800, V6: 0x86dd}
TCP, UDP, ICMP4, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
# No IGMP, no discovery with a hop limit of 255: those start timers in the host, at different times.
HOP_LIMIT = 64


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def with_checksum(family, protocol, src, dst, data, at):
    pseudo = packed(src) + packed(dst)
    if family == V4:
        pseudo += struct.pack("!BBH", 0, protocol, len(data))
    else:
        pseudo += struct.pack("!IHBB", len(data), 0, 0, protocol)
    if protocol == ICMP4:
        pseudo = b""
    value = checksum(pseudo + data)
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def tcp(family, src, dst, sport, dport, flags, seq=1, ack=0, options=b"", data=b""):
    options += b"\1" * (-len(options) % 4)
    offset = 5 + len(options) // 4
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, offset << 4, flags, 8192, 0, 0)
    return with_checksum(family, TCP, src, dst, head + options + data, 16)


def udp(family, src, dst, sport, dport, data=b"hello"):
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    return with_checksum(family, UDP, src, dst, head + data, 6)


def icmp(family, src, dst, kind, code, rest=b"\0" * 8):
    return with_checksum(family, ICMP4 if family == V4 else ICMP6, src, dst,
                         struct.pack("!BBH", kind, code, 0) + rest, 2)


def ip4(src, dst, protocol, payload, ident, frag=0, ttl=HOP_LIMIT, options=b"", length=None, ihl=None, version=4):
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    length = 20 + len(options) + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH", version << 4 | ihl, 0, length, ident, frag, ttl, protocol, 0)
    head += packed(src) + packed(dst) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(src, dst, protocol, payload, hop_limit=HOP_LIMIT, length=None, version=6):
    length = len(payload) if length is None else length
    return struct.pack("!IHBB", version << 28, length, protocol, hop_limit) + packed(src) + packed(dst) + payload


def ip(family, src, dst, protocol, payload, ident):
    return ip4(src, dst, protocol, payload, ident) if family == V4 else ip6(src, dst, protocol, payload)


def frame(where, family, packet):
    return MAC_HOST[where] + MAC_PEER[where] + struct.pack("!H", ETHERTYPE[family]) + packet


TCP_OPTIONS = [b"", b"", b"", b"\2\4\5\xb4", b"\1\1\x08\x0a" + b"\0" * 8, b"\4\2", b"\3\3\7\0", b"\x1e\2",
               b"\x08\0", b"\2", b"\0\x1e\2\0", b"\xff\x28"]
IP_OPTIONS = [b"\1\1\1\1", b"\x94\4\0\0", b"\7\7\4\0\0\0\0\0", b"\1" * 40, b"\x44\4\5\0", b"\x82\x0b" + b"\0" * 10]


def transport(r, family, src, dst):
    """(protocol, bytes)"""
    kind = r.choice(["tcp"] * 4 + ["udp"] * 3 + ["icmp"] * 3 + ["foreign icmp", "other", "ports"])
    sport, dport = (min(r.choice(PORTS) + r.choice([0, 0, 0, 1]), 65535) for _ in range(2))
    if kind == "tcp":
        flags = r.choice([SYN, ACK, SYN | ACK, RST, FIN | ACK, PSH | ACK, r.randint(0, 255)])
        data = tcp(family, src, dst, sport, dport, flags, r.randint(0, 2**32 - 1), r.randint(0, 2**32 - 1),
                   r.choice(TCP_OPTIONS), b"x" * r.choice([0, 0, 1, 40]))
        if maybe(r, 5):
            data = data[:12] + bytes([r.randint(0, 15) << 4]) + data[13:]
        return TCP, data
    if kind == "udp":
        return UDP, udp(family, src, dst, sport, dport, b"y" * r.choice([0, 1, 8, 60]))
    if kind == "icmp":
        return icmp_any(r, family, src, dst)
    if kind == "ports":
        # What multiport reads; the rest is anything.
        return r.choice([33, 132, 136]), struct.pack("!HH", sport, dport) + b"p" * r.choice([0, 1, 8, 28])
    if kind == "foreign icmp":
        return (ICMP6, b"\x80\0" + b"\0" * 6) if family == V4 else (ICMP4, icmp(V4, src, dst, 8, 0))
    return r.choice([47, 50, 51, 132, 136, 255, 4, 41, 33]), bytes(r.randint(0, 255) for _ in range(r.randint(0, 40)))


def icmp_any(r, family, src, dst):
    if family == V4:
        kind, protocol = r.choice([8, 8, 0, 3, 5, 11, 12, 13, 255]), ICMP4
    else:
        kind, protocol = r.choice([128, 128, 129, 1, 2, 3, 4, 133, 135, 136, 200]), ICMP6
    rest = struct.pack("!HH", r.randint(1, 9), 1) + b"z" * 8
    if kind in (3, 5, 11, 12) and family == V4 or kind in (1, 2, 3, 4) and family == V6:
        other = transport_quoted(r, family, dst, r.choice(SOURCES[family]))
        rest = struct.pack("!I", r.choice([0, 1400])) + other
    return protocol, icmp(family, src, dst, kind, r.choice([0, 0, 1, 3, 4]), rest)


def transport_quoted(r, family, src, dst):
    port = r.choice(PORTS)
    return ip(family, src, dst, UDP, udp(family, src, dst, port, r.choice(PORTS)), 1)[:r.choice([4, 28, 48, 60])]


def destination(r, family):
    pool = LOCAL[family] * 3 + BEHIND[family]
    if maybe(r, 3):
        pool = {V4: ["255.255.255.255", "224.0.0.9", "127.0.0.1"], V6: ["ff02::1", "ff02::9", "::1"]}[family]
    return r.choice(pool)


def shorten(r, data):
    return data[:r.randint(0, len(data))]


def packet4(r, src, dst, ident):
    protocol, payload = transport(r, V4, src, dst)
    options = r.choice(IP_OPTIONS) if maybe(r, 8) else b""
    frag, ttl = 0, 1 if maybe(r, 3) else HOP_LIMIT
    if maybe(r, 12):
        payload = shorten(r, payload)
    elif maybe(r, 5):
        payload = payload[:r.randint(3, 8)]     # the ports and little more
    if maybe(r, 12):
        frag = r.choice([0x2000, 0x2001, 1, 2, 5, 0x1fff, 0x2005, 0x4000, 0x4001])
        if frag & 0x2000:
            payload = payload[:len(payload) // 8 * 8]
    fields = {}
    if maybe(r, 5):
        fields = r.choice([{"ihl": 4}, {"ihl": 15}, {"ihl": 0}, {"version": 5}, {"length": 2000}, {"length": 19},
                           {"length": 20}, {"length": 27}])
    data = ip4(src, dst, protocol, payload, ident, frag, ttl, options, **fields)
    if maybe(r, 3):
        data += b"padding!"
    return data


def extension(r, kind, following):
    if kind == 44:
        return struct.pack("!BBHI", following, 0, r.choice([0, 1, 8, 9, 0xfff8]), r.randint(1, 5))
    if kind == 51:
        return struct.pack("!BBHII", following, r.choice([1, 1, 4, 0]), 0, 1, 1)
    if kind == 43:
        return struct.pack("!BBBBI", following, 0, r.choice([0, 2, 4]), r.choice([0, 0, 1]), 0)
    return struct.pack("!BBBB", following, 0, 1, 4) + b"\0" * 4


def packet6(r, src, dst, ident):
    protocol, payload = transport(r, V6, src, dst)
    if maybe(r, 12):
        payload = shorten(r, payload)
    elif maybe(r, 5):
        payload = payload[:r.randint(3, 8)]
    kinds = []
    if maybe(r, 35):
        kinds = [r.choice([0, 60, 60, 43, 44, 44, 51]) for _ in range(r.randint(1, 3))]
        if maybe(r, 10):
            protocol, payload = 59, shorten(r, payload)
    for kind in reversed(kinds):
        payload = extension(r, kind, protocol) + payload
        protocol = kind
    if maybe(r, 8):
        payload = shorten(r, payload)
    fields = {}
    if maybe(r, 3):
        fields = r.choice([{"length": 2000}, {"length": 0}, {"length": 3}, {"version": 5}, {"version": 4}])
    return ip6(src, dst, protocol, payload, 1 if maybe(r, 3) else HOP_LIMIT, **fields)


def single(r, family, ident):
    make = packet4 if family == V4 else packet6
    if maybe(r, 15):
        src = r.choice(LOCAL[family])
        dst = r.choice(SOURCES[family] + BEHIND[family] + LOCAL[family] + [{V4: "127.0.0.1", V6: "::1"}[family]])
        return "out", whole(r, family, src, dst, ident)
    where = "p1" if maybe(r, 15) else "p0"
    src = r.choice(SOURCES[family] if where == "p0" else BEHIND[family])
    dst = destination(r, family) if where == "p0" else r.choice(LOCAL[family] + SOURCES[family])
    return where, frame(where, family, make(r, src, dst, ident))


def whole(r, family, src, dst, ident):
    """What a raw socket sends: the kernel refuses broken IP headers there."""
    protocol, payload = transport(r, family, src, dst)
    if maybe(r, 15):
        payload = shorten(r, payload)
    return ip(family, src, dst, protocol, payload, ident)


def sequence_of(frames, family):
    """The sequence number of the host's last TCP segment, as a peer would acknowledge it."""
    at = 14 + (20 if family == V4 else 40)
    for data in reversed(frames):
        if len(data) >= at + 20 and data[12:14] == struct.pack("!H", ETHERTYPE[family]):
            if data[14 + (9 if family == V4 else 6)] == TCP:
                return struct.unpack("!I", data[at + 4:at + 8])[0] + 1 & 0xffffffff
    return 1


def tcp_to_host(r, family, port, ident):
    src, dst, listening = r.choice(SOURCES[family]), LOCAL[family][0], r.choice([22, 80, 443])

    def step(flags, seq, answers, data=b""):
        def make(frames):
            ack = sequence_of(frames, family) if answers else 0
            segment = tcp(family, src, dst, port, listening, flags, seq, ack, b"", data)
            return frame("p0", family, ip(family, src, dst, TCP, segment, ident))
        return "p0", make
    return [step(SYN, 100, False), step(ACK, 101, True), step(PSH | ACK, 101, True, b"data"),
            step(FIN | ACK, 105, True), step(RST, 106, False)]


def forwarded(r, family, port, ident):
    """A conversation through the host, with an ICMP error about it."""
    a, b = r.choice(SOURCES[family]), r.choice(BEHIND[family])

    def there(data, protocol):
        return "p0", frame("p0", family, ip(family, a, b, protocol, data, ident))

    def back(data, protocol, src=b):
        return "p1", frame("p1", family, ip(family, src, a, protocol, data, ident))
    request = udp(family, a, b, port, 53)
    quoted = ip(family, a, b, UDP, request, ident)
    error = icmp(family, BEHIND[family][1], a, 3 if family == V4 else 1, 3, b"\0" * 4 + quoted)
    icmp_protocol = ICMP4 if family == V4 else ICMP6
    echo = struct.pack("!HH", port, 1) + b"ping"
    kinds = (8, 0) if family == V4 else (128, 129)
    return r.choice([
        [there(request, UDP), back(udp(family, b, a, 53, port), UDP), there(request, UDP),
         back(error, icmp_protocol, BEHIND[family][1])],
        [there(tcp(family, a, b, port, 80, SYN, 1), TCP), back(tcp(family, b, a, 80, port, SYN | ACK, 9, 2), TCP),
         there(tcp(family, a, b, port, 80, ACK, 2, 10), TCP), back(tcp(family, b, a, 80, port, FIN | ACK, 10, 2), TCP),
         there(tcp(family, a, b, port, 80, RST, 2, 11), TCP)],
        [there(icmp(family, a, b, kinds[0], 0, echo), icmp_protocol),
         back(icmp(family, b, a, kinds[1], 0, echo), icmp_protocol)],
    ])


def fragmented(r, family, port, ident):
    """All fragments of one datagram, in some order: tracking puts them together first."""
    src, dst = r.choice(SOURCES[family]), destination(r, family)
    data = udp(family, src, dst, port, r.choice(PORTS), b"f" * 64)
    parts = [(0, 24), (24, 48), (48, len(data))]
    r.shuffle(parts)
    out = []
    for low, high in parts:
        more = high < len(data)
        if family == V4:
            packet = ip4(src, dst, UDP, data[low:high], ident, low // 8 | (0x2000 if more else 0))
        else:
            packet = ip6(src, dst, 44, struct.pack("!BBHI", UDP, 0, low | more, ident) + data[low:high])
        out.append(("p0", frame("p0", family, packet)))
    return out


def overlong(packet):
    """Has an IPv6 packet an extension header that is longer than the packet? (ipv6_find_hdr(), exthdrs_core.c)"""
    kind, at = packet[6], 40
    packet = packet[:40 + struct.unpack("!H", packet[4:6])[0]]
    while kind in (0, 43, 44, 51, 60) and at + 2 <= len(packet):
        if kind == 44 and len(packet) >= at + 4 and struct.unpack("!H", packet[at + 2:at + 4])[0] & 0xfff8:
            return False
        length = 8 if kind == 44 else (packet[at + 1] + 2) * 4 if kind == 51 else (packet[at + 1] + 1) * 8
        if len(packet) - at < length:
            return True
        kind, at = packet[at], at + length
    return False


def without_overlong(all_flows):
    def bad(where, make):
        packet = make if where == "out" else make[14:] if isinstance(make, bytes) else b""
        return len(packet) > 40 and packet[0] >> 4 == 6 and overlong(packet)
    return [f for f in all_flows if not any(bad(*step) for step in f)]


def probe_overlong():
    """A packet that a kernel with the check for overlong headers cannot parse."""
    src, dst = SOURCES[V6][0], LOCAL[V6][0]
    return frame("p0", V6, ip6(src, dst, 60, bytes([31, 200, 0, 0, 0, 0, 0, 0]) + b"x" * 8))


def flows(r, family, count, serial):
    """A list of flows (lists of steps); most are one packet. @serial numbers them over all files."""
    out = []
    for i in range(count):
        ident = (serial + i) % 65535 + 1
        port = 2000 + (serial + i) % 60000
        if maybe(r, 4):
            out.append(tcp_to_host(r, family, port, ident))
        elif maybe(r, 5):
            out.append(forwarded(r, family, port, ident))
        elif maybe(r, 3):
            out.append(fragmented(r, family, port, ident))
        else:
            out.append([single(r, family, ident)])
    return out
