# SPDX-License-Identifier: BSD-3-Clause
"""Connections held before the banner: bytes each, and greetings in time; against a tarpit on the kernel's sockets."""
import contextlib
import os
import subprocess

import daemon

from measure import CLIENT, SERVER, URGENT, Length, Missed, Void, others, tell
from packets import huge_pages

FOLDER = os.path.join(daemon.BUILD, "benchmarks", "waiting")
SOURCES = 1000000
WAIT_MS = 120000
# Opened in a millisecond. Who holds ten million for two minutes each is sent 83,000 a second; this is six times as many.
PACE = 500
RECORD = 64 + 16  # bytes a connection of huge pages, with its part of the index, and
RESERVE_MB = 256  # for all else that DPDK has
IN_TIME = 0.999
HELD_BYTES = 1.2e9  # the whole process with ten million
CHEAPER = 40  # times than the reference, at least
KERNEL = 1000000  # sockets; fewer where the machine allows fewer file descriptors
MOST = 10000000


@contextlib.contextmanager
def huge_pages_for(connections):
    before = huge_pages("nr_hugepages")
    missing = (connections * RECORD >> 21) + RESERVE_MB // 2 - huge_pages("free_hugepages")
    try:
        if missing > 0 and connections >= 1000000:
            huge_pages("nr_hugepages", before + missing)
        yield
    finally:
        huge_pages("nr_hugepages", before)


def words_of(program, *words):
    done = subprocess.run([*URGENT, os.path.join(FOLDER, program), *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=900)
    if done.returncode != 0:
        raise Void(f"{program}: {done.stderr.strip()}")
    return {name: int(value) for name, value in (word.split("=") for word in done.stdout.split())}


def held(connections, sources, wait_ms):
    with huge_pages_for(connections):
        run = words_of("waiting", connections, sources, wait_ms, PACE, SERVER, CLIENT)
    if run["held"] != connections or run["greeted"] != connections:
        raise Void(f"of {connections} connections {run['held']} waited at once, {run['greeted']} were greeted")
    return run


def waiting():
    """WAITING_CONNECTIONS=N: so many in place of ten million; the slope is from a tenth of it on."""
    most = int(os.environ.get("WAITING_CONNECTIONS", 20000 if Length.SMOKE else MOST))
    small = most < 1000000
    sources, wait_ms = (most // 10, 3000) if small else (SOURCES, WAIT_MS)
    remarks = [f"other work took up to {others():.0%} of the machine"]
    few, many = (held(number, sources, wait_ms) for number in (most // 10, most))
    each = (many["bytes"] - few["bytes"]) / (most - most // 10)
    late = many["late"] + many["early"]
    kernel = words_of("tarpit", min(most, KERNEL), sources, 1 if small else 20)
    if kernel["greeted"] != kernel["held"]:
        raise Void(f"the tarpit held {kernel['held']} and greeted {kernel['greeted']}")
    if Length.SMOKE:
        return
    socket = kernel["bytes"] / kernel["held"]
    in_time = 1 - late / most
    remarks.append(f"{most} from {sources} sources, opened in {many['open_ms'] / 1000:.0f} s; "
                   f"the reference held {kernel['held']}; the ratio is reference/ours")
    if many["no_room"] > 0:
        remarks.append(f"{many['no_room']} found no room in the source table and were served uncounted")
    tell("waiting", each, "bytes/connection", "tarpit on sockets", socket, remarks, socket / each)
    tell("waiting-process", many["bytes"] / 1e6, "MB", "goal", HELD_BYTES / 1e6, [])
    tell("waiting-in-time", in_time, "share", "goal", IN_TIME,
         [f"the last one {many['worst_ms']} ms late; by the filter's own account {many['ended_late']} waits ended late, its longest turn was "
          f"{many['longest_turn_us'] / 1000:.1f} ms"])
    missed = [what for what, held_to in ((f"reference/ours >= {CHEAPER}", socket / each >= CHEAPER),
                                         (f"the process within {HELD_BYTES / 1e6:.0f} MB", many["bytes"] <= HELD_BYTES),
                                         (f"{IN_TIME:.1%} in time", in_time >= IN_TIME)) if not held_to]
    if missed:
        raise Missed(", ".join(missed))
