// SPDX-License-Identifier: BSD-3-Clause
//
// Where a mail server stands: smtp://HOST[:PORT], lmtp://HOST[:PORT], lmtp:///SOCKET. And its addresses.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define RELAY_HOST 256u
#define RELAY_PATH 108u // sockaddr_un

struct relay_place {
	bool lmtp;
	char host[RELAY_HOST]; // name or address, without brackets; "" for a socket
	uint16_t port;
	char path[RELAY_PATH];      // of a UNIX socket; "" for a host
	char text[RELAY_HOST + 40]; // the URI with its port, for logs
};

#define RELAY_ADDRESSES 4u // tried in turn; each may cost the whole time for connecting
struct relay_address {
	struct sockaddr_storage socket;
	socklen_t length;
};

// True when `uri` begins with smtp: or lmtp:.
bool relay_place_is(const char *uri);
// False with a reason and a cure in `why` when it can't be. Pure function.
bool relay_place_parse(const char *uri, struct relay_place *place, char why[160]);
// The addresses of the place, at most RELAY_ADDRESSES; 0 with a reason in `why`. With `numeric` a name has none, and
// nothing blocks; without, the resolver takes its time: helper threads and the control thread only.
unsigned relay_place_resolve(const struct relay_place *place, bool numeric,
	struct relay_address address[RELAY_ADDRESSES], char why[160]);
