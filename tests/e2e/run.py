#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The end-to-end tests: tests/e2e/run.py [NAME...], as root. KEEP=1 leaves the folders of the tests."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402
import tcp_handshake, tcp_window, tcp_close, ip_layer, adversaries  # noqa: E402,E401,F401
import transfer, lcores, losses, port_losses, tracing, refusals, sources, clients, life, standstill, config, reload, operation, relay, kills, resolving, dnsl, memory, patience, listing, existing, judging, received, trouble, impaired, usage, soak  # noqa: E402,E401,F401

if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("the end-to-end tests make network namespaces: run them as root")
    sys.exit(1 if cases.run(sys.argv[1:]) else 0)
