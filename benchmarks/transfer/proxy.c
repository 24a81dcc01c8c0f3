// SPDX-License-Identifier: BSD-3-Clause
//
// The reference of the bench `transfer`: what a proxy on the kernel's sockets costs that looks at nothing. One epoll, read and
// write, a buffer a direction.
//
//	proxy ADDRESS PORT TO-ADDRESS TO-PORT
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchmarks/transfer/content.h"

#define EVENTS 64
#define BUFFER 65536u
#define PIECES 4 // that one connection may move before others have their turn

// One direction's bytes are those read from this side.
struct side {
	int fd;
	struct pair *pair;
	bool ended; // reading
	size_t start, end;
	uint8_t bytes[BUFFER];
};

struct pair {
	struct side side[2];
	bool over;
	struct pair *next; // of those to be freed
};

static int epoll;
static struct sockaddr_in target;

// Bytes from one side to the other, as far as these let them. False when a connection broke.
static bool move(struct side *from, const struct side *to)
{
	for (int i = 0; i < PIECES; i++) {
		if (from->start == from->end) {
			if (from->ended)
				return true;
			ssize_t count = read(from->fd, from->bytes, BUFFER);
			if (count < 0)
				return errno == EAGAIN || errno == EINTR;
			from->start = 0;
			from->end = (size_t)count;
			if (count == 0) {
				from->ended = true;
				return shutdown(to->fd, SHUT_WR) == 0;
			}
		}
		ssize_t count = write(to->fd, from->bytes + from->start, from->end - from->start);
		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		from->start += (size_t)count;
	}
	return true;
}

// Wants to hear of a side what can go on: reading where its buffer is empty, writing where the other's is not.
static void watch(struct side *side, const struct side *other, int operation)
{
	struct epoll_event event = {.data.ptr = side};
	if (side->start == side->end && !side->ended)
		event.events |= EPOLLIN;
	if (other->start != other->end)
		event.events |= EPOLLOUT;
	epoll_ctl(epoll, operation, side->fd, &event);
}

static void open_pair(int listener)
{
	int yes = 1;
	struct pair *pair = malloc(sizeof(*pair));
	if (pair == NULL) {
		content_fail("proxy", "memory");
		return; // cppcheck does not know that it is not come to
	}
	pair->over = false;
	for (int i = 0; i < 2; i++) {
		struct side *side = &pair->side[i];
		side->pair = pair;
		side->start = side->end = 0;
		side->ended = false;
		side->fd = i == 0 ? accept4(listener, NULL, NULL, SOCK_NONBLOCK)
				  : socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (side->fd < 0)
			content_fail("proxy", "socket");
		setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	}
	if (connect(pair->side[1].fd, (struct sockaddr *)&target, sizeof(target)) != 0 &&
		errno != EINPROGRESS)
		content_fail("proxy", "connect");
	watch(&pair->side[0], &pair->side[1], EPOLL_CTL_ADD);
	watch(&pair->side[1], &pair->side[0], EPOLL_CTL_ADD);
}

static void serve(struct side *side, struct pair **over)
{
	struct pair *pair = side->pair;
	if (pair->over)
		return;
	bool good = move(&pair->side[0], &pair->side[1]) && move(&pair->side[1], &pair->side[0]);
	if (good && !(pair->side[0].ended && pair->side[1].ended)) {
		watch(&pair->side[0], &pair->side[1], EPOLL_CTL_MOD);
		watch(&pair->side[1], &pair->side[0], EPOLL_CTL_MOD);
		return;
	}
	close(pair->side[0].fd);
	close(pair->side[1].fd);
	pair->over = true; // another event of it may follow in the batch
	pair->next = *over;
	*over = pair;
}

int main(int count, char **words)
{
	struct sockaddr_in local = {.sin_family = AF_INET};
	struct epoll_event event[EVENTS] = {{.events = EPOLLIN}};
	int yes = 1;
	target.sin_family = AF_INET;
	if (count != 5 || inet_pton(AF_INET, words[1], &local.sin_addr) != 1 ||
		inet_pton(AF_INET, words[3], &target.sin_addr) != 1)
		return EXIT_FAILURE;
	local.sin_port = htons((uint16_t)strtoul(words[2], NULL, 10));
	target.sin_port = htons((uint16_t)strtoul(words[4], NULL, 10));
	epoll = epoll_create1(0);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&local, sizeof(local)) != 0 ||
		listen(listener, 4096) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, listener, event) != 0)
		content_fail("proxy", "listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pair *over = NULL;
		int ready = epoll_wait(epoll, event, EVENTS, -1);
		for (int i = 0; i < ready; i++) {
			if (event[i].data.ptr == NULL)
				open_pair(listener);
			else
				serve(event[i].data.ptr, &over);
		}
		while (over != NULL) {
			struct pair *next = over->next;
			free(over);
			over = next;
		}
	}
}
