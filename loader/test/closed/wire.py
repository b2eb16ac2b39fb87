# SPDX-License-Identifier: GPL-2.0-only
"""A network namespace behind a veth pair, and probes that tell which rules judge there.

Three UDP services in both families, told apart by what the rules of a test allow:
P neither the old nor the new rules, A the old ones alone, B the new ones alone, C both."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "differential"))
from host import Failed, inside, run  # noqa: E402, F401

PORTS = {"P": 1000, "A": 1001, "B": 1002, "C": 1003}
ADDRESS = {4: "10.9.0.1", 6: "fd09::1"}
EVERYTHING = frozenset(f"{p}{f}" for p in PORTS for f in ADDRESS)
NOTHING = frozenset()
SO_RCVBUFFORCE = 33
libc = ctypes.CDLL(None, use_errno=True)


def allowed(*ports):
    return frozenset(f"{p}{f}" for p in ports for f in ADDRESS)


def rules(ports, fillers=0, raw=False, state=False, answers=False):
    """One text for both families: these ports are allowed, nothing else is."""
    lines = []
    if raw:
        lines += ["*raw", ":PREROUTING ACCEPT [0:0]", "-A PREROUTING -p udp -m udp --dport 1000 -j DROP", "COMMIT"]
    lines += ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    if state:
        lines.append("-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT")
    lines += [f"-A INPUT -p tcp -m tcp --sport {1 + i % 65000} --dport {1 + i // 65000} -j ACCEPT" for i in range(fillers)]
    lines += [f"-A INPUT -p udp -m udp --dport {PORTS[p]} -j ACCEPT" for p in ports]
    if answers:
        lines += ["-A INPUT -p udp -m udp --dport 1000 -j REJECT", "-A INPUT -p tcp -j LOG", "-A INPUT -p tcp -j REJECT"]
    return "\n".join(lines + ["COMMIT", ""])


def send(s, data):
    """Over a connected socket: what a REJECT answered to an earlier packet does not hold it back."""
    for _ in range(10):
        try:
            return s.send(data)
        except ConnectionRefusedError:
            pass
    raise Failed("the socket does not send")


def companions(namespace):
    """The pids of the companions in the network namespace with this name."""
    inode, found = os.stat("/run/netns/" + namespace).st_ino, []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as f:
            if f.read(9) == b"@bpfilter" and os.stat(f"/proc/{pid}/ns/net").st_ino == inode:
                found.append(int(pid))
    return found


class Kind:
    """A kind of BPF object: bpf(2) commands, and which of them can be ours."""

    def __init__(self, next_id, open_id, ours):
        self.next_id, self.open_id, self.ours = next_id, open_id, ours

    def count(self):
        attr, at, count = ctypes.create_string_buffer(16), 0, 0
        while True:
            struct.pack_into("=IIII", attr, 0, at, 0, 0, 0)
            if libc.syscall(SYS_BPF, self.next_id, attr, 12):
                return count
            at = struct.unpack_from("=I", attr, 4)[0]
            count += self.ours(self.info(at))

    def info(self, at):
        """struct bpf_prog_info, bpf_map_info or bpf_link_info; all zero if it has just gone."""
        info = ctypes.create_string_buffer(256)
        fd = libc.syscall(SYS_BPF, self.open_id, ctypes.create_string_buffer(struct.pack("=III", at, 0, 0), 12), 12)
        if fd >= 0:
            attr = ctypes.create_string_buffer(struct.pack("=IIQ", fd, len(info), ctypes.addressof(info)), 16)
            libc.syscall(SYS_BPF, BPF_OBJ_GET_INFO_BY_FD, attr, 16)
            os.close(fd)
        return info.raw


def name_at(offset):
    return lambda info: info[offset:offset + 16].split(b"\0")[0]


SYS_BPF, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_TYPE_NETFILTER = 321, 15, 10
LINKS = Kind(31, 30, lambda info: struct.unpack_from("=I", info)[0] == BPF_LINK_TYPE_NETFILTER)
PROGRAMS = Kind(11, 13, lambda info: name_at(64)(info).startswith(b"bf_"))
MAPS = Kind(12, 14, lambda info: name_at(24)(info) in (b"image", b"answer_ring", b"companion") or
            name_at(24)(info).startswith((b"evaluato", b"deny_bpf")))


def objects():
    """How many links, programs and maps there are on this machine that can be ours."""
    return LINKS.count(), PROGRAMS.count(), MAPS.count()


class Wire:
    """The namespace .name, filtered by .binary; probes come from a peer."""

    def __init__(self, binary, tag=""):
        self.binary = os.path.abspath(binary)
        self.name, self.peer = f"bf-closed{tag}-{os.getpid()}", f"bf-closedp{tag}-{os.getpid()}"
        self.receivers, self.senders, self.flood = {}, {}, None
        self.holes = 0      # packets of the flood that came to P

    def __enter__(self):
        run("ip", "netns", "add", self.name)
        run("ip", "netns", "add", self.peer)
        run("ip", "link", "add", "v0", "netns", self.name, "type", "veth", "peer", "name", "p0", "netns", self.peer)
        for name, device, last in ((self.name, "v0", 1), (self.peer, "p0", 2)):
            with inside(name):
                self.bring_up(device, last)
        mac = os.path.join("/sys/class/net", "v0", "address")
        with inside(self.name):
            mac = run("ip", "-o", "link", "show", "v0").stdout.split("link/ether ")[1].split()[0]
        with inside(self.peer):
            for address in ADDRESS.values():
                run("ip", "neigh", "replace", address, "lladdr", mac, "dev", "p0", "nud", "permanent")
        self._open_sockets()
        return self

    @staticmethod
    def bring_up(device="v0", last=1):
        """In the namespace of the caller. Again, too: a boot that can only isolate takes the device down."""
        run("ip", "-batch", "-", stdin=f"""
            link set lo up
            link set {device} addrgenmode none
            link set {device} arp off
            link set {device} up
            addr replace 10.9.0.{last}/24 dev {device}
            addr replace fd09::{last}/64 dev {device} nodad
        """)

    def _open_sockets(self):
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        for name, sockets in ((self.name, self.receivers), (self.peer, self.senders)):
            with inside(name):
                for p, port in PORTS.items():
                    for family, address in ADDRESS.items():
                        s = socket.socket(kinds[family], socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 27)
                        (s.bind if sockets is self.receivers else s.connect)((address, port))
                        sockets[f"{p}{family}"] = s

    def __exit__(self, *_):
        self.stop_flood()
        with contextlib.suppress(FileNotFoundError):
            self.command("off", "--yes")
        for s in [*self.receivers.values(), *self.senders.values()]:
            s.close()
        for name in (self.name, self.peer):
            run("ip", "netns", "del", name, check=False)

    def command(self, *words, stdin=None, prefix=()):
        with inside(self.name):
            return run(*prefix, self.binary, *words, stdin=stdin, check=False, timeout=20)

    def status(self):
        return json.loads(self.command("status", "--json").stdout)

    def drain(self, token=None):
        """What has come in: {probe: [payload]}. The flood's packets are those that are not @token."""
        out = {}
        for key, s in self.receivers.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    data = s.recv(64)
                    out.setdefault(key, []).append(data)
                    self.holes += key[0] == "P" and data != token
        return out

    def probe(self):
        """Which of the services can be reached now? A packet has been judged when send() returns, or soon after."""
        token = os.urandom(8)
        for s in self.senders.values():
            send(s, token)
        time.sleep(0.001)
        return frozenset(key for key, got in self.drain(token).items() if token in got)

    def start_flood(self):
        """Numbered packets, as fast as may be, to what all rules deny (P) and to what all allow (C)."""
        with inside(self.peer):
            self.flood = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "flood.py")],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.flood.stdout.readline()

    def stop_flood(self):
        """How many of each were sent."""
        if not self.flood:
            return 0
        self.flood.send_signal(signal.SIGTERM)
        sent = int(self.flood.communicate()[0] or 0)
        self.flood = None
        return sent
