# SPDX-License-Identifier: GPL-2.0-only
"""-m string and -m bpf: what is anywhere in a packet."""

import packets
from extensions import Extension
from rules import BEHIND, LOCAL, PORTS, SOURCES, V4, maybe, negate

HIGH = [0xdf, 0xff, 0xbf, 0xe9, 0xc9, 0xf7, 0xd7]


def text(r, size):
    """Few letters, so that patterns repeat and nearly match; at times all bytes that have two cases."""
    letters = r.choice([b"ab", b"ab", b"aAbB", b"aZz@[`{", bytes(HIGH) + b"a"])
    return bytes(r.choice(letters) for _ in range(size))


def string_match(r, _family, _chain):
    words = [f"-m string --algo {r.choice(['bm', 'kmp'])}"]
    data = text(r, r.choice([1, 2, 3, 3, 4, 5, 8, 12, 40, 127]))
    words.append(f"{negate(r)}--hex-string \"|{data.hex()}|\"")
    if maybe(r, 40):
        low, high = sorted(r.choice([0, 1, 8, 20, 28, 29, 30, 40, 48, 60, 100, 1000, 65535]) for _ in range(2))
        words.append(" ".join(r.choice([[f"--from {low}"], [f"--to {high}"], [f"--from {low}", f"--to {high}"]])))
    if maybe(r, 40):
        words.append("--icase")
    return " ".join(words)


def datagram(r, family, port, ident, data):
    src, dst = r.choice(SOURCES[family]), r.choice([LOCAL[family][0], BEHIND[family][0]])
    if maybe(r, 15):
        src, dst = LOCAL[family][0], r.choice(SOURCES[family] + BEHIND[family])
        return [("out", packets.ip(family, src, dst, packets.UDP, packets.udp(family, src, dst, port, 53, data), ident))]
    payload = packets.udp(family, src, dst, port, r.choice(PORTS), data)
    if maybe(r, 20):
        return fragments(r, family, src, dst, payload, ident)
    return [("p0", packets.frame("p0", family, packets.ip(family, src, dst, packets.UDP, payload, ident)))]


def fragments(r, family, src, dst, payload, ident):
    """Tracking puts them together again, to a packet that is not linear."""
    size = r.choice([8, 16, 40])
    out = []
    for low in range(0, len(payload), size):
        part, more = payload[low:low + size], low + size < len(payload)
        if family == V4:
            packet = packets.ip4(src, dst, packets.UDP, part, ident, low // 8 | (0x2000 if more else 0))
        else:
            head = packets.struct.pack("!BBHI", packets.UDP, 0, low | more, ident)
            packet = packets.ip6(src, dst, 44, head + part)
        out.append(("p0", packets.frame("p0", family, packet)))
    return out


def string_flow(r, family, port, ident):
    return datagram(r, family, port, ident, text(r, r.choice([0, 1, 3, 10, 30, 60, 130, 600, 1300])))


# Codes of classic BPF by what they do.
LOADS = [0x20, 0x28, 0x30]              # ld, ldh, ldb [k]
INDIRECT = [0x40, 0x48, 0x50]           # ... [x + k]
ALU = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0]
JUMPS = [0x10, 0x20, 0x30, 0x40]
OFFSETS = [0, 1, 2, 4, 6, 8, 9, 12, 16, 19, 20, 22, 24, 28, 36, 39, 40, 41, 44, 60, 61, 62, 63, 64, 100, 1300]
NETWORK, LINK, ANCILLARY = 0xfff00000, 0xffe00000, 0xfffff000


def offset(r):
    base = r.choice([0] * 8 + [NETWORK, NETWORK, LINK, 0x80000000, 0x7fffffff])
    return base + r.choice(OFFSETS) if base != 0x7fffffff else base


def instruction(r, left, written):
    """@left: instructions behind this one. @written: scratch words that may be read."""
    kind = r.choice(["load"] * 4 + ["indirect", "alu", "alu", "jump", "jump", "jump", "other", "memory", "ancillary"])
    value = r.choice([0, 1, 2, 4, 6, 17, 20, 53, 64, 255, 0xffff, 0x80000000, 0xffffffff, 0x0a010001])
    if kind == "jump" and left > 1:
        if maybe(r, 10):
            return (0x05, 0, 0, r.randint(0, min(left - 1, 3)))
        return (0x05 | r.choice(JUMPS) | r.choice([0, 0, 8]), r.randint(0, min(left - 1, 4)),
                r.randint(0, min(left - 1, 4)), value)
    if kind == "indirect":
        return (r.choice(INDIRECT), 0, 0, r.choice([r.choice(OFFSETS), offset(r), 0xffffffff]))
    if kind == "alu":
        op, by_x = r.choice(ALU), r.choice([0, 0, 8])
        if not by_x and op in (0x60, 0x70):
            value %= 32
        return (0x04 | op | by_x, 0, 0, value or 1)
    if kind == "memory":
        return r.choice([(0x02, 0, 0, r.randint(0, 15)), (0x03, 0, 0, r.randint(0, 15))] +
                        [(code, 0, 0, r.choice(sorted(written))) for code in (0x60, 0x61) if written])
    if kind == "ancillary":
        # protocol, packet type, mark, queue, VLAN, A ^= X: the same in both hosts
        return (r.choice(LOADS), 0, 0, ANCILLARY + r.choice([0, 4, 20, 24, 28, 44, 48, 40, 40]))
    if kind == "other":
        return r.choice([(0x84, 0, 0, 0), (0x07, 0, 0, 0), (0x87, 0, 0, 0), (0x80, 0, 0, 0), (0x81, 0, 0, 0),
                         (0x00, 0, 0, value), (0x01, 0, 0, value), (0xb1, 0, 0, r.choice([0, offset(r)]))])
    return (r.choice(LOADS), 0, 0, offset(r))


def bpf_match(r, _family, _chain):
    size, program, written = r.choice([1, 3, 5, 9, 20, 63]), [], set()
    jumped = 0
    for i in range(size):
        step = instruction(r, size - i, written)
        if step[0] & 7 == 5:
            jumped = max(jumped, i + 1 + (step[3] if step[0] == 5 else max(step[1], step[2])))
        elif step[0] & 7 in (2, 3) and i >= jumped:     # written on every way
            written.add(step[3])
        program.append(step)
    program.append(r.choice([(0x16, 0, 0, 0), (0x06, 0, 0, 1)]))
    return f"-m bpf --bytecode \"{len(program)},{','.join('%u %u %u %u' % i for i in program)}\""


EXTENSIONS = [Extension("string", string_match, string_flow), Extension("bpf", bpf_match, string_flow)]
