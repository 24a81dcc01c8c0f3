# SPDX-License-Identifier: BSD-3-Clause
"""A barscreen process under test: its configuration, start, log, counters and end."""
import copy
import itertools
import json
import os
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
BARSCREEN = os.path.join(BUILD, "control", "barscreen")
BARSCREENCTL = os.path.join(BUILD, "control", "barscreenctl")
SERIAL = itertools.count()
PATIENCE = 120  # seconds; no test is about how long something takes on a loaded machine


def until(condition, seconds=PATIENCE, every=0.05):
    """Waits for the condition; its value, or the last false one when time is up."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def configuration(folder, wire, maildir):
    """Everything a test may want to change, as section: {key: value}; "" is the top."""
    cores = sorted(os.sched_getaffinity(0))
    core = cores[next(SERIAL) % len(cores)]  # several tests may run at once
    return {
        "": {
            "hostname": "mx1.example.org",
            "contact": "https://example.org/mail",
            "domains": ["example.org", "example.net"],
            "backend": f"maildir:{maildir}",
            "log": f"file:{folder}/log",
            "log-repeat": 0,
            "control-socket": f"{folder}/control",
            "state-folder": f"{folder}/state",
        },
        'port "mx0"': {
            "device": wire.kind,
            "interface": wire.INTERFACE,
            "addresses": ["198.18.0.25/15", "2001:2::25/48"],
            "mtu": wire.mtu,
        },
        "machine": {"dataplane-cores": [core], "worker-cores": [core], "hugepages": "off", "helper-threads": 4},
        "waiting": {"wait": "0s"},
        "smtp": {},
        "limits": {"connections": 8192, "half-open": 1024, "talking": 1024},
        "networks": {"own": [], "trusted": ["198.18.0.0/15", "2001:2::/48"]},
    }


def text(config):
    """In the syntax of barscreen.conf: strings quoted, values with a unit and numbers bare."""
    def value(key, given):
        if isinstance(given, list):
            return "{" + ", ".join(value(key, one) for one in given) + "}"
        if isinstance(given, int) or key in BARE:
            return str(given)
        return '"' + given.replace("\\", "\\\\").replace('"', '\\"') + '"'

    out = []
    for section, keys in config.items():
        body = [f"{key} = {value(key, given)}" for key, given in keys.items()]
        if section:
            out += [section + " {"] + ["    " + line for line in body] + ["}"]
        else:
            out += body
    return "\n".join(out) + "\n"


BARE = {"wait", "greeted-timeout", "command-timeout", "data-timeout", "message-size", "memory", "data-ring-size",
        "drain-timeout", "data-rate", "lifetime", "window", "forgiven", "log-format", "delay", "wait-ttl"}


class Barscreen:
    """`change`: {section: {key: value}} over configuration(); a value of None takes the key out."""

    def __init__(self, folder, wire, maildir, change=None, prefix=()):
        self.folder, self.wire, self.prefix = folder, wire, prefix
        self.config = copy.deepcopy(configuration(folder, wire, maildir))
        self.file = os.path.join(folder, "barscreen.conf")
        self.process = None
        self.change(change or {})

    def change(self, change):
        for section, keys in change.items():
            self.config.setdefault(section, {}).update(keys)
            self.config[section] = {key: given for key, given in self.config[section].items() if given is not None}
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text(self.config))

    def start(self):
        """Returns when it answers for its addresses (but for those that somebody else has)."""
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(
                self.wire.server.inside(*self.prefix, BARSCREEN, "--config", self.file),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        try:
            if not until(self._answers):
                raise RuntimeError("barscreen does not answer at its control socket\n" + self.output())
            if self.wire.kind == "net_tap":
                self.wire.attach()
            if not until(self._ready):
                raise RuntimeError(f"barscreen's addresses never became ready: {self.control('status')}")
        except BaseException:
            self.kill()
            raise
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"barscreen ended with {self.process.returncode}\n{self.output()}")
        try:
            return self.control("status")
        except (RuntimeError, ValueError):
            return None

    def _ready(self):
        status = self.control("status")
        return not any(local["state"] == "tentative" for port in status["ports"] for local in port["addresses"])

    def ask(self, *words, machine=True):
        """What barscreenctl prints."""
        flags = ("--json",) if machine else ()
        done = subprocess.run((BARSCREENCTL, "--socket", f"{self.folder}/control", *flags, *words),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(f"barscreenctl {' '.join(words)}: {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def control(self, *words):
        return json.loads(self.ask(*words))

    def counter(self, name):
        """A counter, gauge or reason to drop: over all lcores, dataplane and worker."""
        stats = self.control("stats")
        found = [group[name] for room in ("dataplane", "worker") for group in stats[room]["total"].values()
                 if isinstance(group, dict) and name in group]
        if not found:
            raise KeyError(f"no counter {name}")
        return sum(found)

    def log(self):
        path = os.path.join(self.folder, "log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
            return file.read()

    def logged(self, *words, seconds=20):
        """The first log line that has all the words, waited for; None when it never comes."""
        def look():
            return next((line for line in self.log().splitlines() if all(word in line for word in words)), None)
        return until(look, seconds)

    def output(self):
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def pid(self):
        return self.process.pid

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait(self, seconds=PATIENCE):
        return self.process.wait(seconds)

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # with `prefix` it is not alone
            self.wait()

    def stop(self):
        """SIGTERM, and the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
