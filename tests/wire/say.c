// SPDX-License-Identifier: BSD-3-Clause
//
// The harness: what a test says to the dataplane, and what it expects to hear.
#include "tests/wire/wire.h"

#include <string.h>

#include <rte_mbuf.h>

void wire_inject(struct wire *wire, const void *bytes, uint32_t length, uint64_t port_says)
{
	wire_queue(wire, bytes, length, port_says);
	wire_poll(wire);
}

uint32_t wire_send_tcp(struct wire_peer *peer, const struct wire_packet *packet)
{
	struct wire_bytes bytes;
	wire_build_ip(peer, PROTOCOL_TCP, packet, &bytes);
	uint32_t length = (uint32_t)packet->payload_length;
	if (length == 0 && packet->payload != NULL)
		length = (uint32_t)strlen(packet->payload);
	length += (packet->flags & TCP_SYN) != 0;
	length += (packet->flags & TCP_FIN) != 0;
	uint32_t next = (packet->seq != 0 ? packet->seq : peer->seq) + length;
	if (packet->seq == 0)
		peer->seq = next;
	wire_inject(peer->wire, bytes.byte, bytes.length, 0);
	return next;
}

void wire_send_icmp(struct wire_peer *peer, const struct wire_packet *packet)
{
	struct wire_bytes bytes;
	wire_build_ip(peer, peer->ipv6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP, packet, &bytes);
	wire_inject(peer->wire, bytes.byte, bytes.length, 0);
}

void wire_send_arp(struct wire_peer *peer, const struct wire_packet *packet)
{
	struct wire_bytes bytes;
	wire_build_arp(peer, packet, &bytes);
	wire_inject(peer->wire, bytes.byte, bytes.length, 0);
}

const struct wire_frame *wire_next(struct wire *wire)
{
	if (wire->seen_tail == wire->seen_head)
		return NULL;
	return wire->seen[wire->seen_tail++ % WIRE_SEEN];
}

void wire_forget(struct wire *wire)
{
	wire->seen_tail = wire->seen_head;
}

const struct wire_frame *wire_expect_at(struct wire *wire, const char *file, int line)
{
	const struct wire_frame *frame = wire_next(wire);
	if (frame == NULL)
		cr_assert_fail("%s:%d: nothing was sent", file, line);
	return frame;
}

static const char *flag_names(uint8_t flags, char text[32])
{
	static const char name[] = "FSRPAUEC";
	char *at = text;
	for (unsigned i = 0; i < 8; i++) {
		if ((flags & 1u << i) != 0)
			*at++ = name[i];
	}
	*at = '\0';
	return text;
}

const struct wire_frame *wire_expect_tcp_at(
	struct wire_peer *peer, uint8_t flags, const char *file, int line)
{
	const struct wire_frame *frame = wire_expect_at(peer->wire, file, line);
	char have[32], want[32];
	if (frame->protocol != PROTOCOL_TCP)
		cr_assert_fail("%s:%d: sent Ethernet type %04x, protocol %u, not TCP", file, line,
			frame->ether_type, frame->protocol);
	if ((frame->flags & ~TCP_PSH) != (flags & ~TCP_PSH))
		cr_assert_fail("%s:%d: sent flags %s with %u bytes, wanted %s", file, line,
			flag_names(frame->flags, have), frame->payload_length,
			flag_names(flags, want));
	if (frame->source_port != peer->service || frame->destination_port != peer->port ||
		!bs_address_equal(&frame->source, &peer->local) ||
		!bs_address_equal(&frame->destination, &peer->address) ||
		memcmp(frame->to, peer->mac, 6) != 0)
		cr_assert_fail("%s:%d: sent to somebody else", file, line);
	uint32_t end = frame->seq + frame->payload_length + ((frame->flags & TCP_SYN) != 0) +
		       ((frame->flags & TCP_FIN) != 0);
	if ((frame->flags & TCP_SYN) != 0 || frame->seq == peer->ack)
		peer->ack = end;
	return frame;
}

const struct wire_frame *wire_expect_icmp_at(
	struct wire *wire, uint8_t type, const char *file, int line)
{
	const struct wire_frame *frame = wire_expect_at(wire, file, line);
	if (frame->protocol != PROTOCOL_ICMP && frame->protocol != PROTOCOL_ICMP6)
		cr_assert_fail("%s:%d: sent Ethernet type %04x, protocol %u, not ICMP", file, line,
			frame->ether_type, frame->protocol);
	if (frame->payload[0] != type)
		cr_assert_fail(
			"%s:%d: sent ICMP type %u, wanted %u", file, line, frame->payload[0], type);
	return frame;
}

const struct wire_frame *wire_expect_arp_at(
	struct wire *wire, uint16_t operation, const char *file, int line)
{
	const struct wire_frame *frame = wire_expect_at(wire, file, line);
	if (frame->ether_type != ETHER_TYPE_ARP)
		cr_assert_fail(
			"%s:%d: sent Ethernet type %04x, not ARP", file, line, frame->ether_type);
	if (load16(frame->payload + 6) != operation)
		cr_assert_fail("%s:%d: sent ARP operation %u, wanted %u", file, line,
			load16(frame->payload + 6), operation);
	return frame;
}

void wire_expect_nothing_at(struct wire *wire, const char *file, int line)
{
	const struct wire_frame *frame = wire_next(wire);
	if (frame == NULL)
		return;
	cr_assert_fail("%s:%d: sent Ethernet type %04x, protocol %u, type or flags %02x, %u bytes",
		file, line, frame->ether_type, frame->protocol,
		frame->protocol == PROTOCOL_TCP ? frame->flags : frame->payload[0], frame->length);
}

static const char *reason_name(enum bs_reason reason)
{
	static const char *const name[] = {
#define X(identifier, text, sentence) text,
		BS_REASONS(X)
#undef X
	};
	return name[reason];
}

void wire_expect_reason_at(struct wire *wire, const struct bs_dataplane_counters *before,
	enum bs_reason expected, const char *file, int line)
{
	for (unsigned i = 0; i < BS_REASON_COUNT; i++) {
		uint64_t counted = wire->counters.reason[i] - before->reason[i];
		uint64_t want = i == expected;
		if (i ==
			BS_REASON_ACCEPTED) // not a drop; whether it is counted is nobody's contract
			continue;
		if (counted != want)
			cr_assert_fail("%s:%d: %s counted %u times, wanted %s", file, line,
				reason_name(i), (unsigned)counted, reason_name(expected));
	}
}

bool wire_event(struct wire *wire, uint32_t *number, uint32_t *events)
{
	struct bs_streams *streams = wire->dataplane->streams;
	if (!bs_ring_pop(streams->events[0], number, sizeof(*number)))
		return false;
	*events = atomic_exchange(&streams->stream[*number].events, 0);
	return true;
}

struct bs_stream *wire_stream(struct wire *wire, uint32_t number)
{
	return &wire->dataplane->streams->stream[number];
}

void wire_wish(struct wire *wire, uint32_t number, uint32_t wishes)
{
	bs_stream_wish(wire->dataplane->streams, number, wishes);
	wire_poll(wire);
}

void wire_reply(struct wire *wire, uint32_t number, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);
	cr_assert_eq(bs_stream_write(wire_stream(wire, number), text, length), length);
	wire_wish(wire, number, BS_WISH_SEND);
}

bool wire_notice(struct wire *wire, struct bs_notice *notice)
{
	return bs_ring_pop(wire->dataplane->notices, notice, sizeof(*notice));
}

bool wire_find_notice(struct wire *wire, enum bs_notice_kind kind, struct bs_notice *notice)
{
	while (wire_notice(wire, notice))
		if (notice->kind == kind)
			return true;
	return false;
}

void wire_expect_text_at(struct wire_peer *peer, const char *text, const char *file, int line)
{
	const struct wire_frame *frame = wire_expect_tcp_at(peer, TCP_ACK, file, line);
	if (frame->payload_length != strlen(text) ||
		memcmp(frame->payload, text, frame->payload_length) != 0)
		cr_assert_fail("%s:%d: \"%.*s\" is not \"%s\"", file, line, frame->payload_length,
			frame->payload, text);
}

void wire_connect_at(struct wire_peer *peer, const char *file, int line)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp_at(peer, TCP_SYN | TCP_ACK, file, line);
	wire_tcp(peer, .flags = TCP_ACK);
}

void wire_say(struct wire_peer *peer, const char *text)
{
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .payload = text);
}
