# SPDX-License-Identifier: BSD-3-Clause
"""Clients that do not behave: in time, in order, or at all."""
import socket
import struct
import time

from cases import FAMILIES, bench, case, cases, expect, expect_equal, expect_reply, patient
from daemon import until
from refusals import CONTENT, RECIPIENT, expect_closed, nothing_arrived, talking
import smtp

SHORT = {"smtp": {"greeted-timeout": "3s", "command-timeout": "3s", "data-timeout": "3s", "data-rate": 500}}


def no_records(here):
    """Waits until barscreen holds nothing for any connection (TIME_WAIT aside)."""
    def held():
        return here.barscreen.counter("connection-records") - here.barscreen.counter("time-wait") + \
            here.barscreen.counter("session-blocks") + here.barscreen.counter("data-rings")
    expect(until(lambda: held() == 0, 300, every=0.5), f"still held: {held()} records, blocks and rings")


def still_serves(here):
    with smtp.Client(here.wire, "198.18.0.25") as client:
        client.hello()
        expect_equal(client.mail(CONTENT, [RECIPIENT])[-1].code, 250, "a mail after it")


@cases({family: (family,) for family in FAMILIES})
def early_talker(family):
    with bench(change={"waiting": {"wait": "3s"}}) as here:
        source = here.wire.source(FAMILIES[family], 7)
        with smtp.Client(here.wire, here.wire.target(FAMILIES[family]), source) as client:
            client.send("EHLO too.early.example.com\r\n")
            expect_reply(client.reply(), 554)
            expect_closed(client)
        expect(here.barscreen.logged("PREGREET 28 after", f"from [{source}]:", "EHLO too.early"), "no PREGREET line")
        expect_equal(here.barscreen.counter("pregreets"), 1, "counter pregreets")


@case
def hangup():
    with bench(change={"waiting": {"wait": "60s"}}) as here:
        source = here.wire.source(socket.AF_INET, 7)
        smtp.Client(here.wire, "198.18.0.25", source).close()
        expect(here.barscreen.logged("HANGUP after", f"from [{source}]:"), "no HANGUP line")
        expect_equal(here.barscreen.counter("hangups"), 1, "counter hangups")
        no_records(here)


@case
def waits():
    """The greeting comes after the wait, and not before."""
    with bench(change={"waiting": {"wait": "3s"}}) as here:
        begun = time.monotonic()
        with smtp.Client(here.wire, "198.18.0.25") as client:
            expect_reply(client.reply(), 220)
            expect(time.monotonic() - begun > 2.9, "greeted too early")
            expect_reply(client.say("QUIT"), 221)


OUT_OF_TURN = {
    "helo_pipelining": ("HELO client.example.com\r\nMAIL FROM:<a@example.com>\r\n", 250),
    "behind_ehlo": ("EHLO client.example.com\r\nMAIL FROM:<a@example.com>\r\n", 250),
}


@cases({name: value for name, value in OUT_OF_TURN.items()})
def out_of_turn(group, first):
    with talking(hello=False) as (here, client):
        expect_reply(client.reply(), 220)
        client.send(group)
        reply = client.reply()
        if reply.code == first:
            reply = client.reply()
        expect_reply(reply, 554)
        expect_closed(client)
        expect_equal(here.barscreen.counter("synchronisation-errors"), 1, "counter synchronisation-errors")


@case
def content_before_354():
    with talking() as (here, client):
        client.send(f"MAIL FROM:<a@example.com>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\nSubject: early\r\n\r\n.\r\n")
        expect_equal([client.reply().code for _ in range(2)], [250, 250], "MAIL and RCPT")
        expect_reply(client.reply(), 554)
        expect_closed(client)
        nothing_arrived(here)


@case
def legal_pipelining():
    """What RFC 2920 allows: MAIL, RCPT and DATA in one group, and the next MAIL behind the final dot."""
    group = f"MAIL FROM:<a@example.com>\r\nRCPT TO:<{RECIPIENT}>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\n"
    with talking() as (here, client):
        client.send(group)
        expect_equal([client.reply().code for _ in range(4)], [250, 250, 550, 354], "the first group")
        client.send(smtp.stuffed(CONTENT) + b".\r\n" + group.encode())
        expect_equal([client.reply().code for _ in range(5)], [250, 250, 250, 550, 354], "dot and second group")
        client.send(smtp.stuffed(CONTENT) + b".\r\nQUIT\r\n")
        expect_equal([client.reply().code for _ in range(2)], [250, 221], "dot and QUIT")
        expect_closed(client)
        expect_equal(here.maildir.mails(RECIPIENT), {"content": [CONTENT, CONTENT]}, "mails")


@case
def half_close():
    """A client that closes its sending side behind QUIT still gets all replies."""
    with talking() as (_, client):
        client.send(f"MAIL FROM:<a@example.com>\r\nRCPT TO:<{RECIPIENT}>\r\nQUIT\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        expect_equal([client.reply().code for _ in range(3)], [250, 250, 221], "replies")
        expect_closed(client)


@patient
@case
def silent_after_greeting():
    with talking(SHORT, hello=False) as (here, client):
        expect_reply(client.reply(), 220)
        expect_reply(client.reply(), 421)
        expect_closed(client)
        no_records(here)


@patient
@case
def byte_a_second_in_a_command():
    """The time is for the whole command, so that single bytes don't keep it alive."""
    with talking(SHORT) as (here, client):
        slowly(client, b"MAIL FROM:<sender@example.com>\r\n")
        expect_reply(client.reply(), 421, "4.4.2")
        expect_closed(client)
        no_records(here)


@patient
@case
def byte_a_second_in_data():
    with talking(SHORT) as (here, client):
        client.say("MAIL FROM:<sender@example.com>")
        client.say(f"RCPT TO:<{RECIPIENT}>")
        expect_equal(client.say("DATA").code, 354, "DATA")
        slowly(client, b"Subject: slow\r\n\r\n" + b"x" * 100)
        expect_reply(client.reply(), 421, "4.4.2")
        expect_closed(client)
        nothing_arrived(here)
        no_records(here)


def slowly(client, data):
    """A byte a second, until the server says something."""
    client.socket.settimeout(1)
    for at in range(len(data)):
        client.send(data[at:at + 1])
        try:
            client.pending = client.socket.recv(4096)
            break
        except TimeoutError:
            continue
    else:
        raise AssertionError("the server had patience to the end")
    client.socket.settimeout(60)


@patient
@case
def never_reads():
    """Commands without end and not a reply read: the session waits, no more memory is taken, and its time is up."""
    with talking({"smtp": {**SHORT["smtp"], "commands": 100000, "junk-commands": 100000, "errors": 100000}}) as (here, _):
        with smtp.Client(here.wire, "198.18.0.25", here.wire.take("198.18.0.9"), receive_buffer=2048) as client:
            client.hello()
            client.socket.settimeout(5)
            commands = b"HELP\r\n" * 4000
            try:
                for _ in range(50):
                    client.socket.sendall(commands)
            except TimeoutError:
                pass  # our sending stands still: the server's window is closed
            except OSError:
                pass  # it already gave up
            still_serves(here)
            no_records(here)


def half_open(here):
    """A SYN from an address where nobody is: the SYN-ACK is never answered."""
    raw = here.wire.clients.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    source, target = socket.inet_aton("198.18.200.1"), socket.inet_aton("198.18.0.25")
    segment = struct.pack("!HHIIBBHHH", 40000, 25, 12345, 0, 5 << 4, 2, 64240, 0, 0)
    check = checksum(source + target + struct.pack("!BBH", 0, 6, len(segment)) + segment)
    segment = segment[:16] + struct.pack("!H", check) + segment[18:]
    raw.sendto(struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + source + target + segment, ("198.18.0.25", 0))
    raw.close()
    expect(until(lambda: here.barscreen.counter("half-open") == 1, 10), "the SYN left no half-open record")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


VANISH = {  # state: commands sent before, bytes sent and not waited for
    "greeted": (False, [], b""),
    "hello": (True, [], b""),
    "half_a_command": (True, [], b"MAIL FR"),
    "envelope": (True, ["MAIL FROM:<a@example.com>", f"RCPT TO:<{RECIPIENT}>"], b""),
    "data": (True, ["MAIL FROM:<a@example.com>", f"RCPT TO:<{RECIPIENT}>", "DATA"], b""),
    "half_a_mail": (True, ["MAIL FROM:<a@example.com>", f"RCPT TO:<{RECIPIENT}>", "DATA"], CONTENT[:2000]),
    "half_a_dot": (True, ["MAIL FROM:<a@example.com>", f"RCPT TO:<{RECIPIENT}>", "DATA"], CONTENT + b"."),
    "quit": (True, [], b"QUIT\r\n"),
}


@patient
@cases({family: (family,) for family in FAMILIES})
def vanish(family):
    """A client in each state: from some moment on there is no sign of it. What it held is free again, nothing of it
    arrived. (Retransmission alone is given up after two minutes.)"""
    with bench(change={**SHORT, "limits": {"drain-timeout": "5s"}}) as here:
        target = here.wire.target(FAMILIES[family])
        for number, (hello, commands, unanswered) in enumerate(VANISH.values()):
            with smtp.Client(here.wire, target, here.wire.source(FAMILIES[family], 100 + number)) as client:
                if hello:
                    client.hello()
                else:
                    client.reply()
                for one in commands:
                    client.say(one)
                client.send(unanswered)
                client.vanish()
        still_serves(here)
        no_records(here)
        expect_equal(len(here.maildir.files(RECIPIENT)), 1, "mails (the one of the good client)")
        expect_equal(here.barscreen.stop(), 0, "exit status")


@patient
@case
def vanishes_half_open():
    with bench() as here:
        half_open(here)
        still_serves(here)
        no_records(here)


@patient
@case
def vanishes_waiting():
    with bench(change={"waiting": {"wait": "3s"}, **SHORT}) as here:
        with smtp.Client(here.wire, "198.18.0.25", here.wire.take("198.18.0.9")) as client:
            expect(until(lambda: here.barscreen.counter("waiting") == 1, 10), "nobody waits")
            client.vanish()
        no_records(here)
        still_serves(here)


@cases({name: value for name, value in VANISH.items() if name in ("hello", "half_a_mail", "half_a_dot")})
def resets(hello, commands, unanswered):
    with bench() as here:
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            for one in commands:
                client.say(one)
            client.send(unanswered)
            client.reset()
        no_records(here)
        nothing_arrived(here)
        expect(here.barscreen.logged("lost connection"), "no log line")
        still_serves(here)
