// SPDX-License-Identifier: BSD-3-Clause
//
// The source table: sources that behaved, over restarts, and rates.
#include <criterion/criterion.h>

#include "dataplane/seam/source.h"

static const struct siphash_key key = {{3, 4}};

static struct bs_address numbered(uint32_t number)
{
	return bs_address_from_ipv4((const uint8_t[]){
		10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number});
}

Test(source_known, a_source_that_behaved_is_known_until_its_time)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_address address = numbered(1);
	enum bs_source_opening how;
	struct bs_source *source = bs_source_open(sources, &address, 100, &how);
	cr_expect_not(bs_source_is_known(source, 100));
	bs_source_remember(source, 200);
	cr_expect(bs_source_is_known(source, 199));
	cr_expect_not(bs_source_is_known(source, 200));
	struct bs_source_view view;
	cr_assert(bs_source_view(sources, &address, 600, 150, &view));
	cr_expect_eq(view.known_s, 50);
	bs_source_forget(sources, &address, 150); // takes only what speaks against it
	cr_expect(bs_source_is_known(source, 150));
	cr_expect(bs_source_unlearn(sources, &address, 150));
	cr_expect_not(bs_source_unlearn(sources, &address, 150));
	cr_expect_not(bs_source_is_known(source, 150));
	bs_sources_free(sources);
}

Test(source_known, known_sources_come_back_after_a_restart)
{
	struct bs_sources *sources = bs_sources_new(14, &key);
	enum bs_source_opening how;
	for (uint32_t i = 0; i < 14; i++) {
		struct bs_address address = numbered(i);
		cr_expect(bs_source_restore(sources, &address, 500, 100));
	}
	cr_expect_eq(bs_sources_count(sources), 14);
	struct bs_address late = numbered(14), first = numbered(0);
	cr_expect_not(bs_source_restore(sources, &late, 500, 100)); // nobody is put out for it
	struct bs_source *source = bs_source_open(sources, &first, 101, &how);
	cr_assert_not_null(source);
	cr_expect_eq(how, BS_SOURCE_KNOWN);
	cr_expect_eq(bs_source_open_count(source), 1);
	cr_expect(bs_source_is_known(source, 101));
	// Another source takes an entry over, not what it knew.
	cr_expect_not_null(source = bs_source_open(sources, &late, 102, &how));
	cr_expect_eq(how, BS_SOURCE_EVICTED);
	cr_expect_not(bs_source_is_known(source, 102));
	bs_sources_free(sources);
}

Test(source_known, rates_count_within_a_window)
{
	struct bs_sources *sources = bs_sources_new(64, &key);
	struct bs_address address = numbered(1);
	enum bs_source_opening how;
	struct bs_source *source = bs_source_open(sources, &address, 100, &how);
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 0, 60, 100), 0);
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 2, 60, 100), 2);
	cr_expect_eq(bs_source_count(source, BS_RATE_RECIPIENTS, 5, 60, 110), 5);
	cr_expect_eq(bs_source_count(source, BS_RATE_CONNECTIONS, 1, 60, 120), 1);
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 1, 60, 159), 3);
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 0, 60, 160), 0);
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 1, 60, 170), 1);
	cr_expect_eq(bs_source_count(source, BS_RATE_RECIPIENTS, 0, 60, 170), 0);
	for (int i = 0; i < 3; i++)
		bs_source_count(source, BS_RATE_RECIPIENTS, 60000, 60, 170);
	cr_expect_eq(bs_source_count(source, BS_RATE_RECIPIENTS, 0, 60, 170), 4095); // and no more
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 0, 60, 170), 1);
	bs_sources_free(sources);
}
