// SPDX-License-Identifier: BSD-3-Clause
//
// Replies of mail servers: the ones that are known, the ones that nobody should send; each in all splits.
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "smtp/relay/relay_offers.h"
#include "smtp/relay/reply_reader.h"

// Feeds pieces: [0, first), [first, second), the rest. Returns the last result.
static enum reader_result feed_split(struct reply_reader *reader, const char *text, size_t length,
	size_t first, size_t second, size_t *used)
{
	size_t edge[] = {first, second, length}, from = 0;
	enum reader_result result = READER_MORE;
	*used = 0;
	for (int i = 0; i < 3 && result == READER_MORE; i++) {
		while (from < edge[i] && result == READER_MORE) {
			size_t taken;
			// on the heap, so that a sanitizer sees a byte too many
			uint8_t *piece = malloc(edge[i] - from);
			memcpy(piece, text + from, edge[i] - from);
			result = reply_reader_feed(reader, piece, edge[i] - from, &taken);
			free(piece);
			cr_assert(taken <= edge[i] - from);
			cr_assert(taken != 0);
			from += taken;
		}
	}
	*used = from;
	return result;
}

static void expect(const char *text, enum reader_result wanted, unsigned code, const char *enhanced,
	const char *line)
{
	size_t length = strlen(text);
	for (size_t first = 0; first <= length; first++)
		for (size_t second = first; second <= length; second++) {
			struct reply_reader reader = {0};
			char got_enhanced[READER_ENHANCED], got[200];
			size_t used;
			enum reader_result result = feed_split(
				&reader, text, length, first, second, &used);
			cr_assert_eq(result, wanted, "%s split at %zu, %zu: %d", text, first,
				second, result);
			if (wanted != READER_WHOLE)
				continue;
			cr_assert_eq(used, length);
			cr_assert_eq(reader.code, code);
			cr_assert_eq(
				reply_reader_enhanced(&reader, got_enhanced), enhanced[0] != '\0');
			cr_assert_str_eq(got_enhanced, enhanced);
			cr_assert_str_eq(reply_reader_line(&reader, got, sizeof(got)), line);
		}
}

Test(reply_reader, reads_what_servers_say)
{
	expect("220 mx ESMTP\r\n", READER_WHOLE, 220, "", "mx ESMTP");
	expect("250 2.1.5 Ok\r\n", READER_WHOLE, 250, "2.1.5", "Ok");
	expect("250\r\n", READER_WHOLE, 250, "", "");
	expect("250 \r\n", READER_WHOLE, 250, "", "");
	expect("550 5.1.1\r\n", READER_WHOLE, 550, "5.1.1", "");
	expect("550-5.1.1 The account\r\n550-5.1.1 is not\r\n550 5.1.1 here\r\n", READER_WHOLE, 550,
		"5.1.1", "The account is not here");
	expect("250-a\r\n250-\r\n250 b\r\n", READER_WHOLE, 250, "", "a b");
	expect("354 go\n", READER_WHOLE, 354, "", "go");
}

Test(reply_reader, cleans_what_is_no_text)
{
	expect("450 4.2.0 gr\xc3\xbc\xc3\x9f\x01\x7f\tb\r\n", READER_WHOLE, 450, "4.2.0",
		"gr?????? b");
	expect("250 a\rb\r\r\n", READER_WHOLE, 250, "", "a?b?");
}

Test(reply_reader, takes_no_enhanced_code_that_is_none)
{
	expect("550 4.1.1 x\r\n", READER_WHOLE, 550, "", "4.1.1 x");
	expect("550 5.1 x\r\n", READER_WHOLE, 550, "", "5.1 x");
	expect("550 5.1.1x\r\n", READER_WHOLE, 550, "", "5.1.1x");
	expect("550 5.1234.1 x\r\n", READER_WHOLE, 550, "", "5.1234.1 x");
	expect("550 5.999.999 x\r\n", READER_WHOLE, 550, "5.999.999", "x");
	expect("550 5..1 x\r\n", READER_WHOLE, 550, "", "5..1 x");
}

Test(reply_reader, refuses_what_may_mean_anything)
{
	static const char *const nonsense[] = {"x", "25x", "2 ", "150 a\r\n", "650 a\r\n", "25\r\n",
		"\r\n", "\n", "250x\r\n", "250\tx\r\n", "250-a\r\n550 b\r\n", "250-a\r\nb\r\n",
		" 250 ok\r\n", "2\r50 ok\r\n", "HTTP/1.0 400\r\n"};
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		expect(nonsense[i], READER_NONSENSE, 0, "", "");
	expect("250-a\r\n250-b\r\n25", READER_MORE, 0, "", "");
}

Test(reply_reader, leaves_the_next_reply_alone)
{
	static const char two[] = "250 one\r\n550-5.1.1 t\r\n550 5.1.1 wo\r\n";
	struct reply_reader reader = {0};
	size_t taken, next;
	char line[50];
	cr_assert_eq(reply_reader_feed(&reader, (const uint8_t *)two, sizeof(two) - 1, &taken),
		READER_WHOLE);
	cr_assert_eq(taken, 9);
	cr_assert_eq(
		reply_reader_feed(&reader, (const uint8_t *)two + taken, 0, &next), READER_MORE);
	cr_assert_eq(reader.code, 250, "without a byte the reply stands");
	cr_assert_eq(reply_reader_feed(
			     &reader, (const uint8_t *)two + taken, sizeof(two) - 1 - taken, &next),
		READER_WHOLE);
	cr_assert_eq(taken + next, sizeof(two) - 1);
	cr_assert_eq(reader.code, 550);
	cr_assert_str_eq(reply_reader_line(&reader, line, sizeof(line)), "t wo");
}

Test(reply_reader, cuts_a_long_line_and_ends_an_endless_one)
{
	static char text[READER_BYTES + 100];
	struct reply_reader reader = {0};
	char line[100];
	size_t taken;
	memset(text, 'a', sizeof(text));
	memcpy(text, "250 ", 4);
	memcpy(text + 20000, "\r\n", 2);
	cr_assert_eq(reply_reader_feed(&reader, (uint8_t *)text, 20002, &taken), READER_WHOLE);
	cr_assert_eq(reader.length, READER_TEXT - 1);
	cr_assert_eq(strlen(reply_reader_line(&reader, line, sizeof(line))), sizeof(line) - 1);
	memset(text + 20000, 'a', 2);
	cr_assert_eq(
		reply_reader_feed(&reader, (uint8_t *)text, sizeof(text), &taken), READER_NONSENSE);
	cr_assert_eq(taken, READER_BYTES + 1);
}

Test(reply_reader, ends_a_reply_of_endless_lines)
{
	struct reply_reader reader = {0};
	size_t taken;
	for (unsigned i = 0; i < READER_LINES; i++)
		cr_assert_eq(reply_reader_feed(&reader, (const uint8_t *)"250-a\r\n", 7, &taken),
			READER_MORE);
	cr_assert_eq(reply_reader_feed(&reader, (const uint8_t *)"250-a\r\n", 7, &taken),
		READER_NONSENSE);
}

static struct relay_offers offers_of(const char *text)
{
	struct reply_reader reader = {0};
	size_t taken;
	cr_assert_eq(reply_reader_feed(&reader, (const uint8_t *)text, strlen(text), &taken),
		READER_WHOLE);
	return relay_offers_read(&reader);
}

Test(reply_reader, finds_what_a_server_offers)
{
	struct relay_offers offers = offers_of(
		"250-mx\r\n250-PIPELINING\r\n250-size 10240000\r\n250-ETRN\r\n250 8BITMIME\r\n");
	cr_assert(offers.pipelining && offers.sizes && offers.eight_bit);
	cr_assert_eq(offers.size, 10240000);
	offers = offers_of("250-SIZE 5\r\n250-SIZES\r\n250 8BITMIMEX\r\n");
	cr_assert(!offers.pipelining && !offers.sizes && !offers.eight_bit, "the first is a name");
	offers = offers_of("250-mx\r\n250 SIZE\r\n");
	cr_assert(offers.sizes && offers.size == 0);
	offers = offers_of("250-mx\r\n250 SIZE 99999999999999999999999\r\n");
	cr_assert(offers.sizes && offers.size == 0);
}
