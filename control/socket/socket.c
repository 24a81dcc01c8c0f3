// SPDX-License-Identifier: BSD-3-Clause
//
// Places for clients are few and fixed. Some of them are kept for those who may change things, so that a crowd of
// readers can't lock the operator out.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "control/socket/socket.h"
#include "control/socket/socket_client.h"
#include "control/socket/socket_listen.h"
#include "control/socket/socket_role.h"

#define CLIENTS_MAX  32u
#define CLIENTS_KEPT 8u  // of these, for who may write
#define ACCEPTS_MAX  16u // a turn
#define TICK_S       1   // how exactly deadlines are kept

// What an epoll event is about: the number of a client, or one of these.
#define TAG_LISTENER UINT32_MAX
#define TAG_TICK     (UINT32_MAX - 1)
#define TAG_BELL     (UINT32_MAX - 2)

struct control_socket {
	struct daemon *daemon;
	struct socket_listener listener;
	struct socket_roles roles;
	int epoll;
	struct bs_bell bell; // rung by other threads that have an answer ready
	int tick;            // timerfd, runs while there is a client, or the listener rests
	bool rests;          // accept() had no descriptor left: tried again at the next tick
	bool ticks;
	bool stop_asked;
	uint32_t clients;
	struct client client[CLIENTS_MAX];
};

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool watch(
	struct control_socket *socket, int operation, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event event = {.events = events, .data.u32 = tag};
	return epoll_ctl(socket->epoll, operation, fd, &event) == 0;
}

struct control_socket *control_socket_new(struct daemon *daemon, const char *path, char error[256])
{
	struct control_socket *socket = calloc(1, sizeof(*socket));
	if (socket == NULL) {
		snprintf(error, 256, "no memory for the control socket");
		return NULL;
	}
	socket->daemon = daemon;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		socket->client[i].fd = -1;
	if (!socket_roles_read(daemon->config, &socket->roles, error) ||
		socket_listen(&socket->listener, path, socket_roles_mode(&socket->roles), error) !=
			0) {
		free(socket);
		return NULL;
	}
	socket->epoll = epoll_create1(EPOLL_CLOEXEC);
	socket->tick = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	bool bell = bs_bell_open(&socket->bell);
	if (socket->epoll < 0 || socket->tick < 0 || !bell ||
		!watch(socket, EPOLL_CTL_ADD, socket->bell.fd, EPOLLIN, TAG_BELL) ||
		!watch(socket, EPOLL_CTL_ADD, socket->listener.fd, EPOLLIN, TAG_LISTENER) ||
		!watch(socket, EPOLL_CTL_ADD, socket->tick, EPOLLIN, TAG_TICK)) {
		snprintf(error, 256, "control-socket: %s", strerror(errno));
		control_socket_free(socket);
		return NULL;
	}
	daemon->bell = &socket->bell;
	bs_bell_sleep(&socket->bell);
	return socket;
}

static void close_client(struct control_socket *socket, struct client *client)
{
	close(client->fd); // epoll forgets it
	free(client->answer);
	client->answer = NULL;
	request_answer_end(socket->daemon, &client->waits);
	client->fd = -1;
	socket->clients--;
}

void control_socket_free(struct control_socket *socket)
{
	if (socket == NULL)
		return;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		if (socket->client[i].fd >= 0)
			close_client(socket, &socket->client[i]);
	}
	if (socket->bell.fd >= 0)
		bs_bell_close(&socket->bell);
	if (socket->tick >= 0)
		close(socket->tick);
	if (socket->epoll >= 0)
		close(socket->epoll);
	socket_listen_end(&socket->listener);
	free(socket);
}

int control_socket_fd(const struct control_socket *socket)
{
	return socket->epoll;
}

struct bs_bell *control_socket_bell(struct control_socket *socket)
{
	return &socket->bell;
}

bool control_socket_stop_asked(const struct control_socket *socket)
{
	return socket->stop_asked;
}

static struct client *free_place(struct control_socket *socket, bool privileged)
{
	if (socket->clients >= CLIENTS_MAX - (privileged ? 0 : CLIENTS_KEPT))
		return NULL;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		if (socket->client[i].fd < 0)
			return &socket->client[i];
	}
	return NULL;
}

static void admit(struct control_socket *socket, int fd, uint64_t now)
{
	static const char full[] =
		"{\"ok\":false,\"error\":\"too many clients; try again later\"}\n";
	static const char stranger[] =
		"{\"ok\":false,\"error\":\"not for you: who may look stands in control-readers "
		"and control-writers\"}\n";
	enum socket_role role = socket_role_of(&socket->roles, fd);
	bool privileged = role == SOCKET_WRITER;
	struct client *client = role != SOCKET_STRANGER ? free_place(socket, privileged) : NULL;
	if (client == NULL) {
		const char *why = role == SOCKET_STRANGER ? stranger : full;
		(void)send(fd, why, strlen(why), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	if (!watch(socket, EPOLL_CTL_ADD, fd, EPOLLIN, (uint32_t)(client - socket->client))) {
		close(fd);
		return;
	}
	client->fd = fd;
	client->may_write = privileged;
	client->at_end = false;
	client->waits = (struct request_answer){0};
	client->request_length = 0;
	client->deadline_ms = now + CLIENT_PATIENCE_MS;
	socket->clients++;
}

static void rest(struct control_socket *socket, bool rests)
{
	socket->rests = rests;
	watch(socket, EPOLL_CTL_MOD, socket->listener.fd, rests ? 0 : EPOLLIN, TAG_LISTENER);
}

static void accept_some(struct control_socket *socket, uint64_t now)
{
	for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(socket->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			admit(socket, fd, now);
			continue;
		}
		// Without descriptors or memory the listener would stay readable and we would spin.
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(socket, true);
		break;
	}
}

static void serve(struct control_socket *socket, struct client *client, uint64_t now)
{
	uint32_t tag = (uint32_t)(client - socket->client);
	uint32_t events = 0;
	bool stays = true;
	switch (client_turn(client, socket->daemon, now, &socket->stop_asked)) {
	case CLIENT_READS:
		events = EPOLLIN;
		break;
	case CLIENT_WRITES:
		events = EPOLLOUT;
		break;
	case CLIENT_WAITS: // a hang-up is reported all the same
		break;
	case CLIENT_GONE:
		stays = false;
		break;
	}
	if (!stays || !watch(socket, EPOLL_CTL_MOD, client->fd, events, tag))
		close_client(socket, client);
}

// Answers that were not ready at once.
static void serve_waiting(struct control_socket *socket, uint64_t now)
{
	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		if (socket->client[i].fd >= 0 && socket->client[i].waits.later != NULL)
			serve(socket, &socket->client[i], now);
	}
}

static void tick(struct control_socket *socket)
{
	uint64_t count;
	ssize_t ignored = read(socket->tick, &count, sizeof(count));
	(void)ignored; // only to make it unreadable
	if (socket->rests)
		rest(socket, false);
}

static void close_the_late(struct control_socket *socket, uint64_t now)
{
	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &socket->client[i];
		if (client->fd >= 0 && now >= client->deadline_ms)
			close_client(socket, client);
	}
}

static void set_tick(struct control_socket *socket)
{
	bool wanted = socket->clients > 0 || socket->rests;
	if (wanted == socket->ticks)
		return;
	struct itimerspec period = {0};
	if (wanted)
		period.it_value.tv_sec = period.it_interval.tv_sec = TICK_S;
	timerfd_settime(socket->tick, 0, &period, NULL);
	socket->ticks = wanted;
}

void control_socket_turn_at(struct control_socket *socket, uint64_t now)
{
	struct epoll_event event[CLIENTS_MAX + 3];
	int count = epoll_wait(socket->epoll, event, CLIENTS_MAX + 3, 0);
	// From here on until the answers are looked at, who rings needs no system call.
	bs_bell_awake(&socket->bell);
	for (int i = 0; i < count; i++) {
		uint32_t tag = event[i].data.u32;
		if (tag == TAG_LISTENER)
			accept_some(socket, now);
		else if (tag == TAG_TICK)
			tick(socket);
		else if (tag == TAG_BELL)
			continue;
		else if (socket->client[tag].fd >= 0 && event[i].events & (EPOLLHUP | EPOLLERR) &&
			 socket->client[tag].waits.later != NULL)
			close_client(socket, &socket->client[tag]); // nobody will take the answer
		else if (socket->client[tag].fd >= 0)
			serve(socket, &socket->client[tag], now);
	}
	bs_bell_sleep(&socket->bell); // before the look: a ring from now on wakes us again
	serve_waiting(socket, now);
	close_the_late(socket, now);
	set_tick(socket);
}

void control_socket_turn(struct control_socket *socket)
{
	control_socket_turn_at(socket, now_ms());
}
