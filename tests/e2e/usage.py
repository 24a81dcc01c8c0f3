# SPDX-License-Identifier: BSD-3-Clause
"""What the scripts say to words they do not know: their usage and exit status 2, before they install or build anything."""
import os
import subprocess

from cases import cases, expect, expect_equal
from daemon import ROOT

WRONG = {
    "bench": (["--help"], ["nonsense"], ["sessions", "--smoke"], ["session"]),
    "build": (["--help"],),
    "demo": (["--help"], ["--stay", "longer"]),
    "fuzz": ([], ["--help"], ["0"], ["5s"], ["tcp"], ["5", "nonsense"]),
    "lint": (["--help"], ["rules", "nonsense"]),
    "prove": ([], ["--help"], ["nonsense"], ["random", "10"], ["fuzz", "nonsense"]),
    "setup": (["--help"], ["test", "more"]),
    "test": (["--help"], ["unit", "e2e"]),
}


@cases({name: (name, wrong) for name, wrong in WRONG.items()})
def scripts(name, wrong):
    for words in wrong:
        folder = os.path.join("/nonexistent", name)  # were it to build after all, that would fail otherwise
        done = subprocess.run([os.path.join(ROOT, "scripts", name), *words], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, env=os.environ | {"BUILD": folder})
        what = f"scripts/{name} {' '.join(words)}"
        expect_equal((done.returncode, done.stdout), (2, ""), f"{what}: exit status and output")
        expect(f"scripts/{name}" in done.stderr, f"{what} said: {done.stderr}")
