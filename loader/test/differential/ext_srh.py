# SPDX-License-Identifier: GPL-2.0-only
"""The segment routing header: each test, and headers that are nearly right, cut off, or of another type."""

import socket
import struct

import packets
from extensions import Extension
from rules import BEHIND, LOCAL, SOURCES, V6, maybe, negate

SEGMENTS = ["fd01::2", "fd02::5", "2001:db8::1", "fd0a::1"]
NUMBERS = {"next-hdr": [6, 17, 59], "hdr-len-eq": [0, 2, 4, 6], "hdr-len-gt": [0, 2, 4], "hdr-len-lt": [2, 4, 5],
           "segs-left-eq": [0, 1, 2], "segs-left-gt": [0, 1], "segs-left-lt": [1, 2], "last-entry-eq": [0, 1, 2],
           "last-entry-gt": [0, 1], "last-entry-lt": [1, 2], "tag": [0, 1, 256, 4660]}


def match(r, _family, _chain):
    out = ["-m srh"]
    for name in r.sample(sorted(NUMBERS), r.choice([0, 1, 1, 2])):
        out.append(f"{negate(r)}--srh-{name} {r.choice(NUMBERS[name])}")
    for name in r.sample(["psid", "nsid", "lsid"], r.choice([0, 0, 1, 2])):
        out.append(f"{negate(r)}--srh-{name} {r.choice(SEGMENTS)}/{r.choice([0, 16, 64, 128])}")
    return " ".join(out)


def flow(r, family, port, ident):
    src, dst = r.choice(SOURCES[family]), r.choice(LOCAL[family] + BEHIND[family])
    segments = b"".join(socket.inet_pton(socket.AF_INET6, s) for s in r.choices(SEGMENTS, k=r.randint(1, 3)))
    last = len(segments) // 16 - 1
    left = r.randint(0, last + 1) if maybe(r, 90) else 255
    header = struct.pack("!BBBBBBH", 17, len(segments) // 8 + r.choice([0] * 8 + [1, 9]), r.choice([4] * 9 + [0]), left,
                         last if maybe(r, 90) else 2, 0, r.choice([0, 1, 256, 0x1234, 0x3412])) + segments
    data = header + packets.udp(family, src, dst, port, 53)
    if maybe(r, 10):
        data = data[:r.randint(0, len(header))]
    kind = 43
    if maybe(r, 15):
        kind, data = r.choice([(0, struct.pack("!BBBB", 43, 0, 1, 4) + b"\0" * 4 + data),
                               (44, struct.pack("!BBHI", 43, 0, r.choice([0, 1, 8]), ident) + data)])
    return [("p0", packets.frame("p0", family, packets.ip6(src, dst, kind, data)))]


EXTENSIONS = [Extension("srh", match, flow, families=(V6,))]
