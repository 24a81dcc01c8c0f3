// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered of recipients, for how long, and what is not believed.
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>

#include "smtp/relay/recipient_cache.h"

#define HOUR 3600000u

static struct recipient_cache *cache;

static struct mailbox named(const char *format, unsigned number)
{
	struct mailbox mailbox = {.domain = "example.org"};
	snprintf(mailbox.local, sizeof(mailbox.local), format, number);
	return mailbox;
}

static enum recipient_memory find(const char *name, uint64_t now)
{
	struct mailbox mailbox = named(name, 0);
	return recipient_cache_find(cache, &mailbox, now);
}

static void learn(const char *name, bool exists, uint64_t now)
{
	struct mailbox mailbox = named(name, 0);
	recipient_cache_learn(cache, &mailbox, exists, now);
}

static void begin(void)
{
	cache = recipient_cache_new(1024, HOUR, 24 * HOUR);
	cr_assert_not_null(cache);
}

static void end(void)
{
	recipient_cache_free(cache);
}

TestSuite(recipient_cache, .init = begin, .fini = end);

Test(recipient_cache, remembers_for_a_while)
{
	cr_assert_eq(find("a", 1000), RECIPIENT_NEW);
	learn("a", false, 1000);
	learn("b", true, 1000);
	cr_assert_eq(find("a", 1000 + HOUR - 1), RECIPIENT_UNKNOWN);
	cr_assert_eq(find("a", 1000 + HOUR), RECIPIENT_NEW);
	cr_assert_eq(find("b", 1000 + 24 * HOUR - 1), RECIPIENT_KNOWN);
	cr_assert_eq(find("b", 1000 + 24 * HOUR), RECIPIENT_NEW);
	cr_assert_eq(find("A", 1000), RECIPIENT_NEW, "only the server knows about case");
}

Test(recipient_cache, a_new_mailbox_is_known_at_once)
{
	learn("a", false, 1000);
	learn("a", true, 2000);
	cr_assert_eq(find("a", 3000), RECIPIENT_KNOWN);
}

Test(recipient_cache, does_not_believe_the_first_refusal_of_a_known_one)
{
	learn("a", true, 1000);
	learn("a", false, 2000);
	cr_assert_eq(find("a", 3000), RECIPIENT_NEW);
	learn("a", false, 3000);
	cr_assert_eq(find("a", 4000), RECIPIENT_UNKNOWN);
}

Test(recipient_cache, tells_names_and_domains_apart)
{
	struct mailbox a = {.local = "ab", .domain = "c.org"},
		       b = {.local = "a", .domain = "bc.org"};
	recipient_cache_learn(cache, &a, false, 1000);
	cr_assert_eq(recipient_cache_find(cache, &a, 1000), RECIPIENT_UNKNOWN);
	cr_assert_eq(recipient_cache_find(cache, &b, 1000), RECIPIENT_NEW);
}

// A dictionary of a hundred times its size: it stays as large as it is, and the known stay.
Test(recipient_cache, is_bounded_and_keeps_the_known)
{
	unsigned known = 0, unknown = 0;
	for (unsigned i = 0; i < 100; i++) {
		struct mailbox mailbox = named("known%u", i);
		recipient_cache_learn(cache, &mailbox, true, 1000);
	}
	for (unsigned i = 0; i < 100000; i++) {
		struct mailbox mailbox = named("word%u", i);
		recipient_cache_learn(cache, &mailbox, false, 1000 + i);
	}
	for (unsigned i = 0; i < 100; i++) {
		struct mailbox mailbox = named("known%u", i);
		known += recipient_cache_find(cache, &mailbox, 200000) == RECIPIENT_KNOWN;
	}
	for (unsigned i = 0; i < 100000; i++) {
		struct mailbox mailbox = named("word%u", i);
		unknown += recipient_cache_find(cache, &mailbox, 200000) == RECIPIENT_UNKNOWN;
	}
	cr_assert_eq(known, 100);
	cr_assert_gt(unknown, 500);
	cr_assert_leq(unknown, 1024 - 100);
}

Test(recipient_cache, can_be_off)
{
	struct mailbox mailbox = named("a", 0);
	struct recipient_cache *off = recipient_cache_new(0, HOUR, HOUR);
	recipient_cache_learn(off, &mailbox, false, 1000);
	cr_assert_eq(recipient_cache_find(off, &mailbox, 1000), RECIPIENT_NEW);
	recipient_cache_free(off);
	off = recipient_cache_new(1000, 0, HOUR);
	recipient_cache_learn(off, &mailbox, false, 1000);
	cr_assert_eq(recipient_cache_find(off, &mailbox, 1000), RECIPIENT_NEW);
	recipient_cache_free(off);
}

Test(recipient_cache, knows_what_is_about_the_recipient)
{
	cr_assert(recipient_cache_is_about_recipient(550, "5.1.1"));
	cr_assert(recipient_cache_is_about_recipient(551, "5.1.6"));
	cr_assert(recipient_cache_is_about_recipient(553, "5.1.3"));
	cr_assert_not(recipient_cache_is_about_recipient(550, ""));
	cr_assert_not(recipient_cache_is_about_recipient(550, "5.7.1"));
	cr_assert_not(recipient_cache_is_about_recipient(550, "5.1.8"), "the sender's domain");
	cr_assert_not(
		recipient_cache_is_about_recipient(550, "5.1.0"), "Postfix says it of senders");
	cr_assert_not(recipient_cache_is_about_recipient(554, "5.1.1"));
	cr_assert_not(recipient_cache_is_about_recipient(450, "4.1.1"));
}

static void *work(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;
	for (unsigned i = 0; i < 20000; i++) {
		struct mailbox mailbox = named("n%u", (i * 7 + seed) % 500);
		if (i % 3 == 0)
			recipient_cache_learn(cache, &mailbox, i % 2 == 0, 1000);
		else
			recipient_cache_find(cache, &mailbox, 1000);
	}
	return NULL;
}

Test(recipient_cache, is_shared_by_threads)
{
	pthread_t thread[4];
	for (uintptr_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}
