# SPDX-License-Identifier: BSD-3-Clause
"""Raw frames at the kernel's end of barscreen's TAP: made, sent, received and read by ourselves, so that a peer may do what no
operating system's TCP does. The peers' addresses and MAC address are none of the kernel's: it neither answers nor resets."""
import collections
import itertools
import queue
import select
import socket
import struct
import threading
import time

import daemon
from network import SERVER4, SERVER6

ETH_P_ALL = 3
OUTGOING = 4  # sll_pkttype of what the kernel itself sends
MAC = bytes.fromhex("020000000099")
IPV4, IPV6, ARP, VLAN = 0x0800, 0x86dd, 0x0806, 0x8100
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FLAGS = "FSRPAUEC"
NUMBERS = itertools.count(1)
MODULUS = 1 << 32


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def pseudo(source, destination, protocol, length):
    source, destination = packed(source), packed(destination)
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, protocol, length)
    return source + destination + struct.pack("!I3xB", length, protocol)


def filled(header, at, source, destination, protocol):
    """The header and data of an upper protocol with its checksum at the offset `at`."""
    total = checksum(pseudo(source, destination, protocol, len(header)) + header)
    return header[:at] + struct.pack("!H", total) + header[at + 2:]


def tcp(source, destination, ports, flags, seq=0, ack=0, window=65535, options=b"", data=b"", offset=None):
    """`flags` as letters of FLAGS; `offset`: of the data in words, if it is to be wrong."""
    options += b"\0" * (-len(options) % 4)
    bits = sum(1 << FLAGS.index(flag) for flag in flags)
    words = 5 + len(options) // 4 if offset is None else offset
    header = struct.pack("!HHIIBBHHH", *ports, seq % MODULUS, ack % MODULUS, words << 4, bits, window, 0, 0)
    return filled(header + options + data, 16, source, destination, TCP)


def ipv4(source, destination, protocol, payload, *, ident=0, fragment=0x4000, ttl=64, options=b"", version=4, words=None,
         total=None, wrong=0):
    """`words`, `total`: the lengths in the header, where they lie; `wrong` is added to the checksum."""
    words = 5 + len(options) // 4 if words is None else words
    total = 20 + len(options) + len(payload) if total is None else total
    header = struct.pack("!BBHHHBBH4s4s", version << 4 | words, 0, total, ident, fragment, ttl, protocol, 0,
                         packed(source), packed(destination)) + options
    return header[:10] + struct.pack("!H", checksum(header) + wrong & 0xffff) + header[12:] + payload


def ipv6(source, destination, protocol, payload, *, ttl=64, version=6, length=None):
    length = len(payload) if length is None else length
    return struct.pack("!IHBB", version << 28, length, protocol, ttl) + packed(source) + packed(destination) + payload


def ip(source, destination, protocol, payload, **more):
    return (ipv6 if ":" in source else ipv4)(source, destination, protocol, payload, **more)


def ethernet(destination, packet, kind=None, source=MAC):
    kind = (IPV6 if packet[0] >> 4 == 6 else IPV4) if kind is None else kind
    return destination + source + struct.pack("!H", kind) + packet


def icmp6(source, destination, message):
    return filled(message, 2, source, destination, ICMP6)


def echo(source, destination, ident, number, data=b"barscreen"):
    kind = 128 if ":" in source else 8
    message = struct.pack("!BBHHH", kind, 0, 0, ident, number) + data
    if kind == 128:
        return ip(source, destination, ICMP6, icmp6(source, destination, message))
    return ip(source, destination, ICMP, message[:2] + struct.pack("!H", checksum(message)) + message[4:])


Segment = collections.namedtuple("Segment", "flags seq ack window options data ttl fragment ident")


def read_options(data):
    found = {}
    while data and data[0] != 0:
        if data[0] == 1:
            data = data[1:]
            continue
        found[data[0]] = data[2:data[1]]
        data = data[data[1]:]
    return found


class Bad(Exception):
    """A frame of barscreen's that breaks a rule."""


def check(condition, what):
    if not condition:
        raise Bad(what)


def read_ip(packet):
    """(source, destination, protocol, payload, ttl, fragment, ident); checks what any packet must be."""
    if packet[0] >> 4 == 4:
        total, ident, fragment, ttl, protocol = struct.unpack("!2xHHHBB", packet[:10])
        check(packet[0] == 0x45 and checksum(packet[:20]) == 0 and total <= len(packet), f"IPv4 header {packet[:20].hex()}")
        source, destination = (socket.inet_ntop(socket.AF_INET, packet[at:at + 4]) for at in (12, 16))
        return source, destination, protocol, packet[20:total], ttl, fragment, ident
    length, protocol, ttl = struct.unpack("!4xHBB", packet[:8])
    check(packet[0] >> 4 == 6 and 40 + length <= len(packet), f"IPv6 header {packet[:40].hex()}")
    source, destination = (socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24))
    return source, destination, protocol, packet[40:40 + length], ttl, 0, 0


def read_tcp(packet):
    """((peer's address, its port, our port), Segment)."""
    source, destination, _, data, ttl, fragment, ident = read_ip(packet)
    check(checksum(pseudo(source, destination, TCP, len(data)) + data) == 0, f"TCP checksum of {data.hex()}")
    ours, theirs, seq, ack, offset, bits, window = struct.unpack("!HHIIBBH", data[:16])
    flags = "".join(flag for at, flag in enumerate(FLAGS) if bits >> at & 1)
    at = (offset >> 4) * 4
    return (destination, theirs, ours), Segment(flags, seq, ack, window, read_options(data[20:at]), data[at:], ttl, fragment, ident)


class Tap:
    """The kernel's end of the TAP. A thread receives and hands each segment to the peer it is for."""

    def __init__(self, here):
        self.wire, self.barscreen = here.wire, here.barscreen
        self.mac = bytes.fromhex(self.barscreen.control("status")["ports"][0]["mac"].replace(":", ""))
        self.socket = here.wire.clients.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((here.wire.INTERFACE, ETH_P_ALL))
        self.peers = {}
        self.echoes = {}
        self.others = collections.deque(maxlen=1000)  # frames for none of them
        self.faults = []
        self.over = False
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        self.socket.close()

    def _receive(self):
        while not self.over:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            frame, (_, _, way, _, _) = self.socket.recvfrom(65536)
            if way == OUTGOING or frame[6:12] != self.mac:
                continue
            try:
                self._take(frame)
            except (Bad, struct.error) as fault:
                self.faults.append(str(fault))

    def _take(self, frame):
        kind, = struct.unpack("!H", frame[12:14])
        packet = frame[14:]
        protocol = packet[9] if kind == IPV4 else packet[6] if kind == IPV6 else None
        if protocol == TCP:
            key, segment = read_tcp(packet)
            if key in self.peers:
                self.peers[key].queue.put(segment)
                return
        elif protocol in (ICMP, ICMP6):
            message = read_ip(packet)[3]
            if message[0] in (0, 129):
                waiter = self.echoes.get(message[4:8])
                if waiter:
                    waiter.set()
                    return
        self.others.append(frame)

    def send(self, packet, kind=None, to=None, source=MAC):
        """An IP packet, or with `kind` anything, in an Ethernet frame to barscreen."""
        self.raw(ethernet(to or self.mac, packet, kind, source))

    def raw(self, frame):
        while True:
            try:
                self.socket.send(frame)
                return
            except OSError as error:
                if error.errno != 105:  # ENOBUFS: barscreen was not fast enough
                    raise
                time.sleep(0.001)

    def fence(self, source="198.18.77.77"):
        """Returns when barscreen has done with all that was sent before, answers included. The first echo request may be
        answered within the same burst ahead of a segment's; the second can't."""
        for _ in range(2):
            number = next(NUMBERS)
            key = struct.pack("!HH", 0xbeef, number & 0xffff)
            answered = self.echoes[key] = threading.Event()
            for _ in range(300):
                self.send(echo(source, SERVER4, 0xbeef, number & 0xffff))
                if answered.wait(0.2):
                    break
            else:
                raise AssertionError("no answer to echo requests")
            del self.echoes[key]

    def counters(self):
        """All counters, gauges and reasons of the dataplane."""
        total = self.barscreen.control("stats")["dataplane"]["total"]
        return {name: value for group in total.values() if isinstance(group, dict) for name, value in group.items()}


class Peer:
    """One end of a connection with barscreen. seq: what we send next; ack: what we expect next."""

    def __init__(self, tap, family, source=None, port=None, to_port=25):
        number = next(NUMBERS)
        self.tap, self.to_port = tap, to_port
        self.target = SERVER4 if family == "ipv4" else SERVER6
        # Each peer is a source of its own, or what is done to one would count for another.
        self.source = source or (f"198.18.{100 + number // 250}.{1 + number % 250}" if family == "ipv4" else f"2001:2:0:{number:x}::9")
        self.port = port or 10000 + number % 50000
        self.queue = queue.Queue()
        self.seq, self.ack, self.window = 0x10000000 + number * 7919, 0, 65535
        self.seen = set()
        self.pending = b""
        tap.peers[self.source, self.port, to_port] = self

    def close(self):
        self.tap.peers.pop((self.source, self.port, self.to_port), None)

    def segment(self, flags, data=b"", *, seq=None, ack=None, window=None, options=b"", **more):
        """The packet; seq and ack are where we are, unless given."""
        header = tcp(self.source, self.target, (self.port, self.to_port), flags, self.seq if seq is None else seq,
                     (self.ack if ack is None else ack) if "A" in flags or ack else 0,
                     self.window if window is None else window, options, data)
        return ip(self.source, self.target, TCP, header, **more)

    def send(self, flags, data=b"", **more):
        self.tap.send(self.segment(flags, data, **more))

    def say(self, data, flags="PA"):
        """Data in its place: seq goes on."""
        self.send(flags, data)
        self.seq = (self.seq + len(data) + ("F" in flags)) % MODULUS

    def next(self, what, again=False, seconds=daemon.PATIENCE):
        """The next segment; what is sent again after a timeout, because we are slow, is passed over."""
        end = time.monotonic() + seconds
        while True:
            try:
                segment = self.queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{what}: nothing came") from None
            if not self._old(segment) or again:
                return segment

    def _old(self, segment):
        """It takes sequence numbers and came before."""
        key = (segment.flags, segment.seq, segment.data)
        old = key in self.seen and bool(segment.data or set("SF") & set(segment.flags))
        self.seen.add(key)
        return old

    def expect(self, flags, what, again=False, data=None, **fields):
        """The next segment has these flags and fields (seq and ack: where we are by default; None: any)."""
        segment = self.next(what, again)
        fields = {"seq": self.ack, "ack": self.seq, **fields}
        if flags == "R":
            fields["ack"] = None
        wrong = [f"{name} {getattr(segment, name)}, not {value % MODULUS}" for name, value in fields.items()
                 if value is not None and getattr(segment, name) != value % MODULUS]
        if data is not None and segment.data != data:
            wrong.append(f"data {segment.data!r}, not {data!r}")
        if segment.flags.replace("P", "") != flags or wrong:
            raise AssertionError(f"{what}: {segment.flags} instead of {flags}; {', '.join(wrong)}; {segment}")
        return segment

    def challenged(self, flags, what, data=b"", **fields):
        """What does not fit gets an ACK that says where barscreen is. It answers a connection's misfits only now and then (RFC 5961, 7),
        so this is sent until it does."""
        self.drain()
        for _ in range(10 * daemon.PATIENCE):
            self.send(flags, data, **fields)
            self.tap.fence()
            while not self.queue.empty():
                segment = self.queue.get()
                if segment.flags == "A" and not segment.data and segment.ack == self.seq % MODULUS:
                    return
                if not self._old(segment):
                    raise AssertionError(f"{what}: answered with {segment}")
            time.sleep(0.1)
        raise AssertionError(f"{what}: nothing came")

    def silence(self, what):
        """Nothing comes in answer to what was sent."""
        self.tap.fence()
        while not self.queue.empty():
            segment = self.queue.get()
            if not self._old(segment):
                raise AssertionError(f"{what}: answered with {segment}")

    def drain(self):
        """Forgets what came."""
        self.tap.fence()
        while not self.queue.empty():
            self._old(self.queue.get())

    def syn(self, options=b"", **more):
        """Sends a SYN; the SYN-ACK."""
        self.send("S", options=options, **more)
        answer = self.expect("SA", "SYN-ACK", seq=None, ack=self.seq + 1)
        self.seq, self.ack = (self.seq + 1) % MODULUS, (answer.seq + 1) % MODULUS
        return answer

    def connect(self, options=b"", window=None):
        """A handshake to its end."""
        answer = self.syn(options)
        self.send("A", window=window)
        return answer

    def line(self, acknowledge=True, what="a line"):
        """A line of data, each segment of which is acknowledged."""
        while b"\n" not in self.pending:
            segment = self.next(what)
            if "R" in segment.flags:
                raise AssertionError(f"{what}: {segment}")
            new = segment.data[(self.ack - segment.seq) % MODULUS:] if segment.data else b""
            self.pending += new
            self.ack = (self.ack + len(new)) % MODULUS
            if new and acknowledge:
                self.send("A")
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode("latin-1").rstrip("\r")

    def reply(self, code, what="reply"):
        """A whole SMTP reply, which must have the code."""
        while True:
            line = self.line(what=what)
            if not line.startswith(str(code)):
                raise AssertionError(f"{what}: {line!r}, not {code}")
            if line[3:4] == " ":
                return line

    def hello(self, options=b""):
        """A connection that talks: greeting and EHLO are done."""
        answer = self.connect(options)
        self.reply(220, "greeting")
        self.say(b"EHLO client.example.com\r\n")
        self.reply(250, "EHLO")
        return answer

    def serves(self, what):
        """The connection is as good as before."""
        self.drain()
        self.say(b"NOOP\r\n")
        self.reply(250, f"{what}: NOOP afterwards")

    def gone(self, what):
        """barscreen knows nothing of the connection: an ACK is answered with a RST (RFC 9293, 3.10.7.1)."""
        self.send("A")
        self.expect("R", f"{what}: ACK for a connection that is over", seq=self.ack)
