// SPDX-License-Identifier: BSD-3-Clause
//
// Questions about who waits: what they come to, and their bounds. A dataplane that takes no greetings and a DNS that says nothing hold up
// nobody, and cost what was reserved for them.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/counters.h"
#include "control/policy/policy.h"
#include "dataplane/seam/source.h"
#include "dataplane/seam/stream.h"
#include "smtp/judge/early.h"
#include "smtp/worker/heap.h"
#include "tests/unit/dns_table.h"

#define GREETINGS 2u
#define WORKER    1u

static struct bs_policy policy;
static struct bs_worker_counters counters;
static struct dns_table table;
static struct judge judge;
static struct bs_sources *sources;
static struct bs_streams streams;
static struct bs_bell bell;
static struct early *early;
static uint64_t now_ms = 1000000;

// Who has no name gets so many points.
static void begin(const char *dns, int16_t hit)
{
	static const struct siphash_key key = {{1, 2}};
	policy = (struct bs_policy){.class_count = BS_CLASS_LISTS, .dns_deadline_ms = 10000};
	policy.checks.skip = -5;
	policy.checks.greylist.only_from = INT32_MIN;
	policy.checks.mode[BS_CHECK_NAME_MISSING] = BS_MODE_ENFORCE;
	policy.checks.score[BS_CHECK_NAME_MISSING].hit = hit;
	atomic_store(&bs_policy_current, &policy);
	dns_table_new(&table, dns);
	judge = (struct judge){.heap = heap_new(), .counters = &counters, .dns = &table.source};
	sources = bs_sources_new(8000, &key);
	streams = (struct bs_streams){.workers = 2, .bell = &bell};
	streams.greet[WORKER] = bs_ring_new(GREETINGS, sizeof(struct bs_greet));
	cr_assert(judge.heap != NULL && sources != NULL && bs_bell_open(&bell));
	early = early_new(&judge, sources, WORKER);
	cr_assert_not_null(early);
}

static void end(void)
{
	early_free(early);
	dns_table_free(&table);
	heap_free(judge.heap);
	bs_sources_free(sources);
	free(streams.greet[WORKER]);
	bs_bell_close(&bell);
}

static struct bs_address numbered(uint32_t number)
{
	return bs_address_from_ipv4(
		(const uint8_t[]){198, 18, (uint8_t)(number >> 8), (uint8_t)number});
}

// A connection begins to wait, and its source is counted.
static void ask(uint32_t number)
{
	struct bs_early what = {numbered(number), {number, number + 1000}};
	enum bs_source_opening how;
	cr_assert_not_null(bs_source_open(sources, &what.client, bs_source_seconds(now_ms), &how));
	early_ask(early, &streams, &what, now_ms);
}

static bool greets(uint32_t number)
{
	struct bs_greet what;
	return bs_ring_pop(streams.greet[WORKER], &what, sizeof(what)) && what.record == number &&
	       what.serial == number + 1000;
}

static bool known(uint32_t number)
{
	struct bs_address address = numbered(number);
	return bs_source_standing(sources, &address, bs_source_seconds(now_ms)).known;
}

// The third one's greeting has no room: it waits to the end, but its source is known from now on. The next one's has.
Test(early, greetings_that_the_dataplane_does_not_take)
{
	begin("", -10);
	for (uint32_t i = 0; i < 3; i++)
		ask(i);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert(known(i));
	cr_assert(greets(0));
	ask(3);
	cr_assert(greets(1));
	cr_assert(greets(3));
	cr_assert_not(greets(2));
	cr_assert_eq(table.forgotten, 4, "somebody is still being asked about");
	end();
}

Test(early, who_is_not_good_waits)
{
	begin("", -4);
	ask(0);
	cr_assert_not(greets(0));
	cr_assert_not(known(0));
	cr_assert_eq(table.forgotten, 1);
	end();
}

// 1024 are asked about at once; beyond, nothing is asked ahead of time, until answers come.
Test(early, a_dns_that_says_nothing)
{
	static char names[40 * 1100];
	size_t length = 0;
	for (uint32_t i = 0; i < 1100; i++)
		length += (size_t)snprintf(names + length, sizeof(names) - length,
			"198.18.%u.%u PTR ?\n", i >> 8, i & 255);
	begin(names, -10);
	for (uint32_t i = 0; i < 1024; i++)
		ask(i);
	cr_assert_eq(table.forgotten, 0);
	unsigned asked = table.asked;
	for (uint32_t i = 1024; i < 1100; i++)
		ask(i);
	cr_assert_eq(table.asked, asked, "asked about more");
	cr_assert_not(early_ready(early));
	end();
	cr_assert_eq(table.forgotten, 1024);
}
