# SPDX-License-Identifier: GPL-2.0-only
"""One command, disturbed at each of its system calls (kill)."""

import errno
import os
import time

from wire import EVERYTHING, allowed, companions, objects

ERRORS = ["ENOMEM", "EPERM", "ENOSPC", "EINTR", "EBUSY"]
LIBC_START = (158, 218)     # arch_prctl, set_tid_address: without them musl gives up before main()


class Failure(Exception):
    """What a probe or the next command showed; the walk goes on."""


class Scenario:
    """A command, and the rules before and after it (None: none). share: of a sample; 4 is a quarter."""

    def __init__(self, name, about, before, command, after, share=1):
        self.name, self.about, self.before, self.command, self.after = name, about, before, command, after
        self.share = share

    def met(self, which):
        """What the probes reach under the rules before or after: A is allowed before, B after, C by both."""
        if getattr(self, which) is None:
            return EVERYTHING
        return allowed("A" if which == "before" else "B", "C")

    def answers(self, which):
        """Do the rules before or after need the companion?"""
        return "REJECT" in (getattr(self, which) or "")


def calls_listed(path):
    """[(n, number)] of what "inject list" has written, and at which n there was an execve."""
    calls, execs = [], []
    with open(path, encoding="ascii") as f:
        for line in f:
            if line == "exec\n":
                execs.append(len(calls))
            else:
                calls.append((len(calls) + 1, int(line)))
    return calls, execs


def injected(inject, call, what):
    return (inject, str(call[0]), what if what == "kill" else str(getattr(errno, what)))


class CommandWalk:
    def __init__(self, wire, scenario, directory, inject):
        self.wire, self.scenario, self.inject = wire, scenario, os.path.abspath(inject)
        self.list = os.path.join(directory, "calls")
        self.files, self.normal = {}, None
        for which in ("before", "after"):
            self.files[which] = os.path.join(directory, f"{scenario.name}-{which}")
            with open(self.files[which], "w", encoding="ascii") as f:
                f.write(getattr(scenario, which) or "")

    def recover(self):
        """The state before. It is also the next command after a disturbance, so it has to succeed."""
        words = ("off", "--yes") if self.scenario.before is None else ("apply", self.files["before"])
        done = self.wire.command(*words)
        if done.returncode:
            raise Failure(f"the next command fails: {done.stderr.strip()}")
        got = self.wire.probe()
        if got != self.scenario.met("before"):
            raise Failure(f"after the next command the probes reach {sorted(got)}")
        self.check_companions("before")

    def check_companions(self, which):
        """One where the rules need it, else none. One that nobody waited for ends by itself."""
        wanted = int(self.scenario.answers(which))
        for _ in range(100):
            running = companions(self.wire.name)
            if len(running) == wanted:
                return
            time.sleep(0.01)
        raise Failure(f"companions of rules that need {wanted}: {running}")

    def words(self):
        return ("off", "--yes") if self.scenario.command == "off" else ("apply", self.files["after"])

    def calls(self):
        """[(n, number)] of an undisturbed run."""
        self.recover()
        self.wire.command(*self.words(), prefix=("sh", "-c", f'exec "$@" 3>{self.list}', "sh", self.inject, "0", "list"))
        if self.wire.probe() != self.scenario.met("after"):
            raise Failure("undisturbed, the command does not do its work")
        return calls_listed(self.list)[0]

    def settle(self):
        """What objects there are while the state before is in force and nothing is being freed any more."""
        self.recover()
        self.recover()
        self.normal = objects()
        for _ in range(25):
            time.sleep(0.02)
            self.normal = tuple(map(min, self.normal, objects()))

    def step(self, call, what):
        done = self.wire.command(*self.words(), prefix=injected(self.inject, call, what))
        got = self.wire.probe()
        if what != "kill":
            self.check_exit(done, call)
        self.check_probes(got, done)
        self.recover()
        status = self.wire.status()
        if status["half_done"] or status["repinned"] or (status["problems"] and self.scenario.before):
            raise Failure(f"after the next command, status says: {status['problems']}, half done: {status['half_done']}")
        if self.scenario.before and self.scenario.after:
            self.wire.drain()
            holes, self.wire.holes = self.wire.holes, 0
            if holes:
                raise Failure(f"{holes} packets that all rules deny came through")

    def check_exit(self, done, call):
        if done.returncode not in (0, 1) and call[1] not in LIBC_START:
            raise Failure(f"exit code {done.returncode}: {done.stderr.strip()}")
        if done.returncode == 1 and not done.stderr.strip():
            raise Failure("fails without a message")

    def check_probes(self, got, done):
        before, after = self.scenario.met("before"), self.scenario.met("after")
        if got not in (before, after):
            raise Failure(f"neither the old nor the new rules: the probes reach {sorted(got)}")
        if done.returncode == 0 and got != after:
            raise Failure("it says that it has succeeded, but the old rules are in force")
        if done.returncode == 1 and got != before and "nevertheless" not in done.stderr:
            raise Failure(f"it says that it has failed, but the new rules are in force: {done.stderr.strip()}")

    def check_left(self):
        """Nothing may pile up. The kernel frees in the background."""
        for _ in range(300):
            left = objects()
            if all(a <= b for a, b in zip(left, self.normal)):
                return
            time.sleep(0.01)
        normal, self.normal = self.normal, left
        raise Failure(f"left behind in the last 20 steps: links, programs, maps are {left}, not {normal}")
