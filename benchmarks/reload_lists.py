# SPDX-License-Identifier: BSD-3-Clause
"""A million prefixes reloaded, and entries added at run time, while packets come in (packets/reload.c)."""
import statistics

from measure import Length, Void, others, place, tell
from packets import run, with_huge_pages

SECONDS, MILLISECONDS = 2, 10  # that either may take


def reload_lists():
    share = others()
    remarks = [f"other work took up to {share:.0%} of the machine"] if share > 0.1 else []
    runs = []
    with with_huge_pages():
        for _ in range(Length.RUNS):
            with place() as folder:
                runs.append(run("reload", "-o", folder, *["-p", "5000", "-q"] * Length.SMOKE))

    def field(name):
        return statistics.median(one[name] for one in runs)

    at = f"at {field('mpps'):.2f} Mpps"
    tell("reload", field("reload-s"), "s", "goal", SECONDS, [at, *remarks])
    tell("reload-entry", field("entry-ms"), "ms", "goal", MILLISECONDS, [at, *remarks])
    tell("reload-lost", max(one["lost"] for one in runs), "packets", "received", min(one["received"] for one in runs), remarks)
    if not Length.SMOKE and any(one["lost"] > 0 for one in runs):
        raise Void("packets found no room in the port's ring; when the machine does nothing else that is a fault")
