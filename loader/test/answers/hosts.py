# SPDX-License-Identifier: GPL-2.0-only
"""The tested host between a client and a server, each a network namespace; iptables-legacy in it or bpfilter."""

import contextlib
import os
import select
import socket
import time

import frames
from files import PORT
from host import Legacy, Ours, inside, run
from nflog import Listener
from rules import V4, V6

MORE = """
    addr add fe80::1/64 dev v0 nodad
    addr add 10.1.5.1/24 brd 10.1.5.255 dev v0
    addr add fd01:5::1/64 dev v0 nodad
    neigh add fe80::fe lladdr 02:00:00:00:01:02 dev v0 nud permanent
    route add multicast ff00::/8 dev v0 table local metric 1
    neigh add fe80::99 lladdr 02:00:00:00:01:02 dev v0 nud permanent
    neigh add 10.1.5.2 lladdr 02:00:00:00:01:02 dev v0 nud permanent
    neigh add fd01:5::2 lladdr 02:00:00:00:01:02 dev v0 nud permanent
"""
# The quiet that ends a case: what the kernel answers is there when it is looked for, the companion takes its time.
QUIET, PATIENCE = 0.02, 1.5
USER, GROUP = 1234, 567
IP_MTU_DISCOVER = 10     # linux/in.h
SO_RCVBUFFORCE = 33      # asm-generic/socket.h


class Result:
    """What a host did in one case."""

    def __init__(self):
        self.frames, self.lines, self.facilities, self.lost = [], [], set(), 0
        self.flows, self.counters, self.packets = [], {}, []

    def sizes(self):
        return len(self.frames), len(self.lines), len(self.packets)


class Between:
    """Mixed into Legacy and Ours: three namespaces, and no services, whose answers would differ by chance."""

    port = PORT

    def __init__(self, *args):
        super().__init__(*args)
        self.server = f"{self.name}-s"
        self.kmsg, self.listener, self.users = None, None, {}

    def start(self):
        for name in (self.name, self.peer, self.server):
            run("ip", "netns", "add", name)
        for name, device in ((self.peer, "p0"), (self.server, "p1")):
            with inside(name):
                self._device(device)
        with inside(self.name):
            self._configure()
            self.ip(MORE)
            # A hash with a secret otherwise; cases.SETTINGS has it.
            self.set({"net/ipv6/auto_flowlabels": 0})
            self._open_sockets()
            self.wires["lo"] = packet_socket("lo")
            self.listener = Listener()
        for name, device in ((self.peer, "p0"), (self.server, "p1")):
            with inside(name):
                self.wires[device] = packet_socket(device)

    def _open_sockets(self):
        for family, domain in ((V4, socket.AF_INET), (V6, socket.AF_INET6)):
            self.raw[family] = socket.socket(domain, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_RAW)
            self.users[family] = user_socket(domain)

    def stop(self):
        for s in self.users.values():
            s.close()
        if self.listener:
            self.listener.close()
        super().stop()
        run("ip", "netns", "del", self.server, check=False)

    def flush_flows(self):
        with inside(self.name):
            run("conntrack", "-F", check=False)

    def receive(self):
        """Take in what came; True: there was something."""
        some = False
        for device, wire in self.wires.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, (_, _, packet_type, *_rest) = wire.recvfrom(65536)
                    if packet_type != socket.PACKET_OUTGOING:
                        self.frames.append((device, data))
                        some = True
        return some

    def send(self, where, data, family):
        # EPERM of a packet that OUTPUT drops, EMSGSIZE and the like: the same on both.
        with contextlib.suppress(OSError):
            if where == "user":
                port, size = data
                destination = ("10.2.0.5", port) if family == V4 else ("fd02::5", port, 0, 0)
                self.users[family].sendto(b"u" * size, destination)
            else:
                super().send(where, data, family)

    def play_all(self, flows, family, result):
        for i, flow in enumerate(flows):
            for where, data in flow:
                self.send(where, data, family)
            # The kernel's log holds some hundred lines, and others write to it, too.
            self.kmsg.poll()
            if i % 8 == 7:
                self.receive()
                self.listen(result)

    def take_replies(self):
        """How many replies came since the last time."""
        self.receive()
        count = sum(frames.is_reply(data) for device, data in self.frames if device != "lo")
        self.frames = []
        return count

    def listen(self, result):
        if self.listener:
            result.packets += self.listener.take()

    def take(self, result):
        """Move what came meanwhile to @result; True: there was something."""
        self.receive()
        self.kmsg.poll()
        self.listen(result)
        lines, facilities, lost = self.kmsg.taken()
        got = [k for k in (frames.kept(*f) for f in self.frames) if k]
        result.frames += got
        result.lines += lines
        result.facilities |= facilities
        result.lost += lost
        self.frames = []
        return bool(got or lines or result.packets)

    def settle_until(self, result, sizes):
        """Until it is quiet and there is as much as @sizes says, or for a while if there is not."""
        start = last = time.monotonic()
        while True:
            ready = select.select([*self.wires.values(), self.kmsg.fd, self.listener], [], [], QUIET / 4)[0]
            if self.take(result) and ready:
                last = time.monotonic()
            now = time.monotonic()
            enough = all(a >= b for a, b in zip(result.sizes(), sizes))
            if now - last > (QUIET if enough else PATIENCE) or now - start > 20:
                return

    def result(self, family, flows, tables, sizes=(0, 0, 0)):
        """Play the flows. @sizes: what is expected of frames, lines and NFLOG packets at least."""
        result = Result()
        self.take(Result())
        self.play_all(flows, family, result)
        self.settle_until(result, sizes)
        result.counters = self.save(family, tables)
        result.flows = self.connections()
        return result

    def connections(self):
        with inside(self.name), open("/proc/thread-self/net/nf_conntrack", encoding="ascii") as f:
            return sorted(connection(line) for line in f)

    def set(self, values):
        """sysctls: {path: value}; those before."""
        before = {}
        with inside(self.name):
            for path, value in values.items():
                with open("/proc/sys/" + path, "r+", encoding="ascii") as f:
                    before[path] = f.read().strip()
                    f.seek(0)
                    f.write(str(value))
        return before


def connection(line):
    """Without the timeout, and without how many hold it."""
    words = line.split()
    return " ".join(words[:4] + [w for w in words[5:] if not w.startswith("use=")])


def packet_socket(device):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(3))
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    wire.bind((device, 3))
    return wire


def user_socket(domain):
    """A UDP socket of another user, at a port that is known."""
    os.setegid(GROUP)
    os.seteuid(USER)
    try:
        s = socket.socket(domain, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    finally:
        os.seteuid(0)
        os.setegid(0)
    if domain == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, 2)      # never fragmented: identifier 0
    s.bind(("10.1.0.1" if domain == socket.AF_INET else "fd01::1", 5555))
    return s


@contextlib.contextmanager
def everywhere():
    """What is started meanwhile may run on all processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count()))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Oracle(Between, Legacy):
    """iptables-legacy."""


class Tested(Between, Ours):
    """bpfilter."""

    def __init__(self, name, binary):
        super().__init__(name, binary, None)

    def load(self, family, text):
        with everywhere():
            return super().load(family, text)

    def clear(self):
        with everywhere():
            super().clear()
