# SPDX-License-Identifier: BSD-3-Clause
"""A DNS of its own for tests: nsd with zones, rbldnsd with lists, and unbound that resolves from the root that nsd has, in a
throw-away root and a namespace of their own.

    with dns_world() as dns:
        dns.zone("example.org", "@ MX 10 mx\nmx A 192.0.2.25")
        dns.ptr("192.0.2.25", "mx.example.org")
        dns.list("bl.test", ["127.0.0.2", "192.0.2.7 :127.0.0.4:listed", "2001:db8::/32", "spam.example"])
        with dns.bench(change={...}) as here:     # a bench whose barscreen asks this DNS
            ...
            dns.list("bl.test", ["127.0.0.2"])    # in force when it returns

All of it can be changed at any time, and a change is in force when the call returns; what barscreen remembers it still remembers. A name in
no zone does not exist. `dns.bad` answers wrongly, as badserver.py says: its zones are given to it by dns.bad_zone(), or
barscreen asks it directly with dns.bench(servers=[dns.BAD])."""
import contextlib
import ipaddress
import itertools
import os
import shutil
import signal
import socket
import struct
import tempfile

import badserver
import cases
import network
import roots
from daemon import until

SERIAL = itertools.count(1)

HEAD = """$ORIGIN {origin}
$TTL 60
@ SOA ns.invalid. hostmaster.invalid. {serial} 3600 600 86400 60
@ NS ns.invalid.
"""

NSD = """server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: root
    chroot: ""
    zonesdir: /zones
    database: ""
    pidfile: /run/nsd.pid
    xfrdfile: /run/nsd.xfrd
    zonelistfile: /run/nsd.zones
    logfile: /nsd.log
    rrl-ratelimit: 0
remote-control:
    control-enable: yes
    control-interface: /run/nsd.control
"""

# Its own zones for what RFC 6303 and 6761 set aside are off.
UNBOUND = """server:
    interface: {address}
    access-control: 0.0.0.0/0 allow
    do-ip6: no
    username: ""
    chroot: ""
    directory: /
    pidfile: /run/unbound.pid
    logfile: /unbound.log
    use-syslog: no
    module-config: iterator
    qname-minimisation: no
    harden-below-nxdomain: no
    do-not-query-localhost: no
    unblock-lan-zones: yes
    num-threads: 1
    outgoing-range: 512
    infra-cache-min-rtt: 50
    infra-host-ttl: 1
{local}
remote-control:
    control-enable: yes
    control-interface: /run/unbound.control
    control-use-cert: no
"""
SET_ASIDE = ["test", "invalid", "2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa",
             "8.b.d.0.1.0.0.2.ip6.arpa", "10.in-addr.arpa", "168.192.in-addr.arpa", "127.in-addr.arpa"]

LIST_HEAD = """$SOA 60 ns.invalid. hostmaster.invalid. {serial} 3600 600 86400 60
$NS 60 ns.invalid.
$TTL 60
:127.0.0.2:listed, $
"""


def kind_of(entry):
    """The data set of rbldnsd that an entry of a list belongs to."""
    word = entry.lstrip("!").split()[0]
    try:
        return "ip4trie" if ipaddress.ip_network(word, strict=False).version == 4 else "ip6trie"
    except ValueError:
        return "dnset"


class World:
    """See above. `space`: where the servers are."""

    RESOLVER, BAD, DEAD = "203.0.113.53", "203.0.113.54", "203.0.113.55"  # RFC 5737; nobody is at the last
    OURS = "203.0.113.1"
    NSD_PORT, RBLDNSD_PORT = 5301, 5302
    LINK = "names"

    def __init__(self, folder):
        self.zones, self.lists, self.bad_zones, self.pointers = {}, {}, set(), {}
        self.space, self.linked = network.Namespace("dns"), None
        self.root = self.bad = None
        try:
            for address in (self.RESOLVER, self.BAD):
                self.space.ip("addr", "add", f"{address}/32", "dev", "lo")
            self.root = roots.Root("dns", self.space, os.path.join(folder, "root-dns"), "dns.example.org")
            self.root.shell("mkdir -p /zones /lists /run")
            self.bad = badserver.BadServer(self.space, self.BAD)
            self.start()
        except BaseException:
            self.close()
            raise

    # -- what is in it

    def zone(self, name, records=""):
        """A zone with these records ("" is empty), in place of what it had; names are relative to it."""
        serial = self.write_zone(name, records)
        if name not in self.zones:
            self.zones[name] = records
            self.write_nsd()
        self.zones[name] = records
        self.await_serial(name, serial)

    def remove(self, name):
        """The zone, and so all names in it, are no more."""
        self.zones.pop(name)
        self.write_nsd()
        self.end_server("nsd")
        self.root.run("nsd")
        self.await_serial(name, None)

    def ptr(self, address, *names):
        """The names of an address, in place of those that it had; without names it has none."""
        self.pointers[ipaddress.ip_address(address).reverse_pointer] = names
        for zone in ("in-addr.arpa", "ip6.arpa"):
            self.zone(zone, "".join(f"{owner}. PTR {name}.\n" for owner, all_of_it in self.pointers.items()
                                    if owner.endswith(zone) for name in all_of_it))

    def host(self, address, name, zone=None):
        """A host with a name that is confirmed: its PTR, and its A or AAAA added to a zone of ours (by default its parent)."""
        zone = zone or name.partition(".")[2]
        kind = "AAAA" if ":" in address else "A"
        self.ptr(address, name)
        self.zone(zone, self.zones.get(zone, "") + f"\n{name}. {kind} {address}\n")

    def list(self, name, entries):
        """A DNSBL or DNSWL of rbldnsd with these entries, in place of what it had: addresses, networks or names, each perhaps with
        " :VALUE:TEXT" (127.0.0.2 without). "!" before an entry excludes it. RFC 5782's test points are up to the caller."""
        fresh = name not in self.lists
        self.lists[name] = entries
        serial = next(SERIAL)
        for kind in ("ip4trie", "ip6trie", "dnset"):
            mine = [entry for entry in entries if kind_of(entry) == kind]
            self.root.write(f"/lists/{name}.{kind}", LIST_HEAD.format(serial=serial) + "\n".join(mine) + "\n")
        if fresh:
            self.restart_rbldnsd()
            self.write_unbound()
            self.root.run("unbound-control", "reload")
        self.await_serial(name, serial)

    def bad_zone(self, name, way):
        """Names at or below this are answered by the bad server (through the resolver), in that way."""
        self.bad.says(name, way)
        if name not in self.bad_zones:
            self.bad_zones.add(name)
            self.write_unbound()
            self.root.run("unbound-control", "reload")
            self.await_resolver()

    # -- its servers

    def start(self):
        self.write_zone("", "")
        self.zones[""] = ""
        self.write_nsd()
        self.write_unbound()
        self.root.shell("nsd; unbound")
        self.await_resolver()

    def write_zone(self, name, records):
        serial = next(SERIAL)
        content = HEAD.format(origin=f"{name}.", serial=serial) + records + "\n"
        self.root.write(f"/zones/{name or 'root'}.zone", "\n".join(line.lstrip() for line in content.splitlines()) + "\n")
        return serial

    def write_nsd(self):
        text = NSD.format(port=self.NSD_PORT) + "".join(
            f'zone:\n    name: "{name}."\n    zonefile: "{name or "root"}.zone"\n' for name in self.zones)
        self.root.write("/etc/nsd/nsd.conf", text)

    def write_unbound(self):
        def stub(name, place):
            return f'stub-zone:\n    name: "{name}."\n    stub-addr: {place}\n'
        text = UNBOUND.format(address=self.RESOLVER, local="\n".join(f'    local-zone: "{name}." nodefault' for name in SET_ASIDE))
        text += stub("", f"127.0.0.1@{self.NSD_PORT}")
        text += "".join(stub(name, f"127.0.0.1@{self.RBLDNSD_PORT}") for name in self.lists)
        text += "".join(stub(name, self.BAD) for name in self.bad_zones)
        self.root.write("/etc/unbound/unbound.conf", text)

    def end_server(self, name):
        self.signal(name, signal.SIGKILL)
        if not until(lambda: not any(its.startswith(name) for its in self.root.pids().values()), every=0.01):
            raise RuntimeError(f"{name} does not end")

    def restart_rbldnsd(self):
        self.end_server("rbldnsd")
        sets = [f"{name}:{kind}:/lists/{name}.{kind}" for name in self.lists for kind in ("ip4trie", "ip6trie", "dnset")]
        self.root.run("rbldnsd", "-u", "nobody:nogroup", "-c", "0", "-e", "-b", f"127.0.0.1/{self.RBLDNSD_PORT}", *sets)

    def signal(self, name, number):
        """To every process of nsd, unbound or rbldnsd: SIGSTOP makes it silent, SIGCONT speak again, SIGKILL dead."""
        for pid, its in self.root.pids().items():
            if its.startswith(name):
                os.kill(pid, number)

    def silence(self):
        """The resolver says nothing any more, until speak()."""
        self.signal("unbound", signal.SIGSTOP)

    def speak(self):
        self.signal("unbound", signal.SIGCONT)

    def questions(self):
        """How many the resolver was asked since the last time."""
        lines = self.root.run("unbound-control", "stats").splitlines()
        return next(int(line.partition("=")[2]) for line in lines if line.startswith("total.num.queries="))

    # -- asking it

    def ask(self, name, kind, server=None, port=53, seconds=2):
        """The answer's bytes as a test would get them, or None."""
        message = badserver.question(name, kind)
        with self.space.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(seconds)
            try:
                udp.sendto(message, (server or self.RESOLVER, port))
                reply = udp.recv(4096)
            except OSError:
                return None
        return reply if reply[:2] == message[:2] else None

    def await_resolver(self):
        def resolves():
            reply = self.ask("", "SOA")
            return reply is not None and reply[3] & 15 == 0
        if not until(resolves):
            raise RuntimeError(f"the resolver does not resolve\n{self.log()}")

    def await_serial(self, name, serial):
        """Until the zone's server has it (None: has it no more), and nothing older is remembered by the resolver."""
        port = self.RBLDNSD_PORT if name in self.lists else self.NSD_PORT

        def is_there():
            reply = self.ask(name, "SOA", "127.0.0.1", port)
            if serial is None:
                return reply is not None and reply[3] & 15 == 3
            return reply is not None and struct.pack(">IIIII", serial, 3600, 600, 86400, 60) in reply
        for _ in range(60):  # what comes while nsd reloads is put off to the next time
            if port == self.RBLDNSD_PORT:
                self.signal("rbldnsd", signal.SIGHUP)
            else:
                self.root.shell("nsd-control reconfig && nsd-control reload || true")
            if until(is_there, seconds=2, every=0.01):
                break
        else:
            raise RuntimeError(f"the zone {name} is not in force\n{self.log()}")
        self.root.run("unbound-control", "flush_zone", name or ".")

    def log(self):
        out = []
        for file in ("/nsd.log", "/unbound.log"):
            with contextlib.suppress(OSError):
                out += [f"{file}: {line}" for line in self.root.read(file).splitlines()[-15:]]
        return "\n".join(out)

    # -- barscreen asking it

    def link(self, space):
        """Connects another namespace to it."""
        self.linked = space
        space.ip("link", "add", self.LINK, "type", "veth", "peer", "name", self.LINK, "netns", self.space.name)
        space.ip("addr", "add", f"{self.OURS}/24", "dev", self.LINK)
        self.space.ip("addr", "add", "203.0.113.2/24", "dev", self.LINK)
        for one in (space, self.space):
            one.sysctl(f"ipv6/conf/{self.LINK}/disable_ipv6", 1)
            one.ip("link", "set", self.LINK, "up")

    def cut(self):
        """Nothing comes through any more, until mend()."""
        self.space.ip("link", "set", self.LINK, "down")

    def mend(self):
        self.space.ip("link", "set", self.LINK, "up")

    @contextlib.contextmanager
    def bench(self, kind="net_tap", change=None, start=True, servers=None, **more):
        """cases.bench() whose barscreen asks this DNS, or those servers."""
        wanted = {section: dict(keys) for section, keys in (change or {}).items()}
        wanted.setdefault("dns", {}).setdefault("servers", ",".join(servers or [self.RESOLVER]))
        with cases.bench(kind, wanted, start=False, **more) as here:
            self.link(here.wire.server)
            try:
                if start:
                    here.barscreen.start()
                yield here
            finally:
                here.wire.server.ip("link", "del", self.LINK, check=False)
                self.linked = None

    def close(self):
        if self.bad:
            self.bad.close()
        if self.root:
            self.root.end()
        self.space.close()


@contextlib.contextmanager
def dns_world():
    """A running World, and everything away at the end."""
    folder = tempfile.mkdtemp(prefix="barscreen-dns-")
    world = None
    try:
        world = World(folder)
        try:
            yield world
        except Exception as error:
            error.add_note(world.log())
            raise
    finally:
        if world:
            world.close()
        shutil.rmtree(folder, ignore_errors=True)
