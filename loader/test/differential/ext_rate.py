# SPDX-License-Identifier: GPL-2.0-only
"""limit, hashlimit, quota, statistic, time. The two hosts are played one after the other, so rates are slow: what a
bucket gains in the meantime is never a packet. What chance decides (--probability) is 0 or 1 here."""

import time

from extensions import Extension
from rules import maybe, negate

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
# No edge of a time is nearer to now than this, in minutes.
MARGIN = 30


def limit(r, _family, _chain):
    rate, most = r.choice([("1/hour", 20), ("3/hour", 50), ("9/day", 8), ("1/day", 1), ("10/hour", 200)])
    return f"-m limit --limit {rate} --limit-burst {r.randint(1, most)}"


def table(r):
    """Options of one table. A name stands for one kind of rate; others may differ from rule to rule."""
    kind = r.choice(["packets", "packets", "rate", "bytes", "fast"])
    name = f"{kind}{r.randrange(3)}"
    words = [f"--hashlimit-name {name}", f"--hashlimit-htable-size {r.choice([1, 4, 64])}"]
    if kind == "packets":
        words += [f"{r.choice(['1/hour', '2/hour', '9/day'])}", f"--hashlimit-burst {r.choice([1, 2, 4, 7])}"]
    elif kind == "rate":
        words += ["2/hour", f"--hashlimit-burst {r.choice([1, 3, 20])}", "--hashlimit-rate-match"]
    elif kind == "bytes":
        words += [f"{r.choice([48, 500, 1000])}b/s", "--hashlimit-rate-match --hashlimit-rate-interval 3600"]
    else:
        words += ["1mb/s", r.choice(["", "--hashlimit-burst 2mb"])]
    words.insert(0, f"{negate(r)}--hashlimit-{r.choice(['upto', 'above'])} {words.pop(2)}")
    words += ["--hashlimit-htable-expire 3600000", f"--hashlimit-htable-max {r.choice([3, 8, 64, 64])}"]
    return words


def hashlimit(r, family, _chain):
    words, whole = table(r), 32 if family == 4 else 128
    modes = r.sample(["srcip", "dstip", "srcport", "dstport"], r.randint(0, 4))
    if modes:
        words.append("--hashlimit-mode " + ",".join(modes))
    for option in ("srcmask", "dstmask"):
        if maybe(r, 30):
            words.append(f"--hashlimit-{option} {r.choice([0, 1, 8, 16, 31, whole - 31, whole - 9, whole - 1, whole])}")
    return "-m hashlimit " + " ".join(words)


def quota(r, _family, _chain):
    return f"-m quota {negate(r)}--quota {r.choice([0, 27, 28, 40, 100, 500, 3000, 20000, 2**64 - 1])}"


def statistic(r, _family, _chain):
    if maybe(r, 20):
        return f"-m statistic --mode random {negate(r)}--probability {r.choice([0, 1])}"
    every = r.choice([1, 2, 3, 7, 20, 2**32 - 1])
    return f"-m statistic --mode nth {negate(r)}--every {every} --packet {r.randrange(min(every, 30))}"


def day_time(r, now):
    """A time of day as hh:mm:ss that is not near @now, nor is @now near midnight by it."""
    minute = (now // 60 + r.randint(MARGIN, 1440 - MARGIN)) % 1440
    return f"{minute // 60:02}:{minute % 60:02}:{r.randrange(60):02}"


def days(r, now):
    """Weekdays and days of the month, unless the day is about to change."""
    t, words = time.gmtime(now), []
    if MARGIN < now // 60 % 1440 < 1440 - MARGIN:
        if maybe(r, 60):
            near = [WEEKDAYS[(t.tm_wday + d) % 7] for d in (-1, 0, 1)]
            words.append(f"{negate(r)}--weekdays {','.join(r.sample(near, r.randint(1, 3)))}")
        if maybe(r, 40):
            near = [t.tm_mday, t.tm_mday % 31 + 1, (t.tm_mday + 29) % 31 + 1]
            words.append(f"{negate(r)}--monthdays {','.join(str(d) for d in r.sample(near, r.randint(1, 3)))}")
    return words


def when(r, _family, _chain):
    now, words = int(time.time()), []
    if maybe(r, 60):
        words += [f"--timestart {day_time(r, now)}", f"--timestop {day_time(r, now)}"]
        if words[0].split()[1] >= words[1].split()[1] and maybe(r, 60):
            words.append("--contiguous")
    elif maybe(r, 30):
        words.append(f"--time{r.choice(['start', 'stop'])} {day_time(r, now)}")
    for option in ("start", "stop"):
        if maybe(r, 20):
            at = time.gmtime(now + r.choice([-1, 1]) * r.randint(60 * MARGIN, 10**8))
            words.append(f"--date{option} {time.strftime('%Y-%m-%dT%H:%M:%S', at)}")
    return " ".join(["-m time"] + words + days(r, now))


EXTENSIONS = [
    Extension("limit", limit, ordered=True),
    Extension("hashlimit", hashlimit, ordered=True),
    Extension("quota", quota, ordered=True),
    Extension("statistic", statistic, ordered=True),
    Extension("time", when),
]
