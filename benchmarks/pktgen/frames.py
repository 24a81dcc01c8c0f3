#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Frames for a packet generator, as a pcap file: seeded, with right checksums, each with a source of its own.

  frames.py KIND [--count N] [--seed N] [--list FILE] [--ipv6] --mac MAC --to ADDRESS >FILE

KIND is syn or ack (sources anywhere on the Internet), listed (SYNs of sources within the prefixes of --list) or mixed (SYNs, ACKs and
data of 64, 594 and 1518 bytes as 7 to 4 to 1, UDP, and sources that can't be on the Internet). doc/benchmarking.md says how to send them."""
import argparse
import ipaddress
import random
import struct
import sys

KINDS = ("syn", "ack", "listed", "mixed")
SYN, ACK, PSH = 0x02, 0x10, 0x08
MSS = bytes((2, 4, 0x05, 0xB4))  # 1460
SIZES = (64,) * 7 + (594,) * 4 + (1518,)  # of frames on the wire, with the 4 bytes that the card adds
FROM_MAC = bytes((2, 0, 0, 0, 0, 2))
MARTIANS = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "192.168.0.0/16", "127.0.0.0/8", "240.0.0.0/4", "fc00::/7", "2001:db8::/32")]


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) // 2 * 2])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def within(network):
    return network.network_address + random.getrandbits(network.max_prefixlen - network.prefixlen)


def anywhere(ipv6):
    while True:
        source = within(ipaddress.ip_network("2000::/3" if ipv6 else "0.0.0.0/0"))
        if source.is_global and not source.is_multicast:
            return source


def frame(mac, source, target, protocol, transport):
    """The checksum of the transport header is filled in at its place: 16 in TCP's, 6 in UDP's."""
    packed = source.packed + target.packed
    pseudo = packed + struct.pack("!IHH", len(transport), 0, protocol)
    at = 16 if protocol == 6 else 6
    transport = transport[:at] + struct.pack("!H", checksum(pseudo + transport)) + transport[at + 2:]
    if source.version == 4:
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(transport), random.getrandbits(16), 0x4000, 64, protocol, 0) + packed
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    else:
        header = struct.pack("!IHBB", 6 << 28, len(transport), protocol, 64) + packed
    data = mac + FROM_MAC + (b"\x08\x00" if source.version == 4 else b"\x86\xdd") + header + transport
    return data.ljust(60, b"\0")


def tcp(flags, data=b"", options=b""):
    return struct.pack("!HHIIBBHHH", random.randrange(1024, 65536), 25, random.getrandbits(32), random.getrandbits(32) if flags & ACK else 0,
                       (20 + len(options)) << 2, flags, 65535, 0, 0) + options + data


def udp(data):
    return struct.pack("!HHHH", random.randrange(1024, 65536), 25, 8 + len(data), 0) + data


def mixed(mac, target, ipv6):
    what = random.random()
    source = within(random.choice([network for network in MARTIANS if network.version == target.version])) if what < 0.05 else anywhere(ipv6)
    if what < 0.1:
        return frame(mac, source, target, 17, udp(b"\0" * 20))
    if what < 0.55:
        return frame(mac, source, target, 6, tcp(SYN, options=MSS))
    room = random.choice(SIZES) - 4 - 14 - (40 if ipv6 else 20) - 20
    return frame(mac, source, target, 6, tcp(ACK | (PSH if room > 6 else 0), b"x" * room if room > 6 else b""))


def read_list(path, version):
    with open(path, encoding="ascii") as file:
        words = [line.partition("#")[0].split() for line in file]
    networks = [ipaddress.ip_network(word[0], strict=False) for word in words if word]
    return [network for network in networks if network.version == version]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, default=65536)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list")
    parser.add_argument("--ipv6", action="store_true")
    parser.add_argument("--mac", required=True, type=lambda text: bytes.fromhex(text.replace(":", "")))
    parser.add_argument("--to", required=True, type=ipaddress.ip_address)
    words = parser.parse_args()
    random.seed(words.seed)
    if (words.kind == "listed") != (words.list is not None) or words.ipv6 != (words.to.version == 6) or len(words.mac) != 6:
        parser.error("listed needs --list, the others don't; --ipv6 goes with an address of IPv6; a MAC has six bytes")
    listed = read_list(words.list, words.to.version) if words.list else []
    if words.list and not listed:
        parser.error(f"{words.list}: no prefix of this family")
    out = sys.stdout.buffer
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for _ in range(words.count):
        if words.kind == "mixed":
            data = mixed(words.mac, words.to, words.ipv6)
        else:
            source = within(random.choice(listed)) if listed else anywhere(words.ipv6)
            segment = tcp(ACK) if words.kind == "ack" else tcp(SYN, options=MSS)
            data = frame(words.mac, source, words.to, 6, segment)
        out.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


if __name__ == "__main__":
    main()
