// SPDX-License-Identifier: BSD-3-Clause
//
// Which answers of a DNS list count: postscreen's patterns. Four octets with dots between; each is a number, or in brackets numbers
// and ranges with semicolons between: 127.0.0.[2..11], 127.0.[0..255].[1;3].
#include <string.h>

#include "smtp/checks/dnsl.h"

// A number from 0 to 255 in decimal digits; moves `at` behind it.
static bool take_number(const char **at, unsigned *number)
{
	const char *digit = *at;
	unsigned value = 0;

	for (; *digit >= '0' && *digit <= '9' && digit - *at < 3; digit++)
		value = value * 10 + (unsigned)(*digit - '0');
	// 010 is eight to some and ten to others
	if (digit == *at || value > 255 || (**at == '0' && digit - *at > 1))
		return false;
	*at = digit;
	*number = value;
	return true;
}

static void admit(uint64_t octet[4], unsigned first, unsigned last)
{
	for (unsigned value = first; value <= last; value++)
		octet[value / 64] |= UINT64_C(1) << value % 64;
}

// One number, or a range where `ranges` says that it may be one.
static bool take_values(const char **at, bool ranges, uint64_t octet[4])
{
	unsigned first, last;

	if (!take_number(at, &first))
		return false;
	last = first;
	if (ranges && strncmp(*at, "..", 2) == 0) {
		*at += 2;
		if (!take_number(at, &last) || last < first)
			return false;
	}
	admit(octet, first, last);
	return true;
}

static bool take_octet(const char **at, uint64_t octet[4])
{
	if (**at != '[')
		return take_values(at, false, octet);
	do {
		(*at)++; // the bracket, then each semicolon
		if (!take_values(at, true, octet))
			return false;
	} while (**at == ';');
	if (**at != ']')
		return false;
	(*at)++;
	return true;
}

bool bs_dnsl_code_parse(const char *text, struct bs_dnsl_code *code)
{
	memset(code, 0, sizeof(*code));
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0 && *text++ != '.')
			return false;
		if (!take_octet(&text, code->octet[i]))
			return false;
	}
	return *text == '\0';
}

bool bs_dnsl_code_matches(const struct bs_dnsl_code *code, const uint8_t address[4])
{
	for (unsigned i = 0; i < 4; i++)
		if ((code->octet[i][address[i] / 64] >> address[i] % 64 & 1) == 0)
			return false;
	return true;
}
