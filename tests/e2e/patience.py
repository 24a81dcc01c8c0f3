# SPDX-License-Identifier: BSD-3-Clause
"""Who has to wait, how long, and for what: greylisting's keys, the wait by reputation, stutter, rates, overload."""
import contextlib
import os

from cases import FAMILIES, bench, case, expect, expect_equal, expect_reply, patient
from daemon import until
from dns import dns_world
import smtp

TARGET = "198.18.0.25"
RECIPIENT = "a@example.org"
# What is wrong with everybody in these tests.
OTHERS = {check: "off" for check in ("sender-domain", "sender-other", "helo-unresolved", "helo-other", "name-missing")}
MAIL = b"Subject: x\r\n\r\nx\r\n"


def rcpt(here, source, sender, helo="client.example.com", recipient=RECIPIENT):
    """What RCPT is answered."""
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        client.hello(helo)
        expect_reply(client.say(f"MAIL FROM:<{sender}>"), 250)
        reply = client.say(f"RCPT TO:<{recipient}>")
        expect_reply(client.say("QUIT"), 221)
        return reply


def delivers(here, source):
    """The reply to a whole mail; the source has a good session behind it."""
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        client.hello()
        reply = client.mail(MAIL, [RECIPIENT])[-1]
        client.say("QUIT")
        return reply


def refused(here, source, count):
    """So many sessions that are refused for good."""
    for _ in range(count):
        expect_reply(rcpt(here, source, "b@example.com", recipient="a@elsewhere.example"), 554)


def greeting(here, source):
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        reply = client.reply()
        with contextlib.suppress(smtp.Gone):  # closed behind 421
            client.say("QUIT")
        return reply


def configure(here, **keys):
    for key, value in keys.items():
        here.barscreen.ask("set", key.replace("__", ".").replace("_", "-"), value)


@patient
@case
def greylisting():
    """Observed, then enforced; by network, by the domain that SPF passes for; which scores, how often; over a restart."""
    near, beside, far = "198.18.7.1", "198.18.7.200", "198.18.8.1"
    with dns_world() as dns:
        dns.zone("pool.example", f"@ MX 10 mx\nmx A {near}\n@ TXT \"v=spf1 ip4:{near} ip4:{far} -all\"")
        with dns.bench(change={"checks": OTHERS, "greylist": {"auto-allow": 0}}) as here:
            reply = rcpt(here, near, "observed@example.com")
            expect_reply(reply, 250)
            expect(here.barscreen.logged("reject_warning: RCPT", "451 4.7.1", "Greylisted", "from=<observed@example.com>"),
                   "nothing says what would have been")
            expect(here.barscreen.logged("passes_in_300_s"), "the log does not say how long")

            configure(here, checks__greylist="enforce", greylist__delay="1h")
            for word in ("new", "early"):
                reply = rcpt(here, near, "b@example.com")
                expect_reply(reply, 451, "4.7.1", "Greylisted, try again later")
                expect("3600" not in str(reply) and "hour" not in str(reply), f"the reply says when: {reply}")
                expect(here.barscreen.logged(f"greylist({word}__passes_in_"), f"the log does not say how long: {word}")
            configure(here, greylist__delay="1s")
            expect(until(lambda: rcpt(here, near, "b@example.com").code == 250), "it never passes")
            expect_reply(rcpt(here, beside, "b@example.com"), 250)
            expect_reply(rcpt(here, far, "b@example.com"), 451)

            configure(here, greylist__key="spf-domain")
            expect_reply(rcpt(here, near, "b@pool.example"), 451)
            expect(until(lambda: rcpt(here, near, "b@pool.example").code == 250), "it never passes")
            expect_reply(rcpt(here, far, "b@pool.example"), 250)

            here.barscreen.stop()
            here.barscreen.start()  # what was set is forgotten, what was learned is not
            here.wire.taken.clear()
            configure(here, checks__greylist="enforce", greylist__delay="1h")
            expect_reply(rcpt(here, near, "b@example.com"), 250)
            expect_reply(rcpt(here, near, "c@example.com"), 451)
            configure(here, greylist__key="spf-domain")
            expect_reply(rcpt(here, far, "b@pool.example"), 250)

            configure(here, greylist__only_from_score="1", checks__refuse_score="9", checks__helo_syntax="enforce")
            expect_reply(rcpt(here, near, "d@example.com"), 250)
            expect_reply(rcpt(here, near, "d@example.com", helo="dialup"), 451)
            configure(here, greylist__only_from_score="all", checks__skip_score="-1", checks__spf_pass="enforce")
            expect_reply(rcpt(here, near, "e@pool.example"), 250)
            expect_reply(rcpt(here, near, "e@example.com"), 451)


@patient
@case
def memory_damaged():
    """The file is set aside, which is said, and mail comes in; what was remembered is lost, and no more."""
    with bench(change={"checks": {"greylist": "enforce"}, "greylist": {"delay": "1h"}}) as here:
        expect_reply(rcpt(here, "198.18.7.1", "b@example.com"), 451)
        expect_equal(here.barscreen.stop(), 0, "exit status")
        path = os.path.join(here.folder, "state", "memory.lmdb")
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            file.write(b"\xa5" * (size - size // 4))
        here.barscreen.start()
        here.wire.taken.clear()
        expect(any("memory.lmdb" in line and "damaged" in line
                   for line in here.barscreen.control("status")["limitations"]), "status does not say it")
        expect(any(name.startswith("memory.lmdb.damaged-") for name in os.listdir(f"{here.folder}/state")), "not kept")
        get = ("greylist", "get", "198.18.7.1", "b@example.com", RECIPIENT)
        expect_equal(here.barscreen.control(*get)["state"], "new", "the triplet")
        expect_reply(rcpt(here, "198.18.7.1", "b@example.com"), 451)
        expect_equal(here.barscreen.control(*get)["state"], "early", "the triplet when it was seen")


@contextlib.contextmanager
def waiting(here, source, count):
    """A client that is not greeted yet: with it `count` wait."""
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        expect(until(lambda: here.barscreen.counter("waiting") == count), f"{source} does not wait")
        yield client


@patient
@case
def reputation():
    """Known good at once, plain ones a second, the suspicious longer; remembered over a restart, and forgotten."""
    good, plain, bad = "198.18.7.1", "198.18.8.1", "198.18.9.1"
    with bench() as here:
        expect_reply(delivers(here, good), 250)
        refused(here, bad, 3)
        configure(here, waiting__wait="1s", waiting__suspicious_wait="4m")
        with waiting(here, bad, 1):
            expect_reply(greeting(here, plain), 220)
            expect_equal(here.barscreen.counter("waiting"), 1, "waiting when the plain one was greeted")
            configure(here, waiting__wait="4m")
            expect_reply(greeting(here, good), 220)
            with waiting(here, plain, 2):
                expect_reply(greeting(here, good), 220)
        here.barscreen.change({"waiting": {"wait": "4m"}})
        expect_equal(here.barscreen.stop(), 0, "exit status")
        here.barscreen.start()
        here.wire.taken.clear()
        expect_reply(greeting(here, good), 220)
        found = here.barscreen.control("remembered", "list")
        expect(good in str(found) and plain not in str(found), f"remembered: {found}")
        here.barscreen.ask("remembered", "del", good)
        with waiting(here, good, 1):
            here.barscreen.ask("allow", "add", plain)
            expect_reply(greeting(here, plain), 220)


@case
def teaser():
    """A first line at once; who takes it for the greeting is refused, who waits is greeted."""
    with bench(change={"waiting": {"wait": "4m", "teaser": "one moment"}}) as here:
        with waiting(here, "198.18.7.1", 1) as hasty:
            expect_equal(hasty.line(), "220-mx1.example.org one moment", "the first line")
            hasty.send("EHLO too.early.example.com\r\n")
            expect(hasty.line().startswith("554 "), "it is not refused")
            expect(here.barscreen.logged("PREGREET", "EHLO too.early"), "no PREGREET line")
        with waiting(here, "198.18.8.1", 1) as slow:
            expect_equal(slow.line(), "220-mx1.example.org one moment", "the first line")
            configure(here, waiting__wait="1s")
            expect(slow.line().startswith("220 mx1.example.org"), "no greeting behind it")
            expect_reply(slow.say("EHLO client.example.com"), 250)
            expect_equal(slow.mail(MAIL, [RECIPIENT])[-1].code, 250, "a mail")


def early(here, source):
    """The replies to a whole dialogue's beginning that comes before the greeting."""
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        client.send("EHLO too.early.example.com\r\n")
        replies = [client.reply(), client.reply()]
        replies.append(client.mail(MAIL, [RECIPIENT])[-1])
        return [reply.code for reply in replies]


def first_of(here, source, line):
    """The replies to a line of another protocol, and to NOOP behind it."""
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        client.reply()
        replies = [client.say(line)]
        with contextlib.suppress(smtp.Gone):
            replies.append(client.say("NOOP"))
        return replies


@case
def behaviour():
    """What is judged without a list: refused, only logged, or let be."""
    source = "198.18.7.1"
    get, header = "GET / HTTP/1.1", "Subject: buy"
    with bench(change={"remember": {"wait-ttl": "0s"}}) as here:
        for line in (get, header):
            replies = first_of(here, source, line)
            expect_reply(replies[0], 554, "5.7.0", "https://example.org/mail")
            expect_equal(len(replies), 1, f"replies to {line}")
            expect(here.barscreen.logged("NON-SMTP COMMAND from", line), f"no log line about {line}")
        configure(here, checks__non_smtp_command="observe", checks__header_command="observe")
        for line in (get, header):
            replies = first_of(here, source, line)
            expect(replies[0].code in (500, 502), f"reply to {line}: {replies[0]}")
            expect_reply(replies[1], 250)
            expect(here.barscreen.logged("warning: non-SMTP command from", line), f"no log line about {line}")

        configure(here, checks__pipelining="observe")
        with smtp.Client(here.wire, TARGET, source) as client:
            client.reply()
            client.send("HELO client.example.com\r\nMAIL FROM:<b@example.com>\r\n")
            expect_equal([client.reply().code, client.reply().code], [250, 250], "pipelined behind HELO")
            expect(here.barscreen.logged("warning: improper command pipelining after"), "no log line")

        expect_equal(bare(here, source), (550, 550), "bare newline and NUL, refused")
        for mode in ("observe", "off"):
            configure(here, checks__bare_newline=mode)
            expect_equal(bare(here, source), (250, 550), f"bare newline and NUL: {mode}")
        for path in here.maildir.files(RECIPIENT):
            with open(path, "rb") as file:
                expect(file.read().endswith(b"\r\nSubject: old\r\n\r\none\r\ntwo\r\n"), "not mended")
        expect_equal(len(here.maildir.files(RECIPIENT)), 2, "mails")
        expect(here.barscreen.logged("warning: message has bare <LF>, mended"), "no line of observe")
        expect_equal(here.barscreen.log().count("message has bare <LF>, mended"), 1, "lines of observe")

        configure(here, checks__early_talk="observe", waiting__wait="4m")
        expect_equal(early(here, source), [220, 250, 250], "early talk that is only observed")
        expect(here.barscreen.logged("PREGREET 28 after", "EHLO too.early"), "no log line")
        configure(here, checks__early_talk="off")
        expect_equal(early(here, source), [220, 250, 250], "early talk that nobody looks at")
        expect_equal(here.barscreen.log().count("PREGREET"), 1, "PREGREET lines")


def bare(here, source):
    """Codes for a mail with bare LF, and for one with NUL."""
    with smtp.Client(here.wire, TARGET, source) as client:
        client.hello()
        codes = [client.mail(content, [RECIPIENT])[-1].code
                 for content in (b"Subject: old\n\none\ntwo\r\n", b"Subject: zero\r\n\r\na\0b\r\n")]
        client.say("QUIT")
        return tuple(codes)


def stuttered(here, source):
    """What comes as the greeting, in the pieces in which it came, until it ends or is whole."""
    pieces = []
    with smtp.Client(here.wire, TARGET, here.wire.take(source)) as client:
        while not any(line[3:4] == b" " for line in b"".join(pieces).split(b"\r\n")[:-1]):
            pieces.append(client.socket.recv(1000))
            if len(pieces) == 2:
                expect_equal(here.barscreen.counter("stuttering"), 1, "gauge stuttering")
            expect(len(pieces) < 60, "it does not end when its time is over")
            expect(pieces[-1], f"closed within it: {pieces}")
        expect_reply(client.say("QUIT"), 221)
        expect(client.ended(), "still open after QUIT")
    expect_equal([len(piece) for piece in pieces[:3]], [1, 1, 1], "bytes at once")
    expect(len(pieces[-1]) > 10, "the rest did not come at once")
    return b"".join(pieces).decode("ascii")


@patient
@case
def stutter():
    """Of a list and of a verdict: bytes alone; when the time is over the rest comes, and it ends."""
    listed, guilty = "198.18.7.1", "198.18.8.1"
    with bench(start=False) as here:
        with open(f"{here.folder}/slow", "w", encoding="ascii") as file:
            file.write(f"{listed}\n")
        here.barscreen.change({'list "slow"': {"file": f"{here.folder}/slow", "action": "stutter"},
                               "verdicts": {"action": "stutter", "refused-sessions": 2},
                               "remember": {"wait-ttl": "0s"}})
        here.barscreen.start()
        configure(here, waiting__stutter_time="4s")
        text = stuttered(here, listed)
        expect("deny list" in text and "https://example.org/mail" in text, f"the list's text: {text}")
        refused(here, guilty, 2)
        text = stuttered(here, guilty)
        expect("554-" in text and "refused for a while" in text and "https://example.org/mail" in text,
               f"the verdict's text: {text}")
        expect_equal(here.barscreen.counter("stuttering"), 0, "gauge stuttering")
        expect_equal(here.barscreen.counter("stutters"), 2, "counter stutters")


@case
def rates():
    """Connections and mails of a source; exceptions have no limit, and neither has another source."""
    fast, spared = "198.18.7.1", "198.18.8.1"
    limits = {"connections": 3, "mails": 0, "window": "1h", "exceptions": ["198.18.8.0/24"]}
    with bench(change={"rates": limits}) as here:
        for source, last in ((fast, 421), (spared, 220)):
            expect_equal([greeting(here, source).code for _ in range(3)], [220] * 3, f"connections from {source}")
            expect_equal(greeting(here, source).code, last, f"the next from {source}")
        expect(here.barscreen.logged("Connection rate limit exceeded", f"[{fast}]"), "no log line")
        expect_reply(greeting(here, "198.18.9.1"), 220)
        configure(here, rates__connections="0", rates__mails="2")
        for source, last in ((fast, 450), (spared, 250)):
            expect_equal([delivers(here, source).code for _ in range(2)], [250] * 2, f"mails from {source}")
            reply = rcpt(here, source, "b@example.com")
            expect_equal(reply.code, last, f"the next mail from {source}")
            if last == 450:
                expect_reply(reply, 450, "4.7.1", "too many mails")
        expect_reply(delivers(here, "198.18.9.1"), 250)


@case
def careful_verdict():
    """Ten refused sessions and nine of ten: then 554 with reason and contact. An accepted mail or an entry forgives."""
    guilty, mixed, forgiven = "198.18.7.1", "198.18.8.1", "198.18.9.1"
    with bench() as here:
        refused(here, guilty, 9)
        expect_reply(greeting(here, guilty), 220)
        expect_equal(here.barscreen.counter("verdicts-given"), 0, "verdicts after 9 of 10 refused")
        refused(here, guilty, 1)
        expect(until(lambda: here.barscreen.counter("verdicts-given") == 1), "no verdict after 10 of 11")
        reply = greeting(here, guilty)
        expect_reply(reply, 554, part="refused for a while: your network")
        expect_reply(reply, 554, part="https://example.org/mail")
        expect(here.barscreen.logged("VERDICT repeated-refusals on", f"[{guilty}]"), "no line about the verdict")
        found = here.barscreen.control("sources", "--verdict", "repeated-refusals")["sources"]
        expect_equal([source["source"] for source in found], [guilty], "sources with it")
        here.barscreen.ask("allow", "add", guilty)
        expect_reply(greeting(here, guilty), 220)
        here.barscreen.ask("allow", "del", guilty)

        for _ in range(3):
            expect_reply(greeting(here, mixed), 220)
        refused(here, mixed, 12)
        expect_reply(greeting(here, mixed), 220)

        expect_reply(delivers(here, forgiven), 250)
        refused(here, forgiven, 20)
        expect_reply(greeting(here, forgiven), 220)
        expect_equal(here.barscreen.counter("verdicts-given"), 1, "verdicts")

        refused(here, mixed, 24)  # 36 of 40
        expect(until(lambda: here.barscreen.counter("verdicts-given") == 2), "no verdict at 90 per cent")
        expect_reply(greeting(here, mixed), 554)
        expect_equal(here.barscreen.ask("sources", "clear", mixed, machine=False), "1 verdict cleared\n", "clear")
        expect_reply(greeting(here, mixed), 220)


@case
def overload():
    """Waits are short and the suspicious are sent away while connections run short; status and log say so, and the
    allowed are served."""
    bad, allowed = "198.18.9.1", "198.18.10.1"
    change = {"limits": {"connections": 64, "half-open": 64, "talking": 64}, "waiting": {"stress-wait": "1s"}}
    with bench(change=change) as here, contextlib.ExitStack() as crowd:
        def connect(number):
            return crowd.enter_context(smtp.Client(here.wire, TARGET, here.wire.source(FAMILIES["ipv4"], number)))

        def stressed():
            return "running, in STRESS mode" in here.barscreen.ask("status", machine=False)

        here.barscreen.ask("allow", "add", allowed)
        refused(here, bad, 3)
        configure(here, waiting__wait="4m", waiting__suspicious_wait="4m")
        suspicious = crowd.enter_context(waiting(here, bad, 1))
        clients = [connect(number) for number in range(1, 41)]
        expect(until(lambda: here.barscreen.counter("waiting") == 41), "they do not wait")
        expect(not stressed() and not here.barscreen.counter("stress-entered"), "STRESS mode from 41 of 64")
        clients += [connect(number) for number in range(41, 55)]
        expect(here.barscreen.logged("entering STRESS mode with"), "no line about its beginning")
        expect(until(stressed), "status does not show it")
        expect_reply(suspicious.reply(), 421, part="too many clients at once")
        expect_reply(delivers(here, allowed), 250)
        expect_equal([client.reply().code for client in clients], [220] * len(clients), "greetings")
        for client in clients[:10]:
            client.quit()
        expect(until(lambda: here.barscreen.counter("connection-records") - here.barscreen.counter("time-wait") < 50),
               "they stay")
        expect(stressed() and "leaving STRESS" not in here.barscreen.log(), "it ended at 80 per cent")
        for client in clients[10:]:
            client.quit()
        expect(here.barscreen.logged("leaving STRESS mode with"), "no line about its end")
        expect(until(lambda: not stressed()), "status still shows it")
        expect_equal(here.barscreen.counter("stress-entered"), 1, "times that it began")
