#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads meson-logs/testlog.json and prints "PASS name" or "FAIL name" for each test in it: for a Criterion program each
of its tests, else the program."""
import json
import re
import sys

SYNTHESIS = re.compile(r"Tested: .*?(\d+).*?\| Passing: .*?(\d+).*?\| Failing: .*?(\d+).*?\| Crashing: .*?(\d+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FAILED = re.compile(r"^\[FAIL\] (\S+?)(?::|$)", re.MULTILINE)

for line in open(sys.argv[1], encoding="utf-8"):
    test = json.loads(line)
    output = COLOUR.sub("", test.get("stdout", "") + test.get("stderr", ""))
    summary = SYNTHESIS.search(output)
    passed = int(summary.group(2)) if summary else int(test["result"] == "OK")
    failed = sorted(set(FAILED.findall(output)))
    if test["result"] != "OK" and not failed:
        failed = [test["result"].lower()]
    for number in range(passed):
        print(f"PASS {test['name']} {number + 1}")
    for name in failed:
        print(f"FAIL {test['name']} {name}")
