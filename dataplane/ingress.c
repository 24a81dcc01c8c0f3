// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ingress.h"

#include <rte_mbuf.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/handover.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/connection_index.h"
#include "dataplane/tcp/handshake.h"
#include "dataplane/tcp/path_mtu.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/talk.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/waiting.h"

static enum bs_reason connection_input(struct dataplane *dataplane, const struct port *port,
	struct connection *c, struct frame *frame)
{
	bool reopen = false;
	enum bs_reason reason;
	uint32_t past;
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
		past = c->snd_una;
		reason = closing_input(dataplane, c, frame, &reopen);
		return reopen ? handshake_syn_again(dataplane, port, frame, past) : reason;
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

// How many frames from the first on are SYNs of strangers, as the first is, by one port.
static unsigned opening_row(struct frame *const *tcp, const uint32_t *found, unsigned count)
{
	unsigned row = 1;
	while (row < count && found[row] == CONNECTION_NONE && frame_opens(tcp[row]) &&
		tcp[row]->port == tcp[0]->port)
		row++;
	return row;
}

static STAGE void ingress_tcp(struct dataplane *dataplane, struct frame **tcp,
	const uint32_t *found, uint32_t inserted, unsigned count)
{
	const struct connections *connections = dataplane->connections;
	for (unsigned i = 0; i < count;) {
		if (found[i] == CONNECTION_NONE && frame_opens(tcp[i]) &&
			connections->inserted == inserted) {
			unsigned row = opening_row(tcp + i, found + i, count - i);
			const struct port *port = &dataplane->ports->port[tcp[i]->port];
			i += handshake_syns(dataplane, port, tcp + i, row);
			continue;
		}
		dataplane->counters->reason[tcp_input(dataplane, tcp[i], found[i], inserted)]++;
		i++;
	}
	if (dataplane->touched_count > TOUCHED - BURST) // else at the turn's end
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

static inline void filter(struct burst *burst, unsigned i)
{
	enum bs_reason reason = handshake_filter(burst->dataplane, burst->class[i]);
	if (reason != BS_REASON_ACCEPTED)
		done(burst, i, reason);
}

static STAGE void ingress_classify(struct burst *burst)
{
	const struct bs_class_burst *sources = &burst->sources;
	if (sources->count4 + sources->count6 == 0)
		return;
	bs_policy_classify_burst(burst->dataplane->policy, sources, burst->class);
	for (unsigned k = 0; k < sources->count4; k++)
		filter(burst, sources->place4[k]);
	for (unsigned k = 0; k < sources->count6; k++)
		filter(burst, sources->place6[k]);
}

// Returns how many segments are left.
static STAGE unsigned ingress_checksum(struct burst *burst, struct frame **tcp)
{
	unsigned tcps = 0;
	for (unsigned i = 0; i < burst->count; i++) {
		struct frame *frame = &burst->frame[i];
		if (burst->kind[i] == DONE)
			continue;
		if (burst->kind[i] != PARSED)
			plain_fill(burst->plain, burst->kind[i], burst->port, bytes_of(burst, i),
				burst->said[i], frame);
		if (frame->unchecked && !frame_tcp_checksum(frame)) {
			done(burst, i, BS_REASON_TCP_CHECKSUM);
			continue;
		}
		frame->class = burst->class[i]; // of a SYN; else it means nothing
		tcp[tcps++] = frame;
	}
	return tcps;
}

// Whether a buffer may go back to its pool as it is: one piece, of its own memory, and nobody else holds it. All of that stands in its
// first line, which was read already; the second one, which rte_pktmbuf_free() would look at, has nothing that a driver set.
static inline bool is_whole(const struct rte_mbuf *mbuf)
{
	return (rte_mbuf_refcnt_read(mbuf) == 1) & (mbuf->nb_segs == 1) & RTE_MBUF_DIRECT(mbuf);
}

// All but those that became the answer.
static void give_back(struct burst *burst)
{
	struct rte_mbuf *whole[BURST];
	unsigned wholes = 0, others = 0;
	bool own = burst->port->own_buffers;
	for (unsigned i = 0; i < burst->count; i++) {
		struct rte_mbuf *mbuf = burst->frame[i].mbuf;
		if (mbuf == NULL)
			continue;
		if (likely(own && is_whole(mbuf)))
			whole[wholes++] = mbuf;
		else
			burst->mbuf[others++] = mbuf;
	}
	if (wholes > 0)
		rte_mempool_put_bulk(burst->dataplane->pool, (void **)whole, wholes);
	if (others > 0)
		rte_pktmbuf_free_bulk(burst->mbuf, others);
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
	count = ingress_port(dataplane, tcp, count);
	if (port->handover)
		count = handover_burst(dataplane, port, tcp, count);
	owned(dataplane, tcp, count);
}

// Classes are rows of a policy, and ours may be another than that of who received them.
void ingress_handed(struct dataplane *dataplane, struct frame **frames, unsigned count)
{
	struct bs_class_burst sources;
	uint8_t class[BURST];
	unsigned kept = 0;
	sources.count4 = sources.count6 = 0;
	for (unsigned i = 0; i < count; i++)
		if (frames[i]->flags & TCP_SYN)
			bs_class_burst_add(&sources, &frames[i]->source, (uint8_t)i);
	bs_policy_classify_burst(dataplane->policy, &sources, class);
	for (unsigned i = 0; i < count; i++) {
		enum bs_reason reason = BS_REASON_ACCEPTED;
		if (path_mtu_handed(dataplane, frames[i]))
			continue;
		if (frames[i]->flags & TCP_SYN) {
			frames[i]->class = class[i];
			reason = handshake_filter(dataplane, class[i]);
		}
		frames[kept] = frames[i];
		if (reason == BS_REASON_ACCEPTED)
			kept++;
		else
			dataplane->counters->reason[reason]++;
	}
	owned(dataplane, frames, kept);
}

static void decide(struct burst *burst, struct dataplane *dataplane, const struct port *port,
	struct rte_mbuf **mbuf, unsigned count)
{
	burst->dataplane = dataplane;
	burst->port = port;
	burst->plain = &dataplane->plain[port->index];
	burst->mbuf = mbuf;
	burst->count = count;
	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], const void *));
	ingress_validate(burst);
	ingress_classify(burst);
}

unsigned ingress_decide(struct dataplane *dataplane, const struct port *port,
	struct rte_mbuf **mbuf, unsigned count)
{
	struct burst burst;
	unsigned left = 0;
	decide(&burst, dataplane, port, mbuf, count);
	for (unsigned i = 0; i < count; i++)
		left += burst.kind[i] != DONE;
	return left;
}

void ingress_burst(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	unsigned count)
{
	struct burst burst;
	struct frame *tcp[BURST];
	decide(&burst, dataplane, port, mbuf, count);
	unsigned tcps = ingress_checksum(&burst, tcp);
	if (tcps > 0)
		tcp_burst(dataplane, port, tcp, tcps);
	give_back(&burst);
}
