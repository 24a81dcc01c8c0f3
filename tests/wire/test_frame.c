// SPDX-License-Identifier: BSD-3-Clause
//
// The frame parser: what it fills in, and each reason that it can return, at the edges of each rule.
#include <criterion/criterion.h>

#include "dataplane/local.h"
#include "dataplane/wire_format.h"
#include "tests/wire/build.h"

static struct ports ports;
static struct frame frame;
static struct wire_bytes bytes;

static void add_local(const char *text, uint8_t prefix, enum local_state state)
{
	struct local *local = &ports.local[ports.local_count++];
	cr_assert(bs_address_parse(text, &local->address));
	local->on_link = (struct bs_prefix){.address = local->address, .length = prefix};
	for (unsigned bit = prefix; bit < 128; bit++)
		local->on_link.address.octet[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	local->state = state;
}

static void setup(void)
{
	ports.port_count = 2;
	ports.service = WIRE_SERVICE;
	ports.port[1].index = 1;
	memcpy(ports.port[0].mac, wire_mac, 6);
	ports.port[0].mtu = ports.port[1].mtu = 1500;
	ports.port[1].mac[5] = 0x77;
	add_local(WIRE_LOCAL4, 96 + 24, LOCAL_READY);
	add_local(WIRE_LOCAL6, 64, LOCAL_READY);
	add_local("192.0.2.26", 96 + 24, LOCAL_TENTATIVE);
	add_local("2001:db8::26:2626", 64, LOCAL_TENTATIVE);
	add_local("192.0.2.27", 96 + 24, LOCAL_DUPLICATE);
	add_local("198.51.100.99", 96 + 31, LOCAL_READY);
}

TestSuite(frame, .init = setup);

static enum bs_reason parse(unsigned checksums)
{
	// A copy of exactly this size on the heap: reading behind it is seen by the sanitizer and by valgrind.
	uint8_t *copy = malloc(bytes.length + 1u);
	memcpy(copy + 1, bytes.byte, bytes.length); // and at an odd address
	memset(&frame, 0x5a, sizeof(frame));
	enum bs_reason reason = frame_parse(
		&ports, &ports.port[0], copy + 1, bytes.length, checksums, &frame);
	frame.bytes = bytes.byte;
	free(copy);
	return reason;
}

static enum bs_reason parse_ip(
	bool ipv6, uint8_t protocol, unsigned checksums, const struct wire_packet *packet)
{
	struct wire_peer peer = wire_peer(NULL, ipv6);
	wire_build_ip(&peer, protocol, packet, &bytes);
	return parse(checksums);
}

#define TCP4(...)            parse_ip(false, 6, 0, &(struct wire_packet){__VA_ARGS__})
#define TCP6(...)            parse_ip(true, 6, 0, &(struct wire_packet){__VA_ARGS__})
#define ICMP4(...)           parse_ip(false, 1, 0, &(struct wire_packet){__VA_ARGS__})
#define ICMP6(...)           parse_ip(true, 58, 0, &(struct wire_packet){__VA_ARGS__})
#define expect(reason, call) cr_expect_eq((call), BS_REASON_##reason)

static bool is_address(const struct bs_address *address, const char *text)
{
	struct bs_address other;
	return bs_address_parse(text, &other) && bs_address_equal(address, &other);
}

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
	expect(FRAME_NOT_OURS, TCP4(.flags = TCP_SYN, .to = wire_broadcast));
	expect(FRAME_NOT_OURS, TCP4(.flags = TCP_SYN, .to = group));
	expect(FRAME_NOT_OURS, TCP6(.flags = TCP_SYN, .to = wire_broadcast));
	expect(FRAME_NOT_OURS, ICMP4(.type = 8, .to = wire_broadcast));
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
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN, .destination = "192.0.2.255"));
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN, .destination = "255.255.255.255"));
	expect(IP_NOT_OURS, TCP4(.flags = TCP_SYN, .destination = "224.0.0.1"));
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

Test(frame, ipv6_header)
{
	expect(IP_VERSION, TCP6(.flags = TCP_SYN, .ether_type = 0x0800));
	expect(IP_LENGTH, TCP6(.flags = TCP_SYN, .ip_length_error = 1));
	expect(IP_LENGTH,
		TCP6(.flags = TCP_SYN, .ip_length_error = -20)); // nothing behind the header
	expect(IP_FRAGMENT, TCP6(.flags = TCP_SYN, .extension = 44));
	static const uint8_t extension[] = {0, 43, 51, 60, 135, 139, 140};
	for (unsigned i = 1; i < sizeof(extension); i++)
		expect(IP_OPTIONS, TCP6(.flags = TCP_SYN, .extension = extension[i]));
	expect(IP_OPTIONS, TCP6(.flags = TCP_SYN, .router_alert = true));
	expect(IP_PROTOCOL, TCP6(.protocol = 17, .payload = "12345678"));
	expect(IP_PROTOCOL, TCP6(.protocol = 59, .payload = "x"));  // no next header
	expect(IP_PROTOCOL, TCP6(.flags = TCP_SYN, .protocol = 1)); // ICMP of the other family
	expect(IP_PROTOCOL, ICMP4(.type = 8, .protocol = 58));
}

Test(frame, ipv6_router_alert)
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
		expect(IP_OPTIONS, parse(0));
	}
	memcpy(bytes.byte + 56, fine[0], 6);
	bytes.byte[55] = 1; // sixteen bytes of options
	expect(IP_OPTIONS, parse(0));
	bytes.byte[55] = 0;
	bytes.byte[54] = 6;
	expect(IP_OPTIONS, parse(0));
	bytes.byte[54] = 58;
	store16(bytes.byte + 18, 7); // shorter than the options
	expect(IP_OPTIONS, parse(0));
	store16(bytes.byte + 18, 15); // shorter than a message
	expect(ICMP_BAD, parse(0));
}

Test(frame, ipv6_addresses)
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

Test(frame, unspecified_source_over_ipv6)
{
	expect(IP_MARTIAN, TCP6(.flags = TCP_SYN, .source = "::"));
	expect(IP_MARTIAN, ICMP6(.type = 128, .source = "::"));
	expect(ACCEPTED, ICMP6(.type = 135, .source = "::"));
}

Test(frame, tcp_header)
{
	TCP4(.flags = TCP_SYN, .ip_length_error = -1);
	expect(TCP_HEADER, parse(0));
	expect(TCP_HEADER, TCP4(.flags = TCP_SYN, .tcp_data_offset = 4));
	expect(TCP_HEADER, TCP4(.flags = TCP_SYN, .tcp_data_offset = 6));
	expect(TCP_HEADER, TCP6(.flags = TCP_SYN, .tcp_data_offset = 15, .payload = "0123456789"));
	expect(TCP_HEADER, TCP6(.flags = TCP_SYN, .ip_length_error = -1));
	expect(TCP_CHECKSUM, TCP4(.flags = TCP_SYN, .bad_checksum = true));
	expect(TCP_CHECKSUM, TCP6(.flags = TCP_SYN, .bad_checksum = true));
	expect(TCP_PORT, TCP4(.flags = TCP_SYN, .source_port_zero = true));
	TCP4(.flags = TCP_SYN);
	store16(bytes.byte + 36, 0);
	wire_repair(&bytes);
	expect(TCP_PORT, parse(0));
}

Test(frame, tcp_flags)
{
	for (unsigned flags = 0; flags < 64; flags++) {
		unsigned verbs = ((flags & TCP_SYN) != 0) + ((flags & TCP_FIN) != 0) +
				 ((flags & TCP_RST) != 0);
		bool fine = verbs == 1 || (verbs == 0 && (flags & TCP_ACK) != 0);
		cr_expect_eq(TCP4(.flags = (uint8_t)flags),
			fine ? BS_REASON_ACCEPTED : BS_REASON_TCP_FLAGS, "flags %02x", flags);
	}
	expect(ACCEPTED, TCP6(.flags = TCP_SYN | TCP_ECE | TCP_CWR)); // RFC 3168
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

Test(frame, icmp6_destinations)
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

static struct tcp_options options_of(bool ipv6, const uint8_t *raw, uint8_t length)
{
	struct tcp_options options;
	enum bs_reason reason = parse_ip(ipv6, 6, 0,
		&(struct wire_packet){.flags = TCP_SYN, .options = raw, .options_length = length});
	cr_assert_eq(reason, BS_REASON_ACCEPTED);
	memset(&options, 0x5a, sizeof(options));
	frame_tcp_options(&frame, &options);
	return options;
}

#define OPTIONS(...) \
	options_of(false, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

Test(frame, tcp_options)
{
	struct tcp_options o = options_of(false, wire_mac, 0);
	cr_assert(o.mss == 536 && !o.has_window_scale && o.window_scale == 0 && !o.sack_permitted);
	o = options_of(true, wire_mac, 0);
	cr_assert_eq(o.mss, 1220);
	o = OPTIONS(2, 4, 0x05, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0);
	cr_assert(o.mss == 1460 && o.has_window_scale && o.window_scale == 7 && o.sack_permitted);
	o = OPTIONS(3, 3, 15, 1);
	cr_assert(o.has_window_scale && o.window_scale == 14);
	o = OPTIONS(2, 4, 0, 1);
	cr_assert_eq(o.mss, 64);
	// Timestamps and what nobody knows are passed over.
	o = OPTIONS(8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 254, 2, 2, 4, 0x04, 0xb0);
	cr_assert_eq(o.mss, 1200);
	// After the end of the list nothing counts.
	o = OPTIONS(0, 0, 4, 2);
	cr_assert_not(o.sack_permitted);
	// Known kinds with a wrong length are unknown; lengths 0 and 1, or beyond the header, end it.
	o = OPTIONS(2, 3, 5, 3, 4, 7, 0, 4, 2, 1, 1, 1);
	cr_assert(o.mss == 536 && !o.has_window_scale && o.sack_permitted);
	o = OPTIONS(2, 0, 4, 2);
	cr_assert(o.mss == 536 && !o.sack_permitted);
	o = OPTIONS(9, 1, 4, 2);
	cr_assert_not(o.sack_permitted);
	o = OPTIONS(4, 2, 2, 4);
	cr_assert(o.mss == 536 && o.sack_permitted);
	o = OPTIONS(1, 1, 1, 2);
	cr_assert_eq(o.mss, 536);
}
