// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_probe.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLICE_MS 100 // how long a stop may go unseen

struct dialogue {
	int fd;
	uint64_t deadline_ms;
	const _Atomic bool *stop;
	struct reply_reader reply;
	uint8_t in[512];
	size_t start, end; // of what was read and not used
};

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

// False when the time is over.
static bool wait_for(struct dialogue *dialogue, short events)
{
	for (;;) {
		struct pollfd wait = {.fd = dialogue->fd, .events = events};
		uint64_t now = clock_ms();
		if (now >= dialogue->deadline_ms || (dialogue->stop != NULL && *dialogue->stop))
			return false;
		if (poll(&wait, 1, SLICE_MS) > 0)
			return true;
	}
}

static bool fail(struct relay_probe *probe, const char *what, int error)
{
	char buffer[80];
	snprintf(probe->why, sizeof(probe->why), "%s: %s", what,
		error == ETIMEDOUT ? "no answer in time"
				   : strerror_r(error, buffer, sizeof(buffer)));
	return false;
}

static bool connect_to(
	struct dialogue *dialogue, const struct relay_address *address, struct relay_probe *probe)
{
	int error = 0;
	socklen_t length = sizeof(error);
	dialogue->fd = socket(
		address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dialogue->fd < 0)
		return fail(probe, "no socket", errno);
	if (connect(dialogue->fd, (const struct sockaddr *)&address->socket, address->length) == 0)
		return true;
	error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (wait_for(dialogue, POLLOUT) &&
			getsockopt(dialogue->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
			error = errno;
	}
	return error == 0 || fail(probe, "connect", error);
}

// Reads one reply. False with a reason.
static bool hear(struct dialogue *dialogue, const char *what, struct relay_probe *probe)
{
	for (;;) {
		size_t taken;
		enum reader_result result = reply_reader_feed(&dialogue->reply,
			dialogue->in + dialogue->start, dialogue->end - dialogue->start, &taken);
		dialogue->start += taken;
		if (result == READER_WHOLE)
			return true;
		if (result == READER_NONSENSE)
			return fail(probe, what, EPROTO);
		ssize_t count = recv(dialogue->fd, dialogue->in, sizeof(dialogue->in), 0);
		if (count == 0)
			return fail(probe, what, ECONNRESET);
		if (count < 0 && errno != EAGAIN && errno != EINTR)
			return fail(probe, what, errno);
		if (count < 0 && !wait_for(dialogue, POLLIN))
			return fail(probe, what, ETIMEDOUT);
		dialogue->start = 0;
		dialogue->end = count > 0 ? (size_t)count : 0;
	}
}

// Says a command and hears the reply. Commands are short: a fresh socket takes them whole.
__attribute__((format(printf, 4, 5))) static bool ask(struct dialogue *dialogue,
	struct relay_probe *probe, const char *what, const char *format, ...)
{
	char line[512];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length < 0 || length >= (int)sizeof(line))
		return fail(probe, what, EMSGSIZE);
	if (send(dialogue->fd, line, (size_t)length, MSG_NOSIGNAL) != length)
		return fail(probe, what, errno);
	return hear(dialogue, what, probe);
}

static bool refused(const struct dialogue *dialogue, const char *what, struct relay_probe *probe)
{
	char text[100];
	if (dialogue->reply.code / 100 == 2)
		return false;
	snprintf(probe->why, sizeof(probe->why), "%s: %u %s", what, dialogue->reply.code,
		reply_reader_line(&dialogue->reply, text, sizeof(text)));
	return true;
}

static void ask_recipient(
	struct dialogue *dialogue, const char *recipient, struct relay_probe *probe)
{
	if (!ask(dialogue, probe, "MAIL", "MAIL FROM:<>\r\n") || dialogue->reply.code / 100 != 2 ||
		!ask(dialogue, probe, "RCPT", "RCPT TO:<%s>\r\n", recipient))
		return;
	probe->recipient_code = dialogue->reply.code;
	reply_reader_enhanced(&dialogue->reply, probe->recipient_enhanced);
}

static bool talk(struct dialogue *dialogue, const struct relay_place *place, const char *hello,
	const char *recipient, struct relay_probe *probe)
{
	if (!hear(dialogue, "greeting", probe) || refused(dialogue, "greeting", probe))
		return false;
	if (!ask(dialogue, probe, "EHLO", "%s %s\r\n", place->lmtp ? "LHLO" : "EHLO", hello))
		return false;
	if (dialogue->reply.code / 100 == 5 && !place->lmtp &&
		!ask(dialogue, probe, "HELO", "HELO %s\r\n", hello))
		return false;
	if (refused(dialogue, "EHLO", probe))
		return false;
	probe->offers = relay_offers_read(&dialogue->reply);
	if (recipient != NULL)
		ask_recipient(dialogue, recipient, probe);
	struct relay_probe ignored = {0}; // it has said what we came for
	ask(dialogue, &ignored, "QUIT", "QUIT\r\n");
	return true;
}

bool relay_probe(const struct relay_place *place, const char *hello, const char *recipient,
	const _Atomic bool *stop, struct relay_probe *probe)
{
	memset(probe, 0, sizeof(*probe));
	probe->addresses = relay_place_resolve(place, false, probe->address, probe->why);
	for (unsigned i = 0; i < probe->addresses; i++) {
		struct dialogue dialogue = {
			.fd = -1, .deadline_ms = clock_ms() + RELAY_PROBE_MS, .stop = stop};
		probe->answered = i;
		bool good = connect_to(&dialogue, &probe->address[i], probe) &&
			    talk(&dialogue, place, hello, recipient, probe);
		if (dialogue.fd >= 0)
			close(dialogue.fd);
		if (good)
			return true;
	}
	return false;
}
