# SPDX-License-Identifier: BSD-3-Clause
"""The decision alone, ours against an XDP program in the kernel (kernel/)."""
import os
import statistics
import subprocess

import daemon

from measure import ON_SERVER, Length, Void, others, tell

FOLDER = os.path.join(daemon.BUILD, "benchmarks", "kernel")
PREFIXES, ROUNDS = 1000000, 100


def run(prefixes, rounds):
    done = subprocess.run([*ON_SERVER, os.path.join(FOLDER, "ingress_kernel"), os.path.join(FOLDER, "listed.bpf.o"),
                           str(prefixes), str(rounds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode != 0:
        raise Void(f"ingress_kernel: {done.stderr.strip()}")
    return {name: float(value) for name, value in (word.split("=") for word in done.stdout.split())}


def ingress_kernel():
    """A million decisions of each for sources even over 1M prefixes."""
    share = others()
    sizes = (2000, 2) if Length.SMOKE else (PREFIXES, ROUNDS)
    runs = [run(*sizes) for _ in range(Length.RUNS)]
    own, xdp = (1000 / statistics.median(one[which] for one in runs) for which in ("own-ns", "xdp-ns"))
    tell("ingress-kernel", own, "Mdecisions/s", "xdp-lpm-trie", xdp,
         [f"other work took up to {share:.0%} of the machine"] if share > 0.1 else [])
