# SPDX-License-Identifier: BSD-3-Clause
"""Who wants to use up what we have: connections, records, blocks, neighbours, patience. Each finds a bound, and a counter says so; a
legitimate session beside him goes through, and memory stays where it was. ADVERSARIES=1000000 is the full number of sources."""
import itertools
import os
import random
import struct

from behaviours import Group, counted
from cases import case, expect, expect_equal
from daemon import until
from network import SERVER4
from wiretap import ARP, IPV4, MODULUS, Peer, TCP, ethernet, icmp6, ip, ipv6, packed, tcp

GROUP = Group()
SOURCES = int(os.environ.get("ADVERSARIES", "4000"))
RECORDS, HALF_OPEN, TALKING, PER_SOURCE = 1024, 128, 64, 20
NUMBERS = itertools.count(1)
LIMITS = {"limits": {"connections": RECORDS, "half-open": HALF_OPEN, "talking": TALKING, "sources": 4096},
          "waiting": {"wait": "0s", "connections-per-source": PER_SOURCE},
          "networks": {"own": [], "trusted": ["198.18.0.0/15", "2001:2::/48", "10.0.0.0/8", "fd00::/8"]},
          "smtp": {"junk-commands": 100000, "commands": 100000}}


def legitimate(tap, family):
    """A whole session, up to the end."""
    peer = Peer(tap, family)
    peer.hello()
    for line, code in ((b"MAIL FROM:<b@example.com>", 250), (b"RCPT TO:<a@example.org>", 250), (b"DATA", 354),
                       (b"Subject: x\r\n\r\nx\r\n.", 250), (b"QUIT", 221)):
        peer.say(line + b"\r\n")
        peer.reply(code, line.decode())
    peer.send("R")
    peer.close()


def resident(tap):
    """Kilobytes of memory in use."""
    with open(f"/proc/{tap.barscreen.pid()}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def source(family, number):
    """Of millions, each IPv6 one in a /64 of its own: private networks, which this configuration takes for clients."""
    if family == "ipv4":
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return f"fd00:{number >> 16:x}:{number & 0xffff:x}::66"


class Beside:
    """A legitimate session that is open meanwhile, one before and one after; and memory before and after."""

    def __init__(self, tap, family):
        self.tap, self.family = tap, family

    def __enter__(self):
        legitimate(self.tap, self.family)
        self.memory = resident(self.tap)
        self.before = self.tap.counters()
        self.peer = Peer(self.tap, self.family)
        self.peer.hello()
        return self

    def grown(self, name):
        self.tap.fence()
        return self.tap.counters()[name] - self.before[name]

    def __exit__(self, kind, *_):
        if kind is None:
            self.peer.serves("meanwhile")
            self.peer.send("R")
            legitimate(self.tap, self.family)
            grown = resident(self.tap) - self.memory
            expect(grown < 8192, f"memory grew by {grown} KB")


@GROUP.undisturbed
def one_source(tap, family):
    """All connections from one source: connections-per-source, counted as crowded."""
    with Beside(tap, family) as beside:
        address = source(family, 60000)
        peers = [Peer(tap, family, address, 1000 + number) for number in range(3 * PER_SOURCE)]
        told = []
        for peer in peers:
            peer.connect()
            told.append(peer.line()[:3])
        expect_equal((told.count("220"), told.count("421")), (PER_SOURCE, 2 * PER_SOURCE), "greeted and refused")
        expect_equal(beside.grown("crowded"), 2 * PER_SOURCE, "crowded")
        for peer in peers:
            peer.send("R")


class Army:
    """Sources that complete the handshake and hold what they got. No state here: who is answered answers."""

    def __init__(self, tap, family):
        self.tap, self.family, self.opened, self.peers = tap, family, [], tap.peers
        tap.peers = self

    def __contains__(self, key):
        return True

    def __setitem__(self, key, peer):
        self.peers[key] = peer

    def pop(self, *words):
        self.peers.pop(*words)

    def __getitem__(self, key):
        if key in self.peers:
            return self.peers[key]
        self.address, self.port, _ = key
        return self

    @property
    def queue(self):
        return self

    def put(self, segment):
        if segment.flags == "SA":
            self.opened.append((self.address, self.port, (segment.seq + 1) % MODULUS))
            self.send("A", self.opened[-1])

    def send(self, flags, which):
        address, port, ack = which
        target = legitimate_target(self.family)
        self.tap.send(ip(address, target, TCP, tcp(address, target, (port, 25), flags, 2 if flags != "S" else 1, ack)))

    def leave(self):
        self.tap.peers = self.peers
        for which in self.opened:
            self.send("R", which)


def legitimate_target(family):
    return SERVER4 if family == "ipv4" else "2001:2::25"


@GROUP.undisturbed
def many_sources(tap, family):
    """More sources than records: the records are the bound, the SYN cache and cookies the way; who is in stays in."""
    with Beside(tap, family) as beside:
        army = Army(tap, family)
        try:
            for number in range(SOURCES):
                army.send("S", (source(family, number), 2000 + number % 60000, 0))
                if number % 200 == 199:
                    tap.fence()
            tap.fence()
            expect(tap.counters()["connection-records"] <= RECORDS, "more records than there are")
            expect(beside.grown("syn-no-record") > 0, "the records were not used up")
            beside.peer.serves("with all records taken")
        finally:
            army.leave()
        expect(until(lambda: tap.counters()["connection-records"] < RECORDS // 2), "the records never came back")


@GROUP.undisturbed
def half_open_with_chosen_tuples(tap, family):
    """SYNs that nobody completes, of tuples that a plain hash would put together: half-open is the bound; then cookies, which hold nothing."""
    with Beside(tap, family) as beside:
        for number in range(3000):
            address, target = source(family, number * 64), legitimate_target(family)
            tap.send(ip(address, target, TCP, tcp(address, target, (1024 + (number * 64 & 0x7fff), 25), "S", number << 16)))
            if number % 500 == 499:
                tap.fence()
                expect(tap.counters()["half-open"] <= HALF_OPEN, "more half-open than there may be")
                legitimate(tap, family)
        expect(beside.grown("syn-cookies") > 1000, "no cookies")
        expect(beside.grown("sources-evicted") < 20, "sources put out by SYNs")  # by the sessions beside, where the table is full


@GROUP.undisturbed
def zero_window_holders(tap, family):
    """They ask and never read: a session block each, until they are told off or leave; half of the blocks serve the others."""
    with Beside(tap, family) as beside:
        holders = []
        for number in range(TALKING // 2):
            peer = Peer(tap, family, source(family, 50000 + number))
            peer.hello()
            peer.window = 0
            peer.say(b"NOOP\r\n" * 80)
            holders.append(peer)
        expect(until(lambda: beside.grown("session-blocks") >= TALKING // 2), "they hold no blocks")
        expect(tap.counters()["session-blocks"] <= TALKING, "more blocks than there are")
        legitimate(tap, family)
        for peer in holders:
            peer.send("R")
        expect(until(lambda: tap.counters()["session-blocks"] <= 4), "the blocks never came back")


@GROUP.undisturbed
def holes(tap, family):
    """Bytes one by one, every second one missing: 64 ranges are kept, the rest comes again; the command is whole in the end."""
    with Beside(tap, family) as beside:
        peer = Peer(tap, family)
        peer.hello()
        text = b"NOOP" + b" " * 200 + b"\r\n"
        for at in range(1, len(text), 2):
            peer.send("A", text[at:at + 1], seq=peer.seq + at)
        kept = beside.grown("out-of-order")
        expect_equal(kept, 64, "ranges kept")
        for byte in text:
            peer.say(bytes([byte]), "A")
        peer.reply(250)
        peer.send("R")


@GROUP.undisturbed
def overlaps_that_differ(tap, family):
    """What is acknowledged stays as it is, whatever comes in its place later."""
    with Beside(tap, family):
        peer = Peer(tap, family)
        peer.hello()
        for number in range(20):
            peer.send("A", b"NO")
            peer.expect("A", "the first half", ack=peer.seq + 2)
            peer.send("A", b"QUIT", seq=peer.seq)
            peer.send("A", b"QU", seq=peer.seq)
            peer.drain()
            peer.seq += 4
            peer.say(b"\r\n")
            line = peer.line()
            expect(line.startswith("5") and "221" not in line, f"round {number}: {line}")  # NOIT
        peer.send("R")


@GROUP.undisturbed
def blind_resets(tap, family):
    """RST and FIN with any number but the right one, against a session that is going on: none ends it (RFC 5961, 3.2)."""
    with Beside(tap, family) as beside:
        dice = random.Random(5)
        for number in range(500):
            beside.peer.send("R" if number % 2 else "FA", seq=beside.peer.seq + dice.randrange(1 << 17, MODULUS - (1 << 17)))
        beside.peer.tap.fence()
        beside.peer.drain()
        expect_equal(beside.grown("tcp-reset"), 250, "tcp-reset")
        expect_equal(beside.grown("tcp-window"), 250, "tcp-window")


@GROUP.undisturbed
def port_reused_in_the_wait(tap, family):
    """A SYN for a connection that waits is challenged and makes no second one (RFC 5961, 4.2); who has forgotten the first resets it."""
    with Beside(tap, family) as beside:
        tap.barscreen.ask("set", "waiting.wait", "4m")
        try:
            peer = Peer(tap, family, source(family, 61000), 4444)
            peer.connect()
            expect(until(lambda: beside.grown("waiting") == 1), "it does not wait")
            for number in range(50):
                peer.send("S", seq=peer.seq + 1000 * number)
            expect_equal(beside.grown("tcp-syn") + beside.grown("tcp-window"), 50, "SYNs that were refused")
            expect_equal(beside.grown("waiting"), 1, "connections that wait")
            expect(0 < peer.queue.qsize() < 25, f"{peer.queue.qsize()} answers")
            peer.drain()
            peer.send("R")
            peer.seq += 1 << 20
            peer.seen.clear()
            peer.connect()
            expect(until(lambda: beside.grown("waiting") == 1), "the new one does not wait")
            peer.send("R")
        finally:
            tap.barscreen.ask("set", "waiting.wait", "0s")


@GROUP.undisturbed
def replayed_acknowledgements(tap, family):
    """The ACK that opened a connection opens no second one, as often as it comes."""
    with Beside(tap, family) as beside:
        peer = Peer(tap, family, source(family, 62000), 4445)
        peer.connect()
        opened = beside.grown("connections-accepted")
        first = peer.segment("A")
        peer.reply(220)
        peer.say(b"EHLO client.example.com\r\n")
        peer.reply(250)
        for _ in range(500):
            tap.send(first)
        tap.fence()
        expect_equal(beside.grown("connections-accepted"), opened, "connections")
        peer.serves("replays")
        peer.send("R")


@GROUP.undisturbed
def extension_chains(tap, family):
    """Nobody walks them: the first header decides (RFC 8200, 4.1, and our policy)."""
    chain = (bytes((60, 0, 1, 4, 0, 0, 0, 0)) * 150) + bytes((TCP, 0, 1, 4, 0, 0, 0, 0))
    with Beside(tap, family) as beside:
        for number in range(500):
            address = source("ipv6", number)
            tap.send(ipv6(address, "2001:2::25", 60, chain + tcp(address, "2001:2::25", (number + 1, 25), "S")))
        expect_equal(beside.grown("ip-extension"), 500, "ip-extension")


@GROUP.undisturbed
def neighbours(tap, family):
    """Requests, solicitations and SYNs from more hosts than a neighbour table holds: there is none. Answers go back where they are asked from,
    and what a connection needs to know of its link is given back with it."""
    with Beside(tap, family) as beside:
        for number in range(6000):
            address, mac = source(family, number), b"\2\7" + struct.pack("!I", number)
            if number % 2:
                target = legitimate_target(family)
                tap.send(ip(address, target, TCP, tcp(address, target, (7000, 25), "S", number)), source=mac)
            elif family == "ipv4":
                body = struct.pack("!HHBBH6s4s6s4s", 1, IPV4, 6, 4, 1, mac, packed(address), bytes(6), packed(SERVER4))
                tap.raw(ethernet(b"\xff" * 6, body, ARP, mac))
            else:
                body = struct.pack("!BBHI", 135, 0, 0, 0) + packed("2001:2::25") + b"\1\1" + mac
                tap.raw(ethernet(b"\x33\x33\xff\0\0\x25", ipv6(address, "ff02::1:ff00:25", 58, icmp6(address, "ff02::1:ff00:25", body), ttl=255), source=mac))
            if number % 500 == 499:
                beside.peer.serves("neighbours")
        expect(beside.grown("arp-replies") > 100, "no answers")


@case
def tried():
    GROUP.run(LIMITS)
