# SPDX-License-Identifier: BSD-3-Clause
"""An SMTP client that does as it is told, on sockets of Linux's own TCP inside a namespace."""
import socket
import struct

TCP_REPAIR = 19  # linux/tcp.h


class Reply:
    def __init__(self, lines):
        self.lines = lines
        self.code = int(lines[-1][:3])

    def __str__(self):
        return " / ".join(self.lines)


class Gone(Exception):
    """The server closed the connection (or reset it) where a reply was waited for."""


class Client:
    """A connection from `source`. Nothing is sent or read before a method is called; `opened` is, before it connects."""

    def __init__(self, wire, target, source=None, timeout=60, port=25, receive_buffer=None,
                 opened=lambda client: None):
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        self.wire, self.source = wire, source
        self.socket = wire.clients.socket(family)
        self.socket.settimeout(timeout)
        self.pending = b""
        try:
            opened(self)
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                self.socket.bind((source, 0))
            self.socket.connect((target, port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        """All of it, or Gone."""
        try:
            self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Gone(str(error)) from error

    def line(self):
        while b"\n" not in self.pending:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError as error:
                raise Gone("reset") from error
            if not more:
                raise Gone("closed")
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        if not line.endswith(b"\r"):
            raise AssertionError(f"reply line without CRLF: {line!r}")
        return line[:-1].decode("ascii")

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        for line in lines:
            if not line[:3].isdigit() or line[:3] != lines[0][:3] or len(line) > 510:
                raise AssertionError(f"not a reply: {lines}")
        return Reply(lines)

    def say(self, text):
        """One command, its reply."""
        self.send(text + "\r\n")
        return self.reply()

    def hello(self, name="client.example.com"):
        greeting = self.reply()
        if greeting.code != 220:
            raise AssertionError(f"greeting: {greeting}")
        return self.say(f"EHLO {name}")

    def mail(self, content, to, sender="sender@example.com", options=""):
        """One mail with CRLF lines, dots not yet doubled. The list of replies ends with the one that decided."""
        replies = [self.say(f"MAIL FROM:<{sender}>{options}")]
        if replies[-1].code != 250:
            return replies
        replies += [self.say(f"RCPT TO:<{one}>") for one in to]
        if all(reply.code != 250 for reply in replies[1:]):
            self.say("RSET")
            return replies
        replies.append(self.say("DATA"))
        if replies[-1].code != 354:
            return replies
        self.send(stuffed(content) + b".\r\n")
        replies.append(self.reply())
        return replies

    def ended(self):
        """True when the server's side is closed and nothing more came; False when something came."""
        if self.pending:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def quit(self):
        try:
            reply = self.say("QUIT")
        finally:
            self.close()
        return reply

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def vanish(self):
        """Is gone as by a power cut: nothing more is sent, and nothing that comes is answered."""
        self.wire.give_back(self.source)
        self.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self.socket.close()

    def close(self):
        self.socket.close()


def stuffed(content):
    """RFC 5321, 4.5.2: a dot at the start of a line is doubled."""
    if content.startswith(b"."):
        content = b"." + content
    return content.replace(b"\r\n.", b"\r\n..")
