// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered at a size: greylist triplets, beside the hash table of the C library with the same strings.
//   benchmark_greylist [TRIPLETS [FOLDER]]   1,000,000, and a folder in memory for the file
// Prints name=value words. Exits with 1 when a lookup or what came back from disk is not what it should be.
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/memory/memory_store.h"

#define LOOKUPS 1000000u

struct triplet {
	struct bs_address client;
	char sender[32], recipient[32];
};

static const struct bs_greylist_rules rules = {.delay_ms = 300000,
	.retry_ms = 172800000,
	.lifetime_ms = 3024000000,
	.only_from = INT32_MIN};

// CLOCK_THREAD_CPUTIME_ID for what waits for nothing, so that other work of the machine does not count.
static double seconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *why)
{
	fprintf(stderr, "benchmark_greylist: %s\n", why);
	exit(EXIT_FAILURE);
}

// Numbers in an order that no cache foresees.
static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static struct triplet *make(uint32_t count)
{
	struct triplet *triplet = calloc(count, sizeof(*triplet));
	uint64_t state = 1;
	if (triplet == NULL)
		fail("no memory");
	for (uint32_t i = 0; i < count; i++) {
		uint32_t network = next(&state);
		triplet[i].client = bs_address_from_ipv4((const uint8_t[]){
			(uint8_t)(network >> 16), (uint8_t)(network >> 8), (uint8_t)network, 7});
		snprintf(triplet[i].sender, sizeof(triplet[i].sender), "s%ux@example%u.net", i,
			next(&state) % 1000);
		snprintf(triplet[i].recipient, sizeof(triplet[i].recipient), "r%u@example.org",
			next(&state) % 10000);
	}
	return triplet;
}

static enum greylist_state ask(
	struct memory *memory, const struct triplet *of, uint64_t wall_s, bool change)
{
	return greylist_ask(
		memory, &of->client, NULL, of->sender, of->recipient, &rules, wall_s, change)
		.state;
}

// Nanoseconds a lookup of known ones.
static double look_up(
	struct memory *memory, const struct triplet *triplet, uint32_t count, uint64_t wall_s)
{
	uint64_t state = 2;
	uint32_t found = 0;
	double start = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t i = 0; i < LOOKUPS; i++)
		found += ask(memory, &triplet[next(&state) % count], wall_s, false) ==
			 GREYLIST_EARLY;
	double spent = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
	if (found < LOOKUPS - LOOKUPS / 1000)
		fail("triplets are lost");
	return spent * 1e9 / LOOKUPS;
}

static char *text_of(const struct triplet *of, char text[96])
{
	char client[BS_ADDRESS_TEXT];
	snprintf(text, 96, "%s/%s/%s", bs_address_format(&of->client, client), of->sender,
		of->recipient);
	return text;
}

// The same with hsearch_r(), its strings made before the clock runs.
static void reference(
	const struct triplet *triplet, uint32_t count, double *nanoseconds, double *bytes)
{
	struct hsearch_data table = {0};
	uint64_t state = 2;
	char(*text)[96] = calloc(count, sizeof(*text));
	ENTRY *found;
	if (text == NULL || hcreate_r(count + count / 4, &table) == 0)
		fail("no memory");
	size_t strings = 0;
	for (uint32_t i = 0; i < count; i++) {
		ENTRY entry = {text_of(&triplet[i], text[i]), &text[i]};
		strings += strlen(text[i]) + 1;
		if (hsearch_r(entry, ENTER, &found, &table) == 0)
			fail("the reference is full");
	}
	double start = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		ENTRY entry = {text[next(&state) % count], NULL};
		if (hsearch_r(entry, FIND, &found, &table) == 0)
			fail("the reference lost one");
	}
	*nanoseconds = (seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9 / LOOKUPS;
	// A used mark and an ENTRY a place, a quarter of them free, and the strings.
	*bytes = (sizeof(long) + sizeof(ENTRY)) * 1.25 + (double)strings / count;
	hdestroy_r(&table);
	free(text);
}

static double file_bytes(const char *folder)
{
	char path[300];
	struct stat is;
	snprintf(path, sizeof(path), "%s/" MEMORY_FILE_NAME, folder);
	return stat(path, &is) == 0 ? (double)is.st_blocks * 512 : 0;
}

// Writes all, reads it again as a restart does. Returns the seconds of the latter.
static double restart(const char *folder, struct triplet *triplet, uint32_t count, double *save)
{
	static char trouble[MEMORY_LOAD_ERROR];
	struct memory_store *store = memory_store_new(folder, count, trouble);
	if (store == NULL)
		fail("no memory");
	for (uint32_t i = 0; i < count; i++)
		ask(memory_store_memory(store), &triplet[i], (uint64_t)time(NULL), true);
	double start = seconds(CLOCK_MONOTONIC);
	memory_store_free(store);
	*save = seconds(CLOCK_MONOTONIC) - start;
	start = seconds(CLOCK_MONOTONIC);
	uint8_t key[16];
	struct memory *memory = memory_load(folder, count, (uint64_t)time(NULL), key, trouble);
	double load = seconds(CLOCK_MONOTONIC) - start;
	if (memory == NULL || trouble[0] != '\0' || memory_count(memory) < count - count / 1000)
		fail("what was written did not come back");
	look_up(memory, triplet, count, (uint64_t)time(NULL));
	memory_free(memory);
	return load;
}

int main(int argc, char **argv)
{
	static const uint8_t key[16] = "any sixteen will";
	uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	char made[] = "/dev/shm/barscreen-greylist-XXXXXX";
	const char *folder = argc > 2 ? argv[2] : mkdtemp(made);
	uint64_t wall_s = (uint64_t)time(NULL);
	if (count == 0 || folder == NULL)
		fail("usage: benchmark_greylist [TRIPLETS [FOLDER]]");
	struct triplet *triplet = make(count);
	struct memory *memory = memory_new(count, key);
	if (memory == NULL)
		fail("no memory");
	double start = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t i = 0; i < count; i++)
		ask(memory, &triplet[i], wall_s, true);
	double insert = (seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9 / count;
	double lookup = look_up(memory, triplet, count, wall_s);
	memory_free(memory);
	double other, other_bytes, save;
	reference(triplet, count, &other, &other_bytes);
	double load = restart(folder, triplet, count, &save);
	printf("triplets=%u insert-ns=%.0f lookup-ns=%.0f reference-ns=%.0f memory-bytes=%.1f "
	       "reference-bytes=%.1f disk-bytes=%.1f save-s=%.2f load-s=%.3f\n",
		count, insert, lookup, other, (double)memory_size(count) / count, other_bytes,
		file_bytes(folder) / count, save, load);
	if (argc <= 2) {
		char path[300];
		snprintf(path, sizeof(path), "%s/" MEMORY_FILE_NAME, folder);
		unlink(path);
		rmdir(folder);
	}
	free(triplet);
	return EXIT_SUCCESS;
}
