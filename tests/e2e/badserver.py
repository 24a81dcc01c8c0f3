# SPDX-License-Identifier: BSD-3-Clause
"""A name server that does what it should not: a script says how it answers which names."""
import contextlib
import random
import socket
import struct
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
RCODES = {"formerr": 1, "servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5}


def wire_name(name):
    """The name as it is on the wire."""
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split(".") if label) + b"\0"


def read_name(message, at):
    """A name that is not compressed, and what follows it."""
    labels = []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("ascii", "replace").lower())
        at += 1 + message[at]
    return ".".join(labels), at + 1


def question(name, kind, number=None, recursion=True):
    """A question as it is on the wire."""
    number = random.getrandbits(16) if number is None else number
    return struct.pack(">HHHHHH", number, 0x0100 if recursion else 0, 1, 0, 0, 0) + wire_name(name) + struct.pack(
        ">HH", TYPES[kind], 1)


def record(owner, kind, data, ttl=60):
    """`owner`: a name, or None for the name asked for."""
    whose = b"\xc0\x0c" if owner is None else wire_name(owner)
    return whose + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(data)) + data


class Asked:
    """A question that came in."""

    def __init__(self, message, transport, port):
        self.message, self.transport, self.port = message, transport, port
        self.name, end = read_name(message, 12)
        self.kind = NAMES.get(struct.unpack(">H", message[end:end + 2])[0], "?")
        self.head, self.question = message[:2], message[12:end + 4]

    def __repr__(self):
        return f"{self.name} {self.kind} {self.transport}"

    def answer(self, records=(), rcode=0, flags=0x8180, head=None, asked=None):
        """The bytes of an answer; `head` and `asked` to lie about its id and question."""
        return (head or self.head) + struct.pack(">HHHHH", flags | rcode, 1, len(records), 0, 0) + (
            asked or self.question) + b"".join(records)

    def address(self, owner=None, address="127.0.0.2"):
        """What was asked for, if it was for an address: A or AAAA."""
        if self.kind == "AAAA":
            return [record(owner, "AAAA", socket.inet_pton(socket.AF_INET6, "2001:db8::2"))]
        return [record(owner, "A", socket.inet_aton(address))]


def lie_id(asked):
    return asked.answer(asked.address(), head=bytes(byte ^ 0x55 for byte in asked.head))


def lie_question(asked):
    return asked.answer(asked.address(), asked=wire_name("other.invalid") + asked.question[-4:])


def lie_owner(asked):
    """A record of a name that nobody asked for."""
    return asked.answer(asked.address("other.invalid"))


def alias_loop(asked):
    return asked.answer([record(None, "CNAME", wire_name("loop.invalid")),
                         record("loop.invalid", "CNAME", b"\xc0\x0c")])


def pointer_loop(asked):
    """A name that points to itself."""
    head = asked.answer([b""])
    return head + struct.pack(">H", 0xc000 | len(head)) + struct.pack(">HHIH", TYPES[asked.kind], 1, 60, 0)


def garbage(asked):
    return asked.head + random.randbytes(80)


def cut(asked):
    """Ends in the middle of a record."""
    return asked.answer(asked.address())[:-3]


def echo(asked):
    """The question itself comes back."""
    return asked.message


def truncated(asked):
    """Truncated by UDP, whole by TCP."""
    return asked.answer(flags=0x8380) if asked.transport == "udp" else asked.answer(asked.address())


def always_truncated(asked):
    return asked.answer(flags=0x8380)


def silent(asked):
    return None


WAYS = {"wrong-id": lie_id, "wrong-question": lie_question, "wrong-owner": lie_owner, "alias-loop": alias_loop,
        "pointer-loop": pointer_loop, "garbage": garbage, "cut": cut, "echo": echo, "truncated": truncated,
        "always-truncated": always_truncated, "silent": silent}


class BadServer:
    """Listens with UDP and TCP at `address` in the namespace until close().

    says(name, way): how names at or below `name` ("" for all) are answered, the longest name first: a key of WAYS, "servfail",
    "refused", ..., "slow:SECONDS" (then 127.0.0.2), an address, or a function that is given an Asked and returns bytes or None.
    Names that nothing is said of are answered with "refused". `asked`: what came in; `unread`: what of it was no question.
    """

    def __init__(self, space, address, port=53):
        self.ways, self.asked, self.unread, self.ending = {}, [], [], False
        self.lock = threading.Lock()
        self.udp = space.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = space.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for one in (self.udp, self.tcp):
            one.bind((address, port))
            one.settimeout(0.2)
        self.tcp.listen(64)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.serve_udp, self.serve_tcp)]
        for thread in self.threads:
            thread.start()

    def says(self, name, way):
        with self.lock:
            self.ways[name.strip(".").lower()] = way

    def questions(self, name=""):
        """Those that came in for names at or below `name`."""
        with self.lock:
            return [asked for asked in self.asked if below(asked.name, name)]

    def way(self, name):
        with self.lock:
            fitting = [one for one in self.ways if below(name, one)]
            return self.ways[max(fitting, key=len)] if fitting else "refused"

    def reply(self, asked):
        with self.lock:
            self.asked.append(asked)
        way = self.way(asked.name)
        if callable(way):
            return way(asked)
        if way in WAYS:
            return WAYS[way](asked)
        if way in RCODES:
            return asked.answer(rcode=RCODES[way])
        if way.startswith("slow:"):
            time.sleep(float(way[5:]))
            return asked.answer(asked.address())
        return asked.answer(asked.address(address=way) if asked.kind == "A" else ())

    def serve_udp(self):
        while not self.ending:
            try:
                message, whence = self.udp.recvfrom(4096)
            except (socket.timeout, TimeoutError):
                continue
            except OSError:
                return
            threading.Thread(target=self.one_udp, args=(message, whence), daemon=True).start()

    def one_udp(self, message, whence):
        try:
            asked = Asked(message, "udp", whence[1])
        except (IndexError, struct.error):
            self.unread.append(message)
            return
        reply = self.reply(asked)
        if reply is not None and not self.ending:
            with contextlib.suppress(OSError):  # who asked is gone
                self.udp.sendto(reply, whence)

    def serve_tcp(self):
        while not self.ending:
            try:
                client, whence = self.tcp.accept()
            except (socket.timeout, TimeoutError):
                continue
            except OSError:
                return
            threading.Thread(target=self.one_tcp, args=(client, whence), daemon=True).start()

    def one_tcp(self, client, whence):
        with client, client.makefile("rb") as stream:
            client.settimeout(20)
            try:
                while head := stream.read(2):
                    reply = self.reply(Asked(stream.read(struct.unpack(">H", head)[0]), "tcp", whence[1]))
                    if reply is not None:
                        client.sendall(struct.pack(">H", len(reply)) + reply)
            except (OSError, IndexError, struct.error):
                return  # it hung up in the middle

    def close(self):
        """From now on its ports are closed: it is dead."""
        self.ending = True
        for thread in self.threads:
            thread.join()
        self.udp.close()
        self.tcp.close()


def below(name, zone):
    zone = zone.strip(".").lower()
    return zone == "" or name == zone or name.endswith("." + zone)
