# SPDX-License-Identifier: GPL-2.0-only
"""conntrack, connmark, connbytes, helper, connlimit: real connections with replies, ICMP errors and FTP's second
connections.

Marks are set and helpers are assigned by iptables-legacy's own tables mangle and raw, in both hosts alike."""

import packets
from extensions import Extension
from host import TOOL, inside, run
from packets import ACK, FIN, ICMP4, ICMP6, PSH, RST, SYN, TCP, UDP
from rules import BEHIND, LOCAL, SOURCES, V4, V6, maybe, negate

FTP_PORTS = [21, 2121]
STATES = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"]
STATUSES = ["NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"]
# Timeouts are 10, 30, 60, 120 and 432000 seconds when a packet is judged, or one less: no bound is near one.
EXPIRES = ["0", "0:5", "5:", "5:20", "20:", "20:45", "45:90", "90:200", "200:", "100:500000", "0:4294967295", "7:8"]
PORTS = ["20:22", "21", "22", "53", "80", "443", "1000:", ":2000", "2000:20000", "30000:", "0:65535", "0", "2121",
         "5:100"]
NETS = {
    V4: ["10.1.0.0/16", "10.2.0.0/24", "192.0.2.128/25", "10.0.0.1/8", "0.0.0.0/0", "203.0.113.255"],
    V6: ["fd01::/64", "fd02::/16", "2001:db8::/32", "2001:db8::8000:0/112", "::/0", "fd01::1/ffff::"],
}


def some(r, names, most):
    return ",".join(r.sample(names, r.randint(1, most)))


def conntrack(r, family, _chain):
    out, hosts = ["-m conntrack"], NETS[family] + LOCAL[family] + SOURCES[family] + BEHIND[family]
    for option in ("ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"):
        if maybe(r, 15):
            out.append(f"{negate(r)}--{option} {r.choice(hosts)}")
    for option in ("ctorigsrcport", "ctorigdstport", "ctreplsrcport", "ctrepldstport"):
        if maybe(r, 15):
            out.append(f"{negate(r)}--{option} {r.choice(PORTS)}")
    if maybe(r, 25):
        out.append(f"{negate(r)}--ctproto {r.choice(['tcp', 'udp', '1', '58', '255', '132'])}")
    if maybe(r, 25):
        out.append(f"{negate(r)}--ctstatus {some(r, STATUSES, 3)}")
    if maybe(r, 25):
        out.append(f"{negate(r)}--ctexpire {r.choice(EXPIRES)}")
    if maybe(r, 25):
        out.append(f"--ctdir {r.choice(['ORIGINAL', 'REPLY'])}")
    if len(out) == 1 or maybe(r, 30):
        out.append(f"{negate(r)}--ctstate {some(r, STATES, 3)}")
    return " ".join(out)


def state(r, _family, _chain):
    return f"-m state {negate(r)}--state {some(r, STATES[:5], 3)}"


def connmark(r, _family, _chain):
    mark = r.choice(["0", "1", "2", "0x10", "0x12345678", "0/0xff", "1/1", "0x10/0xf0", "0x78/0xff", "3/1", "0/0"])
    return f"-m connmark {negate(r)}--mark {mark}"


def connbytes(r, _family, _chain):
    mode = r.choice(["packets", "bytes", "avgpkt"])
    values = [1, 2, 3, 4, 5, 6] if mode == "packets" else [28, 40, 52, 60, 80, 100, 200, 400, 2**32]
    low, high = sorted(r.choices(values + [0], k=2))
    # "0:0" is lost by iptables-save; bpfilter prints it.
    span = r.choice([f"{low}:{high}", f"{low}:", str(low), f":{high or 1}"] if high else ["0"])
    inverted = negate(r) if span != "0" else ""
    return f"-m connbytes {inverted}--connbytes {span} --connbytes-mode {mode} --connbytes-dir " \
           f"{r.choice(['original', 'reply', 'both'])}"


def helper(r, _family, _chain):
    return f"-m helper {negate(r)}--helper {r.choice(['ftp', 'ftp', 'ftp-2121', 'ft', 'irc', 'ftpx'])}"


def conversation(family, a, b, port, service, ident):
    """Functions that make frames of a TCP connection from a, behind p0, to b, behind p1."""
    def there(flags, seq, ack, data=b"", source=None, dest=None):
        segment = packets.tcp(family, a, b, source or port, dest or service, flags, seq, ack, b"", data)
        return "p0", packets.frame("p0", family, packets.ip(family, a, b, TCP, segment, ident))

    def back(flags, seq, ack, data=b"", source=None, dest=None):
        segment = packets.tcp(family, b, a, source or service, dest or port, flags, seq, ack, b"", data)
        return "p1", packets.frame("p1", family, packets.ip(family, b, a, TCP, segment, ident))
    return there, back


def tcp_flow(r, family, port, ident, strange=20):
    """Open, data in both directions, perhaps an ICMP error, closed or reset, perhaps a late packet."""
    a, b = r.choice(SOURCES[family]), r.choice(BEHIND[family])
    there, back = conversation(family, a, b, port, r.choice([22, 80, 443]), ident)
    steps = [there(SYN, 100, 0), back(SYN | ACK, 500, 101), there(ACK, 101, 501), there(PSH | ACK, 101, 501, b"d" * 20),
             back(PSH | ACK, 501, 121, b"e" * 100), there(ACK, 121, 601)]
    if maybe(r, 40):
        steps += [there(RST, 121, 601)]
    else:
        steps += [there(FIN | ACK, 121, 601), back(FIN | ACK, 601, 122), there(ACK, 122, 602)]
    if maybe(r, 30):
        steps = steps[:r.randint(1, len(steps))]
    if maybe(r, strange):
        steps.insert(r.randint(0, len(steps)), back(ACK, 9999999, 4444444))    # out of the window: INVALID
    if maybe(r, 20):
        steps.insert(1, steps[0])
    return steps


def udp_flow(r, family, port, ident):
    """Requests, replies, and an ICMP error about one of them from somewhere else."""
    a, b = r.choice(SOURCES[family]), r.choice(BEHIND[family])
    service = r.choice([53, 80, 443])
    request = packets.ip(family, a, b, UDP, packets.udp(family, a, b, port, service, b"q" * r.choice([0, 40])), ident)
    reply = packets.ip(family, b, a, UDP, packets.udp(family, b, a, service, port, b"r" * 100), ident)
    error = packets.icmp(family, BEHIND[family][1], a, 3 if family == V4 else 1, 3, b"\0" * 4 + request)
    error = packets.ip(family, BEHIND[family][1], a, ICMP4 if family == V4 else ICMP6, error, ident)
    kinds = {"q": ("p0", packets.frame("p0", family, request)), "r": ("p1", packets.frame("p1", family, reply)),
             "e": ("p1", packets.frame("p1", family, error))}
    return [kinds[k] for k in r.choice(["qrqr", "qq", "qe", "qrqe", "r", "e", "qrrqqr"])]


def ftp_flow(r, family, port, ident):
    """A control connection, what announces a second one, and that one: the helper expects it, RELATED.

    It reads what follows a line whose end it has seen (nf_conntrack_ftp.c), hence the two before."""
    a, b = r.choice(SOURCES[family]), r.choice(BEHIND[family])
    control = r.choice(FTP_PORTS)
    there, back = conversation(family, a, b, port, control, ident)
    data_port = 30000 + port % 20000
    active = maybe(r, 50)
    owner = a if active else b
    if family == V4:
        numbers = ",".join(owner.split(".") + [str(data_port >> 8), str(data_port & 255)])
        text = f"PORT {numbers}\r\n" if active else f"227 Entering Passive Mode ({numbers}).\r\n"
    else:
        text = f"EPRT |2|{a}|{data_port}|\r\n" if active else f"229 Entering Extended Passive (|||{data_port}|)\r\n"
    text = text.encode()
    steps = [there(SYN, 100, 0), back(SYN | ACK, 500, 101), there(ACK, 101, 501),
             back(PSH | ACK, 501, 101, b"220 hello\r\n"), there(PSH | ACK, 101, 512, b"USER me\r\n"),
             there(PSH | ACK, 110, 512, text) if active else back(PSH | ACK, 512, 110, text)]
    near = data_port + (1 if maybe(r, 15) else 0)
    if active:
        # The server calls back from port 20.
        steps += [back(SYN, 900, 0, source=20, dest=near), there(SYN | ACK, 700, 901, source=near, dest=20),
                  back(ACK, 901, 701, source=20, dest=near)]
    else:
        steps += [there(SYN, 900, 0, source=port + 1, dest=near), back(SYN | ACK, 700, 901, source=near, dest=port + 1),
                  there(ACK, 901, 701, source=port + 1, dest=near)]
    return steps


def connlimit(r, family, _chain):
    """Mostly as people write it; else also replies, data and what has no connection are counted."""
    whole = 32 if family == V4 else 128
    limit = r.choice([0, 1, 1, 2, 2, 3, 4, 6, 10, 4294967295])
    words = [f"{negate(r)}--connlimit-{r.choice(['upto', 'above'])} {limit}"]
    if maybe(r, 80):
        words.append(f"--connlimit-mask {r.choice([0, 8, 15, 16, 24, whole - 1, whole, whole])}")
    if maybe(r, 70):
        words.append(f"--connlimit-{r.choice('sd')}addr")
    protocol = r.choice(["-p tcp --syn", "-p tcp --syn", "-p tcp", "-p udp", ""])
    return f"{protocol} -m connlimit {' '.join(words)}".strip()


def limit_flow(r, family, port, ident):
    """One or more connections, one after the other or mixed; one may be opened again. No packet of a connection is
    INVALID: that of one that is not counted is seen as another one (README, limits)."""
    flows = [udp_flow(r, family, port + i, ident) if maybe(r, 33) else tcp_flow(r, family, port + i, ident, 0)
             for i in range(r.choice([1, 1, 2, 3]))]
    if maybe(r, 20):
        flows[0] = flows[0] * 2
    if maybe(r, 50):
        return sum(flows, [])
    left, steps = [f[:] for f in flows], []
    while any(left):
        steps.append(r.choice([f for f in left if f]).pop(0))
    return steps


def any_flow(r, family, port, ident):
    return r.choice([tcp_flow, tcp_flow, udp_flow, ftp_flow])(r, family, port, ident)


# No matches of ports: those drop packets whose header is cut off, and other rules shall see them.
SETUP = """*mangle
-A PREROUTING -s {0} -j CONNMARK --set-mark 1
-A PREROUTING -s {1} -j CONNMARK --set-mark 0x12345678
-A PREROUTING -p udp -j CONNMARK --or-mark 0x10
COMMIT
*raw
-A PREROUTING -p tcp -j CT --helper ftp
-A PREROUTING -p udp -s {2} -j CT --notrack
COMMIT
"""


def prepare(host):
    with inside(host.name):
        for family in (V4, V6):
            run(TOOL[family] + "-restore", "--noflush", stdin=SETUP.format(*SOURCES[family]))


def finish(host):
    with inside(host.name):
        for family in (V4, V6):
            for table in ("mangle", "raw"):
                run(TOOL[family], "-t", table, "-F")


def loose(value):
    """Whether a packet amidst a TCP connection begins one. After a SYN that was dropped nothing else shall."""
    def write(host):
        with inside(host.name), open("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", "w", encoding="ascii") as f:
            f.write(value)
    return write


def extension(name, match):
    return Extension(name, match, flow=any_flow, prepare=prepare, finish=finish, ordered=True)


# The simulator judges files of states alone, too; it takes what the table raw drops for ours.
EXTENSIONS = [extension("conntrack", conntrack), Extension("state", state, flow=any_flow, ordered=True),
              extension("connmark", connmark), extension("connbytes", connbytes), extension("helper", helper),
              # Two ticks of 250 Hz and more: connections that never came to be are forgotten by then.
              Extension("connlimit", connlimit, flow=limit_flow, prepare=loose("0"), finish=loose("1"), ordered=True,
                        pause=0.012)]
