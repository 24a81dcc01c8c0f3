// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/path_mtu.h"

#include "dataplane/dataplane.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/handover.h"
#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection_index.h"
#include "dataplane/tcp/cookie.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/talk_send.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"

#define ICMP_UNREACHABLE 3u
#define ICMP_TOO_BIG     4u // code of the former
#define ICMP6_TOO_BIG    2u
#define ERROR_LENGTH     8u // in front of what it quotes
#define QUOTED_TCP       8u // of the quoted segment: ports and sequence number
#define MTU_LEAST_IPV6   1280u

bool path_mtu_is(const struct frame *frame)
{
	if ((frame->kind != FRAME_ICMP && frame->kind != FRAME_ICMP6) || frame->local == LOCAL_NONE)
		return false;
	const uint8_t *at = frame->bytes + frame->l4, *quoted = at + ERROR_LENGTH;
	if (frame->kind == FRAME_ICMP)
		return at[0] == ICMP_UNREACHABLE && at[1] == ICMP_TOO_BIG &&
		       frame->payload_length >= ERROR_LENGTH + IPV4_LENGTH + QUOTED_TCP &&
		       quoted[0] == 0x45 && quoted[9] == PROTOCOL_TCP &&
		       memcmp(quoted + 12, frame->destination.octet + 12, 4) == 0;
	return at[0] == ICMP6_TOO_BIG &&
	       frame->payload_length >= ERROR_LENGTH + IPV6_LENGTH + QUOTED_TCP &&
	       quoted[0] >> 4 == 6 && quoted[6] == PROTOCOL_TCP &&
	       memcmp(quoted + 8, frame->destination.octet, 16) == 0;
}

// The quoted segment, as if its receiver had sent it: then it is found like any other of its connection. The MTU stands as its
// acknowledgement.
static void turn(const struct frame *message, struct frame *quoted)
{
	const uint8_t *at = message->bytes + message->l4, *ip = at + ERROR_LENGTH;
	bool ipv4 = message->kind == FRAME_ICMP;
	const uint8_t *tcp = ip + (ipv4 ? IPV4_LENGTH : IPV6_LENGTH);
	*quoted = (struct frame){
		.bytes = message->bytes,
		.kind = message->kind,
		.port = message->port,
		.local = message->local,
		.source = ipv4 ? bs_address_from_ipv4(ip + 16) : bs_address_from_ipv6(ip + 24),
		.destination = message->destination,
		.source_port = load16(tcp + 2),
		.destination_port = load16(tcp),
		.sequence = load32(tcp + 4),
		.acknowledgement = ipv4 ? load16(at + 6) : load32(at + 4),
	};
}

// Behind the last byte that was sent and may have been too large; the SYN-ACK and a FIN never are.
static uint32_t snd_max(const struct dataplane *dataplane, const struct connection *c)
{
	switch ((enum stage)c->stage) {
	case STAGE_WAITING:
	case STAGE_GREETED:
	case STAGE_REFUSED:
	case STAGE_STUTTER:
		return c->snd_una + text_unacknowledged(dataplane, c);
	case STAGE_TALKING:
		return block_talk(&dataplane->streams->stream[c->block])->snd_max;
	default:
		return c->snd_una;
	}
}

// The largest size of cookie_mss() that fits into `mtu`, in its place in c->options. What every path takes stays (RFC 1191, 3; RFC 8201, 4).
static uint8_t lowered(const struct connection *c, uint32_t mtu)
{
	bool ipv4 = bs_address_is_ipv4(&c->peer);
	uint32_t header = ipv4 ? 40 : 60, least = ipv4 ? MSS_LEAST_IPV4 : MSS_LEAST_IPV6;
	uint32_t mss = mtu > header + least ? mtu - header : least;
	uint8_t options = (uint8_t)(c->options | COOKIE_MSS_BITS);
	while (cookie_mss(options) > mss)
		options -= COOKIE_MSS_STEP;
	return options;
}

static enum bs_reason lower(struct dataplane *dataplane, const struct frame *quoted)
{
	struct connections *connections = dataplane->connections;
	struct frame *frame = (struct frame *)(uintptr_t)quoted;
	uint32_t found, mtu = quoted->acknowledgement;
	// RFC 8201, 4: a smaller one is not for IPv6.
	if (quoted->destination_port != dataplane->ports->service ||
		(quoted->kind == FRAME_ICMP6 && mtu < MTU_LEAST_IPV6))
		return BS_REASON_PATH_MTU_BAD;
	connection_lookup_bulk(connections->index, connections->record, &frame, &found, 1);
	if (found == CONNECTION_NONE)
		return BS_REASON_PATH_MTU_STRAY;
	struct connection *c = &connections->record[found];
	// RFC 5927, 4.1: SND.UNA =< SEG.SEQ < SND.NXT.
	if (quoted->sequence - c->snd_una >= snd_max(dataplane, c) - c->snd_una)
		return BS_REASON_PATH_MTU_SEQUENCE;
	uint8_t options = lowered(c, mtu);
	if (cookie_mss(options) >= send_mss(dataplane, c))
		return BS_REASON_PATH_MTU_NO_LESS;
	c->options = options;
	dataplane->counters->path_mtu_lowered++;
	dataplane->counters->retransmits++;
	// RFC 1191, 6.4: what was lost goes out again at once; it says nothing about congestion.
	if (c->stage == STAGE_TALKING)
		talk_send_smaller(dataplane, c);
	else
		send_text(dataplane, c, c->text_position);
	return BS_REASON_ACCEPTED;
}

enum bs_reason path_mtu_input(struct dataplane *dataplane, const struct port *port,
	const struct frame *message, bool *elsewhere)
{
	struct frame quoted;
	turn(message, &quoted);
	*elsewhere = false;
	if (!port->handover)
		return lower(dataplane, &quoted);
	uint32_t owner = handover_owner(dataplane->handover, port, &quoted);
	if (owner == dataplane->number)
		return lower(dataplane, &quoted);
	if (!handover_give(dataplane, owner, &quoted))
		return BS_REASON_HANDOVER_FULL;
	*elsewhere = true;
	dataplane->counters->handed_over++;
	handover_wake(dataplane);
	return BS_REASON_ACCEPTED;
}

bool path_mtu_handed(struct dataplane *dataplane, const struct frame *frame)
{
	if (frame->kind == FRAME_TCP)
		return false;
	dataplane->counters->reason[lower(dataplane, frame)]++;
	return true;
}
