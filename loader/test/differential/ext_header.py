# SPDX-License-Identifier: GPL-2.0-only
"""-m esp, ah, sctp, dccp, mh; and the extension headers of IPv6: -m rt, frag, hbh, dst, ipv6header, ah."""

import struct

import packets
import rules
from extensions import Extension
from rules import V4, V6, maybe, negate

# Few values, so that rules and packets meet.
SPIS = [0, 1, 255, 256, 65536, 0x12345678, 0xffffffff]
IDS = [0, 1, 2, 3, 0xffffffff]
MH_TYPES = [0, 1, 5, 7, 8, 255]
RT_TYPES = [0, 0, 0, 2, 4, 255]
SEGMENTS = [0, 1, 2, 3, 255]
ADDRESSES = ["fd01::1", "fd01::2", "fd02::5", "::", "2001:db8::1"]
CHUNKS = {"DATA": 0, "INIT": 1, "SACK": 3, "ABORT": 6, "SHUTDOWN_COMPLETE": 14, "I_DATA": 64, "RE_CONFIG": 130,
          "PAD": 132, "ASCONF": 193, "ASCONF_ACK": 128, "FORWARD_TSN": 192, "I_FORWARD_TSN": 194}
CHUNK_FLAGS = {"DATA": "IUBE", "ABORT": "T", "SHUTDOWN_COMPLETE": "T", "I_DATA": "IUBE"}
DCCP_TYPES = ["REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK",
              "INVALID"]
DCCP_OPTIONS = [1, 2, 3, 32, 33, 40, 255]
TLVS = [0, 1, 1, 2, 5, 30, 0x3e]
HEADERS = {"hop": 0, "dst": 60, "route": 43, "frag": 44, "auth": 51, "esp": 50, "none": 59, "prot": 255}
ESP, AH, MH, SCTP, DCCP = 50, 51, 135, 132, 33


# Rules

def span(r, option, pool, top):
    """A number or a range. "! 0:TOP" matches nothing and is lost by iptables-save 1.8.9: not asked for."""
    low, high = sorted(r.choices(pool, k=2))
    forms = [str(low), f"{low}:{high}", f"{low}:", f":{high}"]
    form = r.choice(forms)
    whole = form in (f"0:{top}", "0:", f":{top}")
    return f"{'' if whole else negate(r)}--{option} {form}"


def some(r, *options):
    """Each of the options with its chance in percent."""
    return " ".join(make() for percent, make in options if maybe(r, percent))


def match_esp(r, _family, _chain):
    return "-p esp -m esp " + some(r, (85, lambda: span(r, "espspi", SPIS, 0xffffffff)))


def match_ah(r, family, _chain):
    spi = (80, lambda: span(r, "ahspi", SPIS, 0xffffffff))
    if family == V4:
        return "-p ah -m ah " + some(r, spi)
    return "-m ah " + some(r, spi, (40, lambda: f"{negate(r)}--ahlen {r.choice([0, 8, 12, 16, 20, 24])}"),
                           (25, lambda: "--ahres"))


def match_mh(r, _family, _chain):
    return "-p mobility-header -m mh " + some(r, (85, lambda: span(r, "mh-type", MH_TYPES, 255)))


def ports(r):
    return [f"{negate(r)}{o} {rules.port_range(r)}" for o in ("--sport", "--dport") if maybe(r, 30)]


def match_sctp(r, _family, _chain):
    out = ports(r)
    if maybe(r, 75):
        words = []
        for name in r.sample(sorted(CHUNKS), r.randint(1, 4)):
            flags = "".join(r.choice([f, f.lower()]) for f in CHUNK_FLAGS.get(name, "") if maybe(r, 40))
            words.append(name + (":" + flags if flags else ""))
        if maybe(r, 12):
            words = [r.choice(["ALL", "NONE"])]
        out.append(f"{negate(r)}--chunk-types {r.choice(['any', 'all', 'only'])} {','.join(words)}")
    return " ".join(["-p sctp -m sctp"] + out)


def match_dccp(r, _family, _chain):
    return " ".join(["-p dccp -m dccp"] + ports(r)) + " " + some(
        r, (40, lambda: f"{negate(r)}--dccp-types {','.join(r.sample(DCCP_TYPES, r.randint(1, 4)))}"),
        (60, lambda: f"{negate(r)}--dccp-option {r.choice(DCCP_OPTIONS)}"))


def match_frag(r, _family, _chain):
    return "-m frag " + some(r, (50, lambda: span(r, "fragid", IDS, 0xffffffff)),
                             (15, lambda: f"{negate(r)}--fraglen 8"), (20, lambda: "--fragres"),
                             (35, lambda: "--fragfirst"), (50, lambda: r.choice(["--fragmore", "--fraglast"])))


def match_rt(r, _family, _chain):
    out = ["-m rt"]
    zero = maybe(r, 50)
    if zero:
        out.append("--rt-type 0")
    elif maybe(r, 60):
        out.append(f"{negate(r)}--rt-type {r.choice(RT_TYPES)}")
    out.append(some(r, (30, lambda: span(r, "rt-segsleft", SEGMENTS, 0xffffffff)),
                    (30, lambda: f"{negate(r)}--rt-len {r.choice([8, 24, 40, 56])}"),
                    (25 if zero else 0, lambda: "--rt-0-res")))
    if zero and maybe(r, 65):
        out.append(f"--rt-0-addrs {','.join(r.choices(ADDRESSES[:3], k=r.choice([1, 1, 2, 2, 3, 16])))}")
        out += ["--rt-0-not-strict"] if maybe(r, 50) else []
    return " ".join(out)


def match_tlvs(name):
    def match(r, _family, _chain):
        out = [f"-m {name}"]
        if maybe(r, 35):
            out.append(f"{negate(r)}--{name}-len {r.choice([8, 16, 24, 40])}")
        if maybe(r, 70):
            words = []
            for _ in range(r.choice([1, 1, 1, 2, 2, 3, 16])):
                kind = r.choice(TLVS)
                words.append(f"{kind}:{r.choice([0, 1, 2, 4, 255])}" if kind and maybe(r, 40) and len(words) < 15
                             else str(kind))
            out.append(f"--{name}-opts {','.join(words)}")
        return " ".join(out)
    return match


def match_list(r, _family, _chain):
    names = r.sample(sorted(HEADERS), r.choice([1, 1, 2, 2, 3]))
    if "prot" not in names and maybe(r, 40):
        names.append("prot")
    return f"-m ipv6header {negate(r)}--header {','.join(names)}" + (" --soft" if maybe(r, 50) else "")


# Packets

def noise(r, low, high):
    return bytes(r.randint(0, 255) for _ in range(r.randint(low, high)))


def esp(r):
    return struct.pack("!II", r.choice(SPIS), 1) + noise(r, 0, 20)


def ah(r, following, _short=False):
    """Its length field is right, mostly."""
    icv = r.choice([0, 4, 8, 12, 12])
    words = 1 + icv // 4 + (r.choice([-1, 1]) if maybe(r, 8) else 0)
    return struct.pack("!BBHII", following, words, r.choice([0, 0, 1]), r.choice(SPIS), 1) + bytes(icv)


def mh(r):
    kind = r.choice(MH_TYPES)
    return struct.pack("!BBBBH", 59 if maybe(r, 88) else 6, 1, kind, 0, 0) + noise(r, 0, 10)


def sctp(r):
    sport, dport = r.choices(rules.PORTS, k=2)
    data = struct.pack("!HHII", sport, dport, 7, 0)
    for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3, 12])):
        kind = CHUNKS[r.choice(sorted(CHUNKS))] if maybe(r, 92) else r.choice([2, 15, 16, 63, 130, 255])
        body = noise(r, 0, 9)
        size = 4 + len(body)
        if maybe(r, 7):
            size = r.choice([0, 1, 3, 4, size + 1, size + 4, 65535])
        data += struct.pack("!BBH", kind, r.choice([0, 1, 2, 3, 8, 255]), size) + body + bytes(-len(body) % 4)
    return data[:-1] if maybe(r, 5) else data


def dccp(r):
    sport, dport = r.choices(rules.PORTS, k=2)
    kind, extended = r.randint(0, 15 if maybe(r, 20) else 9), r.randint(0, 1)
    fixed = {0: 4, 1: 12, 2: 0, 3: 8, 4: 8, 5: 8, 6: 8, 8: 8, 9: 8}.get(kind, 12)
    options = b""
    for _ in range(r.choice([0, 0, 1, 2, 3])):
        option = r.choice(DCCP_OPTIONS)
        size = r.choice([2, 3, 4, 5]) if maybe(r, 90) else r.choice([0, 1, 200])
        options += bytes([option]) if option < 32 else bytes([option, size]) + bytes(max(size, 2) - 2)
    options += bytes(-len(options) % 4)
    offset = (12 + 4 * extended + fixed + len(options)) // 4
    if maybe(r, 8):
        offset = r.choice([0, 3, offset - 1, offset + 1, 255])
    head = struct.pack("!HHBBHBBH", sport, dport, offset & 255, 0, 0, r.choice([0, 0xe0]) | kind << 1 | extended, 0, 9)
    return head + bytes(4 * extended + fixed) + options + noise(r, 0, 6)


def routing(r, following, short=False):
    count = r.choice([0, 1, 1, 2, 2] if short else [0, 1, 1, 2, 2, 3, 5, 17])
    there = r.choices(ADDRESSES[:3] if maybe(r, 80) else ADDRESSES, k=count)
    odd = 1 if maybe(r, 12) else 0     # 8 bytes that are no address
    body = b"".join(packets.packed(a) for a in there) + bytes(8 * odd)
    return struct.pack("!BBBBI", following, len(there) * 2 + odd, r.choice(RT_TYPES), r.choice(SEGMENTS),
                       r.choice([0, 0, 0, 1])) + body


def options(r, following, short=False):
    body = b""
    for _ in range(r.choice([0, 1, 1, 2, 3] if short else [0, 1, 1, 2, 3, 17])):
        kind, size = r.choice(TLVS), r.choice([0, 1, 2, 4])
        body += b"\0" if not kind else bytes([kind, size if maybe(r, 95) else 255]) + bytes(size)
    left = -(len(body) + 2) % 8
    body += b"\0" if left == 1 else bytes([1, left - 2]) + bytes(left - 2) if left else b""
    return bytes([following, (len(body) + 2) // 8 - 1]) + body


def fragment(r, following, _short=False):
    field = r.choice([0, 0, 1, 8, 9, 0xfff8, 2, 4, 7])
    return struct.pack("!BBHI", following, r.choice([0, 0, 0, 1]), field, r.choice(IDS))


BUILD = {0: options, 60: options, 43: routing, 44: fragment, 51: ah}
LAST = {"esp": (ESP, esp), "mh": (MH, mh), "sctp": (SCTP, sctp), "dccp": (DCCP, dccp)}
WANTED = {"rt": 43, "frag": 44, "hbh": 0, "dst": 60, "ah": 51}


def transport(r, name, family, src, dst):
    """(protocol, bytes): of the extension, where it has a transport header."""
    if name == "ah" and family == V4:
        return AH, ah(r, 17) + packets.udp(family, src, dst, 53, 53)
    if name in LAST and maybe(r, 92):
        protocol, make = LAST[name]
        return protocol, make(r)
    if name == "ipv6header" and maybe(r, 40):
        return r.choice([(ESP, esp(r)), (59, b""), (59, b"xyz"), (MH, mh(r)), (255, b"abc")])
    return packets.transport(r, family, src, dst)


def headers(r, name, protocol, payload):
    """
    Extension headers before what there is. Tracking puts fragments together, and then the header before the fragment
    header has to begin in the first 256 bytes, or it is not that one that is altered (find_prev_fhdr() in
    nf_conntrack_reasm.c keeps the offset in a byte).
    """
    kinds = [r.choice([0, 60, 43, 44, 51]) for _ in range(r.choice([0, 0, 1, 2, 3]))]
    if name in LAST and maybe(r, 70):
        kinds = []
    if name in WANTED and maybe(r, 85):
        kinds.insert(r.randint(0, len(kinds)), WANTED[name])
    for kind in reversed(kinds):
        payload = BUILD[kind](r, protocol, 44 in kinds) + payload
        protocol = kind
    return protocol, payload


def flow_of(name):
    def flow(r, family, _port, ident):
        out = maybe(r, 12)
        where = "out" if out else r.choice(["p0", "p0", "p0", "p1"])
        src = r.choice(rules.LOCAL[family] if out else rules.SOURCES[family] if where == "p0" else rules.BEHIND[family])
        dst = r.choice(rules.SOURCES[family] + rules.BEHIND[family]) if out else packets.destination(r, family)
        protocol, payload = transport(r, name, family, src, dst)
        if family == V6:
            protocol, payload = headers(r, name, protocol, payload)
        if maybe(r, 15) and not out:
            payload = packets.shorten(r, payload) if maybe(r, 50) else payload[:r.randint(0, 16)]
        if family == V6:
            packet = packets.ip6(src, dst, protocol, payload)
        else:
            frag = r.choice([0x2000, 1, 2, 0x2001, 0x1fff]) if maybe(r, 8) and not out else 0
            if frag & 0x2000:
                payload = payload[:len(payload) // 8 * 8]
            extra = r.choice(packets.IP_OPTIONS[:2]) if maybe(r, 6) and not out else b""
            packet = packets.ip4(src, dst, protocol, payload, ident, frag, options=extra)
        return [(where, packet if out else packets.frame(where, family, packet))]
    return flow


def extension(name, match, families=(V4, V6)):
    return Extension(name, match, flow_of(name), families)


EXTENSIONS = [
    extension("esp", match_esp), extension("ah", match_ah), extension("sctp", match_sctp),
    extension("dccp", match_dccp), extension("mh", match_mh, (V6,)), extension("rt", match_rt, (V6,)),
    extension("frag", match_frag, (V6,)), extension("hbh", match_tlvs("hbh"), (V6,)),
    extension("dst", match_tlvs("dst"), (V6,)), extension("ipv6header", match_list, (V6,)),
]
