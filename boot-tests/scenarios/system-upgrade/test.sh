# SPDX-License-Identifier: GPL-2.0-only
# The old version is in force since the boot; the new one takes over by dpkg alone, and repairs nothing that is whole.
bpfilter --version | grep ' 0\.0\.1$'
bpfilter status
dpkg -i bpfilter_*_amd64.deb
bpfilter --version | head -n 1 | grep -v ' 0\.0\.1$'
systemctl is-active bpfilter
bpfilter status
