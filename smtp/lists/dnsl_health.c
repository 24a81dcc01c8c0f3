// SPDX-License-Identifier: BSD-3-Clause
//
// The part of all workers: does a list count, and what its answers teach. The points are asked in smtp/lists/dnsl_health_turn.c.
#include "smtp/lists/dnsl_health.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dataplane/seam/bell.h"
#include "smtp/lists/dnsl_health_state.h"

#define ERRORS_MS 10000u // between tests that answers which are no entries ask for

struct dnsl_health *dnsl_health_new(void)
{
	struct dnsl_health *health = calloc(1, sizeof(*health));

	if (health == NULL)
		return NULL;
	if (getrandom(&health->key, sizeof(health->key), 0) != (ssize_t)sizeof(health->key)) {
		free(health);
		return NULL;
	}
	return health;
}

void dnsl_health_free(struct dnsl_health *health)
{
	free(health);
}

static uint64_t mixed(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3); // FNV-1a
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

// The operator's own words: nobody can choose them against us.
uint64_t list_key(const struct bs_dnsl *list)
{
	uint64_t key = mixed(mixed(UINT64_C(0xcbf29ce484222325), list->name), list->zone);

	return key != 0 ? key : 1;
}

struct row *find_row(const struct dnsl_health *health, const struct bs_dnsl *list)
{
	uint32_t rows = atomic_load_explicit(&health->rows, memory_order_acquire);
	uint64_t key = list_key(list);

	for (uint32_t i = 0; i < rows; i++)
		if (atomic_load_explicit(&health->row[i].key, memory_order_acquire) == key)
			return (struct row *)&health->row[i];
	return NULL;
}

enum state row_state(const struct row *row, const struct bs_dnsl *list)
{
	if (row == NULL)
		return list->tested ? STATE_AWAITED : STATE_COUNTS;
	if (list->tested) {
		uint64_t word = atomic_load_explicit(&row->points, memory_order_acquire);
		enum dnsl_points_state points = points_unpack(word).state;

		if (points == DNSL_POINTS_AWAITED)
			return STATE_AWAITED;
		if (points != DNSL_POINTS_GOOD)
			return STATE_POINTS;
	}
	if (list->share < 100) {
		uint8_t share = atomic_load_explicit(&row->share_state, memory_order_relaxed);

		if (share != DNSL_SHARE_GOOD)
			return share == DNSL_SHARE_RUN ? STATE_RUN : STATE_OVER;
	}
	if (list->tested &&
		atomic_load_explicit(&row->unproved, memory_order_relaxed) > DNSL_UNPROVED)
		return STATE_PROVING;
	return STATE_COUNTS;
}

void want_turn(struct dnsl_health *health)
{
	struct bs_bell *bell = atomic_load_explicit(&health->bell, memory_order_acquire);

	if (atomic_exchange_explicit(&health->wanted, true, memory_order_acq_rel))
		return;
	if (bell != NULL)
		bs_bell_ring(bell);
}

enum dnsl_trust dnsl_health_trust(struct dnsl_health *health, const struct bs_dnsl *list)
{
	struct row *row = find_row(health, list);

	if (row == NULL)
		want_turn(health); // a list of a new policy
	switch (row_state(row, list)) {
	case STATE_COUNTS:
		return DNSL_COUNTS;
	case STATE_PROVING:
	case STATE_RUN:
	case STATE_OVER:
		return DNSL_WATCHED;
	case STATE_AWAITED:
	case STATE_POINTS:
		break;
	}
	return DNSL_SILENCED;
}

static void want_points(struct dnsl_health *health, struct row *row)
{
	atomic_store_explicit(&row->wanted, true, memory_order_release);
	want_turn(health);
}

static void count_error(
	struct dnsl_health *health, struct row *row, const uint8_t octets[4], uint64_t now_ms)
{
	uint64_t before_ms = atomic_load_explicit(&row->error_ms, memory_order_relaxed);
	uint32_t address;

	memcpy(&address, octets, sizeof(address));
	atomic_fetch_add_explicit(&row->errors, 1, memory_order_relaxed);
	atomic_store_explicit(&row->error, address, memory_order_relaxed);
	if (before_ms != 0 && now_ms < before_ms + ERRORS_MS)
		return;
	atomic_store_explicit(&row->error_ms, now_ms, memory_order_relaxed);
	want_points(health, row);
}

static void judge_share(struct dnsl_health *health, struct row *row, const struct bs_dnsl *list)
{
	uint8_t was = atomic_load_explicit(&row->share_state, memory_order_relaxed);
	uint8_t is = (uint8_t)dnsl_share_state(
		&row->share, list->share, (enum dnsl_share_state)was);

	if (is == was)
		return;
	atomic_store_explicit(&row->share_state, is, memory_order_relaxed);
	want_turn(health);
}

void dnsl_health_count(struct dnsl_health *health, const struct bs_dnsl *list, uint64_t subject,
	enum dnsl_reading reading, const uint8_t octets[4], uint64_t now_ms)
{
	struct row *row = find_row(health, list);
	bool hit = reading == DNSL_HIT;

	if (row == NULL || reading == DNSL_UNKNOWN)
		return;
	if (reading == DNSL_ERROR) {
		count_error(health, row, octets, now_ms);
		return;
	}
	if (!dnsl_share_add(&row->share, subject, hit, now_ms))
		return;
	atomic_fetch_add_explicit(&row->asked, 1, memory_order_relaxed);
	judge_share(health, row, list);
	if (!hit) {
		atomic_store_explicit(&row->unproved, 0, memory_order_relaxed);
		return;
	}
	atomic_fetch_add_explicit(&row->hits, 1, memory_order_relaxed);
	if ((atomic_fetch_add_explicit(&row->unproved, 1, memory_order_relaxed) + 1) % DNSL_PROOF ==
		0)
		want_points(health, row);
}

uint64_t dnsl_health_client(const struct dnsl_health *health, const struct bs_address *client)
{
	uint64_t word[2];

	memcpy(word, client->octet, sizeof(word));
	if (!bs_address_is_ipv4(client))
		word[1] = 0;
	return siphash(&health->key, word, 2, 1, 3);
}

uint64_t dnsl_health_name(const struct dnsl_health *health, const char *name)
{
	uint64_t word[DNS_NAME / 8 + 1] = {0};
	size_t length = strnlen(name, sizeof(word) - 1);

	memcpy(word, name, length);
	return siphash(&health->key, word, (unsigned)(length / 8 + 1), 1, 3);
}
