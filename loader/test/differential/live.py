# SPDX-License-Identifier: GPL-2.0-only
"""Frames handed to a device's receive path without a wire: BPF_PROG_TEST_RUN of an XDP program that passes all.

They come through the stack as a list (NF_HOOK_LIST), which frames from a veth peer do not."""

import ctypes
import os
import socket
import struct

SYS_BPF, BPF_PROG_LOAD, BPF_PROG_TEST_RUN = 321, 5, 10
BPF_PROG_TYPE_XDP, BPF_F_TEST_XDP_LIVE_FRAMES = 6, 2
ETH_LEN, MOST = 14, 3000    # shorter and longer ones are refused (net/bpf/test_run.c)
# r0 = XDP_PASS; exit
PASS = struct.pack("<BBhiBBhi", 0xb7, 0, 0, 2, 0x95, 0, 0, 0)
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    room = ctypes.create_string_buffer(attr.ljust(128, b"\0"), 128)
    return libc.syscall(SYS_BPF, command, room, 80 if command == BPF_PROG_TEST_RUN else 72)


class LiveFrames:
    """Made and used inside the network namespace of the devices."""

    def __init__(self):
        insns, license_ = ctypes.create_string_buffer(PASS, len(PASS)), ctypes.create_string_buffer(b"GPL")
        self.prog = bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", BPF_PROG_TYPE_XDP, 2, ctypes.addressof(insns),
                                                   ctypes.addressof(license_)))
        if self.prog < 0:
            raise OSError(ctypes.get_errno(), "BPF_PROG_LOAD")

    def receive(self, device, frame):
        """False: the kernel does not take such a frame this way."""
        if not ETH_LEN <= len(frame) <= MOST:
            return False
        data = ctypes.create_string_buffer(frame, len(frame))
        # struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex
        context = ctypes.create_string_buffer(struct.pack("=IIIIII", 0, len(frame), 0, socket.if_nametoindex(device), 0, 0))
        attr = struct.pack("=IIIIQQIIIIQQIII", self.prog, 0, len(frame), 0, ctypes.addressof(data), 0, 1, 0, 24, 0,
                           ctypes.addressof(context), 0, BPF_F_TEST_XDP_LIVE_FRAMES, 0, 1)
        return bpf(BPF_PROG_TEST_RUN, attr) == 0

    def close(self):
        os.close(self.prog)
