# SPDX-License-Identifier: BSD-3-Clause
"""Who exists: files, patterns, catch-all and the mail server's word; spamtraps, bounces, harvest. And other rules for some of them."""
import os

from cases import bench, case, expect, expect_equal, expect_reply
from daemon import until
from dnsl import LISTED, listing
from listing import rcpt
from refusals import RECIPIENT, expect_closed
from relay import relay
from reload import refused, write
from sources import greeting
import smtp

ADDRESS = "198.18.0.25"

POSTFIX = r"""
    printf '%s\n' 'sales-1@example.org example.org/a/' 'sales-x@example.org example.org/a/' '@example.net example.net/c/' \
        'trap@example.org example.org/a/' >>/etc/postfix/mailboxes
    postmap /etc/postfix/mailboxes
    postconf -e 'recipient_delimiter = +'
    postfix reload
"""


def section(here, **more):
    """recipients { } with a file of each kind."""
    def file(name, *entries):
        path = os.path.join(here.folder, name)
        write(path, entries)
        return [path]
    return {"recipients": {"files": file("known", "# who is there", "a@example.org"), "catch-all": ["example.net"],
                           "regex-files": file("patterns", "sales-[0-9]+@example[.]org"),
                           "spamtraps": file("traps", "trap@example.org", "trap@example.net"), **more}}


def unknown(recipient):
    return f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"


def await_asked(here, recipient, wanted=1):
    def times():
        return here.peer.log().count(f"<{recipient}>: Recipient address rejected")
    until(lambda: times() >= wanted)
    expect_equal(times(), wanted, f"times that the mail server was asked for {recipient}")


@case
def files_and_backend():
    """What the files say, and with ask-backend = yes a real Postfix, which is asked once for each unknown recipient."""
    with relay(change={"dns": {"servers": "127.0.0.1"}}, script=POSTFIX) as here:
        here.barscreen.change(section(here))
        here.barscreen.control("reload")
        for recipient in ("a@example.org", "A@Example.ORG", "a+news@example.org", "sales-1@example.org", "x@example.net",
                          "postmaster@example.org"):
            expect_reply(rcpt(here, "198.18.1.1", recipient), 250)
        for recipient in ("b@example.org", "nobody@example.org", "sales-x@example.org", "trap@example.org"):
            expect_equal(str(rcpt(here, "198.18.1.2", recipient)), unknown(recipient), "reply")
        expect_equal(str(rcpt(here, "198.18.1.2", "trap@example.net")), unknown("trap@example.net"), "a trap in the catch-all")
        expect_equal(here.barscreen.counter("recipients-unknown"), 5, "unknown recipients")
        expect(here.barscreen.logged("550 5.1.1 <trap@example.org>", "[198.18.1.2]"), "no line about the trap")
        here.barscreen.change(section(here, **{"ask-backend": "yes"}))
        here.barscreen.control("reload")
        for recipient in ("a@example.org", "b@example.org", "sales-x@example.org", "x@example.net"):
            expect_reply(rcpt(here, "198.18.1.3", recipient), 250)
        for _ in range(3):
            expect_reply(rcpt(here, "198.18.1.3", "nobody@example.org"), 550, "5.1.1")
        for recipient in ("trap@example.org", "trap@example.net"):
            expect_equal(str(rcpt(here, "198.18.1.3", recipient)), unknown(recipient), "reply to who writes to a trap")
        await_asked(here, "nobody@example.org")
        expect("trap@" not in here.peer.log(), "the mail server was asked for a trap")


def session(here, source, recipients):
    """The replies to RCPT; the session is over behind a 421."""
    with smtp.Client(here.wire, ADDRESS, here.wire.take(source)) as client:
        client.hello()
        client.say("MAIL FROM:<sender@example.com>")
        codes = []
        for recipient in recipients:
            reply = client.say(f"RCPT TO:<{recipient}>")
            codes.append(reply.code)
            if reply.code == 421:
                expect_reply(reply, 421, "4.7.0")
                expect_closed(client)
                return codes
        expect_reply(client.say("QUIT"), 221)
        return codes


@case
def harvest():
    """More than five unknown ones, traps counted, end a session; over sessions they make a verdict. Not so for the allowed.
    A bounce has one recipient."""
    guesses = ["n1@example.org", "trap@example.org", "n2@example.org", "n3@example.org", "trap@example.net", "n4@example.org"]
    with bench(start=False, change={"verdicts": {"unknown-recipients": 12}}) as here:
        path = os.path.join(here.folder, "good")
        write(path, ["198.18.1.9"])
        here.barscreen.change({**section(here), 'list "good"': {"file": path, "action": "allow"}})
        here.barscreen.start()
        with smtp.Client(here.wire, ADDRESS) as client:
            client.hello()
            client.say("MAIL FROM:<>")
            expect_reply(client.say("RCPT TO:<a@example.org>"), 250)
            expect_reply(client.say("RCPT TO:<c@example.net>"), 550, "5.5.3")
        expect_equal(session(here, "198.18.1.1", guesses[:5] + [RECIPIENT]), [550] * 5 + [250], "five unknown ones")
        expect_equal(session(here, "198.18.1.1", guesses), [550] * 5 + [421], "six unknown ones")
        expect_equal(here.barscreen.counter("harvests"), 1, "harvests")
        expect_reply(greeting(here, ADDRESS, "198.18.1.1"), 220)
        expect_equal(session(here, "198.18.1.1", guesses[:2]), [550] * 2, "the thirteenth")
        expect(here.barscreen.logged("VERDICT harvest on [198.18.1.1]"), "no line about the verdict")
        expect_reply(greeting(here, ADDRESS, "198.18.1.1"), 554, part="unknown recipients")
        for _ in range(3):
            answers = session(here, "198.18.1.9", [f"n{number}@example.org" for number in range(8)] + [RECIPIENT])
            expect_equal(answers, [550] * 8 + [250], "to the allowed")
        expect_reply(greeting(here, ADDRESS, "198.18.1.9"), 220)
        expect_equal(here.barscreen.counter("verdicts-given"), 1, "verdicts given")
        bad_files(here)


def bad_files(here):
    """A faulty file of recipients, patterns or traps is named with its line, and what was in force stays."""
    for name, good, bad in (("known", "b@example.org", "b@@example.org"), ("patterns", "x@example[.]org", "(@example[.]org"),
                            ("traps", "t@example.org", "t")):
        path = os.path.join(here.folder, name)
        with open(path, encoding="ascii") as file:
            before = file.read().split()
        write(path, [good, bad])
        error = refused(here, "reload")
        expect(f"{path}:2: " in error and bad in error, f"the fault is not named: {error}")
        write(path, before if name != "known" else ["a@example.org", "b@example.org"])
        expect_equal(session(here, "198.18.1.2", ["a@example.org", "b@example.org", "x@example.org", "t@example.org"]),
                     [250, 550, 550, 550], f"answers with a faulty file of {name}")
    here.barscreen.control("reload")
    expect_equal(session(here, "198.18.1.2", ["a@example.org", "b@example.org"]), [250, 250], "answers after a reload")


PEOPLE = ["a@example.org", "b@example.org", "c@example.org", "d@example.org", "e@example.org", "f@example.org", "g@example.org",
          "a@example.net", "b@example.net", "b+news@example.org", "postmaster@example.org"]
POLICIES = {
    "checks": {"refuse-score": "3", "helo-syntax": "enforce", "helo-syntax-score": "3", "greylist": "off"},
    'dnsl "bl.test"': {"score": "3"},
    'dnsl "soft.test"': {"score": "3"},
    'policy "mode"': {"addresses": ["b@example.org"], "helo-syntax": "observe"},
    'policy "weight"': {"addresses": ["c@example.org"], "helo-syntax-score": "1"},
    'policy "grey"': {"addresses": ["d@example.org"], "greylist": "enforce"},
    'policy "lists"': {"addresses": ["e@example.org"], "lists": ["soft.test"]},
    'policy "no-lists"': {"addresses": ["f@example.org"], "lists": []},
    'policy "bare"': {"addresses": ["g@example.org"], "bare-newline": "observe"},
    'policy "threshold"': {"domains": ["example.net"], "refuse-score": "8"},
    'policy "one-of-them"': {"addresses": ["b@example.net"], "refuse-score": "2"},
}
BARE = b"Subject: bare\r\n\r\nhalf a line\nend\r\n"


@case
def policies():
    """Another mode, weight, threshold, DNS list and greylisting by address and domain; what differs after DATA is another mail."""
    listed, soft = LISTED["ipv4"], "198.18.7.9"
    with listing({"bl.test": [listed], "soft.test": [soft]}, POLICIES, recipients=PEOPLE) as (here, dns):
        dns.zone("example.com", "@ MX 10 mx\nmx A 198.18.200.25")
        for recipient, hello, source, code in (
                ("a@example.org", "nodot", "198.18.1.1", 504), ("a@example.org", listed, listed, 554),
                ("b@example.org", "nodot", "198.18.1.1", 250), ("B+news@example.org", "nodot", "198.18.1.1", 250),
                ("c@example.org", "nodot", "198.18.1.1", 250), ("c@example.org", "nodot", listed, 554),
                ("d@example.org", "host.example.com", "198.18.1.1", 451), ("e@example.org", "nodot", "198.18.1.1", 504),
                ("e@example.org", "host.example.com", listed, 250), ("e@example.org", "host.example.com", soft, 554),
                ("f@example.org", "host.example.com", listed, 250), ("f@example.org", "host.example.com", soft, 250),
                ("a@example.net", "nodot", listed, 250), ("b@example.net", "nodot", "198.18.1.1", 504),
                ("postmaster@example.org", "nodot", listed, 250)):
            reply = rcpt(here, source, recipient, hello=hello)
            expect_equal(reply.code, code, f"{recipient} from {source} ({hello}): {reply}")
        with smtp.Client(here.wire, ADDRESS, here.wire.take("198.18.1.1")) as client:
            client.hello()
            client.say("MAIL FROM:<sender@example.com>")
            for recipient, code in (("a@example.org", 250), ("g@example.org", 452), ("b@example.org", 250), ("d@example.org", 451),
                                    ("b@example.net", 250)):
                reply = client.say(f"RCPT TO:<{recipient}>")
                expect_reply(reply, code, {452: "4.5.3", 451: "4.7.1"}.get(code, ""))
            client.say("DATA")
            client.send(BARE + b".\r\n")
            expect_reply(client.reply(), 550, "5.5.2")
            client.say("MAIL FROM:<sender@example.com>")
            expect_reply(client.say("RCPT TO:<g@example.org>"), 250)
            expect_reply(client.say("RCPT TO:<a@example.org>"), 452, "4.5.3")
            client.say("DATA")
            client.send(BARE + b".\r\n")
            expect_reply(client.reply(), 250)
        expect_equal([len(here.maildir.files(one)) for one in ("a@example.org", "b@example.org", "g@example.org")], [0, 0, 1], "mails")
