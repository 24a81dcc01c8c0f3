// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/socket/socket_listen.h"

#define BACKLOG 16

static int fail(char error[256], const char *path, const char *what)
{
	snprintf(error, 256, "control-socket %.108s: %.120s", path, what);
	return -1;
}

// 0 when the path is free now. A listener that is alive takes the connection, or has a full backlog (EAGAIN).
static int make_way(const struct sockaddr_un *address, char error[256])
{
	struct stat status;
	const char *path = address->sun_path;
	if (lstat(path, &status) != 0)
		return errno == ENOENT ? 0 : fail(error, path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return fail(error, path, "exists and is no socket; remove it or choose another");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(error, path, strerror(errno));
	int fault = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0
											 : errno;
	close(fd);
	if (fault == 0 || fault == EAGAIN)
		return fail(error, path, "barscreen is already running and listens there");
	if (fault != ECONNREFUSED) // refused: nobody holds it, the file outlived its process
		return fail(error, path, strerror(fault));
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(error, path, strerror(errno));
	return 0;
}

static void make_folder(const char *path)
{
	char *folder = strdup(path);
	char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
	if (slash != NULL && slash != folder) {
		*slash = '\0';
		(void)mkdir(folder, 0755); // a failure shows at bind()
	}
	free(folder);
}

// The mode is set on the socket before it has a name, so that it is never wider than meant: bind() takes the umask
// off it. chmod() then gives back what the umask took.
static int bind_file(int fd, const struct sockaddr_un *address, mode_t mode, char error[256])
{
	const char *path = address->sun_path;
	if (fchmod(fd, mode) != 0)
		return fail(error, path, strerror(errno));
	int failed = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	if (failed != 0 && errno == ENOENT) {
		make_folder(path);
		failed = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	}
	if (failed != 0) {
		char what[120];
		snprintf(what, sizeof(what), "%s; the folder must exist and be ours to write",
			strerror(errno));
		return fail(error, path, what);
	}
	if (chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0) {
		fail(error, path, strerror(errno));
		unlink(path);
		return -1;
	}
	return 0;
}

int socket_listen(struct socket_listener *listener, const char *path, mode_t mode, char error[256])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path))
		return fail(error, path, "a path of 1 to 107 bytes is needed");
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (make_way(&address, error) != 0)
		return -1;
	*listener = (struct socket_listener){.path = strdup(path)};
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->path == NULL || listener->fd < 0)
		fail(error, path, strerror(errno));
	else if (bind_file(listener->fd, &address, mode, error) == 0 &&
		 lstat(path, &listener->file) == 0)
		return 0;
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener->path);
	return -1;
}

void socket_listen_end(struct socket_listener *listener)
{
	struct stat status;
	close(listener->fd);
	if (lstat(listener->path, &status) == 0 && status.st_ino == listener->file.st_ino &&
		status.st_dev == listener->file.st_dev)
		unlink(listener->path);
	free(listener->path);
}
