// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ctl/ctl_call.h"

#define ANSWER_MAX (8u << 20)
#define WAIT_S     10

static const char silence[] =
	"it said nothing for 10 seconds; ask again, and if it stays so see what its control "
	"thread waits for with 'cat /proc/$(pidof barscreen)/stack'";
_Static_assert(WAIT_S == 10, "said so");

static enum ctl_exit explain_connect(const char *path, int fault, char error[CTL_ERROR])
{
	switch (fault) {
	case ENOENT:
	case ECONNREFUSED:
		snprintf(error, CTL_ERROR,
			"no barscreen listens on %.200s (%s); start it (systemctl start "
			"barscreen), or "
			"give the path of its 'control-socket' with --socket",
			path, strerror(fault));
		return CTL_NO_DAEMON;
	case EACCES:
	case EPERM:
		snprintf(error, CTL_ERROR,
			"%.200s: not allowed; run this as root, as barscreen's user, or as a "
			"member of "
			"the socket's group (ls -l shows it)",
			path);
		return CTL_REFUSED;
	case EAGAIN:
		snprintf(error, CTL_ERROR,
			"barscreen on %.200s does not take connections now; try again, and look at "
			"its "
			"log when that goes on",
			path);
		return CTL_NO_DAEMON;
	default:
		snprintf(error, CTL_ERROR, "%.200s: %s", path, strerror(fault));
		return CTL_NO_DAEMON;
	}
}

static enum ctl_exit open_socket(const char *path, int *fd, char error[CTL_ERROR])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = WAIT_S};
	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		snprintf(error, CTL_ERROR, "--socket wants a path of 1 to 107 bytes");
		return CTL_USAGE;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0) {
		snprintf(error, CTL_ERROR, "no socket: %s", strerror(errno));
		return CTL_NO_DAEMON;
	}
	// Also bounds connect(): a stopped daemon's backlog may be full.
	setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return CTL_OK;
	int fault = errno;
	close(*fd);
	return explain_connect(path, fault, error);
}

static bool send_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		count -= (size_t)sent;
	}
	return true;
}

// What was received and not looked at yet.
struct received {
	char *bytes;
	size_t size, count;
};

// Room for more; false when an answer is too long, or without memory.
static bool make_room(struct received *in)
{
	if (in->count < in->size)
		return true;
	size_t size = in->size > 0 ? in->size * 2 : 65536;
	char *larger = size <= ANSWER_MAX ? realloc(in->bytes, size) : NULL;
	if (larger == NULL)
		return false;
	in->bytes = larger;
	in->size = size;
	return true;
}

// The next answer, the caller's; NULL with a word in `why`.
static json_t *receive(int fd, struct received *in, const char **why)
{
	char *end = in->count > 0 ? memchr(in->bytes, '\n', in->count) : NULL;
	while (end == NULL) {
		*why = "no memory";
		if (!make_room(in))
			return NULL;
		ssize_t got = recv(fd, in->bytes + in->count, in->size - in->count, 0);
		if (got <= 0) {
			*why = got == 0          ? "it closed the connection"
			       : errno == EAGAIN ? silence
						 : strerror(errno);
			return NULL;
		}
		end = memchr(in->bytes + in->count, '\n', (size_t)got);
		in->count += (size_t)got;
	}
	size_t length = (size_t)(end - in->bytes);
	json_t *answer = json_loadb(in->bytes, length, 0, NULL);
	in->count -= length + 1;
	memmove(in->bytes, end + 1, in->count);
	*why = "what it sent is no JSON object";
	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

static bool send_request(int fd, const json_t *request)
{
	char *bytes = json_dumps(request, JSON_COMPACT);
	if (bytes == NULL)
		return false;
	size_t count = strlen(bytes);
	bytes[count] = '\n'; // takes the place of the NUL
	bool sent = send_all(fd, bytes, count + 1);
	free(bytes);
	return sent;
}

static enum ctl_exit judge(const json_t *answer, const char *why, char error[CTL_ERROR])
{
	if (answer == NULL) {
		snprintf(error, CTL_ERROR, "barscreen gave no answer: %.200s", why);
		return CTL_NO_DAEMON;
	}
	if (json_is_true(json_object_get(answer, "ok")))
		return CTL_OK;
	const char *text = json_string_value(json_object_get(answer, "error"));
	snprintf(error, CTL_ERROR, "refused: %.400s", text != NULL ? text : "no reason given");
	return CTL_REFUSED;
}

enum ctl_exit ctl_follow(const char *path, const json_t *request,
	bool (*take)(const json_t *answer, void *context), void *context, char error[CTL_ERROR])
{
	int fd;
	struct received in = {0};
	const struct timeval for_ever = {0};
	enum ctl_exit result = open_socket(path, &fd, error);
	if (result != CTL_OK)
		return result;
	const char *why = "it does not read";
	bool goes_on = send_request(fd, request);
	result = goes_on ? CTL_OK : judge(NULL, why, error);
	while (goes_on) {
		json_t *answer = receive(fd, &in, &why);
		result = judge(answer, why, error);
		goes_on = result == CTL_OK && take(answer, context);
		json_decref(answer);
		// It has shown that it lives; the next answer may be long in coming.
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof(for_ever));
	}
	free(in.bytes);
	close(fd);
	return result;
}

static bool keep(const json_t *answer, void *context)
{
	*(json_t **)context = json_incref((json_t *)answer);
	return false;
}

enum ctl_exit ctl_call(
	const char *path, const json_t *request, json_t **answer, char error[CTL_ERROR])
{
	*answer = NULL;
	return ctl_follow(path, request, keep, answer, error);
}
