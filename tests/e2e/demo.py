#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo: barscreen on a TAP port in a namespace of its own, and eight kinds of clients that try it, played by swaks
and nc from addresses of their own. scripts/demo builds what is needed and runs this."""
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402
import daemon  # noqa: E402
import mails  # noqa: E402
import smtp  # noqa: E402

SERVER4, SERVER6 = "198.18.0.25", "2001:2::25"
ANNA, BEN = "anna@example.org", "ben@example.org"
WAIT = 3
GOOD = (b"From: Grace <grace@example.com>\r\nTo: Anna <anna@example.org>\r\nSubject: a good mail\r\n"
        b"Message-ID: <demo-%s@example.com>\r\n\r\nHello Anna,\r\n.a line that begins with a dot,\r\n..\r\n"
        b"and some bytes of UTF-8: gr\xc3\xbc\xc3\x9fe.\r\n\r\nGrace\r\n")


class Play:
    """What one client did. `saw`: its transcript's telling lines; `logged`: barscreen's; `faults`: what went wrong."""

    def __init__(self, here, source):
        self.here, self.source = here, source
        self.saw, self.logged, self.faults, self.printed = [], [], [], ""
        here.wire.take(source)

    def check(self, condition, fault):
        if not condition:
            self.faults.append(fault)

    def run(self, *words, given=None):
        """Runs a client to its end; its transcript is kept."""
        done = subprocess.run(self.here.wire.clients.inside(*words), input=given, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.printed = done.stdout.decode("utf-8", "replace")

    def swaks(self, to, data=None, server=SERVER4, *more):
        """Sends with swaks. `data`: the bytes of the mail up to its final dot, sent as they are."""
        words = ["swaks", "--server", server, "--local-interface", self.source, "--helo", "client.example.com",
                 "--from", "grace@example.com", "--to", to, "--timeout", "30s", *more]
        if data is not None:
            path = os.path.join(self.here.folder, "data")
            with open(path, "wb") as file:
                file.write(data)
            words += ["--no-data-fixup", "--data", "@" + path]
        self.run(*words)

    def replies(self):
        """SMTP replies of swaks' transcript ("<-  250 ..." and "<** 550 ...") or of nc's output."""
        found = re.findall(r"^(?:<[-~*]+\s+)?(\d{3}[ -].*?)\r?$", self.printed, re.MULTILINE)
        return [line for line in found if line[3] == " "]

    def answered(self, code, *words):
        """The reply that decided: shown, and a fault when there is none such."""
        line = next((line for line in self.replies() if line.startswith(code) and all(w in line for w in words)), None)
        self.check(line, f"no reply {code} {' '.join(words)}, but {self.replies()[-1:] or self.printed[-200:]}")
        self.saw.append(line or "(not the reply it should be)")

    def barscreen_logged(self, *words):
        line = self.here.barscreen.logged(*words, seconds=10)
        self.check(line, f"no log line with {words}")
        if line:
            self.logged.append(re.sub(r"^.*?\[\d+\]: ", "", line))


def good_mail(here, source, server, to):
    play = Play(here, source)
    content = GOOD % source.replace(":", "-").encode()
    before = set(here.maildir.files(to))
    begun = time.monotonic()
    play.swaks(to, smtp.stuffed(content) + b".", server)
    if time.monotonic() - begun >= WAIT:
        play.saw.append(f"waits {WAIT} s for the greeting")
    else:
        play.faults.append("it was not made to wait")
    play.answered("250", "2.0.0")
    new = [path for path in here.maildir.files(to) if path not in before]
    play.check(len(new) == 1, f"{len(new)} new mails in the Maildir")
    for path in new:
        with open(path, "rb") as file:
            play.check(mails.below_our_header(file.read()) == content, "the mail was changed on its way")
        play.saw.append("in the Maildir, byte for byte")
    play.barscreen_logged(f"to=<{to}>", "from=<grace@example.com>")
    return play



def early_talker(here, source):
    play = Play(here, source)
    play.run("nc", "-s", source, "-w", "10", SERVER4, "25", given=b"EHLO impatient.example.com\r\n")
    play.answered("554")
    play.barscreen_logged("PREGREET", source)
    return play


def on_the_deny_list(here, source):
    play = Play(here, source)
    play.swaks(ANNA)
    play.answered("554", "5.7.1")
    play.barscreen_logged("reject: RCPT from", source, "554 5.7.1")
    return play


def spoofed(here, source):
    play = Play(here, source)
    before = here.barscreen.counter("syn-bogon")
    play.run("nc", "-v", "-s", source, "-w", str(WAIT + 1), SERVER4, "25", given=b"")
    play.check("timed out" in play.printed, f"it got an answer: {play.printed}")
    play.saw.append("no answer at all")
    dropped = here.barscreen.counter("syn-bogon") - before
    play.check(dropped > 0, "its packets were not counted")
    play.logged.append(f"counter syn-bogon: {dropped} packets dropped")
    return play


def harvester(here, source):
    play = Play(here, source)
    play.swaks(",".join(f"{name}@example.org" for name in ("adam", "bob", "carl", "dave", "eve", "frank", "gina")))
    unknown = sum(line.startswith("550 5.1.1") for line in play.replies())
    play.check(unknown == 5, f"{unknown} recipients were answered with 550 5.1.1")
    play.saw.append(f"{unknown} times 550 5.1.1, then")
    play.answered("421", "4.7.0")
    play.check(play.replies()[-1:] and play.replies()[-1].startswith("421"), "it got replies after that")
    play.check("closed connection" in play.printed, "it was not disconnected")
    play.barscreen_logged("reject: RCPT from", source, "421 4.7.0")
    return play


def relay(here, source):
    play = Play(here, source)
    play.swaks("victim@elsewhere.example.com")
    play.answered("554", "5.7.1")
    play.barscreen_logged("reject: RCPT from", source, "554 5.7.1")
    return play


def smuggler(here, source):
    play = Play(here, source)
    before = here.maildir.files(ANNA), here.maildir.files(BEN)
    play.swaks(ANNA, b"Subject: outer\r\n\r\nhello\n.\nMAIL FROM:<ceo@example.org>\r\nRCPT TO:<" + BEN.encode() +
               b">\r\nDATA\r\nFrom: ceo@example.org\r\nSubject: smuggled\r\n\r\npay at once\r\n.")
    play.answered("550", "5.5.2")
    play.check((here.maildir.files(ANNA), here.maildir.files(BEN)) == before, "something was delivered")
    play.saw.append("nothing is delivered")
    play.barscreen_logged("reject: DATA from", source, "550 5.5.2")
    return play


PROGRAMME = [
    ("a good mail", lambda here: good_mail(here, "198.18.1.1", SERVER4, ANNA)),
    ("a good mail over IPv6", lambda here: good_mail(here, "2001:2:0:1::1", SERVER6, BEN)),
    ("a client that talks before the greeting", lambda here: early_talker(here, "198.18.2.2")),
    ("a source on the deny list", lambda here: on_the_deny_list(here, "198.18.66.6")),
    ("a spoofed private source", lambda here: spoofed(here, "10.66.6.6")),
    ("a harvester of addresses", lambda here: harvester(here, "198.18.3.3")),
    ("an attempt to relay", lambda here: relay(here, "198.18.4.4")),
    ("an attempt to smuggle a second mail", lambda here: smuggler(here, "198.18.5.5")),
]


class Table:
    """Three columns, as wide as the terminal allows."""

    def __init__(self):
        width = max(90, min(160, shutil.get_terminal_size((118, 24)).columns)) - 1
        self.widths = (26, 36, width - 26 - 36 - 6)

    def row(self, *cells):
        columns = [[line for part in cell for line in textwrap.wrap(part, width) or [""]]
                   for cell, width in zip(cells, self.widths)]
        for number in range(max(map(len, columns))):
            parts = [(column[number] if number < len(column) else "").ljust(width)
                     for column, width in zip(columns, self.widths)]
            print(" " + "  ".join(parts).rstrip())

    def rule(self):
        print(" " + "  ".join("-" * width for width in self.widths), flush=True)


def perform(here):
    """Plays all; the number of those that did not go as they should."""
    table, failed = Table(), 0
    print()
    table.row(["played"], ["what the client saw"], ["what barscreen logged"])
    table.rule()
    for title, play in PROGRAMME:
        try:
            result = play(here)
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
            failed += 1
            table.row(["FAIL " + title], [], [f"{type(error).__name__}: {error}"])
        else:
            failed += bool(result.faults)
            table.row([("FAIL " if result.faults else "PASS ") + title, "from " + result.source], result.saw,
                      result.logged + ["FAULT: " + fault for fault in result.faults])
        table.rule()
    return failed


def stay(here):
    inside = " ".join(here.wire.clients.inside())
    control = f"{daemon.BARSCREENCTL} --socket {here.folder}/control"
    print(textwrap.dedent(f"""
        barscreen is running. From another terminal:
          sudo {inside} swaks --server {SERVER4} --to {ANNA}
          sudo {inside} nc -v {SERVER4} 25
          sudo {control} status
        The log:       {here.folder}/log
        The mailboxes: {here.maildir.path}/example.org/ ({ANNA}, {BEN})
        To end it and remove all this: Ctrl-C here, or: sudo kill {os.getpid()}"""), flush=True)
    while here.barscreen.process.poll() is None:
        time.sleep(0.5)
    print(f"barscreen ended with status {here.barscreen.process.returncode}")


def main():
    if sys.argv[1:] not in ([], ["--stay"]):
        sys.exit("usage: scripts/demo [--stay]")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    failed = len(PROGRAMME)
    try:
        with cases.bench("net_tap", {"waiting": {"wait": f"{WAIT}s"}}, start=False, recipients=[ANNA, BEN]) as here:
            deny = os.path.join(here.folder, "deny")
            with open(deny, "w", encoding="utf-8") as file:
                file.write("198.18.66.0/24  # a network we want no mail from\n")
            here.barscreen.change({'list "local-deny"': {"file": deny, "action": "refuse"}})
            here.barscreen.start()
            print(f"barscreen runs on the TAP port {here.wire.INTERFACE} in the network namespace "
                  f"{here.wire.clients.name}, answers for {SERVER4} and {SERVER6},\nand makes each client wait {WAIT} "
                  "seconds (a real one: 25) before it greets.")
            failed = perform(here)
            if "--stay" in sys.argv:
                stay(here)
    except KeyboardInterrupt:
        print("\ninterrupted; everything is removed")
        sys.exit(130)
    print(f"{len(PROGRAMME) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
