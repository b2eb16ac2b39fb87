# SPDX-License-Identifier: GPL-2.0-only
"""What programs notice: connect(), datagrams, curl and ping to what REJECT rejects, at all hooks."""

import contextlib
import errno
import re
import socket
import subprocess
import time

from files import HEAD, TYPES
from host import inside, run
from rules import V4, V6

FIRST_PORT, FIRST_SIZE = 7000, 100      # the type of REJECT goes by the port, or by the size of an echo request
AT_ONCE = 1.0       # seconds
CLIENT = """
    addr add 10.1.0.254/32 dev p0
    addr add fd01::fe/128 dev p0 nodad
    route add 10.1.0.1 dev p0
    route add default via 10.1.0.1 dev p0
    route add fd01::1 dev p0
    route add default via fd01::1 dev p0
    neigh add 10.1.0.1 lladdr 02:00:00:00:01:01 dev p0 nud permanent
    neigh add fd01::1 lladdr 02:00:00:00:01:01 dev p0 nud permanent
    link set lo up
"""
SERVER = CLIENT.replace("10.1.", "10.2.").replace("fd01", "fd02").replace("p0", "p1").replace(":01:01", ":02:01")
# (name, where it begins, {family: destination})
WAYS = [("INPUT", "client", {V4: "10.1.0.1", V6: "fd01::1"}), ("FORWARD", "client", {V4: "10.2.0.254", V6: "fd02::fe"}),
        ("OUTPUT", "host", {V4: "10.2.0.254", V6: "fd02::fe"}), ("localhost", "host", {V4: "127.0.0.1", V6: "::1"})]
DOMAIN = {V4: socket.AF_INET, V6: socket.AF_INET6}


def rule_file(family):
    """Replies come through; everything else by its port or size."""
    lines = []
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        lines.append(f"-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
        # Over the loopback device INPUT has its turn.
        over = "! -o lo " if chain == "OUTPUT" else ""
        for i, kind in enumerate(TYPES[family]):
            lines.append(f"-A {chain} {over}-p tcp -m tcp --dport {FIRST_PORT + i} -j REJECT --reject-with {kind}")
            if kind == "tcp-reset":
                continue
            icmp = ("icmp", "-m icmp --icmp-type 8", 28) if family == V4 else ("ipv6-icmp", "-m icmp6 --icmpv6-type 128", 48)
            size = icmp[2] + FIRST_SIZE + i
            lines.append(f"-A {chain} {over}-p udp -m udp --dport {FIRST_PORT + i} -j REJECT --reject-with {kind}")
            lines.append(f"-A {chain} {over}-p {icmp[0]} {icmp[1]} -m length --length {size} -j REJECT --reject-with {kind}")
        lines.append(f"-A {chain} -m limit --limit 1000/sec")
    return HEAD + "\n".join(lines) + "\nCOMMIT\n"


def prepare(host):
    """Addresses for the client and the server, which were mute."""
    for name, device, commands in ((host.peer, "p0", CLIENT), (host.server, "p1", SERVER)):
        with inside(name):
            with open(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "w", encoding="ascii") as f:
                f.write("0")
            run("ip", "-batch", "-", stdin=commands)


class Try:
    """One attempt of a program, and what came of it after how many seconds."""

    def __init__(self, what, name):
        self.what, self.start, self.said, self.seconds = f"{what} {name}", time.monotonic(), None, None

    def end(self, said):
        self.said, self.seconds = said, time.monotonic() - self.start


class Socket(Try):
    """connect() and a datagram: the error that the socket gets."""

    def __init__(self, what, name, family, kind, destination):
        super().__init__(what, name)
        self.socket = socket.socket(DOMAIN[family], kind | socket.SOCK_NONBLOCK)
        if kind == socket.SOCK_DGRAM:
            # IP_RECVERR, IPV6_RECVERR: all errors, not just some.
            self.socket.setsockopt(*((socket.IPPROTO_IP, 11, 1) if family == V4 else (socket.IPPROTO_IPV6, 25, 1)))
        try:
            self.socket.connect(destination)
            if kind == socket.SOCK_DGRAM:
                self.socket.send(b"?")
        except BlockingIOError:
            pass
        except OSError as e:
            self.end(errno.errorcode[e.errno])

    def look(self):
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self.end(errno.errorcode[error])

    def close(self):
        self.socket.close()


class Program(Try):
    """curl or ping: its words and its exit code."""

    def __init__(self, what, name, command):
        super().__init__(what, name)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def look(self):
        if self.process.poll() is None:
            return
        text = self.process.stdout.read()
        text = re.sub(r"time[= ][0-9.]+ ?ms", "time N", re.sub(r"after [0-9]+ ms", "after N ms", text))
        # In OUTPUT it goes by chance what ping hears first, the error or that its packet was dropped.
        lines = [line for line in text.splitlines() if line and not line.startswith(("ping: sendmsg", "* Trying", "*   Trying", "* Clos"))]
        # ping may send again before it hears: the same lines once more.
        lines = sorted({re.sub(r"[+][0-9]+ errors", "N errors", line) for line in lines})
        self.end(f"{self.process.returncode} {' / '.join(lines)}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def curl(address, port):
    name = f"[{address}]" if ":" in address else address
    return ["curl", "-sSv", "--noproxy", "*", "-m", "3", f"http://{name}:{port}/"]


def ping(address, size):
    return ["ping", "-n", "-c", "1", "-W", "2", "-s", str(size), address]


def tries(way, family, address):
    for i, kind in enumerate(TYPES[family]):
        what, port = f"{way} {kind}", (address, FIRST_PORT + i)
        yield Socket(what, "connect", family, socket.SOCK_STREAM, port)
        if kind != "tcp-reset":
            yield Socket(what, "datagram", family, socket.SOCK_DGRAM, port)
            yield Program(what, "ping", ping(address, FIRST_SIZE + i))
        if kind == "tcp-reset" or kind.endswith("port-unreachable"):
            yield Program(what, "curl", curl(*port))


def visit(host, family):
    """All attempts from all places, at the same time: some take the kernel a second."""
    out = []
    for way, begin, destination in WAYS:
        with inside(host.peer if begin == "client" else host.name):
            out += tries(way, family, destination[family])
    end = time.monotonic() + 3.5
    while time.monotonic() < end and any(t.said is None for t in out):
        for t in out:
            if t.said is None:
                t.look()
        time.sleep(0.005)
    for t in out:
        if t.said is None:
            t.end("nothing came")
        t.close()
    return out


def wrong(expected, got):
    """What must be so, whoever rejects. A kernel that answers while the socket is still locked is late, a second."""
    out = []
    for one, two in zip(expected, got):
        kind = one.what.split()[1]
        if two.seconds > max(AT_ONCE, one.seconds + 0.5):
            out.append(f"{two.what}: {two.said}: after {two.seconds:.1f} s, iptables-legacy {one.seconds:.1f}")
        refused = kind == "tcp-reset" or kind.endswith("port-unreachable")
        if refused and not two.what.endswith("ping") and two.what.split()[::2] != ["OUTPUT", "datagram"]:
            if "ECONNREFUSED" not in two.said and "Connection refused" not in two.said:
                out.append(f"{two.what}: {two.said}: not refused")
    return out


def compare(comparison):
    """(what was compared, lines about what differs)"""
    out, count = [], 0
    for family in (V4, V6):
        comparison.reset()
        text, results = rule_file(family), []
        for host in comparison.hosts:
            done = host.load(family, text)
            if done.returncode:
                return count, [f"{host.name}: {done.stderr}"]
            results.append(visit(host, family))
        count += len(results[0])
        for one, two in zip(*results):
            if one.said != two.said:
                out += [f"- IPv{family} {one.what}: {one.said}", f"+ IPv{family} {two.what}: {two.said}"]
        out += [f"IPv{family} {line}" for line in wrong(*results)]
        comparison.reset()
    for host in comparison.hosts:
        with contextlib.suppress(OSError):
            host.receive()
        host.frames = []
    return count, out


def burst(host, family, count):
    """How many replies a peer gets at once for so many packets: icmp_ratelimit."""
    with inside(host.peer), socket.socket(DOMAIN[family], socket.SOCK_DGRAM) as s:
        host.take_replies()
        for _ in range(count):
            # The error that came for the packet before is told here.
            with contextlib.suppress(OSError):
                s.sendto(b"!", ("10.1.0.1" if family == V4 else "fd01::1", FIRST_PORT + 3))
        time.sleep(0.15)
        return host.take_replies()


def compare_rates(comparison):
    """Lines about what differs under the kernel's own limits: a bucket for each destination."""
    out = []
    limits = {V4: {"net/ipv4/icmp_ratelimit": 10000, "net/ipv4/icmp_ratemask": 6168},
              V6: {"net/ipv6/icmp/ratelimit": 10000, "net/ipv6/icmp/ratemask": "0-1,3-127"}}
    for family in (V4, V6):
        comparison.reset()
        before = [host.set(limits[family]) for host in comparison.hosts]
        got = []
        for host in comparison.hosts:
            host.load(family, rule_file(family))
            got.append([burst(host, family, 40), burst(host, family, 5)])
        for host, values in zip(comparison.hosts, before):
            host.set(values)
        if got[0] != got[1]:
            out.append(f"IPv{family}: replies to 40 packets at once, and to 5 more: {got[0]} and {got[1]}")
        if not 0 < got[0][0] < 40:
            out.append(f"IPv{family}: the kernel did not limit its replies: {got[0]}")
        comparison.reset()
    return out
