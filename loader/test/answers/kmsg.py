# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's log as a reader of /dev/kmsg sees it, and the settings that lines of LOG depend on."""

import contextlib
import errno
import os
import re

from files import PORT
from frames import without_times

# Of a record "priority,sequence,time,flags;text" the priority is facility << 3 | level.
RECORD = re.compile(r"(\d+),(\d+),\d+,[^;]*;(.*)", re.S)
OURS = re.compile(rf"(IN|OUT)=({PORT}0|{PORT}1|lo)\b")
# ID= of a packet that the host made itself: the kernel counts, and these are replies.
REPLY = re.compile(r"(IN=(lo)? OUT=|SRC=10\.1\.0\.1 ).*?PROTO=(TCP .* RST |ICMP TYPE=(0|3|4|5|11|12|14) )")
# The host's own listener reports and neighbour discovery come by timers.
CHATTER = re.compile(r"HOPLIMIT=(1|255) .*PROTO=ICMPv6 TYPE=(13[0-6]|143) ")
SETTINGS = {
    "/proc/sys/net/netfilter/nf_log_all_netns": "1",
    "/proc/sys/kernel/printk_devkmsg": "on",
    # Nothing but emergencies to a serial console, which is slow.
    "/proc/sys/kernel/printk": "1 4 1 1",
}


@contextlib.contextmanager
def settings():
    """Lines of namespaces are logged and none is rationed, for as long as this lasts."""
    before = {}
    try:
        for path, value in SETTINGS.items():
            with open(path, "r+", encoding="ascii") as f:
                before[path] = f.read().strip()
                f.seek(0)
                f.write(value + "\n")
        yield
    finally:
        for path, value in before.items():
            with open(path, "w", encoding="ascii") as f:
                f.write(value + "\n")


class Kmsg:
    """Lines that tell of packets of the tested hosts. On other devices are other people's."""

    def __init__(self, addresses):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.lseek(self.fd, 0, os.SEEK_END)
        self.addresses, self.lines, self.facilities, self.lost = addresses, [], set(), 0

    def poll(self):
        """Read what there is."""
        while True:
            try:
                record = os.read(self.fd, 8192).decode("ascii", "backslashreplace")
            except OSError as e:
                if e.errno == errno.EPIPE:      # overwritten before it was read
                    self.lost += 1
                    continue
                if e.errno == errno.EAGAIN:
                    return
                raise
            self._take(record)

    def _take(self, record):
        m = RECORD.match(record)
        text = m[3].split("\n")[0] if m else ""
        found = OURS.search(text)
        if not found or CHATTER.search(text) or found[2] == "lo" and not any(f"={a} " in text for a in self.addresses):
            return
        priority = int(m[1])
        self.facilities.add(priority >> 3)
        self.lines.append(f"<{priority & 7}>{stable(text)}")

    def taken(self):
        """(lines, facilities, lost) since the last time."""
        out = self.lines, self.facilities, self.lost
        self.lines, self.facilities, self.lost = [], set(), 0
        return out

    def close(self):
        os.close(self.fd)


def stable(text):
    """Without the identifier that the host gave to a reply of its own, and without times in IPv4 options."""
    text = re.sub(r"OPT \(((?:[0-9A-F]{2})+)\)", lambda m: f"OPT ({without_times(bytes.fromhex(m[1])).hex()})", text)
    return re.sub(r" ID=\d+", " ID=-", text, count=1) if REPLY.search(text) else text
