// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ingress.h"

#include <rte_mbuf.h>

#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/handover.h"
#include "dataplane/frame/plain.h"
#include "dataplane/frame/plain_burst.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/neighbour/neighbour.h"
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

// A stage of its own in a profile.
#define STAGE __attribute__((noinline))

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

// What the port said about checksums, where it is to be believed.
static inline uint8_t checksums(const struct port *port, const struct rte_mbuf *mbuf)
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
	return (uint8_t)said;
}

// A burst on its way. Row i of each array is packet i.
struct burst {
	struct dataplane *dataplane;
	const struct port *port;
	struct plain *plain;
	struct rte_mbuf **mbuf;
	unsigned count;
	uint8_t kind[BURST];  // enum plain_kind, until it is filled in
	uint8_t said[BURST];  // enum frame_checksums
	uint8_t class[BURST]; // of SYNs
	struct frame frame[BURST];
	struct bs_class_burst sources; // of SYNs
};

// What else a packet may be here than one of enum plain_kind.
enum { DONE = PLAIN_IPV6 + 1, PARSED };

static inline const uint8_t *bytes_of(const struct burst *burst, unsigned i)
{
	return rte_pktmbuf_mtod(burst->mbuf[i], const uint8_t *);
}

static void done(struct burst *burst, unsigned i, enum bs_reason reason)
{
	burst->kind[i] = DONE;
	burst->dataplane->counters->reason[reason]++;
}

static bool path_mtu(struct burst *burst, unsigned i)
{
	bool elsewhere;
	if (!path_mtu_is(&burst->frame[i]))
		return false;
	enum bs_reason reason = path_mtu_input(
		burst->dataplane, burst->port, &burst->frame[i], &elsewhere);
	if (elsewhere)
		burst->kind[i] = DONE; // counted there
	else
		done(burst, i, reason);
	return true;
}

// What is not plain: step by step.
static __attribute__((noinline)) void parse(struct burst *burst, unsigned i)
{
	const struct rte_mbuf *mbuf = burst->mbuf[i];
	struct dataplane *dataplane = burst->dataplane;
	struct frame *frame = &burst->frame[i];
	if (mbuf->nb_segs > 1) {
		done(burst, i, BS_REASON_FRAME_SEGMENTED);
		return;
	}
	enum bs_reason reason = frame_parse(dataplane->ports, burst->port, bytes_of(burst, i),
		rte_pktmbuf_data_len(mbuf), burst->said[i], frame);
	if (reason == BS_REASON_ACCEPTED && frame->kind == FRAME_TCP) {
		burst->kind[i] = PARSED;
		plain_learn(burst->plain, dataplane->ports, frame);
		if (frame->flags & TCP_SYN)
			bs_class_burst_add(&burst->sources, &frame->source, (uint8_t)i);
		return;
	}
	if (reason == BS_REASON_ACCEPTED && path_mtu(burst, i))
		return;
	if (reason == BS_REASON_ACCEPTED)
		reason = neighbour_input(dataplane, burst->port, frame);
	done(burst, i, reason);
}

// A frame's source, if it is a SYN's.
static inline void add_source(struct burst *burst, unsigned i, const uint8_t *bytes)
{
	const struct plain *plain = burst->plain;
	enum plain_kind kind = burst->kind[i];
	if (!(plain_flags(plain, kind, bytes) & TCP_SYN))
		return;
	const uint8_t *at = plain_source(plain, kind, bytes);
	struct bs_address source = kind == PLAIN_IPV4 ? bs_address_from_ipv4(at)
						      : bs_address_from_ipv6(at);
	bs_class_burst_add(&burst->sources, &source, (uint8_t)i);
}

// What was not taken with the burst: IPv6, and what is not plain.
static __attribute__((noinline)) void look(struct burst *burst, unsigned i)
{
	const struct rte_mbuf *mbuf = burst->mbuf[i];
	const uint8_t *bytes = bytes_of(burst, i);
	uint32_t length = rte_pktmbuf_pkt_len(mbuf);
	burst->said[i] = checksums(burst->port, mbuf);
	burst->kind[i] = PLAIN_NO;
	if (mbuf->nb_segs == 1 && length <= UINT16_MAX)
		burst->kind[i] = plain_look(
			burst->plain, burst->dataplane->ports, bytes, length, burst->said[i]);
	if (burst->kind[i] == PLAIN_NO)
		parse(burst, i);
	else
		add_source(burst, i, bytes);
}

// What the port says of a frame when all is well, of the flags of a buffer.
static inline uint64_t well_said(const struct port *port)
{
	return (port->checks_ipv4 ? RTE_MBUF_F_RX_IP_CKSUM_GOOD : 0) |
	       (port->checks_tcp ? RTE_MBUF_F_RX_L4_CKSUM_GOOD : 0);
}

static inline uint64_t has_said(const struct port *port)
{
	return (port->checks_ipv4 ? RTE_MBUF_F_RX_IP_CKSUM_MASK : 0) |
	       (port->checks_tcp ? RTE_MBUF_F_RX_L4_CKSUM_MASK : 0);
}

// Those of a burst that are plain IPv4, told all together; returns how many bytes came.
static inline uint64_t look_together(struct burst *burst, struct plain_burst *plain)
{
	uint64_t well = well_said(burst->port), mask = has_said(burst->port), total = 0;
	plain_burst_begin(plain, burst->plain, burst->dataplane->ports, !burst->port->checks_ipv4);
	for (unsigned i = 0; i < burst->count; i++) {
		struct rte_mbuf *mbuf = burst->mbuf[i];
		uint32_t length = rte_pktmbuf_pkt_len(mbuf);
		total += length;
		burst->frame[i].mbuf = mbuf;
		plain_burst_add(plain, i, bytes_of(burst, i), length,
			((mbuf->ol_flags & mask) ^ well) | (mbuf->nb_segs - 1u));
	}
	plain_burst_judge(plain, burst->count);
	return total;
}

static STAGE void ingress_validate(struct burst *burst)
{
	struct bs_class_burst *sources = &burst->sources;
	struct bs_class_fetch fetch = bs_class_fetch(burst->dataplane->policy->classes);
	struct plain_burst plain;
	uint8_t said = (uint8_t)((burst->port->checks_ipv4 ? FRAME_IP_GOOD : 0) |
				 (burst->port->checks_tcp ? FRAME_TCP_GOOD : 0));
	sources->count4 = sources->count6 = 0;
	burst->dataplane->counters->rx_packets += burst->count;
	burst->dataplane->counters->rx_bytes += look_together(burst, &plain);
	for (unsigned i = 0; i < burst->count; i++) {
		if (plain.odd[i] != 0) {
			look(burst, i);
			continue;
		}
		burst->kind[i] = PLAIN_IPV4;
		burst->said[i] = said;
		sources->ipv4[sources->count4] = plain.source[i];
		sources->place4[sources->count4] = (uint8_t)i;
		bs_class_fetch_ipv4(&fetch, plain.source[i]);
		sources->count4 += plain.flags[i] >> 1 & 1; // SYN
	}
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
