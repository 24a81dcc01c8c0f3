// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/waiting/scanner.h"

#include <string.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/frame/frame.h"
#include "dataplane/frame/wire_format.h"

#define FIRST_PORT  1024u
#define NETWORK     0x0a000000u // 10.0.0.0/8: no list is loaded
#define SERVER      0xc0000219u // 192.0.2.25
#define SERVICE     25u
#define FRAME       (ETHER_LENGTH + IPV4_LENGTH + TCP_LENGTH)
#define OUTSTANDING 2048u // SYNs without an answer
#define AGAIN_MS    3000u // between two rounds
#define PACE_MS     4u    // opened at once at most

static uint32_t sequence_of(uint32_t client)
{
	return client * 2654435761u;
}

static void write_frame(
	uint8_t *at, uint32_t address, uint16_t port, uint32_t seq, uint32_t ack, uint8_t flags)
{
	uint8_t *ip = at + ETHER_LENGTH, *tcp = ip + IPV4_LENGTH;
	memset(at, 0, FRAME);
	memcpy(at, bed_mac, 6);
	memcpy(at + 6, bed_peer_mac, 6);
	store16(at + 12, ETHER_TYPE_IPV4);
	ip[0] = 0x45;
	store16(ip + 2, IPV4_LENGTH + TCP_LENGTH);
	ip[8] = 64;
	ip[9] = PROTOCOL_TCP;
	store32(ip + 12, address);
	store32(ip + 16, SERVER);
	store16(tcp, port);
	store16(tcp + 2, SERVICE);
	store32(tcp + 4, seq);
	store32(tcp + 8, ack);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	store16(tcp + 14, 65535);
}

// Into a buffer of ours, and in front of the port. The port says that the checksums are right, as a NIC does.
static bool say(struct scanner *scanner, struct rte_mbuf *mbuf, uint32_t client, uint32_t seq,
	uint32_t ack, uint8_t flags)
{
	rte_pktmbuf_reset(mbuf);
	mbuf->data_len = FRAME;
	mbuf->pkt_len = FRAME;
	write_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), NETWORK + 1 + client % scanner->sources,
		(uint16_t)(FIRST_PORT + client / scanner->sources), seq, ack, flags);
	mbuf->ol_flags |= scanner->bed->rx_flags;
	if (rte_ring_sp_enqueue(scanner->bed->receive, mbuf) == 0)
		return true;
	rte_pktmbuf_free(mbuf);
	return false;
}

static void greeted(struct scanner *scanner, uint32_t client)
{
	uint32_t since = scanner->open_ms[client];
	if (since == 0 || since == SCANNER_GREETED) // said again
		return;
	int32_t late = (int32_t)(scanner->now_ms - since - scanner->wait_ms);
	scanner->open_ms[client] = SCANNER_GREETED;
	scanner->greeted++;
	scanner->early += late < -(int32_t)SCANNER_LATE_MS;
	scanner->late += late > (int32_t)SCANNER_LATE_MS;
	if (late > 0 && (uint32_t)late > scanner->worst_ms)
		scanner->worst_ms = (uint32_t)late;
}

// Answers in the frame's own buffer: a SYN-ACK with an ACK, a greeting with a RST.
static void answer(struct scanner *scanner, struct rte_mbuf *mbuf)
{
	const uint8_t *ip = rte_pktmbuf_mtod(mbuf, const uint8_t *) + ETHER_LENGTH,
		      *tcp = ip + IPV4_LENGTH;
	uint32_t client = load32(ip + 16) - NETWORK - 1 +
			  (load16(tcp + 2) - FIRST_PORT) * scanner->sources;
	uint32_t seq = load32(tcp + 4), ack = load32(tcp + 8);
	bool says = load16(ip + 2) > IPV4_LENGTH + (tcp[12] >> 4) * 4u;
	if (client >= scanner->clients || ip[9] != PROTOCOL_TCP) {
		rte_pktmbuf_free(mbuf);
	} else if ((tcp[13] & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
		if (say(scanner, mbuf, client, ack, seq + 1, TCP_ACK) &&
			scanner->open_ms[client] == 0) {
			scanner->open_ms[client] = scanner->now_ms;
			scanner->open++;
		}
	} else if (says && !(tcp[13] & TCP_RST)) {
		greeted(scanner, client);
		say(scanner, mbuf, client, ack, seq, TCP_RST);
	} else {
		rte_pktmbuf_free(mbuf);
	}
}

static void open_one(struct scanner *scanner)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(scanner->bed->pool);
	if (mbuf == NULL)
		return;
	uint32_t client = scanner->next++;
	if (say(scanner, mbuf, client, sequence_of(client), 0, TCP_SYN))
		scanner->sent++;
}

// How many may be opened now. Who was away does not make up for it: that would be a burst.
static void pace(struct scanner *scanner)
{
	if (scanner->paced_ms == scanner->now_ms)
		return;
	uint32_t missed = scanner->now_ms - scanner->paced_ms;
	scanner->allowed = (missed < PACE_MS ? missed : PACE_MS) * scanner->pace;
	scanner->paced_ms = scanner->now_ms;
}

// The next ones, as many as may be under way; after a round, what got no answer in it once more.
static unsigned open_some(struct scanner *scanner)
{
	unsigned done = 0;
	pace(scanner);
	if (scanner->next == scanner->clients && scanner->open < scanner->clients) {
		if (scanner->asked_ms == 0)
			scanner->asked_ms = scanner->now_ms;
		if (scanner->now_ms - scanner->asked_ms < AGAIN_MS)
			return 0;
		scanner->asked_ms = scanner->next = 0;
		scanner->sent = scanner->open;
	}
	while (done < BURST && scanner->allowed > 0 && scanner->next < scanner->clients &&
		scanner->sent - scanner->open < OUTSTANDING) {
		if (scanner->open_ms[scanner->next] != 0) {
			scanner->next++;
			continue;
		}
		open_one(scanner);
		scanner->allowed--;
		done++;
	}
	return done;
}

unsigned scanner_turn(struct scanner *scanner, bool opening)
{
	struct rte_mbuf *mbuf[BURST] = {NULL};
	scanner->now_ms = (uint32_t)(scanner_clock_ns() / 1000000 - scanner->start_ms) + 1;
	unsigned count = rte_ring_sc_dequeue_burst(
		scanner->bed->transmit, (void **)mbuf, BURST, NULL);
	for (unsigned i = 0; i < count && mbuf[i] != NULL; i++)
		answer(scanner, mbuf[i]);
	return count + (opening ? open_some(scanner) : 0);
}
