# SPDX-License-Identifier: GPL-2.0-only
"""The companion's own start, disturbed at each of its system calls (kill)."""

import time

from boot import StartWalk
from walk import CommandWalk, Failure, calls_listed, injected

PATIENCE = 2.0      # seconds a command waits for it (loader/answer/start.c)
SLACK = 1.5         # for the command itself, on a machine with other work
STOP_EVERY = 8      # each of these takes PATIENCE


class OwnStart:
    """The calls are those of "bpfilter companion", from its execve until it has told that it is ready."""

    def calls(self):
        self.recover()
        prefix = ("sh", "-c", f'exec "$@" 3>{self.list}', "sh", self.inject, "-c", "0", "list")
        done = self.wire.command(*self.words(), prefix=prefix)
        if self.wire.probe() != self.scenario.met("after"):
            raise Failure(f"undisturbed, the command does not do its work: {done.stderr.strip()}")
        self.check_companions("after")
        return calls_listed(self.list)[0]

    def run(self, call, what):
        if what == "kill" and call[0] % STOP_EVERY == 0:
            what = "stop"
        prefix = (self.inject, "-c", str(call[0]), what) if what == "stop" else injected(self.inject, call, what)
        if what != "stop":
            prefix = (prefix[0], "-c", *prefix[1:])
        start = time.monotonic()
        done = self.wire.command(*self.words(), prefix=prefix)
        took = time.monotonic() - start
        if took > PATIENCE + SLACK:
            raise Failure(f"{what}: the command took {took:.1f} s")
        return done

    def step(self, call, what):
        done, got = self.run(call, what), self.wire.probe()
        self.check_result(done, got)
        if done.returncode == 0 and got == self.scenario.met("after") and not done.stderr.strip():
            self.check_companions("after")
        self.recover()


class CompanionWalk(OwnStart, CommandWalk):
    """apply: without a companion that is ready the old rules stay."""

    def check_result(self, done, got):
        if done.returncode not in (0, 1) or (done.returncode and not done.stderr.strip()):
            raise Failure(f"exit code {done.returncode}: {done.stderr.strip()}")
        if got != self.scenario.met("before" if done.returncode else "after"):
            raise Failure(f"exit code {done.returncode}, and the probes reach {sorted(got)}: {done.stderr.strip()}")


class CompanionStartWalk(OwnStart, StartWalk):
    """start, which boots where nothing is in force: the rules come into force without it, too."""

    def check_result(self, done, got):
        if got != self.scenario.met("after") or done.returncode:
            raise Failure(f"exit code {done.returncode}, and the probes reach {sorted(got)}: {done.stderr.strip()}")
        if not self.wire.status()["companion"]["running"] and "is answered" not in done.stderr:
            raise Failure(f"it does not say that nothing answers: {done.stderr.strip()}")
