# SPDX-License-Identifier: GPL-2.0-only
# Packets pass both; without the other one ours alone decides.
bpfilter status
ufw status | grep 'Status: active'
ufw --force disable
bpfilter status
