# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces, each with one of the alternatives in it."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "differential"))
from host import inside  # noqa: E402, F401

SET_UP = """
ip netns add {0}
ip -n {0} link add e0 type veth peer name e1
ip -n {0} link set e0 up
ip -n {0} link set e1 up
ip -n {0} link set lo up
ip -n {0} addr add 203.0.113.1/24 dev e0
ip -n {0} route add default dev e0
ip -n {0} route add local 0.0.0.0/0 dev lo
ip netns exec {0} sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.e0.rp_filter=0 net.ipv4.conf.all.accept_local=1
"""
NOTHING = "add table ip t; add chain ip t c { type filter hook input priority 0; policy drop; }"


class Space:
    """kind: bpfilter, legacy, nft (iptables' flavours) or none, where an nft chain drops everything."""

    def __init__(self, kind, build, label=None):
        self.kind, self.build, self.label = kind, build, label or kind
        self.name = f"bench-{os.getpid()}-{self.label}"
        for command in SET_UP.format(self.name).strip().splitlines():
            subprocess.run(command.split(), check=True)

    def run(self, *words, **more):
        return subprocess.run(["ip", "netns", "exec", self.name, *words], check=True, text=True,
                              stdout=subprocess.PIPE, **more).stdout

    def load(self, path):
        if self.kind == "bpfilter":
            self.run(self.build + "/bpfilter", "apply", "-4", path, stderr=subprocess.DEVNULL)
        elif self.kind == "none":
            self.run("nft", NOTHING)
        else:
            self.run(f"iptables-{self.kind}-restore", path)

    def off(self):
        if self.kind == "bpfilter":
            self.run(self.build + "/bpfilter", "off", "--yes", stderr=subprocess.DEVNULL)

    def measure(self, flows, packets):
        return float(self.run(self.build + "/host/flows", self.build + "/host/flows.bpf.o", "e0", flows,
                              str(packets)))

    def remove(self):
        try:
            self.off()
        except subprocess.CalledProcessError:
            pass    # nothing was in force
        subprocess.run(["ip", "netns", "del", self.name], check=False)
