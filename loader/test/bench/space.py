# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces, each with one of the alternatives in it."""
import contextlib
import os

from common import Failed, command, inside

SET_UP = """
link set lo up
link add e0 type veth peer name e1
link set e0 up
link set e1 up
addr add 203.0.113.1/24 dev e0
neigh add 203.0.113.2 lladdr 02:00:00:00:00:02 dev e0
route add default via 203.0.113.2 dev e0
route add local 0.0.0.0/0 dev lo
"""
SYSCTLS = ("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.e0.rp_filter=0", "net.ipv4.conf.all.accept_local=1")
SAVE = {"legacy": ("iptables-legacy-save", "-c"), "nft": ("iptables-nft-save", "-c")}
KINDS = ("none", "bpfilter", "legacy", "nft", "set")


class Space:
    """kind: bpfilter, legacy, nft (iptables' flavours), set (nft with sets), or none (nft, but without rules).

    Every address is one of the namespace's own; what it sends gets lost."""

    def __init__(self, kind, build, label=None):
        self.kind, self.build, self.label = kind, build, label or kind
        self.name = f"bench-{os.getpid()}-{self.label}"
        command("ip", "netns", "add", self.name)
        try:
            self.run("ip", "-batch", "-", stdin=SET_UP)
            self.run("sysctl", "-q", *SYSCTLS)
        except Failed:
            self.remove()
            raise

    def run(self, *words, **more):
        with inside(self.name):
            return command(*words, **more)

    def load(self, path, timeout=None):
        """Put the rules of a file in force: iptables' text, or nft's for the kinds none and set."""
        words = {"bpfilter": (f"{self.build}/bpfilter", "apply", "-4"), "legacy": ("iptables-legacy-restore",),
                 "nft": ("iptables-nft-restore",)}.get(self.kind, ("nft", "-f"))
        self.run(*words, path, timeout=timeout)

    def off(self):
        if self.kind == "bpfilter":
            self.run(f"{self.build}/bpfilter", "off", "--yes")

    def first_counter(self):
        """Packets that the first rule of INPUT has counted."""
        words = SAVE.get(self.kind, (f"{self.build}/bpfilter", "save", "-4", "-c"))
        for line in self.run(*words).splitlines():
            if "-A INPUT" in line:
                return int(line[1:line.index(":")])
        raise Failed(f"{self.name}: no rule in INPUT")

    def measure(self, flows, packets):
        """Nanoseconds of CPU time for each packet."""
        tool = f"{self.build}/host/flows"
        return float(self.run(tool, tool + ".bpf.o", "e0", flows, str(packets)))

    def remove(self):
        with contextlib.suppress(Failed):   # nothing may be in force
            self.off()
        with contextlib.suppress(Failed):
            command("ip", "netns", "del", self.name)
