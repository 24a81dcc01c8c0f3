// SPDX-License-Identifier: BSD-3-Clause
//
// Watching a gateway. The rhythm is ours, within what RFC 1122, 2.3.2.1 (unicast poll) and RFC 4861, 7.3, recommend.
#include "dataplane/neighbour/gateway.h"

#include "dataplane/neighbour/arp.h"
#include "dataplane/dataplane.h"
#include "dataplane/frame/local.h"
#include "dataplane/neighbour/ndp.h"
#include "dataplane/neighbour/neighbour_notice.h"

#define RETRY_MS       1000u // RFC 4861, 10: RETRANS_TIMER; RFC 1122, 2.3.2.1: at most one ARP a second
#define REFRESH_MS     30000u // RFC 4861, 10: REACHABLE_TIME
#define UNANSWERED_MAX 3u     // RFC 4861, 10: MAX_UNICAST_SOLICIT

static bool resolved(const struct gateway *gateway)
{
	return (atomic_load_explicit(&gateway->mac, memory_order_relaxed) & MAC_KNOWN) != 0;
}

// An address of ours to ask with: RFC 5227, 2.1.1, and RFC 4862, 5.4, forbid one that is not ready.
static const struct local *asker(const struct ports *ports, const struct port *port, bool ipv4)
{
	for (uint8_t i = 0; i < ports->local_count; i++) {
		const struct local *local = &ports->local[i];
		if (local->port == port->index && bs_address_is_ipv4(&local->address) == ipv4 &&
			local_state(local) == LOCAL_READY)
			return local;
	}
	return NULL;
}

// False when no address of ours is ready to ask with.
static bool ask(struct dataplane *dataplane, const struct gateway_watch *watch)
{
	const struct port *port = watch->port;
	const struct bs_address *target = &watch->gateway->address;
	bool ipv4 = bs_address_is_ipv4(target);
	struct bs_address own = local_link_local(port);
	if (ipv4 || atomic_load_explicit(&port->link_local_state, memory_order_relaxed) !=
			    LOCAL_READY) {
		const struct local *local = asker(dataplane->ports, port, ipv4);
		if (local == NULL)
			return false;
		own = local->address;
	}
	// Unicast while an address is known (RFC 1122, 2.3.2.1 (2); RFC 4861, 7.3.3).
	uint8_t known[6], *mac = NULL;
	uint64_t word = atomic_load_explicit(&watch->gateway->mac, memory_order_relaxed);
	if ((word & MAC_KNOWN) != 0) {
		mac_unword(word, known);
		mac = known;
	}
	if (ipv4)
		arp_ask(dataplane, port, &own, target, mac);
	else
		ndp_ask(dataplane, port, &own, target, mac);
	return true;
}

void gateway_turn(struct dataplane *dataplane, struct gateway_watch *watch, uint32_t now_ms)
{
	struct gateway *gateway = watch->gateway;
	if (atomic_load_explicit(&gateway->heard, memory_order_relaxed)) {
		atomic_store_explicit(&gateway->heard, false, memory_order_relaxed);
		watch->asked = 0;
		watch->due_ms = now_ms + REFRESH_MS;
	}
	if (watch->told != GATEWAY_FOUND && resolved(gateway)) {
		watch->told = GATEWAY_FOUND;
		watch->asked = 0; // what it told unasked is worth a full round of questions
		neighbour_notice(dataplane, BS_LOG_INFO, &gateway->address, ": gateway is at ",
			atomic_load_explicit(&gateway->mac, memory_order_relaxed));
	}
	if (!time_reached(now_ms, watch->due_ms))
		return;
	watch->due_ms = now_ms + RETRY_MS;
	if (watch->asked >= UNANSWERED_MAX) {
		atomic_store_explicit(&gateway->mac, 0, memory_order_relaxed);
		if (watch->told != GATEWAY_SILENT)
			neighbour_notice(dataplane, BS_LOG_WARNING, &gateway->address,
				": gateway does not answer", 0);
		watch->told = GATEWAY_SILENT;
	}
	if (ask(dataplane, watch) && watch->asked < UNANSWERED_MAX)
		watch->asked++;
}

bool gateway_heard(struct ports *ports, const struct port *port, const struct bs_address *address,
	const uint8_t mac[6], bool replace, bool alive)
{
	struct port *own = &ports->port[port->index];
	struct gateway *gateway = bs_address_is_ipv4(address) ? &own->gateway4 : &own->gateway6;
	if (!gateway->configured || !bs_address_equal(&gateway->address, address))
		return false;
	if (replace || !resolved(gateway))
		atomic_store_explicit(&gateway->mac, mac_word(mac), memory_order_relaxed);
	if (alive)
		atomic_store_explicit(&gateway->heard, true, memory_order_relaxed);
	return true;
}
