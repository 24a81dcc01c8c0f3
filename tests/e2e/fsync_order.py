#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A 250 of the Maildir backend is worth something: traced with strace, every copy's fsync has returned before the first
rename, and every folder's before the answer; and with an error put into each system call in turn, the answer is
4xx and no copy is left, or it is 250 and every copy is whole.

usage: fsync_order.py PATH/TO/maildir_deliver
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SIZE = 40000
USERS = ["example.org/anna", "example.org/bert", "example.net/carl"]
RECIPIENTS = ["anna@example.org", "bert@example.org", "carl@example.net"]
TRACED = ("openat,write,writev,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,link,linkat,close,"
          "fchown,mkdirat,newfstatat,copy_file_range,sendfile")
# calls whose failure on a path of ours must be the mail's failure
FATAL = {"openat", "write", "fsync", "renameat", "fchown", "mkdirat", "newfstatat", "copy_file_range"}

passed = failed = 0


def check(true, what):
    global passed, failed
    if true:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


class Call:
    """One finished system call: its line numbers at entry and at return, and its text."""

    def __init__(self, name, text, began):
        self.name, self.text, self.began, self.ended = name, text, began, None

    def value(self):
        return self.text.rsplit(" = ", 1)[-1].split()[0]


def parse(lines):
    calls, open_calls = [], {}
    for number, line in enumerate(lines):
        thread, _, text = line.strip().partition(" ")
        text = text.strip()
        resumed = re.match(r"<\.\.\. (\w+) resumed>(.*)", text)
        begun = re.match(r"(\w+)\((.*)", text)
        if resumed and thread in open_calls:
            call = open_calls.pop(thread)
            call.text += resumed.group(2)
            call.ended = number
            calls.append(call)
        elif begun and text.endswith("<unfinished ...>"):
            open_calls[thread] = Call(begun.group(1), text[:-len("<unfinished ...>")], number)
        elif begun:
            call = Call(begun.group(1), text, number)
            call.ended = number
            calls.append(call)
    return calls


class Run:
    """A delivery under strace into folders made for it; `prepared`: with tmp, new and cur there already."""

    def __init__(self, tool, inject=None, prepared=False):
        self.root = tempfile.mkdtemp(prefix="barscreen-order-")
        try:
            for number, user in enumerate(USERS):
                folder = os.path.join(self.root, "mail", user)
                os.makedirs(folder)
                for part in ("tmp", "new", "cur") if prepared else ():
                    os.mkdir(os.path.join(folder, part))
                if os.geteuid() == 0:
                    os.chown(folder, 12345 + number, 23456)
            self.trace(tool, inject)
            self.look()
        finally:
            shutil.rmtree(self.root)

    def trace(self, tool, inject):
        log = os.path.join(self.root, "trace")
        program = subprocess.Popen([tool, "maildir:" + self.root + "/mail"] + RECIPIENTS, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        tracer = None
        try:
            assert program.stdout.readline() == "ready\n"
            # attached when it runs, so that only the delivery's own calls are counted and failed
            tracer = subprocess.Popen(["strace", "-f", "-y", "-s", "64", "-o", log, "-e", "trace=" + TRACED]
                                      + (["-e", "inject=" + inject] if inject else [])
                                      + ["-p", str(program.pid)], stderr=subprocess.PIPE, text=True)
            line = tracer.stderr.readline()
            assert "attached" in line, "strace: " + line
            program.stdin.write("go\n")
            program.stdin.flush()
            self.answer = program.stdout.readline().split(None, 3)[1:]
            program.stdin.close()
            program.wait(60)
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()
            if tracer:
                tracer.communicate(timeout=60)
        with open(log, errors="replace") as file:
            self.calls = parse(file.readlines())

    def look(self):
        """Sizes of what lies in tmp and in new, a list a user."""
        def sizes(user, part):
            folder = os.path.join(self.root, "mail", user, part)
            names = os.listdir(folder) if os.path.isdir(folder) else []
            return [os.path.getsize(os.path.join(folder, name)) for name in names]
        self.tmp = [sizes(user, "tmp") for user in USERS]
        self.new = [sizes(user, "new") for user in USERS]

    def code(self):
        return self.answer[0] if self.answer else "none"

    def injected(self):
        return [call for call in self.calls if "(INJECTED)" in call.text]


def first(calls, name, pattern):
    return [call for call in calls if call.name == name and re.search(pattern, call.text) and call.value() == "0"]


def order(run, fresh):
    calls = run.calls
    check(run.code() == "250", "a plain delivery answers " + str(run.answer))
    check(run.new == [[SIZE]] * 3 and run.tmp == [[]] * 3, "a plain delivery leaves new=%s tmp=%s" % (run.new, run.tmp))
    answers = [call for call in calls if call.name == "writev" and "answer 250" in call.text]
    check(len(answers) == 1, "the answer is seen in the trace")
    renames = [call for call in calls if call.name.startswith("rename")]
    check(len(renames) == 3, "%d renames" % len(renames))
    first_rename = min((call.began for call in renames), default=0)
    answered = answers[0].began if answers else -1
    for user in USERS:
        path = re.escape(user)
        file_synced = first(calls, "fsync", path + r"/tmp/[^>]+>")
        check(len(file_synced) == 1 and file_synced[0].ended < first_rename,
              user + ": its file is synced before any rename")
        target = {"copy_file_range": r"^\w+\(\d+<[^>]*>, [^,]*, "}
        changed = [call for call in calls if call.name in ("write", "copy_file_range", "sendfile", "fchown")
                   and re.search(target.get(call.name, r"^\w+\(") + r"\d+<[^>]*" + path + "/tmp/", call.text)]
        check(changed and file_synced and all(call.ended < file_synced[0].began for call in changed),
              user + ": nothing is written after the sync")
        moved = [call for call in renames if user + "/new" in call.text]
        folder_synced = first(calls, "fsync", path + "/new>")
        check(len(moved) == 1 and any(moved[0].ended < call.began and call.ended < answered
                                      for call in folder_synced),
              user + ": new is synced after the rename and before the answer")
        if fresh:
            made = [call for call in calls if call.name == "mkdirat" and user + ">" in call.text
                    and '"new"' in call.text]
            parent = first(calls, "fsync", path + ">")
            check(len(made) == 1 and any(made[0].ended < call.began and call.ended < first_rename
                                         for call in parent), user + ": the folder is synced after new was made")


def fail_each(tool, calls, prepared, error, code):
    """Fails every traced call of the delivery in turn. strace counts them a thread; all are the helper's."""
    names = sorted({call.name for call in calls} - {"writev", "unlinkat"})
    for name in names:
        total = sum(call.name == name for call in calls)
        fatal = 0
        for when in range(1, total + 1):
            run = Run(tool, "%s:error=%s:when=%d" % (name, error, when), prepared)
            hit = run.injected()
            what = "%s %d of %d fails with %s (%s): answer %s new=%s tmp=%s" % (
                name, when, total, error, hit[0].text if hit else "not reached", run.answer, run.new, run.tmp)
            check(run.tmp == [[]] * 3, what + ": something is left in tmp")
            if run.code() == "250":
                check(run.new == [[SIZE]] * 3, what + ": 250 without the mail")
            else:
                check(run.code() == code, what + ": another code than " + code)
                check(run.new == [[]] * 3, what + ": something is left in new")
                fatal += 1
            if hit and name in FATAL and run.root in hit[0].text:
                check(run.code() == code, what + ": it must not be passed over")
        check(fatal > 0 or name not in FATAL, name + ": no failure was noticed")


def main():
    if shutil.which("strace") is None:
        print("SKIPPED: strace is not installed")
        return 0
    tool = os.path.abspath(sys.argv[1])
    plain = Run(tool)
    order(plain, True)
    order(Run(tool, prepared=True), False)
    fail_each(tool, plain.calls, False, "EIO", "451")
    # where the file system refuses copy_file_range(), sendfile() does it
    shared = Run(tool, "copy_file_range:error=EXDEV", True)
    order(shared, False)
    check(any(call.name == "sendfile" for call in shared.calls), "sendfile stands in")
    for name in ("write", "fsync", "renameat", "openat", "copy_file_range"):
        calls = [call for call in shared.calls if call.name == name]
        fail_each(tool, calls[-3:], True, "ENOSPC", "451")
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
