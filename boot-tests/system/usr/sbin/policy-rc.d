#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Packages start their services only where systemd runs, not in a root that is being made.
[ -d /run/systemd/system ] || exit 101
