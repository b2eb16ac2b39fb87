# SPDX-License-Identifier: GPL-2.0-only
# What the other one loads and flushes is its own; connection tracking stays on for ours.
bpfilter status
nft list ruleset | grep 'tcp dport 22 .*accept'
systemctl restart nftables
bpfilter status
systemctl stop nftables
[ -z "$(nft list ruleset)" ]
bpfilter status
