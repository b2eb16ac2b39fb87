#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: qmp.py SOCKET CONSOLE TEXT DEVICE...

When TEXT stands on a guest's CONSOLE (a file), plug the DEVICEs in, written as for QEMU's -device. Ends when that is
done, or with the guest. A DEVICE "quit" switches the guest off, which has some seconds yet.
"""
import json
import os
import socket
import sys
import time

GRACE = 20
PATIENCE = 240  # seconds; the caller ends us with the guest


def wait_for(what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.05)
    sys.exit("qmp.py: waited in vain")


def on_console(path, text):
    try:
        with open(path, "rb") as console:
            return text.encode() in console.read()
    except FileNotFoundError:
        return False


class Monitor:
    """A QMP session (QEMU's docs/interop/qmp-spec)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.lines.readline()  # the greeting
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        for line in self.lines:
            answer = json.loads(line)
            if "event" in answer:
                continue
            print(name, arguments, answer, flush=True)
            if "error" in answer:
                sys.exit(f"qmp.py: {name}: {answer['error']['desc']}")
            return
        sys.exit("qmp.py: the guest has ended")


def main():
    if len(sys.argv) < 5 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    path, console, text = sys.argv[1:4]
    wait_for(lambda: os.path.exists(path))
    monitor = Monitor(path)
    wait_for(lambda: on_console(console, text))
    for device in sys.argv[4:]:
        if device == "quit":
            time.sleep(GRACE)
            monitor.command("quit")
            return
        driver, *properties = device.split(",")
        monitor.command("device_add", driver=driver, **dict(p.split("=", 1) for p in properties))


main()
