# SPDX-License-Identifier: GPL-2.0-only
"""IPComp: a range of CPIs, and packets at its ends, cut off, or in fragments."""

import struct

import packets
from extensions import Extension
from rules import BEHIND, LOCAL, SOURCES, V4, maybe, negate

CPIS = [0, 1, 18, 255, 256, 0x1234, 65534, 65535]


def match(r, _family, _chain):
    low, high = sorted(r.choices(CPIS + [100000], k=2))
    value = r.choice([str(low), f"{low}:{high}", f":{high}", f"{low}:"])
    # iptables 1.8.9 does not print "! 0:4294967295".
    spi = f" {negate(r) if value != '0:' else ''}--ipcompspi {value}" if maybe(r, 90) else ""
    return "-p ipcomp -m ipcomp" + spi + (" --compres" if maybe(r, 20) else "")


def flow(r, family, _port, ident):
    src, dst = r.choice(SOURCES[family]), r.choice(LOCAL[family] + BEHIND[family])
    cpi = (r.choice(CPIS) + r.choice([0, 0, 1, -1])) & 0xffff
    data = struct.pack("!BBH", 6, r.choice([0, 0, 7]), cpi) + b"x" * r.choice([0, 4, 20])
    if maybe(r, 15):
        data = data[:r.randint(0, 4)]
    if family == V4:
        packet = packets.ip4(src, dst, 108, data, ident, r.choice([0] * 6 + [0x2000, 1, 5]))
    elif maybe(r, 20):
        packet = packets.ip6(src, dst, 44, struct.pack("!BBHI", 108, 0, r.choice([0, 1, 8, 16]), ident) + data)
    else:
        packet = packets.ip6(src, dst, 108, data)
    return [("p0", packets.frame("p0", family, packet))]


EXTENSIONS = [Extension("ipcomp", match, flow)]
