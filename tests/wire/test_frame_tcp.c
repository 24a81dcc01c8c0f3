// SPDX-License-Identifier: BSD-3-Clause
//
// The frame parser: the TCP header and its options.
#include "tests/wire/frame_case.h"

TestSuite(frame_tcp, .init = setup);

Test(frame_tcp, tcp_header)
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

Test(frame_tcp, tcp_flags)
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

Test(frame_tcp, tcp_options)
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
