// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/tcp_send.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/cookie.h"
#include "dataplane/neighbour/link.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/syn_ack.h"
#include "dataplane/tcp/text.h"
#include "dataplane/tcp/window.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/port/transmit.h"

#define OPTIONS_MAX 40
// Sent again so often, a segment may be too large for its path whose ICMP does not reach us (RFC 2923, 2.1; RFC 8201, 1): then it is
// made as small as every path takes. Other connections have nothing of it.
#define BLACK_HOLE 2u

// All that differs between segments.
struct segment {
	const struct bs_address *local, *peer;
	uint16_t local_port, peer_port;
	uint32_t sequence, acknowledgement;
	uint16_t window;
	uint8_t flags;
	uint8_t options_length; // a multiple of 4
	uint8_t options[OPTIONS_MAX];
};

// Starts a segment to `mac` and returns where its `payload` bytes go; NULL when no mbuf is free.
static uint8_t *start(struct dataplane *dataplane, const struct port *port, const uint8_t mac[6],
	const struct segment *s, uint16_t payload, struct rte_mbuf **mbuf)
{
	uint16_t header = (uint16_t)(sizeof(struct rte_tcp_hdr) + s->options_length);
	uint8_t *l4 = transmit_ip(dataplane, port, mac, s->local, s->peer, IPPROTO_TCP, HOP_LIMIT,
		(uint16_t)(header + payload), mbuf);
	if (l4 == NULL)
		return NULL;
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)l4;
	tcp->src_port = rte_cpu_to_be_16(s->local_port);
	tcp->dst_port = rte_cpu_to_be_16(s->peer_port);
	tcp->sent_seq = rte_cpu_to_be_32(s->sequence);
	tcp->recv_ack = rte_cpu_to_be_32(s->acknowledgement);
	tcp->data_off = (uint8_t)(header / 4 << 4);
	tcp->tcp_flags = s->flags;
	tcp->rx_win = rte_cpu_to_be_16(s->window);
	memcpy(l4 + sizeof(*tcp), s->options, s->options_length);
	return l4 + header;
}

// Its checksum, when `payload` bytes at `at` are written.
static void seal(const struct port *port, const struct segment *s, uint16_t payload, uint8_t *at,
	struct rte_mbuf *mbuf)
{
	uint16_t length = (uint16_t)(sizeof(struct rte_tcp_hdr) + s->options_length + payload);
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(void *)(at - (length - payload));
	uint32_t sum = pseudo_header_sum(s->local, s->peer, IPPROTO_TCP, length);
	if (port->fills_tcp) {
		// The NIC wants the pseudo header's sum in the field, not complemented.
		tcp->cksum = (uint16_t)~internet_checksum(sum, NULL, 0);
		mbuf->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM |
				  (bs_address_is_ipv4(s->local) ? RTE_MBUF_F_TX_IPV4
								: RTE_MBUF_F_TX_IPV6);
		mbuf->l4_len = (uint64_t)(length - payload);
	} else {
		tcp->cksum = internet_checksum(sum, tcp, length);
	}
}

static void finish(struct dataplane *dataplane, const struct port *port, const struct segment *s,
	uint16_t payload, uint8_t *at, struct rte_mbuf *mbuf)
{
	seal(port, s, payload, at, mbuf);
	transmit_send(dataplane, port, mbuf);
}

static const struct port *port_of(const struct dataplane *dataplane, const struct connection *c)
{
	return &dataplane->ports->port[dataplane->ports->local[c->local].port];
}

// The parts that a connection's segments share. False when its link-layer address is not known.
static bool prepare(
	struct dataplane *dataplane, const struct connection *c, struct segment *s, uint8_t mac[6])
{
	s->local = &dataplane->ports->local[c->local].address;
	s->peer = &c->peer;
	s->local_port = dataplane->ports->service;
	s->peer_port = c->peer_port;
	s->acknowledgement = c->rcv_nxt;
	s->options_length = 0;
	return link_mac(dataplane, c, port_of(dataplane, c), mac);
}

static void send_empty(struct dataplane *dataplane, const struct port *port, const uint8_t mac[6],
	const struct segment *s)
{
	struct rte_mbuf *mbuf;
	uint8_t *at = start(dataplane, port, mac, s, 0, &mbuf);
	if (at != NULL)
		finish(dataplane, port, s, 0, at, mbuf);
}

void send_syn_ack_again(struct dataplane *dataplane, const struct connection *c)
{
	struct segment s = {.flags = TCP_SYN | TCP_ACK, .window = RECORD_WINDOW};
	uint8_t mac[6];
	if (!prepare(dataplane, c, &s, mac))
		return;
	s.sequence = c->snd_una;
	s.options_length = syn_ack_options(port_of(dataplane, c), &c->peer, c->options, s.options);
	send_empty(dataplane, port_of(dataplane, c), mac, &s);
}

void send_control(
	struct dataplane *dataplane, const struct connection *c, uint32_t sequence, uint8_t flags)
{
	struct segment s = {
		.sequence = sequence, .flags = flags, .window = window_field_of_record(c)};
	uint8_t mac[6];
	if (prepare(dataplane, c, &s, mac))
		send_empty(dataplane, port_of(dataplane, c), mac, &s);
}

uint16_t send_mss(const struct dataplane *dataplane, const struct connection *c)
{
	uint16_t own = own_mss(port_of(dataplane, c), &c->peer), peer = cookie_mss(c->options);
	uint16_t mss = own < peer ? own : peer;
	uint16_t least = bs_address_is_ipv4(&c->peer) ? MSS_LEAST_IPV4 : MSS_LEAST_IPV6;
	return c->retransmits >= BLACK_HOLE && mss > least ? least : mss;
}

void send_text(struct dataplane *dataplane, const struct connection *c, uint32_t offset)
{
	const struct port *port = port_of(dataplane, c);
	uint32_t length = text_length(dataplane, c);
	uint32_t window = c->window == UINT8_MAX ? UINT32_MAX : (uint32_t)c->window * 64;
	uint32_t end = length - c->text_position > window ? c->text_position + window : length;
	uint16_t mss = send_mss(dataplane, c);
	struct segment s = {.window = window_field_of_record(c)};
	uint8_t mac[6];
	if (end <= offset &&
		offset > c->text_position) { // no room behind what is under way: the timer's
		send_control(dataplane, c, c->snd_una + (end - c->text_position), TCP_ACK);
		return;
	}
	if (!prepare(dataplane, c, &s, mac))
		return;
	if (end <= offset && length > offset)
		end = offset +
		      1; // a closed window: the retransmission timer probes it with one byte
	while (offset < end) {
		struct rte_mbuf *mbuf;
		uint16_t count = (uint16_t)(end - offset < mss ? end - offset : mss);
		s.sequence = c->snd_una + (offset - c->text_position);
		s.flags = offset + count == length ? TCP_ACK | TCP_PSH : TCP_ACK;
		uint8_t *at = start(dataplane, port, mac, &s, count, &mbuf);
		if (at == NULL)
			return;
		text_copy(dataplane, c, offset, at, count);
		finish(dataplane, port, &s, count, at, mbuf);
		offset += count;
	}
}

struct rte_mbuf *make_text(struct dataplane *dataplane, const struct connection *c)
{
	uint16_t count = (uint16_t)text_unacknowledged(dataplane, c);
	struct segment s = {.sequence = c->snd_una,
		.flags = TCP_ACK | TCP_PSH,
		.window = window_field_of_record(c)};
	struct rte_mbuf *mbuf;
	uint8_t mac[6];
	if (!prepare(dataplane, c, &s, mac))
		return NULL;
	uint8_t *at = start(dataplane, port_of(dataplane, c), mac, &s, count, &mbuf);
	if (at == NULL)
		return NULL;
	text_copy(dataplane, c, c->text_position, at, count);
	seal(port_of(dataplane, c), &s, count, at, mbuf);
	return mbuf;
}

#define SACK_RANGES 4u // what 40 bytes of options hold

// RFC 2018, 3: what was received ahead of a gap, most recent first.
static void sack_options(struct segment *s, const struct talk *talk)
{
	uint8_t *o = s->options, n = 0;
	uint8_t told = talk->gaps < SACK_RANGES ? talk->gaps : SACK_RANGES;
	o[n++] = 1;
	o[n++] = 1;
	o[n++] = 5;
	o[n++] = (uint8_t)(2 + 8 * told);
	for (unsigned i = 0; i < told; i++) {
		uint32_t edge[2] = {
			rte_cpu_to_be_32(talk->gap[i].start), rte_cpu_to_be_32(talk->gap[i].end)};
		memcpy(o + n, edge, sizeof(edge));
		n += sizeof(edge);
	}
	s->options_length = n;
}

void send_talk(struct dataplane *dataplane, struct connection *c, uint32_t sequence, uint32_t count,
	uint8_t flags)
{
	const struct port *port = port_of(dataplane, c);
	struct bs_stream *stream = &dataplane->streams->stream[c->block];
	struct talk *talk = block_talk(stream);
	struct segment s = {.sequence = sequence, .flags = flags | TCP_ACK};
	struct rte_mbuf *mbuf;
	uint8_t mac[6];

	// Behind the byte that probes a closed window a strict client would not look at the rest (RFC 9293, 3.10.7.4).
	if (count == 0 && sequence_after(sequence, c->snd_una + talk->snd_wnd))
		s.sequence = c->snd_una + talk->snd_wnd;
	s.window = window_promise(c, stream, talk);
	talk->flags &= (uint8_t) ~(TALK_ACK_NOW | TALK_ACK_LATER);
	if (!prepare(dataplane, c, &s, mac))
		return;
	if (talk->gaps > 0 && (c->flags & CONNECTION_SACK))
		sack_options(&s, talk);
	uint8_t *at = start(dataplane, port, mac, &s, (uint16_t)count, &mbuf);
	if (at == NULL)
		return;
	uint32_t from = (sequence - talk->tx_base) & (BS_STREAM_TX - 1);
	uint32_t straight = BS_STREAM_TX - from < count ? BS_STREAM_TX - from : count;
	memcpy(at, stream->tx + from, straight);
	memcpy(at + straight, stream->tx, count - straight);
	finish(dataplane, port, &s, (uint16_t)count, at, mbuf);
}

void send_reset(struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	if ((frame->flags & TCP_RST) || !bucket_take(&dataplane->resets, dataplane->now_ms))
		return;
	struct segment s = {
		.local = &frame->destination,
		.peer = &frame->source,
		.local_port = frame->destination_port,
		.peer_port = frame->source_port,
	};
	if (frame->flags & TCP_ACK) {
		s.sequence = frame->acknowledgement;
		s.flags = TCP_RST;
	} else {
		s.acknowledgement = frame->sequence + frame->payload_length +
				    ((frame->flags & TCP_SYN) != 0) +
				    ((frame->flags & TCP_FIN) != 0);
		s.flags = TCP_RST | TCP_ACK;
	}
	dataplane->counters->resets_sent++;
	send_empty(dataplane, port, frame->bytes + RTE_ETHER_ADDR_LEN, &s);
}
