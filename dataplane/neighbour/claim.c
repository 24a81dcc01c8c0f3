// SPDX-License-Identifier: BSD-3-Clause
//
// A claim to an address: see claim.h. A link that goes down takes nothing away; when it is up again a held address
// is announced and not probed, because a flapping cable must not cost seven seconds of mail each time.
#include "dataplane/neighbour/claim.h"

#include "dataplane/neighbour/arp.h"
#include "dataplane/dataplane.h"
#include "dataplane/neighbour/ndp.h"
#include "dataplane/neighbour/neighbour_notice.h"

// RFC 5227, 1.1
#define PROBE_WAIT_MS          1000u // at most, before the first probe
#define PROBE_NUM              3u
#define PROBE_MIN_MS           1000u
#define PROBE_MAX_MS           2000u
#define ANNOUNCE_WAIT_MS       2000u
#define ANNOUNCE_NUM           2u
#define ANNOUNCE_INTERVAL_MS   2000u
#define DEFEND_INTERVAL_MS     10000u
#define RATE_LIMIT_INTERVAL_MS 60000u
// RFC 4862, 5.1 and RFC 4861, 10
#define DUP_ADDR_DETECT_TRANSMITS     1u
#define MAX_RTR_SOLICITATION_DELAY_MS 1000u
#define RETRANS_TIMER_MS              1000u

void claim_begin(struct claim *claim, const struct port *port, const struct bs_address *address,
	_Atomic uint8_t *state, _Atomic uint64_t *rival)
{
	*claim = (struct claim){.port = port, .state = state, .rival = rival, .address = *address};
}

static bool is_ipv4(const struct claim *claim)
{
	return bs_address_is_ipv4(&claim->address);
}

// Machines that start together after a power cut must not speak together (RFC 5227, 2.1.1). What differs between them is
// the MAC address; chance is not needed and would be worse to test. FNV-1a.
static uint32_t jitter(const struct claim *claim, uint32_t below)
{
	uint32_t hash = 2166136261u ^ claim->left;
	for (unsigned i = 0; i < 6; i++)
		hash = (hash ^ claim->port->mac[i]) * 16777619u;
	for (unsigned i = 8; i < 16; i++)
		hash = (hash ^ claim->address.octet[i]) * 16777619u;
	return (hash >> 8) % below;
}

static void set_state(struct claim *claim, enum local_state state)
{
	atomic_store_explicit(claim->state, (uint8_t)state, memory_order_relaxed);
}

static enum local_state state_of(const struct claim *claim)
{
	return (enum local_state)atomic_load_explicit(claim->state, memory_order_relaxed);
}

static void begin_probing(struct claim *claim, uint32_t now_ms)
{
	claim->step = CLAIM_PROBING;
	claim->left = is_ipv4(claim) ? PROBE_NUM : DUP_ADDR_DETECT_TRANSMITS;
	claim->due_ms = now_ms + jitter(claim, is_ipv4(claim) ? PROBE_WAIT_MS
							      : MAX_RTR_SOLICITATION_DELAY_MS);
}

static void begin_announcing(struct claim *claim, uint32_t now_ms)
{
	claim->step = CLAIM_ANNOUNCING;
	claim->left = ANNOUNCE_NUM;
	claim->due_ms = now_ms;
}

void claim_link_up(struct claim *claim, uint32_t now_ms)
{
	if (state_of(claim) == LOCAL_READY)
		begin_announcing(claim, now_ms);
	else
		begin_probing(claim, now_ms);
}

static void announce(struct dataplane *dataplane, const struct claim *claim)
{
	if (is_ipv4(claim))
		arp_announce(dataplane, claim->port, &claim->address);
	else
		ndp_announce(dataplane, claim->port, &claim->address);
}

static void probe(struct dataplane *dataplane, struct claim *claim, uint32_t now_ms)
{
	if (claim->left == 0) { // asked often enough, and nobody answered
		if (state_of(claim) == LOCAL_DUPLICATE)
			neighbour_notice(
				dataplane, BS_LOG_INFO, &claim->address, " is free now", 0);
		set_state(claim, LOCAL_READY);
		begin_announcing(claim, now_ms);
		return;
	}
	claim->left--;
	if (is_ipv4(claim)) {
		arp_probe(dataplane, claim->port, &claim->address);
		claim->due_ms = now_ms +
				(claim->left == 0 ? ANNOUNCE_WAIT_MS
						  : PROBE_MIN_MS +
							    jitter(claim,
								    PROBE_MAX_MS - PROBE_MIN_MS));
	} else {
		ndp_probe(dataplane, claim->port, &claim->address);
		claim->due_ms = now_ms + RETRANS_TIMER_MS;
	}
}

// Somebody else uses the address.
static void contest(
	struct dataplane *dataplane, struct claim *claim, uint64_t rival, uint32_t now_ms)
{
	switch ((enum claim_step)claim->step) {
	case CLAIM_WAITING:
	case CLAIM_PROBING: // RFC 5227, 2.1.1; RFC 4862, 5.4.5
		if (state_of(claim) != LOCAL_DUPLICATE)
			neighbour_notice(
				dataplane, BS_LOG_WARNING, &claim->address, " in use by ", rival);
		set_state(claim, LOCAL_DUPLICATE);
		claim->step = CLAIM_LOST;
		claim->due_ms = now_ms + RATE_LIMIT_INTERVAL_MS;
		break;
	case CLAIM_ANNOUNCING:
	case CLAIM_HELD:
		// RFC 5227, 2.4 (c): a server with a well-known address never gives it up, and defends it no more
		// often than each ten seconds, or two such would fight at wire speed. IPv6 the same:
		// RFC 4862, 5.4.4, leaves the address as it is.
		if (claim->defended && now_ms - claim->defended_ms < DEFEND_INTERVAL_MS)
			break;
		claim->defended = true;
		claim->defended_ms = now_ms;
		neighbour_notice(
			dataplane, BS_LOG_WARNING, &claim->address, " also used by ", rival);
		announce(dataplane, claim);
		break;
	case CLAIM_LOST:
		break;
	}
}

void claim_turn(struct dataplane *dataplane, struct claim *claim, uint32_t now_ms)
{
	if (atomic_load_explicit(claim->rival, memory_order_relaxed) != 0) {
		uint64_t rival = atomic_exchange_explicit(claim->rival, 0, memory_order_relaxed);
		contest(dataplane, claim, rival, now_ms);
	}
	if (claim->step == CLAIM_WAITING || claim->step == CLAIM_HELD ||
		!time_reached(now_ms, claim->due_ms))
		return;
	switch ((enum claim_step)claim->step) {
	case CLAIM_PROBING:
		probe(dataplane, claim, now_ms);
		break;
	case CLAIM_ANNOUNCING:
		announce(dataplane, claim);
		claim->due_ms = now_ms + ANNOUNCE_INTERVAL_MS;
		if (--claim->left == 0)
			claim->step = CLAIM_HELD;
		break;
	case CLAIM_LOST: // RFC 5227, 2.1.1: not more often than once a minute
		begin_probing(claim, now_ms);
		break;
	case CLAIM_WAITING:
	case CLAIM_HELD:
		break;
	}
}
