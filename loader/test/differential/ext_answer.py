# SPDX-License-Identifier: GPL-2.0-only
"""REJECT, LOG and NFLOG as targets: which packets meet them, and what becomes of these. Not the replies and the lines
themselves: loader/test/answers compares those."""

import contextlib

import rules
from extensions import Extension
from host import inside, run
from rules import V4, V6, maybe

REJECT = {V4: ["icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable", "icmp-port-unreachable",
               "icmp-net-prohibited", "icmp-host-prohibited", "icmp-admin-prohibited"],
          V6: ["icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable", "icmp6-port-unreachable",
               "icmp6-policy-fail", "icmp6-reject-route"]}
LOG = ["--log-tcp-sequence", "--log-tcp-options", "--log-ip-options", "--log-uid", "--log-macdecode"]


def log(r, _family, _chain, _tcp):
    if maybe(r, 50):
        out = ["-j LOG"] + r.sample(LOG, r.choice([0, 0, 1, 3]))
        return " ".join(out + ([f"--log-prefix p{r.randrange(9)}"] if maybe(r, 40) else []))
    out = ["-j NFLOG"] + ([f"--nflog-group {r.randrange(1, 9)}"] if maybe(r, 60) else [])
    return " ".join(out + ([f"--nflog-size {r.choice([0, 1, 64, 70000])}"] if maybe(r, 30) else []))


def answer(r, family, chain, tcp):
    if maybe(r, 40):
        return log(r, family, chain, tcp)
    if tcp and maybe(r, 60):
        return "-j REJECT --reject-with tcp-reset"
    return "-j REJECT" + (f" --reject-with {r.choice(REJECT[family])}" if maybe(r, 70) else "")


def match(r, family, _chain):
    """Also of what drops packets itself, before the target answers (hotdrop)."""
    return r.choice(["-p tcp", "-p tcp -m tcp", "-p udp", "-p tcp -m tcp --tcp-option 8", "-p tcp -m tcpmss --mss 1:1400",
                     "-m length --length 1:200", "-p sctp", rules.protocol(r, family)[0]])


class Quiet:
    """A raw socket that sends only where there is a route."""

    def __init__(self, plain):
        self.plain = plain

    def sendto(self, data, where):
        with contextlib.suppress(OSError):
            self.plain.sendto(data, where)

    def close(self):
        self.plain.close()


def no_replies(host):
    """What the host sends itself has no route: the kernel's replies would be counted in OUTPUT."""
    with inside(host.name):
        for family in (V4, V6):
            run("ip", f"-{family}", "rule", "add", "iif", "lo", "pref", "1", "unreachable")
            run("ip", f"-{family}", "rule", "add", "pref", "2", "lookup", "local")
            run("ip", f"-{family}", "rule", "del", "pref", "0")
            host.raw[family] = Quiet(host.raw[family])


def replies(host):
    with inside(host.name):
        for family in (V4, V6):
            run("ip", f"-{family}", "rule", "add", "pref", "0", "lookup", "local")
            run("ip", f"-{family}", "rule", "del", "pref", "1")
            run("ip", f"-{family}", "rule", "del", "pref", "2")
            host.raw[family] = host.raw[family].plain


EXTENSIONS = [
    Extension("answer", match, chains=["INPUT", "FORWARD"], prepare=no_replies, finish=replies, target=answer),
    Extension("log", match, target=log),
]
