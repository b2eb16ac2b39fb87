# SPDX-License-Identifier: GPL-2.0-only
# What an administrator does to a running system: the filter stays as it is, and all is well afterwards.
bpfilter status
systemctl is-active bpfilter
systemctl daemon-reexec
systemctl restart systemd-networkd
systemctl daemon-reload
systemctl restart bpfilter
bpfilter status
systemctl --no-pager status bpfilter
