// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/dns/channel.h"

#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "smtp/dns/message.h"
#include "smtp/worker/heap.h"
#include "smtp/worker/poller.h"

#define QUESTIONS_A_PORT 16u
#define QUESTIONS_A_CHANNEL \
	4096u             // then it is made anew: an answer FORMERR turns its EDNS off for good
#define SOCKETS      4u   // UDP and TCP, and one of each that is about to be closed
#define TICK_MS      100u // how exactly a try's time is met
#define READS_A_TURN 64u  // of a TCP socket, of which c-ares reads a piece a call

struct channel_socket {
	struct poller_watch watch;
	struct channel *channel;
	bool open, tcp;
	bool again; // to be looked at without an event: an edge is told once
};

struct channel {
	ares_channel ares; // NULL: not made yet
	struct channels *all;
	struct channel_socket socket[SOCKETS];
	struct dns_server server;
	uint32_t under_way, since_empty, lifetime;
	bool edns; // of what it sends: where a server says FORMERR c-ares cuts EDNS off, and plain questions in two
};

struct channels {
	struct heap *heap;
	struct poller *poller;
	struct poller_watch tick; // while anything is under way
	uint32_t timeout_ms, under_way;
	bool again, ending;
	uint32_t count, last; // the channel that took the last question
	struct channel channel[];
};

static void rest_of_tcp(struct channel_socket *socket)
{
	char byte;
	ssize_t count = recv(socket->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	socket->again = count >= 0 ||
			(errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOTCONN);
}

// Reads and writes until the kernel has no more, as edges demand. c-ares may close the socket, or open another in its place.
static void process(struct channel_socket *socket)
{
	struct channel *channel = socket->channel;
	for (unsigned i = 0; i < READS_A_TURN; i++) {
		socket->again = false;
		ares_process_fd(channel->ares, socket->watch.fd, socket->watch.fd);
		if (!socket->open)
			return;
		if (socket->tcp)
			rest_of_tcp(socket);
		if (!socket->again)
			return;
	}
	channel->all->again = true;
}

static void ready(struct poller_watch *watch)
{
	process((struct channel_socket *)((char *)watch - offsetof(struct channel_socket, watch)));
}

// The poller ends before us, or the clock went mad: the tick will look after it.
static void expired(struct poller_watch *watch)
{
}

static struct channel_socket *socket_of(struct channel *channel, int fd, bool open)
{
	for (unsigned i = 0; i < SOCKETS; i++) {
		struct channel_socket *socket = &channel->socket[i];
		if (socket->open == open && (!open || socket->watch.fd == fd))
			return socket;
	}
	return NULL;
}

static void socket_opened(struct channel *channel, int fd)
{
	struct channel_socket *socket = socket_of(channel, fd, false);
	int type = 0;
	socklen_t length = sizeof(type);
	if (socket == NULL)
		return; // then its question runs out of time
	socket->watch = (struct poller_watch){.fd = fd, .ready = ready, .expired = expired};
	socket->channel = channel;
	socket->tcp = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
		      type == SOCK_STREAM;
	socket->again = false;
	if (!poller_add(channel->all->poller, &socket->watch))
		return;
	socket->open = true;
	poller_wait(channel->all->poller, &socket->watch, TIMERS_NEVER);
}

// c-ares opened a socket, closes it, or has something to write.
static void socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct channel *channel = data;
	struct channel_socket *socket = socket_of(channel, fd, true);
	if (!readable && !writable) {
		if (socket != NULL) {
			poller_remove(channel->all->poller, &socket->watch);
			socket->open = socket->again = false;
		}
	} else if (socket == NULL) {
		socket_opened(channel, fd);
	} else if (writable) {
		socket->again = channel->all->again = true;
	}
}

// With all of it given c-ares reads no file of the host.
static bool make(struct channel *channel, bool edns)
{
	char lookups[] = "b";
	struct in_addr nowhere = {0};
	struct ares_options options = {.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH |
						ARES_FLAG_NOALIASES | (edns ? ARES_FLAG_EDNS : 0),
		.timeout = (int)channel->all->timeout_ms,
		.tries = 1,
		.ndots = 1,
		.servers = &nowhere,
		.nservers = 1,
		.ndomains = 0,
		.lookups = lookups,
		.ednspsz = DNS_PAYLOAD,
		.sock_state_cb = socket_state,
		.sock_state_cb_data = channel};
	int status = ares_init_options(&channel->ares, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
			ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST |
			ARES_OPT_EDNSPSZ | ARES_OPT_NOROTATE | ARES_OPT_SOCK_STATE_CB);
	channel->server = (struct dns_server){0};
	channel->lifetime = 0;
	channel->edns = edns;
	if (status != ARES_SUCCESS)
		channel->ares = NULL;
	return status == ARES_SUCCESS;
}

static bool same_server(const struct dns_server *a, const struct dns_server *b)
{
	return a->port == b->port && bs_address_equal(&a->address, &b->address);
}

// An empty channel gets ready for a server.
static bool aim(struct channel *channel, const struct dns_server *server, bool edns)
{
	struct ares_addr_port_node node = {.udp_port = server->port, .tcp_port = server->port};
	if (channel->ares != NULL &&
		(channel->lifetime >= QUESTIONS_A_CHANNEL || channel->edns != edns)) {
		ares_destroy(channel->ares);
		channel->ares = NULL;
	}
	if (channel->ares == NULL && !make(channel, edns))
		return false;
	channel->since_empty = 0;
	if (same_server(&channel->server, server))
		return true;
	if (bs_address_is_ipv4(&server->address)) {
		node.family = AF_INET;
		memcpy(&node.addr.addr4, server->address.octet + 12, 4);
	} else {
		node.family = AF_INET6;
		memcpy(&node.addr.addr6, server->address.octet, 16);
	}
	if (ares_set_servers_ports(channel->ares, &node) != ARES_SUCCESS)
		return false;
	channel->server = *server;
	return true;
}

// The one that takes the next question: the last as long as its port is fresh, else an empty one.
static struct channel *choose(struct channels *channels, const struct dns_server *server, bool edns)
{
	for (uint32_t i = 0; i < channels->count; i++) {
		struct channel *channel =
			&channels->channel[(channels->last + i) % channels->count];
		if (channel->under_way == 0) {
			channels->last = (uint32_t)(channel - channels->channel);
			return aim(channel, server, edns) ? channel : NULL;
		}
		if (channel->since_empty < QUESTIONS_A_PORT && channel->edns == edns &&
			same_server(&channel->server, server)) {
			channels->last = (uint32_t)(channel - channels->channel);
			return channel;
		}
	}
	return NULL;
}

static void answered(void *data, int status, int timeouts, unsigned char *bytes, int length)
{
	struct channel_ask *ask = data;
	ask->channel->under_way--;
	ask->channel->all->under_way--;
	if (status == ARES_SUCCESS && bytes != NULL && length >= 0)
		ask->done(ask, CHANNEL_ANSWER, bytes, (size_t)length, NULL);
	else if (status == ARES_ETIMEOUT)
		ask->done(ask, CHANNEL_SILENCE, NULL, 0, "timeout");
	else if (status == ARES_EDESTRUCTION)
		ask->done(ask, CHANNEL_END, NULL, 0, "we are stopping");
	else
		ask->done(ask, CHANNEL_FAILURE, NULL, 0,
			status == ARES_ECONNREFUSED ? "the server can't be reached"
						    : ares_strerror(status));
}

bool channels_ask(struct channels *channels, const struct dns_server *server, const uint8_t *packet,
	size_t length, bool edns, struct channel_ask *ask)
{
	struct channel *channel = choose(channels, server, edns);
	if (channel == NULL)
		return false;
	channel->under_way++;
	channel->since_empty++;
	channel->lifetime++;
	ask->channel = channel;
	if (channels->under_way++ == 0)
		poller_wait(
			channels->poller, &channels->tick, poller_now(channels->poller) + TICK_MS);
	ares_send(channel->ares, packet, (int)length, answered, ask);
	return true;
}

static void tick(struct poller_watch *watch)
{
	struct channels *channels = (struct channels *)((char *)watch -
							offsetof(struct channels, tick));
	for (uint32_t i = 0; i < channels->count; i++)
		if (channels->channel[i].under_way != 0)
			ares_process_fd(
				channels->channel[i].ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	if (channels->under_way != 0 && !channels->ending)
		poller_wait(channels->poller, watch, poller_now(channels->poller) + TICK_MS);
}

void channels_turn(struct channels *channels)
{
	if (!channels->again)
		return;
	channels->again = false;
	for (uint32_t i = 0; i < channels->count; i++)
		for (unsigned s = 0; s < SOCKETS; s++)
			if (channels->channel[i].socket[s].open &&
				channels->channel[i].socket[s].again)
				process(&channels->channel[i].socket[s]);
}

bool channels_restless(const struct channels *channels)
{
	return channels->again;
}

struct channels *channels_new(struct heap *heap, struct poller *poller, uint32_t timeout_ms,
	uint32_t most, char error[256])
{
	// Twice as many as full ones would need, since those that wait for their last answer take none.
	uint32_t count = 2 * ((most + QUESTIONS_A_PORT - 1) / QUESTIONS_A_PORT);
	struct channels *channels = NULL;
	if (ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS)
		channels = heap_take(
			heap, sizeof(*channels) + count * sizeof(channels->channel[0]));
	if (channels == NULL) {
		snprintf(error, 256, "dns: no memory for the resolver");
		return NULL;
	}
	channels->heap = heap;
	channels->poller = poller;
	channels->timeout_ms = timeout_ms;
	channels->count = count;
	channels->tick = (struct poller_watch){.fd = -1, .expired = tick};
	for (uint32_t i = 0; i < count; i++)
		channels->channel[i].all = channels;
	if (!make(&channels->channel[0], true)) { // the others when they are needed
		snprintf(error, 256, "dns: c-ares can't be used (no memory?)");
		channels_free(channels);
		return NULL;
	}
	return channels;
}

void channels_free(struct channels *channels)
{
	if (channels == NULL)
		return;
	channels->ending = true;
	for (uint32_t i = 0; i < channels->count; i++)
		if (channels->channel[i].ares != NULL)
			ares_destroy(channels->channel[i].ares);
	poller_remove(channels->poller, &channels->tick);
	heap_release(channels->heap, channels);
	ares_library_cleanup();
}
