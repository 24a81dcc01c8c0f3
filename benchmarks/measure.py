# SPDX-License-Identifier: BSD-3-Clause
"""What every bench of scripts/bench is made of: its length, turns, medians, and the line of a result."""
import contextlib
import os
import shutil
import statistics
import tempfile
import time

CLIENT, SERVER = 0, 1  # processors
URGENT = ("nice", "-n", "-15")  # both sides alike, so that other work of the machine is in the way less
ON_CLIENT, ON_SERVER = ((*URGENT, "taskset", "-c", str(processor)) for processor in (CLIENT, SERVER))


class Length:
    """How much is done; of a smoke run next to nothing."""

    RUNS, SECONDS, PARALLEL, TRIPLETS, SMOKE = 3, 6, 100, 1000000, False


class Void(Exception):
    """A load did not go as it should."""


class Missed(Exception):
    """A figure is right, and not what it must be."""


def others():
    """The share of both processors that is busy when nothing is measured."""
    def busy():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
        return sum(fields) - fields[3] - fields[4], sum(fields)

    before = busy()
    time.sleep(1)
    after = busy()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


@contextlib.contextmanager
def place():
    """A folder in memory: logs and mailboxes are no measurement of a disk."""
    folder = tempfile.mkdtemp(prefix="barscreen-bench-", dir="/dev/shm")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def turns(runs, *measures):
    """Each measure once and again, after a short one to warm up; for each the list of what it gave."""
    for measure in measures:
        measure(1)
    results = [[] for _ in measures]
    for _ in range(runs):
        for result, measure in zip(results, measures):
            result.append(measure(Length.SECONDS))
    return results


def median(runs, function):
    return statistics.median(function(run) for run in runs)


def tell(name, figure, unit, reference, other, remarks, ratio=None):
    fields = ["bench", name, f"{figure:.4g}", unit, reference, f"{other:.4g}", f"{ratio or figure / other:.3g}"]
    print("\t".join(fields + ["; ".join(filter(None, remarks))] * any(remarks)), flush=True)
