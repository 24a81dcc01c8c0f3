// SPDX-License-Identifier: BSD-3-Clause
//
// Who is at the other end of the control socket, and what that one may: the kernel's word (SO_PEERCRED, SO_PEERGROUPS), which no
// client can forge.
//
// Root and the user that barscreen runs as may change things. Without groups in the configuration the socket file's mode says
// who may look. With control-readers or control-writers anybody may connect, and is asked who he is.
//
// Control thread.
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "control/configuration/config.h"

struct socket_roles {
	bool asks; // groups are configured
	gid_t readers;
	bool has_writers;
	gid_t writers;
};

enum socket_role { SOCKET_STRANGER, SOCKET_READER, SOCKET_WRITER };

// Looks the groups up; `config` may be NULL. False with a line in `error` when there is no such group.
bool socket_roles_read(const struct config *config, struct socket_roles *roles, char error[256]);
// Of the socket file.
mode_t socket_roles_mode(const struct socket_roles *roles);
// `fd`: a connected Unix socket.
enum socket_role socket_role_of(const struct socket_roles *roles, int fd);
