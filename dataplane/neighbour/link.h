// SPDX-License-Identifier: BSD-3-Clause
//
// Link-layer addresses of the clients' side: answers of a connection go to the MAC address its packets come from, unless
// the client is behind a gateway whose address is resolved. A connection holds a number, not the address: there are
// few addresses and many connections.
//
// Owner: one dataplane lcore. Bounded; an entry lives as long as a connection holds it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct dataplane;
struct links;
struct port;

#define LINK_NONE UINT16_MAX
#define LINKS_MAX 4096u // hosts on the link that talk to us at once; behind a router it is one

struct links *links_new(void);
void links_free(struct links *links);

// The number of `mac`, held once more; LINK_NONE when the table is full.
uint16_t link_hold(struct links *links, const uint8_t mac[6]);
void link_release(struct links *links, uint16_t link);

// Where a connection's next segment goes. False when that is not known.
bool link_mac(const struct dataplane *dataplane, const struct connection *connection,
	const struct port *port, uint8_t mac[6]);

// A segment of the connection came from `mac`: follow it.
void link_follow(struct dataplane *dataplane, struct connection *connection, const uint8_t mac[6]);
