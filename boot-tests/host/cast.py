#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A boot's console as an asciicast (https://docs.asciinema.org/manual/asciicast/v2/), for "asciinema play".

Time is the kernel's, as its lines tell; a line without one comes with the line before it."""

import argparse
import json
import re
import sys

STAMP = re.compile(r"^(?:<\d+>)?\[ *(\d+\.\d+)\]")
WIDTH, HEIGHT = 120, 40


def frames(lines):
    """[(seconds, text)]: times never go back, also where two writers of the console cross."""
    now = 0.0
    for line in lines:
        line = line.rstrip("\r\n")
        stamp = STAMP.match(line)
        if stamp:
            now = max(now, float(stamp[1]))
        yield now, line + "\r\n"


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("log", help="what the serial console said")
    p.add_argument("--title", default="bpfilter")
    p.add_argument("--summary", help="a file that is shown at the end")
    args = p.parse_args()
    out = [json.dumps({"version": 2, "width": WIDTH, "height": HEIGHT, "title": args.title, "idle_time_limit": 2})]
    end = 0.0
    with open(args.log, encoding="utf-8", errors="replace", newline="") as f:
        for end, text in frames(f.read().split("\n")[:-1]):
            out.append(json.dumps([end, "o", text]))
    if args.summary:
        with open(args.summary, encoding="utf-8") as f:
            out += [json.dumps([end + 1, "o", line.rstrip("\n") + "\r\n"]) for line in f]
    print("\n".join(out))


if __name__ == "__main__":
    sys.exit(main())
