# SPDX-License-Identifier: GPL-2.0-only
"""What is compared: a rule file and packets each."""

import os
import random
import re
import socket

import files
import packets
import probes
from rules import V4, V6

# Settings of the kernel that change replies, in files of their own: (family, {sysctl: value}).
SETTINGS = [
    (V4, {"net/ipv4/ip_default_ttl": 99}),
    (V4, {"net/ipv4/icmp_errors_use_inbound_ifaddr": 1}),
    (V4, {"net/ipv4/fwmark_reflect": 1}),
    (V6, {"net/ipv6/conf/all/hop_limit": 33, "net/ipv6/conf/default/hop_limit": 34, f"net/ipv6/conf/{files.PORT}0/hop_limit": 35}),
    (V6, {"net/ipv6/fwmark_reflect": 1}),
    (V6, {"net/ipv6/flowlabel_reflect": 7}),
    (V6, {"net/ipv6/auto_flowlabels": 1}),
]


DCCP = 33


def looks_at_dccp():
    """Kernels from 6.16 on know no DCCP: REJECT takes it for a protocol with a checksum of the usual kind."""
    return tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2]) >= (6, 16)


def protocol(packet):
    """Of an IP packet, behind extension headers; of IPv6 packets that are cut short, the last that can be read."""
    if packet[0] >> 4 == 4:
        return packet[9]
    kind, at = packet[6], 40
    while kind in (0, 43, 44, 51, 60) and at + 8 <= len(packet):
        length = 8 if kind == 44 else 4 * packet[at + 1] + 8 if kind == 51 else 8 * packet[at + 1] + 8
        kind, at = packet[at], at + length
    return kind


def without_dccp(flows):
    def is_dccp(where, data):
        packet = data if where == "out" else data[14:] if isinstance(data, bytes) else b""
        return len(packet) > 20 and protocol(packet.ljust(48, b"\0")) == DCCP
    return [f for f in flows if not any(is_dccp(*step) for step in f)] if looks_at_dccp() else flows


# Packets from the wire that say they are from this host itself, or from all of a subnet: the reply comes back to the host,
# as RELATED from the kernel; bpfilter marks replies to packets of the loopback device and of the host alone.
OWN = [socket.inet_pton(socket.AF_INET, a) for a in ("10.1.0.1", "10.2.0.1", "10.1.5.1", "10.1.5.255")] + \
      [socket.inet_pton(socket.AF_INET6, a) for a in ("fd01::1", "fd02::1", "fd01:5::1")]
# The anycast address of a subnet's routers: the kernel knows it as its own and sends no ICMP error there.
ANYCAST = socket.inet_pton(socket.AF_INET6, "fd01:5::")


def source(where, data):
    packet = data if where == "out" else data[14:] if isinstance(data, bytes) else b""
    if not packet:
        return b""
    return packet[12:16] if packet[0] >> 4 == 4 else packet[8:24]


def without_own(flows, states):
    return [f for f in flows if not any(isinstance(step[1], bytes) and step[0] != "out" and
                                        (source(*step) == ANYCAST or (states and source(*step) in OWN)) for step in f)]


class Case:
    """One file in force, and flows of packets."""

    def __init__(self, name, family, text, flows, sysctls=None):
        # Kernels differ in how they read extension headers that are longer than the packet.
        plain = packets.without_overlong(flows) if family == V6 else flows
        plain = without_own(plain, "--ctstate" in text)
        self.name, self.family, self.text, self.flows = name, family, text, without_dccp(plain)
        self.sysctls = sysctls or {}

    def tables(self):
        return [t for t in ("filter", "raw") if f"*{t}\n" in self.text]


def fixed():
    """A file for each type of REJECT, without and with connection tracking, and for each option of LOG."""
    serial = 1
    for family in (V4, V6):
        name = f"IPv{family}"
        for kind in files.TYPES[family]:
            tcp_only = kind == "tcp-reset"
            brief = not tcp_only and not kind.endswith("port-unreachable")
            for states in (False, True):
                flows = probes.fixed(family, serial, brief)
                serial += len(flows)
                yield Case(f"{name} {kind}{', states' if states else ''}", family,
                           files.reject_file(family, kind, states), flows)
            yield Case(f"{name} {kind}, raw", family, files.raw_file(family, kind), probes.fixed(family, serial, True))
            yield Case(f"{name} {kind}, established", family, files.established_file(family, kind),
                       probes.conversation(family, serial))
        yield from logs(family, name)
    for family, sysctls in SETTINGS:
        for kind in files.TYPES[family][-1], files.TYPES[family][3]:
            name = ", ".join(f"{path.rsplit('/', 1)[1]}={value}" for path, value in sysctls.items())
            yield Case(f"IPv{family} {kind}, {name}", family, files.reject_file(family, kind, True),
                       probes.fixed(family, 7, True), sysctls)


def logs(family, name):
    filter_hooks, raw_hooks = ("INPUT", "FORWARD", "OUTPUT"), ("PREROUTING", "OUTPUT")
    flows = probes.fixed(family, 40000)
    for first, table, hooks in ((31, "filter", filter_hooks), (0, "filter", filter_hooks), (31, "raw", raw_hooks)):
        yield Case(f"{name} LOG, options {first}, {table}", family, files.log_file(table, hooks, [first]), flows)
    for low in range(0, 32, 4):
        yield Case(f"{name} LOG, options {low} to {low + 3}", family,
                   files.log_file("filter", filter_hooks, range(low, low + 4)), flows[::23])
    for table, hooks in (("filter", filter_hooks), ("raw", raw_hooks)):
        yield Case(f"{name} NFLOG, {table}", family, files.nflog_file(table, hooks),
                   [f for f in flows[::2] if all(is_plain(*step) for step in f)])


def is_plain(where, data):
    """No IPv4 options, in which the host writes times; nothing that the host sends to many and thus to itself."""
    packet = data if where == "out" else data[14:] if isinstance(data, bytes) else b""
    if packet[:1] and packet[0] >> 4 == 4:
        return packet[0] == 0x45 and 255 not in (packet[15], packet[19])
    # Of a packet that the host loops back to itself the kernel takes the first bytes for a MAC header, bpfilter does not.
    return not (where == "out" and packet[24:25] == b"\xff")


def random_case(seed, family, count, nflog=True):
    """The file and the packets of a seed."""
    r = random.Random(f"{seed} {family} answers")
    text, flows = files.random_file(r, family, nflog), []
    for i in range(count):
        ident, port = (seed * count + i) % 65535 + 1, 2000 + (seed * count + i) % 60000
        kind = r.random()
        if kind < 0.06:
            flows.append(packets.forwarded(r, family, port, ident))
        elif kind < 0.09:
            flows.append(packets.fragmented(r, family, port, ident))
        else:
            flows.append([packets.single(r, family, ident)])
    return Case(f"IPv{family} random", family, text, flows)
