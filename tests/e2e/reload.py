# SPDX-License-Identifier: BSD-3-Clause
"""What changes while barscreen runs: reload, allow and deny, set, drain."""
import glob
import os
import random
import signal
import threading
import time

from cases import bench, case, expect, expect_equal, expect_reply
from daemon import until
from refusals import CONTENT, RECIPIENT, expect_closed, talking
import smtp

ADDRESS = "198.18.0.25"


def write(path, entries):
    """A list file, whole at every moment."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.writelines(f"{entry}\n" for entry in entries)
    os.rename(path + ".new", path)


def refused(here, *words):
    """Why barscreenctl was refused; an error when it was not."""
    try:
        done = here.barscreen.ask(*words)
    except RuntimeError as error:
        return str(error)
    raise AssertionError(f"barscreenctl {' '.join(words)} was not refused: {done}")


@case
def says_what_changed():
    with bench() as here:
        path = os.path.join(here.folder, "deny")
        write(path, ["203.0.113.1", "203.0.113.2"])
        here.barscreen.change({"waiting": {"wait": "1s"}, "limits": {"connections": 4096},
                               'list "local"': {"file": path}})
        answer = here.barscreen.control("reload")
        expect_equal(answer["changed"], [{"key": "waiting.wait", "old": "0s", "new": "1s"}], "changed")
        expect_equal(answer["restart"], [{"key": "limits.connections", "old": "8192", "new": "4096"}], "restart")
        expect_equal([(each["list"], each["change"], each["entries-added"]) for each in answer["lists"]],
                     [("local", "added", 2)], "lists")
        write(path, ["203.0.113.2", "203.0.113.3", "203.0.113.4"])
        here.barscreen.signal(signal.SIGHUP)
        expect(here.barscreen.logged("reload: 0 keys and 1 lists changed, 1 keys wait for a restart"), "no log line")
        text = here.barscreen.ask("reload", machine=False)
        expect("limits.connections: 8192 -> 4096 (after a restart)" in text, f"for people: {text}")


@case
def a_bad_file_changes_nothing():
    with bench() as here:
        path = os.path.join(here.folder, "deny")
        write(path, ["203.0.113.0/24"])
        here.barscreen.change({'list "local"': {"file": path, "refuse-at": "connect"}})
        here.barscreen.control("reload")
        write(path, ["203.0.113.0/24", "nonsense"])
        here.barscreen.change({"waiting": {"wait": "60s"}})
        error = refused(here, "reload")
        expect(f"{path}:2: " in error, f"the fault is not named: {error}")
        with smtp.Client(here.wire, ADDRESS) as client:
            client.hello()  # still without a wait
        write(path, ["203.0.113.0/24"])
        with open(here.barscreen.file, "a", encoding="ascii") as file:
            file.write("nonsense = 1\n")
        expect("nonsense" in refused(here, "reload"), "an unknown key was taken")


@case
def deny_and_allow():
    """deny: the next command of who talks, the end of the wait of who waits, who comes new; allow beats it."""
    with bench(change={"waiting": {"wait": "3s"}}) as here:
        source = here.wire.take("198.18.0.9")
        with smtp.Client(here.wire, ADDRESS, source) as talks:
            talks.hello()
            expect_equal(talks.say("MAIL FROM:<a@example.com>").code, 250, "MAIL")
            with smtp.Client(here.wire, ADDRESS, source) as waits:
                answer = here.barscreen.control("deny", "add", "198.18.0.0/24", "for", "1h", "a", "test")
                expect_equal(answer["entry"]["note"], "a test", "note")
                expect_reply(talks.say(f"RCPT TO:<{RECIPIENT}>"), 421, "4.7.0")
                expect_closed(talks)
                expect_reply(waits.reply(), 554, part="deny list")
        with smtp.Client(here.wire, ADDRESS, source) as comes:
            expect_reply(comes.reply(), 554, part="deny list")
        here.barscreen.control("allow", "add", "198.18.0.9")
        with smtp.Client(here.wire, ADDRESS, source) as comes:
            comes.hello()
            expect_equal(comes.mail(CONTENT, [RECIPIENT])[-1].code, 250, "a mail of an allowed client")
        expect("198.18.0.0/24" in here.barscreen.ask("deny", "list", machine=False), "deny list")
        here.barscreen.control("allow", "del", "198.18.0.9")
        here.barscreen.control("deny", "del", "198.18.0.0/24")
        expect("no deny entry" in refused(here, "deny", "del", "198.18.0.0/24"), "deleted twice")
        with smtp.Client(here.wire, ADDRESS, source) as comes:
            comes.hello()


@case
def entries_survive():
    """A kill right after the answer, expiry while stopped, and a damaged file."""
    with bench(change={"waiting": {"wait": "0s"}}) as here:
        saved = os.path.join(here.folder, "state", "overlay")
        here.barscreen.control("deny", "add", "198.18.0.9")
        here.barscreen.control("deny", "add", "198.18.0.10", "for", "3s")
        expect(until(lambda: os.path.exists(saved) and "end 2" in open(saved, encoding="ascii").read()), "not saved")
        here.barscreen.kill()
        time.sleep(3)
        here.barscreen.start()
        expect_equal(here.barscreen.control("deny", "list")["total"], 1, "entries after a restart")
        with smtp.Client(here.wire, ADDRESS, here.wire.take("198.18.0.9")) as client:
            expect_reply(client.reply(), 554)
        expect_equal(here.barscreen.stop(), 0, "exit status")
        with open(saved, "a", encoding="ascii") as file:
            file.write("deny 198.18.")
        here.barscreen.start()
        expect(here.barscreen.logged("overlay:4: is damaged; 1 entries"), "no word of the damage")
        expect(glob.glob(saved + ".damaged-*"), "the damaged file was not kept")
        expect_equal(here.barscreen.control("deny", "list")["total"], 1, "entries of the damaged file")
        here.barscreen.control("deny", "add", "198.18.0.11", "for", "1s")
        expect(until(lambda: here.barscreen.control("deny", "list")["total"] == 1), "the entry never expired")


@case
def set_until_the_reload():
    with bench() as here:
        expect_equal(here.barscreen.control("set", "wait")["value"], "0s", "wait")
        answer = here.barscreen.control("set", "smtp.errors", "2")
        expect_equal((answer["old"], answer["value"]), ("20", "2"), "errors")
        with smtp.Client(here.wire, ADDRESS) as client:
            client.hello()
            for _ in range(2):
                expect_equal(client.say("RCPT TO:<a@example.org>").code, 503, "an error")
            expect_reply(client.say("RCPT TO:<a@example.org>"), 421, "4.7.0")
        expect("out of range" in refused(here, "set", "wait", "1h"), "an hour's wait was taken")
        expect("restart" in refused(here, "set", "limits.connections", "100"), "connections were taken")
        expect("several sections" in refused(here, "set", "connections", "100"), "one of several was taken")
        expect("smtp.errors = 2" in here.barscreen.ask("set", machine=False), "set alone")
        answer = here.barscreen.control("reload")
        expect_equal(answer["changed"], [{"key": "smtp.errors", "old": "2", "new": "20"}], "changed")


@case
def drain_and_back():
    with talking() as (here, client):
        here.barscreen.control("drain")
        try:
            expect_reply(client.reply(), 421, "4.3.2")
        except smtp.Gone as error:
            raise AssertionError("no 421") from error
        expect(until(lambda: here.barscreen.control("status")["sessions"] == 0), "sessions did not end")
        here.barscreen.control("drain", "off")
        with smtp.Client(here.wire, ADDRESS) as again:
            again.hello()
            expect_equal(again.mail(CONTENT, [RECIPIENT])[-1].code, 250, "a mail after it")


def resident(pid):
    """Bytes of memory."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Load:
    """Clients that go on until they are stopped; each session must be served to its end."""

    def __init__(self, here, number):
        self.here, self.number, self.end, self.sessions, self.trouble = here, number, False, 0, []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(number)]

    def run(self, number):
        while not self.end:
            try:
                with smtp.Client(self.here.wire, (ADDRESS, "2001:2::25")[number % 2]) as client:
                    client.hello()
                    reply = client.mail(CONTENT, [RECIPIENT])[-1]
                    if reply.code != 250 or client.quit().code != 221:
                        raise AssertionError(f"{reply}")
                self.sessions += 1
            except Exception as error:  # pylint: disable=broad-except
                self.trouble.append(repr(error))
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end = True
        for thread in self.threads:
            thread.join()


@case
def under_load():
    """Every 100 ms, with lists that grow and shrink and a hostname that changes: no session lost, memory flat. RELOAD_SECONDS
    says how long."""
    seconds = float(os.environ.get("RELOAD_SECONDS", "8"))
    dice = random.Random(1)
    with bench(change={"waiting": {"wait": "50ms"}}) as here:
        path = os.path.join(here.folder, "deny")
        write(path, [])
        here.barscreen.change({'list "local"': {"file": path}})
        here.barscreen.control("reload")
        sizes, reloads = [], 0
        with Load(here, 6) as load:
            begun = time.monotonic()
            while time.monotonic() - begun < seconds and not load.trouble:
                first, count = dice.randrange(1 << 16), dice.randrange(20000)
                write(path, [f"100.{(first + i) >> 8 & 255}.{(first + i) & 255}.{i % 250}" for i in range(count)])
                here.barscreen.change({"": {"hostname": f"mx{dice.randrange(4)}.example.org"}})
                here.barscreen.control("reload")
                reloads += 1
                here.barscreen.control("deny", "add", f"203.0.113.{reloads % 250}", "for", "1s")
                sizes.append(resident(here.barscreen.pid()))
                time.sleep(0.1)
        expect(not load.trouble, f"after {reloads} reloads: {load.trouble[:3]}")
        expect(reloads >= 10 and load.sessions >= 20, f"{reloads} reloads, {load.sessions} sessions: too few to tell")
        third = len(sizes) // 3
        early, late = max(sizes[:2 * third]), max(sizes[2 * third:])
        print(f"    {reloads} reloads, {load.sessions} sessions, {early >> 20} and {late >> 20} MB")
        expect(late < early + (8 << 20), f"memory grew from {early} to {late} bytes")
        def state():
            return here.barscreen.control("status")["policies"]
        expect(until(lambda: state()["fading"] + state()["held"] == 0), f"old policies are still there: {state()}")
