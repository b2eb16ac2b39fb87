# SPDX-License-Identifier: GPL-2.0-only
"""Listeners of nfnetlink_log groups, their messages, and packets: for loader/test/answers/nflog."""

import socket
import struct

TIMESTAMP, PAYLOAD, PREFIX, SEQ_GLOBAL = 3, 9, 10, 13
NAMES = {1: "packet", 2: "mark", 3: "timestamp", 4: "indev", 5: "outdev", 6: "physindev", 7: "physoutdev", 8: "hwaddr",
         9: "payload", 10: "prefix", 11: "uid", 13: "seq", 14: "gid", 15: "hwtype", 16: "hwheader", 17: "hwlen"}
MAC = {"a0": "02:00:00:00:0a:00", "a1": "02:00:00:00:0a:01", "b0": "02:00:00:00:0b:00", "b1": "02:00:00:00:0b:01"}


def attribute(kind, data):
    a = struct.pack("=HH", 4 + len(data), kind) + data
    return a + bytes(-len(a) % 4)


class Listener:
    """What is bound to an nfnetlink_log group."""

    def __init__(self, group, mode=2, copy=0xffff, threshold=None):
        self.group = group
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)   # SO_RCVBUFFORCE
        self.s.bind((0, 0))
        self.config(attribute(1, b"\1"))
        self.config(attribute(2, struct.pack("!IBB", copy, mode, 0)))
        if threshold:
            self.config(attribute(5, struct.pack("!I", threshold)))
        self.s.settimeout(3)

    def config(self, attributes):
        body = struct.pack("!BBH", 0, 0, self.group) + attributes
        self.s.sendto(struct.pack("=IHHII", 16 + len(body), 4 << 8 | 1, 5, 1, 0) + body, (0, 0))
        answer = self.s.recv(4096)
        if struct.unpack_from("=i", answer, 16)[0]:
            raise OSError("nfnetlink_log refuses: %r" % answer)

    def get(self):
        """One datagram, or None."""
        try:
            return self.s.recv(1 << 18)
        except socket.timeout:
            return None

    def close(self):
        self.s.close()


def messages(datagram):
    while datagram:
        length = struct.unpack_from("=I", datagram)[0]
        yield datagram[:length]
        datagram = datagram[(length + 3) & ~3:]


def attributes(message):
    at = 20
    while at < len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        yield kind, message[at + 4:at + length]
        at += (length + 3) & ~3


def timeless(datagram):
    """Without the times, and these as seconds."""
    out, times = bytearray(datagram), []
    for m in range(len(datagram) - 19):
        if datagram[m:m + 4] == b"\x14\0\3\0" and not any(datagram[m + 4:m + 8]):
            times.append(struct.unpack_from("!QQ", datagram, m + 4))
            out[m + 4:m + 20] = bytes(16)
    return bytes(out), [s + us / 1e6 for s, us in times]


def shown(datagram):
    if datagram is None:
        return "nothing"
    return "\n".join(m[:20].hex() + " " + " ".join("%s=%s" % (NAMES.get(k, k), v[:64].hex()) for k, v in attributes(m))
                     for m in messages(datagram))

def total(data):
    data += bytes(len(data) % 2)
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def ip4(src, dst, payload=b"hello", number=1):
    udp = struct.pack("!HHHH", 30000, 40000, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", total(head)) + head[12:] + udp


def ip6(src, dst, payload=b"hello"):
    a, b = (socket.inet_pton(socket.AF_INET6, x) for x in (src, dst))
    udp = struct.pack("!HHHH", 30000, 40000, 8 + len(payload), 0) + payload
    check = total(a + b + struct.pack("!II", len(udp), 17) + udp)
    return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + a + b + udp[:6] + struct.pack("!H", check) + udp[8:]


def ethernet(device, packet):
    """The frame that comes in by @device, and its header."""
    peer = device[0] + "1"
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    head = b"".join(bytes.fromhex(MAC[d].replace(":", "")) for d in (device, peer)) + kind
    return head, head + packet


def inject(device, frame):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((device[0] + "1", 0))
    s.send(frame)
    s.close()


def index(device):
    return socket.if_nametoindex(device)
