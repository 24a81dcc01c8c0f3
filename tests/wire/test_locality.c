// SPDX-License-Identifier: BSD-3-Clause
//
// Which worker a source's sessions go to, and that it hears of the source while this one waits.
#include "control/class/class.h"
#include "dataplane/tcp/block.h"
#include "tests/wire/wire.h"

// The worker whose doorbell rang for a stream; the stream's number in *block.
static uint32_t rung(struct wire *wire, uint32_t *block)
{
	struct bs_streams *streams = wire->dataplane->streams;
	for (uint32_t worker = 0; worker < streams->workers; worker++) {
		if (!bs_ring_pop(streams->events[worker], block, sizeof(*block)))
			continue;
		atomic_store(&streams->stream[*block].events, 0);
		return worker;
	}
	cr_assert(false, "no worker was told");
	return 0;
}

// Somebody who talks; its worker.
static uint32_t talk(struct wire_peer *peer, uint32_t *block)
{
	wire_connect(peer);
	wire_advance(peer->wire, 10);
	wire_expect_tcp(peer, TCP_ACK);
	wire_say(peer, "EHLO a\r\n");
	wire_forget(peer->wire);
	return rung(peer->wire, block);
}

static struct wire_peer other(const struct wire_peer *peer, uint8_t octet, uint16_t port)
{
	struct wire_peer one = *peer;
	one.address.octet[peer->ipv6 ? 6 : 15] = octet;
	one.port = port;
	return one;
}

WIRE_TEST(locality, a_source_stays_with_its_worker, .no_wait = true, .workers = 4, .talking = 32)
{
	unsigned seen[4] = {0};
	for (uint8_t i = 1; i <= 12; i++) {
		struct wire_peer first = other(peer, i, 1000), second = other(peer, i, 2000);
		second.address.octet[15] ^= peer->ipv6; // another address of the /64
		uint32_t block[2];
		uint32_t worker = talk(&first, &block[0]);
		cr_assert_eq(talk(&second, &block[1]), worker);
		cr_assert_eq(worker, block_worker(peer->wire->dataplane, &first.address));
		seen[worker]++;
		wire_wish(peer->wire, block[0], BS_WISH_ABORT);
		wire_wish(peer->wire, block[1], BS_WISH_ABORT);
		wire_forget(peer->wire);
	}
	for (unsigned i = 0; i < 4; i++)
		cr_assert_lt(seen[i], 12, "all sources went to worker %u", i);
	cr_assert_eq(peer->wire->counters.blocks, 0);
}

WIRE_TEST(
	locality, takes_anothers_when_its_own_has_none, .no_wait = true, .workers = 4, .talking = 8)
{
	uint32_t home = block_worker(peer->wire->dataplane, &peer->address);
	uint32_t block[8], there = 0;
	for (uint16_t i = 0; i < 8; i++) {
		peer->port = (uint16_t)(1000 + i);
		there += talk(peer, &block[i]) == home;
		cr_assert_eq(there, i < 2 ? i + 1u : 2u);
		for (uint16_t k = 0; k < i; k++)
			cr_assert_neq(block[i], block[k]);
	}
	for (uint16_t i = 0; i < 8; i++)
		wire_wish(peer->wire, block[i], BS_WISH_ABORT);
	wire_forget(peer->wire);
	peer->port = 3000;
	cr_assert_eq(talk(peer, block), home);
	wire_wish(peer->wire, block[0], BS_WISH_ABORT);
	wire_forget(peer->wire);
}

// --- early questions ---

static bool announced(struct wire *wire, struct bs_address *address)
{
	for (uint32_t i = 0; i < wire->dataplane->streams->workers; i++) {
		struct bs_early early;
		if (!bs_ring_pop(wire->dataplane->streams->early[i], &early, sizeof(early)))
			continue;
		*address = early.client;
		cr_assert_eq(i, block_worker(wire->dataplane, address));
		return true;
	}
	return false;
}

WIRE_TEST(locality, a_worker_hears_of_who_waits_once, .workers = 4)
{
	struct bs_address address;
	struct wire_peer second = other(peer, peer->address.octet[peer->ipv6 ? 6 : 15], 2000);
	wire_connect(peer);
	cr_assert(announced(peer->wire, &address));
	cr_assert(bs_address_equal(&address, &peer->address));
	wire_connect(&second);
	cr_assert_not(announced(peer->wire, &address), "it has another connection open");
	wire_tcp(peer, .flags = TCP_RST);
	wire_tcp(&second, .flags = TCP_RST);
	peer->port++;
	wire_connect(peer);
	cr_assert(announced(peer->wire, &address));
}

static void classed(struct wire_peer *peer, uint8_t action, uint8_t refuse_at)
{
	struct bs_policy *policy = &peer->wire->policy;
	struct bs_class_rule rule = {{peer->address, 128}, 1, 1};
	bs_class_table_free(policy->classes);
	policy->classes = bs_class_table_new(&rule, 1);
	policy->class[1] = (struct bs_class){.action = action, .refuse_at = refuse_at};
	policy->class_count = 2;
}

WIRE_TEST(locality, no_worker_hears_of_the_allowed_and_the_refused)
{
	static const uint8_t action[] = {
		BS_ACTION_ALLOW, BS_ACTION_RELAY, BS_ACTION_REFUSE, BS_ACTION_STUTTER};
	struct bs_address address;
	for (unsigned i = 0; i < sizeof(action); i++) {
		classed(peer, action[i], BS_REFUSE_AT_CONNECT);
		peer->port++;
		wire_connect(peer);
		cr_assert_not(announced(peer->wire, &address));
		wire_forget(peer->wire);
		wire_tcp(peer, .flags = TCP_RST);
	}
	classed(peer, BS_ACTION_OBSERVE, BS_REFUSE_AT_CONNECT);
	peer->port++;
	wire_connect(peer);
	cr_assert(announced(peer->wire, &address), "it is only observed");
	wire_tcp(peer, .flags = TCP_RST);
	classed(peer, BS_ACTION_REFUSE, BS_REFUSE_AT_RCPT);
	peer->port++;
	wire_connect(peer);
	cr_assert(announced(peer->wire, &address), "its recipient may be allowed");
	wire_forget(peer->wire);
}

WIRE_TEST(locality, what_does_not_fit_is_counted)
{
	for (uint32_t i = 0; i < BS_EARLY_ROOM + 3; i++) {
		peer->port = (uint16_t)(1000 + i);
		wire_connect(peer);
		wire_tcp(peer, .flags = TCP_RST);
		wire_advance(peer->wire, 100); // below the rate at which SYNs get cookies
	}
	cr_assert_eq(peer->wire->counters.early_lost, 3);
}

// --- a worker ends the wait ---

static struct bs_greet waiting(struct wire *wire)
{
	struct bs_early early;
	for (uint32_t i = 0; i < wire->dataplane->streams->workers; i++)
		if (bs_ring_pop(wire->dataplane->streams->early[i], &early, sizeof(early)))
			return early.connection;
	cr_assert_fail("nobody was announced");
	return (struct bs_greet){0};
}

static void greet(struct wire *wire, struct bs_greet what)
{
	cr_assert(bs_ring_push(wire->dataplane->streams->greet[1], &what, sizeof(what)));
	cr_assert(dataplane_ready(wire->dataplane));
	wire_advance(wire, 1);
}

WIRE_TEST(locality, a_worker_ends_the_wait, .workers = 2)
{
	wire_connect(peer);
	struct bs_greet what = waiting(peer->wire);
	greet(peer->wire, (struct bs_greet){what.record, what.serial + 1});
	greet(peer->wire, (struct bs_greet){UINT32_MAX, what.serial});
	wire_expect_nothing(peer->wire);
	greet(peer->wire, what);
	cr_assert_gt(wire_expect_tcp(peer, TCP_ACK)->payload_length, 0);
	cr_assert_eq(peer->wire->counters.greeted, 1);
	greet(peer->wire, what);
	cr_assert_eq(peer->wire->counters.greeted, 1, "it does not wait any more");
	wire_forget(peer->wire);
}

// --- lists ---

WIRE_TEST(locality, a_relay_does_not_wait)
{
	classed(peer, BS_ACTION_RELAY, BS_REFUSE_AT_RCPT);
	wire_connect(peer);
	cr_assert_gt(wire_expect_tcp(peer, TCP_ACK)->payload_length, 0);
}

WIRE_TEST(locality, who_is_only_observed_waits)
{
	classed(peer, BS_ACTION_OBSERVE, BS_REFUSE_AT_CONNECT);
	wire_connect(peer);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 25010);
	cr_assert_eq(peer->wire->counters.greeted, 1);
	wire_forget(peer->wire);
}
