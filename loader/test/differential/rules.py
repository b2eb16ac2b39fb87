# SPDX-License-Identifier: GPL-2.0-only
"""Random rule files of everything that bpfilter knows, with values that random packets meet."""

V4, V6 = 4, 6

# Shared with packets.py: few values, so that rules and packets meet.
PORTS = [0, 1, 22, 53, 80, 443, 1023, 1024, 32768, 40000, 65534, 65535]
LOCAL = {V4: ["10.1.0.1", "10.2.0.1"], V6: ["fd01::1", "fd02::1"]}
SOURCES = {
    V4: ["10.1.0.2", "10.1.0.3", "10.1.7.9", "192.0.2.1", "192.0.2.129", "198.51.100.77", "203.0.113.255"],
    V6: ["fd01::2", "fd01::3", "fd01:0:0:7::9", "2001:db8::1", "2001:db8::8000:1", "2001:db8:ffff::1"],
}
BEHIND = {V4: ["10.2.0.5", "10.2.0.6", "10.2.9.200"], V6: ["fd02::5", "fd02::6", "fd02::9:200"]}
NETS = {
    V4: ["10.1.0.0/16", "10.2.0.0/24", "192.0.2.0/25", "192.0.2.128/25", "0.0.0.0/0", "10.0.0.0/8",
         "198.51.100.77/31", "203.0.113.0/255.255.255.0", "10.0.0.1/255.0.0.255", "127.0.0.0/8"],
    V6: ["fd01::/64", "fd02::/16", "2001:db8::/32", "2001:db8::8000:0/112", "::/0", "fd00::/8", "::1/128",
         "fd01::1/ffff::ffff"],
}
PROTOCOLS = {V4: ["tcp", "udp", "icmp", "gre", "esp", "ah", "sctp", "udplite", "dccp", "47", "255", "all"],
             V6: ["tcp", "udp", "ipv6-icmp", "icmpv6", "gre", "esp", "sctp", "udplite", "33", "58", "59", "255", "all"]}
# With two ports at the start of their headers: what -m multiport takes.
PORTED = ["tcp", "udp", "sctp", "udplite", "dccp", "33"]
STATES = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"]
FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"]
ICMP4 = ["any", "echo-request", "echo-reply", "destination-unreachable", "port-unreachable",
         "fragmentation-needed", "ttl-exceeded", "8/0", "3/1", "13", "255", "5/2"]
ICMP6 = ["destination-unreachable", "no-route", "packet-too-big", "time-exceeded", "echo-request",
         "echo-reply", "128/0", "1/4", "2", "4/1", "neighbour-solicitation", "200"]
HOOKS = {"filter": ["INPUT", "FORWARD", "OUTPUT"], "raw": ["PREROUTING", "OUTPUT"]}
INTERFACES = ["lo", "v0", "v1", "v+", "v00", "w0", "+"]


def maybe(r, percent):
    return r.random() * 100 < percent


def negate(r, percent=25):
    return "! " if maybe(r, percent) else ""


def port_range(r):
    low, high = sorted(r.choices(PORTS, k=2))
    # "! 0:65535" matches nothing and is lost by iptables-save; bpfilter prints it.
    forms = [str(low), f"{low}:{high}"] + ([f"{low}:"] if low else []) + ([f":{high}"] if high < 65535 else [])
    return r.choice([f for f in forms if f != "0:65535"])


def address(r, family):
    pool = NETS[family] if maybe(r, 60) else LOCAL[family] + SOURCES[family] + BEHIND[family]
    return r.choice(pool)


def tcp(r):
    out = []
    for option in ("--sport", "--dport"):
        if maybe(r, 40):
            out.append(f"{negate(r)}{option} {port_range(r)}")
    if maybe(r, 20):
        out.append(f"{negate(r)}--syn")
    elif maybe(r, 30):
        mask = r.sample(FLAGS, r.randint(1, 6))
        compare = [f for f in mask if maybe(r, 50)]
        out.append(f"{negate(r)}--tcp-flags {','.join(mask)} {','.join(compare) or 'NONE'}")
    if maybe(r, 15):
        out.append(f"{negate(r)}--tcp-option {r.choice([2, 3, 4, 8, 30, 255])}")
    return out


def udp(r):
    return [f"{negate(r)}{o} {port_range(r)}" for o in ("--sport", "--dport") if maybe(r, 50)]


def multiport(r):
    """One or two lists; some of few values, some that are full."""
    out = []
    for _ in range(2 if maybe(r, 20) else 1):
        slots, words = r.randint(1, r.choice([1, 2, 4, 4, 8, 15])), []
        while slots:
            low, high = sorted(min(max(p + r.choice([0, 0, -1, 1]), 0), 65535) for p in r.choices(PORTS, k=2))
            pair = slots > 1 and low < high and maybe(r, 30)
            words.append(f"{low}:{high}" if pair else str(r.choice([low, high])))
            slots -= 2 if pair else 1
        option = r.choice(["--sports", "--dports", "--dports", "--ports"])
        out += ["-m multiport", f"{negate(r, 20)}{option} {','.join(words)}"]
    return out


def state(r):
    names = ",".join(r.sample(STATES, r.randint(1, 3)))
    if maybe(r, 30):
        plain = ",".join(r.sample(STATES[:5], r.randint(1, 3)))
        return f"-m state {negate(r)}--state {plain}"
    return f"-m conntrack {negate(r)}--ctstate {names}"


def interface(r, option, allowed):
    if not allowed or not maybe(r, 25):
        return []
    name = r.choice(INTERFACES)
    # iptables-save loses "! -i +", which matches nothing; bpfilter prints it.
    return [f"{negate(r) if name != '+' else ''}{option} {name}"]


def basics(r, family, chain):
    """Addresses, interfaces, fragments."""
    out = []
    for option in ("-s", "-d"):
        if maybe(r, 25):
            out.append(f"{negate(r)}{option} {address(r, family)}")
    out += interface(r, "-i", chain != "OUTPUT")
    out += interface(r, "-o", chain not in ("INPUT", "PREROUTING"))
    if family == V4 and maybe(r, 8):
        out.append(f"{negate(r)}-f")
    return out


def matches(r, family, chain, with_state):
    out = basics(r, family, chain)
    if maybe(r, 65):
        out += protocol(r, family)
    if with_state and maybe(r, 35):
        out.append(state(r))
    if maybe(r, 10):
        out.append(f'-m comment --comment "{r.choice(["one", "two words", "a -j DROP"])}"')
    return out


def protocol(r, family):
    name = r.choice(PROTOCOLS[family] + ["tcp", "udp"] * 4 + [PROTOCOLS[family][2]] * 3)
    inverted = maybe(r, 15)
    out = [f"{'! ' if inverted else ''}-p {name}"]
    if inverted:
        return out if name != "all" else ["-p all"]
    lists = multiport(r) if name in PORTED and maybe(r, 60 if name not in ("tcp", "udp") else 30) else []
    if lists and maybe(r, 50):
        # Before "-m tcp"; where multiport is alone, "--dport" is short for its "--dports".
        out += lists
        if name in ("tcp", "udp") and maybe(r, 50):
            out += [f"-m {name}"] + (tcp(r) if name == "tcp" else udp(r))
        return out
    if name == "tcp" and maybe(r, 85):
        out += r.choice([["-m tcp"], []]) + tcp(r)
    elif name == "udp" and maybe(r, 85):
        out += r.choice([["-m udp"], []]) + udp(r)
    elif name == "icmp" and maybe(r, 80):
        out += ["-m icmp", f"{negate(r)}--icmp-type {r.choice(ICMP4)}"]
    elif name in ("ipv6-icmp", "icmpv6", "58") and maybe(r, 80):
        out += ["-m icmp6", f"{negate(r)}--icmpv6-type {r.choice(ICMP6)}"]
    return out + lists


def target(r, own, later):
    if later and maybe(r, 45):
        return f"{r.choice(['-j', '-j', '-g'])} {r.choice(later)}"
    return r.choice(["-j ACCEPT", "-j DROP", "-j ACCEPT", "", "", "-j RETURN" if own or maybe(r, 50) else ""])


def table(r, family, name, with_state):
    user = [f"c{i}" for i in range(r.choice([0, 1, 2, 4, 6, 9]))]
    lines = [f"*{name}"]
    for hook in HOOKS[name]:
        lines.append(f":{hook} {'DROP' if maybe(r, 25) else 'ACCEPT'} [0:0]")
    lines += [f":{c} - [0:0]" for c in user]
    body = []
    for chain in HOOKS[name] + user:
        own = chain in user
        later = user[user.index(chain) + 1:] if own else user
        # A long chain is searched by trees; its rules mostly count, so that packets come to many of them.
        long = r.choice([20, 60, 200, 800]) if maybe(r, 20) else 0
        for _ in range(long or r.randint(0, 9)):
            # What a user chain may hold depends on who jumps to it: -i and -o both may.
            words = matches(r, family, chain, with_state and name == "filter" or with_state and maybe(r, 10))
            acts = "" if long and maybe(r, 95) else target(r, own, [] if long else later)
            body.append(" ".join(["-A", chain] + words + [acts]).rstrip())
    r.shuffle(body)
    return lines + body + ["COMMIT"]


def some_address(r, family):
    """Out of many, so that few packets come from it; near those of the packets, so that trees have to tell."""
    if family == V4:
        net = r.choice(["10.1", "10.2", "192.0", "198.51", "203.0"])
        return f"{net}.{r.randrange(256)}.{r.randrange(256)}/{r.choice([24, 28, 32, 32])}"
    net = r.choice(["fd01", "fd02", "2001:db8"])
    return f"{net}::{r.randrange(8):x}:{r.randrange(65536):x}/{r.choice([112, 124, 128])}"


def narrow(r, family, near):
    """The matches of a rule that few packets meet; @near: some do."""
    pool = SOURCES[family] + LOCAL[family] + BEHIND[family]
    options = r.choice([["-s"], ["-d"], ["-s", "-d"]])
    out = [f"{o} {r.choice(pool) if near else some_address(r, family)}" for o in options]
    if maybe(r, 70):
        name = r.choice(["tcp", "udp"])
        out += [f"-p {name} -m {name}", f"--dport {r.choice(PORTS) if near or maybe(r, 50) else r.randrange(65536)}"]
    return out


def large_file(r, family, count):
    """A file of @count rules in long chains; most rules count, so that packets come to the last ones."""
    user = [f"c{i}" for i in range(4)]
    lines = ["*filter"] + [f":{h} {r.choice(['ACCEPT', 'DROP'])} [0:0]" for h in HOOKS["filter"]]
    lines += [f":{c} - [0:0]" for c in user]
    shares = {"INPUT": 30, "FORWARD": 30, "OUTPUT": 5, "c0": 20, "c1": 10, "c2": 4, "c3": 1}
    for chain, share in shares.items():
        later = user[user.index(chain) + 1:] if chain in user else user
        for _ in range(count * share // 100):
            words, ends = r.choices([(narrow(r, family, False), 40), (narrow(r, family, True), 2),
                                     (matches(r, family, chain, False), 1)], [80, 17, 3])[0]
            acts = target(r, chain in user, later) if maybe(r, ends) else ""
            lines.append(" ".join(["-A", chain] + words + [acts]).rstrip())
    return "\n".join(lines + ["COMMIT"]) + "\n"


def rule_file(r, family):
    """The text of one file; half of them without state, so that tracking is off."""
    with_state = maybe(r, 55)
    lines = []
    if maybe(r, 35):
        lines += table(r, family, "raw", with_state)
    lines += table(r, family, "filter", with_state)
    return "\n".join(lines) + "\n"
