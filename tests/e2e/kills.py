# SPDX-License-Identifier: BSD-3-Clause
"""The mail server, the link to it, or barscreen itself fails at each step of a transfer. No acknowledged mail is lost
or doubled, and the client's answer agrees with what was delivered. The one case where it can't (RFC 5321, 6.1): the
mail server had the final dot, and its answer did not come back."""
import collections
import contextlib
import os
import signal
import socket
import threading
import time

from cases import case, cases, expect, expect_equal
from relay import relay
from transfer import RECIPIENT, SEED
import mails
import peers
import smtp

# One round is one failure, with a transfer at each of these steps. The number: how long before the failure the last
# thing was said, in seconds; Postfix is told to take a second between the dot and its answer.
STEPS = [("mail", 0), ("rcpt", 0), ("data", 0), ("half", 0), ("whole", 0), ("dot", 0), ("dot", 0.7), ("dot", 1.1),
         ("done", 0), ("second", 0)]
BACKEND_ROUNDS = int(os.environ.get("BACKEND_KILLS", "40")) // len(STEPS)
BARSCREEN_ROUNDS = int(os.environ.get("BARSCREEN_KILLS", "40")) // len(STEPS)
SLOW_DOT = "postconf -P '198.51.100.3:2525/inet/smtpd_end_of_data_restrictions=sleep,1'; postfix reload"
IMPATIENT = {"relay": {"connect-timeout": "3s", "command-timeout": "6s", "data-timeout": "6s", "write-timeout": "6s",
                       "end-timeout": "10s"}}


class Transfer:
    """One mail (at "second" two) that stands still at its step until the failure, then goes on as far as it can."""

    def __init__(self, wire, label, step, before, source):
        self.wire, self.label, self.step, self.before, self.source = wire, label, step, before, source
        self.labels = [f"{label}-first", label] if step == "second" else [label]
        self.sent = {one: mails.compose(one, 30000, SEED) for one in self.labels}
        self.answers = {one: None for one in self.labels}  # the code that decided, None without one
        self.dotted = False  # the dot was sent before the failure
        self.ready, self.failed = threading.Event(), threading.Event()
        self.fault, self.gone = None, False
        self.thread = threading.Thread(target=self.guarded)

    def guarded(self):
        try:
            with smtp.Client(self.wire, "198.18.0.25", self.source, timeout=120) as self.client:
                self.client.hello()
                for one in self.labels:
                    self.answers[one] = self.run(one, self.step if one == self.label else None)
        except (OSError, smtp.Gone) as error:
            if not self.failed.is_set() and not self.dotted:
                self.fault = f"{type(error).__name__}: {error}"
            self.gone = True
        except AssertionError as error:
            self.fault = str(error)
        self.ready.set()

    def wait(self, here):
        """At the step: lets the others know, and waits for the failure."""
        if here:
            self.ready.set()
            self.failed.wait()

    def run(self, label, step):
        client, content = self.client, smtp.stuffed(self.sent[label])
        reply = client.say("MAIL FROM:<sender@example.com> BODY=8BITMIME")
        self.wait(step in ("mail", "second"))
        if reply.code == 250:
            reply = client.say(f"RCPT TO:<{RECIPIENT}>")
        self.wait(step == "rcpt")
        if reply.code == 250:
            reply = client.say("DATA")
        self.wait(step == "data")
        if reply.code != 354:
            return reply.code
        client.send(content[:15000])
        self.wait(step == "half")
        client.send(content[15000:])
        self.wait(step == "whole")
        if step == "dot":
            self.dotted = True
            self.ready.set()
            self.hold.wait()
            time.sleep(DOTS - self.before)
        client.send(b".\r\n")
        reply = client.reply()
        self.wait(step == "done")
        return reply.code

    def cut(self):
        """barscreen is gone: only what it said before can still be read."""
        with contextlib.suppress(OSError, AttributeError):
            self.client.socket.shutdown(socket.SHUT_RDWR)


DOTS = 1.2  # seconds in which the dots are sent


def round_of(here, number, fail, mend):
    """All steps once. `fail()` makes the failure, `mend()` ends it; what it returns is the transfers, all over."""
    hold = threading.Event()
    transfers = []
    for at, (step, before) in enumerate(STEPS):
        source = here.wire.source(socket.AF_INET, number * len(STEPS) + at + 1)
        transfer = Transfer(here.wire, f"{number}-{step}-{at}", step, before, source)
        transfer.hold = hold
        transfers.append(transfer)
        transfer.thread.start()
    for transfer in transfers:
        expect(transfer.ready.wait(120), f"{transfer.label} never came to its step")
        expect(not transfer.fault, f"{transfer.label}: {transfer.fault}")
    hold.set()
    time.sleep(DOTS)
    fail()
    for transfer in transfers:
        transfer.failed.set()
    mend(transfers)
    for transfer in transfers:
        transfer.thread.join()
        expect(not transfer.fault, f"{transfer.label}: {transfer.fault}")
    return transfers


def delivered(here):
    """label: the mails. A copy that Postfix made of its own queue file is none: killed between a delivery and its note
    of that, it delivers again."""
    found, seen = {}, set()
    for path in here.maildir.files(RECIPIENT):
        with open(path, "rb") as file:
            queue_id = peers.queue_id(file.read(2000))
        if queue_id not in seen:
            seen.add(queue_id)
            content = here.maildir.content(path)
            found.setdefault(mails.NUMBER.search(content).group(1).decode(), []).append(content)
    return found


def judge(transfers, here, unsure):
    """The table, by step, and the faults. `unsure(transfer)`: the mail server may have the mail though it could not say
    so."""
    found = delivered(here)
    table, faults = collections.defaultdict(collections.Counter), []
    for transfer in transfers:
        for label in transfer.labels:
            code, count = transfer.answers[label], len(found.get(label, ()))
            said = "250" if code == 250 else "no" if code is None else f"{code // 100}xx"
            column = f"{said}, {'absent' if count == 0 else 'delivered' if count == 1 else 'doubled'}"
            step = f"{transfer.step} -{transfer.before}s" if transfer.before else transfer.step
            table["first of two" if label != transfer.label else step][column] += 1
            right = {"250": count == 1, "4xx": count == 0, "no": count == 0}.get(said, False)
            may_be = said in ("4xx", "no") and count == 1 and label == transfer.label and unsure(transfer)
            if not right and not may_be:
                faults.append(f"{label} was answered {code} and is there {count} times")
            if any(content != transfer.sent[label] for content in found.get(label, ())):
                faults.append(f"{label} is there, but changed")
    return table, faults


def show(title, table):
    columns = sorted({column for row in table.values() for column in row})
    width = max(map(len, table))
    print(f"{title}: transfers by step, the client's answer and what was delivered")
    print("  ".join([" " * width] + columns))
    for step, row in table.items():
        print("  ".join([step.ljust(width)] + [str(row[column]).rjust(len(column)) for column in columns]), flush=True)


def sigkill(peer):
    return peer.kill, peer.start


def sigstop(peer):
    return lambda: peer.signal(signal.SIGSTOP), lambda: peer.signal(signal.SIGCONT)


def reset(peer):
    return peer.inner.reset, lambda: None


def half_open(peer):
    return peer.inner.cut, peer.inner.mend


@cases({failure.__name__: (failure,) for failure in (sigkill, sigstop, reset, half_open)})
def backend_killed(failure):
    rounds = max(1, BACKEND_ROUNDS // 4)
    with relay(change=IMPATIENT, script=SLOW_DOT) as here:
        begin, end = failure(here.peer)

        def mend(transfers):
            """Only when barscreen has given up by itself, but where the failure is over at once."""
            if failure in (sigstop, half_open):
                for transfer in transfers:
                    transfer.thread.join()
            end()

        transfers = []
        for number in range(rounds):
            transfers += round_of(here, number, begin, mend)
            silent = [transfer.label for transfer in transfers if transfer.gone]
            expect(not silent, f"barscreen left its client without an answer: {silent}")
        expect(here.peer.drained(), "still in the queue")
        time.sleep(2)  # what a stopped smtpd still had to read
        expect(here.peer.drained(), "still in the queue")
        # A stopped mail server reads what its kernel took for it, dot and all, when it goes on.
        sent = ("dot",) if failure != sigstop else ("data", "half", "whole", "dot")
        table, faults = judge(transfers, here, lambda transfer: transfer.step in sent)
        show(f"mail server: {failure.__name__}", table)
        expect(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            expect_equal(client.mail(b"Subject: after\r\n\r\n", [RECIPIENT])[-1].code, 250, "mail after all that")


@case
def barscreen_killed():
    with relay(script=SLOW_DOT) as here:
        def mend(transfers):
            for transfer in transfers:
                transfer.cut()
                transfer.thread.join()
            here.barscreen.start()

        transfers = []
        for number in range(max(1, BARSCREEN_ROUNDS)):
            transfers += round_of(here, number, here.barscreen.kill, mend)
        time.sleep(2)
        expect(here.peer.drained(), "still in the queue")
        table, faults = judge(transfers, here, lambda transfer: transfer.dotted)
        show("barscreen: SIGKILL", table)
        expect(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
