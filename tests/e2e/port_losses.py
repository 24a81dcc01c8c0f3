# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel had to drop since nobody took it from the port is counted, shown and logged."""
import signal
import socket

from cases import bench, cases, expect, expect_equal
from daemon import until
import smtp

TARGET = "198.18.0.25"
DATAGRAMS = 20000  # more than a TAP's queue and af_packet's ring keep
KINDS = ("net_af_packet", "net_tap")


@cases({kind[4:]: (kind,) for kind in KINDS})
def port_losses(kind):
    """A barscreen that stands still loses packets at the port, says how many, and then goes on."""
    with bench(kind) as here:
        def missed():
            return here.barscreen.control("stats")["ports"]["mx0"]["rx-missed"]
        before = missed()
        with here.wire.clients.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.connect((TARGET, 9))
            with smtp.Client(here.wire, TARGET, here.wire.source(socket.AF_INET, 1)) as client:
                client.hello()  # and the neighbour is known
            here.barscreen.signal(signal.SIGSTOP)
            try:
                for _ in range(DATAGRAMS):
                    try:
                        sender.send(b"x")
                    except OSError:
                        pass  # the kernel says itself that there is no room
            finally:
                here.barscreen.signal(signal.SIGCONT)
        expect(until(lambda: missed() > before), "nothing was missed")
        expect(here.barscreen.logged("port mx0:", "packets were lost before they reached us"), "the log says nothing")
        port = here.barscreen.control("status")["ports"][0]
        expect(port["losses"]["rx-missed"] > before, f"status: {port['losses']}")
        expect("rx-missed" in here.barscreen.ask("status", machine=False), "status for people does not show it")
        with smtp.Client(here.wire, TARGET, here.wire.source(socket.AF_INET, 2)) as client:
            client.hello()
        expect_equal(here.barscreen.counter("no-mbuf"), 0, "buffers that were missing")
