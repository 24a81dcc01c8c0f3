# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces and the wire between a barscreen port and its clients.

All addresses are of the networks set aside for benchmarks (198.18.0.0/15, RFC 2544; 2001:2::/48, RFC 5180),
and nothing here has a way out of its namespaces.
"""
import ctypes
import itertools
import os
import socket
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SERIAL = itertools.count(1)

SERVER4, SERVER6 = "198.18.0.25", "2001:2::25"
NET4, NET6 = "198.18.0.0/15", "2001:2::/48"


def command(*words, check=True, **more):
    """Runs a command to its end; its output is the result. What it printed is part of the error."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: exit status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


class Namespace:
    """A network namespace with a name ("ip netns"), removed by close()."""

    def __init__(self, label, name=None):
        self.name = name or f"bs{os.getpid()}-{label}-{next(SERIAL)}"
        command("ip", "netns", "add", self.name)
        self.fd = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words, check=True):
        return command(*self.inside("ip", *words), check=check)

    def inside(self, *words):
        """The words of a command, so that it runs inside. (Not "ip netns exec" nor "ip -netns": they want "/" to be a
        mount point, which in a chroot it is not.)"""
        return ("nsenter", f"--net=/run/netns/{self.name}", *words)

    def enter(self):
        """Moves the calling thread into the namespace; the function returned moves it back."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._set(self.fd)

        def leave():
            self._set(home)
            os.close(home)
        return leave

    @staticmethod
    def _set(fd):
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def socket(self, family, kind=socket.SOCK_STREAM, protocol=0):
        """A socket stays in the namespace where it was made."""
        leave = self.enter()
        try:
            return socket.socket(family, kind, protocol)
        finally:
            leave()

    def sysctl(self, key, value):
        command(*self.inside("sh", "-c", f"echo {value} > /proc/sys/net/{key}"))

    def close(self):
        os.close(self.fd)
        command("ip", "netns", "del", self.name, check=False)


class Wire:
    """A barscreen port and the clients' side of it.

    net_tap: barscreen makes the TAP in the namespace where the clients are. net_af_packet and net_af_xdp: a
    veth pair, one end for barscreen, the other in the clients' namespace. The clients have addresses enough
    for every session to be a source of its own, if a test wants that.
    """

    INTERFACE = "bs0"

    def __init__(self, kind, mtu=1500, queues=1):
        """`queues` of each end of a veth pair: its connections are spread over them by their hash."""
        self.kind, self.mtu = kind, mtu
        self.clients = Namespace("clients")
        self.server = self.clients
        self.peer = self.INTERFACE
        self.taken = set()
        if kind != "net_tap":
            self.server = Namespace("server")
            self.peer = "peer"
            spread = ("numtxqueues", str(queues), "numrxqueues", str(queues))
            self.clients.ip("link", "add", self.peer, "mtu", str(mtu), *spread, "type", "veth", "peer", "name",
                            self.INTERFACE, *spread, "netns", self.server.name)
            self.server.ip("link", "set", self.INTERFACE, "mtu", str(mtu))
            for space, name in ((self.clients, self.peer), (self.server, self.INTERFACE)):
                # The kernel would leave checksums and segmentation to a NIC that is not there.
                command(*space.inside("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off"))
            # barscreen owns the interface; the kernel is to keep quiet on it.
            self.server.sysctl(f"ipv6/conf/{self.INTERFACE}/disable_ipv6", 1)
            self.server.ip("link", "set", self.INTERFACE, "up")
            self.attach()

    def attach(self):
        """Gives the clients' side its addresses; for net_tap once barscreen has made the interface."""
        self.clients.sysctl(f"ipv6/conf/{self.peer}/accept_dad", 0)
        self.clients.sysctl(f"ipv6/conf/{self.peer}/router_solicitations", 0)
        self.clients.ip("link", "set", self.peer, "up")
        self.taken.clear()
        self.take("198.18.0.1/15")
        self.take("2001:2::1/48")

    def take(self, address):
        """The clients get one more address; returned without its length."""
        bare, _, length = address.partition("/")
        if bare not in self.taken:
            wide = length or ("128" if ":" in bare else "32")
            extra = ("nodad",) if ":" in bare else ()
            self.clients.ip("addr", "add", f"{bare}/{wide}", "dev", self.peer, *extra)
            self.taken.add(bare)
        return bare

    def give_back(self, address):
        """From now on nobody answers for the address."""
        self.clients.ip("addr", "flush", "to", address, "dev", self.peer, check=False)
        self.taken.discard(address)

    def source(self, family, number):
        """The address of client NUMBER (1 to 60000), each IPv6 one in a /64 of its own."""
        if family == socket.AF_INET:
            return self.take(f"198.19.{number >> 8}.{number & 255}")
        return self.take(f"2001:2:0:{number:x}::1")

    @staticmethod
    def target(family):
        return SERVER4 if family == socket.AF_INET else SERVER6

    def close(self):
        self.clients.close()
        if self.server is not self.clients:
            self.server.close()
