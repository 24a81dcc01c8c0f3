// SPDX-License-Identifier: BSD-3-Clause
//
// The memory: its bounds, who goes, what control sees of it, many threads.
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "smtp/memory/memory.h"

static const uint8_t key[16] = "sixteen octets!";
static const struct bs_greylist_rules rules = {.delay_ms = 300000,
	.retry_ms = 172800000,
	.lifetime_ms = 3024000000,
	.auto_allow = 0,
	.only_from = INT32_MIN};

#define NOW UINT64_C(1800000000)

static struct bs_address numbered(uint32_t number)
{
	return bs_address_from_ipv4((const uint8_t[]){
		10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number});
}

static struct bs_address at(const char *text)
{
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address));
	return address;
}

static enum greylist_state ask(struct memory *memory, uint32_t number, uint64_t wall_s, bool change)
{
	struct bs_address client = numbered(0);
	char sender[40];
	snprintf(sender, sizeof(sender), "s%ux@example.net", number);
	return greylist_ask(memory, &client, NULL, sender, "a@example.org", &rules, wall_s, change)
		.state;
}

Test(memory, clients_are_remembered_as_sources_until_their_time)
{
	struct memory *memory = memory_new(1000, key);
	struct bs_address client = at("192.0.2.7"), other = at("192.0.2.8");
	cr_expect_eq(memory_client_until(memory, &client, NOW), 0);
	memory_remember_client(memory, &client, NOW + 100, NOW);
	cr_expect_eq(memory_client_until(memory, &client, NOW + 99), NOW + 100);
	cr_expect_eq(memory_client_until(memory, &client, NOW + 100), 0);
	cr_expect_eq(memory_client_until(memory, &other, NOW), 0);
	memory_remember_client(memory, &client, NOW + 200, NOW + 50);
	cr_expect_eq(memory_client_until(memory, &client, NOW + 150), NOW + 200);
	cr_expect_eq(memory_count(memory), 1);
	struct bs_address one = at("2001:db8:7:1::5"), sibling = at("2001:db8:7:1:ffff::9");
	struct bs_address stranger = at("2001:db8:7:2::5");
	memory_remember_client(memory, &one, NOW + 100, NOW);
	cr_expect_eq(memory_client_until(memory, &sibling, NOW), NOW + 100);
	cr_expect_eq(memory_client_until(memory, &stranger, NOW), 0);
	cr_expect(memory_forget_client(memory, &sibling));
	cr_expect_not(memory_forget_client(memory, &one));
	cr_expect_eq(memory_count(memory), 1);
	memory_free(memory);
}

Test(memory, all_that_was_promised_room_has_it)
{
	for (uint32_t capacity = 1; capacity <= 200000; capacity = capacity * 7 + 3) {
		struct memory *memory = memory_new(capacity, key);
		uint32_t lost = 0;
		for (uint32_t i = 0; i < capacity; i++)
			ask(memory, i, NOW, true);
		for (uint32_t i = 0; i < capacity; i++)
			lost += ask(memory, i, NOW + 10, false) != GREYLIST_EARLY;
		cr_expect_eq(lost, 0, "%u of %u are lost", lost, capacity);
		cr_expect_eq(memory_count(memory) + lost, capacity);
		memory_free(memory);
	}
}

Test(memory, a_flood_of_new_ones_does_not_put_out_what_passed)
{
	struct memory *memory = memory_new(10000, key);
	for (uint32_t i = 0; i < 2000; i++) {
		ask(memory, i, NOW, true);
		ask(memory, i, NOW + 300, true);
	}
	for (uint32_t i = 0; i < 200000; i++)
		ask(memory, 10000 + i, NOW + 400 + i / 1000, true);
	uint32_t lost = 0;
	for (uint32_t i = 0; i < 2000; i++)
		lost += ask(memory, i, NOW + 650, false) != GREYLIST_PASSED;
	cr_expect_eq(lost, 0);
	cr_expect_leq(memory_count(memory), memory_buckets(memory) * MEMORY_BUCKET);
	// and the latest of them are there
	for (uint32_t i = 0; i < 100; i++)
		cr_expect_eq(ask(memory, 10000 + 199999 - i, NOW + 650, false), GREYLIST_EARLY);
	memory_free(memory);
}

Test(memory, what_expired_is_swept)
{
	struct memory *memory = memory_new(1000, key);
	uint32_t cursor = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		struct bs_address client = numbered(i);
		memory_remember_client(memory, &client, NOW + 10 + i % 2 * 1000, NOW);
	}
	cr_expect_eq(memory_sweep(memory, &cursor, memory_buckets(memory), NOW), 0);
	cr_expect_eq(memory_sweep(memory, &cursor, memory_buckets(memory), NOW + 10), 500);
	cr_expect_eq(memory_count(memory), 500);
	for (uint32_t i = 0; i < 1000; i++) {
		struct bs_address client = numbered(i);
		cr_expect_eq(memory_client_until(memory, &client, NOW + 11) != 0, i % 2 == 1);
	}
	memory_free(memory);
}

// What is taken as changed, bucket by bucket.
static uint32_t take_all(struct memory *memory, struct memory *into, uint32_t *buckets)
{
	struct memory_entry entry[MEMORY_BUCKET];
	uint32_t cursor = 0, entries = 0, before;
	int count;
	*buckets = 0;
	for (before = 0; (count = memory_take_changed(memory, &cursor, entry)) >= 0;
		before = cursor) {
		cr_assert_gt(cursor, before);
		++*buckets;
		for (int i = 0; i < count; i++)
			entries += into == NULL || memory_restore(into, &entry[i], NOW);
	}
	return entries;
}

Test(memory, what_changed_is_taken_once)
{
	struct memory *memory = memory_new(5000, key), *copy = memory_new(20000, key);
	uint32_t buckets;
	cr_expect_eq(take_all(memory, NULL, &buckets), 0);
	cr_expect_eq(buckets, 0);
	for (uint32_t i = 0; i < 3000; i++)
		ask(memory, i, NOW, true);
	cr_expect_eq(take_all(memory, copy, &buckets), 3000);
	cr_expect_eq(take_all(memory, NULL, &buckets), 0);
	cr_expect_eq(buckets, 0);
	for (uint32_t i = 0; i < 3000; i++) {
		cr_expect_eq(ask(copy, i, NOW + 1, false), GREYLIST_EARLY);
		ask(memory, i, NOW + 1, false); // looking is no change
	}
	take_all(memory, NULL, &buckets);
	cr_expect_eq(buckets, 0);
	ask(memory, 7, NOW + 300, true);
	cr_expect_geq(take_all(memory, copy, &buckets), 2); // and its network
	cr_expect_leq(buckets, 2);
	cr_expect_eq(ask(copy, 7, NOW + 400, false), GREYLIST_PASSED);
	cr_expect_eq(memory_count(copy), 3001);
	memory_mark_all(memory);
	cr_expect_eq(take_all(memory, NULL, &buckets), 3001);
	cr_expect_eq(buckets, memory_buckets(memory));
	// gone is a change too
	struct bs_address client = numbered(0);
	cr_expect_eq(greylist_forget(memory, &client, NULL, "s7x@example.net", "a@example.org"), 1);
	take_all(memory, NULL, &buckets);
	cr_expect_eq(buckets, 1);
	memory_free(memory);
	memory_free(copy);
}

Test(memory, nonsense_from_disk_is_not_taken)
{
	struct memory *memory = memory_new(100, key);
	struct memory_entry entry = {.kind = MEMORY_CLIENT, .until_s = (uint32_t)NOW + 1};
	cr_expect(memory_restore(memory, &entry, NOW));
	entry.kind = MEMORY_FREE;
	cr_expect_not(memory_restore(memory, &entry, NOW));
	entry.kind = MEMORY_KINDS;
	cr_expect_not(memory_restore(memory, &entry, NOW));
	entry.kind = MEMORY_CLIENT;
	entry.until_s = (uint32_t)NOW;
	cr_expect_not(memory_restore(memory, &entry, NOW));
	entry.until_s = UINT32_MAX;
	cr_expect_not(memory_restore(memory, &entry, NOW));
	memory_free(memory);
}

Test(memory, another_key_finds_nothing)
{
	static const uint8_t another[16] = "another sixteen";
	struct memory *memory = memory_new(100, key), *copy = memory_new(100, another);
	uint32_t buckets;
	ask(memory, 1, NOW, true);
	cr_expect_eq(take_all(memory, copy, &buckets), 1);
	cr_expect_eq(ask(copy, 1, NOW, false), GREYLIST_NEW);
	memory_free(memory);
	memory_free(copy);
}

#define THREADS 4

static void *work(void *context)
{
	struct memory *memory = context;
	for (uint32_t i = 0; i < 20000; i++) {
		struct bs_address client = numbered(i % 50);
		ask(memory, i % 3000, NOW + i / 100, true);
		memory_remember_client(memory, &client, NOW + 1000, NOW);
		if (i % 7 == 0)
			memory_forget_client(memory, &client);
	}
	return NULL;
}

Test(memory, many_threads)
{
	struct memory *memory = memory_new(2000, key);
	pthread_t thread[THREADS];
	uint32_t cursor = 0, buckets;
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, work, memory), 0);
	for (int i = 0; i < 200; i++) {
		take_all(memory, NULL, &buckets);
		memory_sweep(memory, &cursor, 10, NOW);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	struct memory_entry entry;
	uint64_t place = 0;
	uint32_t count = 0, free_ones = 0;
	while (memory_next(memory, &place, &entry)) {
		count++;
		free_ones += entry.kind == MEMORY_FREE || entry.until_s == 0;
	}
	cr_expect_eq(count, memory_count(memory));
	cr_expect_eq(free_ones, 0);
	memory_free(memory);
}
