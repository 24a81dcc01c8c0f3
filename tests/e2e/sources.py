# SPDX-License-Identifier: BSD-3-Clause
"""What sessions teach about their source, and how the next connection of it is met."""
import contextlib
import socket

from cases import bench, cases, case, expect, expect_equal, expect_reply
import smtp

FAMILIES = {"ipv4": ("198.18.0.25", "198.18.7.7", "198.18.7.7", "198.18.7.8"),
            "ipv6": ("2001:2::25", "2001:2:0:7::7", "2001:2:0:7::/64", "2001:2:0:8::7")}


@contextlib.contextmanager
def harvested(family, action="refuse", **more):
    """A bench where a harvester was caught over three sessions, each of which was within its limits."""
    target, source, name, _ = FAMILIES[family]
    rules = {"action": action, "unknown-recipients": 12, "lifetime": "10m", **more}
    with bench(change={"verdicts": rules}) as here:
        address = here.wire.take(source)
        for number in range(3):
            expect_equal(here.barscreen.counter("verdicts-given"), 0, "verdicts before it was enough")
            with smtp.Client(here.wire, target, address) as client:
                client.hello()
                client.say("MAIL FROM:<sender@example.com>")
                for guess in range(4):
                    expect_reply(client.say(f"RCPT TO:<guess{number}{guess}@example.org>"), 550, "5.1.1")
                expect_reply(client.say("QUIT"), 221)
        expect(here.barscreen.logged(f"VERDICT harvest on [{name}] for 600s"), "no line about the verdict")
        expect_equal(here.barscreen.counter("verdicts-given"), 1, "verdicts given")
        yield here, target, address


def greeting(here, target, source):
    with smtp.Client(here.wire, target, source) as client:
        reply = client.reply()
        expect_reply(client.say("QUIT"), 221)
        return reply


@cases({family: (family,) for family in FAMILIES})
def harvester(family):
    """Refused on its next SYN, until somebody clears it; others are not."""
    _, _, name, stranger = FAMILIES[family]
    with harvested(family) as (here, target, address):
        reply = greeting(here, target, address)
        expect_reply(reply, 554, part="unknown recipients")
        expect_reply(reply, 554, part="https://example.org/mail")
        expect(here.barscreen.logged("DENYLISTED", f"[{address}]", "verdict=harvest"), "no line about its being met")
        expect_reply(greeting(here, target, here.wire.take(stranger)), 220)
        if family == "ipv6":
            expect_reply(greeting(here, target, here.wire.take("2001:2:0:7::8")), 554)
        found = here.barscreen.control("sources", "--verdict", "harvest")["sources"]
        expect_equal([source["source"] for source in found], [name], "sources with the verdict")
        expect_equal(here.barscreen.control("sources", "show", address)["source"]["open"], 0, "open connections")
        expect_equal(here.barscreen.ask("sources", "clear", address, machine=False), "1 verdict cleared\n", "clear")
        expect_reply(greeting(here, target, address), 220)


@case
def dropped():
    with harvested("ipv4", "drop") as (here, target, address):
        try:
            smtp.Client(here.wire, target, address, timeout=3).close()
            raise AssertionError("its SYN was answered")
        except (socket.timeout, TimeoutError):
            pass
        expect(here.barscreen.counter("syn-verdict") > 0, "no SYN was dropped for the verdict")
        here.barscreen.control("sources", "clear", "all")
        expect_reply(greeting(here, target, address), 220)


@case
def stuttered():
    """A byte at a time, and the client that leaves is let go."""
    with harvested("ipv4", "stutter") as (here, target, address):
        with smtp.Client(here.wire, target, address) as client:
            expect_equal([client.socket.recv(100) for _ in range(4)], [b"5", b"5", b"4", b"-"], "what came")
            expect_equal(here.barscreen.counter("stuttering"), 1, "gauge stuttering")
        expect_equal(here.barscreen.counter("verdicts-met"), 1, "verdicts met")


@case
def observed():
    with harvested("ipv4", "observe") as (here, target, address):
        expect_reply(greeting(here, target, address), 220)
        expect_equal(here.barscreen.counter("verdicts-met"), 0, "verdicts met")


@case
def accepted_mail_protects():
    """Who had a mail accepted is no harvester, whatever else he asked for."""
    with bench(change={"verdicts": {"unknown-recipients": 4}}) as here:
        address = here.wire.take("198.18.7.7")
        with smtp.Client(here.wire, "198.18.0.25", address) as client:
            client.hello()
            expect_reply(client.mail(b"Subject: x\r\n\r\nx\r\n", ["a@example.org"])[-1], 250)
            client.say("MAIL FROM:<sender@example.com>")
            for guess in range(5):
                expect_reply(client.say(f"RCPT TO:<guess{guess}@example.org>"), 550)
        expect_reply(greeting(here, "198.18.0.25", address), 220)
        expect_equal(here.barscreen.counter("verdicts-given"), 0, "verdicts given")


@case
def crowd():
    """Two connections at once, the third is told 421; when one has left there is room again."""
    with bench(change={"waiting": {"connections-per-source": 2}}) as here:
        address = here.wire.take("198.18.7.7")
        with smtp.Client(here.wire, "198.18.0.25", address) as first:
            first.hello()
            with smtp.Client(here.wire, "198.18.0.25", address) as second:
                second.hello()
                with smtp.Client(here.wire, "198.18.0.25", address) as third:
                    expect_reply(third.reply(), 421, part="too many connections")
                expect(here.barscreen.logged(f"reject: CONNECT from [{address}]", "too many connections"), "no log line")
                expect_reply(second.say("QUIT"), 221)
            expect_reply(greeting(here, "198.18.0.25", address), 220)
