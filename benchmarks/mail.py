# SPDX-License-Identifier: BSD-3-Clause
"""Accepted mails a second."""
import os

import network
import peers

from measure import CLIENT, ON_SERVER, SERVER, Length, Void, median, place, tell, turns
from servers import RECIPIENT, barscreen, cost, foreign, load, notes, rate, steer


def mail():
    """4 KB mails, one a session; the mail server is the same one for both ways."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail"))
        boxes = peers.Mailboxes(os.path.join(folder, "mail"), [RECIPIENT])
        backend = []

        def behind(wire):
            backend.append(peers.Postfix(folder, boxes, wire.server, pin=ON_SERVER,
                                         change="postconf -e 'max_use = 10000'; postfix reload"))
            steer(backend[0].space, peers.LINK, SERVER)
            return peers.backend("Postfix")

        try:
            with barscreen(folder, behind) as ours:
                def delivered(result):
                    if not backend[0].drained():
                        raise Void("mails stay in the queue")
                    count = len(boxes.files(RECIPIENT))
                    if count != result["good"]:
                        raise Void(f"{result['good']:.0f} mails were acknowledged and {count} delivered")
                    for path in boxes.files(RECIPIENT):
                        os.unlink(path)
                    return result

                def through(seconds):
                    steer(ours.wire.server, peers.LINK, SERVER)
                    return delivered(load(ours.wire.clients, "accepted", network.SERVER4, 25, seconds))

                def directly(seconds):
                    steer(ours.wire.server, peers.LINK, CLIENT)
                    return delivered(load(ours.wire.server, "accepted", peers.SERVER4, 2525, seconds, None))

                own, other = turns(Length.RUNS, through, directly)
        finally:
            for peer in backend:
                peer.close()
    tell("mail", median(own, rate), "mails/s", "postfix-directly", median(other, rate), notes(own, other))
