# SPDX-License-Identifier: GPL-2.0-only
"""The tested host: a network namespace with two veth devices, once with iptables-legacy, once with bpfilter."""

import contextlib
import ctypes
import os
import re
import select
import socket
import struct
import subprocess
import time

from live import LiveFrames
from packets import ETHERTYPE, MAC_HOST, MAC_PEER
from rules import V4, V6

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
TOOL = {V4: "iptables-legacy", V6: "ip6tables-legacy"}
EMPTY = "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
# Whatever the host would do by the clock or by a ration would differ between the two.
SYSCTLS = {
    "net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1,
    "net/ipv4/icmp_ratelimit": 0, "net/ipv4/icmp_ratemask": 0, "net/ipv6/icmp/ratelimit": 0,
    "net/ipv6/icmp/ratemask": 254, "net/ipv4/icmp_msgs_per_sec": 1000000, "net/ipv4/icmp_msgs_burst": 1000000,
    "net/ipv4/tcp_challenge_ack_limit": 2147483647, "net/ipv4/tcp_invalid_ratelimit": 0,
    "net/ipv4/tcp_synack_retries": 0, "net/ipv4/tcp_max_syn_backlog": 65536, "net/core/somaxconn": 65535,
    "net/ipv4/ipfrag_time": 86400, "net/ipv6/ip6frag_time": 86400,
    "net/ipv4/ipfrag_high_thresh": 268435456, "net/ipv6/ip6frag_high_thresh": 268435456,
    "net/netfilter/nf_conntrack_frag6_timeout": 86400, "net/netfilter/nf_conntrack_frag6_high_thresh": 268435456,
    "net/ipv4/conf/{}/rp_filter": 0, "net/ipv4/conf/{}/accept_redirects": 0, "net/ipv4/conf/{}/send_redirects": 0,
    "net/ipv4/conf/{}/accept_local": 1, "net/ipv6/conf/{}/accept_ra": 0, "net/ipv6/conf/{}/accept_dad": 0,
    "net/ipv6/conf/{}/accept_redirects": 0, "net/ipv6/conf/{}/router_solicitations": 0,
}


class Failed(Exception):
    """A command that must work did not."""


def run(*argv, stdin=None, check=True, timeout=None):
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired as e:
        raise Failed(f"{' '.join(argv)}: still running after {timeout} s") from e
    except OSError as e:
        raise Failed(f"{argv[0]}: {e.strerror}") from e
    if check and done.returncode:
        raise Failed(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done


@contextlib.contextmanager
def inside(name):
    """In the network namespace, for this thread and the commands it starts."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        if libc.setns(home, CLONE_NEWNET):
            os._exit(3)
        os.close(there)
        os.close(home)


class Host:
    """Common to both; a subclass says how rules get in and out."""

    port = "v"      # its devices: port0, port1

    def __init__(self, name):
        self.name, self.peer = f"{name}-{os.getpid()}", f"{name}p-{os.getpid()}"
        self.wires, self.raw, self.udp, self.tcp = {}, {}, [], []
        self.frames = []
        self.live, self.use_live, self.lived = None, False, 0
        self.pause = 0

    def start(self):
        run("ip", "netns", "add", self.name)
        run("ip", "netns", "add", self.peer)
        with inside(self.peer):
            for p in ("p0", "p1"):
                self._device(p)
        with inside(self.name):
            self._configure()
            self._open_sockets()
            self.live = LiveFrames()
        with inside(self.peer):
            for p in ("p0", "p1"):
                wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(3))
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
                wire.bind((p, 3))
                self.wires[p] = wire

    def _device(self, p):
        v = self.port + p[1]
        mac_host, mac_peer = (":".join(f"{b:02x}" for b in m[p]) for m in (MAC_HOST, MAC_PEER))
        with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w", encoding="ascii") as f:
            f.write("1")    # the peer says nothing of its own
        run("ip", "link", "add", p, "address", mac_peer, "type", "veth", "peer", "name", v,
            "address", mac_host, "netns", self.name)
        run("ip", "link", "set", p, "arp", "off", "up")

    def _configure(self):
        for path, value in SYSCTLS.items():
            for device in ("all", "default", "lo", self.port + "0", self.port + "1") if "{}" in path else ("",):
                with contextlib.suppress(FileNotFoundError):
                    with open("/proc/sys/" + path.format(device), "w", encoding="ascii") as f:
                        f.write(str(value))
        self.ip("""
            link set lo up
            link set v0 addrgenmode none
            link set v1 addrgenmode none
            link set v0 up
            link set v1 up
            addr add 10.1.0.1/32 dev v0
            addr add 10.2.0.1/32 dev v1
            addr add fd01::1/128 dev v0 nodad
            addr add fd02::1/128 dev v1 nodad
            route add 10.1.0.254 dev v0
            route add 10.2.0.254 dev v1
            route add default via 10.1.0.254 dev v0
            route add 10.2.0.0/16 via 10.2.0.254 dev v1
            route add fd01::fe dev v0
            route add fd02::fe dev v1
            route add default via fd01::fe dev v0
            route add fd02::/16 via fd02::fe dev v1
            neigh add 10.1.0.254 lladdr 02:00:00:00:01:02 dev v0 nud permanent
            neigh add 10.2.0.254 lladdr 02:00:00:00:02:02 dev v1 nud permanent
            neigh add fd01::fe lladdr 02:00:00:00:01:02 dev v0 nud permanent
            neigh add fd02::fe lladdr 02:00:00:00:02:02 dev v1 nud permanent
        """)

    def ip(self, commands):
        """Of ip(8), where v0 and v1 are its devices."""
        run("ip", "-batch", "-", stdin=re.sub(r"\bv([01])\b", rf"{self.port}\1", commands))

    def _open_sockets(self):
        for port in (22, 80, 443):
            s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            s.bind(("::", port))
            s.listen(65535)
            self.tcp.append(s)
        for family, address in ((socket.AF_INET, "10.1.0.1"), (socket.AF_INET6, "fd01::1")):
            s = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            s.bind((address, 53))
            self.udp.append(s)
        self.raw[V4] = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_RAW)
        self.raw[V6] = socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_RAW)

    def stop(self):
        for s in [*self.wires.values(), *self.raw.values(), *self.udp, *self.tcp]:
            s.close()
        if self.live:
            self.live.close()
        for name in (self.name, self.peer):
            run("ip", "netns", "del", name, check=False)

    def flush_flows(self):
        """Forget connections, also those that listening sockets hold."""
        for s in self.tcp:
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection, _ = s.accept()
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()
        with inside(self.name):
            run("conntrack", "-F", check=False)

    def receive(self):
        """Take in what the host sent; answer what its UDP service got."""
        for s in self.udp:
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, sender = s.recvfrom(2048)
                    # What came from port 53 may be from this service itself: they would talk for ever.
                    with contextlib.suppress(OSError):
                        if sender[1] != 53:
                            s.sendto(data, sender)
        new = []
        for p, wire in self.wires.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, (_, _, packet_type, *_rest) = wire.recvfrom(65536)
                    if packet_type != socket.PACKET_OUTGOING:
                        new.append(data)
                        self.frames.append((p, data))
        return new

    def send(self, where, data, family):
        with contextlib.suppress(PermissionError, BlockingIOError):
            if where != "out" and self.use_live and self.send_live(where, data):
                return
            if where != "out":
                self.wires[where].send(data)
            elif family == V4:
                self.raw[V4].sendto(data, (socket.inet_ntop(socket.AF_INET, data[16:20]), 0))
            else:
                self.raw[V6].sendto(data, (socket.inet_ntop(socket.AF_INET6, data[24:40]), 0))

    def send_live(self, where, data):
        with inside(self.name):
            done = self.live.receive(self.port + where[1], data)
        self.lived += done
        return done

    def play(self, flow, family):
        frames = []
        for where, make in flow:
            time.sleep(self.pause)
            self.send(where, make(frames) if callable(make) else make, family)
            frames += self.receive()

    def settle(self):
        """Until nothing comes any more."""
        while select.select([*self.wires.values(), *self.udp], [], [], 0.03)[0]:
            self.receive()
        time.sleep(0.01)

    def sent(self):
        """What the host let out, without what differs by chance: identifiers, sequence numbers, times."""
        out = sorted(frozen(p, data) for p, data in self.frames)
        self.frames = []
        return out


def frozen(p, data):
    kind = struct.unpack("!H", data[12:14])[0]
    if kind == ETHERTYPE[V4]:
        at = 14 + (data[14] & 15) * 4
        return p, V4, len(data), data[23], data[26:34].hex(), stable(data[23], data[at:])
    if kind == ETHERTYPE[V6]:
        return p, V6, len(data), data[20], data[22:54].hex(), stable(data[20], data[54:])
    return p, kind, len(data), 0, "", ""


def stable(protocol, data):
    if protocol == 6:
        return data[:4].hex() + data[13:14].hex()
    return data[:4 if protocol == 17 else 2].hex()


class Legacy(Host):
    """The oracle."""

    def load(self, family, text):
        with inside(self.name):
            return run(TOOL[family] + "-restore", stdin=text, check=False)

    def clear(self):
        for family in (V4, V6):
            with inside(self.name):
                run(TOOL[family] + "-restore", stdin=EMPTY)

    def save(self, family, tables):
        with inside(self.name):
            return {t: saved(run(TOOL[family] + "-save", "-c", "-t", t).stdout) for t in tables}


class Ours(Host):
    """bpfilter."""

    def __init__(self, name, binary, simulate):
        super().__init__(name)
        self.binary, self.simulate, self.simulator = binary, simulate, None
        self.more = []      # FILEs besides the rules: sets

    def load(self, family, text):
        with inside(self.name):
            done = run(self.binary, "apply", f"-{family}", "-", *self.more, stdin=text, check=False)
        if self.simulate and not done.returncode:
            self.simulator = Simulator(self, family, text)
        return done

    def clear(self):
        if self.simulator:
            self.simulator.stop()
        self.simulator = None
        with inside(self.name):
            run(self.binary, "off", "--yes", check=False)

    def simulated(self):
        """What the evaluator in user space has counted, as save() would say, and what it wonders about."""
        return self.simulator.save() if self.simulator else (None, [])

    def save(self, family, tables):
        with inside(self.name):
            return {t: saved(run(self.binary, "save", "-c", f"-{family}", "-t", t).stdout) for t in tables}

    def stop(self):
        with contextlib.suppress(FileNotFoundError):
            self.clear()
        super().stop()


class Simulator:
    """The evaluator in user space (simulate.c): the same packets, the same image."""

    def __init__(self, host, family, text):
        image = f"/tmp/{host.name}.image"
        run(host.binary, "compile", f"-{family}", "-", *host.more, "-o", image, stdin=text)
        with inside(host.name):
            self.process = subprocess.Popen([os.path.join(host.simulate, "simulate"),
                                             os.path.join(host.simulate, "record.bpf.o"), image],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        os.unlink(image)
        # Rules may ask what only the kernel knows.
        self.able = ready == "READY\n"
        if not self.able and ready != "KERNEL\n":
            raise Failed("simulate does not start")
        self.packets = 0

    def save(self):
        if not self.able:
            return None, []
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        tables, table, complaints = {}, None, []
        while (line := self.process.stdout.readline()) not in ("END\n", ""):
            line = line.rstrip("\n")
            if line.startswith("*"):
                table = tables.setdefault(line[1:], [])
            if line.startswith("!"):
                complaints.append(line)
            elif not line.startswith("#"):
                table.append(line)
            elif line.endswith(" packets"):
                self.packets = int(line.split()[1])
        return tables, complaints

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def saved(text):
    return [line for line in text.splitlines() if not line.startswith("#")]
