// SPDX-License-Identifier: BSD-3-Clause
//
// Every reason for which the dataplane drops a packet: the function that decides returns the row, its one
// caller counts it, `barscreenctl stats` shows it by this name and the manual prints this sentence.
//
// X(identifier, "name", "sentence for the operator")
#pragma once

#define BS_REASONS(X) \
	X(ACCEPTED, "accepted", "handled; not a drop") \
	X(FRAME_SHORT, "frame-short", "shorter than its headers say") \
	X(FRAME_SEGMENTED, "frame-segmented", "larger than one receive buffer") \
	X(FRAME_NOT_OURS, "frame-not-ours", \
		"Ethernet destination is neither ours nor a group we listen to") \
	X(FRAME_SOURCE, "frame-source", "Ethernet source is a group address or our own") \
	X(VLAN_OTHER, "vlan-other", "VLAN tag missing or not the configured one") \
	X(ETHERTYPE_OTHER, "ethertype-other", "neither ARP, IPv4 nor IPv6") \
	X(IP_VERSION, "ip-version", "IP version does not fit the Ethernet type") \
	X(IP_HEADER, "ip-header", "IPv4 header length under 20 bytes or beyond the packet") \
	X(IP_LENGTH, "ip-length", "IP total length beyond the frame") \
	X(IP_CHECKSUM, "ip-checksum", "IPv4 header checksum wrong") \
	X(IP_FRAGMENT, "ip-fragment", "a fragment; TCP to us never needs one") \
	X(IP_OPTIONS, "ip-options", "IPv4 options, which mail never uses (RFC 7126)") \
	X(IP_EXTENSION, "ip-extension", \
		"IPv6 extension headers, which mail never uses; only MLD may have a router alert") \
	X(IP_BROADCAST, "ip-broadcast", \
		"IPv4 to a broadcast or group address, or in a frame to everybody") \
	X(IP_MARTIAN, "ip-martian", "source is unspecified, loopback, group or broadcast") \
	X(IP_LAND, "ip-land", "source equals destination") \
	X(IP_NOT_OURS, "ip-not-ours", "destination is not one of our addresses") \
	X(IP_PROTOCOL, "ip-protocol", "neither TCP nor ICMP") \
	X(TCP_HEADER, "tcp-header", "TCP header length under 20 bytes or beyond the packet") \
	X(TCP_CHECKSUM, "tcp-checksum", "TCP checksum wrong") \
	X(TCP_FLAGS, "tcp-flags", "a combination of flags that no TCP sends") \
	X(TCP_PORT, "tcp-port", "port 0, or not a port we serve") \
	X(TCP_STRAY, "tcp-stray", "no connection, and not the ACK of a cookie of ours") \
	X(TCP_RESET_STRAY, "tcp-reset-stray", "RST for no connection") \
	X(TCP_WINDOW, "tcp-window", "outside the receive window; answered with an ACK") \
	X(TCP_ACK, "tcp-ack", "acknowledges what was never sent, or too old (RFC 5961)") \
	X(TCP_NO_ACK, "tcp-no-ack", "segment without ACK, neither SYN nor RST") \
	X(TCP_RESET, "tcp-reset", "RST outside the exact sequence number (RFC 5961)") \
	X(TCP_SYN, "tcp-syn", "SYN in a synchronised state; challenge ACK (RFC 5961)") \
	X(TCP_NO_ROOM, "tcp-no-room", \
		"payload beyond what can be kept; the client sends it again") \
	X(SYN_BOGON, "syn-bogon", "SYN from an address that can't be on the Internet") \
	X(SYN_OWN, "syn-own", "SYN from outside with an address of our own networks") \
	X(SYN_LISTED, "syn-listed", "SYN from a list whose action is drop") \
	X(SYN_VERDICT, "syn-verdict", \
		"SYN from a source with a verdict, by verdicts.action or for want of room") \
	X(SYN_DRAINING, "syn-draining", "SYN while we are stopping") \
	X(SYN_NO_RECORD, "syn-no-record", "no free connection record") \
	X(HANDOVER_FULL, "handover-full", \
		"came in by another core's queue, and the ring to its own was full") \
	X(ARP_BAD, "arp-bad", "malformed ARP") \
	X(ARP_OTHER, "arp-other", "ARP that does not concern us") \
	X(ICMP_BAD, "icmp-bad", "malformed ICMP or ICMPv6, or its checksum wrong") \
	X(ICMP_OTHER, "icmp-other", "ICMP message that we do not act upon") \
	X(ICMP_RATE, "icmp-rate", "echo requests above the rate limit") \
	X(PATH_MTU_BAD, "path-mtu-bad", \
		"packet too big: of a port that is not ours, or smaller than IPv6 may be") \
	X(PATH_MTU_STRAY, "path-mtu-stray", "packet too big: quotes no connection") \
	X(PATH_MTU_SEQUENCE, "path-mtu-sequence", \
		"packet too big: quotes what is not under way (RFC 5927)") \
	X(PATH_MTU_NO_LESS, "path-mtu-no-less", "packet too big: no less than what we send") \
	X(NDP_BAD, "ndp-bad", "neighbour discovery message that RFC 4861 says to discard") \
	X(NDP_OTHER, "ndp-other", "neighbour discovery that does not concern us") \
	X(NO_MBUF, "no-mbuf", "an answer could not be sent: no packet buffer free") \
	X(TX_FULL, "tx-full", "an answer could not be sent: the port's transmit queue is full")

enum bs_reason {
#define X(identifier, name, sentence) BS_REASON_##identifier,
	BS_REASONS(X)
#undef X
		BS_REASON_COUNT
};
