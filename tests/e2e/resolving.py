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


@case
def operators_see_and_clear_what_workers_remember():
    """An answer is remembered by the worker that asked, shown with its seconds, and asked for again after cache del."""
    def remembered(*words):
        """{type: answer} of all workers together."""
        workers = here.barscreen.control("cache", "get", *words)["workers"]
        expect(workers and all("worker" in one for one in workers), f"no worker answers: {workers}")
        return {answer["type"]: answer for one in workers for answer in one["answers"]}

    def mail():
        with smtp.Client(here.wire, smtp_target(here), here.wire.source(socket.AF_INET, 1)) as client:
            client.hello()
            client.say("MAIL FROM:<sender@example.com>")
            reply = client.say("RCPT TO:<a@example.org>")
            client.say("QUIT")
            return reply

    with dns_world() as dns, dns.bench() as here:
        dns.zone("example.com", "@ MX 10 mx\nmx A 198.19.0.25")
        expect_equal(remembered("example.com"), {}, "before anybody asked")
        expect_reply(mail(), 250)
        mx = remembered("Example.COM.", "--type", "MX")["MX"]
        expect_equal((mx["status"], mx["records"], mx["more"]), ("found", ["10 mx.example.com"], False), "the MX")
        expect(mx["left"] > 0, f"it has no time left: {mx}")
        expect_equal(remembered("mx.example.com")["A"]["records"], ["198.19.0.25"], "the host's address")
        expect_equal(here.barscreen.control("cache", "del", "mx.example.com", "--type", "A")["deleted"], 1, "deleted")
        expect("A" not in remembered("mx.example.com"), "what was deleted is still there")
        expect_equal(here.barscreen.control("cache", "del", "mx.example.com", "--type", "A")["deleted"], 0, "again")
        dns.zone("example.com", "mx A 198.19.0.26")
        expect_reply(mail(), 250)
        expect_equal(remembered("mx.example.com")["A"]["records"], ["198.19.0.26"], "asked anew")
        text = here.barscreen.ask("cache", "get", "example.com", "--type", "MX", machine=False)
        expect("10 mx.example.com" in str(text) and "s left" in str(text), f"for people: {text}")


def smtp_target(here):
    return here.wire.target(socket.AF_INET)
