# SPDX-License-Identifier: BSD-3-Clause
"""Numbered mails made from a seed, and the Maildir they must be found in."""
import os
import random
import re

NUMBER = re.compile(rb"^X-Number: (\S+)\r$", re.MULTILINE)


def size(dice):
    """1 KB to 10 MB, 95 % of them under 64 KB."""
    if dice.random() < 0.95:
        return int(1024 * 64 ** dice.random())
    return int(65536 * 160 ** dice.random())


def compose(label, length, seed):
    """A mail of about `length` bytes that has what breaks careless code: dots, empty and long lines, 8-bit bytes."""
    dice = random.Random(f"{seed}/{label}")
    lines = [b"From: Sender <sender@example.com>", b"To: Receiver <a@example.org>",
             b"Subject: number " + label.encode(), b"X-Number: " + label.encode(),
             b"Received: from elsewhere.example.com by client.example.com; Thu, 1 Jan 1970 00:00:00 +0000", b""]
    made = sum(len(line) + 2 for line in lines)
    oddities = [b".", b"..", b"", b".leading dot", b"From here on", b" ", b"\t.", b"x" * 998, bytes(range(128, 256))]
    alphabet = bytes(range(32, 127))
    block = bytes(dice.choices(alphabet, k=4096))
    while made < length:
        if dice.random() < 0.02:
            line = dice.choice(oddities)
        else:
            start = dice.randrange(3072)
            line = block[start:start + dice.randrange(20, 998)]
        lines.append(line)
        made += len(line) + 2
    return b"\r\n".join(lines) + b"\r\n"


class Maildir:
    """The folder that "maildir:" names, with /DOMAIN/LOCAL below it."""

    def __init__(self, path, recipients):
        self.path = path
        for recipient in recipients:
            local, _, domain = recipient.partition("@")
            for part in ("tmp", "new", "cur"):
                os.makedirs(os.path.join(path, domain, local, part))

    def folder(self, recipient, part):
        local, _, domain = recipient.partition("@")
        return os.path.join(self.path, domain, local, part)

    def files(self, recipient, part="new"):
        folder = self.folder(recipient, part)
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]

    def content(self, path):
        with open(path, "rb") as file:
            return below_our_header(file.read())

    def mails(self, recipient):
        """label of each mail in new: [what stands below our header, ...]"""
        found = {}
        for path in self.files(recipient):
            content = self.content(path)
            number = NUMBER.search(content)
            found.setdefault(number.group(1).decode() if number else path, []).append(content)
        return found


def first_field(content):
    """The length of the header field at the beginning, its folded lines included."""
    at = content.index(b"\n")
    while content[at + 1:at + 2] in (b" ", b"\t"):
        at = content.index(b"\n", at + 1)
    return at + 1


def below_our_header(content):
    """The mail without what we put above it: what was found out about its sender, and a Received: header."""
    while content.startswith((b"Authentication-Results: ", b"Received-SPF: ")):
        content = content[first_field(content):]
    if not content.startswith(b"Received: from "):
        raise AssertionError(f"no Received: header of ours at the top, but {content[:80]!r}")
    return content[first_field(content):]


def compare(sent, acknowledged, maildir, recipient, refused=(), whole=True):
    """The faults, as lines: each acknowledged mail there once and unchanged, each refused one not; none else than
    these and (with `whole` False: the run was cut off) those whose fate the client never heard."""
    faults = []
    found = maildir.mails(recipient)
    for label in acknowledged:
        if len(found.get(label, ())) != 1:
            faults.append(f"mail {label} was acknowledged and is there {len(found.get(label, ()))} times")
    for label, contents in found.items():
        if label not in sent:
            faults.append(f"{label} is there and was never sent")
            continue
        if any(content != sent[label] for content in contents):
            faults.append(f"mail {label} is there, but changed")
        if label in refused or (whole and label not in acknowledged):
            faults.append(f"mail {label} was not acknowledged and is there")
    return faults
