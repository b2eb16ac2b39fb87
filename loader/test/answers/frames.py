# SPDX-License-Identifier: GPL-2.0-only
"""Frames as they are compared: all bytes but those that differ by chance."""

import struct
import time

from packets import ACK, ICMP4, ICMP6, RST, SYN, TCP, UDP, checksum

V4_ERRORS, V6_ERRORS = (3, 4, 5, 11, 12), (1, 2, 3, 4)
# The host's own multicast listener reports, router solicitations and neighbour discovery come by timers.
CHATTER = (130, 131, 132, 133, 134, 135, 136, 143)
DAY = 86400000
TIMESTAMP_REPLY = 14     # its data are times
HEADERS = (0, 43, 44, 60)


def is_now(value):
    """Is this a time in milliseconds since midnight that the host has just written?"""
    return (round(time.time() * 1000) - value) % DAY < 120000


def without_times(options):
    """IPv4 options whose timestamps of today's now are zeroes."""
    out, at = bytearray(options), 0
    while at < len(out) and out[at]:
        length = out[at + 1] if out[at] != 1 and at + 1 < len(out) else 1
        if out[at] == 0x44:
            # Addresses may stand between the timestamps, and time stamps of others do.
            for word in range(at + 4, min(at + length, len(out)) - 3, 4):
                if is_now(struct.unpack("!I", out[word:word + 4])[0]):
                    out[word:word + 4] = bytes(4)
        at += max(length, 1)
    return bytes(out)


def masked_header(packet):
    """An IPv4 packet without the times in its options. Times are written into packets whose checksum stays as it was."""
    at = (packet[0] & 15) * 4 if packet else 0
    if at <= 20 or len(packet) < at:
        return packet
    out = packet[:20] + without_times(packet[20:at])
    if not checksum(packet[:at]):
        out = out[:10] + struct.pack("!H", checksum(out[:10] + b"\0\0" + out[12:])) + out[12:]
    return out + packet[at:]


def summed(frame):
    """A TCP segment whose checksum a device was to fill in (CHECKSUM_PARTIAL), filled in: veth devices leave it."""
    v4 = frame[12:14] == b"\x08\x00"
    at = 14 + (frame[14] & 15) * 4 if v4 else 54
    if len(frame) < at + 20 or frame[23 if v4 else 20] != TCP:
        return frame
    addresses, data = (frame[26:34] if v4 else frame[22:54]), frame[at:]
    pseudo = addresses + struct.pack("!HH", TCP, len(data))
    if data[16:18] != struct.pack("!H", checksum(pseudo) ^ 0xffff):
        return frame
    return frame[:at + 16] + struct.pack("!H", checksum(pseudo + data[:16] + b"\0\0" + data[18:])) + frame[at + 18:]


def without_label(frame):
    """IPv6 flow labels that are there as all the same: they are a hash with a secret."""
    if frame[12:14] != b"\x86\xdd" or frame[15] & 15 == 0 and frame[16:18] == b"\0\0":
        return frame
    return frame[:15] + bytes([frame[15] | 15]) + b"\xff\xff" + frame[18:]


def masked(frame):
    """The frame with its IPv4 identifier as 0, without times in IPv4 options; checksums that were right are right."""
    at = (frame[14] & 15) * 4 if len(frame) > 14 else 0
    if frame[12:14] == b"\x86\xdd" and frame[20:21] == b"\x2c":
        return frame[:58] + bytes(4) + frame[62:]      # the host put it together and took it apart again
    if frame[12:14] != b"\x08\x00" or len(frame) < at + 14 or at < 20 or checksum(frame[14:14 + at]):
        return frame
    packet = masked_header(frame[14:])
    head, data = packet[:4] + b"\0\0" + packet[6:10] + b"\0\0" + packet[12:at], packet[at:]
    if head[9] == ICMP4 and data[:1] and data[0] in V4_ERRORS and len(data) >= 28 and not checksum(data):
        quoted = summed(frame[:14] + masked_header(data[8:]))[14:]
        data = data[:2] + b"\0\0" + data[4:8] + quoted
        data = data[:2] + struct.pack("!H", checksum(data)) + data[4:]
    if head[9] == ICMP4 and data[:1] == bytes([TIMESTAMP_REPLY]):
        data = data[:2] + b"\0\0" + data[4:8]
    return frame[:14] + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def transport(frame):
    """(protocol, bytes behind the IP header); (None, b"") of what is no IP."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= 34:
        return frame[23], frame[14 + (frame[14] & 15) * 4:]
    if kind != b"\x86\xdd" or len(frame) < 54:
        return None, b""
    protocol, at = frame[20], 54
    while protocol in HEADERS and at + 8 <= len(frame):
        length = 8 if protocol == 44 else (frame[at + 1] + 1) * 8
        protocol, at = frame[at], at + length
    return protocol, frame[at:]


def is_chatter(frame):
    protocol, data = transport(frame)
    return protocol in (2, None) or protocol == ICMP6 and data[:1] and data[0] in CHATTER and frame[21] in (1, 255)


def is_reply(frame):
    """Such as REJECT sends: a reset or an ICMP error."""
    protocol, data = transport(frame)
    if protocol == TCP and len(data) > 13:
        return bool(data[13] & RST)
    if not data:
        return False
    return protocol == ICMP4 and data[0] in V4_ERRORS or protocol == ICMP6 and data[0] in V6_ERRORS


def kept(device, frame):
    """What is compared of a frame: (device, hexadecimal bytes), or None."""
    return None if is_chatter(frame) else (device, masked(summed(frame)).hex())


def address(data):
    if len(data) == 4:
        return ".".join(map(str, data))
    return ":".join(f"{struct.unpack('!H', data[i:i + 2])[0]:x}" for i in range(0, 16, 2))


def name(frame):
    """A frame in a few words."""
    protocol, data = transport(frame)
    v4 = frame[12:14] == b"\x08\x00"
    if protocol is None:
        return "no IP"
    src, dst = (frame[26:30], frame[30:34]) if v4 else (frame[22:38], frame[38:54])
    words = [f"{address(src)} > {address(dst)}", f"ttl {frame[22] if v4 else frame[21]}", f"{len(frame) - 14} bytes"]
    if protocol == TCP and len(data) >= 20:
        sport, dport, seq, ack = struct.unpack("!HHII", data[:12])
        flags = "".join(n for n, bit in (("S", SYN), ("A", ACK), ("R", RST), ("F", 1), ("P", 8)) if data[13] & bit)
        words.append(f"tcp {sport} > {dport} {flags} seq {seq} ack {ack}")
    elif protocol in (ICMP4, ICMP6) and len(data) >= 2:
        words.append(f"icmp type {data[0]} code {data[1]}")
    elif protocol == UDP and len(data) >= 4:
        words.append("udp {} > {}".format(*struct.unpack("!HH", data[:4])))
    else:
        words.append(f"protocol {protocol}")
    return ", ".join(words)


def differing(one, other):
    """Places of bytes that differ, counted from the IP header."""
    short = min(len(one), len(other))
    return [i - 14 for i in range(short) if one[i] != other[i]] + ([f"length {len(other) - len(one):+}"] if len(one) != len(other) else [])
