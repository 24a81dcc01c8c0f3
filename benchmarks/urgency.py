# SPDX-License-Identifier: BSD-3-Clause
"""That other work of the machine takes less from what is measured: nice values count within a session only (autogroups, sched(7)),
so what is measured is in sessions of its own, and these have a nice value too."""
import contextlib
import os
import signal
import sys

NICE = "-19"


def _write(file, text):
    """Who may not, or has no such kernel, does without."""
    with contextlib.suppress(OSError), open(file, "w", encoding="ascii") as file:
        file.write(text)


def own_session():
    """The rest of the program is a session of its own; it ends with it, and hands on what it is told to end by."""
    child = os.fork()
    if child == 0:
        # Raised, so that what was lent is given back.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        os.setsid()
        _write("/proc/self/autogroup", NICE)
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _, frame: os.kill(child, signal.SIGTERM))
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xff)


def favour(space):
    """All that runs in the network namespace, whatever sessions it has made."""
    inside = os.stat(f"/run/netns/{space.name}").st_ino
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{process}/ns/net").st_ino == inside:
                _write(f"/proc/{process}/autogroup", NICE)
