// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/session/clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/frame/wire_format.h"

#define SOURCES    64u
#define FIRST_PORT 1024u
#define PATIENCE   20000u // turns without a frame: a millisecond each

static const uint8_t macs[12] = {2, 0, 0, 0, 0, 0x25, 2, 0, 0, 0, 0, 1}; // ours, theirs
static const uint8_t server[4] = {198, 18, 0, 25};
static const uint8_t network[2] = {198, 19}; // 198.19.0.1 and up

enum flags { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

static const struct {
	const char *code, *say; // what must come, and what is said to it
} script[] = {
	{"220", "EHLO client.example.com\r\n"},
	{"250", "MAIL FROM:<sender@example.com>\r\n"},
	{"250", "RCPT TO:<nobody@example.org>\r\n"},
	{"550", "QUIT\r\n"},
	{"221", NULL},
};
#define STEPS (sizeof(script) / sizeof(script[0]))

struct client {
	bool open;
	uint8_t source;
	uint16_t port;
	uint32_t seq, ack;
	unsigned step;
};

struct clients {
	struct filter *filter;
	struct client client[PARALLEL];
	uint32_t begun, ended;
	uint64_t sent, received;
};

static void give_up(const char *why)
{
	fprintf(stderr, "session_cost: %s\n", why);
	exit(EXIT_FAILURE);
}

struct clients *clients_new(struct filter *filter)
{
	struct clients *clients = calloc(1, sizeof(*clients));
	if (clients == NULL)
		give_up("no memory");
	clients->filter = filter;
	return clients;
}

void clients_free(struct clients *clients)
{
	free(clients);
}

static uint32_t add_up(uint32_t sum, const uint8_t *at, size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	return count % 2 != 0 ? sum + ((uint32_t)at[count - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void send_segment(
	struct clients *clients, struct client *client, unsigned flags, const char *text)
{
	size_t count = strlen(text), length = ETHER_LENGTH + IPV4_LENGTH + TCP_LENGTH + count;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(filter_pool(clients->filter));
	uint8_t *at = mbuf != NULL ? (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)length) : NULL;
	if (at == NULL)
		give_up("no packet buffer left");
	memset(at, 0, length - count);
	memcpy(at, macs, sizeof(macs));
	store16(at + 12, ETHER_TYPE_IPV4);
	uint8_t *ip = at + ETHER_LENGTH, *tcp = ip + IPV4_LENGTH;
	store16(ip, 0x4500);
	store16(ip + 2, (uint16_t)(IPV4_LENGTH + TCP_LENGTH + count));
	store16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = PROTOCOL_TCP;
	memcpy(ip + 12, network, sizeof(network));
	ip[15] = (uint8_t)(client->source + 1);
	memcpy(ip + 16, server, sizeof(server));
	store16(ip + 10, fold(add_up(0, ip, IPV4_LENGTH)));
	store16(tcp, client->port);
	store16(tcp + 2, 25);
	store32(tcp + 4, client->seq);
	store32(tcp + 8, client->ack);
	tcp[12] = TCP_LENGTH << 2;
	tcp[13] = (uint8_t)flags;
	store16(tcp + 14, 65535);
	for (size_t i = 0; i < count; i++)
		tcp[TCP_LENGTH + i] = (uint8_t)text[i];
	uint32_t sum = add_up(PROTOCOL_TCP + TCP_LENGTH + (uint32_t)count, ip + 12, 8);
	store16(tcp + 16, fold(add_up(sum, tcp, TCP_LENGTH + count)));
	client->seq += (uint32_t)count + ((flags & (SYN | FIN)) != 0);
	clients->sent++;
	if (rte_ring_enqueue(filter_receive(clients->filter), mbuf) != 0)
		give_up("the port is full");
}

static void begin(struct clients *clients, unsigned place)
{
	uint32_t number = clients->begun++;
	struct client *client = &clients->client[place];
	// The place stands in the port, so that a frame finds its client.
	*client = (struct client){.open = true,
		.source = (uint8_t)(number % SOURCES),
		.port = (uint16_t)(FIRST_PORT + number / SOURCES % 1000 * PARALLEL + place),
		.seq = number * 7919};
	send_segment(clients, client, SYN, "");
}

static void take_text(struct clients *clients, struct client *client, const uint8_t *text)
{
	if (client->step == STEPS || memcmp(text, script[client->step].code, 3) != 0) {
		fprintf(stderr, "session_cost: step %u was answered %.40s\n", client->step, text);
		exit(EXIT_FAILURE);
	}
	const char *say = script[client->step++].say;
	if (say != NULL)
		send_segment(clients, client, ACK | PSH, say);
	else
		send_segment(clients, client, ACK | FIN, "");
}

static void take_segment(
	struct clients *clients, struct client *client, const uint8_t *tcp, size_t length)
{
	unsigned flags = tcp[13], header = (tcp[12] >> 4) * 4u;
	if ((flags & 4) != 0 || !client->open)
		give_up("a connection was reset, or a segment came late");
	if ((flags & SYN) != 0)
		client->ack = load32(tcp + 4) + 1;
	else if (load32(tcp + 4) != client->ack && (length > header || (flags & FIN) != 0))
		give_up("a segment came twice or out of order");
	client->ack += (uint32_t)(length - header);
	if ((flags & SYN) != 0) {
		send_segment(clients, client, ACK, "");
	} else if (length > header) {
		take_text(clients, client, tcp + header);
	}
	if ((flags & FIN) == 0)
		return;
	client->ack++;
	send_segment(clients, client, ACK, "");
	if (client->step != STEPS)
		give_up("a connection was closed too early");
	client->open = false;
	clients->ended++;
}

static void take_frame(struct clients *clients, struct rte_mbuf *mbuf)
{
	const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *), *ip = at + ETHER_LENGTH;
	if (load16(at + 12) == ETHER_TYPE_IPV4 && ip[9] == PROTOCOL_TCP) {
		const uint8_t *tcp = ip + IPV4_LENGTH;
		clients->received++;
		take_segment(clients, &clients->client[(load16(tcp + 2) - FIRST_PORT) % PARALLEL],
			tcp, load16(ip + 2) - IPV4_LENGTH);
	}
	rte_pktmbuf_free(mbuf);
}

// True when a frame came.
static bool take_frames(struct clients *clients)
{
	struct rte_mbuf *mbuf[PARALLEL];
	unsigned count, all = 0;
	while ((count = rte_ring_dequeue_burst(
			filter_transmit(clients->filter), (void **)mbuf, PARALLEL, NULL)) > 0) {
		for (unsigned i = 0; i < count; i++)
			take_frame(clients, mbuf[i]);
		all += count;
	}
	return all > 0;
}

void clients_play(struct clients *clients, uint32_t sessions)
{
	uint32_t until = clients->begun + sessions;
	unsigned idle = 0;
	while (clients->ended < until) {
		for (unsigned place = 0; place < PARALLEL && clients->begun < until; place++)
			if (!clients->client[place].open)
				begin(clients, place);
		filter_turn(clients->filter);
		if (take_frames(clients)) {
			idle = 0;
		} else if (++idle > 2) { // something is asked elsewhere: a DNS, a helper
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
			if (idle == PATIENCE)
				give_up("no answer comes");
		}
	}
	for (unsigned i = 0; i < 4; i++)
		filter_turn(clients->filter); // the last acknowledgements
}

uint64_t clients_sent(const struct clients *clients)
{
	return clients->sent;
}

uint64_t clients_received(const struct clients *clients)
{
	return clients->received;
}
