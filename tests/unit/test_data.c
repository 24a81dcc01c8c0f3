// SPDX-License-Identifier: BSD-3-Clause
//
// The content parser: the end is only CRLF.CRLF, for any split of the input; what is given out is clean.
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "smtp/session/data.h"

struct result {
	uint8_t out[400];
	size_t given, taken;
	struct data_parser parser;
};

// Feeds the bytes in pieces that end at `first`, `second` and the end, with `room` bytes of output at a time.
static struct result run(
	const char *bytes, size_t count, size_t first, size_t second, size_t room, bool normalise)
{
	struct result result = {.parser.normalise = normalise};
	size_t ends[] = {first, second, count};
	for (int piece = 0; piece < 3; piece++) {
		size_t end = ends[piece];
		while (result.taken < end && !result.parser.ended) {
			size_t length = end - result.taken, taken = 0, given = 0;
			uint8_t *copy = malloc(length), *out = malloc(room);
			memcpy(copy, bytes + result.taken, length);
			data_feed(&result.parser, copy, length, out, room, &taken, &given);
			cr_assert(taken + given > 0 && taken <= length && given <= room);
			memcpy(result.out + result.given, out, given);
			result.taken += taken;
			result.given += given;
			free(copy);
			free(out);
		}
	}
	return result;
}

struct expectation {
	const char *in;
	size_t in_count;
	const char *out; // NULL: not looked at
	size_t out_count;
	bool ended;
	uint8_t faults;
	size_t left; // bytes behind the end
};

static void check(const struct expectation *expect, const struct result *result, bool normalise)
{
	cr_assert_eq(result->parser.ended, expect->ended, "end: %s", expect->in);
	cr_assert_eq(result->parser.faults, expect->faults, "faults %#x: %s", result->parser.faults,
		expect->in);
	cr_assert_eq(result->taken, expect->in_count - expect->left, "taken: %s", expect->in);
	if (expect->out != NULL) {
		cr_assert_eq(result->given, expect->out_count, "%zu given: %s", result->given,
			expect->in);
		cr_assert_arr_eq(result->out, expect->out, expect->out_count);
	}
	if (expect->out != NULL && (normalise || expect->faults == 0))
		cr_assert_eq(result->parser.bytes, expect->out_count);
}

static void expect_at_every_split(const struct expectation *expect, bool normalise)
{
	for (size_t first = 0; first <= expect->in_count; first++)
		for (size_t second = first; second <= expect->in_count; second++)
			for (size_t room = DATA_ROOM; room <= 64; room += 20) {
				struct result result = run(expect->in, expect->in_count, first,
					second, room, normalise);
				check(expect, &result, normalise);
			}
}

#define BYTES(text) text, sizeof(text) - 1

Test(data, ends_at_crlf_dot_crlf)
{
	const struct expectation cases[] = {
		{BYTES(".\r\n"), BYTES(""), true, 0, 0},
		{BYTES("\r\n.\r\n"), BYTES("\r\n"), true, 0, 0},
		{BYTES("a\r\n.\r\n"), BYTES("a\r\n"), true, 0, 0},
		{BYTES("a\r\n.\r\nQUIT\r\n"), BYTES("a\r\n"), true, 0, 6},
		{BYTES("a\r\n\r\n.\r\n"), BYTES("a\r\n\r\n"), true, 0, 0},
		{BYTES("a\r\n."), BYTES("a\r\n"), false, 0, 0},
		{BYTES("a\r\n.\r"), BYTES("a\r\n"), false, 0, 0},
		{BYTES("a.\r\n"), BYTES("a.\r\n"), false, 0, 0},
		{BYTES("0123456789abcdef0123456789abcdef\r\n.\r\n"),
			BYTES("0123456789abcdef0123456789abcdef\r\n"), true, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_at_every_split(&cases[i], false);
		expect_at_every_split(&cases[i], true);
	}
}

Test(data, removes_dot_stuffing)
{
	const struct expectation cases[] = {
		{BYTES("..\r\n.\r\n"), BYTES(".\r\n"), true, 0, 0},
		{BYTES("...a\r\n..\r\n.\r\n"), BYTES("..a\r\n.\r\n"), true, 0, 0},
		{BYTES(".a\r\n.\r\n"), BYTES("a\r\n"), true, 0, 0},
		{BYTES("a..\r\n.\r\n"), BYTES("a..\r\n"), true, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_at_every_split(&cases[i], false);
		expect_at_every_split(&cases[i], true);
	}
}

// Every sequence by which one server was made to see an end where another saw none. MAIL is what would be smuggled.
#define TAIL "MAIL FROM:<x@y>\r\n.\r\n"
#define BAD(end, faults) \
	{ \
		BYTES("a" end TAIL), NULL, 0, true, faults, 0 \
	}

Test(data, never_ends_at_what_smugglers_use)
{
	const struct expectation cases[] = {
		BAD("\n.\r\n", DATA_BARE_LF),
		BAD("\n.\n", DATA_BARE_LF),
		BAD("\r.\r", DATA_BARE_CR),
		BAD("\r\n.\r", DATA_BARE_CR),
		BAD("\r\n.\n", DATA_BARE_LF),
		BAD("\r.\r\n", DATA_BARE_CR),
		BAD("\r.\n", DATA_BARE_CR | DATA_BARE_LF),
		BAD("\n.\r", DATA_BARE_CR | DATA_BARE_LF),
		BAD("\r\0\n.\r\n", DATA_BARE_CR | DATA_BARE_LF | DATA_NUL),
		BAD("\r\0\n.", DATA_BARE_CR | DATA_BARE_LF | DATA_NUL),
		BAD("\r\n\0.\r\n", DATA_NUL),
		BAD("\r\n.\0\r\n", DATA_NUL),
		BAD("\r\n.\r\0\n", DATA_BARE_CR | DATA_BARE_LF | DATA_NUL),
		BAD("\n\n.\r\n", DATA_BARE_LF),
		BAD("\r\r\n.\r\r\n", DATA_BARE_CR),
		BAD("\r\n..\r\n", 0),
		BAD("\r\n. \r\n", 0),
		BAD("\r\n.\t\r\n", 0),
		BAD("\r\n.\r\r\n", DATA_BARE_CR),
		BAD("\x85.\x85", 0),
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_at_every_split(&cases[i], false);
		expect_at_every_split(&cases[i], true);
	}
	// These end rightly, the fault before notwithstanding.
	const struct expectation true_ends[] = {
		{BYTES("a\0\r\n.\r\n" TAIL), NULL, 0, true, DATA_NUL, sizeof(TAIL) - 1},
		{BYTES("a\r\r\n.\r\n" TAIL), NULL, 0, true, DATA_BARE_CR, sizeof(TAIL) - 1},
		{BYTES("a\n\r\n.\r\n" TAIL), NULL, 0, true, DATA_BARE_LF, sizeof(TAIL) - 1},
	};
	for (size_t i = 0; i < sizeof(true_ends) / sizeof(true_ends[0]); i++) {
		expect_at_every_split(&true_ends[i], false);
		expect_at_every_split(&true_ends[i], true);
	}
}

Test(data, gives_nothing_after_a_fault)
{
	const struct expectation cases[] = {
		{BYTES("ab\r\ncd\nef\r\n.\r\n"), BYTES("ab\r\ncd"), true, DATA_BARE_LF, 0},
		{BYTES("ab\rcd\r\n.\r\n"), BYTES("ab"), true, DATA_BARE_CR, 0},
		{BYTES("ab\0cd\r\n.\r\n"), BYTES("ab"), true, DATA_NUL, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_at_every_split(&cases[i], false);
}

Test(data, normalises)
{
	const struct expectation cases[] = {
		{BYTES("a\nb\r\n.\r\n"), BYTES("a\r\nb\r\n"), true, DATA_BARE_LF, 0},
		{BYTES("a\rb\r\n.\r\n"), BYTES("a b\r\n"), true, DATA_BARE_CR, 0},
		{BYTES("a\0b\r\n.\r\n"), BYTES("ab\r\n"), true, DATA_NUL, 0},
		{BYTES("a\r\r\n.\r\n"), BYTES("a \r\n"), true, DATA_BARE_CR, 0},
		{BYTES("a\n.\nb\r\n.\r\n"), BYTES("a\r\n.\r\nb\r\n"), true, DATA_BARE_LF, 0},
		{BYTES("a\n.\r\nb\r\n.\r\n"), BYTES("a\r\n.\r\nb\r\n"), true, DATA_BARE_LF, 0},
		{BYTES("a\n..b\r\n.\r\n"), BYTES("a\r\n.b\r\n"), true, DATA_BARE_LF, 0},
		{BYTES("a\r\n.\nb\r\n.\r\n"), BYTES("a\r\n.\r\nb\r\n"), true, DATA_BARE_LF, 0},
		{BYTES("\n\n\n.\r\n\r\n.\r\n"), BYTES("\r\n\r\n\r\n.\r\n\r\n"), true, DATA_BARE_LF,
			0},
		{BYTES("a\r\0\n.\r\n\r\n.\r\n"), BYTES("a \r\n.\r\n\r\n"), true,
			DATA_BARE_CR | DATA_BARE_LF | DATA_NUL, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_at_every_split(&cases[i], true);
}

Test(data, all_short_strings_agree_with_a_plain_reading)
{
	// Each string of up to 8 of these bytes: the end is where the plain search for CRLF.CRLF finds it.
	static const char alphabet[] = {'\r', '\n', '.', 0, 'a'};
	for (unsigned length = 1; length <= 8; length++) {
		unsigned long strings = 1;
		for (unsigned i = 0; i < length; i++)
			strings *= sizeof(alphabet);
		for (unsigned long number = 0; number < strings; number++) {
			char text[10] = "\r\n";
			unsigned long rest = number;
			for (unsigned i = 0; i < length; i++, rest /= sizeof(alphabet))
				text[2 + i] = alphabet[rest % sizeof(alphabet)];
			const char *end = memmem(text, length + 2, "\r\n.\r\n", 5);
			for (int normalise = 0; normalise <= 1; normalise++) {
				struct data_parser parser = {.normalise = normalise};
				uint8_t out[32];
				size_t taken, given;
				data_feed(&parser, (uint8_t *)text + 2, length, out, sizeof(out),
					&taken, &given);
				cr_assert_eq(parser.ended, end != NULL);
				cr_assert_eq(
					taken, end != NULL ? (size_t)(end + 3 - text) : length);
				for (size_t i = 0; i < given; i++) {
					cr_assert(out[i] != 0);
					cr_assert(
						(out[i] == '\n') == (i > 0 && out[i - 1] == '\r'));
					cr_assert(out[i] != '\r' ||
						  (i + 1 < given && out[i + 1] == '\n'));
				}
			}
		}
	}
}

Test(data, bounds_lines)
{
	struct data_parser parser = {.line_limit = 10};
	uint8_t out[64];
	size_t taken, given;
	data_feed(&parser, (const uint8_t *)BYTES("12345678\r\n12345678\r\n"), out, sizeof(out),
		&taken, &given);
	cr_expect_eq(parser.faults, 0);
	cr_expect_eq(given, 20);
	data_feed(&parser, (const uint8_t *)BYTES("123456789\r\n.\r\n"), out, sizeof(out), &taken,
		&given);
	cr_expect_eq(parser.faults, DATA_LONG_LINE);
	cr_expect(parser.ended);
	cr_expect(parser.discard);
}

Test(data, counts_what_is_discarded)
{
	struct data_parser parser = {.discard = true};
	size_t taken, given;
	data_feed(&parser, (const uint8_t *)BYTES("12345\r\n..\r\n.\r\n"), NULL, 0, &taken, &given);
	cr_expect_eq(given, 0);
	cr_expect_eq(parser.bytes, 10);
	cr_expect(parser.ended);
}
