// SPDX-License-Identifier: BSD-3-Clause
//
// What a verdict needs, clause by clause, and what rules it out: mails accepted, lists of good clients, being allowed. That of
// windows and lifetimes is in test_source.c.
#include <criterion/criterion.h>

#include "dataplane/seam/source.h"

static const struct siphash_key key = {{5, 6}};
static const struct bs_verdict_rules rules = {.action = BS_VERDICT_REFUSE,
	.lifetime_ms = 3600000,
	.window_ms = 600000,
	.refused_sessions = 10,
	.refused_share = 90,
	.unknown_recipients = 20,
	.early_talks = 5,
	.forgiven_ms = 604800000};

static struct bs_sources *sources;
static struct bs_source *source; // held

static void begin(void)
{
	enum bs_source_opening how;
	struct bs_address address;
	sources = bs_sources_new(64, &key);
	cr_assert(bs_address_parse("192.0.2.1", &address));
	source = bs_source_open(sources, &address, 1000, &how);
	cr_assert_not_null(source);
}

static void end(void)
{
	bs_sources_free(sources);
}

TestSuite(verdict, .init = begin, .fini = end);

static enum bs_verdict teach(struct bs_lesson lesson, uint32_t now_s)
{
	return bs_source_learn(source, &lesson, &rules, true, now_s);
}

static const struct bs_lesson refused = {.sessions = 1, .refused = 1};
static const struct bs_lesson tenfold = {.sessions = 10, .refused = 10};
static const struct bs_lesson white = {.sessions = 1, .white = true};

Test(verdict, ten_refused_sessions)
{
	for (unsigned i = 0; i < 9; i++)
		cr_assert_eq(teach(refused, 1000 + 60 * i), BS_VERDICT_NONE);
	cr_assert_eq(teach(refused, 1599), BS_VERDICT_REFUSALS);
}

Test(verdict, not_nine)
{
	cr_assert_eq(teach((struct bs_lesson){.sessions = 9, .refused = 9}, 1000), BS_VERDICT_NONE);
}

Test(verdict, not_the_tenth_after_ten_minutes)
{
	cr_assert_eq(teach((struct bs_lesson){.sessions = 9, .refused = 9}, 1000), BS_VERDICT_NONE);
	cr_assert_eq(teach(refused, 1600), BS_VERDICT_NONE);
}

Test(verdict, nine_of_ten_sessions)
{
	cr_assert_eq(teach((struct bs_lesson){.sessions = 20, .refused = 17}, 1000),
		BS_VERDICT_NONE, "85 per cent");
	cr_assert_eq(teach((struct bs_lesson){.sessions = 10, .refused = 10}, 1000),
		BS_VERDICT_REFUSALS, "27 of 30");
}

Test(verdict, none_within_a_week_of_a_mail)
{
	teach((struct bs_lesson){.sessions = 1, .mails = 1}, 1000);
	cr_assert_eq(teach(tenfold, 1000 + 604799), BS_VERDICT_NONE);
	cr_assert_eq(teach((struct bs_lesson){.early = 5}, 1000 + 604799), BS_VERDICT_NONE);
	cr_assert_eq(teach(tenfold, 1000 + 605400), BS_VERDICT_REFUSALS);
}

Test(verdict, none_for_who_is_on_a_white_list)
{
	teach(white, 1000);
	cr_assert_eq(teach(tenfold, 1590), BS_VERDICT_NONE);
	cr_assert_eq(teach((struct bs_lesson){.unknown = 4000}, 1590), BS_VERDICT_NONE);
	cr_assert_eq(teach((struct bs_lesson){.early = 100}, 1590), BS_VERDICT_NONE);
	cr_assert_eq(teach(tenfold, 1590 + 600), BS_VERDICT_REFUSALS, "that was long ago");
}

// The clock of the white list is one of 16 bits.
Test(verdict, a_white_list_holds_at_any_time)
{
	static const uint32_t start[] = {
		0, 15, 16, 16 * 65535 - 1, 16 * 65536 - 1, 16 * 65536, UINT32_MAX - 300};
	for (unsigned i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		teach(white, start[i]);
		cr_assert_eq(teach(tenfold, start[i]), BS_VERDICT_NONE, "start %u", start[i]);
		cr_assert_eq(teach(tenfold, start[i] - 1), BS_VERDICT_NONE, "another's clock");
		cr_assert_eq(teach(tenfold, start[i] + 590), BS_VERDICT_NONE, "start %u", start[i]);
		cr_assert_eq(
			teach(tenfold, start[i] + 1300), BS_VERDICT_REFUSALS, "start %u", start[i]);
		bs_source_pardon(source);
	}
}

Test(verdict, traps_count_as_unknown_recipients)
{
	cr_assert_eq(teach((struct bs_lesson){.unknown = 10, .traps = 9}, 1000), BS_VERDICT_NONE);
	cr_assert_eq(teach((struct bs_lesson){.traps = 1}, 1000), BS_VERDICT_HARVEST);
	bs_source_pardon(source);
	cr_assert_eq(teach((struct bs_lesson){.unknown = 65535, .traps = 65535}, 1000),
		BS_VERDICT_HARVEST);
}

Test(verdict, early_talkers_among_many_who_wait)
{
	teach((struct bs_lesson){.sessions = 30}, 1000);
	cr_assert_eq(teach((struct bs_lesson){.early = 20}, 1000), BS_VERDICT_NONE, "a network");
	cr_assert_eq(teach((struct bs_lesson){.early = 250}, 1000), BS_VERDICT_EARLY_TALK);
}

Test(verdict, conviction)
{
	cr_assert(bs_source_convict(source, BS_VERDICT_LISTED, 60, 1000));
	cr_assert_eq(bs_source_verdict_of(source, 1059), BS_VERDICT_LISTED);
	cr_assert_not(bs_source_convict(source, BS_VERDICT_HARVEST, 60, 1059), "it has one");
	cr_assert_eq(bs_source_verdict_of(source, 1060), BS_VERDICT_NONE);
	cr_assert(bs_source_convict(source, BS_VERDICT_LISTED, 60, 1060));
	cr_assert_str_eq(bs_verdict_name(BS_VERDICT_LISTED), "listed");
	bs_source_pardon(source);
	cr_assert_eq(bs_source_verdict_of(source, 1060), BS_VERDICT_NONE);
}

Test(verdict, a_held_entry_stays_anothers)
{
	struct bs_address address, stranger;
	cr_assert(bs_address_parse("192.0.2.1", &address));
	cr_assert(bs_address_parse("192.0.2.2", &stranger));
	cr_assert_null(bs_source_hold(sources, &stranger), "no entry is made");
	bs_source_close(sources, &address, 1000);
	cr_assert_eq(bs_source_hold(sources, &address), source);
	cr_assert_eq(bs_source_open_count(source), 0, "no connection");
	for (unsigned i = 0; i < 1000; i++) { // many more than there are entries
		struct bs_address other = bs_address_from_ipv4(
			(const uint8_t[]){10, 0, (uint8_t)(i >> 8), (uint8_t)i});
		enum bs_source_opening how;
		bs_source_open(sources, &other, 1000, &how);
		bs_source_close(sources, &other, 1000);
	}
	cr_assert_eq(bs_source_find(sources, &address), source);
	bs_source_let_go(source);
	cr_assert_eq(bs_source_open_count(source), 0);
}

Test(verdict, suspicion)
{
	cr_assert_not(bs_source_is_suspicious(source, &rules, 1000));
	teach(refused, 1000);
	cr_assert_not(bs_source_is_suspicious(source, &rules, 1000), "once is never");
	teach((struct bs_lesson){.early = 1}, 1000);
	cr_assert(bs_source_is_suspicious(source, &rules, 1000));
	cr_assert_not(bs_source_is_suspicious(source, &rules, 1600), "forgotten");
	teach((struct bs_lesson){.sessions = 3}, 1001);
	cr_assert_not(bs_source_is_suspicious(source, &rules, 1001), "2 of 5");
	bs_source_convict(source, BS_VERDICT_HARVEST, 60, 1001);
	cr_assert(bs_source_is_suspicious(source, &rules, 1001), "though only observed");
	teach(white, 1001);
	cr_assert_not(bs_source_is_suspicious(source, &rules, 1001));
}

Test(verdict, who_sent_a_mail_is_not_suspicious)
{
	teach((struct bs_lesson){.early = 3, .sessions = 1, .mails = 1}, 1000);
	cr_assert_not(bs_source_is_suspicious(source, &rules, 1000));
}
