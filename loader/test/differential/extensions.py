# SPDX-License-Identifier: GPL-2.0-only
"""What the differential test knows of match extensions: the files ext_*.py beside this one, each with a list EXTENSIONS."""

import glob
import importlib
import os

import packets
import rules
from rules import V4, V6, maybe


class Extension:
    """A match extension and packets for it.

    name      as after -m; several entries may share one (say, parts of a large extension)
    match     match(r, family, chain) -> the options of one rule, "-m name ..." with all it needs (-p as well); random
    flow      flow(r, family, port, ident) -> a list of steps as packets.flows() makes them: packets that nearly match.
              None: the usual random packets
    families  where it exists
    chains    base chains it is legal in; None: all
    prepare   prepare(host): sysctls, routes, sets in the namespace of each host, before the rules are loaded; or None
    finish    finish(host): takes back what prepare() did; or None
    target    target(r, family, chain, tcp) -> "-j NAME ..." of most rules; tcp: the rule has "-p tcp". None: the usual ones
    pause     seconds before each packet: for what depends on ticks of the clock
    ordered   a rule has state: every packet of a flow counts, so files are never made smaller by leaving out packets
    """

    def __init__(self, name, match, flow=None, families=(V4, V6), chains=None, prepare=None, finish=None, ordered=False,
                 pause=0.0, target=None):
        self.name, self.match, self.flow, self.families = name, match, flow, families
        self.chains, self.prepare, self.finish, self.ordered = chains, prepare, finish, ordered
        self.pause, self.target = pause, target
        self.files = self.rules = self.met = 0

    def count(self, saved):
        """@saved: lines of iptables-save -c."""
        about = ["-j REJECT", "-j LOG", "-j NFLOG"] if self.target else [f"-m {self.name} "]
        lines = [line for line in saved if any(words in line for words in about)]
        self.files += 1
        self.rules += len(lines)
        self.met += sum(not line.startswith("[0:0]") for line in lines)


def known():
    """All of them, by name and order of the files."""
    out = []
    here = os.path.dirname(os.path.abspath(__file__))
    # Policy rules leave a mark in a namespace (fib6_has_custom_rules), on which addrtype LOCAL depends: those who make them last.
    paths = sorted(glob.glob(os.path.join(here, "ext_*.py")), key=lambda p: (os.path.basename(p) == "ext_answer.py", p))
    for path in paths:
        out += importlib.import_module(os.path.basename(path)[:-3]).EXTENSIONS
    return out


def rule(r, ext, family, chain, later):
    """One rule; now and then without the extension, or with two of it."""
    words = rules.basics(r, family, chain)
    own = [ext.match(r, family, chain) for _ in range(r.choices([0, 1, 2], [15, 80, 5])[0])]
    if len(own) == 2 and any("-p " in text for text in own):
        own.pop()
    if not any("-p " in text for text in own) and maybe(r, 40):
        own.insert(r.randint(0, len(own)), " ".join(rules.protocol(r, family)))
    if maybe(r, 10):
        own.insert(r.randint(0, len(own)), rules.state(r))
    words += own
    if ext.target and maybe(r, 70):
        return words + [ext.target(r, family, chain, "-p tcp" in " ".join(words) and "! -p" not in " ".join(words))]
    return words + [rules.target(r, chain not in rules.HOOKS["filter"], later)]


def rule_file(r, ext, family):
    """A table filter whose rules have the extension wherever it is legal."""
    legal = ext.chains or rules.HOOKS["filter"]
    user = [f"c{i}" for i in range(r.choice([0, 1, 2, 4]))]
    lines = ["*filter"] + [f":{h} {'DROP' if maybe(r, 20) else 'ACCEPT'} [0:0]" for h in rules.HOOKS["filter"]]
    lines += [f":{c} - [0:0]" for c in user]
    for chain in rules.HOOKS["filter"] + user:
        if chain in rules.HOOKS["filter"] and chain not in legal:
            continue
        later = user[user.index(chain) + 1:] if chain in user else user
        for _ in range(r.choice([2, 5, 9, 30])):
            # Most rules count only, so that packets come to the later ones.
            words = rule(r, ext, family, chain, later if maybe(r, 40) else [])
            lines.append(" ".join(["-A", chain] + (words if maybe(r, 50) or ext.target else words[:-1])).rstrip())
    return "\n".join(lines + ["COMMIT"]) + "\n"


def flows(r, ext, family, count, serial):
    """Half of them the extension's own."""
    out = packets.flows(r, family, count, serial)
    if ext.flow:
        for i in range(count):
            if maybe(r, 60):
                out[i] = ext.flow(r, family, 2000 + (serial + i) % 60000, (serial + i) % 65535 + 1)
    return out
