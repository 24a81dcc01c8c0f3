// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neighbour/link.h"

#include <rte_malloc.h>
#include <string.h>

#include "dataplane/tcp/connection.h"

#define SLOTS (2 * LINKS_MAX) // half full at most: short probes

struct entry {
	uint32_t holders;
	uint8_t mac[6];
};

struct links {
	struct entry entry[LINKS_MAX];
	uint16_t slot[SLOTS]; // open addressing by MAC; number + 1, 0: free
	uint16_t unused[LINKS_MAX];
	uint32_t unused_count;
};

struct links *links_new(void)
{
	struct links *links = rte_zmalloc("links", sizeof(*links), 64);
	if (links == NULL)
		return NULL;
	for (uint32_t i = 0; i < LINKS_MAX; i++)
		links->unused[i] = (uint16_t)(LINKS_MAX - 1 - i);
	links->unused_count = LINKS_MAX;
	return links;
}

void links_free(struct links *links)
{
	rte_free(links);
}

// On-link hosts could choose their MAC addresses to collide; the table is then slow by at most its size, for them.
static uint32_t home(const uint8_t mac[6])
{
	uint64_t value = 0;
	memcpy(&value, mac, 6);
	return (uint32_t)((value * UINT64_C(0x9e3779b97f4a7c15)) >> 48) % SLOTS;
}

uint16_t link_hold(struct links *links, const uint8_t mac[6])
{
	uint32_t at = home(mac);
	while (links->slot[at] != 0) {
		struct entry *entry = &links->entry[links->slot[at] - 1];
		if (memcmp(entry->mac, mac, 6) == 0) {
			entry->holders++;
			return (uint16_t)(links->slot[at] - 1);
		}
		at = (at + 1) % SLOTS;
	}
	if (links->unused_count == 0)
		return LINK_NONE;
	uint16_t link = links->unused[--links->unused_count];
	links->entry[link].holders = 1;
	memcpy(links->entry[link].mac, mac, 6);
	links->slot[at] = (uint16_t)(link + 1);
	return link;
}

// Deletion from open addressing without tombstones (Knuth, TAOCP 3, 6.4, algorithm R).
static void remove_slot(struct links *links, uint32_t hole)
{
	uint32_t at = hole;
	for (;;) {
		links->slot[hole] = 0;
		for (;;) {
			at = (at + 1) % SLOTS;
			if (links->slot[at] == 0)
				return;
			uint32_t wanted = home(links->entry[links->slot[at] - 1].mac);
			bool stays = hole <= at ? hole < wanted && wanted <= at
						: hole < wanted || wanted <= at;
			if (!stays)
				break;
		}
		links->slot[hole] = links->slot[at];
		hole = at;
	}
}

void link_release(struct links *links, uint16_t link)
{
	if (link == LINK_NONE || --links->entry[link].holders > 0)
		return;
	uint32_t at = home(links->entry[link].mac);
	while (links->slot[at] != link + 1)
		at = (at + 1) % SLOTS;
	remove_slot(links, at);
	links->unused[links->unused_count++] = link;
}

static bool gateway_mac(const struct gateway *gateway, uint8_t mac[6])
{
	if (!gateway->configured)
		return false;
	uint64_t value = atomic_load_explicit(&gateway->mac, memory_order_relaxed);
	if (!(value & GATEWAY_RESOLVED))
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(value >> (40 - 8 * i));
	return true;
}

bool link_mac(const struct dataplane *dataplane, const struct connection *c,
	const struct port *port, uint8_t mac[6])
{
	if (!(c->flags & CONNECTION_ON_LINK)) {
		bool ipv4 = bs_address_is_ipv4(&c->peer);
		if (gateway_mac(ipv4 ? &port->gateway4 : &port->gateway6, mac))
			return true;
	}
	if (c->link == LINK_NONE)
		return false;
	memcpy(mac, dataplane->links->entry[c->link].mac, 6);
	return true;
}

void link_follow(struct dataplane *dataplane, struct connection *c, const uint8_t mac[6])
{
	struct links *links = dataplane->links;
	if (c->link != LINK_NONE && memcmp(links->entry[c->link].mac, mac, 6) == 0)
		return;
	uint16_t link = link_hold(links, mac);
	if (link == LINK_NONE)
		return;
	link_release(links, c->link);
	c->link = link;
}
