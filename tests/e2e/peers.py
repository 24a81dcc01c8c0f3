# SPDX-License-Identifier: BSD-3-Clause
"""The mail servers behind barscreen, Postfix and Dovecot, each in a throw-away root and a network namespace of its own,
connected to barscreen's by a veth pair: first as Debian leaves them, then with the README's recipe as it stands
there."""
import os
import re
import signal

import mails
import network
import roots
from daemon import ROOT, until

BARSCREEN4, SERVER4 = "198.51.100.2", "198.51.100.3"  # as in the README (RFC 5737)
LINK = "inner"
NAME = "mail.example.org"
MAILBOXES = "/var/mail/virtual"


def recipe(peer, language="sh"):
    """The code blocks of one language in the README's section with that title, one after the other."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    section = re.search(rf"^### {re.escape(peer)}$(.*?)(?=^##|\Z)", readme, re.MULTILINE | re.DOTALL)
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", section.group(1) if section else "", re.MULTILINE | re.DOTALL)
    if not blocks:
        raise RuntimeError(f"README.md has no {language} block in a section {peer!r}")
    return "".join(blocks)


def backend(peer):
    """The backend that the recipe tells barscreen to use."""
    return re.search(r'^backend = "(.*)"', recipe(peer, "conf"), re.MULTILINE).group(1)


class Mailboxes(mails.Maildir):
    """A Maildir that a mail server fills with what barscreen gave it (or, with `ours` False, what a client did)."""

    def __init__(self, path, recipients, ours=True):
        super().__init__(path, recipients)
        self.ours = ours
        for folder, _, _ in os.walk(path):
            os.chown(folder, 5000, 5000)  # Postfix and Dovecot deliver as this user

    def content(self, path):
        with open(path, "rb") as file:
            content = below_their_header(file.read())
        return mails.below_our_header(content) if self.ours else content


class Inner:
    """The inner network: a namespace for the mail server and its link to barscreen's namespace."""

    def __init__(self, outer):
        self.outer, self.space = outer, network.Namespace("backend")
        outer.ip("link", "add", LINK, "type", "veth", "peer", "name", LINK, "netns", self.space.name)
        for space, address in ((outer, BARSCREEN4), (self.space, SERVER4)):
            space.sysctl(f"ipv6/conf/{LINK}/disable_ipv6", 1)
            space.ip("addr", "add", f"{address}/24", "dev", LINK)
            space.ip("link", "set", LINK, "up")

    def cut(self):
        """From now on nothing comes through, and neither side is told."""
        self.space.ip("link", "set", LINK, "down")

    def mend(self):
        self.space.ip("link", "set", LINK, "up")

    def reset(self):
        """Ends all connections of the mail server with RST, as its kernel would for a process that is gone."""
        network.command(*self.space.inside("ss", "-K", "-H", "-t", "state", "connected", "src", SERVER4))

    def close(self):
        self.outer.ip("link", "del", LINK, check=False)
        self.space.close()


class Peer:
    """What Postfix and Dovecot have in common. `mail`: Mailboxes, laid at MAILBOXES. `outer`: the namespace
    that connects to it, or None for a peer that stands alone in `space`."""

    ROOT = "mail"
    title = None
    RECIPE = None  # instead of the README's
    RUN = None  # a folder of its that barscreen may see

    def __init__(self, folder, mail, outer=None, space=None, pin=(), change=""):
        """`change`: a script run after the recipe, for what only a test wants."""
        self.inner = Inner(outer) if outer else None
        self.space = space or self.inner.space
        self.mail = mail
        mounts = os.path.join(folder, f"root-{type(self).__name__}")
        binds = [(mail.path, MAILBOXES)]
        if self.RUN:
            self.run = os.path.join(folder, "run")
            os.mkdir(self.run)
            binds.append((self.run, self.RUN))
        self.root = None
        try:
            self.root = roots.Root(self.ROOT, self.space, mounts, NAME, binds, pin)
            self.standard()
            self.root.shell(self.RECIPE or recipe(self.title))
            self.root.shell(change)
            self.start()
        except BaseException:
            self.close()
            raise

    def recipients(self):
        return sorted(f"{local}@{domain}" for domain in os.listdir(self.mail.path)
                      for local in os.listdir(os.path.join(self.mail.path, domain)))

    def kill(self):
        """SIGKILL to every process of it, which all are gone when this returns."""
        self.signal(signal.SIGKILL)
        if not until(lambda: not self.root.pids(), every=0.01):
            raise RuntimeError(f"still there: {self.root.pids()}")

    def signal(self, number, name=""):
        """To every process of it whose name begins so."""
        for pid, its in self.root.pids().items():
            if its.startswith(name):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass

    def drained(self, seconds=120):
        """Waits until all that was queued is delivered."""
        return until(lambda: not self.queued(), seconds)

    def close(self):
        if self.root:
            self.root.end()
        if self.inner:
            self.inner.close()


class Postfix(Peer):
    """With a virtual mailbox for each recipient, in folders of the Maildir's form."""

    title = "Postfix"
    LOG = "/var/log/mail.log"
    QUEUES = ("maildrop", "incoming", "active", "deferred")

    def standard(self):
        """What Debian's package leaves after its questions, and a domain with mailboxes."""
        self.root.write("/etc/postfix/mailboxes", "".join(
            "{0} {2}/{1}/\n".format(one, *one.split("@")) for one in self.recipients()))
        self.root.shell(f"""
            cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
            cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
            cp /usr/share/postfix/dynamicmaps.cf /etc/postfix/
            chown postfix:postfix /var/lib/postfix
            postconf -e 'myhostname = {NAME}' 'mydestination = localhost' 'mynetworks = 127.0.0.0/8' \
                'inet_protocols = ipv4' 'virtual_mailbox_domains = example.org, example.net' \
                'virtual_mailbox_base = {MAILBOXES}' 'virtual_mailbox_maps = hash:/etc/postfix/mailboxes' \
                'virtual_uid_maps = static:5000' 'virtual_gid_maps = static:5000' 'alias_maps =' \
                'virtual_mailbox_limit = 0' 'message_size_limit = 20480000' 'maillog_file = {self.LOG}'
            postmap /etc/postfix/mailboxes
            /usr/lib/postfix/configure-instance.sh
            postfix start
        """)

    def start(self):
        if not any(name == "master" for name in self.root.pids().values()):
            self.root.run("postfix", "start")
        if not until(lambda: self.root.run("postfix", "status") is not None, 30):
            raise RuntimeError("Postfix does not run")

    def queued(self):
        """Files of mails in the queue; one that cleanup had not finished when it was killed is no mail (it is not
        executable) and stays for a while."""
        spool = f"/proc/{self.root.first}/root/var/spool/postfix"
        return [os.path.join(folder, name) for queue in self.QUEUES
                for folder, _, names in os.walk(os.path.join(spool, queue)) for name in names
                if complete(os.path.join(folder, name))]

    def log(self):
        return self.root.read(self.LOG)


class Dovecot(Peer):
    """LMTP with a user for each recipient."""

    title = "Dovecot LMTP"
    RUN = "/run/dovecot"
    LOG = "/var/log/dovecot.log"

    def standard(self):
        self.root.write("/etc/dovecot/users", "".join(
            "{0}::5000:5000::{3}/{2}/{1}\n".format(one, *one.split("@"), MAILBOXES) for one in self.recipients()))
        self.root.shell(f"""
            cp -r /usr/share/dovecot/conf.d/. /etc/dovecot/conf.d/
            cp /usr/share/dovecot/dovecot.conf /etc/dovecot/dovecot.conf
            echo "ssl = no" >/etc/dovecot/conf.d/10-ssl.conf
            echo "log_path = {self.LOG}" >/etc/dovecot/conf.d/98-site.conf
            echo "mail_location = maildir:~" >>/etc/dovecot/conf.d/98-site.conf
            echo 'protocols = $protocols lmtp' >/usr/share/dovecot/protocols.d/lmtpd.protocol
        """)

    def start(self):
        self.root.shell("rm -f /run/dovecot/master.pid; dovecot")  # left by a kill; a boot would have emptied /run

    def queued(self):
        """LMTP answers when the mail is in the mailbox."""
        return []

    def log(self):
        return self.root.read(self.LOG)


def complete(path):
    """Is it a queue file that its writer finished? (Gone, it is none.)"""
    try:
        return os.stat(path).st_mode & 0o100 != 0
    except FileNotFoundError:
        return False


def queue_id(content):
    """Postfix's name of a delivered mail."""
    return re.search(rb"\(Postfix\) with \S+ id (\S+)", content).group(1)


HEADERS = re.compile(rb"(?:(?:Return-Path|X-Original-To|Delivered-To): [^\n]*\n)+")


def below_their_header(content):
    """A mail without what the mail server put at its top, with the line ends that it had on the wire."""
    start = HEADERS.match(content)
    if not start:
        raise AssertionError(f"nothing of the mail server at the top, but {content[:80]!r}")
    at = start.end()
    if not content.startswith(b"Received: from ", at):
        raise AssertionError(f"no Received: header of the mail server, but {content[at:at + 80]!r}")
    while True:
        at = content.index(b"\n", at) + 1
        if content[at:at + 1] not in (b" ", b"\t"):
            break
    return content[at:].replace(b"\n", b"\r\n")
