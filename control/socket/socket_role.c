// SPDX-License-Identifier: BSD-3-Clause
#include "control/socket/socket_role.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUPS_MAX 65536u // as many as Linux lets a process have

static bool find_group(const char *key, const char *name, gid_t *gid, char error[256])
{
	errno = 0;
	const struct group *group = getgrnam(name);
	if (group == NULL) {
		snprintf(error, 256,
			"%s: there is no group \"%.64s\"; make it: groupadd --system %.64s", key,
			name, name);
		return false;
	}
	*gid = group->gr_gid;
	return true;
}

bool socket_roles_read(const struct config *config, struct socket_roles *roles, char error[256])
{
	*roles = (struct socket_roles){.readers = getegid()};
	if (config == NULL)
		return true;
	roles->has_writers = config->control_writers[0] != '\0';
	roles->asks = roles->has_writers || config->control_readers[0] != '\0';
	return (config->control_readers[0] == '\0' ||
		       find_group("control-readers", config->control_readers, &roles->readers,
			       error)) &&
	       (!roles->has_writers || find_group("control-writers", config->control_writers,
					       &roles->writers, error));
}

mode_t socket_roles_mode(const struct socket_roles *roles)
{
	return roles->asks ? 0666 : 0660;
}

static bool has(const gid_t *gids, size_t count, gid_t wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (gids[i] == wanted)
			return true;
	}
	return false;
}

static enum socket_role role_by_groups(
	const struct socket_roles *roles, const gid_t *gids, size_t count)
{
	if (roles->has_writers && has(gids, count, roles->writers))
		return SOCKET_WRITER;
	return has(gids, count, roles->readers) ? SOCKET_READER : SOCKET_STRANGER;
}

enum socket_role socket_role_of(const struct socket_roles *roles, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return SOCKET_STRANGER;
	if (peer.uid == 0 || peer.uid == geteuid())
		return SOCKET_WRITER;
	if (!roles->asks)
		return SOCKET_READER;
	gid_t *gids = malloc((GROUPS_MAX + 1) * sizeof(*gids));
	if (gids == NULL)
		return SOCKET_STRANGER;
	size = GROUPS_MAX * sizeof(*gids);
	size_t count = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids, &size) == 0
			       ? size / sizeof(*gids)
			       : 0;
	gids[count++] = peer.gid; // the main group is not among the others
	enum socket_role role = role_by_groups(roles, gids, count);
	free(gids);
	return role;
}
