# SPDX-License-Identifier: BSD-3-Clause
"""The source table alone, with a million sources in it, against DPDK's rte_hash with the same keys (sources/sources.c)."""
import os
import statistics
import subprocess

import daemon

from measure import ON_SERVER, Length, Void, others, tell
from packets import with_huge_pages

PROGRAM = os.path.join(daemon.BUILD, "benchmarks", "sources", "sources")
SOURCES = 1000000
REMARKS = {
    "enter": "a new source: its entry is made",
    "open-close": "a connection of a known source opens and closes",
    "find": "one known source",
    "find-stranger": "one that is not there",
    "standing": "64 known sources at once",
    "standing-stranger": "64 that are not there",
    "bytes": "room for twice as many as there are",
}


def sources():
    share = others()
    busy = [f"other work took up to {share:.0%} of the machine"] if share > 0.1 else []
    count, rounds = (20000, 1) if Length.SMOKE else (SOURCES, 2 * Length.RUNS + 1)
    with with_huge_pages():
        done = subprocess.run([*ON_SERVER, PROGRAM, str(count), str(rounds)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode != 0:
        raise Void(f"sources: {done.stderr.strip()}")
    runs = [{name: float(value) for name, value in (word.split("=") for word in line.split())}
            for line in done.stdout.splitlines()]
    there = min(run["held"] for run in runs) / count
    for name, remark in REMARKS.items():
        own, other = (statistics.median(run[which] for run in runs) for which in (name, f"{name}-reference"))
        tell(f"sources-{name}", own, "bytes/source" if name == "bytes" else "ns/source", "rte_hash", other,
             [remark, f"{there:.3%} have their entry at the end" * (name == "enter"), *busy, "the ratio is reference/ours"], other / own)
