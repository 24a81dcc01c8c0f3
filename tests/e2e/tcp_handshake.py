# SPDX-License-Identifier: BSD-3-Clause
"""The handshake from outside: what a SYN gets, what completes it, what resets it, and the same when cookies stand for records."""
import struct

from behaviours import Group, counted
from cases import case, expect, expect_equal
from wiretap import Peer, ip, tcp, TCP

GROUP = Group()
SACK, SCALE = b"\x04\x02", b"\x03\x03\x07"


def mss(size):
    return struct.pack("!BBH", 2, 4, size)


@GROUP.behaviour
def options_of_the_answer(tap, family):
    """RFC 9293, 3.7.1 (MUST-14): the MSS; RFC 7323, 2.2, RFC 2018, 2: scale and SACK only in answer to theirs; no timestamps, since
    we have none (RFC 7323, 3.2); RFC 7323, 2.2: the window of a SYN is not scaled."""
    fits = struct.pack("!H", 1460 if family == "ipv4" else 1440)
    full = Peer(tap, family).syn(mss(1460) + SACK + SCALE + b"\x01" + b"\x08\x0a" + bytes(8))
    expect_equal(full.options[2], fits, "MSS")
    expect(3 in full.options and 4 in full.options and 8 not in full.options, f"options {full.options}")
    bare = Peer(tap, family).syn()
    expect_equal(bare.options, {2: fits}, "options in answer to none")
    expect(bare.window == full.window > 0 and not bare.data, f"{bare}")


@GROUP.behaviour
def illegal_options(tap, family):
    """RFC 9293, 3.1 (MUST-7): an illegal option length must not crash nor stop anything."""
    for options in (b"\x02\x00\x05\xb4", b"\x02\x01\x05\xb4", b"\x01\x01\x01\x02", b"\x02\x28\x05\xb4", b"\xfe\x04ab" + SACK,
                    b"\x03\x03\xff\x00", b"\x02\x03\x05\x00", bytes(40), b"\x01" * 40, b"\x02\x04\x00\x00"):
        Peer(tap, family).syn(options)


@GROUP.behaviour
def acceptable_ack(tap, family):
    """RFC 9293, 3.10.7.4, fifth, SYN-RECEIVED: an ACK of anything but our SYN is answered with a RST, and the handshake goes on."""
    peer = Peer(tap, family)
    peer.syn()
    for off in (-1, 1, 0x7fffffff, 0x80000000):
        peer.send("A", ack=peer.ack + off)
        peer.expect("R", f"ACK off by {off}", seq=peer.ack + off)
    peer.send("A", seq=peer.seq + 100000)  # first step: an ACK, and the segment is dropped
    peer.expect("A", "ACK far ahead")
    peer.send("A")
    peer.reply(220)


@GROUP.behaviour
def reset_in_syn_received(tap, family):
    """RFC 9293, 3.10.7.4, second: a passive open goes back to LISTEN. RFC 5961, 3.2: only on the exact number. And as no cookie is out,
    the ACK that comes then is nobody's."""
    peer = Peer(tap, family)
    peer.syn()
    for off in (1, -1, 100000):
        peer.send("R", seq=peer.seq + off)
        peer.send("RA", seq=peer.seq + off)
    peer.silence("RST off the number")
    peer.send("A")
    peer.reply(220)
    peer = Peer(tap, family)
    peer.syn()
    peer.send("R")
    peer.silence("RST")
    peer.gone("reset")


@GROUP.behaviour
def syn_again(tap, family):
    """RFC 9293, 3.10.7.4: the same SYN gets the same SYN-ACK; RFC 5961, 4.2: another is challenged, and changes nothing."""
    peer = Peer(tap, family)
    first = peer.syn()
    peer.send("S", seq=peer.seq - 1)
    second = peer.next("SYN-ACK", again=True)
    expect(second.flags == "SA" and (second.seq, second.ack) == (first.seq, first.ack), f"{second}")
    peer.challenged("S", "another SYN", seq=peer.seq + 5000)
    peer.challenged("SA", "SYN-ACK")
    peer.send("A")
    peer.reply(220)


@GROUP.behaviour
def to_a_listener(tap, family):
    """RFC 9293, 3.10.7.2: RST is ignored, also with an ACK (no_rst_to_rst); an ACK gets a RST with its number; so does a SYN-ACK."""
    for flags in ("R", "RA"):
        peer = Peer(tap, family)
        peer.send(flags, ack=4711)
        peer.silence(f"{flags} to a listener")
    for flags in ("A", "PA", "FA", "SA"):
        peer = Peer(tap, family)
        peer.send(flags, b"data" if "P" in flags else b"", ack=4711)
        peer.expect("R", f"{flags} to a listener", seq=4711)


@GROUP.behaviour
def closed_port(tap, family):
    """RFC 9293, 3.10.7.1: RST with the sequence number that was acknowledged; without an ACK, number zero and all acknowledged."""
    peer = Peer(tap, family, to_port=26)
    peer.send("S", b"12345")
    peer.expect("RA", "SYN to a closed port", seq=0, ack=peer.seq + 6)
    peer.send("A", ack=99)
    peer.expect("R", "ACK to a closed port", seq=99)
    peer.send("RA", ack=99)
    peer.silence("RST to a closed port")


@GROUP.behaviour
def data_with_the_syn(tap, family):
    """RFC 9293, 3.10.7.2 lets us drop it: it is not acknowledged, and comes again."""
    peer = Peer(tap, family)
    peer.send("S", b"EHLO early.example.com\r\n")
    answer = peer.expect("SA", "SYN with data", seq=None, ack=peer.seq + 1)
    peer.seq, peer.ack = peer.seq + 1, answer.seq + 1
    peer.send("A")
    peer.reply(220)


@GROUP.behaviour
def completed_with_data(tap, family):
    """The ACK of the handshake may carry data (RFC 9293, 3.10.7.4): he who speaks before the greeting is told so."""
    peer = Peer(tap, family)
    peer.syn()
    peer.say(b"EHLO early.example.com\r\n")
    peer.reply(554)


@GROUP.behaviour
def completed_with_fin(tap, family):
    """ACK and FIN: the connection opens, and closes from there."""
    peer = Peer(tap, family)
    peer.syn()
    peer.say(b"", "FA")
    closes(peer)


def closes(peer):
    """Whatever is said: in the end a FIN, and everything before it is in order."""
    for _ in range(20):
        segment = peer.next("FIN")
        expect("R" not in segment.flags, f"{segment}")
        if segment.seq != peer.ack:
            continue
        peer.ack += len(segment.data) + ("F" in segment.flags)
        peer.send("A")
        if "F" in segment.flags:
            expect_equal(segment.ack, peer.seq, "our FIN is acknowledged")
            return
    raise AssertionError("no FIN")


@GROUP.behaviour
def window_of_the_handshake(tap, family):
    """RFC 9293, 3.8.6: not a byte beyond the window of the ACK, which is scaled (RFC 7323, 2.3) as that of the SYN was not."""
    peer = Peer(tap, family)
    peer.syn(SCALE + b"\x01", window=65535)
    peer.window = 0
    peer.send("A")
    probe = peer.next("a probe of the closed window")
    expect_equal(len(probe.data), 1, "bytes into a closed window")
    peer.window = 1  # of 128 bytes
    peer.send("A")
    peer.reply(220)


@GROUP.behaviour
def segments_no_larger_than_the_mss(tap, family):
    """RFC 9293, 3.7.1 (MUST-16): nothing larger than what the SYN offered, or than the default where it offered nothing (MUST-15)."""
    default = 536 if family == "ipv4" else 1220
    for options, most in ((mss(100), 100), (mss(600), 600), (b"", default), (mss(65535), 1460)):
        peer = Peer(tap, family)
        peer.syn(options)
        peer.send("A")
        largest, seen = 0, b""
        peer.reply(220)
        peer.say(b"EHLO client.example.com\r\n")
        while seen.count(b"250 ") < 1 + 100:
            segment = peer.next("a reply")
            largest = max(largest, len(segment.data))
            if segment.seq == peer.ack:
                seen, peer.ack = seen + segment.data, peer.ack + len(segment.data)
            peer.send("A")
            if seen.count(b"250 ") == 1 and seen.endswith(b"\r\n"):
                peer.say(b"NOOP\r\n" * 100)
                seen += b"."
        expect(0 < largest <= most, f"{largest} bytes for an MSS of {most}")


@GROUP.undisturbed
def same_address(tap, family):
    """A SYN from our own address (LAND): dropped by name, whatever its port."""
    for port in (25, 1025):
        peer = Peer(tap, family, port=port)
        with counted(tap, "ip-land"):
            tap.send(ip(peer.target, peer.target, TCP, tcp(peer.target, peer.target, (port, 25), "S", seq=1)))


@GROUP.undisturbed
def flags_of_no_tcp(tap, family):
    """At most one of SYN, FIN and RST; one of them or an ACK (RFC 9293, 3.10.7)."""
    for flags in ("", "P", "U", "SF", "SR", "FR", "SFA", "SFRPAU"):
        peer = Peer(tap, family)
        with counted(tap, "tcp-flags"):
            peer.send(flags, ack=1)
        peer.silence(f"flags {flags!r}")


@GROUP.undisturbed
def cookies(tap, family):
    """A source over its rate is answered with cookies, which open by the same rules; and no record means nothing is sent again."""
    source = Peer(tap, family).source
    for port in range(200, 270):
        Peer(tap, family, source, port).send("S")
    tap.fence()
    waiting = Peer(tap, family)  # has a record: its SYN-ACK comes again
    waiting.syn()
    before = tap.counters()
    peers = [Peer(tap, family, source, port) for port in range(300, 310)]
    for peer in peers:
        peer.syn(mss(1000) + SCALE + b"\x01" + SACK + b"\x01\x01")
    after = tap.counters()
    expect(after["syn-cookies"] - before["syn-cookies"] >= 9, "they were not answered with cookies")
    waiting.next("SYN-ACK again", again=True)

    plain, push, fin, reset, both, far, stranger = peers[-7:]
    for peer in (plain, push, fin, reset, both, far):
        expect(peer.queue.empty(), "a SYN-ACK without a record was sent again")
    plain.send("A")
    plain.reply(220)
    push.say(b"EHLO early.example.com\r\n")
    push.reply(554)
    fin.say(b"", "FA")
    closes(fin)
    reset.send("R")
    reset.send("RA")
    reset.silence("RST for a cookie")
    both.send("SA")
    both.expect("R", "SYN-ACK for a cookie", seq=both.ack)
    for peer in (reset, both):
        peer.send("A")
        peer.reply(220)
    for ack, seq in ((1, 0), (-1, 0), (0, 1), (0, -1), (0, 1 << 31), (1 << 31, 0)):
        far.send("A", ack=far.ack + ack, seq=far.seq + seq)
        far.expect("R", f"cookie off by {ack}, {seq}", seq=far.ack + ack)
    other = Peer(tap, family, source, 400)
    other.send("A", seq=stranger.seq, ack=stranger.ack)
    other.expect("R", "a cookie from another port", seq=stranger.ack)
    accepted = tap.counters()["cookies-accepted"] - after["cookies-accepted"]
    expect(3 <= accepted <= 6, f"{accepted} opened by cookies")


@case
def handshake():
    GROUP.run()
