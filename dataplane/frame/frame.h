// SPDX-License-Identifier: BSD-3-Clause
//
// A received frame, parsed and validated once. All later stages read this and not the bytes of headers.
// No DPDK here: the parser is fuzzed as it is.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"
#include "dataplane/seam/reason.h"
#include "dataplane/seam/source.h"

struct rte_mbuf;

enum frame_kind {
	FRAME_TCP,
	FRAME_ARP,
	FRAME_ICMP,  // to one of our IPv4 addresses
	FRAME_ICMP6, // to one of our IPv6 addresses, or to a group that neighbour discovery uses
};

enum tcp_flags {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

#define LOCAL_NONE 0xff

struct frame {
	const uint8_t *bytes; // from the Ethernet header on
	uint16_t length;  // without padding: what the IP header says, plus what stands before it
	uint16_t l3, l4;  // offsets
	uint16_t payload; // offset behind the TCP header; of ICMP: l4
	uint16_t payload_length;
	uint8_t kind;  // enum frame_kind
	uint8_t port;  // index
	uint8_t local; // row of the local address it is for, or LOCAL_NONE
	uint8_t hop_limit;
	struct bs_address source, destination;
	// TCP only, host byte order
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgement;
	uint16_t window;
	uint8_t flags;
	uint8_t options_length; // stand behind l4 + 20
	bool unchecked; // the port said nothing about its checksum: frame_tcp_checksum() does
	// What later stages leave for each other (ingress.h).
	uint8_t class;    // of the source of a SYN, a row of policy->class
	bool stood;       // `standing` is valid
	uint8_t prepared; // the rest is valid in this era (tcp/cookie.h); 0: it is not
	struct bs_source_standing standing; // of the source of a SYN
	uint8_t offered;                    // what a SYN offers, as a cookie says it (tcp/cookie.h)
	uint32_t
		cookie; // tcp/cookie.h: the authentication of a SYN, or of what an ACK says it answers
	uint16_t rate;         // bucket of the source (tcp/syn_rate.h)
	struct rte_mbuf *mbuf; // it lies in; NULL: it has none, or that became the answer
};

// What the port said about checksums of this frame.
enum frame_checksums {
	FRAME_IP_GOOD = 1 << 0,
	FRAME_IP_BAD = 1 << 1,
	FRAME_TCP_GOOD = 1 << 2,
	FRAME_TCP_BAD = 1 << 3,
};

// Parses `length` bytes received on `port`. Steps follow RFC 1122 section 3.2.1, RFC 1812 section 5.2.2
// and RFC 8200; each has its reason. Returns BS_REASON_ACCEPTED with `frame` filled, or why not.
// A checksum that the port did not speak about is computed here, but for TCP's, which not every segment lives to see: `unchecked`.
// Any thread.
enum bs_reason frame_parse(const struct ports *ports, const struct port *port, const uint8_t *bytes,
	uint32_t length, unsigned checksums, struct frame *frame);

// RFC 9293, 3.1: the checksum of a segment. Any thread.
bool frame_tcp_checksum(const struct frame *frame);

// A SYN that may open a connection.
static inline bool frame_opens(const struct frame *frame)
{
	return (frame->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

// TCP options (RFC 9293, 3.2). Absent ones have the values of RFC 9293: mss 536 (IPv6 1220), no scale.
struct tcp_options {
	uint16_t mss;
	uint8_t window_scale; // 0 to 14 (RFC 7323, 2.3)
	bool has_window_scale;
	bool sack_permitted;
};
void frame_tcp_options(const struct frame *frame, struct tcp_options *options);
