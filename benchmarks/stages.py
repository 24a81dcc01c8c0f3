#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions that a packet costs in each stage of the dataplane, exact by callgrind, against those of stages.reference; beside them
ticks of the TSC, from samples of a run by itself.

    /usr/bin/python3 benchmarks/stages.py --renew     writes stages.reference anew: for a change whose cost is wanted

What is committed there belongs to one compiler and its options, which it names."""
import bisect
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tests", "e2e")]

from measure import ON_SERVER, Length, Void, tell  # noqa: E402
from packets import PROGRAM  # noqa: E402

REFERENCE = os.path.join(HERE, "stages.reference")
GROWTH = 1.03  # beyond that the check fails
FAMILIES = ("ipv4", "ipv6")
# A stage is what these functions do, with all that they call, in that mix (packets/stages.c).
STAGES = {
    "validate": ("listed", {"ingress_validate"}),
    "classify": ("listed", {"ingress_classify"}),
    "known": ("known", {"connection_lookup_bulk"}),
    "source": ("spoofed", {"sources_fetch", "bs_source_look_bulk", "judge_prepare"}),
    "cookie": ("spoofed", {"cookie_prepare"}),
    "tcp": ("known", {"ingress_tcp"}),
    # The whole way, from the port and back.
    "all-of-listed": ("listed", {"dataplane_poll"}),
    "all-of-syn": ("spoofed", {"dataplane_poll"}),
    "all-of-stray-ack": ("acks", {"dataplane_poll"}),
    "all-of-segment": ("known", {"dataplane_poll"}),
}
SMALL = ["-r", "1", "-n", "2048", "-p", "20000", "-u", "4096"]  # instructions hardly depend on sizes
LARGE = ["-r", "300", "-n", "1024"]


def run(words, timeout):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
    if done.returncode != 0:
        raise Void(f"{' '.join(words)}: {(done.stdout + done.stderr).strip()[-1000:]}")
    return done.stdout


def phases(text):
    """What the program says of each mix."""
    return {line.split()[0]: dict(word.split("=") for word in line.split()[1:]) for line in text.splitlines()}


def plain(function):
    """Without what the compiler appends to a part or a copy."""
    return function.split(".")[0].split("'")[0]


def collected(path):
    """Instructions of each function with all that it calls, and of which mix they are."""
    text = run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", path], 60)
    with open(path, encoding="utf-8", errors="replace") as file:
        mix = re.search(r"^desc: Trigger: Client Request: (\S+)$", file.read(4096), re.MULTILINE)
    costs = {}
    for cost, function in re.findall(r"^ *([\d,]+) \([ \d.]+%\)  \S+:(\S+)", text, re.MULTILINE):
        costs[plain(function)] = max(costs.get(plain(function), 0), int(cost.replace(",", "")))
    return mix and mix.group(1), costs


def instructions():
    """A packet's, of each stage and family."""
    with tempfile.TemporaryDirectory() as folder:
        said = phases(run(["valgrind", "--tool=callgrind", "--toggle-collect=dataplane_poll", "-q",
                           f"--callgrind-out-file={folder}/out", PROGRAM, *SMALL, "stages"], 600))
        found = dict(collected(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if "." in name)
    figures = {}
    for stage, (mix, functions) in STAGES.items():
        for family in FAMILIES:
            costs = found.get(f"{mix}-{family}")
            if costs is None or not functions <= set(costs):
                raise Void(f"callgrind saw nothing of {stage} ({', '.join(functions - set(costs or ()))})")
            figures[f"{stage}-{family}"] = sum(costs[name] for name in functions) / \
                int(said[f"{mix}-{family}"]["packets"])
    return figures


def symbols():
    """Where the program's functions begin, and their names."""
    rows = sorted((int(row[0], 16), plain(row[-1])) for row in
                  (line.split() for line in run(["nm", "--defined-only", PROGRAM], 60).splitlines())
                  if len(row) == 3 and row[1] in "tT")
    return [row[0] for row in rows], [row[1] for row in rows]


def ticks():
    """A packet's, of each stage and family."""
    starts, names = symbols()
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as file:
        said = phases(run([*ON_SERVER, PROGRAM, *LARGE, "-o", file.name, "stages"], 600))
        samples = {}
        for line in file:
            mix, *addresses = line.split()
            samples.setdefault(mix, []).append(
                {names[bisect.bisect_right(starts, int(address, 16)) - 1] for address in addresses})
    figures = {}
    for stage, (mix, functions) in STAGES.items():
        for family in FAMILIES:
            rows = [row for row in samples.get(f"{mix}-{family}", []) if "dataplane_poll" in row]
            share = sum(bool(functions & row) for row in rows) / max(1, len(rows))
            figures[f"{stage}-{family}"] = share * float(said[f"{mix}-{family}"]["ticks"])
    return figures


def compiler():
    return run(["cc", "--version"], 10).splitlines()[0]


def reference():
    with open(REFERENCE, encoding="ascii") as file:
        rows = [line.split("\t") for line in file.read().splitlines() if not line.startswith("#")]
    return {row[0]: float(row[1]) for row in rows}


def renew():
    with open(REFERENCE, "w", encoding="ascii") as file:
        file.write(f"# SPDX-License-Identifier: BSD-3-Clause\n# Instructions a packet, by callgrind: {compiler()}, meson's "
                   "defaults.\n# Renewed by: /usr/bin/python3 benchmarks/stages.py --renew\n")
        for name, figure in instructions().items():
            file.write(f"{name}\t{figure:.1f}\n")


def stages():
    expected, found = reference(), instructions()
    times = {} if Length.SMOKE else ticks()
    grown = []
    for name, figure in found.items():
        if name not in expected:
            raise Void(f"{name} is not in {REFERENCE}")
        if figure > expected[name] * GROWTH:
            grown.append(f"{name}: {figure:.1f} instead of {expected[name]:.1f}")
        tell(f"stages-{name}", figure, "instructions/packet", "stages.reference", expected[name],
             [f"{times[name]:.1f} ticks of the TSC"] if name in times else [])
    if grown:
        raise Void(f"instructions a packet grew by more than 3 %: {'; '.join(grown)}. If that is wanted: benchmarks/stages.py "
                   f"--renew, and commit stages.reference (this is {compiler()})")


if __name__ == "__main__":
    if sys.argv[1:] != ["--renew"]:
        sys.exit("usage: benchmarks/stages.py --renew")
    renew()
