# SPDX-License-Identifier: GPL-2.0-only
"""Numbered UDP packets in both families to the ports P and C of wire.py until SIGTERM; then says how many each."""

import signal
import socket
import struct
import sys

from wire import ADDRESS, PORTS, send

BURST, REST = 8, 0.0005     # without a rest it would take a CPU for itself


def main():
    # Taken between two bursts, so that each number goes to all four.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    sockets = []
    for family, kind in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        for p in ("P", "C"):
            s = socket.socket(kind, socket.SOCK_DGRAM)
            s.connect((ADDRESS[family], PORTS[p]))
            sockets.append(s)
    print("started", flush=True)
    n = 0
    while not signal.sigtimedwait([signal.SIGTERM], REST):
        for _ in range(BURST):
            data = struct.pack("!Q", n)
            for s in sockets:
                send(s, data)
            n += 1
    print(n)
    return 0


if __name__ == "__main__":
    sys.exit(main())
