// SPDX-License-Identifier: BSD-3-Clause
//
// The source table: what makes an entry and what ends it, verdicts and their ends.
#include <criterion/criterion.h>

#include "dataplane/seam/source_table.h"

static const struct siphash_key key = {{3, 4}};
static const struct bs_verdict_rules rules = {.action = BS_VERDICT_REFUSE,
	.lifetime_ms = 3600000,
	.window_ms = 600000,
	.refused_sessions = 10,
	.refused_share = 90,
	.unknown_recipients = 20,
	.early_talks = 5,
	.forgiven_ms = 604800000};

static struct bs_address at(const char *text)
{
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address));
	return address;
}

static struct bs_address numbered(uint32_t number)
{
	return bs_address_from_ipv4((const uint8_t[]){
		10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number});
}

static enum bs_source_opening opened(
	struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	enum bs_source_opening how;
	struct bs_source *source = bs_source_open(sources, address, now_s, &how);
	cr_assert_eq(source == NULL, how == BS_SOURCE_NO_ROOM);
	return how;
}

static void visit(struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	cr_assert_neq(opened(sources, address, now_s), BS_SOURCE_NO_ROOM);
	bs_source_close(sources, address, now_s);
}

static enum bs_verdict teach(struct bs_sources *sources, const char *text, struct bs_lesson lesson,
	const struct bs_verdict_rules *by, uint32_t now_s)
{
	struct bs_address address = at(text);
	enum bs_source_opening how;
	struct bs_source *source = bs_source_open(sources, &address, now_s, &how);
	enum bs_verdict verdict = bs_source_learn(source, &lesson, by, true, now_s);
	bs_source_close(sources, &address, now_s);
	return verdict;
}

static unsigned verdict_on(struct bs_sources *sources, const char *text, uint32_t now_s)
{
	struct bs_address address = at(text);
	return bs_source_verdict(sources, &address, now_s);
}

Test(source, an_ipv6_source_is_a_64)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_address a = at("2001:db8:7::1"), b = at("2001:db8:7::ffff:2"),
			  c = at("2001:db8:7:1::1"), d = at("192.0.2.1"), e = at("192.0.2.2");
	struct bs_source_view view;
	char text[BS_PREFIX_TEXT];
	cr_assert_eq(opened(sources, &a, 1), BS_SOURCE_NEW);
	cr_assert_eq(opened(sources, &b, 1), BS_SOURCE_KNOWN);
	cr_assert_eq(opened(sources, &c, 1), BS_SOURCE_NEW);
	cr_assert_eq(opened(sources, &d, 1), BS_SOURCE_NEW);
	cr_assert_eq(opened(sources, &e, 1), BS_SOURCE_NEW);
	cr_assert_eq(bs_sources_count(sources), 4);
	cr_assert(bs_source_view(sources, &b, 600, 1, &view));
	cr_assert_eq(view.open, 2);
	cr_assert_str_eq(bs_source_format(&view.prefix, text), "2001:db8:7::/64");
	cr_assert(bs_source_view(sources, &d, 600, 1, &view));
	cr_assert_str_eq(bs_source_format(&view.prefix, text), "192.0.2.1");
	bs_sources_free(sources);
}

// An IPv6 /64 can't be taken for an IPv4 address: that one would have to lie under ::/16.
Test(source, families_stay_apart)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_address four = at("192.0.2.1"),
			  six = {{0, 0, 0xff, 0xff, 192, 0, 2, 1, [15] = 1}};
	struct bs_address loopback = {{[15] = 1}};
	cr_assert_eq(opened(sources, &four, 1), BS_SOURCE_NEW);
	cr_assert_eq(opened(sources, &six, 1), BS_SOURCE_NO_ROOM);
	cr_assert_eq(opened(sources, &loopback, 1), BS_SOURCE_NO_ROOM);
	cr_assert_null(bs_source_find(sources, &six));
	cr_assert_eq(bs_sources_count(sources), 1);
	bs_sources_free(sources);
}

Test(source, takes_what_it_says_and_no_more)
{
	static const uint32_t capacity[] = {0, 1, 8, 9, 1000, 4096};
	for (unsigned i = 0; i < sizeof(capacity) / sizeof(capacity[0]); i++) {
		struct bs_sources *sources = bs_sources_new(capacity[i], &key);
		uint32_t most = bs_sources_capacity(sources);
		cr_assert_geq(most, capacity[i]);
		cr_assert_lt(most, 2 * capacity[i] + 16);
		for (uint32_t n = 0; n < 4 * most; n++) {
			struct bs_address address = numbered(n);
			visit(sources, &address, n);
		}
		cr_assert_eq(bs_sources_count(sources), most); // every bucket is full by now
		bs_sources_free(sources);
	}
}

#define SMALLEST 14u // entries, in two buckets

Test(source, evicts_the_longest_unseen_of_a_bucket_first)
{
	struct bs_sources *sources = bs_sources_new(SMALLEST, &key);
	struct bs_source *entry[SMALLEST];
	for (uint32_t n = 0; n < SMALLEST; n++) {
		struct bs_address address = numbered(n);
		visit(sources, &address, 100 + (n * 5) % SMALLEST);
	}
	for (uint32_t n = 0; n < SMALLEST; n++) {
		struct bs_address address = numbered(n);
		cr_assert_not_null(entry[n] = bs_source_find(sources, &address));
	}
	for (uint32_t n = 0; n < SMALLEST; n++) {
		struct bs_address address = numbered(100 + n);
		enum bs_source_opening how;
		const struct bs_source *now = bs_source_open(sources, &address, 200, &how);
		cr_assert_eq(how, BS_SOURCE_EVICTED);
		// whose entry it was, is the oldest that is left of its bucket
		uint32_t bucket = (uint32_t)(now - sources->entry) / WAYS, gone = SMALLEST;
		for (uint32_t i = 0; i < SMALLEST; i++) {
			if (entry[i] == NULL || (entry[i] - sources->entry) / WAYS != bucket)
				continue;
			if (gone == SMALLEST || (i * 5) % SMALLEST < (gone * 5) % SMALLEST)
				gone = i;
		}
		cr_assert_lt(gone, SMALLEST);
		cr_assert_eq(entry[gone], now, "number %u", n);
		entry[gone] = NULL;
		address = numbered(gone);
		cr_assert_null(bs_source_find(sources, &address));
	}
	bs_sources_free(sources);
}

Test(source, keeps_open_ones_and_verdicts_before_all)
{
	struct bs_sources *sources = bs_sources_new(SMALLEST, &key);
	struct bs_address open = at("192.0.2.1"), learnt = at("192.0.2.3");
	opened(sources, &open, 1);
	cr_assert_eq(teach(sources, "192.0.2.2", (struct bs_lesson){.unknown = 20}, &rules, 1),
		BS_VERDICT_HARVEST);
	cr_assert_eq(teach(sources, "192.0.2.3", (struct bs_lesson){.mails = 1}, &rules, 2),
		BS_VERDICT_NONE);
	for (uint32_t n = 0; n < 100; n++) {
		struct bs_address address = numbered(n);
		visit(sources, &address, 10 + n);
	}
	cr_assert_not_null(bs_source_find(sources, &open));
	cr_assert_not_null(bs_source_find(sources, &learnt));
	cr_assert_eq(verdict_on(sources, "192.0.2.2", 100), BS_VERDICT_HARVEST);
	// all with connections: what was learnt goes, then the verdict
	for (uint32_t n = 0; n < SMALLEST - 3; n++) {
		struct bs_address address = numbered(1000 + n);
		cr_assert_eq(opened(sources, &address, 120), BS_SOURCE_EVICTED);
	}
	cr_assert_not_null(bs_source_find(sources, &learnt));
	struct bs_address more = numbered(2000), last = numbered(2001), none = numbered(2002);
	opened(sources, &more, 120);
	cr_assert_null(bs_source_find(sources, &learnt));
	cr_assert_eq(verdict_on(sources, "192.0.2.2", 120), BS_VERDICT_HARVEST);
	opened(sources, &last, 120);
	cr_assert_eq(verdict_on(sources, "192.0.2.2", 120), BS_VERDICT_NONE);
	cr_assert_eq(opened(sources, &none, 120), BS_SOURCE_NO_ROOM);
	bs_source_close(sources, &more, 121);
	cr_assert_eq(opened(sources, &none, 121), BS_SOURCE_EVICTED);
	struct bs_source_view view;
	cr_assert(bs_source_view(sources, &none, 600, 121, &view));
	cr_assert_eq(view.connections, 1, "nothing is left of the one before");
	bs_sources_free(sources);
}

Test(source, a_verdict_needs_enough_within_one_window)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_lesson refused = {.sessions = 1, .refused = 1}, early = {.early = 1};
	// harvest, over sessions
	for (int i = 0; i < 4; i++)
		cr_assert_eq(teach(sources, "192.0.2.1", (struct bs_lesson){.unknown = 4}, &rules,
				     1000 + 100 * (uint32_t)i),
			BS_VERDICT_NONE);
	cr_assert_eq(teach(sources, "192.0.2.1", (struct bs_lesson){.unknown = 4}, &rules, 1599),
		BS_VERDICT_HARVEST);
	// the same, a second after the window's end
	for (int i = 0; i < 4; i++)
		teach(sources, "192.0.2.2", (struct bs_lesson){.unknown = 4}, &rules, 1000);
	cr_assert_eq(teach(sources, "192.0.2.2", (struct bs_lesson){.unknown = 4}, &rules, 1600),
		BS_VERDICT_NONE);
	for (int i = 0; i < 9; i++)
		cr_assert_eq(teach(sources, "192.0.2.3", refused, &rules, 1000), BS_VERDICT_NONE);
	cr_assert_eq(teach(sources, "192.0.2.3", refused, &rules, 1000), BS_VERDICT_REFUSALS);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(teach(sources, "192.0.2.4", early, &rules, 1000), BS_VERDICT_NONE);
	cr_assert_eq(teach(sources, "192.0.2.4", early, &rules, 1000), BS_VERDICT_EARLY_TALK);
	bs_sources_free(sources);
}

Test(source, shares_and_accepted_mails_speak_for_a_source)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_lesson refused = {.sessions = 1, .refused = 1};
	// 10 of 12 sessions are less than 90 per cent
	teach(sources, "192.0.2.1", (struct bs_lesson){.sessions = 2}, &rules, 1000);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(teach(sources, "192.0.2.1", refused, &rules, 1000), BS_VERDICT_NONE);
	// unknown recipients among known ones: a large forwarder
	cr_assert_eq(teach(sources, "192.0.2.2", (struct bs_lesson){.unknown = 100, .known = 12},
			     &rules, 1000),
		BS_VERDICT_NONE);
	// a mail, up to a week ago
	teach(sources, "192.0.2.3", (struct bs_lesson){.sessions = 1, .mails = 1}, &rules, 1000);
	cr_assert_eq(teach(sources, "192.0.2.3", (struct bs_lesson){.unknown = 50}, &rules,
			     1000 + 604799),
		BS_VERDICT_NONE);
	cr_assert_eq(teach(sources, "192.0.2.3", (struct bs_lesson){.unknown = 50}, &rules,
			     1000 + 604800),
		BS_VERDICT_HARVEST);
	bs_sources_free(sources);
}

Test(source, each_kind_has_its_switch)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_verdict_rules off = rules;
	struct bs_lesson all = {.sessions = 100, .refused = 100, .early = 100, .unknown = 100};
	off.refused_sessions = off.unknown_recipients = off.early_talks = 0;
	cr_assert_eq(teach(sources, "192.0.2.1", all, &off, 1), BS_VERDICT_NONE);
	off.refused_sessions = 1;
	cr_assert_eq(teach(sources, "192.0.2.1", all, &off, 1), BS_VERDICT_REFUSALS);
	off.early_talks = 1;
	cr_assert_eq(teach(sources, "192.0.2.2", all, &off, 1), BS_VERDICT_EARLY_TALK);
	off.unknown_recipients = 1;
	cr_assert_eq(teach(sources, "192.0.2.3", all, &off, 1), BS_VERDICT_HARVEST);
	struct bs_address address = at("192.0.2.4");
	enum bs_source_opening how;
	struct bs_source *source = bs_source_open(sources, &address, 1, &how);
	cr_assert_eq(bs_source_learn(source, &all, &rules, false, 1), BS_VERDICT_NONE);
	bs_sources_free(sources);
}

// At the clock's beginning, at its wrap, and at that of the windows' own clock.
Test(source, a_verdict_has_its_lifetime)
{
	static const uint32_t start[] = {
		0, 1, 1000000, (1u << 28) - 300, (1u << 31) - 1800, UINT32_MAX - 1800, UINT32_MAX};
	for (unsigned i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		struct bs_sources *sources = bs_sources_new(64, &key);
		uint32_t s = start[i];
		struct bs_lesson lesson = {.unknown = 10};
		cr_assert_eq(teach(sources, "192.0.2.1", lesson, &rules, s), BS_VERDICT_NONE);
		cr_assert_eq(teach(sources, "192.0.2.1", lesson, &rules, s + 599),
			BS_VERDICT_HARVEST, "start %u", s);
		cr_assert_eq(teach(sources, "192.0.2.1", (struct bs_lesson){.unknown = 99}, &rules,
				     s + 600),
			BS_VERDICT_NONE, "it has one");
		cr_assert_eq(verdict_on(sources, "192.0.2.1", s + 599 + 3599), BS_VERDICT_HARVEST);
		cr_assert_eq(verdict_on(sources, "192.0.2.1", s + 599 + 3600), BS_VERDICT_NONE);
		cr_assert_eq(verdict_on(sources, "192.0.2.1", s + 599 + 1000000), BS_VERDICT_NONE);
		cr_assert_eq(teach(sources, "192.0.2.1", lesson, &rules, s + 599 + 3600),
			BS_VERDICT_NONE, "it begins anew");
		bs_sources_free(sources);
	}
}

Test(source, can_be_cleared)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_lesson lesson = {.unknown = 20};
	struct bs_address one = at("2001:db8:7::5"), stranger = at("2001:db8:9::5");
	struct bs_source_view view;
	teach(sources, "2001:db8:7::1", lesson, &rules, 1);
	teach(sources, "192.0.2.1", lesson, &rules, 1);
	teach(sources, "192.0.2.2", (struct bs_lesson){.unknown = 19, .mails = 1}, &rules, 1);
	cr_assert_eq(bs_source_forget(sources, &stranger, 2), 0);
	cr_assert_eq(bs_source_forget(sources, &one, 2), 1);
	cr_assert_eq(verdict_on(sources, "2001:db8:7::1", 2), BS_VERDICT_NONE);
	cr_assert_eq(verdict_on(sources, "192.0.2.1", 2), BS_VERDICT_HARVEST);
	cr_assert_eq(bs_source_forget(sources, NULL, 2), 1);
	cr_assert_eq(verdict_on(sources, "192.0.2.1", 2), BS_VERDICT_NONE);
	struct bs_address other = at("192.0.2.2");
	cr_assert(bs_source_view(sources, &other, 600, 2, &view));
	cr_assert_eq(view.unknown, 0);
	cr_assert_eq(view.mails, 1, "what speaks for it stays");
	cr_assert_eq(bs_source_forget(sources, NULL, 2), 0);
	bs_sources_free(sources);
}

// Who enters takes no place from others before he is admitted, and none at all when he is refused.
Test(source, the_limit_counts_the_admitted)
{
	struct bs_sources *sources = bs_sources_new(8, &key);
	struct bs_address address = numbered(1);
	enum bs_source_opening how;
	opened(sources, &address, 1);
	struct bs_source *source = bs_source_enter(sources, &address, 1, &how);
	cr_assert_eq(bs_source_enter(sources, &address, 1, &how), source);
	cr_assert_eq(bs_source_enter(sources, &address, 1, &how), source);
	cr_assert_eq(bs_source_open_count(source), 1);
	cr_assert(bs_source_admit(source, 2), "two others are held, but one is there");
	cr_assert_not(bs_source_admit(source, 2));
	bs_source_close(sources, &address, 1);
	cr_assert(bs_source_admit(source, 2), "a place was left, one is still held");
	bs_source_let_go(source);
	cr_assert_eq(bs_source_open_count(source), 2);
	bs_source_enter(sources, &address, 1, &how);
	cr_assert(bs_source_admit(source, 0), "no limit");
	cr_assert_eq(bs_source_open_count(source), 3);
	bs_sources_free(sources);
}
