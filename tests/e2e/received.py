# SPDX-License-Identifier: BSD-3-Clause
"""What stands above a delivered mail, and that nothing is ever decided by what its own Received headers say."""
import os
import tempfile

from cases import case, expect, expect_equal, expect_reply
from daemon import until
from judging import CHECKS, DIALUP_NAME, GOOD, NAME, RECIPIENT, TARGET, ZONES, judging, reload_checks, send
import smtp


def delivered(here):
    """The one new mail of RECIPIENT with all that stands above it, its lines unfolded; it is taken out."""
    paths = here.maildir.files(RECIPIENT)
    expect_equal(len(paths), 1, "mails")
    with open(paths[0], "rb") as file:
        content = file.read().decode("latin-1")
    os.unlink(paths[0])
    return content.replace("\r\n\t", " ").split("\r\n")


FORGED = ["Authentication-Results: mx1.example.org; spf=pass smtp.mailfrom=forged.test",
          "AUTHENTICATION-RESULTS : (a comment)\r\n mx1.example.org; dkim=pass header.d=forged.test",
          "Received-SPF: pass (forged.test) receiver=mx1.example.org; client-ip=192.0.2.1"]
HONEST = ["Authentication-Results: mx.elsewhere.test; dkim=pass header.d=elsewhere.test",
          "Received-SPF: pass (elsewhere.test) receiver=mx.elsewhere.test; client-ip=192.0.2.1"]


PLAIN = ["From: a@good.test", "Subject: trace", ""]
BODY = ["Authentication-Results: mx1.example.org; in the body it is text", ""]
GOOD6 = "2001:2:0:7::1"


def try_above(here, client, target, bracket):
    content = "\r\n".join(FORGED[:2] + HONEST + FORGED[2:] + PLAIN + BODY).encode()
    with smtp.Client(here.wire, target, here.wire.take(client)) as session:
        session.hello(NAME)
        expect_equal(session.mail(content, [RECIPIENT], "a@good.test")[-1].code, 250, "the mail")
        session.quit()
    lines = delivered(here)
    expect(lines[0].startswith("Authentication-Results: mx1.example.org; spf=pass ("), f"top: {lines[0]}")
    for part in (" smtp.mailfrom=a@good.test", f" smtp.helo={NAME}", "iprev=pass policy.iprev=", f"({NAME})"):
        expect(part in lines[0], f"{part!r} is not in {lines[0]!r}")
    for at, identity in ((1, "mailfrom"), (2, "helo")):
        expect(lines[at].startswith("Received-SPF: pass (mx1.example.org: "), f"line {at}: {lines[at]}")
        for part in (f"identity={identity}; client-ip=", client, 'envelope-from="a@good.test"', f"helo={NAME}"):
            expect(part in lines[at], f"{part!r} is not in {lines[at]!r}")
    expect(lines[3].startswith(f"Received: from {NAME} ({NAME} {bracket}{client}]) by mx1.example.org "), f"line 3: {lines[3]}")
    expect_equal(lines[4:], HONEST + PLAIN + BODY, "what came with the mail")
    for words in ((f"client={NAME}[{client}]:", "status=sent"), (f"disconnect from {NAME}[{client}]",)):
        expect(here.barscreen.logged(*words), f"no line with {words}")


@case
def above_the_mail():
    """What was found out about the sender, then our Received with the confirmed name; what pretends to be ours is gone."""
    def with_ipv6(dns):
        dns.zone("good.test", ZONES["good.test"] + f"\nmx AAAA {GOOD6}")
        dns.ptr(GOOD6, NAME)
    with judging({}, None, with_ipv6) as (here, _):
        try_above(here, GOOD, TARGET, "[")
        try_above(here, GOOD6, "2001:2::25", "[IPv6:")


@case
def name_without_checks():
    """The first mail of a client that need not wait has its confirmed name, even when no check asks for it."""
    with judging({check: "off" for check in CHECKS}) as (here, _):
        expect_reply(send(here, GOOD, NAME, "a@good.test"), 250)
        expect(any(line.startswith(f"Received: from {NAME} ({NAME} [{GOOD}])") for line in delivered(here)), "not the confirmed name")


LISTED, DENIED = "198.18.7.9", "198.18.7.10"
STRICTEST = {check: "enforce" for check in CHECKS + ["greylist", "client-lists"]} | {"refuse-score": "0.01"}
CONFIGURATIONS = {"default": {}, "strictest": STRICTEST, "at-mail": STRICTEST | {"refuse-at": "mail"},
                  "at-connect": STRICTEST | {"refuse-at": "connect"}, "policyd-weight": {"preset": "policyd-weight"},
                  "observed": {check: "observe" for check in STRICTEST if check != "refuse-score"}}


def trace():
    """A mail through bad hands only."""
    bad = [LISTED, DENIED, "192.0.2.7", "10.0.0.1", "127.0.0.2", "203.0.113.99", "2001:db8::7"]
    hands = [f"Received: from {helo} ({name} [{prefix}{address}])\r\n\tby {address} with ESMTP; Thu, 1 Jan 1970 00:00:00 +0000"
             for address in bad for prefix in ["IPv6:" if ":" in address else ""]
             for helo, name in ((address, "unknown"), ("mx1.example.org", DIALUP_NAME), ("nowhere.test", "spam.test"))]
    return bad, "\r\n".join(hands + [f"X-Originating-IP: [{LISTED}]", "Subject: forwarded", "", "text", ""]).encode()


def try_received(here, name, checks, content):
    enforced = checks.get("client-lists", "enforce") == "enforce"
    expect(send(here, LISTED, NAME, "a@good.test").code // 100 == (5 if enforced else 2), f"{name}: who comes from a listed address")
    expect_reply(send(here, DENIED, NAME, "a@good.test"), 554, "5.7.1")
    sender = f"{name}@good.test"
    first = send(here, GOOD, NAME, sender, content)
    expect(first.code == (451 if checks.get("greylist") == "enforce" else 250), f"{name}: the first is told {first}")
    # Greylisting, which does not look at them either, is over with the retry.
    expect(until(lambda: send(here, GOOD, NAME, sender, content).code == 250, seconds=20, every=0.3), f"{name}: not accepted")
    answer = here.barscreen.control("explain", GOOD, "--helo", NAME, "--from", sender)
    wanted = -5.35 if "refuse-score" in checks else -4.35 if checks.get("preset") else 0
    expect_equal(answer["score"], wanted, f"{name}: score")


@case
def received_is_not_judged():
    """Addresses and names in Received are never held against a mail, in no configuration, however bad they are."""
    bad, content = trace()
    denied = tempfile.NamedTemporaryFile("w", suffix=".deny")
    denied.write(f"{DENIED}\n192.0.2.7\n")
    denied.flush()
    sections = {'list "bad"': {"file": denied.name}, 'dnsl "bl.test"': {"families": "both", "score": "5"},
                "greylist": {"delay": "1s", "auto-allow": 0}}
    with denied, judging({}, sections, lambda dns: dns.list("bl.test", ["127.0.0.2", "::ffff:7f00:2"] + bad)) as (here, _):
        expect(until(lambda: here.barscreen.control("dnsl")["dns-lists"][0]["state"] == "counts"), "the list does not count")
        for name, checks in CONFIGURATIONS.items():
            reload_checks(here, checks)
            try_received(here, name, checks, content)
