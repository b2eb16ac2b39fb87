# SPDX-License-Identifier: GPL-2.0-only
"""What the benchmarks have in common: tables as text or CSV, how far they are, errors without a traceback."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "differential"))
from host import Failed, inside  # noqa: E402, F401


class Table:
    """The first column is left-aligned in text, if it holds words."""

    def __init__(self, csv, head, widths=()):
        self.csv = csv
        self.widths = [max(w, len(h) + 2) for h, w in zip(head, list(widths) + [9] * len(head))]
        self.row(head)

    def row(self, cells):
        clear()
        if self.csv:
            print(",".join(f'"{c}"' if "," in c else c for c in cells), flush=True)
            return
        line = "".join(c.rjust(w) for c, w in zip(cells[1:], self.widths[1:]))
        print((cells[0].ljust(self.widths[0]) + line).rstrip(), flush=True)


def progress(text):
    """How far it is, if somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def clear():
    progress("")


def note(text):
    """A line about the table that is no row of it."""
    clear()
    print(text, file=sys.stderr, flush=True)


def numbers(text):
    return [int(n) for n in text.split(",") if n]


def finish(main):
    """Exit code 0; 1 with a message if something failed; 2 for a wrong use (argparse)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)     # namespaces are removed then, too
    try:
        main()
        return 0
    except KeyboardInterrupt:
        return 130
    except (Failed, OSError) as e:
        clear()
        print(f"{os.path.basename(sys.argv[0])}: {e}", file=sys.stderr)
        return 1


def command(*words, timeout=None, stdin=None):
    """Its output; Failed with what it said, or if it took longer than @timeout seconds."""
    try:
        done = subprocess.run(words, check=False, text=True, input=stdin, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired as e:
        raise Failed(f"{' '.join(words)}: more than {timeout} s") from e
    if done.returncode:
        last = done.stderr.strip().splitlines()[-3:]
        raise Failed(f"{' '.join(words)}: " + ("; ".join(last) or f"exit code {done.returncode}"))
    return done.stdout
