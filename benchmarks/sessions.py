# SPDX-License-Identifier: BSD-3-Clause
"""Refused sessions a second."""
import os

import network

from measure import Length, Void, median, place, tell, turns
from servers import barscreen, cost, foreign, load, notes, postscreen, rate


def sessions():
    """EHLO, MAIL, RCPT of an unknown recipient, QUIT."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail", "example.org", "a", "tmp"))
        with barscreen(folder, f"maildir:{folder}/mail") as ours, postscreen(folder) as theirs:
            def run(wire):
                return lambda seconds: load(wire.clients, "refused", network.SERVER4, 25, seconds)

            own, other = turns(Length.RUNS, run(ours.wire), run(theirs.wire))
            if "NOQUEUE: reject" not in ours.log() or "NOQUEUE: reject" not in theirs.log():
                raise Void("nothing was logged")
    tell("sessions", median(own, rate), "sessions/s", "postscreen+smtpd", median(other, rate), notes(own, other))
    tell("sessions-cpu", median(own, cost), "cpu-s/1000", "postscreen+smtpd", median(other, cost),
         [foreign(own, other)])
