// SPDX-License-Identifier: BSD-3-Clause
//
// The listening end of a Unix socket that has a file: made without a moment in which others could use it, taken over from a
// dead process, never from a living one.
#pragma once

#include <sys/stat.h>

struct socket_listener {
	int fd; // non-blocking, close-on-exec
	char *path;
	struct stat file; // tells our socket file from one that replaced it
};

// Binds and listens, with this mode of the file; makes the last folder of `path` where it is missing (/run is empty after a boot).
// 0, or -1 with a line in `error`.
int socket_listen(struct socket_listener *listener, const char *path, mode_t mode, char error[256]);
// Closes, and removes the file when it is still ours.
void socket_listen_end(struct socket_listener *listener);
