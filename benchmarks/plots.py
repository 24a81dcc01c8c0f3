# SPDX-License-Identifier: BSD-3-Clause
"""The plots of README.md: measured into results/NAME.tsv, drawn by gnuplot into results/NAME.svg."""
import contextlib
import os
import subprocess
import sys
import tempfile

import memif
import packets
import waiting
from flood import FLOODS, saturated
from measure import Length, Void, place
from sessions import PLACES, mailboxes, over_memif

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")
SCRIPTS = os.path.join(HERE, "plots")
OPENED_US = 12  # a connection of `memory`: its wait is long enough for all to wait at once
MEMORY = (1000000, 2500000, 5000000, 7500000, 10000000)
SOCKETS = (250000, 500000, 1000000)
PREFIXES = (100, 1000, 10000, 100000, 300000, 1000000)
PREFIXES6 = (100, 1000, 10000, 100000, 300000)
THIN = 1.05  # of two times of `latency` that are nearer one is left out
FLOOD_TIMES = (1, 2, 5, 10, 20, 40)  # packets of the flood for one of the sessions


def memory():
    """Bytes of the process against connections that wait; the same of a tarpit on the kernel's sockets."""
    yield "who", "connections", "bytes"
    for number in (2000, 4000) if Length.SMOKE else MEMORY:
        sources = number // 10 if Length.SMOKE else waiting.SOURCES
        run = waiting.held(number, sources, max(3000, number * OPENED_US // 1000))
        yield "barscreen", number, run["bytes"]
    for number in (2000,) if Length.SMOKE else SOCKETS:
        run = waiting.words_of("tarpit", number, number // 10, 1 if Length.SMOKE else 20)
        yield "tarpit", run["held"], run["bytes"]


def prefixes():
    """Packets dropped a second of one core against prefixes in the lists; the same loop without the filter."""
    yield "family", "prefixes", "Mpps", "free-Mpps"
    with packets.with_huge_pages():
        for family, numbers in ((), PREFIXES), (("-6",), PREFIXES6):
            for number in numbers[1:3] if Length.SMOKE else numbers:
                run = packets.run("drop", *family, "-p", str(number))
                yield "ipv6" if family else "ipv4", number, 1000 / run["own-ns"], 1000 / run["reference-ns"]


@contextlib.contextmanager
def part_loaded():
    """A barscreen, and a quarter of the sessions a second that it can do with the load over memif, and of their packets: half would leave
    a core no room for a flood."""
    with place() as folder, memif.barscreen(mailboxes(folder, "memif")) as process:
        over_memif(process, 1)
        most = over_memif(process, Length.SECONDS)

        def run(*words):
            return memif.load(process, Length.SECONDS, 8 * PLACES, "-r", most["rate"] / 4, *words)

        yield folder, run, most["sent"] / 4


def flood():
    """Sessions a second against the rate of a flood beside them. A line ends where either side is saturated."""
    yield "flood", "packets/s", "sessions/s"
    with part_loaded() as (_, run, packets_sent):
        for kind in FLOODS[:1] if Length.SMOKE else FLOODS:
            yield kind, 0, run()["rate"]
            for times in FLOOD_TIMES[:1] if Length.SMOKE else FLOOD_TIMES:
                wanted = times * packets_sent
                try:
                    result = run("-f", f"{wanted:.0f}:{kind}")
                    reason = saturated(result, wanted)
                except Void as fault:
                    reason = fault
                if reason:
                    print(f"plots: {kind} ends below {wanted:.0f} packets/s: {reason}", file=sys.stderr, flush=True)
                    break
                yield kind, result["flood"], result["rate"]


def latency():
    """How many took longer, against time: connecting, the greeting, a reply, a session; alone and beside a flood."""
    yield "beside", "what", "us", "share-longer"
    with part_loaded() as (folder, run, packets_sent):
        path = os.path.join(folder, "histogram")
        for beside, words in ("nothing", ()), ("syn-flood", ("-f", f"{5 * packets_sent:.0f}:syn")):
            run("-H", path, *words)
            with open(path, encoding="ascii") as file:
                rows = [line.split() for line in file]
            total = {what: int(seen) for what, _, seen in rows}  # the last of each
            last = None
            for what, seconds, seen in rows:
                us, share = float(seconds) * 1e6, 1 - int(seen) / total[what]
                if what != last or us > THIN * shown:
                    yield beside, what, us, share
                    last, shown = what, us


PLOTS = {"memory": memory, "prefixes": prefixes, "flood": flood, "latency": latency}


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return f"{len(names)} x {names[0] if names else os.uname().machine}, Linux {os.uname().release.partition('-')[0]}"


def measured(name, folder):
    """The file is complete or is not changed."""
    rows = [[f"{value:.6g}" if isinstance(value, float) else str(value) for value in row] for row in PLOTS[name]()]
    path = os.path.join(folder, name + ".tsv")
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"# {processor()}\n# " + "\n".join("\t".join(row) for row in rows) + "\n")
    os.replace(path + ".new", path)


def drawn(name, folder):
    path = os.path.join(folder, name)
    subprocess.run(["gnuplot", "-e", f"data='{path}.tsv'; picture='{path}.svg'", "style.gp", name + ".gp"],
                   cwd=SCRIPTS, check=True, timeout=60)
    if os.path.getsize(path + ".svg") < 2000:
        raise Void(f"{name}.svg is empty")


def all_plots(words=()):
    redraw = words[:1] == ["--redraw"]
    names = words[redraw:] or list(PLOTS)
    if any(name not in PLOTS for name in names):
        sys.exit(f"usage: scripts/bench plots [--redraw] [{'|'.join(PLOTS)}]...")
    with tempfile.TemporaryDirectory() if Length.SMOKE else contextlib.nullcontext(RESULTS) as folder:
        os.makedirs(folder, exist_ok=True)
        for name in names:
            if not redraw:
                measured(name, folder)
            drawn(name, folder)
            print(f"plots\t{os.path.join(folder, name)}.svg", flush=True)
