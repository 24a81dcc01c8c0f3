#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench runs: each bench is a function of a module of its own. A load whose replies or deliveries are not what
they should be makes the result void."""
import contextlib
import functools
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tests", "e2e")]

import all_checks  # noqa: E402
import flood  # noqa: E402
import greylist  # noqa: E402
import kernel_filter  # noqa: E402
import mail  # noqa: E402
import packets  # noqa: E402
import plots  # noqa: E402
import reload_lists  # noqa: E402
import session_cost  # noqa: E402
import sessions  # noqa: E402
import sources  # noqa: E402
import stages  # noqa: E402
import transfer  # noqa: E402
import urgency  # noqa: E402
import waiting  # noqa: E402
from measure import Length, Missed, Void  # noqa: E402

# One line a bench: name, function.
BENCHES = {
    "sessions": sessions.sessions,
    "flood-goodput": flood.flood_goodput,
    "mail": mail.mail,
    "checks": all_checks.all_checks,
    "greylist": greylist.greylist,
    "waiting": waiting.waiting,
    "ingress-drop": packets.ingress_drop,
    "syn-cookies": packets.syn_cookies,
    "ingress-kernel": kernel_filter.ingress_kernel,
    "session-cost": session_cost.session_cost,
    "stages": stages.stages,
    "sources": sources.sources,
    "reload": reload_lists.reload_lists,
    "transfer": transfer.transfer,
}


def main(words):
    smoke = words[:1] == ["--smoke"]
    benches = BENCHES | {"plots": plots.all_plots} if smoke else BENCHES  # else only when asked for: it writes into results/
    if words[:1] == ["plots"]:
        benches, words = {"plots": functools.partial(plots.all_plots, words[1:])}, []
    names = words[smoke:] or list(benches)
    if any(name not in benches for name in names):
        sys.exit(f"usage: scripts/bench [--smoke] [{'|'.join(BENCHES)}|plots]...")
    if smoke:
        Length.RUNS, Length.SECONDS, Length.PARALLEL, Length.TRIPLETS, Length.SMOKE = 1, 1, 10, 20000, True
    failed = 0
    for name in names:
        try:
            with contextlib.redirect_stdout(open(os.devnull, "w", encoding="ascii") if smoke else sys.stdout):
                benches[name]()
        except (Void, RuntimeError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"FAIL bench.{name}: void: {error}", flush=True)
        except Missed as error:
            failed += 1
            print(f"FAIL bench.{name}: missed: {error}", flush=True)
        else:
            if smoke:
                print(f"PASS bench.{name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    urgency.own_session()
    sys.exit(main(sys.argv[1:]))
