# SPDX-License-Identifier: BSD-3-Clause
"""Start, status, draining and stop; an idle process."""
import os
import signal
import subprocess
import time

from cases import bench, case, cases, expect, expect_equal, expect_reply, patient
from daemon import BARSCREEN, until
from refusals import CONTENT, RECIPIENT, expect_closed, talking
import mails
import smtp


@case
def status():
    with bench() as here:
        text = here.barscreen.ask("status", machine=False)
        for word in ("mx0", "198.18.0.25", "2001:2::25"):
            expect(word in text, f"{word} is missing in: {text}")
        before = here.barscreen.counter("mails-accepted")
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            client.mail(CONTENT, [RECIPIENT])
            client.quit()
        expect_equal(here.barscreen.counter("mails-accepted") - before, 1, "counter mails-accepted")
        expect("mails-accepted" in here.barscreen.ask("stats", "--all", machine=False), "stats for people lacks a counter")


@case
def stop():
    with bench() as here:
        here.barscreen.ask("stop")
        expect_equal(here.barscreen.wait(), 0, "exit status")
        expect(not os.path.exists(f"{here.folder}/control"), "the control socket is still there")


@case
def a_second_one():
    """On the same control socket: refused, and the first goes on."""
    with bench() as here:
        done = subprocess.run(here.wire.server.inside(BARSCREEN, "--config", here.barscreen.file),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        expect_equal(done.returncode, 1, f"exit status of the second, which said {done.stdout!r}")
        expect("already running" in done.stdout, f"it said {done.stdout!r}")
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()


@cases({"sigterm": (signal.SIGTERM,), "sigint": (signal.SIGINT,)})
def drains(number):
    """A mail under way is finished, the next command is 421, nobody new comes in, exit status 0."""
    with talking() as (here, client):
        client.say("MAIL FROM:<a@example.com>")
        client.say(f"RCPT TO:<{RECIPIENT}>")
        client.say("DATA")
        client.send(CONTENT[:1000])
        here.barscreen.signal(number)
        time.sleep(1)
        client.send(smtp.stuffed(CONTENT)[1000:] + b".\r\n")
        expect_reply(client.reply(), 250)
        # 421 comes unasked, or at the next command (RFC 5321, 3.8)
        try:
            client.send("NOOP\r\n")
        except smtp.Gone:
            pass
        expect_reply(client.reply(), 421, "4.3.2")
        expect_closed(client)
        expect_equal(here.barscreen.wait(), 0, "exit status")
        expect(here.barscreen.logged("no session was cut off"), "it waited for a client that has all it said")
        expect_equal(here.maildir.mails(RECIPIENT), {"content": [CONTENT]}, "mails")


@case
def drain_has_an_end():
    """A client that says nothing does not keep it from stopping."""
    with talking({"limits": {"drain-timeout": "3s"}}) as (here, _):
        expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def starts_three_times():
    """Nothing of one run is in the way of the next."""
    with bench(start=False) as here:
        for _ in range(3):
            here.barscreen.start()
            with smtp.Client(here.wire, "2001:2::25") as client:
                client.hello()
                expect_equal(client.mail(CONTENT, [RECIPIENT])[-1].code, 250, "reply")
                client.quit()
            expect_equal(here.barscreen.stop(), 0, "exit status")
        expect_equal(here.maildir.mails(RECIPIENT), {"content": [CONTENT] * 3}, "mails")


@patient
@cases({kind: (kind,) for kind in ("net_tap", "net_af_packet", "net_af_xdp")})
def idle(kind):
    """Under 5 % of a core, with a hundred connections waiting."""
    with bench(kind, {"waiting": {"wait": "200s"}}) as here:
        waiting = [smtp.Client(here.wire, "198.18.0.25", here.wire.take("198.18.0.9")) for _ in range(100)]
        expect(until(lambda: here.barscreen.counter("waiting") == 100), "not a hundred waiting")
        time.sleep(2)
        used, begun = processor_time(here.barscreen.pid()), time.monotonic()
        time.sleep(10)
        share = (processor_time(here.barscreen.pid()) - used) / (time.monotonic() - begun)
        for client in waiting:
            client.reset()
        expect(share < 0.05, f"{share:.1%} of a core")


def processor_time(pid):
    """Seconds of all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case
def log_of_a_mail():
    """grep follows a mail: one id on every line of its session."""
    content = mails.compose("logged", 2000, 1).replace(b"Subject:", b"Message-ID: <1@client.example.com>\r\nSubject:")
    with bench() as here:
        with smtp.Client(here.wire, "198.18.0.25", here.wire.take("198.18.0.9")) as client:
            client.hello()
            client.mail(content, [RECIPIENT])
            client.quit()
        line = here.barscreen.logged("from=<sender@example.com>", f"to=<{RECIPIENT}>")
        expect(line, "no line about the mail")
        expect("postfix-barscreen/smtpd[" in line, f"not in Postfix's shape: {line}")
        expect(here.barscreen.logged("CONNECT from [198.18.0.9]:") or here.barscreen.logged("connect from"),
               "no line about the connection")
        expect(here.barscreen.logged("disconnect from"), "no closing line")
