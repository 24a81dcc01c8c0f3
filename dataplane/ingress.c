// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ingress.h"

#include <rte_mbuf.h>

#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/handover.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/connection_index.h"
#include "dataplane/tcp/handshake.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/talk.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/waiting.h"

// A stage of its own in a profile.
#define STAGE __attribute__((noinline))

static enum bs_reason connection_input(struct dataplane *dataplane, const struct port *port,
	struct connection *c, struct frame *frame)
{
	bool reopen = false;
	enum bs_reason reason;
	switch ((enum stage)c->stage) {
	case STAGE_HALF_OPEN:
		return handshake_input(dataplane, port, c, frame);
	case STAGE_WAITING:
	case STAGE_GREETED:
		return waiting_input(dataplane, c, frame);
	case STAGE_REFUSED:
		return refused_input(dataplane, c, frame);
	case STAGE_STUTTER:
		return stutter_input(dataplane, c, frame);
	case STAGE_TALKING:
		return talk_input(dataplane, c, frame);
	case STAGE_LINGER:
	case STAGE_FIN_WAIT_1:
	case STAGE_FIN_WAIT_2:
	case STAGE_CLOSING:
	case STAGE_LAST_ACK:
	case STAGE_TIME_WAIT:
		reason = closing_input(dataplane, c, frame, &reopen);
		return reopen ? handshake_syn(dataplane, port, frame) : reason;
	case STAGE_FREE:
	case STAGES:
		break;
	}
	return BS_REASON_TCP_STRAY;
}

// The record is still that of the frame: an earlier frame of the burst may have ended the connection.
static bool still(const struct connection *c, const struct frame *frame)
{
	return c->stage != STAGE_FREE && c->peer_port == frame->source_port &&
	       c->local == frame->local && bs_address_equal(&c->peer, &frame->source);
}

// `inserted`: of the index, when it was asked about the burst.
static enum bs_reason tcp_input(
	struct dataplane *dataplane, struct frame *frame, uint32_t found, uint32_t inserted)
{
	struct connections *connections = dataplane->connections;
	const struct port *port = &dataplane->ports->port[frame->port];
	bool doubtful = found == CONNECTION_NONE ? connections->inserted != inserted
						 : !still(&connections->record[found], frame);
	if (doubtful) // an earlier frame of the burst made the connection, or ended it
		connection_lookup_bulk(connections->index, connections->record, &frame, &found, 1);
	if (found != CONNECTION_NONE)
		return connection_input(dataplane, port, &connections->record[found], frame);
	if (frame_opens(frame))
		return handshake_syn(dataplane, port, frame);
	return handshake_stray(dataplane, port, frame);
}

static STAGE void ingress_tcp(struct dataplane *dataplane, struct frame **tcp,
	const uint32_t *found, uint32_t inserted, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		dataplane->counters->reason[tcp_input(dataplane, tcp[i], found[i], inserted)]++;
	talk_acknowledge(dataplane);
}

// What has no connection is looked at together: hashes come cheaper by the dozen.
static void strangers(
	struct dataplane *dataplane, struct frame **tcp, const uint32_t *found, unsigned count)
{
	struct frame *stranger[BURST];
	unsigned strangers = 0;
	for (unsigned i = 0; i < count; i++) {
		stranger[strangers] = tcp[i];
		strangers += found[i] == CONNECTION_NONE;
	}
	handshake_prepare(dataplane, stranger, strangers);
}

static STAGE unsigned ingress_checksum(
	struct dataplane *dataplane, struct frame **tcp, unsigned count)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++) {
		tcp[kept] = tcp[i];
		if (!tcp[i]->unchecked || frame_tcp_checksum(tcp[i]))
			kept++;
		else
			dataplane->counters->reason[BS_REASON_TCP_CHECKSUM]++;
	}
	return kept;
}

static STAGE unsigned ingress_classify(
	struct dataplane *dataplane, struct frame **tcp, unsigned count)
{
	struct bs_address source[BURST];
	uint8_t class[BURST], place[BURST];
	unsigned syns = 0, kept = 0;
	for (unsigned i = 0; i < count; i++) {
		source[syns] = tcp[i]->source;
		place[syns] = (uint8_t)i;
		syns += (tcp[i]->flags & TCP_SYN) != 0;
	}
	if (syns == 0)
		return count;
	bs_policy_classify(dataplane->policy, source, class, syns);
	for (unsigned i = 0; i < syns; i++)
		tcp[place[i]]->class = class[i];
	for (unsigned i = 0; i < count; i++) {
		enum bs_reason reason = tcp[i]->flags & TCP_SYN
						? handshake_filter(dataplane, tcp[i]->class)
						: BS_REASON_ACCEPTED;
		tcp[kept] = tcp[i];
		if (reason == BS_REASON_ACCEPTED)
			kept++;
		else
			dataplane->counters->reason[reason]++;
	}
	return kept;
}

// A port that we don't serve is answered, or not, whatever stands there: the index knows no such connection.
static unsigned ingress_port(struct dataplane *dataplane, struct frame **tcp, unsigned count)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++) {
		tcp[kept] = tcp[i];
		if (tcp[i]->destination_port == dataplane->ports->service) {
			kept++;
			continue;
		}
		handshake_reset(dataplane, &dataplane->ports->port[tcp[i]->port], tcp[i]);
		dataplane->counters->reason[BS_REASON_TCP_PORT]++;
	}
	return kept;
}

static void owned(struct dataplane *dataplane, struct frame **tcp, unsigned count)
{
	struct connections *connections = dataplane->connections;
	uint32_t found[BURST];
	if (count == 0)
		return;
	connection_lookup_bulk(connections->index, connections->record, tcp, found, count);
	uint32_t inserted = connections->inserted;
	strangers(dataplane, tcp, found, count);
	ingress_tcp(dataplane, tcp, found, inserted, count);
}

static void tcp_burst(
	struct dataplane *dataplane, const struct port *port, struct frame **tcp, unsigned count)
{
	count = ingress_classify(dataplane, tcp, count);
	count = ingress_checksum(dataplane, tcp, count);
	count = ingress_port(dataplane, tcp, count);
	if (port->handover)
		count = handover_burst(dataplane, port, tcp, count);
	owned(dataplane, tcp, count);
}

// Classes are rows of a policy, and ours may be another than that of who received them.
void ingress_handed(struct dataplane *dataplane, struct frame **frames, unsigned count)
{
	owned(dataplane, frames, ingress_classify(dataplane, frames, count));
}

// What the port said about checksums, where it is to be believed.
static inline unsigned checksums(const struct port *port, const struct rte_mbuf *mbuf)
{
	unsigned said = 0;
	uint64_t ip = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	if (port->checks_ipv4)
		said |= ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD  ? FRAME_IP_GOOD
			: ip == RTE_MBUF_F_RX_IP_CKSUM_BAD ? FRAME_IP_BAD
							   : 0;
	if (port->checks_tcp)
		said |= l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD  ? FRAME_TCP_GOOD
			: l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD ? FRAME_TCP_BAD
							   : 0;
	return said;
}

static inline enum bs_reason parse(const struct dataplane *dataplane, const struct port *port,
	const struct rte_mbuf *mbuf, struct frame *frame)
{
	if (mbuf->nb_segs > 1)
		return BS_REASON_FRAME_SEGMENTED;
	return frame_parse(dataplane->ports, port, rte_pktmbuf_mtod(mbuf, const uint8_t *),
		rte_pktmbuf_data_len(mbuf), checksums(port, mbuf), frame);
}

// Returns how many TCP segments there are.
static STAGE unsigned ingress_validate(struct dataplane *dataplane, const struct port *port,
	struct rte_mbuf **mbuf, struct frame *frame, struct frame **tcp, unsigned count)
{
	unsigned tcps = 0;
	for (unsigned i = 0; i < count; i++) {
		dataplane->counters->rx_bytes += rte_pktmbuf_pkt_len(mbuf[i]);
		enum bs_reason reason = parse(dataplane, port, mbuf[i], &frame[i]);
		frame[i].mbuf = mbuf[i];
		if (reason == BS_REASON_ACCEPTED && frame[i].kind == FRAME_TCP) {
			tcp[tcps++] = &frame[i];
			continue;
		}
		if (reason == BS_REASON_ACCEPTED)
			reason = neighbour_input(dataplane, port, &frame[i]);
		dataplane->counters->reason[reason]++;
	}
	return tcps;
}

// But for those that became the answer.
static void give_back(struct rte_mbuf **mbuf, const struct frame *frame, unsigned count)
{
	unsigned ours = 0;
	for (unsigned i = 0; i < count; i++) {
		mbuf[ours] = mbuf[i];
		ours += frame[i].mbuf != NULL;
	}
	rte_pktmbuf_free_bulk(mbuf, ours);
}

void ingress_burst(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	unsigned count)
{
	struct frame frame[BURST];
	struct frame *tcp[BURST];
	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], const void *));
	unsigned tcps = ingress_validate(dataplane, port, mbuf, frame, tcp, count);
	dataplane->counters->rx_packets += count;
	if (tcps > 0)
		tcp_burst(dataplane, port, tcp, tcps);
	give_back(mbuf, frame, count);
}
