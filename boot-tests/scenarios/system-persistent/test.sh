# SPDX-License-Identifier: GPL-2.0-only
# The rules are in force now, at least.
systemctl is-active netfilter-persistent
iptables-save | grep -- '--dport 22 .*-j ACCEPT'
