# SPDX-License-Identifier: BSD-3-Clause
"""The decision alone, ours against an XDP program in the kernel (kernel/), and the kernel's own rules beside."""
import contextlib
import json
import os
import statistics
import subprocess
import time

import daemon
import network

from measure import ON_SERVER, Length, Void, others, tell
from packets import with_huge_pages

FOLDER = os.path.join(daemon.BUILD, "benchmarks", "kernel")
PROGRAM = os.path.join(FOLDER, "ingress_kernel")
PREFIXES, ROUNDS = 1000000, 100
LOADING = 300  # seconds that nft may take for the set; a million prefixes are some forty
RULES = """
table netdev around {
  counter came { }
  counter passed { }
  chain before {
    type filter hook ingress device ref0 priority -1
    counter name came
  }
  chain behind {
    type filter hook ingress device ref0 priority 1
    counter name passed
  }
}
table netdev bench {
  set listed {
    type ipv4_addr
    flags interval
    elements = { %s }
  }
  chain listed {
    type filter hook ingress device ref0 priority 0
    ip saddr @listed drop
  }
  chain bare {
    type filter hook ingress device ref1 priority 0
    drop
  }
}
"""


class Rules:
    """Interfaces whose packets nftables drops: on the first by a set of the prefixes, on the second all."""

    INTERFACES = ("ref0", "ref1")

    def __init__(self, prefixes):
        text = subprocess.run([PROGRAM, str(prefixes)], stdout=subprocess.PIPE, text=True, check=True).stdout
        elements = set(text.split())
        self.space = network.Namespace("rules")
        try:
            for name in self.INTERFACES:
                self.space.ip("link", "add", name, "type", "veth", "peer", "name", name + "peer")
                # With it a veth has a receive queue of its own, as a NIC has.
                network.command(*self.space.inside("ethtool", "-K", name, "gro", "on"))
                self.space.ip("link", "set", name, "up")
                self.space.ip("link", "set", name + "peer", "up")
            began = time.monotonic()
            network.command(*self.space.inside("nft", "-f", "-"), input=RULES % ",\n".join(elements), timeout=LOADING)
            self.seconds = time.monotonic() - began
        except BaseException:
            self.space.close()
            raise

    def dropped(self):
        """By the set. (Of a table without a set, for nft reads all there is in one to tell a counter.)"""
        told = json.loads(network.command(*self.space.inside("nft", "-j", "list", "table", "netdev", "around")))
        count = {row["counter"]["name"]: row["counter"]["packets"] for row in told["nftables"] if "counter" in row}
        return count["came"] - count["passed"]

    def close(self):
        self.space.close()


def run(rules, prefixes, rounds):
    words = [*ON_SERVER, PROGRAM, os.path.join(FOLDER, "listed.bpf.o"), str(prefixes), str(rounds), *rules.INTERFACES]
    before = rules.dropped()
    done = subprocess.run(rules.space.inside(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode != 0:
        raise Void(f"ingress_kernel: {done.stderr.strip()}")
    result = {name: float(value) for name, value in (word.split("=") for word in done.stdout.split())}
    dropped = rules.dropped() - before
    if dropped != result["received"]:
        raise Void(f"nftables dropped {dropped} of {result['received']:.0f} packets")
    return result


def ingress_kernel():
    """A million decisions of each for sources even over 1M prefixes."""
    share = others()
    sizes = (2000, 2) if Length.SMOKE else (PREFIXES, ROUNDS)
    with with_huge_pages(), contextlib.closing(Rules(sizes[0])) as rules:
        runs = [run(rules, *sizes) for _ in range(Length.RUNS)]
    own, xdp, rule, bare = (1000 / statistics.median(one[which] for one in runs)
                            for which in ("own-ns", "xdp-ns", "rule-ns", "bare-ns"))
    remarks = [f"other work took up to {share:.0%} of the machine"] if share > 0.1 else []
    tell("ingress-kernel", own, "Mdecisions/s", "xdp-lpm-trie", xdp, remarks)
    tell("ingress-kernel-nftables", own, "Mdecisions/s", "nftables-set", rule,
         [f"packets that the kernel receives and drops: {sizes[0]} prefixes, loaded in {rules.seconds:.0f} s; "
          f"by a rule without a set {bare:.3g}", *remarks])
