#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench runs: barscreen and a reference under the same client, in turns, medians; the client on processor
0, what is measured on processor 1. A load whose replies or deliveries are not what they should be makes the result
void."""
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "e2e"))

import checks  # noqa: E402
import daemon  # noqa: E402
import network  # noqa: E402
import peers  # noqa: E402

CLIENT, SERVER = 0, 1  # processors
RUNS, SECONDS, PARALLEL = 3, 6, 100
TRIPLETS, CONNECTIONS = 1000000, 1000
SOURCES = ("198.19.0.1", 64)
RECIPIENT = "a@example.org"
LIMITED = 0.95  # of processor 0 busy: then the client was the limit
URGENT = ("nice", "-n", "-15")  # both sides alike, so that other work of the machine is in the way less
ON_CLIENT, ON_SERVER = ((*URGENT, "taskset", "-c", str(processor)) for processor in (CLIENT, SERVER))
SMTP_LOAD = os.path.join(daemon.BUILD, "benchmarks", "smtp_load")


class Void(Exception):
    """A load did not go as it should."""


def others():
    """The share of both processors that is busy when nothing is measured."""
    def busy():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
        return sum(fields) - fields[3] - fields[4], sum(fields)

    before = busy()
    time.sleep(1)
    after = busy()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def load(space, script, target, port, seconds, sources=SOURCES, most=None):
    """One run of smtp_load in the namespace, of so many sessions at most; what it printed, as numbers."""
    foreign = others()
    words = [*ON_CLIENT, SMTP_LOAD, "-c", str(PARALLEL), "-t", str(seconds)]
    words += ["-m", str(most)] if most else []
    if sources:
        words += ["-s", sources[0], "-n", str(sources[1])]
    done = subprocess.run(space.inside(*words, script, target, str(port)), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds + 120)
    fields = dict(word.partition("=")[::2] for word in done.stdout.split(" fault=")[0].split())
    if done.returncode != 0 or fields.get("bad") != "0" or fields.get("good") == "0":
        raise Void(f"load on {target}: {done.stdout.strip()}")
    return {name: float(value) for name, value in fields.items()} | {"others": foreign}


def steer(space, interface, processor):
    """Received packets of the interface are handled by the processor (RPS), as a NIC's interrupt would be."""
    queues = f"/sys/class/net/{interface}/queues/rx-*"
    network.command("ip", "netns", "exec", space.name, "sh", "-c",
                    f"for queue in {queues}; do printf %x {1 << processor} >$queue/rps_cpus; done")


class KernelWire:
    """A veth pair like network.Wire's, with the kernel's TCP on both ends and veth's offloads as they are."""

    def __init__(self):
        self.clients, self.server = network.Namespace("clients"), network.Namespace("reference")
        self.clients.ip("link", "add", "peer", "type", "veth", "peer", "name", "bs0", "netns", self.server.name)
        for space, name, address in ((self.clients, "peer", "198.18.0.1"), (self.server, "bs0", network.SERVER4)):
            space.ip("addr", "add", f"{address}/15", "dev", name)
            space.ip("link", "set", name, "up")

    def close(self):
        self.clients.close()
        self.server.close()


@contextlib.contextmanager
def place():
    """A folder in memory: logs and mailboxes are no measurement of a disk."""
    folder = tempfile.mkdtemp(prefix="barscreen-bench-", dir="/dev/shm")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(wire):
    for number in range(SOURCES[1]):
        wire.clients.ip("addr", "add", f"198.19.0.{number + 1}/32", "dev", "peer")
    steer(wire.clients, "peer", CLIENT)
    steer(wire.server, "bs0", SERVER)


@contextlib.contextmanager
def barscreen(folder, backend, more=None, names=None):
    """One core for all of it; the default of going to sleep when idle; no wait; no source is refused for good. `more`: of the
    configuration; `names`: the DNS that it asks (dns.World)."""
    wire = network.Wire("net_af_packet")
    process = None
    try:
        prepare(wire)
        if names:
            names.link(wire.server)
        process = daemon.Barscreen(folder, wire, "", (more or {}) | {
            "": {"backend": backend(wire) if callable(backend) else backend},
            "machine": {"dataplane-cores": [SERVER], "worker-cores": [SERVER]},
            "limits": {"connections": 65536, "half-open": 4096, "talking": 4096},
            "verdicts": {"action": "observe", "refused-sessions": 0, "unknown-recipients": 0},
        }, prefix=ON_SERVER)
        process.start()
        yield process
    finally:
        if process:
            process.kill()
        wire.close()


# A Postfix of few words and many processes, with all its limits off. What postscreen knows already (here: every client)
# goes on to smtpd; the others would wait.
REFERENCE = f"""
    postconf -e 'smtpd_peername_lookup = no' 'smtpd_error_sleep_time = 0' 'smtpd_client_connection_count_limit = 0' \
        'smtpd_client_connection_rate_limit = 0' 'postscreen_client_connection_count_limit = 0' \
        'default_process_limit = 300' 'max_use = 10000' 'smtpd_recipient_restrictions = reject_unlisted_recipient' \
        'postscreen_access_list = cidr:/etc/postfix/known'
    echo '198.18.0.0/15 permit' >/etc/postfix/known
    postconf -MX smtp/inet
    postconf -M 'smtp/inet=smtp inet n - y - 1 postscreen' 'smtpd/pass=smtpd pass - - y - - smtpd'
    postfix stop; postfix start
"""


@contextlib.contextmanager
def postscreen(folder):
    wire, peer = KernelWire(), None
    try:
        prepare(wire)
        os.makedirs(os.path.join(folder, "reference"))
        boxes = peers.Mailboxes(os.path.join(folder, "reference"), [RECIPIENT], ours=False)
        peer = Reference(folder, boxes, space=wire.server, pin=ON_SERVER)
        peer.wire = wire
        yield peer
    finally:
        if peer:
            peer.close()
        wire.close()


class Reference(peers.Postfix):
    """postscreen in front of smtpd on port 25, not behind barscreen: no recipe."""

    RECIPE = REFERENCE


def turns(runs, *measures):
    """Each measure once and again, after a short one to warm up; for each the list of what it gave."""
    for measure in measures:
        measure(1)
    results = [[] for _ in measures]
    for _ in range(runs):
        for result, measure in zip(results, measures):
            result.append(measure(SECONDS))
    return results


def median(runs, function):
    return statistics.median(function(run) for run in runs)


def foreign(*lists):
    share = max(run["others"] for runs in lists for run in runs)
    return f"other work took up to {share:.0%} of the machine" if share > 0.1 else ""


def notes(own, other):
    """What a reader of the figures must know."""
    said = [foreign(own, other)]
    if said[0]:
        return said  # then nobody can tell who had the client's processor
    for what, runs in (("", own), ("the reference is ", other)):
        share = max(run[f"cpu{CLIENT}"] / run["seconds"] for run in runs)
        if share > LIMITED:
            said.append(f"{what}a lower bound: the client had {share:.0%} of its processor busy")
    return said


def rate(run):
    return run["rate"]


def cost(run):
    """Seconds of the processor for a thousand, all that it did in that time."""
    return 1000 * run[f"cpu{SERVER}"] / (run["rate"] * run["seconds"])


def tell(name, figure, unit, reference, other, remarks):
    fields = ["bench", name, f"{figure:.4g}", unit, reference, f"{other:.4g}", f"{figure / other:.3g}"]
    print("\t".join(fields + ["; ".join(filter(None, remarks))] * any(remarks)), flush=True)


def sessions():
    """EHLO, MAIL, RCPT of an unknown recipient, QUIT."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail", "example.org", "a", "tmp"))
        with barscreen(folder, f"maildir:{folder}/mail") as ours, postscreen(folder) as theirs:
            def run(wire):
                return lambda seconds: load(wire.clients, "refused", network.SERVER4, 25, seconds)

            own, other = turns(RUNS, run(ours.wire), run(theirs.wire))
            if "NOQUEUE: reject" not in ours.log() or "NOQUEUE: reject" not in theirs.log():
                raise Void("nothing was logged")
    tell("sessions", median(own, rate), "sessions/s", "postscreen+smtpd", median(other, rate), notes(own, other))
    tell("sessions-cpu", median(own, cost), "cpu-s/1000", "postscreen+smtpd", median(other, cost),
         [foreign(own, other)])


def mail():
    """4 KB mails, one a session; the mail server is the same one for both ways."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail"))
        boxes = peers.Mailboxes(os.path.join(folder, "mail"), [RECIPIENT])
        backend = []

        def behind(wire):
            backend.append(peers.Postfix(folder, boxes, wire.server, pin=ON_SERVER,
                                         change="postconf -e 'max_use = 10000'; postfix reload"))
            steer(backend[0].space, peers.LINK, SERVER)
            return peers.backend("Postfix")

        try:
            with barscreen(folder, behind) as ours:
                def delivered(result):
                    if not backend[0].drained():
                        raise Void("mails stay in the queue")
                    count = len(boxes.files(RECIPIENT))
                    if count != result["good"]:
                        raise Void(f"{result['good']:.0f} mails were acknowledged and {count} delivered")
                    for path in boxes.files(RECIPIENT):
                        os.unlink(path)
                    return result

                def through(seconds):
                    steer(ours.wire.server, peers.LINK, SERVER)
                    return delivered(load(ours.wire.clients, "accepted", network.SERVER4, 25, seconds))

                def directly(seconds):
                    steer(ours.wire.server, peers.LINK, CLIENT)
                    return delivered(load(ours.wire.server, "accepted", peers.SERVER4, 2525, seconds, None))

                own, other = turns(RUNS, through, directly)
        finally:
            for peer in backend:
                peer.close()
    tell("mail", median(own, rate), "mails/s", "postfix-directly", median(other, rate), notes(own, other))


def judging(names, address):
    """The sessions of sessions() with all checks on, their DNS cache warm, and with all of them off."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail", "example.org", "a", "tmp"))
        with barscreen(folder, f"maildir:{folder}/mail", checks.all_on(), names) as process:
            if not checks.lists_count(process) or not checks.acquaint(process, address):
                raise Void("DNS lists or greylisting are not on")

            def run(change, judged):
                def measure(seconds):
                    process.change(change)
                    process.ask("reload")
                    before = checks.judged(process)
                    result = load(process.wire.clients, "refused", network.SERVER4, 25, seconds)
                    counts = {now - before[name] for name, now in checks.judged(process).items()}
                    if counts != {result["good"] if judged else 0}:
                        raise Void(f"of {result['good']:.0f} sessions checks were run in {counts}")
                    return result
                return measure

            own, reference = turns(RUNS, run(checks.all_on(), True), run(checks.all_off(), False))
            if checks.trouble(process):
                raise Void(f"{checks.trouble(process)} questions without answer")
    tell("checks", median(own, rate), "sessions/s", "checks-off", median(reference, rate), notes(own, reference))
    tell("checks-cpu", median(own, cost), "cpu-s/1000", "checks-off", median(reference, cost),
         [foreign(own, reference)])


def questions(names, address):
    """CONNECTIONS of one source to a barscreen that knows nothing yet."""
    with place() as folder:
        os.makedirs(os.path.join(folder, "mail", "example.org", "a", "tmp"))
        change = checks.all_on()
        change["checks"]["greylist"] = "observe"  # the first ones would be told to come again
        with barscreen(folder, f"maildir:{folder}/mail", change, names) as process:
            if not checks.lists_count(process):
                raise Void("DNS lists are not on")
            checks.write_down(names)
            run = load(process.wire.clients, "refused", network.SERVER4, 25, 60, (address, 1), CONNECTIONS)
            asked = checks.asked(names)
            if run["good"] != CONNECTIONS or not asked or checks.trouble(process):
                raise Void(f"{run['good']} sessions, {len(asked)} questions, {checks.trouble(process)} without answer")
    tell("dns-questions", len(asked), "questions", "distinct-questions", len(set(asked)),
         [f"{CONNECTIONS} connections of one source"])


def all_checks():
    addresses = [f"198.19.0.{number + 1}" for number in range(SOURCES[1])]
    with checks.world(addresses) as names:
        judging(names, addresses[0])
        questions(names, addresses[0])


def greylist():
    """A million triplets: a lookup, memory and disk for one, and how soon a restart has them again."""
    with place() as folder:
        words = [*ON_SERVER, os.path.join(daemon.BUILD, "benchmarks", "benchmark_greylist"),
                 str(TRIPLETS), folder]
        results = []
        for _ in range(RUNS):
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            if done.returncode != 0:
                raise Void(done.stdout.strip())
            results.append({name: float(value) for name, value in
                            (word.split("=") for word in done.stdout.split())})

    def field(name):
        return median(results, lambda run: run[name])

    remark = [f"{TRIPLETS} triplets"]
    tell("greylist-lookup", field("lookup-ns"), "ns", "hsearch", field("reference-ns"), remark)
    tell("greylist-memory", field("memory-bytes"), "bytes", "hsearch", field("reference-bytes"), remark)
    tell("greylist-disk", field("disk-bytes"), "bytes", "entry", 32, remark)
    tell("greylist-restart", field("load-s"), "s", "goal", 2, remark)


BENCHES = {"sessions": sessions, "mail": mail, "checks": all_checks, "greylist": greylist}


def main(words):
    global RUNS, SECONDS, PARALLEL, TRIPLETS
    smoke = words[:1] == ["--smoke"]
    names = words[smoke:] or list(BENCHES)
    if any(name not in BENCHES for name in names):
        sys.exit(f"usage: scripts/bench [--smoke] [{'|'.join(BENCHES)}]...")
    if smoke:
        RUNS, SECONDS, PARALLEL, TRIPLETS = 1, 1, 10, 20000
    failed = 0
    for name in names:
        try:
            with contextlib.redirect_stdout(open(os.devnull, "w", encoding="ascii") if smoke else sys.stdout):
                BENCHES[name]()
        except (Void, RuntimeError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"FAIL bench.{name}: void: {error}", flush=True)
        else:
            if smoke:
                print(f"PASS bench.{name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
