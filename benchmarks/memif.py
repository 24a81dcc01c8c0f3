# SPDX-License-Identifier: BSD-3-Clause
"""barscreen behind a memif, and the load generator at its other end: no kernel between them."""
import contextlib
import os
import subprocess

import checks
import daemon
import network

from measure import ON_CLIENT, ON_SERVER, SERVER, URGENT, Length, Void, others
from urgency import favour

LOAD = os.path.join(daemon.BUILD, "benchmarks", "load", "load")
IN_MEMORY = LOAD + "_in_memory"
FIRST = "10.0.0.0/12"  # a million clients
PREFIXES = 20000  # of IPv4 on the list that a flood comes from, and 3 to 10 of it of IPv6
SOCKET = "memif.sock"
HEADROOM = 1.3  # what the load must be able to do, in what is measured
GATEWAYS = ["198.18.0.1", "2001:2::1"]
# One core for dataplane and worker; sources are not refused for what they did.
SETTINGS = {
    "machine": {"dataplane-cores": [SERVER], "worker-cores": [SERVER]},
    "limits": {"connections": 262144, "half-open": 16384, "talking": 8192},
    "networks": {"trusted": [FIRST, "198.18.0.0/15", "2001:2::/48", "2001:db8::/32"]},
    "verdicts": {"action": "observe", "refused-sessions": 0, "unknown-recipients": 0},
}


class Wire:
    """Takes the place of network.Wire for daemon.Barscreen: a namespace, in which nothing is reached by the kernel."""

    kind, mtu, INTERFACE = "net_memif", 1500, None

    def __init__(self):
        self.server = network.Namespace("server")

    def close(self):
        self.server.close()


class Barscreen(daemon.Barscreen):
    """Its link is down as long as no load is there, and its addresses tentative."""

    def _ready(self):
        return True


@contextlib.contextmanager
def barscreen(folder, more=None, prefixes=PREFIXES):
    """One core for dataplane and worker, no wait, log to a file in memory, sources are not refused for what they did.
    It asks the DNS nothing, as the references don't."""
    wire, process = Wire(), None
    listed = os.path.join(folder, "listed")
    with open(listed, "w", encoding="ascii") as file:
        subprocess.run([LOAD, "-L", str(prefixes)], stdout=file, check=True, timeout=60)
    try:
        process = Barscreen(folder, wire, f"{folder}/mail", {
            'port "mx0"': {"interface": None, "socket": os.path.join(folder, SOCKET), "ring-size": 2048,
                           "addresses": [network.SERVER4 + "/24", network.SERVER6 + "/64"],
                           "gateways": GATEWAYS},
            'list "flood"': {"file": listed, "action": "drop"},
        } | SETTINGS | checks.no_dns() | (more or {}), prefix=ON_SERVER)
        process.prefixes = prefixes
        process.start()
        favour(wire.server)
        yield process
    finally:
        if process:
            process.kill()
        wire.close()


def tried(process, seconds, places, *words):
    """One run of the load; what it printed, as numbers. Void when a session went wrong."""
    return played([*ON_CLIENT, LOAD, "-l", str(process.prefixes)], os.path.join(process.folder, SOCKET), seconds, places, *words)


def played(program, where, seconds, places, *words):
    foreign = others()
    done = subprocess.run([*program, "-t", str(seconds), "-c", str(places), *map(str, words), where, network.SERVER4, network.SERVER6],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds + 180)
    said, _, after = done.stdout.partition(" fault=")
    fields = dict(word.partition("=")[::2] for word in said.split() + after.split()[-1:] if "=" in word)
    if done.returncode != 0 or fields.get("bad") != "0" or fields.get("good") == "0":
        raise Void(f"load: {done.stdout.strip()} {done.stderr.strip()}")
    return {name: float(value) for name, value in fields.items()} | {"others": foreign}


def limit(run):
    """Why a run says nothing about the filter; nothing when it does."""
    if Length.SMOKE:
        return ""
    if run["busy"] > 1 / HEADROOM:
        return f"the load was busy for {run['busy']:.0%} of the time: it could not have done {HEADROOM} times that"
    if run["missed"]:
        return f"{run['missed']:.0f} sessions were not begun in time"
    return ""


def valid(run):
    """The run, if the load was not its own limit; else it is void."""
    if limit(run):
        raise Void(limit(run))
    return run


def load(process, seconds, places, *words):
    return valid(tried(process, seconds, places, *words))


def in_memory(folder, more, seconds, places, *words):
    """One run of load and filter in one process, with rings between them; the core of each is as over memif."""
    class NoWire:
        """The configuration must name a port all the same."""

        kind, INTERFACE, mtu = "net_af_packet", "bs0", 1500

    filter_of = daemon.Barscreen(folder, NoWire, f"{folder}/mail", {'port "mx0"': {"gateways": GATEWAYS}} | SETTINGS |
                                 checks.no_dns() | more)
    return valid(played([*URGENT, IN_MEMORY], filter_of.file, seconds, places, *words))
