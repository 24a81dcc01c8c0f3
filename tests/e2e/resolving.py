# SPDX-License-Identifier: BSD-3-Clause
"""The DNS of the tests itself, and that barscreen asks it."""
import socket

from cases import case, expect, expect_equal, expect_reply
from dns import dns_world
import smtp


def address_of(reply):
    """The address at the end of an answer of one A record, the rcode of an answer without."""
    return socket.inet_ntoa(reply[-4:]) if reply[7] else reply[3] & 15


@case
def world():
    """Zones, pointers and lists are in force when the call returns, and so are their changes."""
    with dns_world() as dns:
        dns.zone("example.org", "@ MX 10 mx\nmx A 192.0.2.25")
        expect_equal(address_of(dns.ask("mx.example.org", "A")), "192.0.2.25", "a host")
        dns.zone("example.org", "mx A 192.0.2.26")
        expect_equal(address_of(dns.ask("mx.example.org", "A")), "192.0.2.26", "the host moved")
        expect_equal(address_of(dns.ask("other.example.org", "A")), 3, "a name that is not there")
        dns.ptr("192.0.2.26", "mx.example.org")
        expect(b"\x02mx\x07example\x03org" in dns.ask("26.2.0.192.in-addr.arpa", "PTR"), "no PTR")
        dns.list("bl.test", ["127.0.0.2", "192.0.2.7 :127.0.0.4:listed", "2001:db8::/32", "spam.example"])
        expect_equal(address_of(dns.ask("7.2.0.192.bl.test", "A")), "127.0.0.4", "a listed address")
        expect_equal(address_of(dns.ask("spam.example.bl.test", "A")), "127.0.0.2", "a listed name")
        expect_equal(address_of(dns.ask("8.2.0.192.bl.test", "A")), 3, "one that is not listed")
        dns.list("bl.test", ["0.0.0.0/0"])
        expect_equal(address_of(dns.ask("8.2.0.192.bl.test", "A")), "127.0.0.2", "when all the world is listed")
        dns.bad_zone("bad.test", "servfail")
        expect_equal(address_of(dns.ask("a.bad.test", "A", seconds=20)), 2, "the bad server behind the resolver")
        dns.remove("example.org")
        expect_equal(address_of(dns.ask("mx.example.org", "A")), 3, "a name of a zone that is gone")


@case
def sessions_outlive_the_dns():
    """With a resolver that lies, is silent or dead, the counters say so, and mail comes through."""
    ways = ("wrong-id", "wrong-question", "wrong-owner", "alias-loop", "pointer-loop", "garbage", "cut", "echo",
            "always-truncated", "silent", "servfail", "refused", "formerr")
    with dns_world() as dns, dns.bench(servers=[dns.BAD, dns.DEAD], change={
            "dns": {"timeout": "200ms", "deadline": "3s"}}) as here:
        for number, way in enumerate(ways):
            dns.bad.says("", way)
            with smtp.Client(here.wire, smtp_target(here), here.wire.source(socket.AF_INET, number + 1)) as client:
                client.hello()
                expect_reply(client.say(f"MAIL FROM:<sender@{way}.example>"), 250)
                expect_reply(client.say("RCPT TO:<a@example.org>"), 250)
                expect_reply(client.say("QUIT"), 221)
        for counter in ("dns-asked", "dns-timeouts", "dns-trouble"):
            expect(here.barscreen.counter(counter) > 0, f"{counter} is 0")


def smtp_target(here):
    return here.wire.target(socket.AF_INET)
