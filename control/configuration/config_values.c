// SPDX-License-Identifier: BSD-3-Clause
//
// Values of keys, one by one: see the header. Lists are in control/configuration/config_lists.c.
#include "control/configuration/config_values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/configuration/config_lists.h"
#include "control/configuration/config_score.h"
#include "control/configuration/config_text.h"

struct unit {
	const char *name;
	uint64_t factor;
};

// Largest first, for printing.
static const struct unit size_units[] = {
	{"gb", UINT64_C(1) << 30}, {"mb", UINT64_C(1) << 20}, {"kb", UINT64_C(1) << 10}, {NULL, 1}};
static const struct unit duration_units[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit share_units[] = {{"%", 10000}, {"ppm", 1}, {NULL, 0}};
static const struct unit no_units[] = {{NULL, 1}};

static const struct unit *units_of(const struct config_key *key)
{
	return key->kind == KIND_SIZE       ? size_units
	       : key->kind == KIND_DURATION ? duration_units
	       : key->kind == KIND_SHARE    ? share_units
					    : no_units;
}

static const char *example_of(const struct config_key *key)
{
	return key->kind == KIND_SIZE       ? "a size like 500, 64kb, 50mb or 2gb"
	       : key->kind == KIND_DURATION ? "a time like 500ms, 25s, 5m or 1h"
	       : key->kind == KIND_SHARE    ? "a share like 5% or 200ppm"
					    : "a whole number";
}

static void store(const struct config_key *key, void *base, uint64_t value)
{
	void *place = (char *)base + key->offset;

	switch (key->width) {
	case 1:
		*(uint8_t *)place = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)place = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)place = (uint32_t)value;
		break;
	default:
		*(uint64_t *)place = value;
		break;
	}
}

static uint64_t load(const struct config_key *key, const void *base)
{
	const void *place = (const char *)base + key->offset;

	switch (key->width) {
	case 1:
		return *(const uint8_t *)place;
	case 2:
		return *(const uint16_t *)place;
	case 4:
		return *(const uint32_t *)place;
	default:
		return *(const uint64_t *)place;
	}
}

static void print_number(const struct config_key *key, uint64_t value, FILE *out)
{
	const struct unit *unit = units_of(key);

	if (value == 0) {
		fputs(key->kind == KIND_DURATION ? "0s" : "0", out);
		return;
	}
	while (unit->name != NULL && value % unit->factor != 0)
		unit++;
	fprintf(out, "%" PRIu64 "%s", unit->name == NULL ? value : value / unit->factor,
		unit->name == NULL ? "" : unit->name);
}

bool config_value_has_range(const struct config_key *key)
{
	return key->kind >= KIND_COUNT && key->kind <= KIND_TOTAL && key->kind != KIND_WORD;
}

static void print_hundredths_range(const struct config_key *key, FILE *out)
{
	char low[CONFIG_SCORE_TEXT], high[CONFIG_SCORE_TEXT];
	bool total = key->kind == KIND_TOTAL;
	int64_t least = total ? (int64_t)key->least : -CONFIG_SCORE_MOST;
	int64_t most = total ? (int64_t)key->most : CONFIG_SCORE_MOST;

	if (total)
		fprintf(out, "%s, or ", key->words);
	fprintf(out, "%s to %s", config_hundredths_format(least, low),
		config_hundredths_format(most, high));
}

void config_value_print_range(const struct config_key *key, FILE *out)
{
	if (key->kind == KIND_SCORE || key->kind == KIND_TOTAL) {
		print_hundredths_range(key, out);
		return;
	}
	if (key->or_zero)
		fputs("0, or ", out);
	print_number(key, key->least, out);
	fputs(" to ", out);
	print_number(key, key->most, out);
}

// Number and unit, unit in any case; a time and a share need one, but for 0.
static bool number_parse(const struct config_key *key, const char *text, uint64_t *value)
{
	const struct unit *unit = units_of(key);
	char *end;
	unsigned long long number;

	if (text[0] < '0' || text[0] > '9') // strtoull takes blanks and signs
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno == ERANGE)
		number = UINT64_MAX;
	*value = number;
	if (*end == '\0')
		return (key->kind != KIND_DURATION && key->kind != KIND_SHARE) || number == 0;
	for (; unit->name != NULL; unit++) {
		if (strcasecmp(end, unit->name) == 0) {
			if (__builtin_mul_overflow(number, unit->factor, value))
				*value = UINT64_MAX; // out of every range
			return true;
		}
	}
	return false;
}

static bool number_set(const struct config_key *key, void *base, const char *text, char *why)
{
	uint64_t value;

	if (!number_parse(key, text, &value)) {
		snprintf(why, CONFIG_WHY, "'%.60s' is not %s; write one", text, example_of(key));
		return false;
	}
	if ((value < key->least || value > key->most) && !(key->or_zero && value == 0)) {
		char *range = NULL;
		size_t size;
		FILE *out = open_memstream(&range, &size);

		if (out != NULL) {
			config_value_print_range(key, out);
			fclose(out);
		}
		snprintf(why, CONFIG_WHY, "%.60s is out of range; write %s", text,
			range == NULL ? "another" : range);
		free(range);
		return false;
	}
	store(key, base, value);
	return true;
}

static bool score_set(const struct config_key *key, void *base, const char *text, char *why)
{
	struct bs_score score;

	if (!config_score_parse(text, &score)) {
		snprintf(why, CONFIG_WHY,
			"'%.60s' is no weight; write one of a hit like 4.35, or of a hit and a "
			"miss "
			"like "
			"1.5/-1.25, each -99.99 to 99.99",
			text);
		return false;
	}
	memcpy((char *)base + key->offset, &score, sizeof(score));
	return true;
}

static bool total_set(const struct config_key *key, void *base, const char *text, char *why)
{
	int64_t value = key->word_value;
	int32_t stored;

	if (strcmp(text, key->words) != 0 &&
		(!config_hundredths_parse(text, &value) || value < (int64_t)key->least ||
			value > (int64_t)key->most)) {
		char low[CONFIG_SCORE_TEXT], high[CONFIG_SCORE_TEXT];

		snprintf(why, CONFIG_WHY, "'%.60s' is no such total; write %s, or %s to %s", text,
			key->words, config_hundredths_format((int64_t)key->least, low),
			config_hundredths_format((int64_t)key->most, high));
		return false;
	}
	stored = (int32_t)value;
	memcpy((char *)base + key->offset, &stored, sizeof(stored));
	return true;
}

static void hundredths_print(const struct config_key *key, const void *base, FILE *out)
{
	char text[CONFIG_SCORE_TEXT];
	struct bs_score score;
	int32_t total;

	if (key->kind == KIND_SCORE) {
		memcpy(&score, (const char *)base + key->offset, sizeof(score));
		fprintf(out, "\"%s\"", config_score_format(score, text));
		return;
	}
	memcpy(&total, (const char *)base + key->offset, sizeof(total));
	fprintf(out, "\"%s\"",
		total == key->word_value ? key->words : config_hundredths_format(total, text));
}

const char *config_value_standard(const struct config_key *key, char text[CONFIG_STANDARD])
{
	if (key->kind != KIND_SCORE || key->inherits)
		return key->standard;
	return config_score_format(key->score, text);
}

static bool word_set(const struct config_key *key, void *base, const char *text, char *why)
{
	const char *word = key->words;
	size_t length = strlen(text);

	for (uint8_t value = key->first_word; length > 0; value++) {
		size_t n = strcspn(word, "|");

		if (n == length && memcmp(word, text, n) == 0) {
			store(key, base, value);
			return true;
		}
		if (word[n] == '\0')
			break;
		word += n + 1;
	}
	snprintf(why, CONFIG_WHY, "'%.60s' is not known here; write one of %s", text, key->words);
	for (char *c = strstr(why, "one of "); c != NULL && *c != '\0'; c++) {
		if (*c == '|')
			*c = ' ';
	}
	return false;
}

static void word_print(const struct config_key *key, const void *base, FILE *out)
{
	const char *word = key->words;
	uint64_t value = load(key, base);

	for (uint64_t i = key->first_word; i < value && strchr(word, '|') != NULL; i++)
		word = strchr(word, '|') + 1;
	fprintf(out, "\"%.*s\"", (int)strcspn(word, "|"), word);
}

static bool string_set(const struct config_key *key, void *base, const char *text, char *why)
{
	char **place = (char **)((char *)base + key->offset);
	char *copy = strdup(text);

	if (copy == NULL) {
		snprintf(why, CONFIG_WHY, "no memory; free some");
		return false;
	}
	free(*place);
	*place = copy;
	return true;
}

static bool is_array(const struct config_key *key)
{
	return key->kind <= KIND_INTERFACE;
}

bool config_value_set(
	const struct config_key *key, void *base, const char *text, char why[CONFIG_WHY])
{
	switch (key->kind) {
	case KIND_COUNT:
	case KIND_SIZE:
	case KIND_DURATION:
	case KIND_SHARE:
		return number_set(key, base, text, why);
	case KIND_WORD:
		return word_set(key, base, text, why);
	case KIND_SCORE:
		return score_set(key, base, text, why);
	case KIND_TOTAL:
		return total_set(key, base, text, why);
	default:
		break;
	}
	if (config_key_is_list(key))
		return config_list_add(key, base, text, why);
	if (!config_text_check(key, text, why))
		return false;
	if (!is_array(key))
		return string_set(key, base, text, why);
	snprintf((char *)base + key->offset, key->width, "%s", text);
	return true;
}

void config_value_print(const struct config_key *key, const void *base, FILE *out)
{
	const char *text = NULL;

	switch (key->kind) {
	case KIND_COUNT:
	case KIND_SIZE:
	case KIND_DURATION:
	case KIND_SHARE:
		print_number(key, load(key, base), out);
		return;
	case KIND_WORD:
		word_print(key, base, out);
		return;
	case KIND_SCORE:
	case KIND_TOTAL:
		hundredths_print(key, base, out);
		return;
	default:
		break;
	}
	if (config_key_is_list(key)) {
		config_list_print(key, base, out);
		return;
	}
	text = is_array(key) ? (const char *)base + key->offset
			     : *(char *const *)((const char *)base + key->offset);
	config_text_print(text, out);
}

void config_value_free(const struct config_key *key, void *base)
{
	if (config_key_is_list(key))
		config_list_clear(key, base);
	else if (key->kind >= KIND_BACKEND && key->kind <= KIND_PATH)
		free(*(char **)((char *)base + key->offset));
}
