// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/device_memif.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// 0: somebody listens; else errno. memif speaks SOCK_SEQPACKET.
static int knock(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	int result = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 ? 0 : errno;
	close(fd);
	return result == EAGAIN ? 0 : result;
}

static bool check_folder(const char *path, char why[DEVICE_MEMIF_WHY])
{
	char folder[128];
	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	if (access(folder, R_OK | W_OK | X_OK) == 0)
		return true;
	snprintf(why, DEVICE_MEMIF_WHY,
		"the folder of the socket %s can't be used (%s): make it, or give barscreen's user "
		"the right",
		path, strerror(errno));
	return false;
}

bool device_memif_check(const struct config_port *port, bool take, char why[DEVICE_MEMIF_WHY])
{
	struct stat status;
	const char *path = port->socket;
	bool server = port->memif_role == MEMIF_SERVER;
	if (!check_folder(path, why))
		return false;
	bool exists = lstat(path, &status) == 0;
	if (exists && !S_ISSOCK(status.st_mode)) {
		snprintf(why, DEVICE_MEMIF_WHY, "%s is no socket: choose another name", path);
		return false;
	}
	int result = exists ? knock(path) : ENOENT;
	if (server && result == 0) {
		snprintf(why, DEVICE_MEMIF_WHY,
			"another program listens at the socket %s: end it, choose another name, or "
			"role = client",
			path);
		return false;
	}
	if (!server && result != 0) {
		snprintf(why, DEVICE_MEMIF_WHY,
			"nobody listens at the socket %s (%s): start the other end first, or role "
			"= server",
			path, strerror(result));
		return false;
	}
	if (server && exists && take && unlink(path) != 0) {
		snprintf(why, DEVICE_MEMIF_WHY, "the old socket %s can't be removed: %s", path,
			strerror(errno));
		return false;
	}
	return true;
}
