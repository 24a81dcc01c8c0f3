// SPDX-License-Identifier: BSD-3-Clause
//
// What the source table costs, against DPDK's hash table with the same keys, which says where a line of 64 bytes beside it is:
//
//	sources COUNT ROUNDS
//
// Both have room for twice as many and are read by any lcore while others write. One round is a line of name=nanoseconds for each
// operation and table, per source; between rounds both are made anew. Sources come in an order of no use to a cache.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "benchmarks/packets/bed.h"
#include "benchmarks/packets/seeded.h"
#include "dataplane/seam/source.h"

#define NOW_S      1u
#define FIRST_IPV4 0x0b000000u

struct bench {
	uint32_t count;
	struct bs_address *hit,
		*miss; // who is in the tables, in the order they are asked for; who is not
	uint64_t *hit_key, *miss_key; // the same, as keys of the reference
	uint32_t *order;              // in which they come in
	struct bs_sources *sources;
	struct rte_hash *hash;
	struct bs_source *line; // by the reference's position
	size_t line_bytes, hash_bytes;
	uint64_t seen; // what was read is used
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "sources: %s\n", what);
	exit(EXIT_FAILURE);
}

static uint64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *get(size_t count, size_t size)
{
	void *memory = calloc(count, size);
	if (memory == NULL)
		fail("not enough memory");
	return memory;
}

// The address that has this number; no two have the same.
static struct bs_address address_of(uint32_t number)
{
	uint32_t octets = htobe32(FIRST_IPV4 + number * 2654435761u);
	return bs_address_from_ipv4(&octets);
}

static uint64_t key_of(const struct bs_address *address)
{
	uint64_t key;
	memcpy(&key, address->octet + 8, sizeof(key));
	return key;
}

static void make_addresses(struct bench *bench)
{
	uint64_t state = 5;
	uint32_t count = bench->count;
	bench->hit = get(count, sizeof(bench->hit[0]));
	bench->miss = get(count, sizeof(bench->miss[0]));
	bench->hit_key = get(count, sizeof(uint64_t));
	bench->miss_key = get(count, sizeof(uint64_t));
	bench->order = get(count, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++) {
		bench->hit[i] = address_of(i);
		bench->miss[i] = address_of(count + i);
		bench->hit_key[i] = key_of(&bench->hit[i]);
		bench->miss_key[i] = key_of(&bench->miss[i]);
		uint32_t other = seeded_below(&state, i + 1); // Fisher and Yates
		bench->order[i] = bench->order[other];
		bench->order[other] = i;
	}
}

static size_t dpdk_bytes(void)
{
	struct rte_malloc_socket_stats stats = {0};
	size_t sum = 0;
	for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++)
		if (rte_malloc_get_socket_stats(socket, &stats) == 0)
			sum += stats.heap_allocsz_bytes;
	return sum;
}

static void make_tables(struct bench *bench)
{
	static const struct siphash_key key = {{21, 22}};
	struct rte_hash_parameters parameters = {.name = "sources",
		.entries = 2 * bench->count,
		.key_len = sizeof(uint64_t),
		.hash_func = rte_hash_crc,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF |
			      RTE_HASH_EXTRA_FLAGS_MULTI_WRITER_ADD};
	size_t before = dpdk_bytes();
	bench->sources = bs_sources_new(2 * bench->count, &key);
	bench->hash = rte_hash_create(&parameters);
	if (bench->sources == NULL || bench->hash == NULL)
		fail("no table");
	bench->hash_bytes = dpdk_bytes() - before;
	// As our table has them: huge pages where the kernel has them, all there from now on.
	int32_t places = rte_hash_max_key_id(bench->hash) + 1;
	bench->line_bytes = (size_t)places * sizeof(bench->line[0]);
	bench->line = mmap(NULL, bench->line_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bench->line == MAP_FAILED)
		fail("not enough memory");
	madvise(bench->line, bench->line_bytes, MADV_HUGEPAGE);
	memset((void *)bench->line, 0, bench->line_bytes);
}

static void free_tables(struct bench *bench)
{
	bs_sources_free(bench->sources);
	rte_hash_free(bench->hash);
	munmap(bench->line, bench->line_bytes);
}

// --- One connection of each source: makes the entry. ---
static void enter_ours(struct bench *bench)
{
	enum bs_source_opening how;
	for (uint32_t i = 0; i < bench->count; i++) {
		const struct bs_address *address = &bench->hit[bench->order[i]];
		struct bs_source *source = bs_source_enter(bench->sources, address, NOW_S, &how);
		if (source == NULL)
			fail("a source has no room");
		bs_source_let_go(source);
	}
}

static void enter_theirs(struct bench *bench)
{
	for (uint32_t i = 0; i < bench->count; i++) {
		int32_t at = rte_hash_add_key(bench->hash, &bench->hit_key[bench->order[i]]);
		if (at < 0)
			fail("the reference has no room");
		atomic_store_explicit(&bench->line[at].first_s, NOW_S, memory_order_relaxed);
		atomic_store_explicit(&bench->line[at].last_s, NOW_S, memory_order_relaxed);
	}
}

// --- A connection of a source that is there opens, and closes. ---
static void open_ours(struct bench *bench)
{
	enum bs_source_opening how;
	for (uint32_t i = 0; i < bench->count; i++) {
		struct bs_source *source = bs_source_enter(
			bench->sources, &bench->hit[i], NOW_S, &how);
		if (source == NULL || !bs_source_admit(source, 10))
			fail("a source is gone");
		bs_source_close(bench->sources, &bench->hit[i], NOW_S);
	}
}

static struct bs_source *line_of(const struct bench *bench, const uint64_t *key)
{
	int32_t at = rte_hash_lookup(bench->hash, key);
	return at < 0 ? NULL : &bench->line[at];
}

static void open_theirs(struct bench *bench)
{
	for (uint32_t i = 0; i < bench->count; i++) {
		struct bs_source *source = line_of(bench, &bench->hit_key[i]);
		if (source == NULL)
			fail("a key is gone");
		atomic_fetch_add_explicit(&source->connections, 1, memory_order_relaxed);
		atomic_store_explicit(&source->last_s, NOW_S, memory_order_relaxed);
		atomic_fetch_add_explicit(&source->open, 1, memory_order_acq_rel);
		source = line_of(bench, &bench->hit_key[i]); // when it ends, later
		if (source == NULL)
			fail("a key is gone");
		atomic_fetch_sub_explicit(&source->open, 1, memory_order_release);
	}
}

// --- A look at one. ---
static void find_ours(struct bench *bench, const struct bs_address *address)
{
	for (uint32_t i = 0; i < bench->count; i++) {
		const struct bs_source *source = bs_source_find(bench->sources, &address[i]);
		bench->seen += source != NULL ? 1 + bs_source_verdict_of(source, NOW_S) : 0;
	}
}

static void find_theirs(struct bench *bench, const uint64_t *key)
{
	for (uint32_t i = 0; i < bench->count; i++) {
		const struct bs_source *source = line_of(bench, &key[i]);
		bench->seen += source != NULL ? 1 + bs_source_verdict_of(source, NOW_S) : 0;
	}
}

// --- A burst of SYNs: how their sources stand. ---
static void standing_ours(struct bench *bench, const struct bs_address *address)
{
	const struct bs_address *asked[BURST];
	struct bs_source_standing standing[BURST];
	struct bs_source_looks looks;
	for (uint32_t i = 0; i + BURST <= bench->count; i += BURST) {
		for (unsigned n = 0; n < BURST; n++)
			asked[n] = &address[i + n];
		bs_source_hash_bulk(bs_sources_key(bench->sources), asked, &looks, BURST);
		bs_source_fetch_bulk(bench->sources, &looks, BURST);
		bs_source_standing_bulk(bench->sources, &looks, standing, BURST, NOW_S);
		for (unsigned n = 0; n < BURST; n++)
			bench->seen += standing[n].verdict;
	}
}

static void standing_theirs(struct bench *bench, const uint64_t *key)
{
	const void *asked[BURST];
	int32_t at[BURST];
	for (uint32_t i = 0; i + BURST <= bench->count; i += BURST) {
		for (unsigned n = 0; n < BURST; n++)
			asked[n] = &key[i + n];
		if (rte_hash_lookup_bulk(bench->hash, asked, BURST, at) != 0)
			fail("a look-up failed");
		for (unsigned n = 0; n < BURST; n++)
			if (at[n] >= 0)
				__builtin_prefetch(&bench->line[at[n]]);
		for (unsigned n = 0; n < BURST; n++)
			bench->seen += at[n] >= 0 ? bs_source_verdict_of(&bench->line[at[n]], NOW_S)
						  : 0;
	}
}

static void tell(const struct bench *bench, const char *name, uint64_t begin_ns)
{
	printf("%s=%.2f ", name, (double)(clock_ns() - begin_ns) / bench->count);
}

#define TIMED(name, call) \
	do { \
		uint64_t begin_ns = clock_ns(); \
		call; \
		tell(bench, name, begin_ns); \
	} while (0)

static void round_of(struct bench *bench)
{
	make_tables(bench);
	TIMED("enter", enter_ours(bench));
	TIMED("enter-reference", enter_theirs(bench));
	if (bs_sources_count(bench->sources) < bench->count / 1000 * 990)
		fail("the table lost sources");
	TIMED("open-close", open_ours(bench));
	TIMED("open-close-reference", open_theirs(bench));
	bench->seen = 0;
	TIMED("find", find_ours(bench, bench->hit));
	TIMED("find-reference", find_theirs(bench, bench->hit_key));
	uint64_t there = (uint64_t)bs_sources_count(bench->sources) + bench->count;
	if (bench->seen != there)
		fail("not all were found");
	TIMED("find-stranger", find_ours(bench, bench->miss));
	TIMED("find-stranger-reference", find_theirs(bench, bench->miss_key));
	TIMED("standing", standing_ours(bench, bench->hit));
	TIMED("standing-reference", standing_theirs(bench, bench->hit_key));
	TIMED("standing-stranger", standing_ours(bench, bench->miss));
	TIMED("standing-stranger-reference", standing_theirs(bench, bench->miss_key));
	if (bench->seen != there)
		fail("strangers were found");
	printf("held=%u bytes=%.1f bytes-reference=%.1f\n", bs_sources_count(bench->sources),
		(double)bs_sources_size(2 * bench->count) / bench->count,
		(double)(bench->hash_bytes + bench->line_bytes) / bench->count);
	free_tables(bench);
}

int main(int count, char **word)
{
	struct bench bench = {0};
	unsigned long rounds = count == 3 ? strtoul(word[2], NULL, 10) : 0;
	bench.count = count == 3 ? (uint32_t)strtoul(word[1], NULL, 10) : 0;
	if (bench.count < BURST || bench.count > 4000000 || rounds == 0)
		fail("usage: sources COUNT ROUNDS");
	bed_start_dpdk();
	make_addresses(&bench);
	for (unsigned long i = 0; i < rounds; i++)
		round_of(&bench);
	return 0;
}
