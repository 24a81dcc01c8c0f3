// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>

#include <stdio.h>

#include "dataplane/seam/text.h"

#define SAME(room, ...) \
	do { \
		char ours[64], theirs[64]; \
		memset(ours, '#', sizeof(ours)); \
		snprintf(theirs, room, __VA_ARGS__); \
		size_t length = bs_print(ours, room, __VA_ARGS__); \
		cr_assert_str_eq(ours, theirs); \
		cr_assert_eq(length, strlen(theirs)); \
		cr_assert_eq(ours[room], '#', "it wrote behind its room"); \
	} while (0)

Test(text, prints_as_snprintf_does)
{
	for (size_t room = 1; room < 40; room++) {
		SAME(room, "a=%s b=%u c=%c.", "word", 0u, 'x');
		SAME(room, "%s%u%c", "", 4294967295u, 'x');
		SAME(room, "%.2s %3u %c", "word", 7u, 'x'); // not plain
		SAME(room, "%s %u%% %c", "word", 7u, 'x');
	}
}

Test(text, pieces_are_cut_at_the_end)
{
	char buffer[9] = "########";
	struct bs_text text = bs_text_in(buffer, 8);
	bs_text_put(&text, "abc");
	bs_text_most(&text, "defgh", 2);
	bs_text_number(&text, 12345);
	bs_text_put(&text, "more");
	cr_assert_eq(bs_text_end(&text), 7);
	cr_assert_str_eq(buffer, "abcde12");
}
