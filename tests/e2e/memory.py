# SPDX-License-Identifier: BSD-3-Clause
"""What outlives sessions and crashes: greylisting, sources that behaved, rates."""
import os
import signal

from cases import FAMILIES, bench, cases, case, expect, expect_equal, expect_reply
from daemon import until
import smtp

GREYLIST = {"checks": {"greylist": "enforce"}, "greylist": {"delay": "2s", "auto-allow": 0}, "rates": {"window": "1h"}}


def asks(here, sender, recipients, source=None, family="ipv4"):
    """The replies to RCPT of one mail that is not sent."""
    with smtp.Client(here.wire, here.wire.target(FAMILIES[family]), source) as client:
        client.hello()
        expect_reply(client.say(f"MAIL FROM:<{sender}>"), 250)
        replies = [client.say(f"RCPT TO:<{recipient}>") for recipient in recipients]
        expect_reply(client.say("QUIT"), 221)
        return replies


def written(here):
    """What is remembered now is on the disk when this returns."""
    def writes():
        return here.barscreen.control("status")["memory"]["writes"]

    before = writes()
    expect(until(lambda: writes() >= before + 2), "nothing is written")


def crash(here):
    here.barscreen.process.send_signal(signal.SIGKILL)
    here.barscreen.process.wait()
    here.barscreen.start()
    here.wire.taken.clear()  # a TAP device that is gone takes them with it


@cases({family: (family,) for family in FAMILIES})
def greylisted(family):
    """A new triplet is told to come again, and not when; it passes when it does, and after a crash too."""
    with bench(change=GREYLIST) as here:
        source = here.wire.source(FAMILIES[family], 7)
        get = ("greylist", "get", source, "new@example.com", "a@example.org")
        expect_equal(here.barscreen.control(*get)["state"], "new", "before the first mail")
        first, postmaster = asks(here, "new@example.com", ["a@example.org", "postmaster@example.org"], source, family)
        expect_reply(first, 451, "4.7.1", "Greylisted, try again later")
        expect(not any(word.isdigit() for word in str(first).split()[2:]), f"the reply says when: {first}")
        expect_reply(postmaster, 250)
        expect(here.barscreen.logged("greylist(new__passes_in_2_s)"), "the log does not say when")
        expect(until(lambda: here.barscreen.control(*get)["state"] == "passes"), "it never passes")
        written(here)
        crash(here)
        here.wire.take(source)
        expect_reply(asks(here, "new@example.com", ["a@example.org"], source, family)[0], 250)
        expect_reply(asks(here, "other@example.com", ["a@example.org"], source, family)[0], 451, "4.7.1")
        found = here.barscreen.control("greylist", "list")
        expect_equal((found["waiting"], found["passed"], len(found["networks"])), (1, 1, 1), "triplets, networks")
        expect_equal(here.barscreen.ask("greylist", "del", *get[2:], machine=False), "forgotten\n", "del")
        expect_reply(asks(here, "new@example.com", ["a@example.org"], source, family)[0], 451, "4.7.1")


@case
def observed_by_default():
    with bench() as here:
        expect_reply(asks(here, "new@example.com", ["a@example.org"])[0], 250)
        expect(here.barscreen.logged("Greylisted"), "nothing says what would have been")


@case
def network_passed_often():
    """After so many triplets that passed a network is not asked any more."""
    with bench(change=GREYLIST | {"greylist": {"delay": "1s", "auto-allow": 2}}) as here:
        for sender in ("b@example.com", "c@example.com"):
            expect_reply(asks(here, sender, ["a@example.org"])[0], 451, "4.7.1")
        for sender in ("b@example.com", "c@example.com"):
            expect(until(lambda sender=sender: asks(here, sender, ["a@example.org"])[0].code == 250), "never passes")
        expect_reply(asks(here, "d@example.com", ["a@example.org"])[0], 250)


@case
def who_behaved_is_spared_the_wait():
    """Also after a crash; a stranger waits."""
    with bench() as here:
        target, known = here.wire.target(FAMILIES["ipv4"]), here.wire.source(FAMILIES["ipv4"], 7)
        with smtp.Client(here.wire, target, known) as client:
            client.hello()
            client.say("MAIL FROM:<b@example.com>")
            client.say("RCPT TO:<a@example.org>")
            expect_reply(client.say("DATA"), 354)
            expect_reply(client.say("Subject: x\r\n\r\nx\r\n."), 250)
            expect_reply(client.say("QUIT"), 221)
        expect(until(lambda: here.barscreen.control("remembered", "get", known)["ends"]), "it is not remembered")
        written(here)
        here.barscreen.change({"waiting": {"wait": "4m"}})
        crash(here)
        here.wire.take(known)
        with smtp.Client(here.wire, target, known) as client:
            expect_reply(client.reply(), 220)
            expect_reply(client.say("QUIT"), 221)
        with smtp.Client(here.wire, target, here.wire.source(FAMILIES["ipv4"], 8)) as client:
            expect(until(lambda: here.barscreen.counter("waiting") == 1), "a stranger does not wait")
            expect_equal(here.barscreen.ask("remembered", "del", known, machine=False), "forgotten\n", "del")
            with smtp.Client(here.wire, target, known):
                expect(until(lambda: here.barscreen.counter("waiting") == 2), "the forgotten one does not wait")


@case
def rates():
    """Recipients are counted over sessions; exceptions are spared."""
    with bench(change={"rates": {"recipients": 3, "window": "1h"}}) as here:
        source = here.wire.source(FAMILIES["ipv4"], 7)
        wanted = ["a@example.org", "b@example.org"]
        expect_equal([reply.code for reply in asks(here, "b@example.com", wanted, source)], [250, 250], "the first two")
        replies = asks(here, "b@example.com", wanted, source)
        expect_equal([reply.code for reply in replies], [250, 450], "the next two")
        expect_reply(replies[1], 450, "4.7.1", "too many recipients")
        stranger = here.wire.source(FAMILIES["ipv4"], 8)
        expect_equal([reply.code for reply in asks(here, "b@example.com", wanted, stranger)], [250, 250], "a stranger")


@case
def damaged_file():
    """Is said, set aside, and mail comes in."""
    with bench(start=False) as here:
        os.makedirs(f"{here.folder}/state")
        with open(f"{here.folder}/state/memory.lmdb", "wb") as file:
            file.write(b"\xff" * 100000)
        here.barscreen.start()
        expect(any("memory.lmdb" in line and "damaged" in line
                   for line in here.barscreen.control("status")["limitations"]), "status does not say it")
        expect(any(name.startswith("memory.lmdb.damaged-") for name in os.listdir(f"{here.folder}/state")), "not kept")
        expect_reply(asks(here, "b@example.com", ["a@example.org"])[0], 250)
