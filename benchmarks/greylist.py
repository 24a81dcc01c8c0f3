# SPDX-License-Identifier: BSD-3-Clause
"""Greylisting's table."""
import os
import subprocess

import daemon

from measure import ON_SERVER, Length, Void, median, place, tell


def greylist():
    """A million triplets: a lookup, memory and disk for one, and how soon a restart has them again."""
    with place() as folder:
        words = [*ON_SERVER, os.path.join(daemon.BUILD, "benchmarks", "benchmark_greylist"),
                 str(Length.TRIPLETS), folder]
        results = []
        for _ in range(Length.RUNS):
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            if done.returncode != 0:
                raise Void(done.stdout.strip())
            results.append({name: float(value) for name, value in
                            (word.split("=") for word in done.stdout.split())})

    def field(name):
        return median(results, lambda run: run[name])

    remark = [f"{Length.TRIPLETS} triplets"]
    tell("greylist-lookup", field("lookup-ns"), "ns", "hsearch", field("reference-ns"), remark)
    tell("greylist-memory", field("memory-bytes"), "bytes", "hsearch", field("reference-bytes"), remark)
    tell("greylist-disk", field("disk-bytes"), "bytes", "entry", 32, remark)
    tell("greylist-restart", field("load-s"), "s", "goal", 2, remark)
