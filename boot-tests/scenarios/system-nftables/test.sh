# SPDX-License-Identifier: GPL-2.0-only
# The rules are in force now, at least.
systemctl is-active nftables
nft list ruleset | grep 'tcp dport 22 .*accept'
