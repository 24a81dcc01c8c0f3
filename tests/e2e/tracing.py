# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel was asked, as strace saw it: each sync of file and folder came back before the 250 went out; and
a failure injected into each of them makes it 451."""
import os
import re

from cases import bench, case, cases, expect, expect_equal, expect_reply
import mails
import smtp

RECIPIENTS = ["a@example.org", "b@example.org"]
CONTENT = mails.compose("traced", 20000, 1)
ONE_HELPER = {"machine": {"helper-threads": 1}}
CALLS = "fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,writev,sendto,sendmsg"


def strace(path, *more):
    return ("strace", "-f", "--seccomp-bpf", "-y", "-s", "200", "-o", path, "-e", "trace=" + CALLS, *more)


def send(here, count=1):
    with smtp.Client(here.wire, "198.18.0.25") as client:
        client.hello()
        reply = [client.mail(CONTENT, RECIPIENTS)[-1] for _ in range(count)][-1]
        client.quit()
    return reply


def whole_calls(path):
    """The lines of the trace in the order in which the calls came back; a call in two parts is put together."""
    begun = {}
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            thread, _, call = line.strip().partition(" ")
            call = call.strip()
            if call.endswith("<unfinished ...>"):
                begun[thread] = call[:-len("<unfinished ...>")]
            elif call.startswith("<... "):
                yield begun.pop(thread, "") + call.partition(" resumed>")[2]
            else:
                yield call


@case
def syncs_come_before_the_reply():
    path = f"/tmp/barscreen-trace-{os.getpid()}"
    try:
        with bench(change=ONE_HELPER, prefix=strace(path)) as here:
            expect_equal(send(here).code, 250, "reply")
            here.barscreen.ask("stop")
            here.barscreen.wait()
        calls = list(whole_calls(path))
    finally:
        os.unlink(path)
    answered = max(at for at, call in enumerate(calls)
                   if re.match(r"(write|writev|sendto|sendmsg)\(", call) and "250 2.0.0" in call)

    def positions(pattern):
        return [at for at, call in enumerate(calls) if re.match(pattern, call)]

    files = positions(r"f(data)?sync\(\d+<[^>]*/tmp/[^/>]+>")
    shown = positions(r"(rename|link)[a-z0-9]*\(.*/tmp>?[,/].*/new>?[,/]")
    folders = positions(r"fsync\(\d+<[^>]*/new>")
    expect(all(calls[at].endswith("= 0") for at in files + shown + folders), "one of them failed")
    expect_equal((len(files), len(shown), len(folders)), (2, 2, 2), "syncs of files, renames, syncs of folders")
    expect(max(files) < min(shown), "a copy was seen before both were synced")
    expect(max(shown) < max(folders) < answered, "the reply went out before a folder was synced")


FAULTS = {  # fsync_order.py fails each call of a delivery in turn; these are seen from the client's side
    "first_file": ("fsync,fdatasync", "EIO", 1),
    "second_folder": ("fsync,fdatasync", "EIO", 4),
    "second_rename": ("rename,renameat,renameat2,link,linkat", "EIO", 2),
}


@cases({name: value for name, value in FAULTS.items()})
def fault_makes_451(calls, error, when):
    """All recipients or none, also where the second one's folder can't be synced; the next mail goes well."""
    inject = ("-e", f"inject={calls}:error={error}:when={when}")
    with bench(change=ONE_HELPER, prefix=strace("/dev/null", *inject)) as here:
        expect_reply(send(here), 451, "4.")
        for recipient in RECIPIENTS:
            expect(not here.maildir.files(recipient), f"{recipient} has the mail")
            expect(not here.maildir.files(recipient, "tmp"), f"{recipient} has something in tmp")
        expect_equal(send(here).code, 250, "the next mail")
