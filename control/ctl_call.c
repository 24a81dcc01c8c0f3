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

#include "control/ctl_call.h"

#define ANSWER_MAX (8u << 20)
#define WAIT_S     10

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

// One line, without its newline; NULL with a word in `why`. The caller's, free().
static char *receive_line(int fd, size_t *length, const char **why)
{
	size_t size = 65536, count = 0;
	char *line = malloc(size);
	*why = "no memory";
	while (line != NULL) {
		if (count == size) {
			char *larger = size < ANSWER_MAX ? realloc(line, size * 2) : NULL;
			if (larger == NULL)
				break;
			line = larger;
			size *= 2;
		}
		ssize_t got = recv(fd, line + count, size - count, 0);
		if (got <= 0) {
			*why = got == 0 ? "it closed the connection" : strerror(errno);
			break;
		}
		char *end = memchr(line + count, '\n', (size_t)got);
		count += (size_t)got;
		if (end != NULL) {
			*length = (size_t)(end - line);
			return line;
		}
	}
	free(line);
	return NULL;
}

static enum ctl_exit ask(int fd, const json_t *request, json_t **answer, char error[CTL_ERROR])
{
	const char *why = "it does not read";
	size_t length = 0;
	char *bytes = json_dumps(request, JSON_COMPACT);
	char *line = NULL;
	// The newline takes the place of the NUL.
	if (bytes != NULL) {
		size_t count = strlen(bytes);
		bytes[count] = '\n';
		if (send_all(fd, bytes, count + 1))
			line = receive_line(fd, &length, &why);
	}
	if (line != NULL)
		why = "what it sent is no JSON object";
	*answer = line != NULL ? json_loadb(line, length, 0, NULL) : NULL;
	free(line);
	free(bytes);
	if (json_is_object(*answer))
		return CTL_OK;
	json_decref(*answer);
	*answer = NULL;
	snprintf(error, CTL_ERROR, "barscreen gave no answer: %.200s", why);
	return CTL_NO_DAEMON;
}

enum ctl_exit ctl_call(
	const char *path, const json_t *request, json_t **answer, char error[CTL_ERROR])
{
	int fd;
	enum ctl_exit result = open_socket(path, &fd, error);
	if (result != CTL_OK)
		return result;
	result = ask(fd, request, answer, error);
	close(fd);
	if (result != CTL_OK || json_is_true(json_object_get(*answer, "ok")))
		return result;
	const char *text = json_string_value(json_object_get(*answer, "error"));
	snprintf(error, CTL_ERROR, "refused: %.400s", text != NULL ? text : "no reason given");
	json_decref(*answer);
	return CTL_REFUSED;
}
