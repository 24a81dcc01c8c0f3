// SPDX-License-Identifier: BSD-3-Clause
//
// Which servers are asked: "192.0.2.53,[2001:db8::53]:5353".
//
// Control thread, at start.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/address.h"

#define DNS_SERVERS    8u // more would never be asked within anybody's patience
#define DNS_PORT       53u
#define DNS_SERVER_WHY 200

struct dns_server {
	struct bs_address address;
	uint16_t port;
};

struct dns_servers {
	struct dns_server server[DNS_SERVERS];
	unsigned count;
};

// False with the fault and its cure in `why`. "" has no servers and is no fault.
bool dns_servers_parse(const char *text, struct dns_servers *servers, char why[DNS_SERVER_WHY]);
// Those of /etc/resolv.conf, as c-ares understands it; the local host when there are none there.
bool dns_servers_of_host(struct dns_servers *servers, char why[DNS_SERVER_WHY]);
