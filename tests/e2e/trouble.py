# SPDX-License-Identifier: BSD-3-Clause
"""All that asks the DNS enforced, and a DNS that is dead, slow, refuses, truncates or lies: nobody is refused for that, nothing is
kept, and those who should be refused are again as soon as it answers."""
import concurrent.futures
import itertools
import os
import random
import socket
import time

from cases import case, expect, expect_equal, expect_reply
from daemon import until
from dns import dns_world
import badserver
import mails
import smtp

TARGET = "198.18.0.25"
RECIPIENT = "a@example.org"
CONTENT = mails.compose("trouble", 2000, 1)
LISTED = "198.18.7.7"
FRESH = itertools.count(1)  # domains that nobody asked for before
AT_ONCE = 6

ROWS = ("sender-null-mx", "sender-domain", "sender-mx", "spf-fail", "spf-softfail", "spf-neutral", "spf-none", "spf-pass",
        "spf-permerror", "helo-spf-fail", "helo-unresolved", "helo-other", "sender-other", "name-missing", "name-unconfirmed",
        "name-dynamic", "client-lists")


def enforced(**dns):
    """Whatever a check finds is enough to be refused."""
    checks = {row: "enforce" for row in ROWS} | {f"{row}-score": "1" for row in ROWS if row not in ("spf-pass", "client-lists")}
    return {"checks": {**checks, "refuse-score": "1", "greylist": "off"}, "verdicts": {"action": "observe"},
            "dns": {"timeout": "200ms", "deadline": "3s", "failure-ttl": "1s", **dns},
            'dnsl "bl.test"': {"families": "ipv4"}, 'dnsl "wl.test"': {"families": "ipv4", "score": "-1"}}


# -- a name server that says the truth, and ways not to

def name_of(address, zone="good.test"):
    """A name that has no digit, so that no dialup is seen in it."""
    return "".join(chr(97 + int(digit, 16)) for digit in socket.inet_aton(address).hex()) + "." + zone


def address_of(name):
    """Of a name at or below name_of()."""
    return bytes.fromhex("".join(f"{ord(letter) - 97:x}" for letter in name.split(".")[-3]))


def found(name, kind):
    """The data of the records, or None when there is no such name. Each client has a name in good.test that is confirmed; it is mail server
    of all below it, which it may send for. bad.test is the same, but nobody may send. bl.test has LISTED, wl.test nobody."""
    for zone in ("bl.test", "wl.test", "in-addr.arpa"):
        if badserver.below(name, zone):
            address = ".".join(reversed(name[:-len(zone) - 1].split(".")))
            if zone == "in-addr.arpa":
                return [badserver.wire_name(name_of(address))] if kind == "PTR" else []
            listed = address == "127.0.0.2" or (address == LISTED and zone == "bl.test")
            return ([bytes([127, 0, 0, 2])] if kind == "A" else []) if listed else None
    if kind == "TXT":
        text = b"v=spf1 a -all" if badserver.below(name, "good.test") else b"v=spf1 -all"
        return [bytes([len(text)]) + text]
    return {"MX": [b"\0\x0a" + badserver.wire_name(name)], "A": [address_of(name)]}.get(kind, [])


def truth(asked):
    data = found(asked.name, asked.kind)
    if data is None:
        return asked.answer(rcode=badserver.RCODES["nxdomain"])
    return asked.answer([badserver.record(None, asked.kind, one) for one in data])


def truncated(asked):
    """By UDP; all of it by TCP."""
    return asked.answer(flags=0x8380) if asked.transport == "udp" else truth(asked)


def hangs_up(asked):
    """Truncated by UDP; TCP is closed without an answer."""
    if asked.transport == "udp":
        return asked.answer(flags=0x8380)
    raise ConnectionError


def slow(seconds):
    def late(asked):
        time.sleep(seconds)
        return truth(asked)
    return late


TROUBLE = {"servfail": "servfail", "refused": "refused", "formerr": "formerr", "notimp": "notimp", "silent": "silent",
           "wrong-id": "wrong-id", "wrong-question": "wrong-question", "wrong-owner": "wrong-owner", "alias-loop": "alias-loop",
           "pointer-loop": "pointer-loop", "garbage": "garbage", "cut": "cut", "echo": "echo",
           "always-truncated": "always-truncated", "hangs-up": hangs_up, "slower-than-a-try": slow(1.5)}


# -- clients

def told(here, source, domain):
    """What a mail from there is told: at RCPT, or at its end."""
    with smtp.Client(here.wire, TARGET, source) as client:
        client.hello(name_of(source))
        replies = client.mail(CONTENT, [RECIPIENT], f"sender@{domain}")
        client.say("QUIT")
        return replies[-1]


def fresh(source, zone="good.test"):
    return f"d{next(FRESH)}.{name_of(source, zone)}"


def crowd(here, count, first=1, sources=None):
    """So many mails that are good, AT_ONCE at a time, each of a domain of its own; all must be accepted."""
    sources = [here.wire.source(socket.AF_INET, first + number) for number in range(sources or count)]

    def source(number):
        return sources[number % len(sources)]

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for reply in pool.map(lambda number: told(here, source(number), fresh(source(number))), range(count)):
            expect_reply(reply, 250)


def judges_again(here, what):
    """The DNS is asked with success: a domain's word that the client may not send for it counts. How many tries it took."""
    source = here.wire.source(socket.AF_INET, 60000)
    for number in range(1, 200):
        reply = told(here, source, fresh(source, "bad.test"))
        if reply.code == 550:
            expect_reply(reply, 550, "5.7.23")
            return number
        expect_reply(reply, 250)
        time.sleep(0.2)
    raise AssertionError(f"after {what} nobody is judged any more")


def await_lists(here, state="counts"):
    def states():
        return {row["state"] for row in here.barscreen.control("dnsl")["dns-lists"]}
    expect(until(lambda: states() == {state}), f"the lists are {states()}, not {state}")


def descriptors(here):
    return len(os.listdir(f"/proc/{here.barscreen.pid()}/fd"))


def resident(here):
    """Bytes."""
    with open(f"/proc/{here.barscreen.pid()}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def all_ended(here):
    count = here.barscreen.counter
    expect(until(lambda: count("sessions") == count("sessions-ended")), "sessions did not end")
    expect(until(lambda: count("connection-records") == count("time-wait")), "connections did not end")


# -- the tests

@case
def lies():
    """Each way to answer wrongly: good mails come through, and as soon as the answers are true again bad ones do not."""
    with dns_world() as dns:
        dns.bad.says("", truth)
        with dns.bench(servers=[dns.BAD], change=enforced()) as here:
            await_lists(here)
            liar = here.wire.take("198.18.0.9")
            crowd(here, AT_ONCE)
            expect_equal(here.barscreen.counter("dns-trouble"), 0, "trouble while all was well")
            expect_equal(judges_again(here, "nothing"), 1, "tries")
            for number, (name, way) in enumerate(TROUBLE.items(), 1):
                before = here.barscreen.counter("dns-trouble")
                dns.bad.says("", way)
                crowd(here, AT_ONCE, 1 + number * AT_ONCE)
                expect(here.barscreen.counter("dns-trouble") > before, f"{name} was no trouble")
                expect_reply(told(here, liar, fresh(liar, "bad.test")), 250)
                dns.bad.says("", truth)
                judges_again(here, name)
            dns.bad.says("", truncated)
            crowd(here, AT_ONCE, 1000)
            judges_again(here, "what comes by TCP")
            dns.bad.tcp.close()
            crowd(here, AT_ONCE, 2000)
            expect_equal(dns.bad.unread, [], "what was no question")
            expect_equal(here.barscreen.counter("judged-deferred"), 0, "deferred")
            all_ended(here)
            expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def dead():
    """Nobody at the address, nobody at the port, packets that are swallowed, a server that says nothing: mail comes through; and with
    a second server nothing is missed."""
    with dns_world() as dns:
        dns.zone("good.test", '* A 11.0.0.25\n* TXT "v=spf1 ip4:198.18.0.0/15 -all"')
        dns.zone("bad.test", '* A 11.0.0.25\n* TXT "v=spf1 -all"')
        for list_ in ("bl.test", "wl.test"):
            dns.list(list_, ["127.0.0.2"])

        def nobody_at_the_port():
            dns.end_server("unbound")

        def again():
            dns.root.run("unbound")
            dns.await_resolver()

        change = enforced()  # but that clients have no names here
        change["checks"].update({"name-missing": "observe", "helo-other": "observe", "sender-other": "observe"})
        with dns.bench(servers=[dns.DEAD, dns.RESOLVER], change=change) as here:
            await_lists(here)
            judges_again(here, "a first server that is dead")
            crowd(here, AT_ONCE)
            for number, (name, begin, end) in enumerate((("silence", dns.silence, dns.speak), ("a cut", dns.cut, dns.mend),
                                                         ("its death", nobody_at_the_port, again)), 1):
                before = here.barscreen.counter("dns-trouble")
                begin()
                crowd(here, AT_ONCE, 1 + number * AT_ONCE)
                expect(here.barscreen.counter("dns-trouble") > before, f"{name} was no trouble")
                end()
                judges_again(here, name)
            expect_equal(here.barscreen.counter("judged-deferred"), 0, "deferred")


@case
def deadline():
    """A reply waits for dns.deadline at most, however patient dns.timeout is, and the answer that comes after it is not lost."""
    with dns_world() as dns:
        dns.bad.says("", truth)
        with dns.bench(servers=[dns.BAD], change=enforced(timeout="30s", deadline="1s")) as here:
            await_lists(here)
            dns.bad.says("", "silent")
            crowd(here, 2 * AT_ONCE)
            expect_equal(here.barscreen.counter("dns-timeouts"), 0, "tries given up before the replies")
            dns.bad.says("", slow(2))
            source = here.wire.take("198.18.0.9")
            domain = fresh(source, "bad.test")
            expect_reply(told(here, source, domain), 250)
            expect(until(lambda: told(here, source, domain).code == 550), "what came late was never used")
            expect_equal(here.barscreen.counter("dns-timeouts"), 0, "tries given up in the end")


@case
def nothing_is_kept():
    """Hundreds of sessions whose questions end in every kind of trouble: neither memory nor descriptors grow."""
    hundreds, dice = 4, random.Random(1)
    ways = [way for name, way in TROUBLE.items() if not name.startswith("slow")] + [truth, truncated] * 3

    def any_of_them(asked):
        way = dice.choice(ways)
        if callable(way):
            return way(asked)
        return badserver.WAYS[way](asked) if way in badserver.WAYS else asked.answer(rcode=badserver.RCODES[way])

    with dns_world() as dns:
        dns.bad.says("", truth)
        change = enforced(timeout="100ms", deadline="500ms", **{"cache-size": 64})
        with dns.bench(servers=[dns.BAD], change=change) as here:
            await_lists(here)
            dns.bad.says("", any_of_them)
            idle, seen = descriptors(here), []
            for _ in range(hundreds):
                crowd(here, 100, sources=20)
                all_ended(here)
                seen.append(resident(here))
            expect(until(lambda: descriptors(here) <= idle), f"{descriptors(here)} descriptors, at first {idle}")
            growth = [(one - seen[0]) // 1024 for one in seen]
            print(f"    kB more than after the first hundred sessions: {growth}; {here.barscreen.counter('dns-trouble')} questions in "
                  f"trouble, {here.barscreen.counter('dns-found')} found")
            expect(growth[-1] < 4096, f"grows: {growth} kB")
            expect_equal(dns.bad.unread, [], "what was no question")
            expect_equal(here.barscreen.stop(), 0, "exit status")


# -- those who do not wait

STEPS = ["", "EHLO {helo}\r\n", "MAIL FROM:<sender@{domain}>\r\n", f"RCPT TO:<{RECIPIENT}>\r\n"]
LEAVINGS = (smtp.Client.close, smtp.Client.reset, smtp.Client.vanish)


def asking(here, source, steps, domain=None):
    """A client that has said so many of STEPS; the last is not answered yet, if it is RCPT."""
    client = smtp.Client(here.wire, TARGET, source)
    expect_reply(client.reply(), 220)
    for step in STEPS[1:steps]:
        client.send(step.format(helo=name_of(source), domain=domain or fresh(source)))
        if not step.startswith("RCPT"):
            expect_reply(client.reply(), 250)
    return client


def is_judged(here):
    """Some session waits for its judge."""
    return any(one["judge"] for one in here.barscreen.control("sessions", "--state", "talking")["sessions"])


@case
def clients_leave():
    """At every step, in every way, while their questions are under way: nothing is left of them, and nothing is in the way of others."""
    with dns_world() as dns:
        dns.bad.says("", truth)
        change = enforced(timeout="1s", deadline="20s")
        change["limits"] = {"drain-timeout": "2s"}  # those that vanished are not missed before
        with dns.bench(servers=[dns.BAD], change=change) as here:
            await_lists(here)
            idle = descriptors(here)
            for round_, way in enumerate(("silent", slow(0.3), truth)):
                dns.bad.says("", way)
                for number, (steps, leave) in enumerate(itertools.product(range(1, len(STEPS) + 1), LEAVINGS)):
                    for more in range(3):
                        source = here.wire.source(socket.AF_INET, 1 + 1000 * round_ + 3 * number + more)
                        leave(asking(here, source, steps))
            judges_again(here, "clients that left")
            expect(until(lambda: descriptors(here) <= idle), f"{descriptors(here)} descriptors, at first {idle}")
            expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def while_they_wait():
    """kill, reload, drain and stop while replies wait for answers."""
    with dns_world() as dns:
        dns.bad.says("", truth)
        change = enforced(timeout="30s", deadline="2m", tries="1")
        change["limits"] = {"drain-timeout": "2s"}
        with dns.bench(servers=[dns.BAD], change=change) as here:
            await_lists(here)
            dns.bad.says("", "silent")
            source = here.wire.take("198.18.0.9")
            with asking(here, source, 4) as client:
                expect(until(lambda: is_judged(here)), f"no session waits: {here.barscreen.control('sessions')}")
                here.barscreen.control("sessions", "kill", here.barscreen.control("sessions")["sessions"][0]["session"])
                expect_reply(client.reply(), 421, "4.7.0", "operator")
                expect(client.ended(), "the killed session goes on")
            dns.bad.says("", slow(3))
            with asking(here, here.wire.take("198.18.0.10"), 4) as client:
                here.barscreen.change({"checks": {"refuse-score": "2"}, 'dnsl "wl.test"': {"score": "-2"}})
                here.barscreen.ask("reload")
                expect_reply(client.reply(), 250)
            dns.bad.says("", "silent")
            with asking(here, here.wire.take("198.18.0.11"), 4), asking(here, here.wire.take("198.18.0.12"), 4):
                expect(until(lambda: is_judged(here)), "no session waits")
                here.barscreen.ask("drain")
                here.barscreen.ask("drain", "off")
                expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def one_source():
    """A thousand connections of one source cost no more questions than there are different ones."""
    with dns_world() as dns:
        dns.bad.says("", truth)
        change = enforced(timeout="30s", deadline="2m", **{"ttl-least": "30m"})
        with dns.bench(servers=[dns.BAD], change=change) as here:
            await_lists(here)
            before, told_before = here.barscreen.counter("dns-asked"), len(dns.bad.questions())
            source = here.wire.take("198.18.0.9")
            domain = fresh(source)

            def connect(_):
                with asking(here, source, 4, domain) as client:
                    expect_reply(client.reply(), 250)
                    expect_reply(client.say("QUIT"), 221)

            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                list(pool.map(connect, range(1000)))
            came = [(one.name, one.kind) for one in dns.bad.questions()[told_before:] if ".0.0.127." not in one.name]
            sent = here.barscreen.counter("dns-asked") - before
            print(f"    1000 connections: {here.barscreen.counter('dns-looked')} answers wanted, {sent} questions sent, {len(came)} came, "
                  f"{len(set(came))} different")
            expect(0 < len(came) == len(set(came)), f"asked more than once: {sorted(came)}")
            expect(sent <= len(dns.bad.questions()) - told_before, "sent more than came")
            expect_equal(here.barscreen.counter("judged-refused"), 0, "refused")
