// SPDX-License-Identifier: BSD-3-Clause
//
// The client of the bench `transfer`: opens all its sessions at once, sends one mail in each, and waits for the reply to each.
//
//	source ADDRESS PORT SESSIONS BLOCKS [FIRST-SOURCE SOURCES]
//
// Prints one line of name=value: seconds from the first connection to the last reply, bytes of content, good and bad
// sessions. A session in which a reply had another code than the one expected is bad.
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "benchmarks/transfer/content.h"

#define EVENTS      64
#define LINE        512u
#define PIECES      4     // that a session may send before others have their turn
#define PATIENCE_MS 30000 // without an event

static const struct step {
	int code;         // of the reply waited for
	const char *send; // then; NULL: the session is over
} script[] = {
	{220, "EHLO client.example.com\r\n"},
	{250, "MAIL FROM:<sender@example.com>\r\n"},
	{250, "RCPT TO:<a@example.org>\r\n"},
	{250, "DATA\r\n"},
	{354, ""}, // the mail
	{250, "QUIT\r\n"},
	{221, NULL},
};
#define MAIL 4u

struct session {
	int fd;
	unsigned step;
	bool sending; // the mail
	uint64_t sent;
	size_t held;
	char line[LINE];
};

static uint8_t block[CONTENT_BLOCK];
static char header[256];
static uint64_t blocks;
static unsigned running, good, bad;
static double last;

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void finish(struct session *session, const char *fault)
{
	close(session->fd);
	session->fd = -1;
	running--;
	good += fault == NULL;
	if (fault != NULL && bad++ == 0)
		fprintf(stderr, "source: step %u: %.200s\n", session->step, fault);
}

// The next bytes of the mail, how many; 0 when it is all sent.
static size_t next_piece(const struct session *session, const void **at)
{
	static const char end[] = ".\r\n";
	uint64_t body = blocks * CONTENT_BLOCK, position = session->sent;
	if (position < strlen(header)) {
		*at = header + position;
		return strlen(header) - position;
	}
	position -= strlen(header);
	if (position < body) {
		*at = block + position % CONTENT_BLOCK;
		return CONTENT_BLOCK - position % CONTENT_BLOCK;
	}
	*at = end + (position - body);
	return strlen(end) - (position - body);
}

static void send_mail(struct session *session)
{
	const void *at;
	size_t count;
	for (int i = 0; i < PIECES && (count = next_piece(session, &at)) != 0; i++) {
		ssize_t sent = send(session->fd, at, count, MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno != EAGAIN && errno != EINTR)
				finish(session, strerror(errno));
			return;
		}
		session->sent += (uint64_t)sent;
	}
	session->sending = next_piece(session, &at) != 0;
}

static void take_line(struct session *session)
{
	const struct step *step = &script[session->step];
	if (session->held > 3 && session->line[3] == '-')
		return;
	if (strtol(session->line, NULL, 10) != step->code) {
		finish(session, session->line);
		return;
	}
	if (session->step == MAIL + 1)
		last = now();
	session->sending = session->step == MAIL;
	session->step++;
	if (step->send == NULL)
		finish(session, NULL);
	else if (send(session->fd, step->send, strlen(step->send), MSG_NOSIGNAL) < 0)
		finish(session, strerror(errno));
}

static void receive(struct session *session)
{
	char bytes[LINE];
	ssize_t count = recv(session->fd, bytes, sizeof(bytes), 0);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0)
		finish(session, count == 0 ? "closed" : strerror(errno));
	for (ssize_t i = 0; i < count && session->fd >= 0; i++) {
		if (bytes[i] != '\n') {
			if (session->held < LINE - 1)
				session->line[session->held++] = bytes[i];
			continue;
		}
		session->line[session->held] = 0;
		take_line(session);
		session->held = 0;
	}
}

static void begin(
	struct session *session, const struct sockaddr_in *to, const struct sockaddr_in *from)
{
	int yes = 1;
	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0)
		content_fail("source", "socket");
	setsockopt(session->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	if (from->sin_addr.s_addr != 0 &&
		bind(session->fd, (const struct sockaddr *)from, sizeof(*from)) != 0)
		content_fail("source", "bind");
	if (connect(session->fd, (const struct sockaddr *)to, sizeof(*to)) != 0 &&
		errno != EINPROGRESS)
		content_fail("source", "connect");
	running++;
}

// Level-triggered: room in the socket is asked for only while the mail is being sent.
static void watch(int epoll, struct session *session, int operation)
{
	struct epoll_event event = {
		.events = EPOLLIN | (session->sending ? EPOLLOUT : 0u), .data.ptr = session};
	if (epoll_ctl(epoll, operation, session->fd, &event) != 0)
		content_fail("source", "epoll_ctl");
}

static void turn(int epoll)
{
	struct epoll_event event[EVENTS];
	int count = epoll_wait(epoll, event, EVENTS, PATIENCE_MS);
	if (count == 0) {
		fprintf(stderr, "source: %u sessions stand still\n", running);
		exit(EXIT_FAILURE);
	}
	for (int i = 0; i < count; i++) {
		struct session *session = event[i].data.ptr;
		bool was_sending = session->sending;
		if (event[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			receive(session);
		if (session->fd >= 0 && session->sending)
			send_mail(session);
		if (session->fd >= 0 && session->sending != was_sending)
			watch(epoll, session, EPOLL_CTL_MOD);
	}
}

int main(int count, char **words)
{
	struct sockaddr_in to = {.sin_family = AF_INET}, from = {.sin_family = AF_INET};
	if ((count != 5 && count != 7) || inet_pton(AF_INET, words[1], &to.sin_addr) != 1)
		return EXIT_FAILURE;
	to.sin_port = htons((uint16_t)strtoul(words[2], NULL, 10));
	unsigned sessions = (unsigned)strtoul(words[3], NULL, 10);
	blocks = strtoull(words[4], NULL, 10);
	uint32_t first = count == 7 ? ntohl(inet_addr(words[5])) : 0;
	uint32_t sources = count == 7 ? (uint32_t)strtoul(words[6], NULL, 10) : 1;
	struct session *session = calloc(sessions, sizeof(*session));
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (session == NULL || epoll < 0 || sources == 0)
		content_fail("source", "start");
	content_fill(block);
	snprintf(header, sizeof(header),
		"From: Sender <sender@example.com>\r\nTo: Receiver <a@example.org>\r\n"
		"Subject: transfer\r\n" CONTENT_BLOCKS "%" PRIu64 "\r\n\r\n",
		blocks);
	double start = now();
	for (unsigned i = 0; i < sessions; i++) {
		if (first != 0)
			from.sin_addr.s_addr = htonl(first + i % sources);
		begin(&session[i], &to, &from);
		watch(epoll, &session[i], EPOLL_CTL_ADD);
	}
	while (running > 0)
		turn(epoll);
	printf("seconds=%.6f bytes=%" PRIu64 " good=%u bad=%u\n", last - start,
		good * blocks * CONTENT_BLOCK, good, bad);
	free(session);
	return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
