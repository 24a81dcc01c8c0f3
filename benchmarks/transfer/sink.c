// SPDX-License-Identifier: BSD-3-Clause
//
// An SMTP server that reads mails and throws them away, on sockets of the kernel and one epoll:
//
//	sink ADDRESS PORT
//
// Says 250 to a mail whose every byte is the one that was sent (content.h) and of which none is missing, else 554.
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchmarks/transfer/content.h"

#define EVENTS  64
#define READ    262144u
#define HEADER  4096u
#define COMMAND 1024u

enum phase { COMMANDS, IN_HEADER, IN_BODY, IN_END };

struct session {
	int fd;
	enum phase phase;
	size_t held; // bytes of a command, a header, or the end
	char text[HEADER];
	uint32_t position; // in the block
	uint64_t blocks, expected;
	bool damaged;
};

static uint8_t block[CONTENT_BLOCK], bytes[READ];
static const char end[] = ".\r\n";

static bool say(const struct session *session, const char *text)
{
	// Replies are few and short: a socket that does not take one is broken.
	return send(session->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static bool answer(struct session *session)
{
	static const struct {
		const char *verb, *reply;
	} known[] = {
		{"EHLO", "250-sink.example.org\r\n250-PIPELINING\r\n250 8BITMIME\r\n"},
		{"HELO", "250 sink.example.org\r\n"},
		{"DATA", "354 go on\r\n"},
		{"MAIL", "250 2.1.0 Ok\r\n"},
		{"RCPT", "250 2.1.5 Ok\r\n"},
		{"RSET", "250 2.0.0 Ok\r\n"},
		{"NOOP", "250 2.0.0 Ok\r\n"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncasecmp(session->text, known[i].verb, 4) != 0)
			continue;
		if (strcmp(known[i].verb, "DATA") == 0)
			session->phase = IN_HEADER;
		return say(session, known[i].reply);
	}
	if (strncasecmp(session->text, "QUIT", 4) == 0) {
		say(session, "221 2.0.0 Bye\r\n");
		return false;
	}
	return say(session, "502 5.5.2 Unknown\r\n");
}

// Each takes what is its own of the bytes and says how much that was; 0 ends the session.
static size_t take_command(struct session *session, const uint8_t *at, size_t count)
{
	const uint8_t *newline = memchr(at, '\n', count);
	size_t used = newline == NULL ? count : (size_t)(newline - at) + 1;
	if (session->held + used >= COMMAND)
		return 0;
	memcpy(session->text + session->held, at, used);
	session->held += used;
	session->text[session->held] = 0;
	if (newline == NULL)
		return used;
	session->held = 0;
	return answer(session) ? used : 0;
}

// Fields of others, a Received at least, may stand before ours.
static size_t take_header(struct session *session, const uint8_t *at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (session->held + 1 >= HEADER)
			return 0;
		session->text[session->held++] = (char)at[i];
		if (session->held < 4 ||
			memcmp(session->text + session->held - 4, "\r\n\r\n", 4) != 0)
			continue;
		session->text[session->held] = 0;
		const char *blocks = strstr(session->text, CONTENT_BLOCKS);
		session->expected = blocks == NULL
					    ? 0
					    : strtoull(blocks + strlen(CONTENT_BLOCKS), NULL, 10);
		session->damaged = session->expected == 0;
		session->blocks = session->position = 0;
		session->held = 0;
		session->phase = IN_BODY;
		return i + 1;
	}
	return count;
}

static size_t take_body(struct session *session, const uint8_t *at, size_t count)
{
	size_t run = CONTENT_BLOCK - session->position;
	if (session->position == 0 && at[0] == '.') {
		session->phase = IN_END;
		return take_command(session, at, 1);
	}
	if (run > count)
		run = count;
	session->damaged |= memcmp(block + session->position, at, run) != 0;
	session->position += (uint32_t)run;
	if (session->position == CONTENT_BLOCK) {
		session->position = 0;
		session->blocks++;
	}
	return run;
}

static size_t take_end(struct session *session, const uint8_t *at)
{
	session->text[session->held++] = (char)at[0];
	if (session->held < strlen(end))
		return 1;
	bool good = !session->damaged && session->blocks == session->expected &&
		    memcmp(session->text, end, strlen(end)) == 0;
	session->held = 0;
	session->phase = COMMANDS;
	return say(session, good ? "250 2.0.0 Ok\r\n" : "554 5.6.0 not what was sent\r\n");
}

static bool feed(struct session *session, const uint8_t *at, size_t count)
{
	while (count > 0) {
		size_t used = session->phase == COMMANDS    ? take_command(session, at, count)
			      : session->phase == IN_HEADER ? take_header(session, at, count)
			      : session->phase == IN_BODY   ? take_body(session, at, count)
							    : take_end(session, at);
		if (used == 0)
			return false;
		at += used;
		count -= used;
	}
	return true;
}

static void serve(struct session *session)
{
	ssize_t count = recv(session->fd, bytes, READ, 0);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0 && feed(session, bytes, (size_t)count))
		return;
	close(session->fd);
	free(session);
}

static void welcome(int listener, int epoll)
{
	struct session *session = calloc(1, sizeof(*session));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
	if (session == NULL) {
		content_fail("sink", "memory");
		return; // cppcheck does not know that it is not come to
	}
	session->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (session->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, session->fd, &event) != 0 ||
		!say(session, "220 sink.example.org ESMTP\r\n")) {
		if (session->fd >= 0)
			close(session->fd);
		free(session);
	}
} // NOLINT(clang-analyzer-unix.Malloc): the epoll set has it

int main(int count, char **words)
{
	struct sockaddr_in local = {.sin_family = AF_INET};
	struct epoll_event event[EVENTS] = {{.events = EPOLLIN}};
	int yes = 1, epoll = epoll_create1(EPOLL_CLOEXEC);
	if (count != 3 || inet_pton(AF_INET, words[1], &local.sin_addr) != 1)
		return EXIT_FAILURE;
	local.sin_port = htons((uint16_t)strtoul(words[2], NULL, 10));
	content_fill(block);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&local, sizeof(local)) != 0 ||
		listen(listener, 4096) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, listener, event) != 0)
		content_fail("sink", "listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		int ready = epoll_wait(epoll, event, EVENTS, -1);
		for (int i = 0; i < ready; i++) {
			if (event[i].data.ptr == NULL)
				welcome(listener, epoll);
			else
				serve(event[i].data.ptr);
		}
	}
}
