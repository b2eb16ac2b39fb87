# SPDX-License-Identifier: GPL-2.0-only
"""-m recent: lists of addresses that rules fill, ask and empty; more addresses than a list has room for."""

import packets
from extensions import Extension
from rules import BEHIND, LOCAL, V4, maybe, negate

MASKS = {4: ["255.255.255.0", "255.255.255.255", "255.0.0.255", "0.0.0.0"],
         6: ["ffff:ffff:ffff:ffff::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff::ffff", "::"]}


def match(r, family, _chain):
    words = ["-m recent"]
    action = r.choice(["--set"] * 3 + ["--rcheck", "--update", "--update", "--update", "--remove"])
    words.append(negate(r, 15) + action)
    if action in ("--rcheck", "--update"):
        # The two hosts are not played at the same time: never near the limit.
        if maybe(r, 40):
            words.append(f"--seconds {r.choice([3600, 86400, 10000000])}")
            if maybe(r, 30):
                words.append("--reap")
        if maybe(r, 60):
            words.append(f"--hitcount {r.choice([1, 2, 2, 3, 4, 7, 31, 32, 33, 40, 200])}")
        if maybe(r, 25):
            words.append("--rttl")
    if maybe(r, 85):
        words.append(f"--name {r.choice('AAABBC')}")
    if maybe(r, 30):
        words.append(f"--mask {r.choice(MASKS[family])}")
    if maybe(r, 25):
        words.append(r.choice(["--rsource", "--rdest"]))
    return " ".join(words)


def flow(r, family, port, ident):
    """A packet of one of three hundred neighbours; TTLs that differ."""
    number, ttl = r.choice([r.randint(0, 299), r.randint(0, 3)]), r.choice([64, 64, 64, 63, 2, 255])
    src = f"10.1.{number // 200}.{number % 200 + 20}" if family == V4 else f"fd01::{number // 200}:{number % 200 + 20:x}"
    dst = r.choice([LOCAL[family][0], LOCAL[family][0], BEHIND[family][0]])
    data = packets.udp(family, src, dst, port, 53)
    if family == V4:
        packet = packets.ip4(src, dst, packets.UDP, data, ident, ttl=ttl)
    else:
        packet = packets.ip6(src, dst, packets.UDP, data, hop_limit=ttl)
    return [("p0", packets.frame("p0", family, packet))]


EXTENSIONS = [Extension("recent", match, flow, ordered=True)]
