# SPDX-License-Identifier: GPL-2.0-only
"""The boot, disturbed at each system call of process 1 and of the child that compiles (kill); and "start"."""

import os
import shutil
import subprocess

from walk import CommandWalk, Failure, calls_listed, injected
from wire import ADDRESS, EVERYTHING, NOTHING, PORTS, allowed, companions, inside

INIT = "#!/busybox sh\n/busybox mount -t proc proc /proc 2>/dev/null\n/busybox readlink /proc/self/ns/net\nexec /busybox sleep 60\n"
DENY_OR_NEW = (NOTHING, allowed("B", "C"))


class StartWalk(CommandWalk):
    """The same without being process 1: killed before stage 1 is pinned, it leaves open what was open, by family."""

    def words(self):
        return ("start", "--cmdline", "bpfilter.rules=" + self.files["after"])

    def check_probes(self, got, done):
        new = self.scenario.met("after")
        families = [{p for p in got if p.endswith(str(f))} for f in ADDRESS]
        opened = any(len(f) == len(PORTS) for f in families)
        if got != new and any(f and len(f) != len(PORTS) for f in families):
            raise Failure(f"neither nothing nor the rules: the probes reach {sorted(got)}")
        if done.returncode == 0 and got != new:
            raise Failure(f"it says that it has succeeded, and the probes reach {sorted(got)}")
        if done.returncode == 1 and opened and "THERE IS NO FILTER" not in done.stderr:
            raise Failure(f"it does not say that nothing filters: {done.stderr.strip()}")


class BootWalk(CommandWalk):
    """Nothing is in force before. Once the next init runs: the default deny, or the rules."""

    def __init__(self, wire, scenario, directory, inject):
        super().__init__(wire, scenario, directory, inject)
        self.root = os.path.join(directory, f"root-{scenario.name}")
        self.answering = 0  # companions, when the next init runs
        for d in ("proc", "sys", "dev", "run", "etc/bpfilter"):
            os.makedirs(os.path.join(self.root, d))
        shutil.copy(wire.binary, os.path.join(self.root, "bpfilter-init"))
        shutil.copy(shutil.which("busybox"), os.path.join(self.root, "busybox"))
        shutil.copy(self.files["after"], os.path.join(self.root, "etc/bpfilter/rules"))
        with open(os.path.join(self.root, "init"), "w", encoding="ascii") as f:
            f.write(INIT)
        os.chmod(os.path.join(self.root, "init"), 0o755)

    def boot(self, prefix):
        """(what the next init says, what the probes reach then); (None, ...): there was no next init."""
        with inside(self.wire.name):
            with subprocess.Popen([*prefix, "unshare", "--pid", "--fork", "--kill-child", "--mount", "chroot",
                                   self.root, "/bpfilter-init"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  stdin=subprocess.DEVNULL, text=True) as p:
                said = p.stdout.readline().strip()
                while said and not said.startswith("net:"):
                    said = p.stdout.readline().strip()
                got = self.wire.probe()
                self.answering = len(companions(self.wire.name))
                p.kill()
        return said or None, got

    def recover(self):
        with inside(self.wire.name):
            self.wire.bring_up()
        for _ in range(1000):
            if self.wire.probe() == EVERYTHING:
                return
        raise Failure("filters outlive the last process of the boot")

    def calls(self):
        self.wire.command("off", "--yes")
        prefix = ("sh", "-c", f'exec "$@" 3>{self.list}', "sh", self.inject, "0", "list")
        said, got = self.boot(prefix)
        if said is None or got != allowed("B", "C"):
            raise Failure(f"undisturbed, the boot does not do its work: the probes reach {sorted(got)}")
        if self.answering != self.scenario.answers("after"):
            raise Failure(f"undisturbed, the boot starts {self.answering} companions")
        calls, execs = calls_listed(self.list)
        # unshare, chroot, bpfilter-init, the next init
        return calls[execs[2]:execs[3]]

    def step(self, call, what):
        said, got = self.boot(injected(self.inject, call, what))
        here = f"net:[{os.stat('/run/netns/' + self.wire.name).st_ino}]"
        # Without a next init the kernel would have panicked; elsewhere it is in an empty namespace.
        if said == here and got not in DENY_OR_NEW:
            raise Failure(f"the next init runs, and the probes reach {sorted(got)}")
        self.recover()
