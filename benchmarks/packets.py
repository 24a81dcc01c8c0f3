# SPDX-License-Identifier: BSD-3-Clause
"""The dataplane and packets, in one process on an in-memory port (packets/packets.c): what is dropped and what is answered."""
import contextlib
import os
import re
import statistics
import subprocess
import sys

import daemon

from measure import ON_SERVER, SERVER, CLIENT, URGENT, Length, Void, others, tell

PROGRAM = os.path.join(daemon.BUILD, "benchmarks", "packets", "packets")
PREFIXES = {False: 1000000, True: 300000}  # by: IPv6
ROUNDS = 1000  # of 1,024 packets for each loop
HUGE_PAGES = 256  # of 2 MB: buffers of packets in pages as large as a server's
HUGE = "/sys/kernel/mm/hugepages/hugepages-2048kB/"


def huge_pages(what, number=None):
    with open(HUGE + what, "r" if number is None else "w", encoding="ascii") as file:
        if number is None:
            return int(file.read())
        file.write(str(number))
        return number


@contextlib.contextmanager
def with_huge_pages():
    """Where the machine has none free they are lent, if it can; who finds none does without and says so."""
    before = huge_pages("nr_hugepages")
    missing = HUGE_PAGES - huge_pages("free_hugepages")
    try:
        if missing > 0:
            huge_pages("nr_hugepages", before + missing)
        yield
    finally:
        if missing > 0:
            huge_pages("nr_hugepages", before)


def run(bench, *words):
    """What the program printed, as numbers; what it says to people goes on to stderr."""
    rounds, prefixes = (3, 2000) if Length.SMOKE else (ROUNDS, PREFIXES["-6" in words])
    done = subprocess.run([*ON_SERVER, PROGRAM, "-r", str(rounds), "-p", str(prefixes), *words, bench],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if not Length.SMOKE or done.returncode != 0:
        print(done.stderr, end="", file=sys.stderr, flush=True)
    if done.returncode != 0:
        raise Void(f"packets {bench}: {done.stderr.strip()}")
    return {name: float(value) for name, value in (word.split("=") for word in done.stdout.split())}


def against(name, bench, reference):
    """IPv4 and IPv6, with the checksums left to the port, as NICs take them, and without; returns the first of these figures."""
    figures = []
    share = others()
    remarks = [f"other work took up to {share:.0%} of the machine"] if share > 0.1 else []
    with with_huge_pages():
        for suffix, words in (("", []), ("-ipv6", ["-6"]), ("-software", ["-s"])):
            runs = [run(bench, *words) for _ in range(Length.RUNS)]
            own, other = (1000 / statistics.median(one[which] for one in runs) for which in ("own-ns", "reference-ns"))
            figures.append(own)
            tell(name + suffix, own, "Mpps", reference, other,
                 remarks + ["checksums in software"] * (suffix == "-software"))
    return figures[0]


def testpmd():
    """Packets that testpmd takes in and frees in a second, in millions. It has no source of packets for a ring: they are those of
    net_null, which takes each from the pool."""
    words = ["nice", "-n", "-15", "dpdk-testpmd", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry", "--no-shconf",
             "--iova-mode=va", "--vdev", "net_null0,size=60", "--lcores", f"0@{CLIENT},1@{SERVER}", "--",
             "-i", "--forward-mode=rxonly", "--total-num-mbufs=8191", "--nb-cores=1", "--port-topology=loop"]
    shell = f"(echo start; sleep 0.2; echo show port stats 0; sleep {Length.SECONDS / 3:.1f}; echo show port stats 0; " \
            "echo quit) | exec " + " ".join(words)
    done = subprocess.run(["sh", "-c", shell], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    rates = re.findall(r"Rx-pps: +(\d+)", done.stdout)
    if len(rates) != 2 or int(rates[1]) == 0:
        raise Void(f"testpmd: {done.stdout[-300:]}")
    return int(rates[1]) / 1e6


def ingress_drop():
    """SYNs of 64 bytes, the sources even over 1M prefixes, dropped."""
    own = against("ingress-drop", "drop", "free")
    tell("ingress-drop-testpmd", own, "Mpps", "testpmd-rxonly-null", testpmd(), [])


def syn_cookies():
    """SYNs of 64 bytes from everywhere, each answered by a SYN-ACK."""
    against("syn-cookies", "cookies", "swap-macs")
