# SPDX-License-Identifier: BSD-3-Clause
"""DNSBL and DNSWL from rbldnsd through unbound: hits and weights, and lists that refuse, die, or begin to list the world."""
import contextlib
import signal

from cases import case, cases, expect, expect_equal, expect_reply, patient
from config import check
from daemon import until
from dns import dns_world
import smtp

TARGET = {"ipv4": "198.18.0.25", "ipv6": "2001:2::25"}
LISTED = {"ipv4": "198.18.7.7", "ipv6": "2001:2:0:7::7"}
OTHER = {"ipv4": "198.18.7.8", "ipv6": "2001:2:0:8::8"}
POINTS = ["127.0.0.2", "::ffff:7f00:2"]
RUN = 50  # smtp/lists/dnsl_health.h: DNSL_RUN


def target_of(source):
    return TARGET["ipv6" if ":" in source else "ipv4"]


def told(here, source, recipient="a@example.org"):
    """What RCPT is answered."""
    with smtp.Client(here.wire, target_of(source), here.wire.take(source)) as client:
        client.hello()
        client.say("MAIL FROM:<>")  # no check of the sender
        reply = client.say(f"RCPT TO:<{recipient}>")
        client.say("QUIT")
        return reply


def row(here, name):
    return next(one for one in here.barscreen.control("dnsl")["dns-lists"] if one["name"] == name)


def await_state(here, name, state):
    expect(until(lambda: row(here, name)["state"] == state), f"the list is not {state}: {row(here, name)}")


@contextlib.contextmanager
def listing(lists, sections=None, **more):
    """A bench that asks these lists ({zone: entries}); it is given when they count."""
    change = {f'dnsl "{name}"': {"families": "both"} for name in lists}
    for section, keys in (sections or {}).items():
        change.setdefault(section, {}).update(keys)
    with dns_world() as dns:
        for name, entries in lists.items():
            dns.list(name, POINTS + entries)
        with dns.bench(change=change, **more) as here:
            for name in lists:
                await_state(here, name, "counts")
            yield here, dns


@cases({family: (family,) for family in TARGET})
def listed(family):
    """Refused at RCPT with the list's name; postmaster is reached; others pass."""
    with listing({"bl.test": [LISTED[family]]}) as (here, _):
        expect_reply(told(here, LISTED[family]), 554, "5.7.1", f"Client host [{LISTED[family]}] blocked using bl.test")
        expect_reply(told(here, LISTED[family], "postmaster@example.org"), 250)
        expect_reply(told(here, OTHER[family]), 250)
        expect_equal((row(here, "bl.test")["asked"], row(here, "bl.test")["hits"]), (2, 1), "asked and hits")


@case
def weights():
    """A list of good clients outweighs another; codes choose; a list that is only observed changes nothing."""
    good, bad, coded, observed = "198.18.7.1", "198.18.7.2", "198.18.7.3", "198.18.7.4"
    sections = {'dnsl "wl.test"': {"score": "-2"},
                'dnsl "coded.test"': {"codes": ["127.0.0.[4..7]"], "test-listed": "127.0.0.2"},
                'dnsl "observed.test"': {"mode": "observe", "score": "5"}}
    lists = {"bl.test": [good, bad], "wl.test": [good], "coded.test": [f"{bad} :127.0.0.3:", f"{coded} :127.0.0.5:"],
             "observed.test": [observed, bad]}
    with listing(lists, sections) as (here, _):
        expect_reply(told(here, good), 250)
        expect_reply(told(here, bad), 554, "5.7.1", "blocked using bl.test")
        expect_reply(told(here, coded), 554, "5.7.1", "blocked using coded.test")
        expect_reply(told(here, observed), 250)


@case
def key_is_not_shown():
    """A zone that holds a key is in no reply, log line or answer."""
    sections = {'dnsl "dq"': {"zone": "k3yk3yk3y.bl.test", "families": "ipv4"}}
    with dns_world() as dns:
        dns.list("k3yk3yk3y.bl.test", POINTS + [LISTED["ipv4"]])
        with dns.bench(change=sections) as here:
            await_state(here, "dq", "counts")
            reply = told(here, LISTED["ipv4"])
            expect_reply(reply, 554, "5.7.1", "blocked using dq")
            dns.list("k3yk3yk3y.bl.test", ["0.0.0.0/0 :127.255.255.252:k3yk3yk3y.bl.test"])
            expect_reply(told(here, OTHER["ipv4"]), 250)
            expect(here.barscreen.logged("DNS list dq", "127.255.255.252"), "no alarm")
            said = str(reply) + "".join(here.barscreen.ask(word) for word in ("dnsl", "status", "stats"))
            with open(f"{here.folder}/log", encoding="utf-8") as log:
                said += log.read()
            expect("k3y" not in said.lower(), "the key is shown")


@cases({last: (last,) for last in ("252", "254", "255")})
def refusing(last):
    """127.255.255.x is an error and never a hit: no mail is refused, the log says what it means, and so does --check."""
    meaning = {"252": "spelling", "254": "public resolver", "255": "more was asked"}[last]
    everybody = [f"0.0.0.0/0 :127.255.255.{last}:refused"]
    with listing({"bl.test": [LISTED["ipv4"]]}, {'dnsl "bl.test"': {"families": "ipv4"}}) as (here, dns):
        expect_reply(told(here, LISTED["ipv4"]), 554)
        dns.list("bl.test", everybody)
        for number in range(10):
            expect_reply(told(here, f"198.18.8.{number + 1}"), 250)
        expect(here.barscreen.logged("DNS list bl.test", f"127.255.255.{last}", meaning), "no alarm")
        await_state(here, "bl.test", "suspended")
        lines = check(here)[1]
        expect(any("DNS list bl.test will not count" in line and meaning in line for line in lines), f"--check: {lines}")
        dns.list("bl.test", POINTS + [LISTED["ipv4"]])


@patient
@case
def dies():
    """A list whose server is gone refuses nobody, is suspended, and counts again when it is back."""
    with listing({"bl.test": ["198.18.8.0/24"]}) as (here, dns):
        expect_reply(told(here, "198.18.8.1"), 554)
        dns.signal("rbldnsd", signal.SIGKILL)
        dns.root.run("unbound-control", "flush_zone", "bl.test")
        for number in range(2, 6):
            expect_reply(told(here, f"198.18.8.{number}"), 250)
        await_state(here, "bl.test", "suspended")
        expect(here.barscreen.logged("DNS list bl.test suspended"), "no alarm")
        dns.restart_rbldnsd()
        await_state(here, "bl.test", "counts")
        expect(here.barscreen.logged("DNS list bl.test counts again"), "no line about its return")
        expect_reply(told(here, "198.18.8.7"), 554)


@cases({"points_tell": ([], "127.0.0.1 is listed"), "points_are_good": (["!127.0.0.1"], "it has the last")})
def world(excluded, why):
    """A list that begins to list the world, live: how many are refused before it is suspended?"""
    with listing({"bl.test": []}, {'dnsl "bl.test"': {"families": "ipv4"}}) as (here, dns):
        for number in range(20):
            expect_reply(told(here, f"198.18.8.{number + 1}"), 250)
        dns.list("bl.test", ["0.0.0.0/0"] + excluded)
        codes = [told(here, f"198.18.9.{number + 1}").code for number in range(100)]
        refused = codes.count(554)
        expect(0 < refused < RUN, f"{refused} clients were refused before it was suspended")
        expect_equal(set(codes[RUN:]), {250}, "answers after it was suspended")
        expect(here.barscreen.logged("DNS list bl.test suspended", why), f"no alarm with {why}")
        print(f"    {refused} of 100 clients were refused before the list was suspended")


@case
def reload_keeps():
    """A suspended list stays suspended over a reload."""
    with listing({"bl.test": []}, {'dnsl "bl.test"': {"families": "ipv4"}}) as (here, dns):
        dns.list("bl.test", ["0.0.0.0/0", "!127.0.0.1"])
        for number in range(RUN):
            told(here, f"198.18.9.{number + 1}")
        await_state(here, "bl.test", "suspended")
        here.barscreen.change({'dnsl "more.test"': {"test": "no"}})
        here.barscreen.ask("reload")
        expect_equal(row(here, "bl.test")["state"], "suspended", "after a reload")
        expect_reply(told(here, "198.18.10.1"), 250)


@case
def a_good_list_ends_the_wait():
    """A client on a list of good ones is greeted when that is known, and not after four minutes."""
    sections = {'dnsl "good.test"': {"score": "-2"}, "checks": {"skip-score": "-1"}, "waiting": {"wait": "4m"}}
    with listing({"good.test": [LISTED["ipv4"]]}, sections) as (here, _):
        with smtp.Client(here.wire, TARGET["ipv4"], here.wire.take(LISTED["ipv4"])) as good, \
                smtp.Client(here.wire, TARGET["ipv4"], here.wire.take(OTHER["ipv4"])):
            expect_equal(good.reply().code, 220, "the greeting")
            waiting = [one["client"] for one in here.barscreen.control("sessions", "--state", "waiting")["sessions"]]
            expect_equal(waiting, [OTHER["ipv4"]], "who waits")
