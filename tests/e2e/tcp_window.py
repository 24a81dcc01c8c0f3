# SPDX-License-Identifier: BSD-3-Clause
"""A connection that talks, from outside: what is inside its windows and what is not, what comes again, and what ends it."""
import struct

from behaviours import Group, counted
from cases import case, expect, expect_equal
from wiretap import MODULUS, Peer

GROUP = Group()
SACK = b"\x01\x01\x04\x02"
WINDOW = 2048  # no client that sends commands gets less; none gets a mebibyte
FAR = (-100000, -1 << 31, (1 << 31) - 1, 1 << 20)


def talking(tap, family, options=b""):
    peer = Peer(tap, family)
    peer.hello(options)
    return peer


@GROUP.behaviour
def outside_the_window(tap, family):
    """RFC 9293, 3.10.7.4, first: what lies outside is answered with an ACK that says where we are, and is dropped."""
    peer = talking(tap, family)
    for off in FAR:
        for flags, data in (("A", b""), ("PA", b"RSET\r\n"), ("FA", b""), ("S", b""), ("SA", b"")):
            peer.challenged(flags, f"{flags} off by {off}", data, seq=peer.seq + off)
    peer.serves("outside")


@GROUP.behaviour
def edge_of_the_window(tap, family):
    """The last byte inside is kept, one behind all room is not (RFC 9293, 3.4: table 6)."""
    peer = talking(tap, family, SACK)
    peer.drain()
    peer.send("PA", b"x", seq=peer.seq)
    window = peer.expect("A", "ACK of a byte", ack=peer.seq + 1).window
    peer.seq += 1
    expect(WINDOW // 2 <= window, f"window {window}")
    peer.send("PA", b"y", seq=peer.seq + window + WINDOW)
    outside = peer.expect("A", "a byte behind the window")
    expect(5 not in outside.options, "it was kept")
    peer.send("PA", b"y", seq=peer.seq + window - 1)
    inside = peer.expect("A", "the last byte of the window")
    expect_equal(inside.options.get(5), struct.pack("!II", (peer.seq + window - 1) % MODULUS, (peer.seq + window) % MODULUS), "SACK")


@GROUP.behaviour
def acknowledges_the_unsent(tap, family):
    """RFC 9293, 3.10.7.4, fifth, with RFC 5961, 5.2: an ACK of what was never sent, or too old, is challenged; its data do not count."""
    peer = talking(tap, family)
    for off in (1, 10000, (1 << 31) - 1, -1 << 31, -1000000):
        peer.challenged("PA", f"an ACK off by {off}", b"QUIT\r\n", ack=peer.ack + off)
    peer.serves("wrong ACKs")


@GROUP.behaviour
def old_acknowledgement(tap, family):
    """RFC 9293, 3.10.7.4: SEG.ACK =< SND.UNA is a duplicate and can be ignored; the data with it count."""
    peer = talking(tap, family)
    peer.drain()
    peer.send("PA", b"NOOP\r\n", ack=peer.ack - 1)
    peer.seq += 6
    peer.reply(250)


@GROUP.behaviour
def without_an_ack(tap, family):
    """RFC 9293, 3.10.7.4, fifth: with the ACK bit off it is dropped."""
    peer = talking(tap, family)
    peer.drain()
    peer.send("P", b"QUIT\r\n")
    peer.send("F")
    peer.silence("segments without ACK")
    peer.serves("without ACK")


@GROUP.behaviour
def resets(tap, family):
    """RFC 5961, 3.2: only the exact number resets; inside the window it is challenged, outside it is dropped."""
    peer = talking(tap, family)
    for off in (1, 100, 1000):
        for flags in ("R", "RA"):
            peer.challenged(flags, f"{flags} in the window, off by {off}", seq=peer.seq + off)
    for off in (-1, *FAR):
        peer.drain()
        peer.send("R", seq=peer.seq + off)
        peer.silence(f"RST outside, off by {off}")
    peer.serves("resets")
    peer.drain()
    peer.send("R")
    over(peer)


def over(peer):
    """After a RST that counted: for a moment the record may still be there, and is silent; then it is nobody's."""
    for _ in range(1000):
        peer.tap.fence()
        peer.send("A")
        peer.tap.fence()
        if not peer.queue.empty():
            break
    peer.expect("R", "ACK after the RST", seq=peer.ack)


@GROUP.behaviour
def syns(tap, family):
    """RFC 5961, 4.2: a SYN is challenged whatever its number."""
    peer = talking(tap, family)
    for off in (0, -1, 1, 500, *FAR):
        for flags in ("S", "SA"):
            peer.challenged(flags, f"{flags} off by {off}", seq=peer.seq + off)
    peer.serves("SYNs")


@GROUP.behaviour
def misfits_are_answered_now_and_then(tap, family):
    """RFC 5961, 7: not each of a series, or the answers would help to find the number."""
    peer = talking(tap, family)
    peer.drain()
    for _ in range(100):
        peer.send("S")
    peer.tap.fence()
    answers = peer.queue.qsize()
    expect(0 < answers < 50, f"{answers} answers to a hundred")
    peer.serves("a hundred SYNs")


@GROUP.behaviour
def reordering(tap, family):
    """RFC 9293, 3.10.7.4 (SHLD-31): kept ahead of a gap, told in SACK (RFC 2018, 4: the newest first), and an ACK at once for each (RFC 5681, 4.2)."""
    peer = talking(tap, family, SACK)
    peer.drain()
    text = b"MAIL FROM:<somebody@example.com>\r\n"
    for at, blocks in ((20, [(20, 24)]), (10, [(10, 14), (20, 24)]), (24, [(20, 28), (10, 14)]), (14, [(10, 28)])):
        peer.send("A", text[at:at + 4] if at != 14 else text[14:20], seq=peer.seq + at)
        answer = peer.expect("A", f"bytes from {at}")
        want = b"".join(struct.pack("!II", (peer.seq + a) % MODULUS, (peer.seq + b) % MODULUS) for a, b in blocks)
        expect_equal(answer.options.get(5), want, f"SACK after bytes from {at}")
    peer.send("A", text[:10])
    answer = peer.expect("A", "the first bytes", ack=peer.seq + 28)
    expect(5 not in answer.options, "SACK where nothing is missing")
    peer.send("PA", text[28:], seq=peer.seq + 28)
    peer.seq += len(text)
    peer.reply(250)


@GROUP.behaviour
def no_sack_unasked(tap, family):
    """RFC 2018, 2: SACK only to who permitted it."""
    peer = talking(tap, family)
    peer.drain()
    peer.send("A", b"\r\n", seq=peer.seq + 4)
    expect(not peer.expect("A", "ahead of a gap").options, "options")
    peer.send("PA", b"NOOP")
    peer.seq += 6
    peer.reply(250)


@GROUP.behaviour
def overlaps(tap, family):
    """What comes again is acknowledged and not taken twice, in whatever pieces (RFC 9293, 3.10.7.4, seventh)."""
    peer = talking(tap, family)
    text = b"VRFY somebody\r\nNOOP\r\n"
    for first, last in ((0, 4), (0, 4), (2, 9), (12, 15), (5, 14), (0, 15), (14, 21), (0, 21)):
        peer.send("A", text[first:last], seq=peer.seq + first)
    peer.seq += len(text)
    replies = peer.line(), peer.line()
    expect(replies[0][:1] in "25" and replies[1].startswith("250"), f"{replies}")
    peer.drain()
    peer.send("PA", text, seq=peer.seq - len(text))
    peer.expect("A", "all of it again")
    peer.serves("overlaps")


@GROUP.behaviour
def single_bytes(tap, family):
    """A command a byte a segment; RFC 9293, 3.8.6.3 (SHLD-19): fewer ACKs than segments."""
    peer = talking(tap, family)
    peer.drain()
    for byte in b"NOOP" + b" " * 60 + b"\r\n":
        peer.say(bytes([byte]))
    peer.reply(250)


@GROUP.behaviour
def urgent(tap, family):
    """RFC 9293, 3.8.5: urgent data are data, and SMTP knows no others."""
    peer = talking(tap, family)
    peer.say(b"NOOP\r\n", "PAU")
    peer.reply(250)


@GROUP.behaviour
def segment_options(tap, family):
    """RFC 9293, 3.1 (MUST-6): options that we do not know or did not agree upon are ignored, in any segment."""
    peer = talking(tap, family)
    for options in (b"\x01\x01\x08\x0a" + bytes(8), b"\xfd\x06barb\x01\x01", b"\x05\x0a" + bytes(8) + b"\x01\x01", b"\x01\x02\x00\x00"):
        peer.send("PA", b"NOOP\r\n", options=options)
        peer.seq += 6
        peer.reply(250, f"options {options}")


@GROUP.behaviour
def window_with_its_highest_bit(tap, family):
    """RFC 9293, 3.1: the window is unsigned."""
    peer = talking(tap, family)
    for peer.window in (0x8000, 0xffff):
        peer.send("A")
        peer.serves(f"window {peer.window}")


@GROUP.behaviour
def zero_window_probe(tap, family):
    """RFC 9293, 3.8.6.1 (MUST-36): a closed window is probed by the byte before it, again and again while it is answered, and the
    connection lives (MUST-37); what was probed comes whole when it opens."""
    peer = talking(tap, family)
    peer.window = 0
    peer.say(b"NOOP\r\n")
    for number in range(3):
        probe = peer.next("a probe", again=True)
        while not probe.data:
            probe = peer.next("a probe", again=True)
        expect(len(probe.data) == 1 and probe.seq == peer.ack, f"probe {number}: {probe}")
        peer.send("A")
    peer.window = 65535
    peer.send("A")
    answer = peer.next("the reply", again=True)
    expect(answer.seq == peer.ack and answer.data.startswith(b"250"), f"{answer}")
    peer.ack += len(answer.data)
    peer.send("A")
    peer.serves("zero window")


@GROUP.behaviour
def window_shrunk(tap, family):
    """RFC 9293, 3.8.6 (MUST-34): a right edge that goes back breaks nothing; nothing new is sent beyond the new one."""
    peer = talking(tap, family)
    peer.window = 100
    peer.say(b"NOOP\r\n" * 30)
    received = b""
    while len(received) < 100:
        segment = peer.next("replies within the window")
        expect((segment.seq + len(segment.data) - peer.ack) % MODULUS <= 100, f"beyond the window: {segment}")
        received += segment.data
    peer.ack += 60  # of the hundred, and the edge goes to 70
    peer.send("A", window=10)
    peer.tap.fence()
    while not peer.queue.empty():
        segment = peer.queue.get()
        expect((segment.seq + len(segment.data) - peer.ack) % MODULUS <= 40, f"beyond the shrunk window: {segment}")
    peer.window = 65535
    peer.send("A")
    while received.count(b"\n") < 30:
        segment = peer.next("the rest", again=True)
        start = (segment.seq - peer.ack + 60) % MODULUS
        if segment.data and start <= len(received):
            received = received[:start] + segment.data + received[start + len(segment.data):]
            peer.send("A", ack=peer.ack - 60 + len(received))
    peer.ack += len(received) - 60
    expect(set(line[:3] for line in received.splitlines()) == {b"250"}, f"{received}")
    peer.serves("a shrunk window")


@GROUP.behaviour
def own_window_closes(tap, family):
    """He who sends and does not read is told a window of zero; it is not taken back (MUST-34), a probe of it is answered and not taken
    (RFC 9293, 3.10.7.4, first), and it opens by itself (3.8.6.2.2)."""
    peer = talking(tap, family)
    command = b"NOOP\r\n"
    size = len(command)
    peer.window = 0
    sent, edge, shown = 0, (peer.seq + WINDOW // 2) % MODULUS, 1
    for _ in range(200):
        room = min(512, (edge - peer.seq) % MODULUS)
        if room:
            peer.say((command * 100)[sent % size:][:room], "A")
            sent += room
        segment = peer.next("an ACK", again=True)
        if segment.ack == peer.seq:
            new, shown = (segment.ack + segment.window) % MODULUS, segment.window
            expect((new - edge) % MODULUS < 1 << 31, "the edge went back")
            edge = new
            if shown == 0:
                break
    expect_equal(shown, 0, "the window never closed")
    peer.drain()
    for _ in range(WINDOW):  # what is free and not worth telling (3.8.6.2.2) may take a few
        peer.send("A", command[sent % size:][:1])
        probed = peer.next("answer to a probe", again=True)
        while probed.data:  # its own probe
            probed = peer.next("answer to a probe", again=True)
        expect_equal(probed.window, 0, "window told to a probe")
        if probed.ack == peer.seq:
            break
        peer.seq, sent = peer.seq + 1, sent + 1
    expect_equal(probed.ack, peer.seq, "it took all probes")
    peer.window = 65535
    peer.send("A")
    count, opened = 0, False
    while count < sent // size or not opened:
        segment = peer.next("replies", again=True)
        opened = opened or segment.window > 0
        if segment.seq == peer.ack and segment.data:
            count += segment.data.count(b"\n")
            peer.ack += len(segment.data)
            peer.send("A")
    expect_equal(count, sent // size, "replies")
    peer.say(command[sent % size:])
    peer.reply(250)


@GROUP.behaviour
def retransmits(tap, family):
    """RFC 6298, 5: unacknowledged bytes come again, the same; none once they are acknowledged; and a part is enough (5.3)."""
    peer = talking(tap, family)
    peer.say(b"NOOP\r\n")
    first = peer.next("reply")
    while not first.data:
        first = peer.next("reply")
    again = peer.next("reply again", again=True)
    expect(again.seq == first.seq and again.data == first.data, f"{again}")
    peer.ack += 3
    peer.send("A")
    rest = peer.next("the rest", again=True)
    expect(rest.seq == peer.ack and rest.data == first.data[3:], f"{rest}")
    peer.ack += len(rest.data)
    peer.send("A")
    peer.serves("retransmission")


@GROUP.undisturbed
def reasons_are_counted(tap, family):
    """Each failure is a row of its own."""
    peer = talking(tap, family)
    for name, flags, off, ack in (("tcp-window", "A", 1 << 20, 0), ("tcp-reset", "R", 1, 0), ("tcp-syn", "S", 0, 0), ("tcp-no-ack", "F", 0, 0),
                                  ("tcp-ack", "A", 0, 1000)):
        with counted(tap, name):
            peer.send(flags, seq=peer.seq + off, ack=peer.ack + ack)
    peer.serves("all of them")
    peer.close()
    for name, flags in (("tcp-stray", "A"), ("tcp-reset-stray", "R")):
        with counted(tap, name):
            Peer(tap, family).send(flags, ack=1)


@case
def window():
    GROUP.run({"smtp": {"junk-commands": 100000, "commands": 100000}})
