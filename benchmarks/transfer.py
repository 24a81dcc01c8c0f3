# SPDX-License-Identifier: BSD-3-Clause
"""Large mails through barscreen to a mail server that throws them away, against a proxy on the kernel's sockets there."""
import contextlib
import os
import subprocess

import daemon
import network
import peers

from measure import CLIENT, ON_CLIENT, ON_SERVER, SERVER, Length, Void, median, others, place, tell
from servers import SOURCES, barscreen, foreign, steer

FOLDER = os.path.join(daemon.BUILD, "benchmarks", "transfer")
BLOCK = 1000000  # content.h
SINK = 2525
REFERENCE = "203.0.113.25"  # where the proxy listens (RFC 5737)
# name, mails at once, blocks of each; of a smoke run the blocks of the one mail
LOADS = (("one", 1, 1000), ("many", 500, 1))
SMOKE = (("one", 1, 10), ("many", 10, 1))
PATIENCE = 300


def plain(space, *interfaces):
    """Checksums and segments are made in software, in packets of the MTU."""
    for name in interfaces:
        network.command(*space.inside("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off"))


@contextlib.contextmanager
def program(space, name, *words, prefix=()):
    process = subprocess.Popen(space.inside(*prefix, os.path.join(FOLDER, name), *map(str, words)),
                               stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline().strip() != "ready":
            raise Void(f"{name} did not start")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def inner(outer):
    """The network between barscreen, or the proxy in its place, and the sink."""
    link = peers.Inner(outer)
    try:
        plain(outer, peers.LINK)
        plain(link.space, peers.LINK)
        steer(outer, peers.LINK, SERVER)
        steer(link.space, peers.LINK, CLIENT)
        yield link.space
    finally:
        link.close()


def second_wire(wire):
    """A link from the same clients to the same namespace, which the kernel has: for the proxy."""
    wire.clients.ip("link", "add", "ref", "mtu", str(wire.mtu), "type", "veth", "peer", "name", "ref",
                    "netns", wire.server.name)
    for space, address, processor in ((wire.clients, "203.0.113.1", CLIENT), (wire.server, REFERENCE, SERVER)):
        plain(space, "ref")
        space.ip("addr", "add", f"{address}/24", "dev", "ref")
        space.ip("link", "set", "ref", "mtu", str(wire.mtu), "up")
        steer(space, "ref", processor)


def send(space, target, sessions, blocks, *sources):
    """One run of the client; MB of content a second."""
    foreign_share = others()
    words = [*ON_CLIENT, os.path.join(FOLDER, "source"), target, "25", sessions, blocks, *sources]
    done = subprocess.run(space.inside(*map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=PATIENCE)
    fields = dict(word.partition("=")[::2] for word in done.stdout.split())
    if done.returncode != 0 or fields.get("good") != str(sessions):
        raise Void(f"{target}: {done.stdout.strip()}")
    return {"rate": int(fields["bytes"]) / float(fields["seconds"]) / 1e6, "others": foreign_share}


def transfer():
    """A sink that compares every byte; both ways the client, the sink and the links are the same."""
    with place() as folder, contextlib.ExitStack() as stack:
        def behind(wire):
            space = stack.enter_context(inner(wire.server))
            stack.enter_context(program(space, "sink", peers.SERVER4, SINK, prefix=ON_CLIENT))
            return f"smtp://{peers.SERVER4}:{SINK}"

        more = {"smtp": {"message-size": "2gb"}, "limits": {"data-rings": 1024}}
        with barscreen(folder, behind, more) as ours:
            second_wire(ours.wire)
            stack.enter_context(program(ours.wire.server, "proxy", REFERENCE, 25, peers.SERVER4, SINK,
                                        prefix=ON_SERVER))
            space = ours.wire.clients
            for name, sessions, blocks in SMOKE if Length.SMOKE else LOADS:
                own, other = [], []
                for _ in range(Length.RUNS):
                    own.append(send(space, network.SERVER4, sessions, blocks, *SOURCES))
                    other.append(send(space, REFERENCE, sessions, blocks))
                tell(f"transfer-{name}", median(own, lambda run: run["rate"]), "MB/s", "kernel proxy",
                     median(other, lambda run: run["rate"]), [foreign(own, other)])
