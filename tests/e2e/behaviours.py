# SPDX-License-Identifier: BSD-3-Clause
"""Behaviours of barscreen's TCP seen from outside, many to a daemon: each is a function that gets the Tap and a family. They run side by
side over both families, since most of them wait; those that may not be disturbed run one by one afterwards."""
import concurrent.futures
import contextlib
import traceback

import wiretap
from cases import bench, expect


class Group:
    """The behaviours of a file, and what runs them."""

    def __init__(self):
        self.beside, self.alone = [], []

    def behaviour(self, function):
        self.beside.append(function)
        return function

    def undisturbed(self, function):
        """One that counts, or changes what all see."""
        self.alone.append(function)
        return function

    def run(self, change=None):
        with bench(change=change) as here, wiretap.Tap(here) as tap:
            faults = []
            with concurrent.futures.ThreadPoolExecutor(2 * max(1, len(self.beside))) as threads:
                runs = [threads.submit(tried, function, tap, family)
                        for function in self.beside for family in ("ipv4", "ipv6")]
                faults += [run.result() for run in runs]
            for function in self.alone:
                faults += [tried(function, tap, family) for family in ("ipv4", "ipv6")]
            faults = [fault for fault in faults if fault] + tap.faults
            expect(not faults, f"{len(faults)} of {2 * (len(self.beside) + len(self.alone))} behaviours:\n" + "\n".join(faults))


def tried(function, tap, family):
    """What is wrong, with the behaviour's name, or None."""
    try:
        function(tap, family)
    except Exception as error:  # pylint: disable=broad-except
        where = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in reversed(where) if frame.name == function.__name__), 0)
        return f"{function.__module__}.{function.__name__}.{family} (line {line}): {error!r}"
    return None


@contextlib.contextmanager
def counted(tap, name, count=1):
    """In here the counter grows by that much; what others do meanwhile must not touch it."""
    tap.fence()
    before = tap.counters()[name]
    yield
    tap.fence()
    grown = tap.counters()[name] - before
    expect(grown == count, f"{name} grew by {grown}, not {count}")
