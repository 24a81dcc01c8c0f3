# SPDX-License-Identifier: BSD-3-Clause
"""Refused sessions a second: EHLO, MAIL, RCPT of an unknown recipient, QUIT."""
import os

import network

import checks
import memif
from measure import Length, Void, median, place, tell, turns
from servers import barscreen, cost, foreign, load, notes, postscreen, rate

PLACES = 512  # sessions at once over the memif
REJECTED = "NOQUEUE: reject"


def over_memif(process, seconds):
    return memif.load(process, seconds, PLACES)


def mailboxes(folder, name):
    path = os.path.join(folder, name)
    os.makedirs(os.path.join(path, "mail", "example.org", "a", "tmp"))
    return path


def known(folder):
    """Who exists is told by a file, as Postfix's map does: else each unknown recipient is looked for in the folders by a helper."""
    path = os.path.join(folder, "recipients")
    with open(path, "w", encoding="ascii") as file:
        file.write("a@example.org\n")
    return {"recipients": {"files": [path]}}


def logged(*servers):
    if any(REJECTED not in server.log() for server in servers):
        raise Void("nothing was logged")


def lines_lost(server):
    """What part of its log the server could not write; it never waits for its log."""
    lost = server.control("stats")["log"]["lines-lost"]
    written = len(server.log().splitlines())
    return f"{lost / (lost + written):.2%} of its log lines lost" if lost else "no log line lost"


def in_memory(folder):
    """Both ends in one process: what memif's copies cost is the difference. Runs end with a program of their own each."""
    path = mailboxes(folder, "rings")
    os.makedirs(os.path.join(path, "state"))

    def run(seconds):
        return memif.in_memory(path, known(path), seconds, PLACES)

    return run


def sessions():
    """barscreen without a kernel in between, then both of them under the same kernel client."""
    with place() as folder:
        path = mailboxes(folder, "memif")
        with memif.barscreen(path, known(path)) as fast, postscreen(folder) as theirs:
            def run(wire):
                return lambda seconds: load(wire.clients, "refused", network.SERVER4, 25, seconds)

            own, rings, other = turns(
                Length.RUNS, lambda seconds: over_memif(fast, seconds), in_memory(folder), run(theirs.wire))
            logged(fast, theirs)
            tell("sessions", median(own, rate), "sessions/s", "postscreen+smtpd", median(other, rate),
                 [foreign(own, other), lines_lost(fast), f"load busy {median(own, lambda run: run['busy']):.0%}",
                  "neither asks the DNS, not for the client's name either"])
            lost = sum(run["lines-lost"] for run in rings)
            tell("sessions-in-memory", median(rings, rate), "sessions/s", "postscreen+smtpd", median(other, rate),
                 [foreign(rings, other), f"{lost:.0f} lines of the log lost", f"load busy {median(rings, lambda run: run['busy']):.0%}"])
            path = mailboxes(folder, "kernel")
            with barscreen(path, f"maildir:{path}/mail", checks.no_dns() | known(path)) as ours:
                own, other = turns(Length.RUNS, run(ours.wire), run(theirs.wire))
                logged(ours)
    tell("sessions-kernel-client", median(own, rate), "sessions/s", "postscreen+smtpd", median(other, rate),
         notes(own, other))
    tell("sessions-cpu", median(own, cost), "cpu-s/1000", "postscreen+smtpd", median(other, cost),
         [foreign(own, other)])
