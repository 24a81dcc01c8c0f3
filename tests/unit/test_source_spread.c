// SPDX-License-Identifier: BSD-3-Clause
//
// The source table's two buckets: who finds no room in the first stands in the second and is found there, also by many at once;
// addresses that somebody chose spread like random ones.
#include <criterion/criterion.h>

#include "dataplane/seam/source_table.h"

#define MANY 100000u

static const struct siphash_key key = {{0x1234567, 0x89abcdef}};

static uint64_t mixed(uint64_t x) // splitmix64
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct bs_address of_words(uint64_t high, uint64_t low)
{
	struct bs_address address;
	for (unsigned i = 0; i < 8; i++) {
		address.octet[i] = (uint8_t)(high >> (56 - 8 * i));
		address.octet[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
	return address;
}

// What an attacker has: an IPv4 /8 in order, or with a stride of a power of two; the /64s of an IPv6 /40, in order, or of several bits.
enum set { RANDOM, SLASH_8, STRIDE, SLASH_64S, HIGH_BITS, SETS };

static struct bs_address member(enum set set, uint32_t n)
{
	const uint64_t ipv4 = UINT64_C(0xffff) << 32;
	switch (set) {
	case SLASH_8:
		return of_words(0, ipv4 | UINT64_C(10) << 24 | n);
	case STRIDE:
		return of_words(0, ipv4 | (n * UINT32_C(4096) + n / 1048576));
	case SLASH_64S:
		return of_words(UINT64_C(0x20010db800000000) | n, n);
	case HIGH_BITS:
		return of_words(UINT64_C(0x2000000000000001) | (uint64_t)n << 32, 1);
	case RANDOM:
	case SETS:
		break;
	}
	return of_words(UINT64_C(0x2000000000000000) | mixed(n) >> 3, 1);
}

static struct bs_sources *filled(enum set set, uint32_t count, uint32_t room, uint32_t *uncounted)
{
	struct bs_sources *sources = bs_sources_new(room, &key);
	cr_assert_not_null(sources);
	*uncounted = 0;
	for (uint32_t n = 0; n < count; n++) {
		struct bs_address address = member(set, n);
		enum bs_source_opening how;
		*uncounted += bs_source_open(sources, &address, 1, &how) == NULL;
	}
	return sources;
}

static uint32_t away(const struct bs_sources *sources)
{
	uint32_t sum = 0;
	for (uint32_t b = 0; b < sources->buckets; b++)
		sum += sources->bucket[b].away;
	return sum;
}

// Of a table half full one source in a hundred stands in its second bucket, and one in two thousand in none.
Test(source_spread, chosen_addresses_spread_like_random_ones)
{
	for (enum set set = RANDOM; set < SETS; set++) {
		uint32_t uncounted;
		struct bs_sources *sources = filled(set, MANY, 2 * MANY, &uncounted);
		cr_expect_lt(uncounted, MANY / 1000, "set %u: %u", set, uncounted);
		cr_expect_lt(away(sources), MANY / 50, "set %u: %u", set, away(sources));
		cr_expect_gt(away(sources), MANY / 200, "set %u: %u", set, away(sources));
		bs_sources_free(sources);
	}
}

// Another key, another order: who knows the one collides under no other.
Test(source_spread, what_collides_under_one_key_does_not_under_another)
{
	static const struct siphash_key other = {{0x1234568, 0x89abcdef}};
	struct bs_sources *a = bs_sources_new(MANY, &key), *b = bs_sources_new(MANY, &other);
	uint32_t same = 0, both = 0;
	for (uint32_t n = 0; n < 100 * MANY; n++) {
		struct bs_address address = member(SLASH_8, n);
		uint64_t word = key_of(&address);
		if (first_of(a, hash_of(a, word)) != 0)
			continue;
		same++;
		both += first_of(b, hash_of(b, word)) == 0;
	}
	cr_expect_gt(same, 400);
	cr_expect_lt(both, 5);
	bs_sources_free(a);
	bs_sources_free(b);
}

// Every one is found, alone and in bulk; verdicts too; strangers are not.
Test(source_spread, who_stands_in_the_second_bucket_is_found)
{
	uint32_t uncounted, guests = 0;
	struct bs_sources *sources = filled(RANDOM, 2000, 4500, &uncounted);
	cr_assert_eq(uncounted, 0);
	cr_assert_gt(away(sources), 0);
	for (uint32_t n = 0; n < 2000; n++) {
		struct bs_address address = member(RANDOM, n);
		struct bs_source *source = bs_source_find(sources, &address);
		cr_assert_not_null(source);
		uint32_t bucket = (uint32_t)(source - sources->entry) / WAYS;
		guests += bucket != first_of(sources, hash_of(sources, key_of(&address)));
		if (n % 3 == 0)
			cr_assert(bs_source_convict(source, BS_VERDICT_HARVEST, 100, 1));
		if (n % 5 == 0)
			bs_source_remember(source, 50);
	}
	cr_assert_eq(guests, away(sources));
	for (uint32_t count = 0; count < 100;
		count++) { // bursts of all sizes, some strangers, one that is no source
		struct bs_address address[100];
		const struct bs_address *pointer[100];
		struct bs_source_standing standing[100];
		struct bs_source_looks looks;
		for (uint32_t i = 0; i < count; i++) {
			address[i] = i == 7 ? of_words(0, 1)
					    : member(RANDOM, (count * 40 + i) % 4000);
			pointer[i] = &address[i];
		}
		bs_source_prefetch_bulk(sources, pointer, count);
		for (uint32_t i = 0; i < count; i += BS_SIPHASH_LANES) {
			uint32_t some = count - i < BS_SIPHASH_LANES ? count - i : BS_SIPHASH_LANES;
			bs_source_hash_bulk(bs_sources_key(sources), pointer + i, &looks, some);
			bs_source_fetch_bulk(sources, &looks, some);
			bs_source_look_bulk(sources, &looks, some);
			bs_source_standing_bulk(sources, &looks, standing + i, some, 2);
		}
		for (uint32_t i = 0; i < count; i++) {
			uint32_t n = (count * 40 + i) % 4000;
			bool there = i != 7 && n < 2000;
			cr_assert_eq(standing[i].verdict,
				there && n % 3 == 0 ? BS_VERDICT_HARVEST : BS_VERDICT_NONE);
			cr_assert_eq(standing[i].known, there && n % 5 == 0);
		}
	}
	bs_sources_free(sources);
}

// Also with sources that come and go in a full table the counts of who is away stay right, and no source stands twice.
Test(source_spread, a_full_table_keeps_its_books)
{
	struct bs_sources *sources = bs_sources_new(700, &key);
	uint32_t most = bs_sources_capacity(sources), guests[100] = {0};
	for (uint32_t n = 0; n < 50000; n++) {
		struct bs_address address = member(RANDOM, (uint32_t)(mixed(n) % 3000));
		enum bs_source_opening how;
		struct bs_source *source = bs_source_open(sources, &address, n, &how);
		cr_assert_not_null(source, "nobody has a connection");
		if (n % 7 == 0)
			bs_source_convict(source, BS_VERDICT_HARVEST, 1000, n);
		bs_source_close(sources, &address, n);
	}
	cr_assert_eq(sources->buckets, 100);
	cr_assert_eq(bs_sources_count(sources), most);
	for (uint32_t number = 0; number < most; number++) {
		uint64_t word = key_at(sources, number);
		uint32_t first = first_of(sources, hash_of(sources, word));
		cr_assert_eq(bs_source_open_count(&sources->entry[number]), 0);
		cr_assert_eq(look_up(sources, word), number, "twice in the table");
		guests[first] += first != number / WAYS;
	}
	for (uint32_t b = 0; b < 100; b++)
		cr_assert_eq(sources->bucket[b].away, guests[b]);
	bs_sources_free(sources);
}
