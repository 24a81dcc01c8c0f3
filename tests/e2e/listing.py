# SPDX-License-Identifier: BSD-3-Clause
"""Allow and deny lists of both sides: who beats whom, what each action does, file formats, a million entries, reload."""
import json
import os

from cases import RECIPIENTS, bench, case, expect, expect_equal, expect_reply
from config import check
from daemon import until
from dns import dns_world
from refusals import RECIPIENT
from reload import refused, write
from sources import greeting
import smtp

ADDRESS = "198.18.0.25"
BLOCKED = ("5.7.1", "blocked using bad-clients")
ENTRIES = 1000000
HELLO = "client.example.com"


def rcpt(here, source, *recipients, sender="sender@example.com", hello=HELLO):
    """What the last RCPT is answered."""
    with smtp.Client(here.wire, ADDRESS, here.wire.take(source)) as client:
        client.hello(hello)
        expect_reply(client.say(f"MAIL FROM:<{sender}>"), 250)
        for one in recipients or [RECIPIENT]:
            reply = client.say(f"RCPT TO:<{one}>")
        expect_reply(client.say("QUIT"), 221)
        return reply


def lists(here, **given):
    """Files and sections: name_with_underscores=(keys, entries...); for the configuration, which is not read yet."""
    change = {}
    for name, (keys, *entries) in given.items():
        name = name.replace("_", "-")
        path = os.path.join(here.folder, name)
        write(path, entries)
        change[f'list "{name}"'] = {"file": path, **keys}
    here.barscreen.change(change)


DENY = {"action": "refuse"}
ALLOW = {"action": "allow"}


@case
def precedence():
    """Both sides' lists at once: the order of precedence, row by row."""
    with dns_world() as dns:
        dns.zone("good.test", '@ MX 10 mx\n@ TXT "v=spf1 ip4:198.18.1.1 ip4:198.18.1.2 -all"\nmx A 198.18.1.1')
        dns.zone("plain.test", "@ MX 10 mx\nmx A 198.18.1.1")
        dns.zone("example.com", "@ MX 10 mx\nmx A 198.18.1.1")
        dns.zone("dialup.test")
        dns.host("198.18.1.7", "host7.dialup.test")
        dns.host("198.18.1.1", "host1.dialup.test")
        with dns.bench(start=False, recipients=[*RECIPIENTS, "abuse@example.org", "c+news@example.net"]) as here:
            lists(here,
                  bad_clients=(DENY, "198.18.1.0/24"),
                  good_clients=(ALLOW, "198.18.1.9"),
                  bad_helo=({"of": "helo", **DENY}, "spam.example", ".spam.example"),
                  bad_names=({"of": "client-name", **DENY}, ".dialup.test"),
                  bad_senders=({"of": "sender", **DENY}, "spam.example.com", "bad@example.com"),
                  good_senders=({"of": "sender", **ALLOW}, "good.test", "plain.test"),
                  any_senders=({"of": "sender", "unverified": "yes", **ALLOW}, "friend@example.com"),
                  bad_recipients=({"of": "recipient", **DENY}, "b@example.org"),
                  good_recipients=({"of": "recipient", **ALLOW}, "c@example.net"))
            here.barscreen.start()
            denied_alone(here)
            allowed_beats_denied(here)
            sender_needs_spf(here)
            nobody_and_relay(here)
            at_run_time(here)


def denied_alone(here):
    """Each kind of deny list refuses at RCPT; the log names list, sender and recipient."""
    expect_reply(rcpt(here, "198.18.2.1"), 250)
    expect_reply(rcpt(here, "198.18.1.3"), 554, *BLOCKED)
    expect_reply(rcpt(here, "198.18.1.3"), 554, part="https://example.org/mail")
    line = here.barscreen.logged("reject: RCPT", "[198.18.1.3]", "bad-clients")
    expect(line and "from=<sender@example.com>" in line and f"to=<{RECIPIENT}>" in line, f"logged: {line}")
    for hello in ("spam.example", "MX.Spam.Example"):
        expect_reply(rcpt(here, "198.18.2.1", hello=hello), 554, "5.7.1", "(bad-helo)")
    expect_reply(rcpt(here, "198.18.2.1", hello="nospam.example"), 250)
    for sender in ("anybody@spam.example.com", "bad@example.com", "Bad+more@example.com"):
        expect_reply(rcpt(here, "198.18.2.1", sender=sender), 554, "5.7.1", "(bad-senders)")
    expect_reply(rcpt(here, "198.18.2.1", "b@example.org"), 554, "5.7.1", "(bad-recipients)")
    expect_reply(rcpt(here, "198.18.2.1", "b@example.org", RECIPIENT), 250)


def allowed_beats_denied(here):
    """Postmaster, abuse and allowed recipients by a denied client; an allowed client whatever else is denied."""
    for recipient in ("postmaster@example.org", "postmaster", "abuse@example.org", "c@example.net", "c+news@example.net"):
        expect_reply(rcpt(here, "198.18.1.3", recipient), 250)
    expect_reply(rcpt(here, "198.18.1.3", "abuse@example.net"), 550, "5.1.1")
    expect_reply(rcpt(here, "198.18.1.3", "c@example.net", RECIPIENT), 554, *BLOCKED)
    expect_reply(rcpt(here, "198.18.1.9", sender="x@spam.example.com", hello="spam.example"), 250)
    expect_reply(rcpt(here, "198.18.1.9", "b@example.org"), 250)


def sender_needs_spf(here):
    """198.18.1.1 is a denied client with a denied name; SPF passes for good.test."""
    expect_reply(rcpt(here, "198.18.1.1"), 554)
    expect_reply(rcpt(here, "198.18.1.1", sender="x@good.test"), 250)
    expect_reply(rcpt(here, "198.18.1.2", sender="x@good.test"), 250)
    expect_reply(rcpt(here, "198.18.1.3", sender="x@good.test"), 554, *BLOCKED)
    expect_reply(rcpt(here, "198.18.1.1", sender="x@plain.test"), 554, *BLOCKED)
    expect_reply(rcpt(here, "198.18.2.1", sender="x@good.test"), 550, "5.7.23")
    expect_reply(rcpt(here, "198.18.1.3", sender="friend@example.com"), 250)
    expect_reply(rcpt(here, "198.18.1.3", "b@example.org", sender="friend@example.com"), 250)
    expect_reply(rcpt(here, "198.18.1.3", sender="stranger@example.com"), 554, *BLOCKED)
    here.barscreen.control("allow", "add", "198.18.1.7")
    expect_reply(rcpt(here, "198.18.1.7"), 250)
    here.barscreen.control("allow", "del", "198.18.1.7")
    here.barscreen.change({'list "bad-clients"': {"action": "observe"}})
    here.barscreen.control("reload")
    expect_reply(rcpt(here, "198.18.1.7"), 554, "5.7.1", "blocked using bad-names")
    expect_reply(rcpt(here, "198.18.1.3"), 250)
    here.barscreen.change({'list "bad-clients"': {"action": "refuse"}})
    here.barscreen.control("reload")


def nobody_and_relay(here):
    """Unknown recipients and relaying are refused even to the allowed, who are not disconnected for them."""
    with smtp.Client(here.wire, ADDRESS, here.wire.take("198.18.1.9")) as client:
        client.hello()
        client.say("MAIL FROM:<sender@example.com>")
        expect_reply(client.say("RCPT TO:<x@elsewhere.example>"), 554, "5.7.1", "relay")
        for number in range(12):
            expect_reply(client.say(f"RCPT TO:<nobody{number}@example.org>"), 550, "5.1.1")
        expect_reply(client.say(f"RCPT TO:<{RECIPIENT}>"), 250)
        expect_reply(client.say("QUIT"), 221)
    expect_reply(rcpt(here, "198.18.1.3", "x@elsewhere.example", sender="friend@example.com"), 554, "5.7.1", "relay")
    expect_reply(rcpt(here, "198.18.1.3", "nobody@example.org", sender="friend@example.com"), 550, "5.1.1")


def at_run_time(here):
    """An entry made at run time comes before the files', but what allows comes first; afterwards all is as before."""
    here.barscreen.control("allow", "add", "198.18.1.3")
    expect_reply(rcpt(here, "198.18.1.3"), 250)
    here.barscreen.control("allow", "del", "198.18.1.3")
    expect_reply(rcpt(here, "198.18.1.3"), 554, *BLOCKED)
    said = here.barscreen.ask("deny", "add", "198.18.1.9", machine=False)
    expect("allowed by good-clients" in said, f"nothing says that the list beats it: {said}")
    expect_reply(rcpt(here, "198.18.1.9"), 250)
    here.barscreen.control("deny", "add", "198.18.1.0/24")
    here.barscreen.control("allow", "add", "198.18.1.7")
    expect_reply(rcpt(here, "198.18.1.7"), 250)
    expect_reply(rcpt(here, "198.18.1.9"), 250)
    expect_reply(greeting(here, ADDRESS, here.wire.take("198.18.1.3")), 554, part="deny list")


DROP = """; Spamhaus DROP List 2026/01/02 - (c) 2026 The Spamhaus Project SLU
; Last-Modified: Fri, 2 Jan 2026 11:11:11 GMT
198.18.3.0/24 ; SBL100001
198.18.4.0/25 ; SBL100002
"""
DROP_JSON = [{"cidr": "198.18.5.0/24", "sblid": "SBL100003", "rir": "ripencc"},
             {"cidr": "2001:2:0:5::/64", "sblid": "SBL100004", "rir": "arin"},
             {"type": "metadata", "timestamp": 1767352271, "size": 200, "records": 2, "copyright": "(c)", "terms": "-"}]


def answered(here, source):
    target = "2001:2::25" if ":" in source else ADDRESS
    try:
        smtp.Client(here.wire, target, here.wire.take(source), timeout=1).close()
    except TimeoutError:
        return False
    return True


def expect_dropped(here, source):
    """Its SYNs are counted, and none is answered; where all is slow it is a while before the first is sent."""
    before = here.barscreen.counter("syn-listed")

    def seen():
        expect(not answered(here, source), f"{source} was answered")
        return here.barscreen.counter("syn-listed") > before
    expect(until(seen), f"SYNs from {source} are not counted")


@case
def actions():
    """drop, stutter, greeting, observe, trusted relay; three files in one list, two of them Spamhaus's."""
    with bench(start=False, change={"waiting": {"wait": "60s"}, "smtp": {"unknown-recipients": 2}}) as here:
        paths = [os.path.join(here.folder, name) for name in ("drop.txt", "drop.json", "own")]
        for path, content in zip(paths, (DROP, "".join(json.dumps(one) + "\n" for one in DROP_JSON), "198.18.6.1-198.18.6.9\r\n")):
            with open(path, "w", encoding="ascii", newline="") as file:
                file.write(content)
        here.barscreen.change({'list "spamhaus"': {"files": paths, "action": "drop"}})
        lists(here, stuttered=({"action": "stutter"}, "198.18.7.1"), greeted=({"refuse-at": "connect", **DENY}, "198.18.7.2"),
              observed=({"action": "observe"}, "198.18.7.3"),
              relays=({"action": "trusted-relay"}, "198.18.7.4", "198.18.7.1"),
              bad_helo=({"of": "helo", **DENY}, "spam.example"), bad_senders=({"of": "sender", **DENY}, "spam.example.com"))
        here.barscreen.start()
        relay_does_not_wait(here)
        here.barscreen.control("set", "wait", "0s")
        for source in ("198.18.3.9", "198.18.4.127", "198.18.5.1", "198.18.6.9", "2001:2:0:5::1"):
            expect_dropped(here, source)
        for source in ("198.18.4.128", "198.18.6.10"):
            expect_reply(rcpt(here, source), 250)
        expect_reply(greeting(here, ADDRESS, here.wire.take("198.18.7.2")), 554, part="deny list")
        expect_reply(rcpt(here, "198.18.7.3"), 250)
        expect(here.barscreen.logged("[198.18.7.3]", "observed"), "nothing says what an observed list would have done")
        here.barscreen.change({'list "relays"': {"action": "observe"}})
        here.barscreen.control("reload")
        here.barscreen.control("set", "wait", "0s")
        with smtp.Client(here.wire, ADDRESS, here.wire.take("198.18.7.1")) as client:
            expect_equal([client.socket.recv(100) for _ in range(4)], [b"5", b"5", b"4", b"-"], "of the stutter")


def relay_does_not_wait(here):
    """A trusted relay is greeted at once though the wait is a minute, is not checked for its HELO, and wins over stutter;
    the sender and the recipient still count."""
    with smtp.Client(here.wire, ADDRESS, here.wire.take("198.18.2.1")):
        expect(until(lambda: here.barscreen.counter("waiting") == 1), "nobody waits")
        for source in ("198.18.7.4", "198.18.7.1"):
            expect_reply(rcpt(here, source, hello="spam.example"), 250)
        expect_equal(here.barscreen.counter("waiting"), 1, "still waiting, when the relays were served")
    expect_reply(rcpt(here, "198.18.7.4", sender="x@spam.example.com"), 554, "5.7.1", "(bad-senders)")
    expect_reply(rcpt(here, "198.18.7.4", "nobody@example.org"), 550, "5.1.1")


@case
def a_million():
    """Loaded at the start, changed by a reload, faulty: the running policy stays; run-time entries against it."""
    def entries(more=()):
        yield from (f"2.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(ENTRIES))
        yield from more

    with bench(start=False) as here:
        path = os.path.join(here.folder, "million")
        write(path, entries(["198.18.1.0/24"]))
        here.barscreen.change({'list "million"': {"file": path}})
        here.barscreen.start()
        expect_reply(rcpt(here, "198.18.1.3"), 554, "5.7.1", "blocked using million")
        expect_reply(rcpt(here, "198.18.2.3"), 250)
        write(path, entries(["198.18.2.0/24"]))
        answer = here.barscreen.control("reload")["lists"]
        expect_equal([(one["list"], one["entries-added"], one["entries-removed"]) for one in answer],
                     [("million", 1, 1)], "lists of the reload")
        expect_reply(rcpt(here, "198.18.1.3"), 250)
        expect_reply(rcpt(here, "198.18.2.3"), 554, "5.7.1", "blocked using million")
        here.barscreen.control("allow", "add", "198.18.2.3")
        here.barscreen.control("deny", "add", "198.18.1.3")
        expect_reply(rcpt(here, "198.18.2.3"), 250)
        expect_reply(greeting(here, ADDRESS, here.wire.take("198.18.1.3")), 554, part="deny list")
        write(path, entries(["198.18.1.1/24"]))
        error = refused(here, "reload")
        expect(f"{path}:{ENTRIES + 1}: " in error and "198.18.1.0/24" in error, f"the fault is not named: {error}")
        expect_reply(rcpt(here, "198.18.2.4"), 554, "5.7.1", "blocked using million")
        expect_reply(rcpt(here, "198.18.2.3"), 250)
        expect_reply(rcpt(here, "198.18.3.3"), 250)


X = {'list "x"': {"file": "FILE"}}
WRONG = [  # (sections, what is in FILE, words of the line; CONF:KEY is where the configuration has the key)
    ({'list "x"': {"file": "/nonexistent/list"}}, "", ["CONF:/nonexistent", "make it"]),
    ({'list "x"': {"action": "refuse"}}, "", ["barscreen.conf", "add file"]),
    ({'list "x"': {"file": "FILE", "files": ["FILE"]}}, "", ["CONF:files =", "write it in here"]),
    ({'list "x"': {"file": "FILE", "action": "refus"}}, "", ["CONF:refus", "refuse"]),
    ({'list "x"': {"file": "FILE", "of": "sender", "action": "drop"}}, "", ["CONF:drop", "of = client"]),
    ({'list "x"': {"file": "FILE", "action": "allow", "refuse-at": "connect"}}, "", ["CONF:refuse-at", "remove it"]),
    ({'list "x"': {"file": "FILE", "of": "helo", "refuse-at": "connect"}}, "", ["CONF:refuse-at", "of = client"]),
    ({'list "x"': {"file": "FILE", "unverified": "yes"}}, "", ["CONF:unverified", "remove it"]),
    ({'list "plain"': {"file": "FILE"}}, "", ['CONF:list "plain"', "give it another"]),
    (X, "192.0.2.0/24\n\n192.0.2.300\n", ["FILE:3:", "192.0.2.300"]),
    (X, "192.0.2.1/24\n", ["FILE:1:", "192.0.2.0/24"]),
    (X, '{"cidr":"192.0.2.0/24"}\n{"type":"metadata","records":2}\n', ["FILE:2:", "2"]),
    ({'list "x"': {"file": "FILE", "of": "helo"}}, "a.example b.example\n", ["FILE:1:", "each line"]),
    ({'list "x"': {"file": "FILE", "of": "sender"}}, "good.example\na@b@c\n", ["FILE:2:", "a@b@c"]),
    ({'list "x"': {"file": "FILE"}}, "# nobody\n", ["CONF:FILE", "no entry", "fill"]),
    ({'list "x"': {"file": "FILE", "action": "allow"}}, "0.0.0.0/0\n", ["CONF:FILE", "0.0.0.0/0", "lets in everyone"]),
    ({'list "x"': {"file": "FILE"}}, "198.18.0.25\n", ["CONF:FILE", "our own address", "take it out"]),
    ({'list "x"': {"file": "FILE", "of": "sender", "action": "allow", "unverified": "yes"}}, "example.org\n",
     ["CONF:FILE", "our own domain", "take it out"]),
    ({'list "x"': {"file": "FILE", "of": "recipient"}}, "a@elsewhere.example\n", ["CONF:FILE", "not ours", "remove them"]),
    ({"recipients": {"files": ["/nonexistent/recipients"]}}, "", ["CONF:/nonexistent", "make it"]),
    ({"recipients": {"files": ["FILE"]}}, "a@example.org\na\n", ["FILE:2:", '"a"']),
    ({"recipients": {"files": ["FILE"]}}, "a@example.org\n", ["CONF:files =", "example.net", "ask-backend"]),
    ({"recipients": {"files": ["FILE"]}}, "@example.org\n@example.net\nx@elsewhere.example\n",
     ["CONF:files =", "FILE", "elsewhere.example", "add their domains"]),
    ({"recipients": {"regex-files": ["FILE"]}}, "sales-(@example[.]org\n", ["FILE:1:", "mend it"]),
    ({"recipients": {"catch-all": ["elsewhere.example"]}}, "", ["CONF:catch-all", "add it to domains"]),
    ({"recipients": {"catch-all": ["example.net", "example.org"]}}, "", ["CONF:catch-all", "nobody is unknown"]),
    ({"recipients": {"delimiter": "@"}}, "", ["CONF:delimiter", "@"]),
    ({'policy "p"': {"refuse-score": "4"}}, "", ['CONF:policy "p"', "name domains or addresses"]),
    ({'policy "p"': {"domains": ["example.org"]}, 'policy "q"': {"domains": ["example.org"]}}, "",
     ["already", "remove it"]),
    ({'policy "p"': {"domains": ["elsewhere.example"]}}, "", ["CONF:policy", "no domain of ours", "add it to domains"]),
    ({'policy "p"': {"domains": ["example.org"], "lists": ["bl.tost"]}, 'dnsl "bl.test"': {}}, "", ["CONF:bl.tost", "bl.test"]),
    ({'policy "p"': {"domains": ["example.org"], "helo-sintax": "off"}}, "", ["CONF:helo-sintax", "helo-syntax"]),
    ({'policy "p"': {"domains": ["example.org"], "pipelining": "off"}}, "", ["CONF:pipelining"]),
    ({'policy "p"': {"domains": ["example.org"], "refuse-score": "2", "defer-score": "3"}}, "", ["CONF:defer-score", "set both"]),
    ({'policy "p"': {"addresses": ["example.org"]}}, "", ['CONF:addresses = {"example.org"', "user@example.org"]),
]


def place_of(here, word):
    """"FILE:LINE: " of the first line of the configuration that has the word."""
    with open(here.barscreen.file, encoding="utf-8") as file:
        number = next(number for number, line in enumerate(file, 1) if word in line)
    return f"{here.barscreen.file}:{number}: "


@case
def wrong():
    """What --check says of wrong lists, recipients and policies: one line with the place and the cure."""
    with bench(start=False) as here:
        path = os.path.join(here.folder, "entries")
        faults = []
        for sections, content, words in WRONG:
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
            filled = json.loads(json.dumps(sections).replace("FILE", path))
            here.barscreen.change(filled)
            wanted = [place_of(here, word[5:].replace("FILE", path)) if word.startswith("CONF:") else word.replace("FILE", path)
                      for word in words]
            lines = check(here)[1]
            if not any(all(word in line for word in wanted) for line in lines):
                faults.append(f"{sections}: no line with {wanted} but " + "\n        ".join(lines))
            for section in filled:
                del here.barscreen.config[section]
        expect(not faults, "\n    ".join(faults))
