# SPDX-License-Identifier: BSD-3-Clause
"""What an operator does with a running barscreen: looks at sessions, ends them, follows the log; and logs that stall."""
import contextlib
import fcntl
import json
import os
import subprocess
import tempfile

from cases import bench, case, cases, expect, expect_equal, expect_reply
import daemon
import mails
import smtp

RECIPIENT = "a@example.org"
ADDRESSES = {"ipv4": ("198.18.0.25",), "ipv6": ("2001:2::25",)}


def sessions(here, *words):
    return here.barscreen.control("sessions", *words)["sessions"]


def states(here):
    return sorted(one["state"] for one in sessions(here))


@cases(ADDRESSES)
def list_and_kill(address):
    """One that talks, one that was greeted, one that waits: each is listed as what it is and can be ended."""
    with bench() as here, contextlib.ExitStack() as stack:
        talking = stack.enter_context(smtp.Client(here.wire, address))
        talking.hello("the-one.example.com")
        expect_equal(talking.say("MAIL FROM:<Sender@example.com>").code, 250, "MAIL")
        expect_equal(talking.say(f"RCPT TO:<{RECIPIENT}>").code, 250, "RCPT")
        greeted = stack.enter_context(smtp.Client(here.wire, address))
        expect_equal(greeted.reply().code, 220, "greeting")
        expect(daemon.until(lambda: states(here) == ["greeted", "talking"]), f"states: {states(here)}")
        found = sessions(here, "--helo", "THE-ONE")
        expect_equal(len(found), 1, "sessions by helo")
        expect_equal((found[0]["phase"], found[0]["from"], found[0]["recipients"]),
                     ("rcpt", "Sender@example.com", 1), "what is known of it")
        expect_equal(sessions(here, "203.0.113.0/24"), [], "sessions of a strange network")
        expect_equal(len(sessions(here, "--state", "greeted")), 1, "greeted ones")
        here.barscreen.control("sessions", "kill", found[0]["session"])
        expect_reply(talking.reply(), 421, "4.7.0", "operator")
        expect(talking.ended(), "the killed session goes on")
        here.barscreen.control("sessions", "kill", sessions(here, "--state", "greeted")[0]["session"])
        expect_reply(greeted.reply(), 421, "4.7.0", "operator")
        expect(greeted.ended(), "the killed connection goes on")
        expect(here.barscreen.logged("ended by the operator", found[0]["session"]), "no log line")
        expect(not here.maildir.files(RECIPIENT), "a mail of nothing")


@case
def kill_who_waits():
    with bench(change={"waiting": {"wait": "4m"}}) as here, smtp.Client(here.wire, "198.18.0.25") as client:
        expect(daemon.until(lambda: states(here) == ["waiting"]), f"states: {states(here)}")
        one = sessions(here)[0]
        here.barscreen.control("sessions", "kill", one["session"])
        expect(client.ended(), "the killed connection goes on")
        expect_equal(sessions(here), [], "sessions after the kill")
        expect(here.barscreen.logged("DISCONNECT", "outcome=killed", one["session"]), "no closing line")
        try:
            here.barscreen.control("sessions", "kill", one["session"])
        except RuntimeError as error:
            expect("no such connection" in str(error), str(error))
        else:
            expect(False, "killed twice")


@case
def kill_in_a_mail():
    """In the middle of DATA: 421, and nothing of the mail is left."""
    with bench() as here, smtp.Client(here.wire, "198.18.0.25") as client:
        client.hello()
        client.say("MAIL FROM:<sender@example.com>")
        client.say(f"RCPT TO:<{RECIPIENT}>")
        expect_equal(client.say("DATA").code, 354, "DATA")
        client.send("Subject: x\r\n\r\n" + "text\r\n" * 5000)
        expect(daemon.until(lambda: sessions(here)[0]["bytes"] > 10000), "bytes do not grow")
        here.barscreen.control("sessions", "kill", sessions(here)[0]["session"])
        expect_reply(client.reply(), 421, "4.7.0", "operator")
        expect(daemon.until(lambda: not here.maildir.files(RECIPIENT, "tmp")), "something is left in tmp")
        expect(not here.maildir.files(RECIPIENT), "half a mail")


@case
def follow_the_log():
    with bench() as here:
        follower = subprocess.Popen(
            (daemon.BARSCREENCTL, "--socket", f"{here.folder}/control", "--json", "log", "--follow", "--lines", "0",
             "--grep", "disconnect from"), stdout=subprocess.PIPE, text=True)
        try:
            # It follows from the moment of its request on, which nobody sees: sessions until it tells of one.
            os.set_blocking(follower.stdout.fileno(), False)

            def told():
                with smtp.Client(here.wire, "198.18.0.25") as client:
                    client.hello()
                    client.quit()
                return follower.stdout.readline()
            answer = json.loads(daemon.until(told))
            expect(answer["lines"] and all("disconnect from" in line["text"] for line in answer["lines"]), str(answer))
        finally:
            follower.kill()
            follower.wait()
        expect(here.barscreen.control("log", "--lines", "1000")["lines"], "the last lines are none")


def serve(here, count):
    """Mails that each need several log lines."""
    for number in range(count):
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            replies = client.mail(mails.compose(f"mail {number}", 2000, number), [RECIPIENT])
            expect_equal(replies[-1].code, 250, "final reply")
            for _ in range(15):
                client.say("RCPT TO:<a@example.org>")
            client.say("QUIT")


@contextlib.contextmanager
def full_fifo(path):
    """A pipe that has a reader which never reads, and no room."""
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(end, b"x" * 4096)
        yield end
    finally:
        os.close(end)


@case
def log_into_a_full_pipe():
    """Nobody reads the log: sessions go on, lines are counted as lost, and a line says so when somebody reads again."""
    with bench(start=False, change={"": {"log-repeat": 0}, "limits": {"talking": 128}}) as here:  # and so a small ring
        path = os.path.join(here.folder, "pipe")
        here.barscreen.change({"": {"log": f"file:{path}"}})
        with full_fifo(path) as end:
            here.barscreen.start()
            serve(here, 30)
            lost = None
            for _ in range(200):  # until the rings are full
                serve(here, 10)
                lost = here.barscreen.control("stats")["log"]["lines-lost"]
                if lost:
                    break
            expect(lost, "no line was lost, so nothing was tried")
            serve(here, 5)
            said = b""

            def drained():
                nonlocal said
                with contextlib.suppress(BlockingIOError):
                    while True:
                        said += os.read(end, 65536)
                return b"log lines lost" in said
            expect(daemon.until(drained), "nothing said of the lost lines")
            expect_equal(len(here.maildir.files(RECIPIENT)) > 40, True, "mails delivered")
            expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def log_on_a_full_disk():
    with bench(change={"": {"log": "file:/dev/full"}}) as here:
        serve(here, 30)
        expect(daemon.until(lambda: here.barscreen.control("stats")["log"]["failed-writes"] > 0), "no failed write")
        serve(here, 5)
        expect_equal(len(here.maildir.files(RECIPIENT)), 35, "mails delivered")
        expect_equal(here.barscreen.stop(), 0, "exit status")


@case
def repetitions():
    """A hundred hang-ups of one client: as many lines as allowed, and at the stop one for the others."""
    with bench(change={"": {"log-repeat": 5, "log-format": "json"}}) as here:
        for _ in range(30):
            with smtp.Client(here.wire, "198.18.0.25") as client:
                client.reply()
        expect(daemon.until(lambda: here.barscreen.control("stats")["log"]["lines-summed"] >= 50), "nothing summed up")
        expect_equal(here.barscreen.stop(), 0, "exit status")
        lines = [json.loads(line) for line in here.barscreen.log().splitlines()]
        connects = [line for line in lines if line.get("event") == "CONNECT" and line.get("client")]
        expect_equal(len(connects), 5, "lines CONNECT")
        expect(any(line["text"].startswith("25 more CONNECT from [198.18.") for line in lines), "no sum")


JOURNALD = "/lib/systemd/systemd-journald"
# In a mount namespace of its own: what lies under $1 stands where journald and its clients look for each other.
BESIDE_A_JOURNAL = """
for folder in systemd log; do mkdir -p "/run/$folder" "$1/$folder"; mount --bind "$1/$folder" "/run/$folder"; done
shift; exec "$@"
"""


def beside_a_journal(folder, *command):
    return ("unshare", "--mount", "sh", "-ec", BESIDE_A_JOURNAL, "sh", folder, *command)


@contextlib.contextmanager
def journald(folder):
    """A journald of its own, where the host has the program; its journal is under `folder`/log."""
    os.makedirs(f"{folder}/log/journal")
    with open(f"{folder}/output", "wb") as output:
        process = subprocess.Popen(beside_a_journal(folder, JOURNALD), stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output)
    try:
        expect(daemon.until(lambda: os.path.exists(f"{folder}/systemd/journal/socket")), "journald did not start")
        yield process
    finally:
        process.terminate()
        process.wait()


def entries(folder):
    """What journalctl reads, an object an entry."""
    done = subprocess.run(("journalctl", "-D", f"{folder}/log/journal", "-o", "json", "--no-pager"),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


@case
def log_to_a_real_journald():
    """With fields of its own; and a journald that goes away holds nobody up."""
    if not os.path.exists(JOURNALD):
        print("no systemd-journald on this machine: not tried")
        return
    with tempfile.TemporaryDirectory(prefix="barscreen-journal-") as folder, journald(folder) as process, \
            bench(change={"": {"log": "journal"}}, prefix=beside_a_journal(folder)) as here:
        serve(here, 3)

        def mail_lines():
            return [one for one in entries(folder) if one.get("EVENT") == "mail"]
        expect(daemon.until(lambda: len(mail_lines()) == 3, every=0.5), f"entries of mails: {len(mail_lines())}")
        one = mail_lines()[0]
        expect_equal(one["SYSLOG_IDENTIFIER"], "postfix-barscreen/smtpd", "identifier")
        expect(RECIPIENT in one["MESSAGE"], f"no recipient: {one['MESSAGE']}")
        process.terminate()
        process.wait()
        serve(here, 5)
        expect_equal(len(here.maildir.files(RECIPIENT)), 8, "mails delivered")
        expect_equal(here.barscreen.stop(), 0, "exit status")
