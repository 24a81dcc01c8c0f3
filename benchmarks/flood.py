# SPDX-License-Identifier: BSD-3-Clause
"""Sessions that go on beside a flood."""
import contextlib

import memif
from measure import Length, Void, median, place, tell, turns
from servers import foreign, rate
from sessions import PLACES, known, mailboxes, over_memif

FLOODS = ("syn", "ack", "listed")
TIMES = 5  # the packet rate of the sessions


def flood_goodput():
    """Half of the most sessions a second, with and without five times their packets from strangers."""
    with contextlib.ExitStack() as opened:
        path = mailboxes(opened.enter_context(place()), "memif")
        process = opened.enter_context(memif.barscreen(path, known(path)))
        most = over_memif(process, 1)
        most = over_memif(process, Length.SECONDS)
        half, frames = most["rate"] / 2, most["frames"] / 2

        def run(*words):
            return lambda seconds: memif.load(process, seconds, 8 * PLACES, "-r", half, *words)

        for kind in ("syn",) if Length.SMOKE else FLOODS:
            beside, alone = turns(Length.RUNS, run("-f", f"{TIMES * frames:.0f}:{kind}"), run())
            sent = median(beside, lambda result: result["flood"])
            if sent < 0.9 * TIMES * frames * Length.SECONDS and not Length.SMOKE:
                raise Void(f"of the {kind} flood only {sent:.0f} packets were sent")
            tell(f"flood-goodput-{kind}", median(beside, rate), "sessions/s", "no-flood", median(alone, rate),
                 [foreign(beside, alone), f"{TIMES * frames:.0f} packets/s beside",
                  f"replies p99 {median(beside, lambda result: result['reply-p99']):.0f} us, alone "
                  f"{median(alone, lambda result: result['reply-p99']):.0f} us"])
