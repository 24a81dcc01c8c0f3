// SPDX-License-Identifier: BSD-3-Clause
//
// ICMP and ICMPv6. frame_parse() has checked lengths, checksum and destination.
#include "dataplane/neighbour/icmp.h"

#include "dataplane/dataplane.h"
#include "dataplane/neighbour/icmp6_send.h"
#include "dataplane/frame/local.h"
#include "dataplane/neighbour/mld.h"
#include "dataplane/neighbour/ndp.h"

#define ECHO_RATE  1000u // replies a second and lcore: for people and monitoring, not for floods
#define ECHO_BURST 100u

#define ICMP_ECHO_REPLY    0u
#define ICMP_UNREACHABLE   3u
#define ICMP_ECHO          8u
#define ICMP_TIME_EXCEEDED 11u
#define ICMP_PARAMETER     12u
#define ICMP6_ERROR_LAST   127u // RFC 4443, 2.1: types 0 to 127 are errors
#define ICMP6_ECHO         128u
#define ICMP6_ECHO_REPLY   129u

static bool echo_allowed(struct dataplane *dataplane)
{
	struct bucket *echoes = &dataplane->echoes;
	if (echoes->rate == 0)
		*echoes = (struct bucket){.rate = ECHO_RATE,
			.burst = ECHO_BURST,
			.tokens = ECHO_BURST * 1000,
			.last_ms = dataplane->now_ms};
	return bucket_take(echoes, dataplane->now_ms);
}

// RFC 792 and RFC 4443, 4.2: identifier, number and data come back as they were, from the address that was asked.
static enum bs_reason echo(struct dataplane *dataplane, const struct port *port,
	const struct frame *frame, uint8_t reply)
{
	const uint8_t *request = frame->bytes + frame->l4;
	uint16_t length = frame->payload_length;
	struct rte_mbuf *mbuf;
	if (request[1] != 0)
		return BS_REASON_ICMP_BAD;
	// What came whole goes back whole, but a port may be told to send less than it takes.
	if (frame->length - frame->l3 > port->mtu)
		return BS_REASON_ICMP_OTHER;
	if (!echo_allowed(dataplane))
		return BS_REASON_ICMP_RATE;
	uint8_t protocol = frame->kind == FRAME_ICMP ? PROTOCOL_ICMP : PROTOCOL_ICMP6;
	uint8_t *at = transmit_ip(dataplane, port, frame->bytes + 6, &frame->destination,
		&frame->source, protocol, HOP_LIMIT, length, &mbuf);
	if (at == NULL)
		return BS_REASON_ACCEPTED; // counted as no-mbuf
	memcpy(at, request, length);
	at[0] = reply;
	store16(at + 2, 0);
	dataplane->counters->echo_replies++;
	if (frame->kind == FRAME_ICMP6) {
		icmp6_send(dataplane, port, &frame->destination, &frame->source, at, length, mbuf);
		return BS_REASON_ACCEPTED;
	}
	uint16_t checksum = internet_checksum(0, at, length);
	memcpy(at + 2, &checksum, sizeof(checksum));
	transmit_send(dataplane, port, mbuf);
	return BS_REASON_ACCEPTED;
}

// RFC 1122, 3.2.2: an error carries the IP header it is about and eight bytes more. That packet must have been
// ours: from the address the error came to.
static bool about_ours(const struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l4 + 8;
	uint32_t length = frame->payload_length - 8u;
	if (frame->kind == FRAME_ICMP)
		return length >= IPV4_LENGTH + 8 && at[0] >> 4 == 4 &&
		       memcmp(at + 12, frame->destination.octet + 12, 4) == 0;
	return length >= IPV6_LENGTH + 8 && at[0] >> 4 == 6 &&
	       memcmp(at + 8, frame->destination.octet, 16) == 0;
}

enum bs_reason icmp_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	switch (frame->bytes[frame->l4]) {
	case ICMP_ECHO:
		return echo(dataplane, port, frame, ICMP_ECHO_REPLY);
	case ICMP_UNREACHABLE:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER:
		return about_ours(frame) ? BS_REASON_ICMP_OTHER : BS_REASON_ICMP_BAD;
	default:
		return BS_REASON_ICMP_OTHER;
	}
}

enum bs_reason icmp6_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	uint8_t type = frame->bytes[frame->l4];
	switch (type) {
	case NDP_ROUTER_SOLICITATION:
	case NDP_ROUTER_ADVERTISEMENT:
	case NDP_NEIGHBOUR_SOLICITATION:
	case NDP_NEIGHBOUR_ADVERTISEMENT:
	case NDP_REDIRECT:
		return ndp_input(dataplane, port, frame);
	case MLD_QUERY:
		return mld_input(dataplane, port, frame);
	default:
		break;
	}
	// To a group nothing else is answered: one packet would be many.
	if (frame->destination.octet[0] == 0xff)
		return BS_REASON_ICMP_OTHER;
	if (type <= ICMP6_ERROR_LAST)
		return about_ours(frame) ? BS_REASON_ICMP_OTHER : BS_REASON_ICMP_BAD;
	if (type != ICMP6_ECHO)
		return BS_REASON_ICMP_OTHER;
	// The link-local address, too, answers only once it is known to be ours alone.
	if (frame->local == LOCAL_NONE &&
		atomic_load_explicit(&port->link_local_state, memory_order_relaxed) != LOCAL_READY)
		return BS_REASON_IP_NOT_OURS;
	return echo(dataplane, port, frame, ICMP6_ECHO_REPLY);
}
