# SPDX-License-Identifier: BSD-3-Clause
"""Sessions of all kinds and floods over a memif, in rounds, with a reload every second: memory is flat, and whenever the load
stops nothing is held. SOAK_SECONDS says how long; scripts/prove soak takes half an hour at the highest rate that there is."""
import contextlib
import os
import random
import subprocess
import sys
import time

from cases import case, expect, expect_equal
import daemon
from daemon import until
import mails
import network
import reload

sys.path.append(os.path.join(daemon.ROOT, "benchmarks"))
import measure  # noqa: E402
import memif  # noqa: E402

SECONDS = int(os.environ.get("SOAK_SECONDS", "16"))
LONG = SECONDS >= 300
ROUND = 60 if LONG else 8
FLOODS = ("syn", "listed", "ack")
RECIPIENT = "a@example.org"
# Of each hundred sessions. Few are accepted: a mail is a file, and somebody has to remove it.
KINDS = "refused=57,accepted=1,early=20,harvester=12,silent=10"
# What sources, clients' shares, and a second of it are like. Without a rate: as many as go.
LOAD = ["-c", "4096", "-n", "1048576", "-6", "30", "-f", "50000:"] if LONG else \
       ["-c", "512", "-n", "16384", "-6", "30", "-r", "300", "-f", "3000:"]
GROWTH = 16 << 20  # bytes that may come and go
# Of what is sent, not of what was received.
SENT = ("no-mbuf", "tx-full")


def memory(pid):
    """Bytes in use, huge pages too."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        rows = dict(line.split(":")[:2] for line in file.read().splitlines()[1:])
    return sum(int(rows[name].split()[0]) for name in ("Rss", "Shared_Hugetlb", "Private_Hugetlb")) * 1024


@contextlib.contextmanager
def bench():
    with measure.place() as folder:
        os.mkdir(os.path.join(folder, "mail"))
        mails.Maildir(os.path.join(folder, "mail"), [RECIPIENT])
        lists = {name: os.path.join(folder, name) for name in ("clients", "senders")}
        for path in lists.values():
            reload.write(path, [])
        with memif.barscreen(folder, {
                "waiting": {"wait": "200ms"},
                "remember": {"wait-ttl": "0s"},  # else those who speak early are served, once a mail of theirs was accepted
                "verdicts": {"action": "observe", "refused-sessions": 0, "unknown-recipients": 0, "early-talks": 0},
                'list "clients"': {"file": lists["clients"]},
                'list "senders"': {"file": lists["senders"], "of": "sender"}}) as process:
            yield process, lists


def change(process, lists, dice):
    """Lists that grow and shrink, another name in the greeting, an entry that expires: in force at once."""
    first, count = dice.randrange(1 << 16), dice.randrange(50000)
    reload.write(lists["clients"], [f"100.{(first + i) >> 8 & 255}.{(first + i) & 255}.{i % 250}" for i in range(count)])
    reload.write(lists["senders"], [f"sender{i}@{first}.example" for i in range(count // 10)])
    process.change({"": {"hostname": f"mx{dice.randrange(4)}.example.org"}})
    process.control("reload")
    process.control("deny", "add", f"203.0.113.{count % 250}", "for", "1s")


def tidy(process):
    """Takes away what would fill the disk."""
    folder = os.path.join(process.folder, "mail", "example.org", "a", "new")
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    os.truncate(os.path.join(process.folder, "log"), 0)


def begin(process, seconds, flood):
    words = [*(measure.ON_CLIENT if LONG else ()), memif.LOAD, "-t", str(seconds), "-k", KINDS, *LOAD[:-1], LOAD[-1] + flood,
             os.path.join(process.folder, memif.SOCKET), network.SERVER4, network.SERVER6]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def held(process):
    """What is not as it was before anybody came, by name."""
    stats = process.control("stats")
    total = stats["dataplane"]["total"]
    gauges, reasons = total["gauges"], total["reasons"]
    found = {name: gauges[name] for name in ("half-open", "waiting", "session-blocks", "data-rings", "packet-buffers")}
    found["records"] = gauges["connection-records"] - gauges["time-wait"]
    found["sessions"] = stats["worker"]["total"]["sessions-now"]
    found["open connections of sources"] = process.control("sources")["open"]
    found["packets not counted"] = total["counters"]["rx-packets"] - sum(
        count for name, count in reasons.items() if name not in SENT)
    policies = process.control("status")["policies"]
    found["old policies"] = policies["fading"] + policies["held"]
    return {name: count for name, count in found.items() if count}


def one_round(process, lists, dice, flood, sizes):
    """Returns how many sessions went well."""
    load = begin(process, ROUND, flood)
    try:
        while load.poll() is None:
            begun = time.monotonic()
            change(process, lists, dice)
            tidy(process)
            sizes.append(memory(process.pid()))
            time.sleep(max(0.0, begun + 1 - time.monotonic()))
        said = load.communicate()[0].strip()
    finally:
        load.kill()
        load.wait()
    fields = dict(word.partition("=")[::2] for word in said.split(" fault=")[0].split())
    expect("good" in fields, f"the load failed: {said}")
    # A load that finds no processor for a while loses what it was sent, and may be out of patience before it is sent once more.
    expect(int(fields["bad"]) <= int(fields["good"]) / 100 and fields["damaged"] == fields["unfinished"] == "0", said)
    left = {}
    expect(until(lambda: not left.update(now=held(process)) and not left["now"], every=0.5),
           f"still held after the {flood} flood: {left.get('now')}")
    print(f"    {flood}: {fields['rate']} sessions/s, {fields['good']} good, {fields['bad']} bad, {fields['flood']} packets of the flood a second, "
          f"{sizes[-1] >> 20} MB", flush=True)
    return int(fields["good"])


@case
def nothing_grows():
    dice, sizes, good = random.Random(1), [], 0
    with bench() as (process, lists):
        until(lambda: not held(process), 5, 0.5)
        expect_equal(held(process), {}, "held before anybody came")
        rounds = max(len(FLOODS[:2]), SECONDS // ROUND)
        for number in range(rounds):
            good += one_round(process, lists, dice, FLOODS[number % len(FLOODS)], sizes)
        expect(good > 100 * rounds, f"only {good} sessions: too few to tell")
        for name in ("pregreets", "harvests", "mails-accepted", "syn-cookies", "syn-listed"):
            expect(process.counter(name), f"no {name}")
        third = len(sizes) // 3
        early, late = max(sizes[third:2 * third]), max(sizes[2 * third:])
        print(f"    {good} sessions, {len(sizes)} reloads, {early >> 20} and {late >> 20} MB")
        expect(late < early + GROWTH, f"memory grew from {early} to {late} bytes")
        if LONG:  # those in TIME_WAIT too
            expect(until(lambda: process.counter("connection-records") == 0), "records are held for ever")
        expect_equal(process.stop(), 0, "exit status")
