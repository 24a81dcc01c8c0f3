# SPDX-License-Identifier: BSD-3-Clause
"""What callgrind wrote down: instructions by the file that they stand for. What a library did counts for those that called it,
in proportion."""
import collections
import re

PASSES = 60  # of handing on from callee to caller; calls within libraries are not so deep


class Profile:
    def __init__(self, path):
        self.own = collections.defaultdict(collections.Counter)  # function: file of a line: instructions
        self.calls = collections.defaultdict(collections.Counter)  # callee: caller: instructions with all it called
        self.file = {}
        self._read(path)

    def _read(self, path):
        names, files = {}, {}

        def name(table, text):
            number, _, said = text.partition(" ")
            if said:
                table[number] = said
            return table[number]

        function = place = callee = None
        called = False
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                kind, _, text = line.rstrip("\n").partition("=")
                if kind == "fl":
                    place = home = name(files, text)
                elif kind in ("fi", "fe"):
                    place = name(files, text)
                elif kind in ("cfi", "cfl"):
                    name(files, text)
                elif kind == "fn":
                    function, place = name(names, text) + "@" + home, home
                    self.file[function] = home
                elif kind == "cfn":
                    callee = name(names, text)
                elif kind == "calls":
                    called = True
                elif re.match(r"[-+*\d]", line) and function:
                    cost = int(line.split()[1])
                    if called:
                        self.calls[callee][function] += cost
                        called = False
                    else:
                        self.own[function][place] += cost

    def _relative(self, place):
        for folder in ("dataplane/", "smtp/", "control/", "benchmarks/"):
            at = place.rfind("/../" + folder)
            if at >= 0:
                return place[at + 4:]
        return None

    def by_file(self):
        """Instructions a file of the tree; "": of none, such as the beginning of a thread."""
        result, left = collections.Counter(), collections.Counter()
        for function, places in self.own.items():
            home = self._relative(self.file[function])
            for place, cost in places.items():
                where = self._relative(place) or home
                if where:
                    result[where] += cost
                else:
                    left[function] += cost
        for _ in range(PASSES):
            more = collections.Counter()
            for function, cost in left.items():
                callers = self.calls.get(function.partition("@")[0], {})
                whole = sum(callers.values())
                for caller, part in callers.items():
                    home = self._relative(self.file[caller])
                    share = cost * part / whole if whole else 0
                    if home:
                        result[home] += share
                    elif caller != function:
                        more[caller] += share
                if not whole:
                    result[""] += cost
            left = more
        result[""] += sum(left.values())
        return result

    def called(self, function):
        """Instructions of a function that others call, with all that it called."""
        return sum(self.calls[function].values())
