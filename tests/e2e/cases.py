# SPDX-License-Identifier: BSD-3-Clause
"""What all end-to-end tests share: a bench (folder, wire, Maildir, barscreen), expectations, the list of tests."""
import concurrent.futures
import contextlib
import os
import shutil
import socket
import tempfile
import time
import traceback

import daemon
import mails
import network

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
RECIPIENTS = ["a@example.org", "b@example.org", "c@example.net", "postmaster@example.org"]
TESTS = []    # (name, function), in the order of the files
AT_ONCE = 3  # tests that work
PATIENT = set()  # names of those that mostly wait: they run beside the others


def case(function):
    """Marks a test; its name is the file's and its own: "texts.long_line"."""
    TESTS.append((f"{function.__module__}.{function.__name__}", function))
    return function


def cases(parameters):
    """The same for a test that runs once for each of {suffix: arguments}."""
    def add(function):
        for suffix, arguments in parameters.items():
            TESTS.append((f"{function.__module__}.{function.__name__}.{suffix}",
                          lambda arguments=arguments: function(*arguments)))
        return function
    return add


def patient(function):
    """Over @case or @cases: the test waits for timeouts of minutes and needs no processor for it."""
    whole = f"{function.__module__}.{function.__name__}"
    PATIENT.update(name for name, _ in TESTS if name == whole or name.startswith(whole + "."))
    return function


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_equal(seen, wanted, what):
    expect(seen == wanted, f"{what}: {seen!r}, not {wanted!r}")


def expect_reply(reply, code, enhanced="", part=""):
    """`enhanced` like "5.1.1", `part`: words that must be in the text."""
    line = str(reply)
    expect(reply.code == code and enhanced in line and part.lower() in line.lower(),
           f"reply is {line!r}, not {code} {enhanced} {part}".rstrip())


class Bench:
    def __init__(self, folder, wire, maildir, barscreen):
        self.folder, self.wire, self.maildir, self.barscreen = folder, wire, maildir, barscreen


@contextlib.contextmanager
def bench(kind="net_tap", change=None, start=True, recipients=RECIPIENTS, prefix=(), mount=None, queues=1):
    """A running barscreen, and everything away at the end. `mount(path)` may put something under the Maildir
    first; it returns what undoes that."""
    folder = tempfile.mkdtemp(prefix="barscreen-test-")
    undo = None
    wire = barscreen = None
    try:
        path = os.path.join(folder, "mail")
        os.mkdir(path)
        undo = mount(path) if mount else None
        wire = network.Wire(kind, queues=queues)
        maildir = mails.Maildir(path, recipients)
        barscreen = daemon.Barscreen(folder, wire, path, change, prefix)
        if start:
            barscreen.start()
        try:
            yield Bench(folder, wire, maildir, barscreen)
        except Exception as error:
            error.add_note(last_lines(folder))
            raise
        if barscreen.process is not None and barscreen.process.returncode is None:
            expect(barscreen.process.poll() is None, f"barscreen died: {barscreen.process.returncode}")
    finally:
        if barscreen:
            barscreen.kill()
        if wire:
            wire.close()
        if undo:
            undo()
        if not os.environ.get("KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def memory_disk(megabytes):
    """For bench(mount=...): a file system of that size under the Maildir."""
    def mount(path):
        network.command("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "barscreen-test", path)
        return lambda: network.command("umount", path)
    return mount


def last_lines(folder, count=15):
    out = []
    for name in ("output", "log"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                out += [f"    {name}: {line.rstrip()}\n" for line in file.readlines()[-count:]]
    return "".join(out)


def one(name, test):
    """Runs it; True when it passed. What it says comes out in one piece."""
    begun = time.monotonic()
    try:
        test()
    except Exception as error:  # pylint: disable=broad-except
        print(f"{''.join(traceback.format_exception(error))}FAIL {name}: {error}", flush=True)
        return False
    print(f"PASS {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    return True


def run(words):
    """Runs the tests whose name begins with one of the words (all without words); the number of failed ones. Each has namespaces
    of its own, and spends most of its time waiting: for addresses that must be claimed first (RFC 5227), for peers to start."""
    chosen = [(name, test) for name, test in TESTS if not words or any(name.startswith(word) for word in words)]
    with concurrent.futures.ThreadPoolExecutor(8) as beside, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as busy:
        under_way = [(beside if name in PATIENT else busy).submit(one, name, test) for name, test in chosen]
        passed = [future.result() for future in under_way]
    failed = passed.count(False)
    print(f"{len(passed) - failed} passed, {failed} failed", flush=True)
    return failed
