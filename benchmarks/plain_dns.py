# SPDX-License-Identifier: BSD-3-Clause
"""A name server in a thread, by UDP on the loopback: records written down, all else does not exist."""
import contextlib
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
TTL = 3600


def packed(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.strip(".").split(".") if label) + b"\0"


def data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "PTR":
        return packed(value)
    if kind == "MX":
        return struct.pack(">H", 10) + packed(value)
    return bytes([len(value)]) + value.encode()


def answer(records, question):
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    known = records.get(".".join(labels).lower())
    found = [data(name, value) for name, value in known or [] if TYPES[name] == kind]
    negative = b"" if found else b"\0" + struct.pack(">HHIH", 6, 1, TTL, 22) + b"\0\0" + struct.pack(">5I", 1, TTL, TTL, TTL, TTL)
    code = 0x8180 if known is not None else 0x8183
    return (question[:2] + struct.pack(">5H", code, 1, len(found), not found, 0) + question[12:at + 5] + negative +
            b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, TTL, len(one)) + one for one in found))


@contextlib.contextmanager
def server(records):
    """`records`: name: [(type, value)]. Gives the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))

        def serve():
            while True:
                question, client = wire.recvfrom(4096)
                if not question:
                    return
                wire.sendto(answer(records, question), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield wire.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", wire.getsockname())
            thread.join()
