# SPDX-License-Identifier: BSD-3-Clause
"""Sessions with all checks on, and what they ask the DNS."""
import os

import checks
import network

from measure import Length, Void, median, place, tell, turns
from servers import SOURCES, barscreen, cost, foreign, load, notes, rate

CONNECTIONS = 1000


def judging(names, address):
    """The sessions of sessions() with all checks on, their DNS cache warm, and with all of them off."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail", "example.org", "a", "tmp"))
        with barscreen(folder, f"maildir:{folder}/mail", checks.all_on(), names) as process:
            if not checks.lists_count(process) or not checks.acquaint(process, address):
                raise Void("DNS lists or greylisting are not on")

            def run(change, judged):
                def measure(seconds):
                    process.change(change)
                    process.ask("reload")
                    before = checks.judged(process)
                    result = load(process.wire.clients, "refused", network.SERVER4, 25, seconds)
                    counts = {now - before[name] for name, now in checks.judged(process).items()}
                    if counts != {result["good"] if judged else 0}:
                        raise Void(f"of {result['good']:.0f} sessions checks were run in {counts}")
                    return result
                return measure

            own, reference = turns(Length.RUNS, run(checks.all_on(), True), run(checks.all_off(), False))
            if checks.trouble(process):
                raise Void(f"{checks.trouble(process)} questions without answer")
    tell("checks", median(own, rate), "sessions/s", "checks-off", median(reference, rate), notes(own, reference))
    tell("checks-cpu", median(own, cost), "cpu-s/1000", "checks-off", median(reference, cost),
         [foreign(own, reference)])


def questions(names, address):
    """CONNECTIONS of one source to a barscreen that knows nothing yet."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail", "example.org", "a", "tmp"))
        change = checks.all_on()
        change["checks"]["greylist"] = "observe"  # the first ones would be told to come again
        with barscreen(folder, f"maildir:{folder}/mail", change, names) as process:
            if not checks.lists_count(process):
                raise Void("DNS lists are not on")
            checks.write_down(names)
            run = load(process.wire.clients, "refused", network.SERVER4, 25, 60, (address, 1), CONNECTIONS)
            asked = checks.asked(names)
            if run["good"] != CONNECTIONS or not asked or checks.trouble(process):
                raise Void(f"{run['good']} sessions, {len(asked)} questions, {checks.trouble(process)} without answer")
    tell("dns-questions", len(asked), "questions", "distinct-questions", len(set(asked)),
         [f"{CONNECTIONS} connections of one source"])


def all_checks():
    addresses = [f"198.19.0.{number + 1}" for number in range(SOURCES[1])]
    with checks.world(addresses) as names:
        judging(names, addresses[0])
        questions(names, addresses[0])
