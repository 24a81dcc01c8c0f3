# SPDX-License-Identifier: BSD-3-Clause
"""A control thread that stands still, as in a page that has to come from a slow disk: packets come in, sessions are judged and mails arrive
as if nothing were; whoever asks control is told that it says nothing, and is answered when it goes on."""
import concurrent.futures
import contextlib
import ctypes
import os

from cases import FAMILIES, bench, case, expect, expect_equal, expect_reply
import daemon
import mails
import smtp

RECIPIENT = "a@example.org"
ROUNDS = 25  # of six clients
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # threads too
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if LIBC.ptrace(request, thread, None, None) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request} of thread {thread}")


@contextlib.contextmanager
def standing_still(thread):
    """This one thread of a process; the others run on."""
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    _, status = os.waitpid(thread, WALL)
    expect(os.WIFSTOPPED(status), f"thread {thread} has not stopped: {status:x}")
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH, thread)


def mail(here, family, number):
    with smtp.Client(here.wire, here.wire.target(family), here.wire.source(family, number)) as client:
        client.hello()
        content = mails.compose(f"mail {number}", 3000, number)
        expect_equal(client.mail(content, [RECIPIENT])[-1].code, 250, f"mail {number}")
        client.quit()


def refused(here, family, number):
    with smtp.Client(here.wire, here.wire.target(family), here.wire.source(family, number)) as client:
        client.hello()
        client.say("MAIL FROM:<sender@example.com>")
        expect_reply(client.say("RCPT TO:<nobody@example.org>"), 550, "5.1.1")
        client.quit()


def early(here, family, number):
    """Speaks in the wait, and is told so by an lcore alone."""
    with smtp.Client(here.wire, here.wire.target(family), here.wire.source(family, number)) as client:
        client.send("EHLO early.example.com\r\n")
        expect_reply(client.reply(), 554)


def crowd(here, rounds):
    """One of each kind and family a round, each of a source of its own."""
    kinds = [(play, family) for play in (mail, refused, early) for family in FAMILIES.values()]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        plays = [pool.submit(play, here, family, 10 + number * len(kinds) + place)
                 for number in range(rounds) for place, (play, family) in enumerate(kinds)]
        for one in plays:
            one.result()


def trouble_of_asking(here):
    try:
        here.barscreen.control("status")
    except RuntimeError as error:
        return str(error)
    return ""


@case
def of_control():
    """Sessions of each kind in both families, each of a source nobody met before, so that its link-layer address is asked for too."""
    with bench(change={"waiting": {"wait": "2s"}, "limits": {"talking": 128}}) as here:
        with standing_still(here.barscreen.pid()):
            expect("said nothing for" in trouble_of_asking(here), "control goes on, or barscreenctl does not say what is the matter")
            crowd(here, ROUNDS)
            expect(daemon.until(lambda: here.barscreen.log().count("PREGREET") == 2 * ROUNDS), "the log stands still with control")
        expect_equal(len(here.maildir.files(RECIPIENT)), 2 * ROUNDS, "mails in the Maildir")
        for counter in ("mails-accepted", "recipients-accepted", "pregreets"):
            expect_equal(here.barscreen.counter(counter), 2 * ROUNDS, counter)
        expect_equal(here.barscreen.control("stats")["log"]["lines-lost"], 0, "lines of the log lost")
