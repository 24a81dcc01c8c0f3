// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/checks/dnsl_points.h"

#include <stdio.h>
#include <string.h>

// ::FFFF:7F00:n is held like 127.0.0.n (seam/address.h), and so has its nibbles written down here.
#define NIBBLES_FFFF_7F00 "0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"

static bool of_name(const struct bs_dnsl *list, const char *name, struct dnsl_point *point)
{
	int length = snprintf(point->name, sizeof(point->name), "%s.%s", name, list->zone);

	return length > 0 && (size_t)length < sizeof(point->name);
}

// The standard point of a family: 127.0.0.`last` or ::FFFF:7F00:`last`.
static bool standard(
	const struct bs_dnsl *list, unsigned family, bool listed, struct dnsl_point *point)
{
	if (family == BS_DNSL_IPV4) {
		point->shown = listed ? "127.0.0.2" : "127.0.0.1";
		return of_name(list, listed ? "2.0.0.127" : "1.0.0.127", point);
	}
	point->shown = listed ? "::FFFF:7F00:2" : "::FFFF:7F00:1";
	return of_name(list, listed ? "2." NIBBLES_FFFF_7F00 : "1." NIBBLES_FFFF_7F00, point);
}

// The word of `text` that is an address of the family.
static bool replaced(
	const struct bs_dnsl *list, unsigned family, const char *text, struct dnsl_point *point)
{
	point->shown = text;
	for (const char *word = text + strspn(text, " "); *word != '\0';
		word += strspn(word, " ")) {
		char copy[BS_ADDRESS_TEXT];
		size_t length = strcspn(word, " ");
		struct bs_address address;

		if (length < sizeof(copy)) {
			memcpy(copy, word, length);
			copy[length] = '\0';
			if (bs_address_parse(copy, &address) &&
				bs_address_is_ipv4(&address) == (family == BS_DNSL_IPV4))
				return dns_reverse(&address, list->zone, point->name);
		}
		word += length;
	}
	return false;
}

static bool of_family(
	const struct bs_dnsl *list, unsigned family, bool listed, struct dnsl_point *point)
{
	const char *text = listed ? list->test_listed : list->test_unlisted;

	if ((list->families & family) == 0)
		return false;
	return text[0] == '\0' ? standard(list, family, listed, point)
			       : replaced(list, family, text, point);
}

static bool of_names(const struct bs_dnsl *list, bool listed, struct dnsl_point *point)
{
	const char *text = listed ? list->test_listed : list->test_unlisted;

	if (text[0] == '\0')
		text = listed ? "TEST" : "INVALID";
	point->shown = text;
	return of_name(list, text, point);
}

unsigned dnsl_points(const struct bs_dnsl *list, struct dnsl_point point[DNSL_POINTS])
{
	unsigned count = 0;

	if (!list->tested)
		return 0;
	for (unsigned listed = 0; listed < 2; listed++) {
		if (list->kind == BS_DNSL_NAME_KIND) {
			point[count].listed = listed != 0;
			count += of_names(list, listed != 0, &point[count]);
			continue;
		}
		for (unsigned family = BS_DNSL_IPV4; family <= BS_DNSL_IPV6; family++) {
			point[count].listed = listed != 0;
			count += of_family(list, family, listed != 0, &point[count]);
		}
	}
	return count;
}

enum dnsl_points_state dnsl_point_read(const struct bs_dnsl *list, const struct dnsl_point *point,
	const struct dns_answer *answer, uint8_t octets[4])
{
	switch (dnsl_read(list, answer, octets)) {
	case DNSL_UNKNOWN:
		return DNSL_POINTS_SILENT;
	case DNSL_ERROR:
		return DNSL_POINTS_ERROR;
	case DNSL_CLEAN:
		return point->listed ? DNSL_POINTS_MISSING : DNSL_POINTS_GOOD;
	case DNSL_OTHER: // whatever counts here, it is alive; and what is listed is listed
	case DNSL_HIT:
		break;
	}
	return point->listed ? DNSL_POINTS_GOOD : DNSL_POINTS_LISTED;
}

const char *dnsl_points_say(
	const struct bs_dnsl *list, struct dnsl_points_word word, char text[DNSL_POINTS_TEXT])
{
	struct dnsl_point point[DNSL_POINTS];
	const char *shown = word.point < dnsl_points(list, point) ? point[word.point].shown
								  : "a test point";

	switch (word.state) {
	case DNSL_POINTS_MISSING:
		snprintf(text, DNSL_POINTS_TEXT,
			"%s is not listed, which a list that lives has (RFC 5782): correct zone, "
			"or "
			"set test points that it has",
			shown);
		break;
	case DNSL_POINTS_LISTED:
		snprintf(text, DNSL_POINTS_TEXT,
			"%s is listed, which no list has: it seems to list everybody; take it out",
			shown);
		break;
	case DNSL_POINTS_ERROR:
		snprintf(text, DNSL_POINTS_TEXT, "it answers %u.%u.%u.%u: %s", word.octets[0],
			word.octets[1], word.octets[2], word.octets[3],
			dnsl_error_meaning(word.octets));
		break;
	case DNSL_POINTS_SILENT:
		snprintf(text, DNSL_POINTS_TEXT,
			"there is no answer for %s: is the list alive, and does the resolver "
			"answer?",
			shown);
		break;
	case DNSL_POINTS_AWAITED:
	case DNSL_POINTS_GOOD:
		text[0] = '\0';
		break;
	}
	return text;
}
