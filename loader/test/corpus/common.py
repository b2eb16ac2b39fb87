# SPDX-License-Identifier: GPL-2.0-only
"""What the two comparisons with recorded results of iptables share: rows of a table, one "bpfilter check"."""
import csv
import os
import subprocess

# Beside the tree: data of other people, no part of it.
CORPUS = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 4, "shared", "corpus"))
SKIPPED = 77


def read_table(path):
    """The rows of a file with a line of names and tabs between the columns; what a row lacks is ""."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as f:
        rows = csv.DictReader((line.rstrip("\r\n") for line in f), delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
        return list(rows)


class Answer:
    """What "bpfilter check --print" said about a text."""

    def __init__(self, binary, family, path, table):
        p = subprocess.run([binary, "check", "-T", table, "--print", "-c", "-" + family, path],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.status = p.returncode
        self.text = p.stdout.decode("utf-8", "surrogateescape")
        self.messages = p.stderr.decode("utf-8", "surrogateescape")
        self.accepted = p.returncode == 0
        self.warned = ": warning: " in self.messages

    def died(self):
        """Neither taken nor refused: a crash, a usage error."""
        return self.status not in (0, 1)

    def reason(self):
        """The message of a refusal in one line, without the file in front of it."""
        for line in self.messages.splitlines():
            if "error: " in line:
                return line.split("error: ", 1)[1]
        return "status %d: %s" % (self.status, self.messages.strip()[:200])

    def unsupported(self):
        return self.status == 1 and "unsupported" in self.reason()


def first_difference(want, got):
    want, got = want.splitlines(), got.splitlines()
    for i in range(max(len(want), len(got))):
        w = want[i] if i < len(want) else "(end)"
        g = got[i] if i < len(got) else "(end)"
        if w != g:
            return "line %d: want %r, got %r" % (i + 1, w, g)
    return "the last newline"


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def arguments(argv, usage):
    """BINARY [-v] [OPERAND] to (binary, verbose, operand or None); exits with the usage text."""
    verbose = "-v" in argv[1:]
    words = [word for word in argv[1:] if word != "-v"]
    if not words or len(words) > 2 or any(word.startswith("-") for word in words):
        raise SystemExit(usage)
    return words[0], verbose, words[1] if len(words) == 2 else None
