# SPDX-License-Identifier: BSD-3-Clause
"""What `scripts/bench checks` sets up: a configuration with all checks, and the DNS that they ask."""
import contextlib
import os
import re

import daemon
import dns
import network
import smtp

LISTS = {"bl.test": "1.5/-0.1", "more.test": "1.5/-0.1", "good.test": "-1"}
TEST_POINTS = ("1.0.0.127.", "2.0.0.127.")  # RFC 5782: asked by the clock, not for a client
IDLE = {"early-talk", "pipelining", "non-smtp-command", "header-command", "bare-newline", "spamtrap", "null-recipients",
        "helo-literal", "rate"}
GREYLIST_DELAY = 1  # seconds


def modes(mode):
    """Every check of the table in the mode."""
    with open(os.path.join(daemon.ROOT, "smtp", "checks", "rows.h"), encoding="ascii") as file:
        names = re.findall(r"^\tX\([A-Z_]+, ([a-z_]+), ", file.read(), re.MULTILINE)
    return {name.replace("_", "-"): mode for name in names}


def all_on():
    """All are enforced with their default weights, where the total refuses nobody."""
    scores = {"refuse-score": "500", "spf-neutral-score": "0.5", "spf-none-score": "0.5"}
    return {"dns": {"servers": dns.World.RESOLVER}, "checks": modes("enforce") | scores,
            "greylist": {"delay": f"{GREYLIST_DELAY}s", "auto-allow": 0},
            **{f'dnsl "{name}"': {"score": score} for name, score in LISTS.items()}}


def no_dns():
    """Nothing is asked: checks that would are off, and a client's name is not looked up, not even for the log."""
    asking = re.compile(r"(name|spf|sender|client-lists|helo-spf-fail|helo-unresolved|helo-other)(-|$)")
    return {"dns": {"client-name": "no"},
            "checks": {name: "off" for name in modes("off") if asking.match(name)}}


def all_off():
    return {"checks": modes("off")}


@contextlib.contextmanager
def world(addresses):
    """A DNS in which these clients have names that are confirmed, the HELO has an address and the sender has SPF, and the
    first two are on the list of good ones. Its answers live for an hour, those of the lists for a minute."""
    hosts = list(enumerate(addresses))
    with dns.dns_world() as names:
        names.zone("example.com", "$TTL 3600\n"
                   "@ MX 10 mx\n@ A 198.19.255.26\nmx A 198.19.255.25\nmx AAAA 2001:2::99\n"
                   '@ TXT "v=spf1 mx include:spf.example.com -all"\n'
                   'spf TXT "v=spf1 ip4:203.0.113.0/24 ip4:198.19.0.0/16 ~all"\n'
                   'client A 198.19.254.1\nclient TXT "v=spf1 ip4:198.19.0.0/16 -all"\n' +
                   "".join(f"host{number} A {address}\n" for number, address in hosts))
        names.zone("in-addr.arpa", "$TTL 3600\n" + "".join(
            f"{'.'.join(reversed(address.split('.')))} PTR host{number}.example.com.\n" for number, address in hosts))
        for name in LISTS:
            names.list(name, ["127.0.0.2", *(addresses[:2] if name == "good.test" else ["203.0.113.99"])])
        yield names


def lists_count(process):
    return daemon.until(lambda: all(one["state"] == "counts" for one in process.control("dnsl")["dns-lists"]))


def acquaint(process, address):
    """The network comes again after the delay of greylisting, so that it passes from then on. False when it isn't greylisted."""
    def code():
        with smtp.Client(process.wire, network.SERVER4, address) as client:
            client.hello("client.example.com")
            client.say("MAIL FROM:<sender@example.com>")
            reply = client.say("RCPT TO:<nobody@example.org>")
            client.say("QUIT")
            return reply.code

    return code() == 451 and daemon.until(lambda: code() == 550, seconds=20, every=GREYLIST_DELAY)


def judged(process):
    """The numbers of sessions that each check told something about, but for those that have nothing to look at here."""
    counts = process.control("stats")["worker"]["total"]["checks"]
    return {name: sum(its[outcome] for outcome in ("hit", "miss")) for name, its in counts.items() if name not in IDLE}


def trouble(process):
    """What the DNS did not answer."""
    return sum(process.counter(name) for name in ("dns-trouble", "dns-timeouts"))


def write_down(names):
    """From now on the resolver writes down what it is asked, for asked()."""
    names.root.run("unbound-control", "set_option", "log-queries:", "yes")


def asked(names):
    """The questions to the resolver about clients, each as often as it came."""
    lines = re.findall(r"info: \S+ (\S+\. \w+) IN$", names.root.read("/unbound.log"), re.MULTILINE)
    return [line.lower() for line in lines if not line.startswith(TEST_POINTS)]
