// SPDX-License-Identifier: BSD-3-Clause
//
// The frame parser: IPv6 and ICMPv6.
#include "tests/wire/frame_case.h"

TestSuite(frame_ipv6, .init = setup);

Test(frame_ipv6, ipv6_header)
{
	expect(IP_VERSION, TCP6(.flags = TCP_SYN, .ether_type = 0x0800));
	expect(IP_LENGTH, TCP6(.flags = TCP_SYN, .ip_length_error = 1));
	expect(IP_LENGTH,
		TCP6(.flags = TCP_SYN, .ip_length_error = -20)); // nothing behind the header
	expect(IP_FRAGMENT, TCP6(.flags = TCP_SYN, .extension = 44));
	static const uint8_t extension[] = {0, 43, 51, 60, 135, 139, 140};
	for (unsigned i = 1; i < sizeof(extension); i++)
		expect(IP_EXTENSION, TCP6(.flags = TCP_SYN, .extension = extension[i]));
	expect(IP_EXTENSION, TCP6(.flags = TCP_SYN, .router_alert = true));
	expect(IP_PROTOCOL, TCP6(.protocol = 17, .payload = "12345678"));
	expect(IP_PROTOCOL, TCP6(.protocol = 59, .payload = "x"));  // no next header
	expect(IP_PROTOCOL, TCP6(.flags = TCP_SYN, .protocol = 1)); // ICMP of the other family
	expect(IP_PROTOCOL, ICMP4(.type = 8, .protocol = 58));
}

Test(frame_ipv6, ipv6_router_alert)
{
	struct wire_packet query = {.type = 130,
		.router_alert = true,
		.ttl = 1,
		.source = "fe80::1",
		.destination = "ff02::1",
		.payload = "0123456789abcdef01234567"};
	expect(ACCEPTED, parse_ip(true, 58, 0, &query));
	cr_assert(frame.kind == FRAME_ICMP6 && frame.l4 == 14 + 48);
	cr_assert_eq(frame.payload_length, 32);
	static const uint8_t fine[][6] = {
		{1, 0, 5, 2, 0, 0}, {0, 0, 5, 2, 0, 0}, {5, 2, 0, 0, 0, 0}};
	for (unsigned i = 0; i < 3; i++) {
		memcpy(bytes.byte + 56, fine[i], 6);
		expect(ACCEPTED, parse(0));
	}
	static const uint8_t wrong[][6] = {{5, 2, 0, 1, 1, 0}, {5, 2, 0, 0, 5, 2},
		{1, 4, 0, 0, 0, 0}, {0, 5, 2, 0, 0, 0}, {0xc2, 4, 0, 0, 0, 0}, {5, 2, 0, 0, 1, 1}};
	for (unsigned i = 0; i < 6; i++) {
		memcpy(bytes.byte + 56, wrong[i], 6);
		expect(IP_EXTENSION, parse(0));
	}
	memcpy(bytes.byte + 56, fine[0], 6);
	bytes.byte[55] = 1; // sixteen bytes of options
	expect(IP_EXTENSION, parse(0));
	bytes.byte[55] = 0;
	bytes.byte[54] = 6;
	expect(IP_EXTENSION, parse(0));
	bytes.byte[54] = 58;
	store16(bytes.byte + 18, 7); // shorter than the options
	expect(IP_EXTENSION, parse(0));
	store16(bytes.byte + 18, 15); // shorter than a message
	expect(ICMP_BAD, parse(0));
}

Test(frame_ipv6, ipv6_addresses)
{
	expect(IP_NOT_OURS, TCP6(.flags = TCP_SYN, .destination = "2001:db8::99"));
	expect(IP_NOT_OURS, TCP6(.flags = TCP_SYN, .destination = "2001:db8::26:2626"));
	expect(IP_NOT_OURS, TCP6(.flags = TCP_SYN, .destination = "fe80::ff:fe00:19"));
	expect(IP_NOT_OURS, TCP6(.flags = TCP_SYN, .destination = "ff02::1"));
	expect(IP_LAND, TCP6(.flags = TCP_SYN, .source = WIRE_LOCAL6));
	static const char *const martian[] = {"::1", "ff02::1", "ff0e::1", "::"};
	for (unsigned i = 0; i < 3; i++)
		expect(IP_MARTIAN, TCP6(.flags = TCP_SYN, .source = martian[i]));
	expect(ACCEPTED, TCP6(.flags = TCP_SYN, .source = "fe80::7"));
	// IPv4-mapped addresses on the wire: the notation of our own tables.
	TCP6(.flags = TCP_SYN);
	memset(bytes.byte + 22, 0, 10);
	memset(bytes.byte + 32, 0xff, 2);
	expect(IP_MARTIAN, parse(0));
	TCP6(.flags = TCP_SYN);
	memcpy(bytes.byte + 38, ports.local[0].address.octet, 16);
	expect(IP_NOT_OURS, parse(0));
}

Test(frame_ipv6, unspecified_source_over_ipv6)
{
	expect(IP_MARTIAN, TCP6(.flags = TCP_SYN, .source = "::"));
	expect(IP_MARTIAN, ICMP6(.type = 128, .source = "::"));
	expect(ACCEPTED, ICMP6(.type = 135, .source = "::"));
}

Test(frame_ipv6, icmp6_destinations)
{
	expect(ACCEPTED, ICMP6(.type = 128, .destination = "fe80::ff:fe00:19"));
	cr_assert_eq(frame.local, LOCAL_NONE);
	expect(IP_NOT_OURS, ICMP6(.type = 128, .destination = "fe80::ff:fe00:20"));
	expect(ACCEPTED, ICMP6(.type = 135, .destination = "ff02::1:ff00:25"));
	expect(ACCEPTED, ICMP6(.type = 135, .destination = "ff02::1:ff26:2626")); // tentative
	expect(ACCEPTED, ICMP6(.type = 135, .destination = "ff02::1:ff00:19"));   // link-local
	expect(ACCEPTED, ICMP6(.type = 136, .destination = "ff02::1"));
	expect(IP_NOT_OURS, ICMP6(.type = 135, .destination = "ff02::1:ff00:99"));
	expect(IP_NOT_OURS, ICMP6(.type = 134, .destination = "ff02::2"));
	expect(IP_NOT_OURS, ICMP6(.type = 136, .destination = "ff05::1"));
	// A tentative address hears of neighbours only.
	expect(ACCEPTED, ICMP6(.type = 136, .destination = "2001:db8::26:2626"));
	cr_assert_eq(frame.local, LOCAL_NONE);
	expect(IP_NOT_OURS, ICMP6(.type = 128, .destination = "2001:db8::26:2626"));
	// The group's MAC address, or ours (RFC 6085), and no other.
	static const uint8_t wrong[6] = {0x33, 0x33, 0xff, 0, 0, 0x26};
	expect(ACCEPTED, ICMP6(.type = 135, .destination = "ff02::1:ff00:25", .to = wire_mac));
	expect(IP_NOT_OURS, ICMP6(.type = 135, .destination = "ff02::1:ff00:25", .to = wrong));
	expect(IP_NOT_OURS,
		ICMP6(.type = 135, .destination = "ff02::1:ff00:25", .to = wire_broadcast));
	static const uint8_t group[6] = {0x33, 0x33, 0xff, 0, 0, 0x25};
	expect(FRAME_NOT_OURS, ICMP6(.type = 135, .to = group));
}
