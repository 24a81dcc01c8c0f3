# SPDX-License-Identifier: BSD-3-Clause
"""Everything below TCP from outside: each kind of frame that is not for us has a name, is counted by it, and is not answered."""
import struct

from behaviours import Group, counted
from cases import case, expect, expect_equal
from network import SERVER4
from wiretap import (ARP, ICMP, ICMP6, IPV4, IPV6, MAC, TCP, UDP, VLAN, Peer, checksum, ethernet, filled, icmp6, ip, ipv4, ipv6, packed,
                     read_ip, tcp)

GROUP = Group()
EVERYBODY = b"\xff" * 6


def syn(peer, **more):
    """A SYN that would be answered, but for what `more` says of the IP header."""
    return peer.segment("S", options=b"\x02\x04\x05\xb4", **more)


def dropped(tap, family, reason, cases):
    """Each of {name: frame} is counted under the reason, and nothing answers it."""
    for name, make in cases.items():
        peer = Peer(tap, family)
        tap.fence()
        tap.others.clear()
        try:
            with counted(tap, reason):
                tap.raw(make(peer))
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None
        peer.silence(name)
        expect(not answers(tap), f"{name}: answered with {answers(tap)[:1]}")
        peer.close()


def answers(tap):
    """What barscreen said by itself is no answer: MLD reports and what it announces go to groups."""
    return [frame.hex() for frame in tap.others if not frame[0] & 1]


def framed(tap, packet, **more):
    return ethernet(more.pop("to", None) or tap.mac, packet, **more)


@GROUP.undisturbed
def frames(tap, family):
    """Ethernet and 802.1Q."""
    kind = struct.pack("!H", IPV4 if family == "ipv4" else IPV6)

    def tagged(peer, *tags):
        frame = framed(tap, syn(peer))
        return frame[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + frame[12:]

    dropped(tap, family, "frame-not-ours", {"another host's": lambda peer: framed(tap, syn(peer), to=b"\2\0\0\0\0\x77")})
    dropped(tap, family, "frame-source", {
        "from a group": lambda peer: framed(tap, syn(peer), source=b"\3\0\0\0\0\1"),
        "from ourselves": lambda peer: framed(tap, syn(peer), source=tap.mac)})
    dropped(tap, family, "vlan-other", {"tag 5": lambda peer: tagged(peer, (VLAN, 5)), "tag 4095": lambda peer: tagged(peer, (VLAN, 4095))})
    dropped(tap, family, "ethertype-other", {
        "two tags": lambda peer: tagged(peer, (VLAN, 0), (VLAN, 0)), "802.1ad": lambda peer: tagged(peer, (0x88a8, 0)),
        "802.3 length": lambda peer: framed(tap, syn(peer), kind=60), "PPPoE": lambda peer: framed(tap, syn(peer), kind=0x8864)})
    peer = Peer(tap, family)
    tap.raw(tagged(peer, (VLAN, 7 << 13)))  # priority 7, VLAN 0: counts as none (802.1Q, 6.9)
    peer.expect("SA", "SYN with a priority", seq=None, ack=peer.seq + 1)
    dropped(tap, family, "ip-version", {"the other version": lambda peer: framed(
        tap, syn(peer), kind=struct.unpack("!H", kind)[0] ^ IPV4 ^ IPV6)} if family == "ipv6" else {
            "version 5": lambda peer: framed(tap, syn(peer, version=5), kind=IPV4)})


@GROUP.undisturbed
def truncated(tap, family):
    """A SYN cut anywhere is never answered; padding behind it changes nothing (RFC 894)."""
    peer = Peer(tap, family)
    whole = framed(tap, syn(peer))
    for length in range(14, len(whole)):
        tap.raw(whole[:length])
    peer.silence("a cut frame")
    tap.raw(whole + b"padding" * 6)
    peer.expect("SA", "a padded SYN", seq=None, ack=peer.seq + 1)


@GROUP.undisturbed
def adds_up(tap, family):
    """Every frame received is one row of the table of reasons."""
    tap.fence()
    before = tap.counters()
    peer = Peer(tap, family)
    whole = framed(tap, syn(peer))
    for at in range(12, len(whole)):
        tap.raw(whole[:at] + bytes([whole[at] ^ 0xff]) + whole[at + 1:])
    tap.fence()
    total = tap.barscreen.control("stats")["dataplane"]["total"]
    after = {**total["counters"], **total["gauges"], **total["reasons"]}
    by_reason = sum(total["reasons"].values()) - sum(before[name] for name in total["reasons"])
    expect_equal(by_reason, after["rx-packets"] - before["rx-packets"], "frames by reason")


def v4(peer, protocol=TCP, payload=None, source=None, target=None, **more):
    source, target = source or peer.source, target or peer.target
    return ipv4(source, target, protocol, tcp(source, target, (peer.port, 25), "S") if payload is None else payload, **more)


@GROUP.undisturbed
def ipv4_header(tap, family):
    """RFC 1812, 5.2.2; RFC 1122, 3.2.1 and 3.3.6."""
    if family != "ipv4":
        return
    frame = lambda packet: lambda peer: framed(tap, packet(peer), kind=IPV4)  # noqa: E731
    dropped(tap, family, "ip-header", {"four words": frame(lambda peer: v4(peer, words=4)), "no words": frame(lambda peer: v4(peer, words=0)),
                                       "total under the header": frame(lambda peer: v4(peer, total=19))})
    dropped(tap, family, "ip-length", {"total behind the end": frame(lambda peer: v4(peer, total=1000))})
    dropped(tap, family, "ip-checksum", {"checksum": frame(lambda peer: v4(peer, wrong=1)), "sixteen bits": frame(lambda peer: v4(peer, wrong=0x100))})
    dropped(tap, family, "ip-options", {
        "no operation": frame(lambda peer: v4(peer, options=b"\1\1\1\0")), "record route": frame(lambda peer: v4(peer, options=b"\7\7\4\0\0\0\0\0")),
        "source route": frame(lambda peer: v4(peer, options=b"\x83\7\4\xc6\x12\0\x19\0")), "forty bytes": frame(lambda peer: v4(peer, options=b"\1" * 40)),
        "bad length": frame(lambda peer: v4(peer, options=b"\x83\xff\4\0"))})
    dropped(tap, family, "ip-fragment", {
        "first": frame(lambda peer: v4(peer, fragment=0x2000)), "last": frame(lambda peer: v4(peer, fragment=1)),
        "middle": frame(lambda peer: v4(peer, fragment=0x2001)), "behind the end (ping of death)": frame(lambda peer: v4(peer, fragment=0x1fff))})
    dropped(tap, family, "ip-martian", {address: frame(lambda peer, address=address: v4(peer, source=address)) for address in (
        "127.0.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255", "198.19.255.255")})
    dropped(tap, family, "ip-not-ours", {address: frame(lambda peer, address=address: v4(peer, target=address)) for address in (
        "198.18.0.26", "192.0.2.1", "127.0.0.1")})
    dropped(tap, family, "ip-broadcast", {
        **{address: frame(lambda peer, address=address: v4(peer, target=address)) for address in ("255.255.255.255", "198.19.255.255", "224.0.0.1")},
        "in a broadcast frame": lambda peer: framed(tap, v4(peer), to=EVERYBODY), "in a group's frame": lambda peer: framed(tap, v4(peer), to=b"\1\0\x5e\0\0\1")})
    for ttl in (0, 1, 255):  # RFC 1122, 3.2.1.7: a host does not drop for a low TTL
        peer = Peer(tap, family)
        tap.send(syn(peer, ttl=ttl))
        peer.expect("SA", f"TTL {ttl}", seq=None, ack=peer.seq + 1)
    peer = Peer(tap, family)
    tap.send(syn(peer, fragment=0))  # neither DF nor a fragment
    peer.expect("SA", "without DF", seq=None, ack=peer.seq + 1)


@GROUP.undisturbed
def ipv4_id(tap, family):
    """RFC 6864, 4.1: what may be fragmented has identifications of its own; we send atomic datagrams only."""
    if family != "ipv4":
        return
    peer = Peer(tap, family)
    answer = peer.connect()
    for _ in range(3):
        expect(answer.fragment == 0x4000, f"{answer}")
        answer = peer.next("greeting", again=True)


def v6(peer, protocol, headers=b"", source=None, target=None, **more):
    source, target = source or peer.source, target or peer.target
    return ipv6(source, target, protocol, headers + tcp(source, target, (peer.port, 25), "S"), **more)


@GROUP.undisturbed
def ipv6_header(tap, family):
    """RFC 8200, 3 and 4; RFC 4291, 2.5 and 2.7. What it does with extension headers is a policy: dropped, without a word."""
    if family != "ipv6":
        return
    frame = lambda packet: lambda peer: framed(tap, packet(peer), kind=IPV6)  # noqa: E731
    option = lambda kind, after=TCP: struct.pack("!BBBB4x", after, 0, kind, 4)  # noqa: E731
    dropped(tap, family, "ip-length", {"none": frame(lambda peer: v6(peer, TCP, length=0)), "behind the end": frame(lambda peer: v6(peer, TCP, length=999))})
    # 4.2: the two highest bits of an option's type say what a node that does not know it does; 10 and 11 ask for an ICMP error
    dropped(tap, family, "ip-extension", {
        **{f"hop-by-hop {kind:x}": frame(lambda peer, kind=kind: v6(peer, 0, option(kind))) for kind in (0x01, 0x1e, 0x5e, 0x9e, 0xde)},
        **{f"destination {kind:x}": frame(lambda peer, kind=kind: v6(peer, 60, option(kind))) for kind in (0x01, 0x1e, 0x5e, 0x9e, 0xde)},
        "routing 0": frame(lambda peer: v6(peer, 43, struct.pack("!BBBB4x16s", TCP, 2, 0, 1, packed(peer.source)))),
        "routing, unknown": frame(lambda peer: v6(peer, 43, struct.pack("!BBBB4x", TCP, 0, 200, 3))),
        "authentication": frame(lambda peer: v6(peer, 51, struct.pack("!BB6x", TCP, 0))),
        "router alert, for TCP": frame(lambda peer: v6(peer, 0, bytes((TCP, 0, 5, 2, 0, 0, 1, 0)))),
        "a chain of a hundred": frame(lambda peer: v6(peer, 60, option(1, 60) * 99 + option(1)))})
    fragment = lambda offset: struct.pack("!BBHI", TCP, 0, offset, 4711)  # noqa: E731
    dropped(tap, family, "ip-fragment", {name: frame(lambda peer, offset=offset: v6(peer, 44, fragment(offset))) for name, offset in (
        ("first", 1), ("last", 8), ("middle", 9), ("the only one", 0), ("behind the end", 0xfff8))})
    dropped(tap, family, "ip-protocol", {f"next header {kind}": frame(lambda peer, kind=kind: v6(peer, kind)) for kind in (
        50, 59, 4, 41, UDP, 132, 255)})
    dropped(tap, family, "ip-martian", {address: frame(lambda peer, address=address: v6(peer, TCP, source=address)) for address in (
        "::1", "::", "ff02::1", "ff0e::1", "::ffff:198.18.0.9")})
    dropped(tap, family, "ip-not-ours", {address: frame(lambda peer, address=address: v6(peer, TCP, target=address)) for address in (
        "2001:2::26", "::1", "2001:db8::1", "ff02::1", "::ffff:198.18.0.25")})
    dropped(tap, family, "frame-not-ours", {"in a broadcast frame": lambda peer: framed(tap, v6(peer, TCP), to=EVERYBODY)})
    for ttl in (0, 1, 255):
        peer = Peer(tap, family)
        tap.send(syn(peer, ttl=ttl))
        peer.expect("SA", f"hop limit {ttl}", seq=None, ack=peer.seq + 1)


@GROUP.undisturbed
def tcp_header(tap, family):
    """RFC 9293, 3.1 and 3.10.7."""
    def segment(peer, ports=None, **more):
        return framed(tap, ip(peer.source, peer.target, TCP, tcp(peer.source, peer.target, ports or (peer.port, 25), "S", **more)))

    def cut(peer, length):
        header = tcp(peer.source, peer.target, (peer.port, 25), "S")[:length]
        return framed(tap, ip(peer.source, peer.target, TCP, filled(header, 16, peer.source, peer.target, TCP) if length > 17 else header))

    dropped(tap, family, "tcp-header", {"four words": lambda peer: segment(peer, offset=4), "none": lambda peer: segment(peer, offset=0),
                                        "behind the end": lambda peer: segment(peer, offset=15), "19 bytes": lambda peer: cut(peer, 19),
                                        "4 bytes": lambda peer: cut(peer, 4)})
    dropped(tap, family, "tcp-port", {"from port 0": lambda peer: segment(peer, (0, 25)), "to port 0": lambda peer: segment(peer, (peer.port, 0))})

    def wrong(peer):
        frame = bytearray(segment(peer))
        frame[-4] ^= 1  # in the checksum itself
        return bytes(frame)
    dropped(tap, family, "tcp-checksum", {"one bit": wrong})


@GROUP.undisturbed
def other_protocols(tap, family):
    """RFC 1122, 3.2.2.1 would have port unreachable for UDP: we serve nothing there, and help nobody to find out."""
    def packet(peer, protocol):
        return framed(tap, ip(peer.source, peer.target, protocol, struct.pack("!HHHH", 1, 53, 8, 0)))
    dropped(tap, family, "ip-protocol", {str(protocol): lambda peer, protocol=protocol: packet(peer, protocol) for protocol in (
        UDP, 2, 47, 132, 136)} | ({"ICMPv6 in IPv4": lambda peer: packet(peer, ICMP6)} if family == "ipv4" else
                                  {"ICMP in IPv6": lambda peer: packet(peer, ICMP)}))


@GROUP.undisturbed
def icmp(tap, family):
    """RFC 1122, 3.2.2; RFC 4443, 2.4: bad ones are not answered, errors never."""
    def message(peer, kind, code=0, data=b"", wrong=0, to=None):
        body = struct.pack("!BBHHH", kind, code, 0, 1, 2) + data
        target = to or peer.target
        if family == "ipv6":
            body = icmp6(peer.source, target, body)
        else:
            body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        body = body[:2] + struct.pack("!H", struct.unpack("!H", body[2:4])[0] ^ wrong) + body[4:]
        return framed(tap, ip(peer.source, target, ICMP6 if family == "ipv6" else ICMP, body))

    request = 128 if family == "ipv6" else 8
    error = 1 if family == "ipv6" else 3
    dropped(tap, family, "icmp-bad", {
        "checksum": lambda peer: message(peer, request, wrong=1), "code": lambda peer: message(peer, request, code=1),
        "an error about nothing": lambda peer: message(peer, error),
        "about another's packet": lambda peer: message(peer, error, data=ip(peer.source, peer.source, TCP, bytes(20))),
        "4 bytes": lambda peer: framed(tap, ip(peer.source, peer.target, ICMP6 if family == "ipv6" else ICMP, b"\x08\0\xf7\xff"))})
    dropped(tap, family, "icmp-other", {
        "reply": lambda peer: message(peer, request + 1 if family == "ipv6" else 0), "unknown": lambda peer: message(peer, 250),
        "about our packet": lambda peer: message(peer, error, data=ip(peer.target, peer.source, TCP, bytes(20)))})


@GROUP.undisturbed
def neighbours(tap, family):
    """RFC 826, RFC 4861, 7.1: who asks for our address is told, and nobody else."""
    if family == "ipv4":
        def request(peer, target=SERVER4, operation=1, hardware=1, sender=MAC):
            body = struct.pack("!HHBBH6s4s6s4s", hardware, IPV4, 6, 4, operation, sender, packed(peer.source), bytes(6), packed(target))
            return framed(tap, body, kind=ARP, to=EVERYBODY)
        peer = Peer(tap, family)
        tap.fence()
        tap.others.clear()
        tap.raw(request(peer))
        tap.fence()
        said = [frame for frame in tap.others if frame[12:14] == b"\x08\x06" and frame[:6] == MAC]
        expect(len(said) == 1 and said[0][20:22] == b"\0\2" and said[0][22:28] == tap.mac and said[0][28:32] == packed(SERVER4), f"ARP: {said}")
        dropped(tap, family, "arp-bad", {"hardware": lambda peer: request(peer, hardware=6), "from a group": lambda peer: request(peer, sender=EVERYBODY)})
        dropped(tap, family, "arp-other", {"another's address": lambda peer: request(peer, target="198.18.0.99"),
                                           "RARP": lambda peer: request(peer, operation=3)})
        return

    group, mac = "ff02::1:ff00:25", b"\x33\x33\xff\0\0\x25"

    def solicit(peer, ttl=255, option=b"\1\1" + MAC, code=0):
        body = icmp6(peer.source, group, struct.pack("!BBHI", 135, code, 0, 0) + packed(peer.target) + option)
        return framed(tap, ipv6(peer.source, group, ICMP6, body, ttl=ttl), to=mac)
    peer = Peer(tap, family)
    tap.fence()
    tap.others.clear()
    tap.raw(solicit(peer))
    tap.fence()
    said = [read_ip(frame[14:]) for frame in tap.others if frame[:6] == MAC and frame[12:14] == b"\x86\xdd"]
    expect(len(said) == 1 and said[0][3][0] == 136 and said[0][4] == 255 and said[0][3][8:24] == packed(peer.target), f"advertisement: {said}")
    dropped(tap, family, "ndp-bad", {"hop limit": lambda peer: solicit(peer, ttl=254), "code": lambda peer: solicit(peer, code=1),
                                     "option of no length": lambda peer: solicit(peer, option=b"\1\0" + MAC)})


@case
def frames_by_the_book():
    GROUP.run()
