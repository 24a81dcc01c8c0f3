# SPDX-License-Identifier: BSD-3-Clause
"""Mails through barscreen to a real Postfix and a real Dovecot, set up by the README's recipes: what was acknowledged
is in the mailbox once and unchanged, what was refused is not."""
import contextlib
import os
import shutil

from cases import FAMILIES, RECIPIENTS, bench, case, cases, expect, expect_equal, expect_reply
from transfer import RECIPIENT, SEED, Exchange, numbered
import mails
import peers
import roots
import smtp

MAILS, OTHERS = int(os.environ.get("RELAY_MAILS", "200")), int(os.environ.get("RELAY_OTHERS", "50"))
SOURCED = int(os.environ.get("RELAY_SOURCED", "200"))  # by smtp-source
SESSIONS = 100


@contextlib.contextmanager
def relay(kind="net_af_packet", peer=peers.Postfix, change=None, script="", backend=None, ours=True):
    """cases.bench() with a mail server behind barscreen: here.peer; its mailboxes are here.maildir. `script`: what is
    changed of the mail server after the recipe."""
    with bench(kind, change, start=False, recipients=()) as here:
        # A namespace that barscreen shares with its clients (net_tap) has the inner network too; no harm is done.
        shutil.rmtree(here.maildir.path)
        here.maildir = peers.Mailboxes(here.maildir.path, RECIPIENTS, ours)
        here.peer = peer(here.folder, here.maildir, here.wire.server, change=script)
        try:
            where = backend(here.peer) if backend else peers.backend(peer.title)
            here.barscreen.change({"": {"backend": where}})
            here.barscreen.start()
            yield here
        except BaseException as error:
            with contextlib.suppress(OSError):
                error.add_note("\n".join(here.peer.log().splitlines()[-15:]))
            raise
        finally:
            here.peer.close()


def carried_once(here, target, count, wrong=0):
    """`count` numbered mails through a hundred parallel sessions."""
    sent = numbered(count)
    exchange = Exchange(here.wire, target, sent, wrong=wrong).begin(SESSIONS).end()
    expect(not exchange.faults, f"{len(exchange.faults)} faults: " + "; ".join(exchange.faults[:5]))
    expect(here.peer.drained(), f"still in the queue: {len(here.peer.queued())}")
    faults = mails.compare(sent, exchange.acknowledged, here.maildir, RECIPIENT, exchange.refused)
    expect(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
    expect_equal(len(exchange.acknowledged), count, "mails acknowledged")
    expect_equal(len(here.maildir.files(RECIPIENT)), count, "mails in the mailbox")
    expect_equal(here.barscreen.counter("mails-accepted"), count, "counter mails-accepted")
    expect_equal(here.barscreen.stop(), 0, "exit status")


@cases({f"{kind}.{family}": (kind, family)
        for kind in ("net_af_packet", "net_tap", "net_af_xdp") for family in FAMILIES})
def mails_once(kind, family):
    with relay(kind) as here:
        count = MAILS if (kind, family) == ("net_af_packet", "ipv4") else OTHERS
        carried_once(here, here.wire.target(FAMILIES[family]), count, wrong=count // 5)


@case
def smtp_source():
    """Postfix's own load generator as the client."""
    with relay() as here:
        client = roots.Root("mail", here.wire.clients, os.path.join(here.folder, "root-client"), "client.example.com")
        try:
            client.run("smtp-source", "-s", str(SESSIONS), "-m", str(SOURCED), "-l", "4096", "-M", "client.example.com",
                       "-f", "sender@example.com", "-t", RECIPIENT, "inet:198.18.0.25:25")
        finally:
            client.end()
        expect(here.peer.drained(), f"still in the queue: {len(here.peer.queued())}")
        expect_equal(len(here.maildir.files(RECIPIENT)), SOURCED, "mails in the mailbox")
        expect_equal(here.barscreen.counter("mails-accepted"), SOURCED, "counter mails-accepted")


@cases({"tcp": (None,), "unix": (lambda dovecot: f"lmtp://{dovecot.run}/lmtp",)})
def dovecot(backend):
    with relay(peer=peers.Dovecot, backend=backend) as here:
        carried_once(here, "198.18.0.25", OTHERS, wrong=OTHERS // 5)


@cases({"postfix": (peers.Postfix,), "dovecot": (peers.Dovecot,)})
def answers(peer):
    """Each recipient's answer is the mail server's; one mail for several is one mail for each."""
    content = mails.compose("several", 20000, SEED)
    with relay(peer=peer) as here, smtp.Client(here.wire, "198.18.0.25") as client:
        client.hello()
        to = ["a@example.org", "nobody@example.org", "c@example.net", "somebody@elsewhere.example.com"]
        replies = client.mail(content, to, options=" BODY=8BITMIME")
        expect_equal([reply.code for reply in replies], [250, 250, 550, 250, 554, 354, 250], "replies")
        expect_reply(replies[2], 550, "5.1.1")
        # A second mail in the same session.
        again = mails.compose("again", 3000, SEED)
        expect_equal(client.mail(again, ["b@example.org"], options=" BODY=8BITMIME")[-1].code, 250, "second mail")
        client.quit()
        expect(here.peer.drained(), "still in the queue")
        for recipient, wanted in (("a@example.org", {"several": [content]}), ("c@example.net", {"several": [content]}),
                                  ("b@example.org", {"again": [again]})):
            expect_equal(here.maildir.mails(recipient), wanted, f"mails of {recipient}")


@case
def nobody_else_may_come_in():
    """Past barscreen there is no way in, and barscreen itself may not relay."""
    with relay() as here:
        stranger = "198.51.100.9"
        here.wire.server.ip("addr", "add", f"{stranger}/24", "dev", peers.LINK)
        for source, code in ((stranger, 554), (peers.BARSCREEN4, 250)):
            with smtp.Client(Inside(here.wire), peers.SERVER4, source, port=2525) as client:
                client.hello()
                replies = client.mail(b"Subject: in\r\n\r\n", ["a@example.org"])
                expect_equal(replies[-1].code, code, f"answer to {source}")
                expect_equal(client.mail(b"\r\n", ["x@elsewhere.example.com"])[-1].code, 554, f"relaying for {source}")


class Inside:
    """For smtp.Client: a client where barscreen is."""

    def __init__(self, wire):
        self.clients = wire.server
