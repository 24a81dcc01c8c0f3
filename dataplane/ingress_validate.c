// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/burst.h"

#include "dataplane/frame/plain_burst.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/tcp/path_mtu.h"

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

// Fewer frames than these are looked at one by one.
#define TOGETHER_LEAST 4u

// What comes together is mostly of one kind: whether a burst's first frame is IPv4 says what the way of all of them is.
static inline bool go_together(const struct burst *burst)
{
	const uint8_t *first = bytes_of(burst, 0);
	return burst->count >= TOGETHER_LEAST &&
	       load16(first + burst->plain->l3 - 2) == ETHER_TYPE_IPV4;
}

// Tells those of a burst that are plain IPv4.
static inline void look_together(struct burst *burst, struct plain_burst *plain)
{
	uint64_t well = well_said(burst->port), mask = has_said(burst->port);
	plain_burst_begin(plain, burst->plain, burst->dataplane->ports, !burst->port->checks_ipv4);
	for (unsigned i = 0; i < burst->count; i++) {
		const struct rte_mbuf *mbuf = burst->mbuf[i];
		plain_burst_add(plain, i, bytes_of(burst, i), rte_pktmbuf_pkt_len(mbuf),
			((mbuf->ol_flags & mask) ^ well) | (mbuf->nb_segs - 1u));
	}
	plain_burst_judge(plain, burst->count);
}

// Keeps who holds the buffers; returns how many bytes came.
static inline uint64_t begin(struct burst *burst)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < burst->count; i++) {
		burst->frame[i].mbuf = burst->mbuf[i];
		total += rte_pktmbuf_pkt_len(burst->mbuf[i]);
	}
	return total;
}

STAGE void ingress_validate(struct burst *burst)
{
	struct bs_class_burst *sources = &burst->sources;
	struct bs_class_fetch fetch = bs_class_fetch(burst->dataplane->policy->classes);
	struct plain_burst plain;
	uint8_t said = (uint8_t)((burst->port->checks_ipv4 ? FRAME_IP_GOOD : 0) |
				 (burst->port->checks_tcp ? FRAME_TCP_GOOD : 0));
	sources->count4 = sources->count6 = 0;
	burst->dataplane->counters->rx_packets += burst->count;
	burst->dataplane->counters->rx_bytes += begin(burst);
	bool together = go_together(burst);
	if (together)
		look_together(burst, &plain);
	for (unsigned i = 0; i < burst->count; i++) {
		if (!together || plain.odd[i] != 0) {
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
