// SPDX-License-Identifier: BSD-3-Clause
//
// Optimal string alignment distance (Damerau-Levenshtein where no part is edited twice), three rows at a time.
#include <ctype.h>
#include <string.h>

#include "control/configuration/nearest.h"

#define WORD_MAX 63u

static int letter(char c)
{
	return tolower((unsigned char)c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned row[3][WORD_MAX + 1];
	for (size_t j = 0; j <= b_length; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *now = row[i % 3];
		const unsigned *above = row[(i + 2) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned replaced = letter(a[i - 1]) != letter(b[j - 1]);
			now[j] = least(above[j - 1] + replaced, least(above[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) &&
				letter(a[i - 2]) == letter(b[j - 1]))
				now[j] = least(now[j], row[(i + 1) % 3][j - 2] + 1);
		}
	}
	return row[a_length % 3][b_length];
}

void nearest_offer(struct nearest *nearest, const char *typed, const char *known)
{
	size_t typed_length = strnlen(typed, WORD_MAX + 1);
	size_t known_length = strnlen(known, WORD_MAX + 1);
	if (typed_length == 0 || typed_length > WORD_MAX || known_length > WORD_MAX)
		return;
	size_t longer = typed_length > known_length ? typed_length : known_length;
	unsigned near = longer < 6 ? 1 + (longer > 3) : (unsigned)longer / 3;
	unsigned found = distance(typed, typed_length, known, known_length);
	if (found > near || (nearest->word != NULL && found >= nearest->distance))
		return;
	nearest->word = known;
	nearest->distance = found;
}
