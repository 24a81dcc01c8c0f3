// SPDX-License-Identifier: BSD-3-Clause
//
// Patterns of the answers that count.
#include <criterion/criterion.h>
#include <string.h>

#include "smtp/checks/dnsl.h"

static bool matches(const char *pattern, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	struct bs_dnsl_code code;
	const uint8_t address[4] = {a, b, c, d};
	cr_assert(bs_dnsl_code_parse(pattern, &code), "%s", pattern);
	return bs_dnsl_code_matches(&code, address);
}

Test(dnsl_code, an_address_matches_itself_alone)
{
	cr_assert(matches("127.0.0.2", 127, 0, 0, 2));
	cr_assert_not(matches("127.0.0.2", 127, 0, 0, 3));
	cr_assert_not(matches("127.0.0.2", 127, 0, 1, 2));
	cr_assert_not(matches("127.0.0.2", 127, 1, 0, 2));
	cr_assert(matches("255.255.255.255", 255, 255, 255, 255));
	cr_assert(matches("0.0.0.0", 0, 0, 0, 0));
}

Test(dnsl_code, a_range_holds_its_ends_and_what_is_between)
{
	for (unsigned last = 0; last < 256; last++)
		cr_assert_eq(matches("127.0.0.[2..11]", 127, 0, 0, (uint8_t)last),
			last >= 2 && last <= 11, "%u", last);
	cr_assert(matches("127.0.0.[7..7]", 127, 0, 0, 7));
}

Test(dnsl_code, numbers_and_ranges_stand_together)
{
	for (unsigned last = 0; last < 256; last++)
		cr_assert_eq(matches("127.0.0.[1;3;60..66;255]", 127, 0, 0, (uint8_t)last),
			last == 1 || last == 3 || (last >= 60 && last <= 66) || last == 255, "%u",
			last);
}

Test(dnsl_code, every_octet_takes_a_pattern)
{
	cr_assert(matches("127.0.[0..255].[1;3]", 127, 0, 200, 3));
	cr_assert_not(matches("127.0.[0..255].[1;3]", 127, 0, 200, 2));
	cr_assert_not(matches("127.0.[0..255].[1;3]", 127, 1, 200, 3));
	cr_assert(matches("[127].[0;1].[0..9].[0..255]", 127, 1, 9, 255));
}

Test(dnsl_code, what_is_no_pattern_is_refused)
{
	static const char *const wrong[] = {"", "127", "127.0.0", "127.0.0.", "127.0.0.2.",
		"127.0.0.2.3", "127.0.0.256", "127.0.0.1000", "127.0.0.-1", "127.0.0.[",
		"127.0.0.[]", "127.0.0.[2", "127.0.0.[2..]", "127.0.0.[..2]", "127.0.0.[5..2]",
		"127.0.0.[2,3]", "127.0.0.[2;]", "127.0.0.[2]x", "127.0.0.2..3", "127.0.0.[2.3]",
		"127.0.0.02", " 127.0.0.2", "127.0.0.2 ", "127.0.0.x", "127..0.2", "127.0.0.[[2]]",
		"127.0.0.*"};
	struct bs_dnsl_code code;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_not(bs_dnsl_code_parse(wrong[i], &code), "\"%s\"", wrong[i]);
}
