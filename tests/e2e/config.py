# SPDX-License-Identifier: BSD-3-Clause
"""Wrong configurations and surroundings: one clear line each, exit status 1."""
import os
import shutil
import subprocess
import tempfile

from cases import bench, case, cases, expect, expect_equal
from daemon import BARSCREEN, ROOT
import network


def check(here, *prefix, flags=("--check",)):
    """Exit status and lines of "barscreen --check" where it would run."""
    done = subprocess.run(here.wire.server.inside(*prefix, BARSCREEN, "--config", here.barscreen.file, *flags),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, [line for line in done.stdout.splitlines() if line.strip()]


WRONG = {
    "unknown_key": ({"smtp": {"errros": 3}}, ["barscreen.conf:", "errros", "errors"]),
    "bad_unit": ({"waiting": {"wait": "25parsecs"}}, ["barscreen.conf:", "wait"]),
    "no_domains": ({"": {"domains": None}}, ["domains"]),
    "no_backend": ({"": {"backend": None}}, ["backend"]),
    "backend_folder": ({"": {"backend": "maildir:/nonexistent/mail"}}, ["/nonexistent/mail"]),
    "bad_address": ({'port "mx0"': {"addresses": ["198.18.0.256/15"]}}, ["barscreen.conf:", "198.18.0.256"]),
    "list_file": ({'list "x"': {"file": "/nonexistent/list", "action": "refuse"}}, ["/nonexistent/list"]),
    "interface": ({'port "mx0"': {"device": "net_af_packet", "interface": "nothere0"}}, ["mx0", "nothere0"]),
    "pci_device": ({'port "mx0"': {"device": "pci", "interface": None, "pci": "0000:7f:1f.7"}}, ["0000:7f:1f.7"]),
    "hugepages": ({"machine": {"hugepages": "required"}}, ["hugepages"]),
    "core": ({"machine": {"dataplane-cores": [4000]}}, ["4000"]),
}


@cases({name: value for name, value in WRONG.items()})
def wrong(change, words):
    if "hugepages" in words and hugepages():
        return  # this machine has some
    with bench(change=change, start=False) as here:
        for flags in (("--check",), ()):
            status, lines = check(here, flags=flags)
            expect_equal(status, 1, f"exit status; it said {lines}")
            line = next((line for line in lines if all(word in line for word in words)), None)
            expect(line, f"no line with {words} but {lines} ({' '.join(flags)})")
            expect(len(line) < 400, "not one clear line")


def hugepages():
    with open("/proc/meminfo", encoding="ascii") as file:
        return any(line.startswith("HugePages_Free:") and line.split()[1] != "0" for line in file)


@cases({kind: (kind,) for kind in ("net_tap", "net_af_packet", "net_af_xdp")})
def right(kind):
    with bench(kind, start=False) as here:
        status, lines = check(here)
        expect_equal(status, 0, f"exit status; it said {lines}")


@case
def address_in_use():
    """Somebody on the link has the address: it is not used, the log names it, and whoever asks is told."""
    with bench("net_af_packet", start=False) as here:
        here.wire.take("2001:2::25")
        here.barscreen.start()
        expect(here.barscreen.logged("2001:2::25", "in use"), "no log line")
        states = {local["address"]: local["state"] for local in here.barscreen.control("status")["ports"][0]["addresses"]}
        expect_equal(states, {"198.18.0.25/15": "ready", "2001:2::25/48": "duplicate"}, "states")


@case
def control_socket_in_use():
    """A folder that can't hold the socket."""
    with bench(change={"": {"control-socket": "/proc/nothere/control"}}, start=False) as here:
        status, lines = check(here, flags=())
        expect_equal(status, 1, f"exit status; it said {lines}")
        expect(any("/proc/nothere/control" in line for line in lines), f"it said {lines}")


@case
def not_root():
    """As nobody, from a place that nobody can read."""
    folder = tempfile.mkdtemp(prefix="barscreen-test-")
    try:
        os.chmod(folder, 0o755)
        binary = shutil.copy(BARSCREEN, folder)
        with bench(start=False) as here:
            config = shutil.copy(here.barscreen.file, folder)
            os.chmod(config, 0o644)
            done = subprocess.run(
                here.wire.server.inside("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                        "--bounding-set=-all", binary, "--config", config),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, cwd="/")
        lines = done.stdout.splitlines()
        expect_equal(done.returncode, 1, f"exit status; it said {lines}")
        expect(any("root" in line or "permission" in line.lower() or "CAP_" in line for line in lines),
               f"it said {lines}")
    finally:
        shutil.rmtree(folder)


@case
def print_config_is_a_config():
    """What --print-config writes can be read again and says the same."""
    with bench(start=False) as here:
        status, lines = check(here, flags=("--print-config",))
        expect_equal(status, 0, f"exit status; it said {lines}")
        with open(here.barscreen.file, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        again, same = check(here, flags=("--print-config",))
        expect_equal(again, 0, f"exit status with its own output; it said {same}")
        expect_equal(same, lines, "the second time")


@case
def sample_is_a_config():
    """doc/barscreen.conf.sample names only keys that there are."""
    with bench(start=False) as here:
        here.barscreen.file = os.path.join(ROOT, "doc", "barscreen.conf.sample")
        status, lines = check(here, flags=("--print-config",))
        expect_equal(status, 0, f"exit status; it said {lines}")
