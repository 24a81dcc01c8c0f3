// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dataplane.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/connection_index.h"
#include "dataplane/frame/frame.h"
#include "dataplane/tcp/handshake.h"
#include "dataplane/inquiry.h"
#include "dataplane/neighbour/link.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/overload.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/syn_rate.h"
#include "dataplane/tcp/talk.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/port/transmit.h"
#include "dataplane/tcp/waiting.h"

// Delays that end in a turn, at most: a burst of them must not starve the receive queues.
#define EXPIRIES_A_TURN 256u
// Connections told 421 in a turn when we are stopping.
#define DRAINED_A_TURN 64u
// Without interrupts from the port, the longest nap between two looks at it: a millisecond where somebody is
// connected, and so little more where nobody is that a SYN does not mind.
#define PATIENCE_NS       1000000u
#define PATIENCE_ALONE_NS 4000000u

// `class`: of the source, when the frame is a SYN.
static enum bs_reason connection_input(struct dataplane *dataplane, const struct port *port,
	struct connection *c, const struct frame *frame, uint8_t class)
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
		return reopen ? handshake_syn(dataplane, port, frame, class) : reason;
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

static enum bs_reason tcp_input(
	struct dataplane *dataplane, const struct frame *frame, uint32_t found, uint8_t class)
{
	struct connections *connections = dataplane->connections;
	const struct port *port = &dataplane->ports->port[frame->port];
	if (frame->destination_port != dataplane->ports->service) { // the index knows no other
		send_reset(dataplane, port, frame);
		return BS_REASON_TCP_PORT;
	}
	if (found == CONNECTION_NONE || !still(&connections->record[found], frame)) {
		// Looked up at the burst's start; an earlier frame of it may have made the connection.
		connection_lookup_bulk(connections->index, connections->record, &frame, &found, 1);
	}
	if (found != CONNECTION_NONE)
		return connection_input(dataplane, port, &connections->record[found], frame, class);
	if ((frame->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		return handshake_syn(dataplane, port, frame, class);
	return handshake_stray(dataplane, port, frame);
}

static void tcp_burst(
	struct dataplane *dataplane, const struct frame *const *frames, unsigned count)
{
	uint32_t found[BURST];
	struct bs_address source
		[BURST]; // of SYNs, also in a connection: it may be over when their turn comes
	uint8_t class[BURST], row[BURST];
	unsigned syns = 0;

	connection_lookup_bulk(dataplane->connections->index, dataplane->connections->record,
		frames, found, count);
	for (unsigned i = 0; i < count; i++) {
		row[i] = 0;
		if (frames[i]->flags & TCP_SYN) {
			row[i] = (uint8_t)syns;
			source[syns++] = frames[i]->source;
		}
	}
	class[0] = BS_CLASS_PLAIN;
	bs_policy_classify(dataplane->policy, source, class, syns);
	for (unsigned i = 0; i < count; i++)
		dataplane->counters
			->reason[tcp_input(dataplane, frames[i], found[i], class[row[i]])]++;
	talk_acknowledge(dataplane);
}

// What the port said about checksums, where it is to be believed.
static unsigned checksums(const struct port *port, const struct rte_mbuf *mbuf)
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

static enum bs_reason parse(const struct dataplane *dataplane, const struct port *port,
	const struct rte_mbuf *mbuf, struct frame *frame)
{
	if (mbuf->nb_segs > 1)
		return BS_REASON_FRAME_SEGMENTED;
	return frame_parse(dataplane->ports, port, rte_pktmbuf_mtod(mbuf, const uint8_t *),
		rte_pktmbuf_data_len(mbuf), checksums(port, mbuf), frame);
}

static void burst(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	unsigned count)
{
	struct frame frame[BURST];
	const struct frame *tcp[BURST];
	unsigned tcps = 0;

	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], const void *));
	for (unsigned i = 0; i < count; i++) {
		dataplane->counters->rx_bytes += rte_pktmbuf_pkt_len(mbuf[i]);
		enum bs_reason reason = parse(dataplane, port, mbuf[i], &frame[i]);
		if (reason == BS_REASON_ACCEPTED && frame[i].kind == FRAME_TCP) {
			tcp[tcps++] = &frame[i];
			continue;
		}
		if (reason == BS_REASON_ACCEPTED)
			reason = neighbour_input(dataplane, port, &frame[i]);
		dataplane->counters->reason[reason]++;
	}
	dataplane->counters->rx_packets += count;
	if (tcps > 0)
		tcp_burst(dataplane, tcp, tcps);
	rte_pktmbuf_free_bulk(mbuf, count);
}

static unsigned receive(struct dataplane *dataplane)
{
	unsigned done = 0;
	for (unsigned i = 0; i < dataplane->queue_count; i++) {
		const struct receive_queue *queue = &dataplane->queue[i];
		const struct port *port = &dataplane->ports->port[queue->port];
		struct rte_mbuf *mbuf[BURST];
		unsigned count = rte_eth_rx_burst(port->id, queue->queue, mbuf, BURST);
		if (count > 0)
			burst(dataplane, port, mbuf, count);
		done += count;
	}
	return done;
}

static void expired(struct dataplane *dataplane, struct connection *c)
{
	switch ((enum stage)c->stage) {
	case STAGE_HALF_OPEN:
		handshake_expired(dataplane, c);
		break;
	case STAGE_WAITING:
	case STAGE_GREETED:
		waiting_expired(dataplane, c);
		break;
	case STAGE_REFUSED:
		refused_expired(dataplane, c);
		break;
	case STAGE_STUTTER:
		stutter_expired(dataplane, c);
		break;
	case STAGE_TALKING:
		talk_expired(dataplane, c);
		break;
	case STAGE_LINGER:
	case STAGE_FIN_WAIT_1:
	case STAGE_FIN_WAIT_2:
	case STAGE_CLOSING:
	case STAGE_LAST_ACK:
	case STAGE_TIME_WAIT:
		closing_expired(dataplane, c);
		break;
	case STAGE_FREE:
	case STAGES:
		break;
	}
}

static unsigned expire(struct dataplane *dataplane)
{
	struct connections *connections = dataplane->connections;
	unsigned done = 0;
	for (unsigned delay = DELAY_ACK; delay < DELAYS; delay++) {
		while (connections->queue[delay].head != CONNECTION_NONE &&
			done < EXPIRIES_A_TURN) {
			struct connection *c = &connections->record[connections->queue[delay].head];
			if (!connection_due(dataplane, c))
				break;
			connection_delay(dataplane, c, DELAY_NONE);
			expired(dataplane, c);
			done++;
		}
	}
	return done;
}

// We are stopping: those who wait, and those who were greeted and said nothing yet, are told so.
static unsigned drain(struct dataplane *dataplane)
{
	static const enum delay waiting[] = {DELAY_WAIT, DELAY_WAIT_LONG, DELAY_GREETED};
	struct connections *connections = dataplane->connections;
	unsigned done = 0;
	for (unsigned i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
		while (connections->queue[waiting[i]].head != CONNECTION_NONE &&
			done < DRAINED_A_TURN) {
			waiting_drain(dataplane,
				&connections->record[connections->queue[waiting[i]].head]);
			done++;
		}
	}
	return done;
}

unsigned dataplane_poll(void *self, uint64_t now_ns)
{
	struct dataplane *dataplane = self;
	dataplane->clock_ms = now_ns / 1000000;
	dataplane->now_ms = (uint32_t)dataplane->clock_ms;
	dataplane->policy = bs_policy_get();
	unsigned done = receive(dataplane);
	done += talk_wishes(dataplane);
	done += waiting_greetings(dataplane);
	done += overload_turn(dataplane);
	done += expire(dataplane);
	done += inquiry_turn(dataplane);
	if (*dataplane->draining)
		done += drain(dataplane);
	if (dataplane->neighbours != NULL)
		neighbour_turn(dataplane, dataplane->neighbours, dataplane->now_ms);
	transmit_flush(dataplane);
	return done;
}

bool dataplane_ready(void *self)
{
	struct dataplane *dataplane = self;
	if (bs_door_look(dataplane->door) != NULL)
		return true;
	for (uint32_t worker = 0; worker < dataplane->streams->workers; worker++) {
		if (!bs_ring_empty(dataplane->streams->wishes[worker]) ||
			!bs_ring_empty(dataplane->streams->greet[worker]))
			return true;
	}
	return false;
}

uint64_t dataplane_patience(void *self, uint64_t now_ns)
{
	const struct dataplane *dataplane = self;
	return dataplane->counters->records > 0 ? PATIENCE_NS : PATIENCE_ALONE_NS;
}
