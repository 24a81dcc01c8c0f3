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


def at_share(process, most, kind, share):
    """What sessions did beside the flood, and alone, at a share of the most; or only why more came than one of both could take."""
    flood = TIMES * most["sent"] * share
    alone = (*IPV6, "-r", f"{most['rate'] * share:.0f}")
    beside = (*alone, "-f", f"{flood:.0f}:{kind}")

    def run(seconds, words):
        return memif.tried(process, seconds, 8 * PLACES, *words)

    fault = saturated(run(min(2, Length.SECONDS), beside), flood)
    if fault:
        return fault, None
    runs = turns(Length.RUNS, lambda seconds: run(seconds, beside), lambda seconds: run(seconds, alone))
    faults = [saturated(one, flood) for one in runs[0]] + [memif.limit(one) for one in runs[1]]
    return next(filter(None, faults), ""), runs


def flooded(process, most, kind):
    """For the largest share of the most sessions at which neither side is saturated: the share, why not more, the runs."""
    reason = ""
    for share in SHARES:
        fault, runs = at_share(process, most, kind, share)
        if not fault:
            return share, reason, *runs
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
            share, reason, beside, alone = flooded(process, most, kind)
            tell(f"flood-goodput-{kind}", median(beside, rate), "sessions/s", "no-flood", median(alone, rate),
                 [foreign(beside, alone), f"{TIMES * most['sent'] * share:.0f} packets/s beside",
                  f"at {share:.0%} of the most sessions" + f"; with more {reason}" * bool(reason),
                  f"receive ring full for {median(beside, lambda result: result['blocked']):.1%} of the time",
                  f"replies p99 {median(beside, lambda result: result['reply-p99']):.0f} us, alone "
                  f"{median(alone, lambda result: result['reply-p99']):.0f} us"])
