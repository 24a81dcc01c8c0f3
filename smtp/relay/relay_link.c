// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_link.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void prepare(struct relay_link *link)
{
	link->error = 0;
	link->in_start = link->in_end = 0;
	link->out_start = link->out_end = 0;
	memset(&link->reply, 0, sizeof(link->reply));
	link_use_buffer(link, NULL, 0);
}

static bool fail(struct relay_link *link, struct poller *poller, int error)
{
	link_close(link, poller);
	link->error = error;
	return false;
}

bool link_connect(
	struct relay_link *link, struct poller *poller, const struct relay_address *address)
{
	int one = 1, family = address->socket.ss_family;
	prepare(link);
	link->watch.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->watch.fd < 0) {
		link->error = errno;
		return false;
	}
	link->state = LINK_CONNECTING;
	if (family != AF_UNIX) // a command must not wait for the acknowledgement of the one before
		setsockopt(link->watch.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(link->watch.fd, (const struct sockaddr *)&address->socket, address->length) ==
		0)
		link->state = LINK_OPEN;
	else if (errno != EINPROGRESS)
		return fail(link, poller, errno);
	return poller_add(poller, &link->watch) || fail(link, poller, errno);
}

bool link_connected(struct relay_link *link, struct poller *poller)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	int error = 0;
	if (getpeername(link->watch.fd, (struct sockaddr *)&peer, &length) == 0) {
		link->state = LINK_OPEN;
		return true;
	}
	length = sizeof(error);
	getsockopt(link->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error == 0)
		return false;
	fail(link, poller, error);
	return true;
}

// What the server has not got yet must not reach it any more: behind a link that was dead for a while our kernel would
// go on sending after close(), the final dot too, a mail that the client was refused.
static void forget_unsent(int fd)
{
	struct linger reset = {.l_onoff = 1};
	int bytes = 0;
	if (ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

void link_close(struct relay_link *link, struct poller *poller)
{
	if (link->state == LINK_CLOSED)
		return;
	forget_unsent(link->watch.fd);
	poller_remove(poller, &link->watch);
	close(link->watch.fd);
	link->watch.fd = -1;
	link->state = LINK_CLOSED;
	prepare(link);
}

void link_use_buffer(struct relay_link *link, uint8_t *buffer, uint32_t room)
{
	link->out = buffer != NULL ? buffer : link->commands;
	link->out_room = buffer != NULL ? room : LINK_COMMANDS;
	link->out_start = link->out_end = 0;
}

uint32_t link_unsent(const struct relay_link *link)
{
	return link->out_end - link->out_start;
}

uint32_t link_room(struct relay_link *link)
{
	uint32_t unsent = link_unsent(link);
	if (link->out_start != 0 && link->out_room - link->out_end < link->out_room / 2) {
		memmove(link->out, link->out + link->out_start, unsent);
		link->out_start = 0;
		link->out_end = unsent;
	}
	return link->out_room - link->out_end;
}

bool link_say(struct relay_link *link, const char *format, ...)
{
	uint32_t room = link->out_room - link->out_end;
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf((char *)link->out + link->out_end, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (uint32_t)length >= room)
		return false;
	link->out_end += (uint32_t)length;
	return true;
}

bool link_flush(struct relay_link *link, uint32_t *sent)
{
	*sent = 0;
	while (link_unsent(link) != 0) {
		ssize_t count = send(link->watch.fd, link->out + link->out_start, link_unsent(link),
			MSG_NOSIGNAL);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			if (errno == EAGAIN)
				return true;
			link->error = errno;
			return false;
		}
		link->out_start += (uint32_t)count;
		*sent += (uint32_t)count;
	}
	link->out_start = link->out_end = 0;
	return true;
}

enum link_input link_read(struct relay_link *link)
{
	for (;;) {
		size_t taken;
		enum reader_result result = reply_reader_feed(&link->reply,
			link->in + link->in_start, (size_t)(link->in_end - link->in_start), &taken);
		link->in_start = (uint16_t)(link->in_start + taken);
		if (result == READER_WHOLE)
			return LINK_REPLY;
		if (result == READER_NONSENSE)
			return LINK_NONSENSE;
		// bounded: a reply of more than READER_BYTES is nonsense
		ssize_t count = recv(link->watch.fd, link->in, sizeof(link->in), 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN) {
			link->in_start = link->in_end = 0;
			return LINK_NOTHING;
		}
		link->error = count < 0 ? errno : 0;
		if (count <= 0)
			return LINK_ENDED;
		link->in_start = 0;
		link->in_end = (uint16_t)count;
	}
}
