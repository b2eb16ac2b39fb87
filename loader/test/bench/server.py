# SPDX-License-Identifier: GPL-2.0-only
"""The 20 rules of a typical server, with connection tracking, and flows that are ESTABLISHED there.

How they become so: a UDP socket in the namespace sends a packet to each (as a name server's client does), which
conntrack sees in OUTPUT; the packets that are injected are the answers. Rule 1 must have counted them."""
import random
import socket

from common import inside
from sets import dotted

RULES = """\
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -s 127.0.0.0/8 -j DROP
-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 192.168.0.0/16 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 25 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 587 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 993 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 10.0.5.0/24 -p tcp -m tcp --dport 5432 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -s 10.0.9.9/32 -p udp -m udp --dport 161 -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p udp -m udp --dport 514 -j ACCEPT
-A INPUT -p udp -m udp --dport 123 -j ACCEPT
-A INPUT -p udp -m udp --dport 53 -j ACCEPT
-A INPUT -p udp -m udp --dport 51820 -j ACCEPT
"""
NFT_SET = """\
flush ruleset
table ip t {
	chain c {
		type filter hook input priority 0; policy drop;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iifname "lo" accept
		ip saddr 127.0.0.0/8 drop
		icmp type echo-request accept
		tcp flags & (fin | syn | rst | psh | ack | urg) == 0x0 drop
		ip saddr . tcp dport { 10.0.0.0/8 . 22, 192.168.0.0/16 . 22, 198.51.100.0/24 . 22,
			10.0.5.0/24 . 5432 } ct state new accept
		tcp dport { 25, 80, 443, 587, 993 } ct state new accept
		ip saddr . udp dport { 10.0.9.9 . 161, 10.0.0.0/8 . 514 } accept
		udp dport { 53, 123, 51820 } accept
	}
}
"""
# An nft chain that nothing is hooked to switches tracking on.
NOTHING = """\
flush ruleset
table ip t {{
	chain c {{ type filter hook input priority 0; policy {policy}; }}
	chain unused {{ ct state new; }}
}}
"""
HOST, CLIENT, TUNNEL, CLOSED = "203.0.113.1", 40000, 51820, 9


def write_rules(path):
    with open(path, "w", encoding="ascii") as f:
        f.write("*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n" + RULES + "COMMIT\n")


def peers(count):
    """Addresses that no rule names."""
    rnd = random.Random(4)
    return sorted({rnd.randrange(20 << 24, 100 << 24) for _ in range(count + count // 8)})[:count]


def write_flows(path, case, count):
    port = {"established": CLIENT, "late": TUNNEL, "miss": CLOSED}[case]
    with open(path, "w", encoding="ascii") as f:
        f.writelines(f"{dotted(p)} {HOST} 53 {port} 17\n" for p in peers(count))


class Sockets:
    """In a namespace; nobody reads, so that their queues are full and a packet ends there."""

    def __init__(self, space):
        self.open = {}
        with inside(space.name):
            for port in (CLIENT, TUNNEL):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self.open[port] = s
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                s.bind((HOST, port))

    def establish(self, count):
        for p in peers(count):
            self.open[CLIENT].sendto(b"?", (dotted(p), 53))

    def close(self):
        for s in self.open.values():
            s.close()
