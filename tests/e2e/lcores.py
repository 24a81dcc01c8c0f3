# SPDX-License-Identifier: BSD-3-Clause
"""Several dataplane lcores and workers: connections, limits and verdicts of a source are right whatever queue its packets come in by.
af_packet keeps a connection on its queue; a TAP, a veth under AF_XDP and memif may move it, and segments are handed over between lcores."""
import contextlib
import os
import socket
import subprocess

from cases import bench, case, cases, expect, expect_equal, expect_reply
from daemon import BUILD, until
from network import command
import mails
import smtp
import transfer

TARGET = "198.18.0.25"
CORES = sorted(os.sched_getaffinity(0))
KINDS = ("net_af_packet", "net_tap", "net_af_xdp", "net_memif")
# A veth has no combined channels, and DPDK's net_af_xdp counts no others: here it is told that the queues are such.
COMBINED = ("env", f"LD_PRELOAD={BUILD}/tests/libcombined_channels.so")
MAILS = int(os.environ.get("LCORES_MAILS", "40"))  # scripts/prove lcores: 200


def machine(workers, dataplanes=2):
    """So many of each, on the processors in turn: where there is one only, all are roles of it."""
    return {"machine": {"dataplane-cores": [CORES[number % len(CORES)] for number in range(dataplanes)],
                        "worker-cores": [CORES[number % len(CORES)] for number in range(workers)]}}


def several(kind, change):
    """A bench whose port has two queues."""
    if kind == "net_af_xdp":
        return bench(kind, change, queues=2, prefix=COMBINED)
    if kind == "net_memif":
        return over_memif(change)
    return bench(kind, change)


@contextlib.contextmanager
def over_memif(change):
    """The clients' TAP stands at the other end of a memif: it sends by its queues in turn, so connections move between them."""
    with bench("net_tap", change, start=False) as here:
        socket_path = os.path.join(here.folder, "memif")
        here.barscreen.change({'port "mx0"': {"device": "net_memif", "interface": None, "socket": socket_path,
                                              "queues": 2}})
        command_line = here.wire.clients.inside(f"{BUILD}/tests/memif_tap", socket_path, here.wire.INTERFACE, "2")
        with open(os.path.join(here.folder, "output"), "ab") as output, \
                subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=output, text=True) as other:
            try:
                expect_equal(other.stdout.readline(), "ready\n", "the other end of the memif")
                here.barscreen.start()
                yield here
                expect(other.poll() is None, "the other end of the memif died")
            finally:
                here.barscreen.kill()
                other.kill()


def each(here, name):
    """A dataplane counter, lcore by lcore."""
    return [next(group[name] for group in lcore.values() if isinstance(group, dict) and name in group)
            for lcore in here.barscreen.control("stats")["dataplane"]["lcores"]]


def connected(here, source, count):
    """So many connections of a source that nobody has greeted yet, and the replies of those that were refused at once."""
    return [smtp.Client(here.wire, TARGET, source) for _ in range(count)]


def close_all(clients):
    for client in clients:
        client.close()


RUNS = {f"{kind[4:]}_{workers}": (kind, workers) for kind, workers in
        (("net_af_packet", 1), ("net_af_packet", 4), ("net_tap", 2), ("net_af_xdp", 2), ("net_memif", 2))}


@cases(RUNS)
def mails_and_drain(kind, workers):
    """Mails intact and once; kill and sessions see all of it; the drain lets no mail in half."""
    sent = transfer.numbered(MAILS)
    with several(kind, machine(workers)) as here:
        exchange = transfer.Exchange(here.wire, TARGET, sent, wrong=8).begin(25).end()
        expect_equal(exchange.faults, [], "faults")
        faults = mails.compare(sent, exchange.acknowledged, here.maildir, transfer.RECIPIENT, exchange.refused)
        expect_equal(faults, [], "faults in the mailbox")
        expect_equal(sorted(exchange.acknowledged), sorted(sent), "mails acknowledged")
        accepted = each(here, "connections-accepted")
        expect(len(accepted) == 2 and all(accepted), f"connections of each lcore: {accepted}")
        handed = sum(each(here, "handed-over"))
        expect((handed > 0) == (kind != "net_af_packet"), f"{handed} packets handed over")
        if kind != "net_af_xdp":  # whose queues hold more than a ring, while an lcore waits for a processor
            expect_equal(sum(each(here, "handover-full")), 0, "packets that no ring had room for")
        clients = connected(here, here.wire.source(socket.AF_INET, 77), 12)
        for client in clients:
            client.hello()
        sessions = here.barscreen.control("sessions")["sessions"]
        expect_equal(len(sessions), 12, "sessions seen")
        here.barscreen.control("sessions", "kill", sessions[0]["session"])
        expect(until(lambda: len(here.barscreen.control("sessions", "--state", "talking")["sessions"]) == 11),
               "the killed one is still there")
        here.barscreen.ask("stop")
        ends = [told_the_end(client) for client in clients]
        expect_equal(ends, [421] * 12, "what they were told at the end")
        expect_equal(here.barscreen.wait(), 0, "exit status")


def told_the_end(client):
    """The code of the last reply before the connection ended, unasked or to a command."""
    code = None
    with contextlib.suppress(smtp.Gone):
        client.send("NOOP\r\n")
        while True:
            code = client.reply().code
    client.close()
    return code


@cases({kind[4:]: (kind,) for kind in KINDS})
def limits(kind):
    """connections-per-source and the rate of connections are exact over lcores, and a verdict learnt on one is met on the other."""
    change = machine(2)
    change.update({"waiting": {"wait": "60s", "connections-per-source": 10},
                   "verdicts": {"action": "refuse", "early-talks": 3, "lifetime": "10m"}})
    with several(kind, change) as here:
        crowd, rude = here.wire.source(socket.AF_INET, 1), here.wire.source(socket.AF_INET, 2)
        clients = connected(here, crowd, 30)
        expect(until(lambda: here.barscreen.counter("connections-accepted") >= 30), "not all came through")
        expect(until(lambda: here.barscreen.counter("crowded") == 20, 20), f"refused: {each(here, 'crowded')}")
        waiting = each(here, "waiting")
        expect(sum(waiting) == 10 and all(waiting), f"waiting on each lcore: {waiting}")
        expect_equal(len(here.barscreen.control("sessions", "--state", "waiting")["sessions"]), 10, "sessions seen")
        expect_equal(here.barscreen.control("sources", "show", crowd)["source"]["open"], 10, "connections of the source")
        close_all(clients)
        expect(until(lambda: here.barscreen.control("sources", "show", crowd)["source"]["open"] == 0), "still counted")

        for _ in range(3):
            with smtp.Client(here.wire, TARGET, rude) as client:
                client.send("HELO early\r\n")
                expect_reply(client.reply(), 554)
        expect_equal(here.barscreen.counter("verdicts-given"), 1, "verdicts given")
        clients = connected(here, rude, 20)
        for client in clients:
            expect_reply(client.reply(), 554)
        close_all(clients)
        met = each(here, "verdicts-met")
        expect(sum(met) == 20 and all(met), f"verdicts met on each lcore: {met}")


@case
def roles_on_one_core():
    """Two dataplanes and four workers that share a processor."""
    with bench("net_tap", {"machine": {"dataplane-cores": [CORES[0]] * 2, "worker-cores": [CORES[0]] * 4}}) as here:
        for number in range(8):
            with smtp.Client(here.wire, TARGET, here.wire.source(socket.AF_INET, number + 1)) as client:
                client.hello()
                expect_equal(client.mail(b"Subject: x\r\n\r\nx\r\n", ["a@example.org"])[-1].code, 250, "mail")
                client.quit()
        expect_equal(here.barscreen.counter("mails-accepted"), 8, "mails accepted")
        expect_equal(len(each(here, "rx-packets")), 2, "dataplanes")


@case
def queues_that_the_driver_does_not_take():
    """A veth is one queue to DPDK's net_af_xdp: it starts, says which packets are lost and how to get them, and is right about it."""
    with bench("net_af_xdp", machine(1), queues=2) as here:
        expect(here.barscreen.logged("2 queues and only 1 of them reach us: `ethtool -L bs0 rx 1`"), "nothing is said of it")
        command(*here.wire.clients.inside("ethtool", "-L", here.wire.peer, "tx", "1"))
        command(*here.wire.server.inside("ethtool", "-L", here.wire.INTERFACE, "rx", "1"))
        for number in range(4):
            with smtp.Client(here.wire, TARGET, here.wire.source(socket.AF_INET, number + 1)) as client:
                client.hello()
