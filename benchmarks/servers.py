# SPDX-License-Identifier: BSD-3-Clause
"""What SMTP benches measure: barscreen and its references in namespaces, under the client smtp_load; the client on processor
0, what is measured on processor 1."""
import contextlib
import os
import subprocess

import daemon
import network
import peers

from measure import CLIENT, ON_CLIENT, ON_SERVER, SERVER, Length, Void, median, others
from urgency import favour

SOURCES = ("198.19.0.1", 64)
RECIPIENT = "a@example.org"
LIMITED = 0.95  # of processor 0 busy: then the client was the limit
SMTP_LOAD = os.path.join(daemon.BUILD, "benchmarks", "smtp_load")


def load(space, script, target, port, seconds, sources=SOURCES, most=None):
    """One run of smtp_load in the namespace, of so many sessions at most; what it printed, as numbers."""
    foreign = others()
    words = [*ON_CLIENT, SMTP_LOAD, "-c", str(Length.PARALLEL), "-t", str(seconds)]
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


def prepare(wire):
    for number in range(SOURCES[1]):
        wire.clients.ip("addr", "add", f"198.19.0.{number + 1}/32", "dev", "peer")
    steer(wire.clients, "peer", CLIENT)
    steer(wire.server, "bs0", SERVER)


def keep_kernel_off(space, interface):
    """What comes in by an interface that is barscreen's the kernel would take for its own, look for a route, and drop."""
    network.command(*space.inside("nft", f"add table netdev barscreen; add chain netdev barscreen in {{ type filter hook "
                                         f"ingress device {interface} priority 0; policy drop; }}"))


@contextlib.contextmanager
def barscreen(folder, backend, more=None, names=None):
    """One core for all of it; the default of going to sleep when idle; no wait; no source is refused for good. `more`: of the
    configuration; `names`: the DNS that it asks (dns.World)."""
    wire = network.Wire("net_af_packet")
    process = None
    try:
        prepare(wire)
        keep_kernel_off(wire.server, wire.INTERFACE)
        if names:
            names.link(wire.server)
        process = daemon.Barscreen(folder, wire, "", (more or {}) | {
            "": {"backend": backend(wire) if callable(backend) else backend},
            "machine": {"dataplane-cores": [SERVER], "worker-cores": [SERVER]},
            "limits": {"connections": 65536, "half-open": 4096, "talking": 4096} | (more or {}).get("limits", {}),
            "verdicts": {"action": "observe", "refused-sessions": 0, "unknown-recipients": 0},
        }, prefix=ON_SERVER)
        process.start()
        favour(wire.server)
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
        favour(wire.server)
        yield peer
    finally:
        if peer:
            peer.close()
        wire.close()


class Reference(peers.Postfix):
    """postscreen in front of smtpd on port 25, not behind barscreen: no recipe."""

    RECIPE = REFERENCE


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
