# SPDX-License-Identifier: BSD-3-Clause
"""Checks of the client's name, HELO and sender, and SPF, asked in a real DNS: each observed and enforced, their scores, where a refusal
is given, what is written above the mail, and that `explain` says what the client is told.

The clients' network is a reserved one that networks.trusted lets in: servers of senders may be in it, too."""
import contextlib

from cases import case, cases, expect, expect_equal, expect_reply
from dns import dns_world
import mails
import smtp

TARGET = "198.18.0.25"
GOOD, NAMELESS, UNCONFIRMED, DIALUP = "198.18.7.1", "198.18.7.2", "198.18.7.3", "198.18.7.4"
NAME, DIALUP_NAME = "mx.good.test", "198-18-7-4.dsl.access.test"
NAMES = {GOOD: NAME, DIALUP: DIALUP_NAME}  # that are confirmed
CONTACT = "https://example.org/mail"
RECIPIENT = "a@example.org"

ZONES = {
    "good.test": '@ MX 10 mx\n@ TXT "v=spf1 mx -all"\nmx A 198.18.7.1\nmx TXT "v=spf1 a -all"',
    "access.test": "198-18-7-4.dsl A 198.18.7.4\n198-18-7-1.dsl A 198.18.7.1",
    "other.test": "@ MX 10 mx\n@ A 198.19.9.9\nmx A 198.19.9.9",
    "strict.test": '@ MX 10 mx\n@ TXT "v=spf1 -all"\nmx A 198.18.7.1',
    "soft.test": '@ MX 10 mx\n@ TXT "v=spf1 ~all"\nmx A 198.18.7.1',
    "neutral.test": '@ MX 10 mx\n@ TXT "v=spf1 ?all"\nmx A 198.18.7.1',
    "silent.test": "@ MX 10 mx\nmx A 198.18.7.1",
    "faulty.test": '@ MX 10 mx\n@ TXT "v=spf1 nonsense:x -all"\nmx A 198.18.7.1',
    "nullmx.test": "@ MX 0 .",
    "bogon.test": "@ MX 10 mx\nmx A 10.0.0.1",
    "ours.test": f"@ MX 10 mx\nmx A {TARGET}",
}

# Those that only score are told 554 5.7.1 for a 450.
SCORED = "554 5.7.1 "
ROWS = {  # suffix: (check, client, HELO, sender's domain, what the client is told)
    "name-missing": ("name-missing", NAMELESS, NAME, "good.test",
                     SCORED + f"Client host rejected: cannot find your reverse hostname, [{NAMELESS}]"),
    "name-unconfirmed": ("name-unconfirmed", UNCONFIRMED, NAME, "good.test",
                         SCORED + f"Client host rejected: cannot find your hostname, [{UNCONFIRMED}]"),
    "name-dynamic": ("name-dynamic", DIALUP, NAME, "good.test",
                     f"550 5.7.1 Client host rejected: looks like a dialup: {DIALUP_NAME}"),
    "helo-syntax": ("helo-syntax", GOOD, "localhost", "good.test",
                    "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"),
    "helo-literal": ("helo-literal", GOOD, "[198.18.9.9]", "good.test",
                     "501 5.5.2 <[198.18.9.9]>: Helo command rejected: address is not yours"),
    "helo-numeric": ("helo-numeric", GOOD, GOOD, "good.test",
                     f"501 5.5.2 <{GOOD}>: Helo command rejected: numeric name"),
    "helo-ours-name": ("helo-ours", GOOD, "mx1.example.org", "good.test",
                       "550 5.7.1 <mx1.example.org>: Helo command rejected: this is our name"),
    "helo-ours-domain": ("helo-ours", GOOD, "example.net", "good.test",
                         "550 5.7.1 <example.net>: Helo command rejected: this is our name"),
    "helo-ours-address": ("helo-ours", GOOD, f"[{TARGET}]", "good.test",
                          f"550 5.7.1 <[{TARGET}]>: Helo command rejected: this is our name"),
    "helo-unresolved": ("helo-unresolved", GOOD, "nowhere.good.test", "good.test",
                        SCORED + "<nowhere.good.test>: Helo command rejected: Host not found"),
    "helo-other": ("helo-other", GOOD, "other.test", "good.test",
                   "550 5.7.1 <other.test>: Helo command rejected: not the client's name"),
    "helo-dynamic": ("helo-dynamic", GOOD, "198-18-7-1.dsl.access.test", "good.test",
                     "550 5.7.1 <198-18-7-1.dsl.access.test>: Helo command rejected: looks like a dialup"),
    "helo-spf-fail": ("helo-spf-fail", GOOD, "strict.test", "good.test",
                      "550 5.7.23 <strict.test>: Helo command rejected: SPF validation failed: "),
    "sender-domain": ("sender-domain", GOOD, NAME, "nowhere.test",
                      "550 5.1.8 <{sender}>: Sender address rejected: Domain not found"),
    "sender-null-mx": ("sender-null-mx", GOOD, NAME, "nullmx.test",
                       "550 5.7.27 <{sender}>: Sender address rejected: Domain nullmx.test does not accept mail (nullMX)"),
    "sender-mx-bogon": ("sender-mx", GOOD, NAME, "bogon.test",
                        "550 5.1.8 <{sender}>: Sender address rejected: Domain bogon.test has no usable mail server: "
                        "mx.bogon.test [10.0.0.1] is reserved"),
    "sender-mx-ours": ("sender-mx", GOOD, NAME, "ours.test",
                       "550 5.1.8 <{sender}>: Sender address rejected: Domain ours.test has no usable mail server: "
                       f"mx.ours.test [{TARGET}] is ours"),
    "sender-other": ("sender-other", GOOD, NAME, "other.test",
                     "550 5.7.1 <{sender}>: Sender address rejected: not the client's domain"),
    "spf-fail": ("spf-fail", GOOD, NAME, "strict.test",
                 "550 5.7.23 <{sender}>: Sender address rejected: SPF validation failed: "),
    "spf-softfail": ("spf-softfail", GOOD, NAME, "soft.test",
                     "550 5.7.23 <{sender}>: Sender address rejected: SPF validation failed: "),
    "spf-neutral": ("spf-neutral", GOOD, NAME, "neutral.test",
                    "550 5.7.23 <{sender}>: Sender address rejected: SPF says nothing: "),
    "spf-none": ("spf-none", GOOD, NAME, "silent.test",
                 "550 5.7.23 <{sender}>: Sender address rejected: no SPF record: "),
    "spf-permerror": ("spf-permerror", GOOD, NAME, "faulty.test",
                      "550 5.7.24 <{sender}>: Sender address rejected: SPF record is faulty: "),
}
CHECKS = sorted({row[0] for row in ROWS.values()} | {"spf-pass"})
REFUSING = {"helo-ours", "helo-spf-fail", "sender-domain", "sender-null-mx", "sender-mx", "spf-fail"}  # whatever they weigh


def all_off():
    return {check: "off" for check in CHECKS + ["greylist"]}


@contextlib.contextmanager
def judging(checks=None, sections=None, prepare=lambda dns: None):
    """A bench whose DNS has ZONES and whose section checks { } is this."""
    with dns_world() as dns:
        for name, records in ZONES.items():
            dns.zone(name, records)
        dns.ptr(GOOD, NAME)
        dns.ptr(UNCONFIRMED, NAME)
        dns.ptr(DIALUP, DIALUP_NAME)
        prepare(dns)
        with dns.bench(change={"checks": checks or {}, **(sections or {})}) as here:
            yield here, dns


def change(here, checks):
    for key, value in checks.items():
        here.barscreen.ask("set", f"checks.{key}", value)


def send(here, client, helo, sender, content=None, to=(RECIPIENT,)):
    """One mail; the reply that decided: of EHLO, MAIL, RCPT, or of the mail's end."""
    with smtp.Client(here.wire, TARGET, here.wire.take(client)) as session:
        hello = session.hello(helo)
        if hello.code != 250:
            return hello
        reply = session.mail(content or mails.compose(sender, 1500, 1), to, sender)[-1]
        session.quit()
        return reply


def counts(here, check):
    return here.barscreen.control("stats")["worker"]["total"]["checks"][check]


def expect_line(here, word, verb, client, reply, sender, helo):
    """Postfix's line about a refusal, whole."""
    to = f" to=<{RECIPIENT}>" if verb == "RCPT" else ""
    line = here.barscreen.logged(f"NOQUEUE: {word}: ", f"from=<{sender}>", seconds=20)
    expect(line, f"no {word} of {sender}")
    wanted = (f"NOQUEUE: {word}: {verb} from {NAMES.get(client, 'unknown')}[{client}]: {reply}", f"; from=<{sender}>{to} "
              f"proto=ESMTP helo=<{helo}> ")
    for part in wanted:
        expect(part in line, f"{part!r} is not in {line!r}")


def explained(here, client, helo, sender, *more):
    return here.barscreen.control("explain", client, "--helo", helo, "--from", sender, "--to", RECIPIENT, *more)


def explained_check(answer, check):
    return next(one for one in answer["checks"] if one["check"] == check)


def try_row(here, suffix):
    """Observed, it lets the mail come and says what it would do; enforced, it does it, and explain tells the same."""
    check, client, helo, domain, told = ROWS[suffix]
    weight = 0 if check in REFUSING else 1.5
    before = counts(here, check)
    for mode in ("observe", "enforce"):
        sender = f"{suffix}.{mode}@{domain}"
        reply = told.format(sender=sender)
        change(here, {check: mode})
        answer = explained(here, client, helo, sender)
        row = explained_check(answer, check)
        seen = send(here, client, helo, sender)
        expect_equal((row["mode"], row["outcome"], row["score"], row["observed-score"]),
                     (mode, "hit", weight if mode == "enforce" else 0, weight if mode == "observe" else 0), f"{suffix} explained")
        if mode == "observe":
            expect_reply(seen, 250)
            expect_line(here, "reject_warning", "RCPT", client, reply, sender, helo)
            expect(answer["reply"].startswith("250 ") and answer["observed"].startswith(reply), f"{suffix} explained: {answer}")
        else:
            expect(str(seen).startswith(reply) and str(seen).endswith(f"; for help: {CONTACT}"), f"{suffix}: {seen}, not {reply}")
            expect_line(here, "reject", "RCPT", client, str(seen), sender, helo)
            expect_equal(answer["reply"], str(seen), f"{suffix}: the reply that explain tells")
            expect_equal(answer["precedence"][:2], "6:", "precedence")
    after = counts(here, check)
    expect_equal([after[key] - before[key] for key in ("hit", "answered", "unknown")], [2, 1, 0], f"counters of {suffix}")
    change(here, {check: "off"})


@cases({"name": ("name-",), "helo": ("helo-",), "sender": ("sender-",), "spf": ("spf-",)})
def rows(prefix):
    """Every row of the table, alone."""
    weights = {f"{check}-score": "0" if check in REFUSING else "1.5" for check in CHECKS}
    with judging({**all_off(), **weights}) as (here, _):
        for suffix in ROWS:
            if suffix.startswith(prefix):
                try_row(here, suffix)
