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
    "nameless.test": "@ A 198.18.7.2",
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


def reload_checks(here, checks):
    """The section checks { } is this and nothing else."""
    here.barscreen.config["checks"] = dict(checks)
    here.barscreen.change({})
    here.barscreen.ask("reload")


def send(here, client, helo, sender, content=None, to=(RECIPIENT,)):
    """One mail; the reply that decided: of EHLO, MAIL, RCPT, or of the mail's end."""
    with smtp.Client(here.wire, TARGET, here.wire.take(client)) as session:
        hello = session.hello(helo)
        if hello.code != 250:
            return hello
        reply = session.mail(content or mails.compose(sender, 1500, 1), to, sender)[-1]
        session.quit()
        return reply


def send_any(here, client, helo, sender):
    """The same for a client that may not even be greeted."""
    with smtp.Client(here.wire, TARGET, here.wire.take(client)) as session:
        greeting = session.reply()
    return greeting if greeting.code != 220 else send(here, client, helo, sender)


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


@cases({"client": ("name-", "helo-"), "sender": ("sender-", "spf-")})
def rows(*prefixes):
    """Every row of the table, alone."""
    weights = {f"{check}-score": "0" if check in REFUSING else "1.5" for check in CHECKS}
    with judging({**all_off(), **weights}) as (here, _):
        for suffix in ROWS:
            if suffix.startswith(prefixes):
                try_row(here, suffix)


def expect_explained(here, client, helo, sender, reply, score):
    """`reply` was told, and explain tells it, too, with that score."""
    answer = explained(here, client, helo, sender)
    expect_equal(answer["score"], score, f"score of {client}, {helo}, {sender}")
    expect(reply.code == 250 and answer["reply"].startswith("250 ") or answer["reply"] == str(reply),
           f"explain tells {answer['reply']!r}, the client is told {str(reply)!r}")


def try_scores(here, expected):
    """[(client, HELO, sender, code and enhanced code, words of the reply, score)]"""
    for client, helo, sender, code, words, score in expected:
        reply = send(here, client, helo, sender)
        expect(str(reply).startswith(code) and words in str(reply), f"{client}, {helo}, {sender}: {reply}, not {code} {words}")
        expect_explained(here, client, helo, sender, reply, score)


@case
def scores():
    """Weights of hits and misses add up, from one total clients are deferred, from another refused; the heaviest says why."""
    rules = {**all_off(), "name-missing": "enforce", "name-missing-score": "0.6", "helo-other": "enforce",
             "helo-other-score": "0.7/-0.5", "spf-pass": "enforce", "spf-pass-score": "-0.4", "helo-syntax": "enforce",
             "helo-syntax-score": "0.5", "refuse-score": "1", "defer-score": "0.65"}
    with judging(rules) as (here, _):
        try_scores(here, [
            (GOOD, NAME, "a@silent.test", "250", "", -0.5),
            (GOOD, "localhost", "b@silent.test", "250", "", 0.5),
            (NAMELESS, "nameless.test", "c@silent.test", "250", "", 0.1),
            (GOOD, "other.test", "d@silent.test", "450 4.7.1", "<other.test>: Helo command rejected: not the client's name", 0.7),
            (GOOD, "other.test", "e@good.test", "250", "", 0.3),
            (NAMELESS, "other.test", "f@silent.test", "550 5.7.1", "<other.test>: Helo command rejected", 1.3),
            (NAMELESS, "localhost", "g@silent.test", "554 5.7.1", "cannot find your reverse hostname", 1.1),
        ])
        expect(here.barscreen.logged("checks of unknown[198.18.7.2]: ", "helo-other(other.test)+0.70", "name-missing(no_name)+0.60",
                                     "total=1.30"), "no line about the checks")
        expect(here.barscreen.logged("checks of mx.good.test", "spf-pass(", ")-0.40", "helo-other(other.test)+0.70", "total=0.30"),
               "no line with a weight below zero")
        expect(here.barscreen.logged("NOQUEUE: reject: RCPT from mx.good.test", ": 450 4.7.1 ", "from=<d@silent.test>"), "deferral")
        # Half of it is only observed.
        change(here, {"name-missing": "observe"})
        try_scores(here, [(NAMELESS, "other.test", "h@silent.test", "450 4.7.1", "<other.test>: Helo", 0.7),
                          (NAMELESS, "localhost", "i@silent.test", "250", "", 0.5)])
        expect(here.barscreen.logged("NOQUEUE: reject_warning: RCPT from unknown[198.18.7.2]: 554 5.7.1 Client host rejected",
                                     "from=<i@silent.test>"), "no warning")
        expect(here.barscreen.logged("checks of unknown[198.18.7.2]: ", "helo-syntax(no_fully_qualified_name)+0.50",
                                     "name-missing(no_name)+0.60?", "total=0.50"), "no line about what is observed")
        counters = {name: here.barscreen.counter(name) for name in ("judged-refused", "judged-deferred")}
        expect_equal(counters, {"judged-refused": 2, "judged-deferred": 2}, "counters")
        # policyd-weight: its weights, its threshold, nothing that it has not.
        reload_checks(here, {"preset": "policyd-weight"})
        try_scores(here, [
            (GOOD, NAME, "a@good.test", "250", "", -4.35),
            (GOOD, NAME, "a@strict.test", "250", "", -4.35),  # it knows no SPF
            (GOOD, NAME, "a@other.test", "250", "", 0.25),
            (GOOD, "other.test", "a@good.test", "250", "", -1.6),
            (GOOD, GOOD, "a@other.test", "501 5.5.2", "numeric name", 4),
            (NAMELESS, "other.test", "a@other.test", "550 5.7.1", "<other.test>: Helo command rejected", 3),
            (DIALUP, DIALUP_NAME, "a@other.test", "550 5.7.1", "looks like a dialup", 4),
            (DIALUP, DIALUP_NAME, f"a@{DIALUP_NAME}", "250", "", -0.6),
        ])


@case
def refuse_at():
    """rcpt: postmaster is reached. mail: MAIL is told no, and another may follow. connect: EHLO is."""
    with judging({**all_off(), "sender-domain": "enforce", "helo-ours": "enforce"}) as (here, _):
        wrong, right = "a@nowhere.test", "a@good.test"
        expect_reply(send(here, GOOD, NAME, wrong, to=["postmaster@example.org"]), 250)
        change(here, {"refuse-at": "mail"})
        with smtp.Client(here.wire, TARGET, here.wire.take(GOOD)) as session:
            session.hello(NAME)
            refused = session.say(f"MAIL FROM:<{wrong}>")
            expect_reply(refused, 550, "5.1.8", f"Domain not found; for help: {CONTACT}")
            expect_line(here, "reject", "MAIL", GOOD, str(refused), wrong, NAME)
            expect_reply(session.say("RCPT TO:<postmaster@example.org>"), 503)
            expect_equal(session.mail(mails.compose("right", 1000, 1), [RECIPIENT], right)[-1].code, 250, "a mail behind it")
        expect_reply(send(here, GOOD, "mx1.example.org", right), 550, "5.7.1", "this is our name")
        change(here, {"refuse-at": "connect"})
        with smtp.Client(here.wire, TARGET, here.wire.take(GOOD)) as session:
            refused = session.hello("mx1.example.org")
            expect_reply(refused, 550, "5.7.1", "<mx1.example.org>: Helo command rejected: this is our name")
            expect_line(here, "reject", "EHLO", GOOD, str(refused), "", "mx1.example.org")
            expect_reply(session.say(f"EHLO {NAME}"), 250)
            expect_reply(session.say(f"MAIL FROM:<{wrong}>"), 550, "5.1.8")
            expect_equal(session.mail(mails.compose("other", 1000, 1), [RECIPIENT], right)[-1].code, 250, "a mail behind it")
        change(here, {"name-missing": "enforce"})
        expect_reply(send(here, NAMELESS, NAME, right), 554, "5.7.1", "cannot find your reverse hostname")


@case
def trouble():
    """A DNS that fails refuses nobody; a sender's domain that it says nothing about is deferred when so configured."""
    rules = {check: "enforce" for check in CHECKS} | {"refuse-score": "0.01", "greylist": "off"}
    fast = {"dns": {"timeout": "200ms", "deadline": "2s"}}
    with judging(rules, fast, lambda dns: dns.bad_zone("trouble.test", "servfail")) as (here, dns):
        sender = "a@trouble.test"
        expect_reply(send(here, GOOD, NAME, sender), 250)
        expect_equal(explained_check(explained(here, GOOD, NAME, sender), "sender-domain")["outcome"], "unknown", "explained")
        here.barscreen.ask("set", "sender.on-dns-failure", "defer")
        reply = send(here, GOOD, NAME, sender)
        expect_reply(reply, 450, "4.1.8", f"<{sender}>: Sender address rejected")
        expect_line(here, "reject", "RCPT", GOOD, str(reply), sender, NAME)
        expect_equal(explained(here, GOOD, NAME, sender)["reply"], str(reply), "the reply that explain tells")
        expect_equal((counts(here, "sender-domain")["unknown"], counts(here, "sender-domain")["answered"]), (2, 1), "counters")
        here.barscreen.ask("set", "sender.on-dns-failure", "pass")
        dns.silence()
        try:
            for number, client in enumerate((NAMELESS, "198.18.7.77")):
                expect_reply(send(here, client, f"never{number}.asked.test", f"a@never{number}.test"), 250)
        finally:
            dns.speak()
        expect_equal(counts(here, "sender-domain")["answered"], 1, "answers when the DNS was silent")


@case
def explain():
    """For people a line a check and what it comes to; each rule of precedence; what is not asked is not run."""
    with judging({"name-missing": "enforce", "name-missing-score": "0.5", "refuse-score": "1"}) as (here, _):
        def ask(*words):
            return here.barscreen.ask("explain", *words, machine=False)
        envelope = ("--helo", "localhost", "--from", "a@strict.test", "--to", RECIPIENT)
        text = ask(NAMELESS, *envelope)
        reply = send(here, NAMELESS, "localhost", "a@strict.test")
        expect_reply(reply, 550, "5.7.23")
        for line in (f"Client      {NAMELESS}, name unknown, ", "Policy      of all", "Precedence  6: what the checks say",
                     f"Reply       {reply}", "Total       0.50, with what is observed "):
            expect(f"\n{line}" in f"\n{text}", f"{line!r} is not in\n{text}")
        words = {line.split()[0]: line.split() for line in text.splitlines() if line}
        answer = here.barscreen.control("explain", NAMELESS, *envelope)
        expect_equal({one["check"] for one in answer["checks"]} - set(words), set(), "checks without a line")
        expect_equal(words["name-missing"], "name-missing enforce hit +0.50 no name".split(), "line of name-missing")
        expect_equal(words["helo-syntax"][:4], "helo-syntax observe hit +1.50?".split(), "line of helo-syntax")
        expect_equal(words["spf-fail"][:3], "spf-fail enforce hit".split(), "line of spf-fail")
        expect_equal(words["helo-dynamic"][:3], "helo-dynamic observe not-run".split(), "line of helo-dynamic")
        expect(all(one["means"] and one["stage"] for one in answer["checks"]), "a check does not say what it means")
        expect_equal(here.barscreen.control("explain", GOOD)["name"], NAME, "the confirmed name")
        alone = here.barscreen.control("explain", NAMELESS)
        expect_equal({one["outcome"] for one in alone["checks"] if one["stage"] in ("helo", "sender", "recipient")}, {"not-run"},
                     "checks of what was not asked about")
        # Relaying, postmaster, allow, deny: the same as in a session.
        for to in ("b@elsewhere.test", "nobody@example.org", "postmaster@example.org"):
            seen = send(here, NAMELESS, "localhost", "b@strict.test", to=[to])
            told = here.barscreen.control("explain", NAMELESS, "--helo", "localhost", "--from", "b@strict.test", "--to", to)
            expect(told["reply"] == str(seen) or told["reply"][:4] == str(seen)[:4] == "250 ", f"{to}: {told['reply']}, not {seen}")
        expect_equal(told["precedence"][:6], "3 or 4", "precedence of postmaster")
        for verb, rule in (("deny", "5:"), ("allow", "1:")):
            here.barscreen.ask(verb, "add", NAMELESS)
            seen, told = send_any(here, NAMELESS, "localhost", "c@strict.test"), here.barscreen.control("explain", NAMELESS, *envelope)
            expect(told["reply"] == str(seen) or told["reply"][:4] == str(seen)[:4] == "250 ", f"{verb}: {told}, not {seen}")
            expect_equal(told["precedence"][:2], rule, f"precedence after {verb}")
            expect_equal(explained_check(told, "spf-fail")["outcome"], "hit", f"spf-fail is run after {verb}")
        before = here.barscreen.control("stats")["worker"]["total"]["checks"]
        ask(NAMELESS, *envelope)
        expect_equal(here.barscreen.control("stats")["worker"]["total"]["checks"], before, "counters after explain")
        for wrong in (("elsewhere",), (GOOD, "--from", "a@"), (GOOD, "--to", "<>")):
            try:
                ask(*wrong)
            except RuntimeError:
                continue
            expect(False, f"explain {wrong} was answered")
