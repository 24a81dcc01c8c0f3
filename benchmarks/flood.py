# SPDX-License-Identifier: BSD-3-Clause
"""Sessions that go on beside a flood."""
import contextlib

import memif
from measure import Length, Void, median, place, tell, turns
from servers import foreign, rate
from sessions import PLACES, known, mailboxes

FLOODS = ("syn", "ack", "listed")
TIMES = 5  # the packets that the sessions send
IPV6 = ("-6", 20)  # percent, of the sessions and of the flood
PREFIXES = 1000000  # listed
SHARES = (1 / 2, 2 / 5, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 8)  # of the most sessions
BLOCKED = 0.2  # of the time in which the filter's receive ring, of a millisecond or two, had no room: the log's thread shares its core
SENT = 0.95  # of the flood


def saturated(run, flood):
    """Why more came than one of both sides could take."""
    if Length.SMOKE:
        return ""
    if run["blocked"] > BLOCKED or run["flood"] < SENT * flood:
        return f"the filter's receive ring was full for {run['blocked']:.0%} of the time and took in {run['flood'] / flood:.0%} of the flood"
    return memif.limit(run)


def flooded(process, most, kind):
    """For the largest share of the most sessions at which neither side is saturated: the share, why not more, both loads."""
    reason = ""
    for share in SHARES:
        flood = TIMES * most["sent"] * share
        words = (*IPV6, "-r", f"{most['rate'] * share:.0f}")
        beside = (*words, "-f", f"{flood:.0f}:{kind}")
        fault = saturated(memif.tried(process, min(2, Length.SECONDS), 8 * PLACES, *beside), flood)
        if not fault:
            return share, reason, beside, words
        reason = fault
    raise Void(f"{kind} flood: {reason}")


def flood_goodput():
    """Half of the most sessions a second, or as many as leave room for five times their packets from strangers; with these and without."""
    with contextlib.ExitStack() as opened:
        path = mailboxes(opened.enter_context(place()), "memif")
        process = opened.enter_context(memif.barscreen(path, known(path), 20000 if Length.SMOKE else PREFIXES))
        for seconds in (1, Length.SECONDS):
            most = memif.load(process, seconds, PLACES, *IPV6)
        for kind in ("syn",) if Length.SMOKE else FLOODS:
            share, reason, *both = flooded(process, most, kind)
            beside, alone = turns(Length.RUNS, *(
                lambda seconds, words=words: memif.load(process, seconds, 8 * PLACES, *words) for words in both))
            flood = TIMES * most["sent"] * share
            for run in beside:
                if saturated(run, flood):
                    raise Void(f"{kind} flood at {share:.0%} of the most sessions: {saturated(run, flood)}")
            tell(f"flood-goodput-{kind}", median(beside, rate), "sessions/s", "no-flood", median(alone, rate),
                 [foreign(beside, alone), f"{flood:.0f} packets/s beside",
                  f"at {share:.0%} of the most sessions" + f"; with more {reason}" * bool(reason),
                  f"replies p99 {median(beside, lambda result: result['reply-p99']):.0f} us, alone "
                  f"{median(alone, lambda result: result['reply-p99']):.0f} us"])
