// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/socket/request.h"
#include "control/socket/socket_client.h"

// False when the client is gone.
static bool send_answer(struct client *client, uint64_t now_ms)
{
	while (client->answer != NULL) {
		ssize_t count = send(client->fd, client->answer + client->answer_sent,
			client->answer_length - client->answer_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		client->answer_sent += (size_t)count;
		if (client->answer_sent == client->answer_length) {
			free(client->answer);
			client->answer = NULL;
			// Who waits for our answer has all the time that it takes.
			client->deadline_ms = client->waits.later != NULL
						      ? UINT64_MAX
						      : now_ms + CLIENT_PATIENCE_MS;
		}
	}
	return true;
}

static bool give_answer(struct client *client, struct request_answer *answer, uint64_t now_ms)
{
	if (answer->length > CLIENT_ANSWER_MAX) {
		free(answer->line);
		if (!request_refuse(answer, "the answer would be too long"))
			return false;
	}
	client->answer = answer->line;
	client->answer_length = answer->length;
	client->answer_sent = 0;
	client->deadline_ms = now_ms + CLIENT_PATIENCE_MS;
	return send_answer(client, now_ms);
}

// Where a request ends, or NULL.
static char *request_end(struct client *client)
{
	return memchr(client->request, '\n', client->request_length);
}

// Answers the first request in the buffer, which is there. False when the client must go.
static bool answer_one(struct client *client, struct daemon *daemon, uint64_t now_ms, bool *stop)
{
	struct request_answer answer;
	size_t length = (size_t)(request_end(client) - client->request);
	bool answered = request_handle(daemon, client->may_write, client->request, length, &answer);
	client->request_length -= length + 1;
	memmove(client->request, client->request + length + 1, client->request_length);
	if (!answered)
		return false;
	if (answer.stop)
		*stop = true;
	if (answer.later == NULL)
		return give_answer(client, &answer, now_ms);
	client->waits = answer;
	client->deadline_ms = UINT64_MAX;
	return true;
}

// Answers that were not ready and are now, a bounded number of them. False when the client must go.
static bool ask_again(struct client *client, struct daemon *daemon, uint64_t now_ms)
{
	struct request_answer *waits = &client->waits;
	for (unsigned i = 0; i < CLIENT_TURN_MAX && client->answer == NULL && waits->later != NULL;
		i++) {
		waits->again = false;
		if (!waits->later(daemon, waits->ticket, waits))
			return true;
		struct request_answer answer = *waits;
		waits->line = NULL;
		if (!answer.again) {
			waits->later = NULL;
			request_answer_end(daemon, waits);
		}
		if (answer.line == NULL || !give_answer(client, &answer, now_ms))
			return false;
	}
	return true;
}

// False when the client is gone.
static bool receive(struct client *client)
{
	size_t room = CLIENT_REQUEST_MAX - client->request_length;
	if (client->at_end || room == 0)
		return true;
	ssize_t count = recv(
		client->fd, client->request + client->request_length, room, MSG_DONTWAIT);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	if (count == 0)
		client->at_end = true; // it may still read: a shell's pipe ends like this
	client->request_length += (size_t)count;
	return true;
}

// There is no telling where the next request would begin: the last answer.
static bool refuse_oversize(struct client *client, uint64_t now_ms)
{
	struct request_answer answer = {0};
	client->at_end = true;
	client->request_length = 0;
	return request_refuse(&answer, "a request is at most 65536 bytes long") &&
	       give_answer(client, &answer, now_ms);
}

enum client_wish client_turn(
	struct client *client, struct daemon *daemon, uint64_t now_ms, bool *stop)
{
	if (!send_answer(client, now_ms))
		return CLIENT_GONE;
	if (!ask_again(client, daemon, now_ms))
		return CLIENT_GONE;
	if (client->answer == NULL && client->waits.later == NULL && !receive(client))
		return CLIENT_GONE;
	for (unsigned i = 0;
		i < CLIENT_TURN_MAX && client->answer == NULL && client->waits.later == NULL; i++) {
		if (request_end(client) != NULL) {
			if (!answer_one(client, daemon, now_ms, stop))
				return CLIENT_GONE;
		} else if (client->request_length == CLIENT_REQUEST_MAX) {
			if (!refuse_oversize(client, now_ms))
				return CLIENT_GONE;
		} else {
			break;
		}
	}
	if (client->answer != NULL)
		return CLIENT_WRITES;
	if (client->waits.later != NULL)
		return CLIENT_WAITS;
	if (request_end(client) != NULL)
		return CLIENT_WRITES;
	return client->at_end ? CLIENT_GONE : CLIENT_READS;
}
