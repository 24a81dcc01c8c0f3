// SPDX-License-Identifier: BSD-3-Clause
//
// Greylisting: the life of a triplet, what it is found by, networks that are not asked any more.
#include <criterion/criterion.h>

#include "smtp/memory/memory.h"

static const uint8_t key[16] = "sixteen octets!";
static struct bs_greylist_rules rules;
static struct memory *memory;

#define NOW UINT64_C(1800000000)
#define DAY 86400u

static void begin(void)
{
	rules = (struct bs_greylist_rules){.delay_ms = 300000,
		.retry_ms = 2 * DAY * 1000,
		.lifetime_ms = 35 * DAY * 1000u,
		.auto_allow = 5,
		.only_from = INT32_MIN};
	memory = memory_new(10000, key);
	cr_assert_not_null(memory);
}

static void end(void)
{
	memory_free(memory);
}

TestSuite(greylist, .init = begin, .fini = end);

static struct greylist_answer ask_all(const char *client, const char *spf_domain,
	const char *sender, const char *recipient, uint64_t wall_s, bool change)
{
	struct bs_address address;
	cr_assert(bs_address_parse(client, &address));
	return greylist_ask(
		memory, &address, spf_domain, sender, recipient, &rules, wall_s, change);
}

static struct greylist_answer ask(const char *client, const char *sender, uint64_t wall_s)
{
	return ask_all(client, NULL, sender, "a@example.org", wall_s, true);
}

static enum greylist_state look(const char *client, const char *sender, uint64_t wall_s)
{
	return ask_all(client, NULL, sender, "a@example.org", wall_s, false).state;
}

Test(greylist, a_triplet_passes_after_its_delay)
{
	struct greylist_answer answer = ask("192.0.2.7", "b@example.net", NOW);
	cr_expect_eq(answer.state, GREYLIST_NEW);
	cr_expect_eq(answer.wait_s, 300);
	answer = ask("192.0.2.7", "b@example.net", NOW + 100);
	cr_expect_eq(answer.state, GREYLIST_EARLY);
	cr_expect_eq(answer.wait_s, 200); // who comes early does not begin anew
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 299).state, GREYLIST_EARLY);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 300), GREYLIST_PASSED);
	answer = ask("192.0.2.7", "b@example.net", NOW + 300);
	cr_expect_eq(answer.state, GREYLIST_PASSED);
	cr_expect_eq(answer.wait_s, 0);
	cr_expect_eq(answer.passes, 1);
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 301).passes, 1); // counted once
}

Test(greylist, looking_changes_nothing)
{
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW), GREYLIST_NEW);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 400), GREYLIST_NEW);
	cr_expect_eq(memory_count(memory), 0);
	ask("192.0.2.7", "b@example.net", NOW);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 400), GREYLIST_PASSED);
	cr_expect_eq(memory_count(memory), 1);
}

Test(greylist, a_retry_must_come_within_its_window)
{
	ask("192.0.2.7", "b@example.net", NOW);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 2 * DAY), GREYLIST_PASSED);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 2 * DAY + 1), GREYLIST_NEW);
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 3 * DAY).state, GREYLIST_NEW);
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 3 * DAY + 300).state, GREYLIST_PASSED);
	cr_expect_eq(memory_count(memory), 2); // triplet and network, nothing twice
}

Test(greylist, the_rules_of_now_hold)
{
	ask("192.0.2.7", "b@example.net", NOW);
	rules.delay_ms = 60000;
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 60), GREYLIST_PASSED);
	rules.retry_ms = 120000;
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 121).state, GREYLIST_NEW);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 122), GREYLIST_EARLY);
}

Test(greylist, what_passed_is_remembered_since_its_last_use)
{
	ask("192.0.2.7", "b@example.net", NOW);
	ask("192.0.2.7", "b@example.net", NOW + 300);
	for (uint64_t wall_s = NOW; wall_s < NOW + 200 * DAY; wall_s += 34 * DAY)
		cr_expect_eq(
			ask("192.0.2.7", "b@example.net", wall_s + 400).state, GREYLIST_PASSED);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 300 * DAY), GREYLIST_NEW);
}

Test(greylist, a_clock_set_back_does_no_harm)
{
	ask("192.0.2.7", "b@example.net", NOW);
	struct greylist_answer answer = ask("192.0.2.7", "b@example.net", NOW - DAY);
	cr_expect_eq(answer.state, GREYLIST_EARLY);
	cr_expect_eq(answer.wait_s, 300);
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW - DAY + 300).state, GREYLIST_PASSED);
}

// Whether the two are one triplet.
static bool same(const char *client, const char *sender, const char *recipient,
	const char *other_client, const char *other_sender, const char *other_recipient)
{
	end();
	begin();
	ask_all(client, NULL, sender, recipient, NOW, true);
	return ask_all(other_client, NULL, other_sender, other_recipient, NOW, false).state !=
	       GREYLIST_NEW;
}

static bool same_sender(const char *one, const char *other)
{
	return same("192.0.2.7", one, "a@example.org", "192.0.2.7", other, "a@example.org");
}

Test(greylist, what_a_triplet_is_found_by)
{
	const char *b = "b@example.net", *a = "a@example.org";
	cr_expect(same("192.0.2.7", b, a, "192.0.2.255", b, a));
	cr_expect_not(same("192.0.2.7", b, a, "192.0.3.7", b, a));
	cr_expect(same("2001:db8::1", b, a, "2001:db8::ffff:1", b, a));
	cr_expect_not(same("2001:db8::1", b, a, "2001:db8:0:1::1", b, a));
	cr_expect_not(same("192.0.2.7", b, a, "192.0.2.7", b, "b@example.org"));
	cr_expect_not(same("192.0.2.7", b, a, "192.0.2.7", "c@example.net", a));
	cr_expect_not(same("192.0.2.7", "", a, "192.0.2.7", b, a));
	cr_expect(same("192.0.2.7", "", a, "192.0.2.7", "", a)); // bounces too
	cr_expect_not(same("192.0.2.7", b, "ca@example.org", "192.0.2.7", "b@example.netc", a));
	cr_expect(same("192.0.2.7", "B@Example.NET", a, "192.0.2.7", b, "A@EXAMPLE.org"));
}

Test(greylist, senders_that_differ_from_mail_to_mail)
{
	cr_expect(same_sender("list-bounces+bob=example.org@l.example", "list-bounces@l.example"));
	cr_expect(same_sender("list-return-1234-x@l.example", "list-return-99-x@l.example"));
	cr_expect(same_sender("17@l.example", "18@l.example"));
	cr_expect(same_sender("n.2024.x@l.example", "n.5.x@l.example"));
	cr_expect(same_sender("prvs=0123456789=bob@l.example", "prvs=98765abcde=bob@l.example"));
	cr_expect_not(
		same_sender("prvs=0123456789=bob@l.example", "prvs=0123456789=eve@l.example"));
	cr_expect_not(same_sender("bob1@l.example", "bob2@l.example"));
	cr_expect_not(same_sender("1bob@l.example", "2bob@l.example"));
	cr_expect_not(same_sender("bob_1@l.example", "bob_2@l.example"));
	cr_expect_not(same_sender("bob@1.example", "bob@2.example"));
	cr_expect_not(same_sender("list-return-12@l.example", "list-other-12@l.example"));
	cr_expect(same_sender("+@l.example", "@l.example"));
	cr_expect(same_sender("prvs=@l.example", "prvs=@l.example"));
}

Test(greylist, any_bytes_are_borne)
{
	char text[2000];
	for (unsigned i = 0; i < 3000; i++) {
		unsigned length = i % (sizeof(text) - 1);
		for (unsigned at = 0; at < length; at++)
			text[at] = (char)(1 + (at * 7919 + i * 31) % 255);
		text[length] = 0;
		ask_all("192.0.2.7", i % 2 ? text : NULL, text, text, NOW, true);
	}
}

Test(greylist, an_spf_domain_stands_for_the_network)
{
	ask_all("192.0.2.7", "example.net", "b@example.net", "a@example.org", NOW, true);
	cr_expect_eq(ask_all("198.51.100.9", "Example.NET", "b@example.net", "a@example.org",
			     NOW + 300, true)
			     .state,
		GREYLIST_PASSED);
	cr_expect_eq(ask_all("192.0.2.7", NULL, "b@example.net", "a@example.org", NOW, true).state,
		GREYLIST_NEW);
}

Test(greylist, a_network_that_passed_often_is_not_asked)
{
	static const char *const sender[] = {
		"b@x.example", "c@x.example", "d@x.example", "e@x.example", "f@x.example"};
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(ask("192.0.2.7", sender[i], NOW).state, GREYLIST_NEW);
		cr_expect_eq(ask("192.0.2.8", sender[i], NOW + 300).passes, (uint32_t)i + 1);
	}
	cr_expect_eq(ask("192.0.2.9", "new@y.example", NOW + 300).state, GREYLIST_AUTO);
	cr_expect_eq(look("192.0.3.9", "new@y.example", NOW + 300), GREYLIST_NEW);
	rules.auto_allow = 0;
	cr_expect_eq(look("192.0.2.9", "new@y.example", NOW + 300), GREYLIST_NEW);
	rules.auto_allow = 6;
	cr_expect_eq(look("192.0.2.9", "new@y.example", NOW + 300), GREYLIST_NEW);
	rules.auto_allow = 5;
	// since its last use
	cr_expect_eq(ask("192.0.2.9", "new@y.example", NOW + 34 * DAY).state, GREYLIST_AUTO);
	cr_expect_eq(ask("192.0.2.9", "new@y.example", NOW + 68 * DAY).state, GREYLIST_AUTO);
	cr_expect_eq(look("192.0.2.9", "new@y.example", NOW + 104 * DAY), GREYLIST_NEW);
}

Test(greylist, what_is_forgotten_is_new)
{
	struct bs_address client;
	cr_assert(bs_address_parse("192.0.2.9", &client));
	ask("192.0.2.7", "b@example.net", NOW);
	cr_expect_eq(greylist_forget(memory, &client, NULL, NULL, NULL), 0);
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 300).passes, 1);
	cr_expect_eq(greylist_forget(memory, &client, NULL, NULL, NULL), 1);
	cr_expect_eq(ask("192.0.2.7", "b@example.net", NOW + 301).passes, 0);
	cr_expect_eq(greylist_forget(memory, &client, NULL, "b@example.net", "a@example.org"), 1);
	cr_expect_eq(greylist_forget(memory, &client, NULL, "b@example.net", "a@example.org"), 0);
	cr_expect_eq(look("192.0.2.7", "b@example.net", NOW + 302), GREYLIST_NEW);
}
