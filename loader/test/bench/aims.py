# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/bench packets should show for the set hosts, next to what it did show."""
from common import Table

CASES = ("early hot", "late hot", "miss hot")


class Figures:
    """Nanoseconds over the base: {rules: {case: {alternative: ns}}}"""

    def __init__(self):
        self.of = {}

    def add(self, count, case, added):
        self.of.setdefault(count, {})[case] = added

    def each(self, at, f):
        """f(figures of the alternatives) of the hot cases where at(rules); not where one is missing."""
        out = []
        for count, rows in self.of.items():
            for case in CASES:
                try:
                    out += [f(rows[case])] if at(count) else []
                except (KeyError, ZeroDivisionError):
                    pass
        return out

    def growth(self, count):
        """The cost with @count rules as a multiple of that with 10."""
        out = []
        for case in CASES:
            few, many = (self.of.get(n, {}).get(case, {}).get("bpfilter") for n in (10, count))
            if few and few > 0 and many is not None:
                out.append(many / few)
        return out

    def less(self, count):
        """How many times less than iptables-legacy, where no early rule hits."""
        late = (self.of.get(count, {}).get(case, {}) for case in CASES[1:])
        return [x["legacy"] / x["bpfilter"] for x in late if "legacy" in x and x.get("bpfilter", 0) > 0]

    def table(self, csv):
        def over(peer, at):
            return self.each(at, lambda x: x["bpfilter"] - x[peer])

        lines = (
            ("legacy/bpfilter, 1,000 rules, least", self.less(1000), min, ">= 20"),
            ("legacy/bpfilter, 10,000 rules, least", self.less(10000), min, ">= 150"),
            ("ns more than legacy, 10 rules, most", over("legacy", lambda n: n == 10), max, "<= 40"),
            ("ns more than legacy, 50 rules and more", over("legacy", lambda n: n >= 50), max, "<= 0"),
            ("ns more than nft, 1 rule and more", over("nft", lambda n: n > 0), max, "<= 0"),
            ("100,000 rules / 10 rules, most", self.growth(100000), max, "<= 3"),
            ("1,000,000 rules / 10 rules, most", self.growth(1000000), max, "<= 6"),
        )
        if not any(values for _, values, _, _ in lines):
            return
        print()
        table = Table(csv, ["hosts, hot", "seen", "aim"], (40, 10, 10))
        for what, values, choose, aim in lines:
            table.row([what, f"{choose(values):.1f}" if values else "-", aim])
