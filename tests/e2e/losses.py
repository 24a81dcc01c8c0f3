# SPDX-License-Identifier: BSD-3-Clause
"""Power cuts, full disks and read-only folders: no mail with a 250 is missing, no partial mail is seen."""
import os
import signal

from cases import bench, case, cases, expect, expect_equal, expect_reply, memory_disk
from daemon import until
from network import command
from transfer import Exchange, RECIPIENT, SEED, numbered
import mails
import smtp


@cases({f"{number:02}": (number,) for number in range(int(os.environ.get("KILLS", "2")))})
def killed(number):
    """SIGKILL with a part of 200 mails acknowledged and fifty under way."""
    sent = numbered(200, seed=100 + number)
    least = 30 + 37 * number % 100
    with bench() as here:
        exchange = Exchange(here.wire, "198.18.0.25", sent).begin()
        expect(until(lambda: len(exchange.acknowledged) >= least, every=0.005),
               f"{least} mails never were acknowledged")
        here.barscreen.kill()
        exchange.cut()
        exchange.end()
        expect(least <= len(exchange.acknowledged) < len(sent), "nothing was under way when it was killed")
        faults = mails.compare(sent, exchange.acknowledged, here.maildir, RECIPIENT, whole=False)
        expect(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))


@case
def starts_again_after_kill():
    with bench() as here:
        here.barscreen.kill()
        expect_equal(here.barscreen.process.returncode, -signal.SIGKILL, "exit status")
        here.barscreen.start()
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            expect_equal(client.mail(mails.compose("after", 2000, SEED), [RECIPIENT])[-1].code, 250, "reply")


@case
def full_disk():
    """Mails until the disk is full: 451 and nothing left of it; with room again they are taken again."""
    with bench(mount=memory_disk(4)) as here:
        acknowledged, sent = [], {}
        with smtp.Client(here.wire, "198.18.0.25") as client:
            client.hello()
            for number in range(12):
                label = f"{number:02}"
                sent[label] = mails.compose(label, 700000, SEED)
                reply = client.mail(sent[label], [RECIPIENT])[-1]
                if reply.code == 250:
                    acknowledged.append(label)
                else:
                    expect_reply(reply, 451, "4.3.1")
            expect(3 <= len(acknowledged) < 12, f"{len(acknowledged)} mails of 0.7 MB fit 4 MB")
            faults = mails.compare(sent, acknowledged, here.maildir, RECIPIENT)
            expect(not faults, "; ".join(faults))
            expect(not here.maildir.files(RECIPIENT, "tmp"), "a file was left in tmp")
            for path in here.maildir.files(RECIPIENT):
                os.unlink(path)
            expect_equal(client.mail(sent["00"], [RECIPIENT])[-1].code, 250, "reply with room again")
            client.quit()


@case
def full_disk_for_one_of_two():
    """All recipients or none: the second copy does not fit, so the first is not seen either."""
    with bench(mount=memory_disk(4)) as here, smtp.Client(here.wire, "198.18.0.25") as client:
        client.hello()
        expect_reply(client.mail(mails.compose("big", 2500000, SEED), [RECIPIENT, "b@example.org"])[-1], 451, "4.3.1")
        for recipient in (RECIPIENT, "b@example.org"):
            expect(not here.maildir.files(recipient), f"{recipient} has the mail")
            expect(not here.maildir.files(recipient, "tmp"), f"{recipient} has something in tmp")


@case
def read_only_folder():
    with bench() as here:
        folder = os.path.dirname(here.maildir.folder(RECIPIENT, "new"))
        command("mount", "--bind", folder, folder)
        try:
            command("mount", "-o", "remount,bind,ro", folder)
            with smtp.Client(here.wire, "198.18.0.25") as client:
                client.hello()
                content = mails.compose("read-only", 5000, SEED)
                expect_reply(client.mail(content, [RECIPIENT])[-1], 451, "4.")
                expect_reply(client.mail(content, ["b@example.org", RECIPIENT])[-1], 451, "4.")
                expect_equal(client.mail(content, ["b@example.org"])[-1].code, 250, "reply for the other folder")
                client.quit()
        finally:
            command("umount", folder)
        expect(not here.maildir.files(RECIPIENT), "a mail in the read-only folder")
        expect_equal(len(here.maildir.files("b@example.org")), 1, "mails in the other folder")
