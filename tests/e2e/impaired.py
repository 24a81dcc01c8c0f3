# SPDX-License-Identifier: BSD-3-Clause
"""Mails over a bad network that barscreen itself makes (impairment { }), between the kernel's TCP and ours: at 1 and 5 per cent of
each fault in both directions all arrive intact, at 20 none hangs and none arrives wrong."""
import os

from cases import FAMILIES, bench, cases, expect, expect_equal, patient
import mails
import transfer

# scripts/prove impairment takes 200.
MAILS = int(os.environ.get("IMPAIRED_MAILS", "6"))
FAULTS = ("loss", "reorder", "duplicate", "corrupt")
DIRECTIONS = ("receive", "send")
MEGABYTE = 1024 * 1024


def megabytes(count):
    return {f"{number:03}": mails.compose(f"{number:03}", MEGABYTE, transfer.SEED) for number in range(count)}


def everything(here, per_cent):
    """Switches all faults to that share, at run time."""
    for direction in DIRECTIONS:
        for fault in FAULTS:
            here.barscreen.ask("set", f"impairment.{direction}-{fault}", f"{per_cent}%")


def met(here):
    """What was lost, put out of order, doubled and damaged."""
    words = ("lost", "reordered", "duplicated", "corrupted")
    return {f"{way}-{word}": here.barscreen.counter(f"impaired-{way}-{word}") for way in ("received", "sent") for word in words}


def exchanged(here, family, sent):
    return transfer.Exchange(here.wire, here.wire.target(FAMILIES[family]), sent).begin(min(10, len(sent))).end()


@cases({f"{kind}.{family}": (kind, family)
        for kind, family in (("net_af_packet", "ipv4"), ("net_af_packet", "ipv6"))})
def mails_arrive(kind, family):
    """1 and 5 per cent: all of them, each once and unchanged."""
    sent = megabytes(MAILS)
    half = MAILS // 2
    with bench(kind) as here:
        expect(not [line for line in here.barscreen.control("status")["limitations"] if "impairment" in line],
               "faults are made though none was asked for")
        acknowledged = []
        for per_cent, labels in ((1, list(sent)[:half]), (5, list(sent)[half:])):
            everything(here, per_cent)
            exchange = exchanged(here, family, {label: sent[label] for label in labels})
            expect(not exchange.faults, f"at {per_cent} %: " + "; ".join(exchange.faults[:5]))
            acknowledged += exchange.acknowledged
        said = [line for line in here.barscreen.control("status")["limitations"] if "impairment" in line]
        expect(said and "receive-loss = 5%" in said[0], f"the status says {said}")
        seen = met(here)
        expect(all(seen.values()), f"a fault that never came: {seen}")
        everything(here, 0)
        faults = mails.compare(sent, acknowledged, here.maildir, transfer.RECIPIENT, set())
        expect(not faults, f"{len(faults)} faults: " + "; ".join(faults[:5]))
        expect_equal(len(acknowledged), MAILS, "mails acknowledged")
        expect_equal(here.barscreen.stop(), 0, "exit status")


@patient
@cases({family: (family,) for family in FAMILIES})
def none_arrives_wrong(family):
    """20 per cent: a client may give up, but what it was told 250 for is there, and nothing is there that was not sent."""
    sent = {label: content[:40000] + b"\r\n" for label, content in megabytes(4).items()}
    with bench("net_af_packet") as here:
        everything(here, 20)
        exchange = exchanged(here, family, sent)
        everything(here, 0)
        for label in exchange.acknowledged:
            expect(sent[label] in here.maildir.mails(transfer.RECIPIENT).get(label, []), f"mail {label} was lost or changed")
        for label, contents in here.maildir.mails(transfer.RECIPIENT).items():
            expect(all(content == sent[label] for content in contents), f"mail {label} arrived wrong")
        # Whoever comes now is served as ever.
        last = {"last": mails.compose("last", 5000, transfer.SEED)}
        exchange = exchanged(here, family, last)
        expect(not exchange.faults, f"afterwards: {exchange.faults}")
        expect_equal(here.barscreen.stop(), 0, "exit status")
