# SPDX-License-Identifier: GPL-2.0-only
"""A listener of nfnetlink_log groups, and what it is told of packets (linux/netfilter/nfnetlink_log.h)."""

import errno
import os
import socket
import struct

from frames import masked, summed
from host import Failed

NETLINK_NETFILTER, SUBSYSTEM, MSG_PACKET, MSG_CONFIG = 12, 4 << 8, 0, 1
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR, NLMSG_DONE = 1, 4, 2, 3
CFG_CMD, CFG_MODE, CFG_NLBUFSIZ, CFG_TIMEOUT, CFG_QTHRESH = 1, 2, 3, 4, 5
BIND, COPY_PACKET = 1, 2
NAMES = {1: "header", 2: "mark", 3: "time", 4: "in", 5: "out", 6: "physin", 7: "physout", 8: "hwaddr", 9: "payload", 10: "prefix",
         11: "uid", 12: "seq", 13: "seq_global", 14: "gid", 15: "hwtype", 16: "hwheader", 17: "hwlen", 18: "ct", 19: "ct_info",
         20: "vlan", 21: "l2hdr"}
GROUPS = (0, 1, 7)
SO_RCVBUFFORCE = 33


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack("=HH", data[:4])
        if length < 4:
            return
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


class Listener:
    """Made inside the namespace. Each group gets whole packets, at once."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
        self.socket.bind((0, 0))
        for group in GROUPS:
            self.configure(group, attribute(CFG_CMD, bytes([BIND])))
            self.configure(group, attribute(CFG_MODE, struct.pack("!IBB", 0xffff, COPY_PACKET, 0))
                           + attribute(CFG_TIMEOUT, struct.pack("!I", 1)) + attribute(CFG_QTHRESH, struct.pack("!I", 1)))
        self.socket.setblocking(False)

    def configure(self, group, data):
        body = struct.pack("=BBH", socket.AF_UNSPEC, 0, socket.htons(group)) + data
        self.socket.send(struct.pack("=IHHII", 16 + len(body), SUBSYSTEM | MSG_CONFIG, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
        _, kind, _, _, _, error = struct.unpack("=IHHIIi", self.socket.recv(4096)[:20])
        if kind != NLMSG_ERROR or error:
            raise Failed(f"nfnetlink_log group {group}: {os.strerror(-error)}")

    def fileno(self):
        return self.socket.fileno()

    def take(self):
        """Texts of the packets that came."""
        out = []
        while True:
            try:
                data = self.socket.recv(1 << 17)
            except BlockingIOError:
                return out
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
                raise Failed("packets of NFLOG were lost on their way to the listener") from e
            while len(data) >= 16:
                length, kind = struct.unpack("=IH", data[:6])
                if kind == SUBSYSTEM | MSG_PACKET:
                    out.append(text(data[16:length]))
                data = data[max((length + 3) & ~3, 16):]

    def close(self):
        self.socket.close()


def text(message):
    """What is said of a packet, but when it came."""
    family, version, group = struct.unpack("!BBH", message[:4])
    words = [f"family={family} version={version} group={group}"]
    for kind, value in attributes(message[4:]):
        if NAMES.get(kind) == "time":
            value = b""
        if NAMES.get(kind) == "payload":
            # As the frame of a reply, whose identifier differs by chance.
            value = masked(summed(b"\0" * 12 + (b"\x08\0" if family == socket.AF_INET else b"\x86\xdd") + value))[14:]
        words.append(f"{NAMES.get(kind, kind)}={value.hex()}")
    return " ".join(words)
