// SPDX-License-Identifier: BSD-3-Clause
//
// Loss, reordering, duplication and damage of packets: see the header.
//
// Damage is what a faulty router does to an IP packet, one byte of it behind the Ethernet header: the checksums of IP,
// TCP and ICMP find any change of a single byte. What a link does to a frame its check sequence finds before us, and to
// ARP, which has no checksum, nobody would notice it.
#include "dataplane/impairment.h"

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "dataplane/frame/wire_format.h"
#include "dataplane/port/transmit.h"

// Packets held back of one queue, at most: mbufs that the pool must do without.
#define HELD 8u
// A packet is held until as many others have passed it, or so many milliseconds: then the line was silent.
#define PASSES_MOST  HELD
#define HELD_MOST_MS 20u
// Packets of a turn, so that with all of them doubled and all held ones due they are no more than a burst.
#define TAKEN ((BURST - HELD) / 2)
// What comes of a full transmit buffer.
#define SENT_MOST (2 * BURST + HELD)

#define MILLION 1000000u

struct line {
	struct rte_mbuf *held[HELD]; // in the order in which they came
	uint8_t passes[HELD];        // packets to go in front of it
	uint32_t due_ms[HELD];
	uint8_t count;
};

struct impairment {
	uint64_t random; // state of the generator
	uint32_t seed;   // that it began with
	struct line receive[PORTS_MAX], send[PORTS_MAX];
};

// A direction of a queue, for the time of a burst.
struct passage {
	struct dataplane *dataplane;
	struct line *line;
	const struct bs_impairment_shares *share;
	uint64_t *lost, *reordered, *duplicated, *corrupted; // counters
	struct rte_mbuf **out;
	uint16_t count;
};

struct impairment *impairment_new(void)
{
	return rte_zmalloc("impairment", sizeof(struct impairment), RTE_CACHE_LINE_SIZE);
}

static void free_line(struct line *line)
{
	rte_pktmbuf_free_bulk(line->held, line->count);
	line->count = 0;
}

void impairment_free(struct impairment *impairment)
{
	if (impairment == NULL)
		return;
	for (unsigned i = 0; i < PORTS_MAX; i++) {
		free_line(&impairment->receive[i]);
		free_line(&impairment->send[i]);
	}
	rte_free(impairment);
}

static bool holds_any(const struct impairment *impairment)
{
	unsigned held = 0;
	for (unsigned i = 0; i < PORTS_MAX; i++)
		held += impairment->receive[i].count + impairment->send[i].count;
	return held > 0;
}

void impairment_switch(struct dataplane *dataplane)
{
	const struct bs_impairment *wanted = &dataplane->policy->impairment;
	struct impairment *impairment = dataplane->impairment;
	if (wanted->on && (!dataplane->impaired || impairment->seed != wanted->seed)) {
		impairment->seed = wanted->seed;
		// Each lcore its own sequence; never the zero in which the generator would stay.
		impairment->random = ((uint64_t)wanted->seed << 8 | dataplane->number) * 2 *
					     MILLION +
				     1;
	}
	dataplane->impaired = wanted->on || holds_any(impairment);
}

// xorshift64*: below `limit`.
static uint32_t any(struct dataplane *dataplane, uint32_t limit)
{
	uint64_t *x = &dataplane->impairment->random;
	*x ^= *x >> 12;
	*x ^= *x << 25;
	*x ^= *x >> 27;
	return (uint32_t)((*x * UINT64_C(0x2545f4914f6cdd1d) >> 32) * limit >> 32);
}

static bool chance(struct dataplane *dataplane, uint32_t share)
{
	return share > 0 && any(dataplane, MILLION) < share;
}

// The port would put its checksum over the damage.
static void fill_checksums(struct rte_mbuf *mbuf)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, mbuf->l2_len);
	uint16_t sum;
	if ((mbuf->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_TCP_CKSUM) {
		uint32_t length = rte_pktmbuf_data_len(mbuf) - mbuf->l2_len - mbuf->l3_len;
		uint8_t *tcp = ip + mbuf->l3_len;
		// The field has the pseudo header's sum (checksum_fold()).
		sum = internet_checksum(0, tcp, length);
		memcpy(tcp + 16, &sum, sizeof(sum));
	}
	if ((mbuf->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0) {
		sum = internet_checksum(0, ip, (uint32_t)mbuf->l3_len);
		memcpy(ip + 10, &sum, sizeof(sum));
	}
	mbuf->ol_flags &= ~(RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_IP_CKSUM);
}

// Changes one byte behind the Ethernet header; false for what has no checksum.
static bool corrupt(struct dataplane *dataplane, struct rte_mbuf *mbuf)
{
	uint8_t *at = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint32_t length = rte_pktmbuf_data_len(mbuf), header = ETHER_LENGTH;
	if (length >= ETHER_LENGTH + VLAN_LENGTH && load16(at + 12) == ETHER_TYPE_VLAN)
		header += VLAN_LENGTH;
	if (length <= header)
		return false;
	uint16_t type = load16(at + header - 2);
	if (type != ETHER_TYPE_IPV4 && type != ETHER_TYPE_IPV6)
		return false;
	fill_checksums(mbuf);
	// What the port said about checksums was said of other bytes.
	mbuf->ol_flags &= ~(RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	at[header + any(dataplane, length - header)] ^= (uint8_t)(1 + any(dataplane, 255));
	return true;
}

// Gives held packets whose time has come; `passed`: one went past them.
static void release(struct passage *passage, bool passed)
{
	struct line *line = passage->line;
	uint8_t kept = 0;
	for (uint8_t i = 0; i < line->count; i++) {
		uint8_t passes = line->passes[i];
		if (passed && passes > 0)
			passes--;
		if (passes == 0 || time_reached(passage->dataplane->now_ms, line->due_ms[i])) {
			passage->out[passage->count++] = line->held[i];
			continue;
		}
		line->held[kept] = line->held[i];
		line->due_ms[kept] = line->due_ms[i];
		line->passes[kept++] = passes;
	}
	line->count = kept;
}

static bool hold(struct passage *passage, struct rte_mbuf *mbuf)
{
	struct dataplane *dataplane = passage->dataplane;
	struct line *line = passage->line;
	if (line->count == HELD)
		return false;
	line->held[line->count] = mbuf;
	line->passes[line->count] = (uint8_t)(1 + any(dataplane, PASSES_MOST));
	line->due_ms[line->count++] = dataplane->now_ms + 1 + any(dataplane, HELD_MOST_MS);
	return true;
}

static void pass(struct passage *passage, struct rte_mbuf *mbuf)
{
	struct dataplane *dataplane = passage->dataplane;
	const struct bs_impairment_shares *share = passage->share;
	if (chance(dataplane, share->loss)) {
		rte_pktmbuf_free(mbuf);
		(*passage->lost)++;
		return;
	}
	if (chance(dataplane, share->duplicate)) {
		// A copy: the bytes of a received packet may become those of its answer.
		struct rte_mbuf *copy = rte_pktmbuf_copy(mbuf, dataplane->pool, 0, UINT32_MAX);
		if (copy != NULL) {
			passage->out[passage->count++] = copy;
			(*passage->duplicated)++;
		}
	}
	if (chance(dataplane, share->corrupt) && corrupt(dataplane, mbuf))
		(*passage->corrupted)++;
	if (chance(dataplane, share->reorder) && hold(passage, mbuf)) {
		(*passage->reordered)++;
		return;
	}
	passage->out[passage->count++] = mbuf;
	release(passage, true);
}

static void pass_all(struct passage *passage, struct rte_mbuf **mbuf, uint16_t count)
{
	release(passage, false);
	for (uint16_t i = 0; i < count; i++)
		pass(passage, mbuf[i]);
}

uint16_t impairment_receive(struct dataplane *dataplane, unsigned row, struct rte_mbuf **mbuf)
{
	struct bs_dataplane_counters *counters = dataplane->counters;
	const struct receive_queue *queue = &dataplane->queue[row];
	struct rte_mbuf *taken[TAKEN];
	struct passage passage = {.dataplane = dataplane,
		.line = &dataplane->impairment->receive[row],
		.share = &dataplane->policy->impairment.receive,
		.lost = &counters->impaired_received_lost,
		.reordered = &counters->impaired_received_reordered,
		.duplicated = &counters->impaired_received_duplicated,
		.corrupted = &counters->impaired_received_corrupted,
		.out = mbuf};
	uint16_t count = rte_eth_rx_burst(
		dataplane->ports->port[queue->port].id, queue->queue, taken, TAKEN);
	pass_all(&passage, taken, count);
	return passage.count;
}

void impairment_send(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	uint16_t count)
{
	struct bs_dataplane_counters *counters = dataplane->counters;
	struct rte_mbuf *out[SENT_MOST];
	struct passage passage = {.dataplane = dataplane,
		.line = &dataplane->impairment->send[port->index],
		.share = &dataplane->policy->impairment.send,
		.lost = &counters->impaired_sent_lost,
		.reordered = &counters->impaired_sent_reordered,
		.duplicated = &counters->impaired_sent_duplicated,
		.corrupted = &counters->impaired_sent_corrupted,
		.out = out};
	pass_all(&passage, mbuf, count);
	for (uint16_t done = 0; done < passage.count; done += BURST) {
		uint16_t rest = passage.count - done;
		transmit_burst(dataplane, port, out + done, rest < BURST ? rest : BURST);
	}
}
