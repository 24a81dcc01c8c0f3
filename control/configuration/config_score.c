// SPDX-License-Identifier: BSD-3-Clause
//
// Weights and totals: see the header.
#include "control/configuration/config_score.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MOST 10000000 // beyond every range

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

bool config_hundredths_parse(const char *text, int64_t *hundredths)
{
	bool negative = text[0] == '-';
	int64_t value = 0;

	text += negative;
	if (!digit(*text))
		return false;
	for (; digit(*text); text++) {
		value = value * 10 + (*text - '0');
		if (value > WHOLE_MOST)
			value = WHOLE_MOST;
	}
	value *= 100;
	if (*text == '.') {
		if (!digit(text[1]))
			return false;
		value += (int64_t)(text[1] - '0') * 10;
		text += 2;
		if (digit(*text))
			value += *text++ - '0';
	}
	*hundredths = negative ? -value : value;
	return *text == '\0';
}

const char *config_hundredths_format(int64_t hundredths, char text[CONFIG_SCORE_TEXT])
{
	const char *sign = hundredths < 0 ? "-" : "";
	int64_t whole = llabs(hundredths) / 100, rest = llabs(hundredths) % 100;

	if (rest == 0)
		snprintf(text, CONFIG_SCORE_TEXT, "%s%" PRId64, sign, whole);
	else if (rest % 10 == 0)
		snprintf(text, CONFIG_SCORE_TEXT, "%s%" PRId64 ".%" PRId64, sign, whole, rest / 10);
	else
		snprintf(text, CONFIG_SCORE_TEXT, "%s%" PRId64 ".%02" PRId64, sign, whole, rest);
	return text;
}

static bool weight(const char *text, int16_t *value)
{
	int64_t hundredths;

	if (!config_hundredths_parse(text, &hundredths) || llabs(hundredths) > CONFIG_SCORE_MOST)
		return false;
	*value = (int16_t)hundredths;
	return true;
}

bool config_score_parse(const char *text, struct bs_score *score)
{
	char hit[CONFIG_SCORE_TEXT];
	size_t length = strcspn(text, "/");
	struct bs_score new = {0};

	if (length >= sizeof(hit))
		return false;
	memcpy(hit, text, length);
	hit[length] = '\0';
	if (!weight(hit, &new.hit) ||
		(text[length] == '/' && !weight(text + length + 1, &new.miss)))
		return false;
	*score = new;
	return true;
}

const char *config_score_format(struct bs_score score, char text[CONFIG_SCORE_TEXT])
{
	char hit[CONFIG_SCORE_TEXT], miss[CONFIG_SCORE_TEXT];

	config_hundredths_format(score.hit, hit);
	config_hundredths_format(score.miss, miss);
	if (score.miss == 0)
		snprintf(text, CONFIG_SCORE_TEXT, "%.11s", hit);
	else
		snprintf(text, CONFIG_SCORE_TEXT, "%.11s/%.11s", hit, miss);
	return text;
}
