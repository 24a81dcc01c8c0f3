# SPDX-License-Identifier: BSD-3-Clause
"""The end of a connection from outside: who closes first, what still comes afterwards, and what is given up when."""
import os
import time

from behaviours import Group, counted
from cases import case, expect, expect_equal, patient
from wiretap import MODULUS, Peer

GROUP, SLOW = Group(), Group()
FAR = (-100000, -1 << 31, (1 << 31) - 1, 1 << 20)


def said_goodbye(tap, family):
    """221 is said and acknowledged; barscreen gives the client a second to close first."""
    peer = Peer(tap, family)
    peer.hello()
    peer.drain()
    peer.say(b"QUIT\r\n")
    peer.reply(221)
    return peer


def takes_fin(peer, what="FIN", again=False):
    """The next segment but pure ACKs is its FIN; counted as received, not acknowledged."""
    while True:
        segment = peer.next(what, again)
        if segment.flags.replace("P", "") == "A" and not segment.data:
            continue
        expect(segment.flags == "FA" and segment.seq == peer.ack, f"{what}: {segment}")
        peer.ack = (peer.ack + 1) % MODULUS
        return segment


def fin_wait_2(tap, family):
    """It closed first, and that is acknowledged."""
    peer = said_goodbye(tap, family)
    takes_fin(peer)
    peer.send("A")
    return peer


def last_ack(tap, family):
    """We closed first; its FIN came and is not acknowledged."""
    peer = said_goodbye(tap, family)
    peer.say(b"", "FA")
    expect_equal(takes_fin(peer).ack, peer.seq, "acknowledges our FIN")
    peer.drain()
    return peer


def time_wait(tap, family):
    peer = fin_wait_2(tap, family)
    peer.drain()
    peer.say(b"", "FA")
    peer.expect("A", "ACK of our FIN")
    return peer


@GROUP.behaviour
def client_closes_first(tap, family):
    """RFC 9293, 3.6, case 2: FIN, its FIN, ACK; then it knows nothing of the connection."""
    peer = last_ack(tap, family)
    peer.send("A")
    peer.silence("ACK of the FIN")
    peer.gone("LAST-ACK")


@GROUP.behaviour
def in_last_ack(tap, family):
    """RFC 9293, 3.10.7.4: what is out of window, or a SYN, or acknowledges the unsent, is answered with an ACK, and the state stays."""
    peer = last_ack(tap, family)
    unacknowledged = peer.ack - 1
    for off in FAR:
        peer.drain()
        peer.send("A", b"out", seq=peer.seq + off, ack=unacknowledged)
        answer = peer.next("data out of window", again=True)
        expect(answer.flags == "A" and answer.ack == peer.seq, f"data off by {off}: {answer}")
    peer.challenged("A", "ACK of the unsent", ack=peer.ack + 10)
    peer.challenged("R", "RST in the window", seq=peer.seq + 5)
    peer.send("FA", seq=peer.seq - 1, ack=unacknowledged)
    expect_equal(peer.next("our FIN again", again=True).ack, peer.seq, "answer to our FIN again")
    peer.drain()
    peer.send("A")
    peer.gone("LAST-ACK")


@GROUP.behaviour
def its_fin_comes_again(tap, family):
    """RFC 6298, 5.4: the FIN is sent again until it is acknowledged."""
    peer = last_ack(tap, family)
    peer.ack -= 1
    for _ in range(2):
        takes_fin(peer, "FIN again", again=True)
        peer.ack -= 1
    peer.ack += 1
    peer.send("A")
    peer.drain()
    peer.gone("LAST-ACK")


@GROUP.behaviour
def closes_both_at_once(tap, family):
    """RFC 9293, 3.6, figure 13: FINs cross; CLOSING, then TIME-WAIT, which answers our FIN again."""
    peer = said_goodbye(tap, family)
    takes_fin(peer)
    peer.send("FA", ack=peer.ack - 1)
    peer.seq += 1
    peer.expect("A", "ACK of the crossing FIN")
    peer.send("A")
    peer.drain()
    peer.send("FA", seq=peer.seq - 1)
    peer.expect("A", "our FIN again in TIME-WAIT")
    peer.send("A", seq=peer.seq)
    peer.silence("an ACK in TIME-WAIT")


@GROUP.behaviour
def in_fin_wait_2(tap, family):
    """Data are acknowledged and thrown away, so that unread bytes make no RST; what is outside the window gets an ACK (RFC 9293, 3.10.7.4)."""
    peer = fin_wait_2(tap, family)
    peer.drain()
    peer.say(b"a last word\r\n")
    peer.expect("A", "data in FIN-WAIT-2")
    for off in FAR:
        peer.send("A", b"x", seq=peer.seq + off)
        peer.expect("A", f"data off by {off}")
    peer.challenged("A", "ACK of the unsent", ack=peer.ack + 1)
    peer.challenged("S", "SYN", seq=peer.seq + 10)
    peer.send("FA", seq=peer.seq + 5)
    peer.expect("A", "a FIN behind a gap")
    peer.say(b"x", "FA")
    peer.expect("A", "data and FIN")
    peer.challenged("A", "data in TIME-WAIT", b"y", seq=peer.seq - 1)


@GROUP.behaviour
def reset_in_fin_wait_2(tap, family):
    """RFC 5961, 3.2: in the window challenged, on the number the end."""
    peer = fin_wait_2(tap, family)
    peer.drain()
    peer.challenged("R", "RST next to the number", seq=peer.seq + 1)
    peer.send("R")
    peer.silence("RST on the number")
    peer.gone("FIN-WAIT-2")


@GROUP.behaviour
def in_time_wait(tap, family):
    """RFC 9293, 3.10.7.4 and RFC 1337: a RST does not end it; our FIN is acknowledged again; an old SYN gets an ACK, and a new one
    that is beyond all that was opens a connection (3.6.1, MAY-2)."""
    peer = time_wait(tap, family)
    for off in (0, -1, 1):
        peer.send("R", seq=peer.seq + off)
    peer.silence("RST in TIME-WAIT")
    for _ in range(3):
        peer.send("FA", seq=peer.seq - 1)
        peer.expect("A", "our FIN again")
    peer.send("A", ack=peer.ack + 10)
    peer.silence("an ACK in TIME-WAIT")
    peer.challenged("S", "an old SYN", seq=peer.seq - 1000)
    peer.send("SA", seq=peer.seq + 1000)
    peer.drain()
    peer.seq += 100000
    peer.seen.clear()
    peer.connect()
    peer.reply(220)


@GROUP.behaviour
def closes_before_the_greeting_is_read(tap, family):
    """Our FIN in the middle of what it says: all of it comes, and its FIN behind it; no RST (RFC 9293, 3.6)."""
    peer = Peer(tap, family)
    peer.syn()
    peer.window = 0
    peer.send("A")
    peer.say(b"", "FA")
    peer.window = 65535
    peer.send("A")
    text = b""
    while True:
        segment = peer.next("greeting and FIN", again=True)
        expect("R" not in segment.flags, f"{segment}")
        if segment.seq == peer.ack and (segment.data or "F" in segment.flags):
            text += segment.data
            peer.ack += len(segment.data) + ("F" in segment.flags)
            peer.send("A")
            if "F" in segment.flags:
                break
    expect(text.startswith(b"220") and text.endswith(b"\r\n"), f"{text}")
    peer.drain()
    peer.gone("our FIN first")


@GROUP.behaviour
def refused_client_is_closed(tap, family):
    """After a 554 nothing unread makes a RST: its words are acknowledged, and the end is a FIN."""
    peer = Peer(tap, family)
    peer.syn()
    peer.say(b"EHLO early.example.com\r\n")
    peer.reply(554)
    peer.say(b"DATA without end " * 40)
    peer.say(b"QUIT\r\n")
    for _ in range(100):
        segment = peer.next("FIN")
        expect("R" not in segment.flags, f"{segment}")
        if segment.seq == peer.ack:
            peer.ack += len(segment.data) + ("F" in segment.flags)
            peer.send("A")
        if "F" in segment.flags:
            return
    raise AssertionError("no FIN")


@GROUP.undisturbed
def counted_by_name(tap, family):
    peer = time_wait(tap, family)
    with counted(tap, "tcp-reset"):
        peer.send("R")
    peer = fin_wait_2(tap, family)
    with counted(tap, "resets-received"):
        peer.send("R")


@SLOW.behaviour
def syn_ack_again(tap, family):
    """RFC 9293, 3.10.8: the SYN-ACK comes again, a few times, the same; then the record is given up, and an ACK is nobody's."""
    peer = Peer(tap, family)
    first = peer.syn()
    count = 0
    while gauge(tap, "half-open") > 0:
        while not peer.queue.empty():
            again = peer.queue.get()
            expect((again.flags, again.seq, again.ack, again.options) == (first.flags, first.seq, first.ack, first.options), f"{again}")
            count += 1
        expect(count < 10, "it never ends")
    expect(2 <= count <= 6, f"{count} times")
    peer.gone("a handshake given up")


def gauge(tap, name):
    """Looked at now and then, not all the time."""
    time.sleep(0.3)
    return tap.counters()[name]


def until_gone(peer, what):
    """Sends ACKs until one is answered with a RST."""
    for _ in range(240):
        peer.drain()
        peer.send("A")
        peer.tap.fence()
        while not peer.queue.empty():
            if "R" in peer.queue.get().flags:
                return
        time.sleep(0.5)
    raise AssertionError(f"{what}: it never ends")


@SLOW.behaviour
def fin_wait_2_ends(tap, family):
    """A client that never closes does not keep the record (RFC 9293, 3.6: no state for ever)."""
    until_gone(fin_wait_2(tap, family), "FIN-WAIT-2")


@SLOW.behaviour
def fin_never_acknowledged(tap, family):
    """RFC 9293, 3.8.3 (R2): the FIN comes some times, and then the connection is given up."""
    peer = said_goodbye(tap, family)
    takes_fin(peer)
    peer.ack -= 1
    for _ in range(4):
        takes_fin(peer, "FIN again", again=True)
        peer.ack -= 1
    until_gone(peer, "FIN-WAIT-1")


@SLOW.behaviour
def greeting_never_acknowledged(tap, family):
    """RFC 9293, 3.8.3 (R2): the greeting comes again and again; in the end the connection is given up. Its end, a minute on, in full only."""
    peer = Peer(tap, family)
    peer.connect()
    first = peer.next("greeting")
    for _ in range(4):
        again = peer.next("greeting again", again=True)
        expect((again.seq, again.data) == (first.seq, first.data), f"{again}")
    if not os.environ.get("ADVERSARIES"):
        return
    for _ in range(10):
        if "R" in peer.next("RST", again=True).flags:
            peer.gone("given up")
            return
    raise AssertionError("it never ends")


@SLOW.behaviour
def refusal_never_acknowledged(tap, family):
    """The same of a 554, which has five seconds only: then a RST, and nothing is kept."""
    peer = Peer(tap, family)
    peer.syn()
    peer.say(b"EHLO early.example.com\r\n")
    for _ in range(20):
        segment = peer.next("554, or the RST", again=True)
        if "R" in segment.flags:
            peer.gone("given up")
            return
        expect(not segment.data or segment.data.startswith(b"554"), f"{segment}")
    raise AssertionError("it never ends")


@SLOW.behaviour
def time_wait_ends(tap, family):
    """RFC 9293, 3.10.8: after its time TIME-WAIT is over, and a SYN of any number opens."""
    peer = time_wait(tap, family)
    for _ in range(240):
        peer.drain()
        if gauge(tap, "time-wait") == 0:
            break
    else:
        raise AssertionError("it never ends")
    peer.seen.clear()
    peer.seq -= 5000
    peer.connect()
    peer.reply(220)


@case
def close():
    GROUP.run()


@patient
@case
def timeouts():
    """One minute, nearly all of it waiting."""
    SLOW.run()
