// SPDX-License-Identifier: BSD-3-Clause
//
// TCP and ICMP headers of a received frame, and TCP's options.
#include "dataplane/frame/frame_transport.h"

#include "dataplane/frame/checksum.h"
#include "dataplane/frame/local.h"
#include "dataplane/frame/wire_format.h"

#define MSS_DEFAULT_IPV4 536u  // RFC 9293, 3.7.1
#define MSS_DEFAULT_IPV6 1220u // RFC 9293, 3.7.1
// Nobody's link is this small; an attacker's is, to make us send forty bytes of header for each of data.
#define MSS_LEAST         64u
#define WINDOW_SCALE_MOST 14u // RFC 7323, 2.3

// RFC 9293, 3.10.7: checks that come before any state is looked at.
enum bs_reason frame_tcp(unsigned checksums, struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l4;
	uint32_t segment = (uint32_t)frame->length - frame->l4;
	if (segment < TCP_LENGTH)
		return BS_REASON_TCP_HEADER;
	uint32_t header = (uint32_t)(at[12] >> 4) * 4; // RFC 9293, 3.1, data offset
	if (header < TCP_LENGTH || header > segment)
		return BS_REASON_TCP_HEADER;
	if ((checksums & FRAME_TCP_BAD) != 0)
		return BS_REASON_TCP_CHECKSUM;

	if (load16(at) == 0 || load16(at + 2) == 0) // RFC 6335, 6: 0 is no port
		return BS_REASON_TCP_PORT;
	uint8_t flags = at[13];
	// A segment opens, ends, aborts or acknowledges, and of the first three at most one.
	uint8_t verbs = flags & (TCP_SYN | TCP_FIN | TCP_RST);
	if ((verbs & (verbs - 1)) != 0 || (verbs | (flags & TCP_ACK)) == 0)
		return BS_REASON_TCP_FLAGS;

	frame_fill_tcp(at, checksums, frame);
	return BS_REASON_ACCEPTED;
}

bool frame_tcp_checksum(const struct frame *frame)
{
	uint32_t segment = (uint32_t)frame->length - frame->l4;
	return internet_checksum(pseudo_header_sum(&frame->source, &frame->destination,
					 PROTOCOL_TCP, segment),
		       frame->bytes + frame->l4, segment) == 0;
}

enum bs_reason frame_icmp(struct frame *frame)
{
	uint32_t length = (uint32_t)frame->length - frame->l4;
	// RFC 792: every message has eight bytes at least, all of it under the checksum.
	if (length < 8 || internet_checksum(0, frame->bytes + frame->l4, length) != 0)
		return BS_REASON_ICMP_BAD;
	frame->kind = FRAME_ICMP;
	frame->payload = frame->l4;
	frame->payload_length = (uint16_t)length;
	return BS_REASON_ACCEPTED;
}

// Neighbour solicitation and advertisement: all that an address hears before it is ready.
static bool is_discovery(uint8_t type)
{
	return type == 135 || type == 136;
}

enum bs_reason frame_icmp6(
	const struct ports *ports, const struct port *port, bool to_group, struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l4;
	uint32_t length = (uint32_t)frame->length - frame->l4;
	if (length < 8)
		return BS_REASON_ICMP_BAD;
	uint8_t type = at[0];
	if (!to_group && frame->local == LOCAL_NONE) {
		struct bs_address link_local = local_link_local(port);
		if (!bs_address_equal(&frame->destination, &link_local) &&
			!(is_discovery(type) &&
				local_find(ports, port, &frame->destination) != LOCAL_NONE))
			return BS_REASON_IP_NOT_OURS;
	}
	// RFC 4862, 5.4.2: only a solicitation, by one who checks an address of his own, has no source yet.
	if (ipv6_unspecified(&frame->source) && type != 135)
		return BS_REASON_IP_MARTIAN;
	if (internet_checksum(
		    pseudo_header_sum(&frame->source, &frame->destination, PROTOCOL_ICMP6, length),
		    at, length) != 0)
		return BS_REASON_ICMP_BAD;
	frame->kind = FRAME_ICMP6;
	frame->payload = frame->l4;
	frame->payload_length = (uint16_t)length;
	return BS_REASON_ACCEPTED;
}

void frame_tcp_options(const struct frame *frame, struct tcp_options *options)
{
	const uint8_t *at = frame->bytes + frame->l4 + TCP_LENGTH;
	const uint8_t *end = at + frame->options_length;

	*options = (struct tcp_options){
		.mss = bs_address_is_ipv4(&frame->source) ? MSS_DEFAULT_IPV4 : MSS_DEFAULT_IPV6};
	while (at < end) {
		if (at[0] == 0) // RFC 9293, 3.2: end of list
			return;
		if (at[0] == 1) { // no operation
			at++;
			continue;
		}
		// RFC 9293, 3.1 (MUST-7): an illegal length ends it, what was read before stands.
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return;
		if (at[0] == 2 && at[1] == 4) { // RFC 9293, 3.7.1
			uint16_t mss = load16(at + 2);
			options->mss = mss < MSS_LEAST ? MSS_LEAST : mss;
		} else if (at[0] == 3 && at[1] == 3) { // RFC 7323, 2.3: above 14 counts as 14
			options->window_scale = at[2] > WINDOW_SCALE_MOST ? WINDOW_SCALE_MOST
									  : at[2];
			options->has_window_scale = true;
		} else if (at[0] == 4 && at[1] == 2) { // RFC 2018, 2
			options->sack_permitted = true;
		}
		at += at[1];
	}
}
