// SPDX-License-Identifier: BSD-3-Clause
//
// The frame parser: Ethernet, IPv4, ICMP; what it fills in, and each reason that it can return, at the edges of each rule.
#include "tests/wire/frame_case.h"

TestSuite(frame, .init = setup);

Test(frame, tcp_ipv4)
{
	expect(ACCEPTED, TCP4(.flags = TCP_ACK | TCP_PSH, .seq = 0x01020304, .ack = 0xa1a2a3a4,
				 .window = 0x1234, .payload = "EHLO", .ttl = 9));
	cr_assert_eq(frame.kind, FRAME_TCP);
	cr_assert_eq(frame.length, 14 + 20 + 20 + 4);
	cr_assert(frame.l3 == 14 && frame.l4 == 34 && frame.payload == 54);
	cr_assert_eq(frame.payload_length, 4);
	cr_assert_eq(frame.options_length, 0);
	cr_assert(frame.port == 0 && frame.local == 0 && frame.hop_limit == 9);
	cr_assert(is_address(&frame.source, WIRE_PEER4));
	cr_assert(is_address(&frame.destination, WIRE_LOCAL4));
	cr_assert(frame.source_port == WIRE_PEER_PORT && frame.destination_port == 25);
	cr_assert(frame.sequence == 0x01020304 && frame.acknowledgement == 0xa1a2a3a4);
	cr_assert(frame.window == 0x1234 && frame.flags == (TCP_ACK | TCP_PSH));
}

Test(frame, tcp_ipv6)
{
	expect(ACCEPTED, TCP6(.flags = TCP_SYN, .mss = 1440, .ttl = 9, .window = 7));
	cr_assert_eq(frame.kind, FRAME_TCP);
	cr_assert(frame.l3 == 14 && frame.l4 == 54 && frame.payload == 78);
	cr_assert(frame.payload_length == 0 && frame.options_length == 4);
	cr_assert(frame.local == 1 && frame.hop_limit == 9 && frame.window == 7);
	cr_assert(is_address(&frame.source, WIRE_PEER6));
	cr_assert(is_address(&frame.destination, WIRE_LOCAL6));
}

Test(frame, padding_is_cut)
{
	expect(ACCEPTED, TCP4(.flags = TCP_ACK, .padding = 6));
	cr_assert(frame.length == 54 && frame.payload_length == 0);
	expect(ACCEPTED, TCP6(.flags = TCP_ACK, .padding = 100, .payload = "x"));
	cr_assert(frame.length == 75 && frame.payload_length == 1);
}

Test(frame, tcp_to_another_port_is_for_tcp_to_answer)
{
	expect(ACCEPTED, TCP4(.flags = TCP_SYN, .destination_port = 80));
	cr_assert_eq(frame.destination_port, 80);
}

// Every length from nothing to one byte less than the whole: dropped, and never a byte read behind.

Test(frame, cut_anywhere)
{
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
		struct wire_peer peer = wire_peer(NULL, ipv6 == 1);
		struct wire_packet packet = {.flags = TCP_SYN, .mss = 1460, .payload = "abc"};
		wire_build_ip(&peer, 6, &packet, &bytes);
		for (uint16_t whole = bytes.length, cut = 0; cut < whole; cut++) {
			bytes.length = cut;
			enum bs_reason reason = parse(0);
			unsigned header = ipv6 == 1 ? 54 : 34;
			cr_expect_eq(reason,
				cut < header ? BS_REASON_FRAME_SHORT : BS_REASON_IP_LENGTH,
				"cut to %u: reason %d", cut, reason);
		}
	}
}

Test(frame, ethernet)
{
	static const uint8_t stranger[6] = {2, 0, 0, 0, 0, 0x99};
	static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
	expect(FRAME_NOT_OURS, TCP4(.flags = TCP_SYN, .to = stranger));
	expect(IP_BROADCAST, TCP4(.flags = TCP_SYN, .to = wire_broadcast));
	expect(IP_BROADCAST, TCP4(.flags = TCP_SYN, .to = group));
	expect(FRAME_NOT_OURS, TCP6(.flags = TCP_SYN, .to = wire_broadcast));
	expect(IP_BROADCAST, ICMP4(.type = 8, .to = wire_broadcast));
	expect(FRAME_SOURCE, TCP4(.flags = TCP_SYN, .from = group));
	expect(FRAME_SOURCE, TCP4(.flags = TCP_SYN, .from = wire_broadcast));
	expect(FRAME_SOURCE, TCP4(.flags = TCP_SYN, .from = wire_mac));
	expect(ETHERTYPE_OTHER, TCP4(.flags = TCP_SYN, .ether_type = 0x88cc));
	expect(ETHERTYPE_OTHER, TCP4(.flags = TCP_SYN, .ether_type = 46)); // IEEE 802.3 length
}

Test(frame, vlan)
{
	expect(VLAN_OTHER, TCP4(.flags = TCP_SYN, .tagged = true, .vlan = 5));
	expect(ACCEPTED, TCP4(.flags = TCP_SYN, .tagged = true, .vlan = 0xe000)); // a priority tag
	cr_assert_eq(frame.l3, 18);
	ports.port[0].vlan = 5;
	expect(ACCEPTED, TCP6(.flags = TCP_SYN, .tagged = true, .vlan = 5));
	cr_assert(frame.l3 == 18 && frame.l4 == 58);
	expect(ACCEPTED, TCP4(.flags = TCP_SYN, .tagged = true, .vlan = 0x6005));
	expect(VLAN_OTHER, TCP4(.flags = TCP_SYN, .tagged = true, .vlan = 6));
	expect(VLAN_OTHER, TCP4(.flags = TCP_SYN, .tagged = true, .vlan = 0));
	expect(VLAN_OTHER, TCP4(.flags = TCP_SYN));
	expect(ETHERTYPE_OTHER,
		TCP4(.flags = TCP_SYN, .tagged = true, .vlan = 5, .ether_type = 0x8100));
	bytes.length = 16;
	expect(FRAME_SHORT, parse(0));
}

Test(frame, ipv4_header)
{
	expect(IP_VERSION, TCP4(.flags = TCP_SYN, .ether_type = 0x86dd, .padding = 20));
	TCP4(.flags = TCP_SYN);
	bytes.byte[14] = 0x65;
	expect(IP_VERSION, parse(0));
	bytes.byte[14] = 0x44;
	expect(IP_HEADER, parse(0));
	bytes.byte[14] = 0x4f; // sixty bytes of header in a packet of forty
	expect(IP_HEADER, parse(0));
	expect(IP_HEADER, TCP4(.flags = TCP_SYN, .ip_length_error = -21));
	expect(IP_LENGTH, TCP4(.flags = TCP_SYN, .ip_length_error = 1));
	expect(IP_CHECKSUM, TCP4(.flags = TCP_SYN, .bad_ip_checksum = true));
	expect(IP_OPTIONS, TCP4(.flags = TCP_SYN, .ip_options = 4));
	expect(IP_OPTIONS, TCP4(.flags = TCP_SYN, .ip_options = 40));
	expect(IP_FRAGMENT, TCP4(.flags = TCP_SYN, .fragment = 0x2000));
	expect(IP_FRAGMENT, TCP4(.flags = TCP_SYN, .fragment = 0x0001));
	expect(IP_FRAGMENT, TCP4(.flags = TCP_SYN, .fragment = 0x1fff));
	expect(ACCEPTED, TCP4(.flags = TCP_SYN, .fragment = 0x8000)); // the reserved bit
	expect(IP_PROTOCOL, TCP4(.flags = TCP_SYN, .protocol = 17));
	expect(ACCEPTED, TCP4(.flags = TCP_SYN, .ttl_zero = true));
}

Test(frame, what_the_port_says_about_checksums)
{
	struct wire_packet bad = {.flags = TCP_SYN, .bad_checksum = true, .bad_ip_checksum = true};
	struct wire_packet good = {.flags = TCP_SYN};
	expect(ACCEPTED, parse_ip(false, 6, FRAME_IP_GOOD | FRAME_TCP_GOOD, &bad));
	expect(IP_CHECKSUM, parse_ip(false, 6, FRAME_TCP_GOOD, &bad));
	expect(TCP_CHECKSUM, parse_ip(false, 6, FRAME_IP_GOOD, &bad));
	expect(IP_CHECKSUM, parse_ip(false, 6, FRAME_IP_BAD, &good));
	expect(TCP_CHECKSUM, parse_ip(false, 6, FRAME_TCP_BAD, &good));
	expect(ACCEPTED, parse_ip(true, 6, FRAME_TCP_GOOD, &bad));
	expect(TCP_CHECKSUM, parse_ip(true, 6, 0, &bad));
	expect(TCP_CHECKSUM, parse_ip(true, 6, FRAME_TCP_BAD, &good));
	expect(ICMP_BAD, parse_ip(false, 1, FRAME_IP_GOOD | FRAME_TCP_GOOD, &bad));
}

Test(frame, ipv4_addresses)
{
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN, .destination = "192.0.2.99"));
	expect(IP_BROADCAST, TCP4(.flags = TCP_SYN, .destination = "192.0.2.255"));
	expect(IP_BROADCAST, TCP4(.flags = TCP_SYN, .destination = "255.255.255.255"));
	expect(IP_BROADCAST, TCP4(.flags = TCP_SYN, .destination = "224.0.0.1"));
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN, .destination = "192.0.2.26")); // tentative
	expect(IP_NOT_OURS, ICMP4(.type = 8, .destination = "192.0.2.26"));
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN, .destination = "192.0.2.27")); // duplicate
	expect(IP_LAND, TCP4(.flags = TCP_SYN, .source = WIRE_LOCAL4));
	static const char *const martian[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255",
		"224.0.0.1", "239.1.2.3", "255.255.255.255", "192.0.2.255"};
	for (unsigned i = 0; i < sizeof(martian) / sizeof(martian[0]); i++)
		expect(IP_MARTIAN, TCP4(.flags = TCP_SYN, .source = martian[i]));
	static const char *const fine[] = {"1.0.0.0", "126.255.255.255", "128.0.0.1",
		"223.255.255.255", "240.0.0.1", "192.0.3.255", "192.0.2.254", "10.0.0.1"};
	for (unsigned i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		expect(ACCEPTED, TCP4(.flags = TCP_SYN, .source = fine[i]));
	// Both ends of a /31 are hosts.
	expect(ACCEPTED,
		TCP4(.flags = TCP_SYN, .source = "198.51.100.98", .destination = "198.51.100.99"));
}

Test(frame, an_address_belongs_to_its_port)
{
	ports.local[0].port = 1;
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN));
	ports.local[1].port = 1;
	expect(IP_NOT_OURS, TCP6(.flags = TCP_SYN));
}

Test(frame, icmp)
{
	expect(ACCEPTED, ICMP4(.type = 8, .rest = 0x12340001, .payload = "ping"));
	cr_assert(frame.kind == FRAME_ICMP && frame.local == 0);
	cr_assert(frame.l4 == 34 && frame.payload == 34 && frame.payload_length == 12);
	expect(ICMP_BAD, ICMP4(.type = 8, .bad_checksum = true));
	expect(ICMP_BAD, ICMP4(.type = 8, .ip_length_error = -1));
	expect(ACCEPTED, ICMP6(.type = 128, .payload = "ping"));
	cr_assert(frame.kind == FRAME_ICMP6 && frame.local == 1);
	expect(ICMP_BAD, ICMP6(.type = 128, .bad_checksum = true));
	expect(ICMP_BAD, ICMP6(.type = 128, .ip_length_error = -1));
}
