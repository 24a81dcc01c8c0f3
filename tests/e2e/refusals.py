# SPDX-License-Identifier: BSD-3-Clause
"""What is refused, with which reply, and that nothing of it arrives."""
import contextlib
import socket

from cases import bench, case, cases, expect, expect_equal, expect_reply, memory_disk
import mails
import smtp

RECIPIENT = "a@example.org"
CONTENT = mails.compose("content", 3000, 1)


@contextlib.contextmanager
def talking(change=None, source=None, hello=True, **more):
    """A bench and one client that was greeted. Nothing may arrive unless the test takes it out of the Maildir."""
    with bench(change=change, **more) as here:
        with smtp.Client(here.wire, "198.18.0.25", source and here.wire.take(source)) as client:
            if hello:
                client.hello()
            yield here, client


def nothing_arrived(here, recipients=(RECIPIENT,)):
    for recipient in recipients:
        expect(not here.maildir.files(recipient), f"{recipient} has a mail")
        expect(not here.maildir.files(recipient, "tmp"), f"{recipient} has something in tmp")


def expect_closed(client):
    expect(client.ended(), "the connection is still open, or more was said")


@case
def dialogue():
    """Each command's reply where nothing is wrong."""
    with talking(hello=False) as (_, client):
        expect_reply(client.reply(), 220, part="mx1.example.org")
        hello = client.say("EHLO client.example.com")
        expect_equal(hello.code, 250, "EHLO")
        words = {line[4:].split()[0] for line in hello.lines[1:]}
        expect({"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES"} <= words, f"EHLO offers {words}")
        expect_equal(client.say("VRFY postmaster").code, 252, "VRFY")
        expect_equal(client.say("HELP").code, 214, "HELP")
        expect_equal(client.say("NOOP").code, 250, "NOOP")
        expect_equal(client.say("MAIL FROM:<>").code, 250, "MAIL FROM:<>")
        expect_equal(client.say("RCPT TO:<postmaster>").code, 250, "RCPT TO:<postmaster>")
        expect_equal(client.say("RSET").code, 250, "RSET")
        expect_equal(client.say("HELO client.example.com").code, 250, "HELO")
        expect_reply(client.say("NONSENSE"), 502, "5.5.2")
        expect_reply(client.say("RCPT TO:<a@example.org>"), 503, "5.5.1")
        expect_reply(client.say("QUIT"), 221, "2.0.0")
        expect_closed(client)


@case
def unknown_recipients():
    """Five are answered, with the sixth the session is over (harvest)."""
    with talking() as (here, client):
        client.say("MAIL FROM:<sender@example.com>")
        for number in range(5):
            expect_reply(client.say(f"RCPT TO:<nobody{number}@example.org>"), 550, "5.1.1")
        expect_reply(client.say("RCPT TO:<nobody6@example.org>"), 421, "4.7.0")
        expect_closed(client)
        expect(here.barscreen.logged("reject: RCPT from", "550 5.1.1", "nobody0@example.org"), "no log line")
        expect_equal(here.barscreen.counter("harvests"), 1, "counter harvests")


@case
def relay():
    with talking() as (here, client):
        client.say("MAIL FROM:<sender@example.com>")
        expect_reply(client.say("RCPT TO:<a@elsewhere.example.com>"), 554, "5.7.1")
        expect_reply(client.say("RCPT TO:<a%elsewhere.example.com@example.org>"), 550)
        expect_reply(client.say("RCPT TO:<\"a@elsewhere.example.com\"@example.org>"), 550)
        expect(here.barscreen.logged("reject: RCPT from", "554 5.7.1", "a@elsewhere.example.com"), "no log line")
        expect_equal(here.barscreen.counter("relay-denied"), 1, "counter relay-denied")


@case
def too_large():
    with talking({"smtp": {"message-size": "64kb"}}) as (here, client):
        large = mails.compose("large", 200000, 1)
        expect_reply(client.mail(large, [RECIPIENT], options=f" SIZE={len(large)}")[-1], 552, "5.3.4")
        expect_reply(client.mail(large, [RECIPIENT])[-1], 552, "5.3.4")
        nothing_arrived(here)
        expect_equal(client.mail(CONTENT, [RECIPIENT])[-1].code, 250, "a small mail after it")


@case
def long_command():
    with talking() as (_, client):
        expect_reply(client.say("MAIL FROM:<" + "x" * 5000 + "@example.com>"), 500, "5.5.2")
        expect_equal(client.say("NOOP").code, 250, "NOOP after it")


@case
def long_text_line():
    with talking({"smtp": {"text-line-length": 1000}}) as (here, client):
        reply = client.mail(b"Subject: long\r\n\r\n" + b"x" * 3000 + b"\r\n", [RECIPIENT])[-1]
        expect(reply.code // 100 == 5, f"reply is {reply}")
        nothing_arrived(here)
        expect_equal(client.mail(CONTENT, [RECIPIENT])[-1].code, 250, "a mail with shorter lines after it")


@case
def ten_thousand_recipients():
    """As a list server sends them: one pipelined group. The first thousand are taken, the others may come again."""
    everybody = [f"r{number}@example.org" for number in range(10000)]
    with talking(recipients=everybody, mount=memory_disk(512)) as (here, client):
        client.say("MAIL FROM:<list@example.com>")
        client.socket.settimeout(300)
        codes = []
        for start in range(0, len(everybody), 500):
            group = everybody[start:start + 500]
            client.send("".join(f"RCPT TO:<{one}>\r\n" for one in group))
            codes += [str(client.reply())[:9] for _ in group]
        expect_equal(set(codes[:1000]), {"250 2.1.5"}, "replies to the first thousand")
        expect_equal(set(codes[1000:]), {"452 4.5.3"}, "replies to the others")
        expect_equal(client.say("DATA").code, 354, "DATA")
        client.send(smtp.stuffed(CONTENT) + b".\r\n")
        expect_equal(client.reply().code, 250, "the mail")
        having = [one for one in everybody if here.maildir.files(one)]
        expect_equal(having, everybody[:1000], "who has it")


SMUGGLED = {
    "lf_dot_lf": b"\n.\n", "lf_dot_crlf": b"\n.\r\n", "crlf_dot_lf": b"\r\n.\n", "cr_dot_cr": b"\r.\r",
    "lf_dot_cr_lf": b"\n.\r\n", "crlf_dot_cr": b"\r\n.\r", "nul_before_dot": b"\0\r\n.\n", "bare_cr": b"a\rb",
    "bare_lf": b"a\nb", "nul": b"a\0b", "nul_in_end": b"\r\0\n.\r\n", "cr_cr_lf": b"\r\r\n.\r\r\n",
}


@case
def smuggling():
    """The mail's end is only CRLF.CRLF; one with a bare CR, LF or NUL is refused there, and what was behind a false
    end is never a command."""
    with talking({"smtp": {"errors": 1000}}) as (here, client):
        for name, end in SMUGGLED.items():
            client.say("MAIL FROM:<sender@example.com>")
            client.say(f"RCPT TO:<{RECIPIENT}>")
            expect_equal(client.say("DATA").code, 354, f"DATA of {name}")
            client.send(b"Subject: outer\r\n\r\ntext" + end + b"MAIL FROM:<smuggler@example.com>\r\n"
                        b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: inner\r\n\r\ntext\r\n.\r\n")
            reply = client.reply()
            expect(reply.code == 550 and "5.5.2" in str(reply), f"{name}: {reply}")
            expect_equal(client.say("NOOP").code, 250, f"NOOP after {name}")
        nothing_arrived(here, (RECIPIENT, "b@example.org"))
        expect_equal(here.barscreen.counter("bare-newlines"), len(SMUGGLED), "counter bare-newlines")


@case
def normalised_for_the_allowed():
    with bench(change={"smtp": {"allowed-bare-newline": "normalise"}}, start=False) as here:
        listed(here, "allow", "198.18.0.7/32")
        with smtp.Client(here.wire, "198.18.0.25", here.wire.take("198.18.0.7")) as client:
            client.hello()
            expect_equal(client.mail(b"Subject: old\n\none\ntwo\r\n", [RECIPIENT])[-1].code, 250, "reply")
        with open(here.maildir.files(RECIPIENT)[0], "rb") as file:
            expect_equal(mails.below_our_header(file.read()), b"Subject: old\r\n\r\none\r\ntwo\r\n", "the mail")


def listed(here, action, prefix, **more):
    """A list of one prefix; starts barscreen."""
    path = f"{here.folder}/{action}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# a comment\n{prefix}  # and one more\n")
    here.barscreen.change({f'list "local-{action}"': {"file": path, "action": action, **more}})
    here.barscreen.start()


@cases({"ipv4": ("198.18.0.66", "198.18.0.64/29", "198.18.0.25"),
        "ipv6": ("2001:2:0:66::1", "2001:2:0:66::/64", "2001:2::25")})
def denied_at_rcpt(source, prefix, target):
    with bench(start=False) as here:
        listed(here, "refuse", prefix)
        with smtp.Client(here.wire, target, here.wire.take(source)) as client:
            client.hello()
            client.say("MAIL FROM:<sender@example.com>")
            reply = client.say(f"RCPT TO:<{RECIPIENT}>")
            expect_reply(reply, 554, "5.7.1", source)
            expect("https://example.org/mail" in str(reply), f"whom to ask is missing: {reply}")
            expect_equal(client.say("RCPT TO:<postmaster@example.org>").code, 250, "postmaster")
            expect(here.barscreen.logged("reject: RCPT from", source, "554 5.7.1", f"to=<{RECIPIENT}>"), "no log line")
        with smtp.Client(here.wire, target, "2001:2::1" if ":" in target else "198.18.0.1") as client:
            client.hello()
            expect_equal(client.mail(CONTENT, [RECIPIENT])[-1].code, 250, "somebody else")


@case
def denied_at_connect():
    with bench(start=False) as here:
        listed(here, "refuse", "198.18.0.66/32", **{"refuse-at": "connect"})
        with smtp.Client(here.wire, "198.18.0.25", here.wire.take("198.18.0.66")) as client:
            expect_reply(client.reply(), 554)
            expect_equal(client.say("EHLO x").code, 503, "EHLO after 554")
            expect_equal(client.say("QUIT").code, 221, "QUIT")
            expect_closed(client)


@cases({"listed": ("drop", "198.18.0.66", "198.18.0.66/32", {}, "syn-listed"),
        "private": (None, "10.1.2.3", None, {}, "syn-bogon"),
        "own": (None, "198.18.5.5", None, {"networks": {"own": ["198.18.5.0/24"], "trusted": ["198.19.0.0/16"]}},
                "syn-own"),
        "documentation_ipv6": (None, "2001:db8::1", None, {}, "syn-bogon")})
def not_answered(action, source, prefix, change, counter):
    """Its SYN gets no answer at all, and is counted."""
    with bench(change=change, start=False) as here:
        if action:
            listed(here, action, prefix)
        else:
            here.barscreen.start()
        here.wire.take(source)
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        try:
            smtp.Client(here.wire, here.wire.target(family), source, timeout=2.5).close()
        except TimeoutError:
            pass
        else:
            raise AssertionError("the connection was made")
        expect(here.barscreen.counter(counter) >= 1, f"counter {counter} is 0")


@case
def errors():
    with talking({"smtp": {"errors": 4}}) as (_, client):
        for _ in range(4):
            expect_equal(client.say("NONSENSE").code, 502, "nonsense")
        expect_equal(client.say("NONSENSE").code, 421, "once too often")
        expect_closed(client)


@case
def junk_commands():
    with talking({"smtp": {"junk-commands": 10}}) as (_, client):
        codes = []
        while not codes or codes[-1] == 250:
            expect(len(codes) < 50, "no end")
            codes.append(client.say("NOOP").code)
        expect_equal(codes[-1], 421, "the last reply")
        expect(9 <= len(codes) <= 12, f"after {len(codes)} commands")
        expect_closed(client)
