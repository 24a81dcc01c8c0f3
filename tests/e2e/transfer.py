# SPDX-License-Identifier: BSD-3-Clause
"""Many mails at once over each kind of port: what was acknowledged is in the Maildir once and unchanged, what was
refused is not."""
import contextlib
import os
import queue
import random
import socket
import threading

from cases import FAMILIES, bench, case, cases, expect, expect_equal
import mails
import smtp

MAILS, SESSIONS, SEED = int(os.environ.get("MAILS", "200")), 50, 1
RECIPIENT = "a@example.org"


def numbered(count=MAILS, seed=SEED):
    """label: content. The first is the smallest and the last the largest that there can be."""
    dice = random.Random(seed)
    sizes = [1024] + [mails.size(dice) for _ in range(count - 2)] + [10 * 1024 * 1024 - 2048]
    return {f"{number:03}": mails.compose(f"{number:03}", length, seed) for number, length in enumerate(sizes)}


# How a client can go wrong on purpose, and the reply that must come then.
def refuse_unknown(client, content):
    return client.mail(content, ["nobody@example.org"])[-1].code, 550


def refuse_relay(client, content):
    return client.mail(content, ["somebody@elsewhere.example.com"])[-1].code, 554


def refuse_smuggled(client, content):
    return client.mail(content + b"last line\n.\nMAIL FROM:<x@example.com>\r\n", [RECIPIENT])[-1].code, 550


def refuse_declared(client, content):
    return client.mail(content, [RECIPIENT], options=" SIZE=999999999999")[-1].code, 552


WRONG = [refuse_unknown, refuse_relay, refuse_smuggled, refuse_declared]


class Exchange:
    """Sends all mails through parallel sessions; each of them takes what is next."""

    def __init__(self, wire, target, sent, wrong=0, seed=SEED):
        self.wire, self.target, self.sent = wire, target, sent
        self.acknowledged, self.refused, self.faults = [], set(), []
        self.jobs = queue.SimpleQueue()
        self.clients = {}
        self.family = FAMILIES["ipv6" if ":" in target else "ipv4"]
        jobs = [(label, None) for label in sent]
        for number in range(wrong):
            jobs.insert(7 * number % len(jobs), (f"refused-{number:02}", WRONG[number % len(WRONG)]))
        for job in jobs:
            self.jobs.put(job)
        self.wrong = {label: mails.compose(label, 3000, seed) for label, how in jobs if how}

    def session(self, source, stop):
        """One client: a few mails a connection, until there are no more."""
        while not stop.is_set():
            with smtp.Client(self.wire, self.target, source, timeout=180,
                             opened=lambda client: self.clients.update({source: client})) as client:
                client.hello()
                for _ in range(4):
                    try:
                        label, how = self.jobs.get_nowait()
                    except queue.Empty:
                        client.quit()
                        return
                    self.one(client, label, how)
                client.quit()

    def one(self, client, label, how):
        if how:
            self.refused.add(label)
            seen, wanted = how(client, self.wrong[label])
            if seen != wanted:
                self.faults.append(f"{label} ({how.__name__}) was answered {seen}, not {wanted}")
            return
        reply = client.mail(self.sent[label], [RECIPIENT], options=" BODY=8BITMIME")[-1]
        if reply.code == 250:
            self.acknowledged.append(label)
        else:
            self.faults.append(f"{label} was answered {reply}")

    def guarded(self, source, stop):
        try:
            self.session(source, stop)
        except (OSError, smtp.Gone, AssertionError) as error:
            if not stop.is_set():
                self.faults.append(f"session from {source}: {type(error).__name__}: {error}")

    def begin(self, sessions=SESSIONS):
        self.stop = threading.Event()
        sources = [self.wire.source(self.family, number + 1) for number in range(sessions)]
        self.threads = [threading.Thread(target=self.guarded, args=(source, self.stop)) for source in sources]
        for thread in self.threads:
            thread.start()
        return self

    def cut(self):
        """Ends all sessions: there is nobody any more who would answer."""
        self.stop.set()
        for client in list(self.clients.values()):
            with contextlib.suppress(OSError):
                client.socket.shutdown(socket.SHUT_RDWR)

    def end(self):
        for thread in self.threads:
            thread.join()
        return self


@cases({f"{kind}.{family}": (kind, family)
        for kind in ("net_tap", "net_af_packet", "net_af_xdp") for family in FAMILIES})
def mails_once(kind, family):
    sent = numbered()
    with bench(kind) as here:
        exchange = Exchange(here.wire, here.wire.target(FAMILIES[family]), sent, wrong=40).begin().end()
        faults = exchange.faults + mails.compare(sent, exchange.acknowledged, here.maildir, RECIPIENT, exchange.refused)
        expect(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
        expect_equal(len(exchange.acknowledged), MAILS, "mails acknowledged")
        expect_equal(len(here.maildir.mails(RECIPIENT)), MAILS, "mails in the Maildir")
        expect(not here.maildir.files(RECIPIENT, "tmp"), "a file was left in tmp")
        expect_equal(here.barscreen.counter("mails-accepted"), MAILS, "counter mails-accepted")
        expect_equal(here.barscreen.counter("notices-lost"), 0, "counter notices-lost")
        expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def several_recipients():
    """One mail for three: the same bytes for each."""
    content = mails.compose("three", 20000, SEED)
    to = ["a@example.org", "b@example.org", "c@example.net"]
    with bench() as here:
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            expect_equal(client.mail(content, to, options=" BODY=8BITMIME")[-1].code, 250, "reply")
            client.quit()
        for recipient in to:
            expect_equal(list(here.maildir.mails(recipient).values()), [[content]], f"mails of {recipient}")
        expect(not here.maildir.files("postmaster@example.org"), "a mail for somebody else")


@case
def small_mtu():
    """The smallest MTU that IPv6 allows."""
    content = mails.compose("large", 300000, SEED)
    with bench("net_af_packet", {'port "mx0"': {"mtu": 1280}}) as here:
        for target in ("198.18.0.25", "2001:2::25"):
            with smtp.Client(here.wire, target) as client:
                client.hello()
                expect_equal(client.mail(content, [RECIPIENT], options=" BODY=8BITMIME")[-1].code, 250, "reply")
                client.quit()
        expect_equal(here.maildir.mails(RECIPIENT)["large"], [content, content], "mails")
