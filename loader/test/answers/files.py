# SPDX-License-Identifier: GPL-2.0-only
"""Rule files with REJECT, LOG and NFLOG: one for each type, and random ones."""

import re

import rules
from rules import V4, V6, maybe

# The hosts' devices: names that nobody else has, because the kernel's log is one for all namespaces.
PORT = "answers"
TYPES = {
    V4: ["icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable", "icmp-port-unreachable",
         "icmp-net-prohibited", "icmp-host-prohibited", "icmp-admin-prohibited", "tcp-reset"],
    V6: ["icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable", "icmp6-port-unreachable",
         "icmp6-policy-fail", "icmp6-reject-route", "tcp-reset"],
}
LOG_OPTIONS = ["--log-tcp-sequence", "--log-tcp-options", "--log-ip-options", "--log-uid", "--log-macdecode"]
PREFIXES = [": ", "", ' a=b \\"c\\" ', " <0>[x] %s %n "]
STATES = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED"]
REMOTE = {V4: ["10.2.0.6", "10.2.0.5", "10.1.0.254", "10.1.0.2", "255.255.255.255", "224.0.0.9"],
          V6: ["fd02::6", "fd02::5", "fd01::fe", "fd01::2", "ff02::1", "ff02::9"]}
HEAD = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"


def counting(chain, states, family):
    """Rules without a target that tell what a reply is taken for."""
    icmp = "icmp" if family == V4 else "ipv6-icmp"
    out = [f"-A {chain} -p {p}" for p in ("tcp", icmp, "udp")]
    if states:
        out += [f"-A {chain} -p {p} -m conntrack --ctstate {s}" for p in ("tcp", icmp) for s in STATES]
    return out


def reject_file(family, kind, states):
    """All that comes is rejected; replies are counted on their way out and, if to the host itself, in again."""
    only = "-p tcp -m tcp " if kind == "tcp-reset" else ""
    reject = f"{only}-j REJECT --reject-with {kind}"
    lines = counting("OUTPUT", states, family) + counting("INPUT", states, family)
    lines += ["-A INPUT -i lo -j ACCEPT", f"-A INPUT {reject}", "-A INPUT -j DROP"]
    lines += [f"-A FORWARD {reject}", "-A FORWARD -j DROP"]
    if states:
        lines.append("-A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT")
    lines += [f"-A OUTPUT -d {d} {reject}" for d in REMOTE[family]] + ["-A OUTPUT -p udp -j DROP"]
    return HEAD + "\n".join(lines) + "\nCOMMIT\n"


def raw_file(family, kind):
    """The replies pass the table raw, too, and untracked packets are rejected as well."""
    icmp = "icmp" if family == V4 else "ipv6-icmp"
    raw = ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", "-A PREROUTING -i lo", f"-A OUTPUT -p {icmp}",
           "-A OUTPUT -p tcp -m tcp --tcp-flags RST RST", "-A OUTPUT -o lo", "COMMIT"]
    return "\n".join(raw) + "\n" + reject_file(family, kind, True)


def established_file(family, kind):
    """Segments of a connection that is tracked are rejected by what they hold: their length."""
    only = "-p tcp -m tcp --tcp-flags PSH PSH "
    lines = counting("OUTPUT", True, family) + counting("FORWARD", True, family) + [
        f"-A FORWARD {only}-m length --length {49 if family == V4 else 69} -j REJECT --reject-with {kind}",
        "-A FORWARD -m conntrack --ctstate ESTABLISHED,NEW -j ACCEPT", "-A FORWARD -j DROP"]
    return HEAD + "\n".join(lines) + "\nCOMMIT\n"


def log_file(table, hooks, combinations):
    """Rules that log all packets, each with other options; combinations: bits of LOG_OPTIONS."""
    lines = [f"*{table}"] + [f":{h} ACCEPT [0:0]" for h in hooks]
    for n in combinations:
        words = [o for i, o in enumerate(LOG_OPTIONS) if n >> i & 1]
        if n % 4 != 1:
            words.append(f'--log-prefix "{n}{PREFIXES[n % 4]}"')
        if n % 8 != 2:
            words.append(f"--log-level {n % 7 + 1}")
        lines += [" ".join([f"-A {h} -j LOG", *words]) for h in hooks]
    return "\n".join(lines + ["COMMIT"]) + "\n"


def nflog_file(table, hooks):
    """All packets to a listener, whole and in part, and to a group that nobody listens to."""
    lines = [f"*{table}"] + [f":{h} ACCEPT [0:0]" for h in hooks]
    for h in hooks:
        lines += [f"-A {h} -j NFLOG", f'-A {h} -j NFLOG --nflog-group 1 --nflog-prefix "{h} to 1"',
                  f'-A {h} -j NFLOG --nflog-group 7 --nflog-size 40 --nflog-prefix "{"p" * 63}" --nflog-threshold 5',
                  f"-A {h} -j NFLOG --nflog-group 9"]
    return "\n".join(lines + ["COMMIT"]) + "\n"


def log_target(r):
    words = ["-j LOG"]
    if maybe(r, 70):
        length = r.choice([1, 5, 28, 29])
        prefix = "".join(r.choice("abcXYZ019 :=-_.,/[]<>()%#'") for _ in range(length)).strip("-' ").replace("'", "") or "p"
        words.append(f'--log-prefix "{prefix}"')
    if maybe(r, 50):
        words.append(f"--log-level {r.choice([1, 2, 3, 4, 5, 6, 7, 'debug', 'info', 'warning', 'crit'])}")
    return " ".join(words + [o for o in LOG_OPTIONS if maybe(r, 40)])


def reject_target(r, family, words):
    kinds = TYPES[family][:-1] + (["tcp-reset"] * 4 if any(w.startswith("-p tcp") for w in words) else [])
    return "-j REJECT" + (f" --reject-with {r.choice(kinds)}" if maybe(r, 85) else "")


def nflog_target(r):
    words = ["-j NFLOG"]
    if maybe(r, 80):
        words.append(f"--nflog-group {r.choice([0, 1, 7])}")
    if maybe(r, 50):
        words.append(f'--nflog-prefix "{"n" * r.choice([1, 30, 63])}"')
    if maybe(r, 40):
        words.append(f"--nflog-size {r.choice([1, 20, 64, 1000])}")
    return " ".join(words)


def target(r, family, words, table, later, nflog):
    """What a random rule does."""
    if later and maybe(r, 20):
        return f"-j {r.choice(later)}"
    if table == "filter" and maybe(r, 45):
        return reject_target(r, family, words)
    if maybe(r, 60):
        return nflog_target(r) if nflog and maybe(r, 30) else log_target(r)
    return r.choice(["-j ACCEPT", "-j DROP", "-j RETURN", ""])


def random_table(r, family, name, states, nflog):
    user = [f"c{i}" for i in range(r.choice([0, 1, 2, 3]))]
    lines = [f"*{name}"] + [f":{h} {'DROP' if maybe(r, 15) else 'ACCEPT'} [0:0]" for h in rules.HOOKS[name]]
    lines += [f":{c} - [0:0]" for c in user]
    body = []
    for chain in rules.HOOKS[name] + user:
        later = user[user.index(chain) + 1:] if chain in user else user
        for _ in range(r.randint(1, 7)):
            words = rules.matches(r, family, chain, states and name == "filter") if maybe(r, 75) else []
            body.append(" ".join([f"-A {chain}", *words, target(r, family, words, name, later, nflog)]).rstrip())
    return lines + body + ["COMMIT"]


def random_file(r, family, nflog):
    """The text of one file; half of them without state, so that tracking is off."""
    states, lines = maybe(r, 50), []
    if maybe(r, 30):
        lines += random_table(r, family, "raw", False, nflog)
    text = "\n".join(lines + random_table(r, family, "filter", states, nflog)) + "\n"
    return re.sub(r" v(0|1|00|\+)(?= |$)", rf" {PORT}\1", text, flags=re.M)


def without(text, word):
    """For the controls: the rules with this target say something else."""
    other = {"REJECT": "-j DROP", "LOG": "-m comment --comment nothing", "NFLOG": "-m comment --comment nothing"}[word]
    return "".join(line.split(f"-j {word}")[0] + other + "\n" if f"-j {word}" in line else line
                   for line in text.splitlines(keepends=True))
