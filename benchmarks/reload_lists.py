# SPDX-License-Identifier: BSD-3-Clause
"""A million prefixes reloaded, and entries added at run time, while packets come in (packets/reload.c)."""
import statistics

from measure import Length, Void, others, place, tell
from packets import run, with_huge_pages

SECONDS, MILLISECONDS = 2, 10  # that either may take
AGAIN = 9  # runs more, for those in which the machine took the processor away


def is_machines(one):
    """As many packets at most were lost as came while the machine kept the lcore from its turns."""
    return one["lost"] <= one["paused-ms"] * 1e3 * one["mpps"]


def measured():
    """Runs that count, and those in which the machine had packets lost."""
    runs, spoilt = [], []
    while len(runs) < Length.RUNS and len(spoilt) <= AGAIN:
        with place() as folder:
            one = run("reload", "-o", folder, *["-p", "5000", "-q"] * Length.SMOKE)
        (spoilt if one["lost"] > 0 and is_machines(one) else runs).append(one)
    return runs, spoilt


def reload_lists():
    share = others()
    remarks = [f"other work took up to {share:.0%} of the machine"] if share > 0.1 else []
    with with_huge_pages():
        runs, spoilt = measured()
    if spoilt:
        remarks.append(f"{len(spoilt)} runs not counted: they lost packets, and no more than came while the machine kept the lcore "
                       f"off its processor for {min(one['paused-ms'] for one in spoilt):.1f} ms and more")

    def field(name):
        return statistics.median(one[name] for one in runs or spoilt)

    at = f"at {field('mpps'):.2f} Mpps"
    tell("reload", field("reload-s"), "s", "goal", SECONDS, [at, *remarks])
    tell("reload-entry", field("entry-ms"), "ms", "goal", MILLISECONDS, [at, *remarks])
    tell("reload-lost", max(one["lost"] for one in runs or spoilt), "packets", "received",
         min(one["received"] for one in runs or spoilt), remarks)
    if len(runs) < Length.RUNS:
        raise Void("the machine has other work: in most runs it took the processor from the lcore for longer than a ring is deep")
    if not Length.SMOKE and any(one["lost"] > 0 for one in runs):
        raise Void("packets found no room in the port's ring, and no pause of the machine explains it")
