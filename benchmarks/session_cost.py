#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a refused session costs, in instructions of user space, counted by callgrind: the same on every machine with the same
compiler, whatever else it does. `session_cost.py` alone is the check of the test suite: it fails when a session costs
GROWTH more than written down in session_cost.tsv. `--write` writes down what it costs now, `--keep CASE FILE` keeps what
callgrind counted (512 sessions), for callgrind_annotate."""
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tests", "e2e")]

import checks  # noqa: E402
import daemon  # noqa: E402
import instructions  # noqa: E402
import plain_dns  # noqa: E402
from measure import Length, Void, place, tell  # noqa: E402

PROGRAM = os.path.join(daemon.BUILD, "benchmarks", "session_cost")
FIGURES = os.path.join(HERE, "session_cost.tsv")
GROWTH = 1.05
SESSIONS = {"long": 2048, "short": 512}
SOURCES = [f"198.19.0.{number + 1}" for number in range(64)]

POLLS = ("dataplane_poll", "worker_poll")

# Which room a file belongs to: the longest beginning counts. "": the clients and what runs them.
ROOMS = {
    "benchmarks/": "",
    "control/start/": "",
    "dataplane/": "dataplane",
    "dataplane/seam/": "seam",
    "dataplane/seam/log": "log",
    "smtp/": "smtp",
    "smtp/session/session_log": "log",
    "smtp/checks/": "checks",
    "smtp/dns/": "checks",
    "smtp/judge/": "checks",
    "smtp/lists/": "checks",
    "smtp/memory/": "checks",
    "smtp/spf/": "checks",
    "control/": "policy",
    "control/log/": "log-writer",
}


def records():
    """A client with a confirmed name, a sender and a HELO with SPF, and lists of which one has two of the clients."""
    found = {
        "example.com": [("MX", "mx.example.com"), ("A", "198.19.255.26"),
                        ("TXT", "v=spf1 mx include:spf.example.com -all")],
        "mx.example.com": [("A", "198.19.255.25")],
        "spf.example.com": [("TXT", "v=spf1 ip4:203.0.113.0/24 ip4:198.19.0.0/16 ~all")],
        "client.example.com": [("A", "198.19.254.1"), ("TXT", "v=spf1 ip4:198.19.0.0/16 -all")],
    }
    for number, address in enumerate(SOURCES):
        back = ".".join(reversed(address.split(".")))
        found[f"host{number}.example.com"] = [("A", address)]
        found[f"{back}.in-addr.arpa"] = [("PTR", f"host{number}.example.com")]
        if number < 2:
            found[f"{back}.good.test"] = [("A", "127.0.0.2")]
    for name in checks.LISTS:
        found[f"2.0.0.127.{name}"] = [("A", "127.0.0.2")]
    return found


class NoWire:
    """The port is in memory; the configuration must name one all the same."""

    kind, INTERFACE, mtu = "net_af_packet", "bs0", 1500


def known(folder):
    """Lists of recipients: nobody@example.org is not in them."""
    path = os.path.join(folder, "recipients")
    with open(path, "w", encoding="ascii") as file:
        file.write("a@example.org\n")
    return {"recipients": {"files": [path]}}


def trap(folder):
    """nobody@example.org is answered as if it did not exist, but not before all checks were run."""
    path = os.path.join(folder, "spamtraps")
    with open(path, "w", encoding="ascii") as file:
        file.write("nobody@example.org\n")
    return {"recipients": {"spamtraps": [path]}}


# What is measured: name, further configuration.
CASES = {
    "off": lambda folder: known(folder) | checks.all_off(),
    "default": known,
    "all": lambda folder: checks.all_on() | trap(folder),
}


def configuration(folder, case, port):
    change = CASES[case](folder)
    change = change | {
        "machine": {"dataplane-cores": [0], "worker-cores": [0], "helper-threads": 1},
        "limits": {"connections": 4096, "half-open": 1024, "talking": 256},
        "verdicts": {"action": "observe", "refused-sessions": 0, "unknown-recipients": 0},
        "dns": {"servers": f"127.0.0.1:{port}"},
    }
    return daemon.Barscreen(folder, NoWire, os.path.join(folder, "mail"), change).file


def room(file):
    return max((start for start in ROOMS if file.startswith(start)), key=len, default=None)


def measure(case, sessions, keep=None):
    """Instructions a session, room by room. `keep`: where callgrind's file goes, for callgrind_annotate."""
    with place() as folder, plain_dns.server(records()) as port:
        os.makedirs(os.path.join(folder, "mail"))
        os.makedirs(os.path.join(folder, "state"))
        path = os.path.join(folder, "callgrind")
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={path}", "--quiet", PROGRAM,
                 configuration(folder, case, port), str(sessions)]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        said = dict(word.partition("=")[::2] for word in done.stdout.split())
        if done.returncode != 0 or said.get("refused") != str(sessions) or said.get("lost") != "0":
            raise Void(done.stdout.strip())
        with open(os.path.join(folder, "log"), encoding="ascii") as log:
            if log.read().count("NOQUEUE: reject: RCPT") < sessions:
                raise Void("sessions without their log line")
        if case == "all" and not_judged(os.path.join(folder, "log")):
            raise Void("checks were not run")
        if keep:
            shutil.copy(path + ".1", keep)
        found = dict.fromkeys([*ROOMS.values()], 0)
        profile = instructions.Profile(path + ".1")
        for file, cost in profile.by_file().items():
            start = room(file)
            if start is not None:
                found[ROOMS[start]] += cost / sessions
        del found[""]
        # What the filter's own core has to do: the rest of the rooms is the log writer's.
        return {"filter": sum(profile.called(poll) for poll in POLLS) / sessions} | found


def not_judged(log):
    with open(log, encoding="ascii") as file:
        return [line for line in file if "checks of" in line] == []


def written():
    with open(FIGURES, encoding="ascii") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {(case, name): float(figure) for case, name, figure in rows}


def session_cost():
    """Instructions of a refused session, by room, against what was written down last."""
    reference = written()
    for case in CASES:
        rooms = measure(case, SESSIONS["short" if Length.SMOKE else "long"])
        for name, cost in rooms.items():
            tell(f"session-cost-{case}-{name}", cost, "instructions/session", "written-down",
                 reference.get((case, name), cost), [])


def write():
    lines = ["# Instructions a refused session, by benchmarks/session_cost.py --write: case, room, figure."]
    for case in CASES:
        rooms = measure(case, SESSIONS["long"])
        lines += [f"{case}\t{name}\t{cost:.0f}" for name, cost in rooms.items()]
    with open(FIGURES, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def check():
    reference, failed = written(), 0
    for case in CASES:
        rooms = measure(case, SESSIONS["short"])
        for name in ("filter", "log-writer"):
            cost = rooms[name]
            grown = cost / reference[case, name]
            failed += grown > GROWTH
            print(f"{'FAIL' if grown > GROWTH else 'PASS'} session-cost.{case}.{name}: {cost:.0f} instructions a session, "
                  f"{grown:.3f} of what session_cost.tsv says")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    elif sys.argv[1:2] == ["--keep"] and len(sys.argv) == 4 and sys.argv[2] in CASES:
        measure(sys.argv[2], SESSIONS["short"], sys.argv[3])
    elif sys.argv[1:]:
        sys.exit(f"usage: session_cost.py [--write | --keep {'|'.join(CASES)} FILE]")
    else:
        sys.exit(check())
