// SPDX-License-Identifier: BSD-3-Clause
#include "control/lists/list_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "control/lists/prefix_number.h"

#define ROOM_AT_FIRST 1024u

struct reading {
	struct list_lines lines;
	struct bs_prefix *entry;
	size_t count, room;
	size_t part; // where entries of JSON lines began that no metadata has counted yet
};

static void host_bits(struct reading *reading, const char *text)
{
	char network[BS_PREFIX_TEXT], host[BS_ADDRESS_TEXT];
	struct bs_address address;
	struct bs_prefix prefix;

	if (!list_lines_fault(&reading->lines) ||
		bs_prefix_parse(text, &prefix, &address) != BS_PREFIX_OK)
		return;
	fprintf(reading->lines.errors, "%s has host bits; write %s or %s\n", text,
		bs_prefix_format(&prefix, network), bs_address_format(&address, host));
}

static void malformed(struct reading *reading, const char *text)
{
	char copy[LIST_QUOTED];
	const char *cure = "write one as 192.0.2.0/24, 192.0.2.1 or 2001:db8::/32";

	if (!list_lines_fault(&reading->lines))
		return;
	if (strncasecmp(text, "::ffff:", 7) == 0 && strchr(text, '.') != NULL)
		cure = "write the IPv4 address without ::ffff:";
	else if (strpbrk(text, " \t,") != NULL)
		cure = "write one on each line, a comment after #";
	else if (strchr(text, '@') != NULL)
		cure = "a list of mail addresses needs of = sender or of = recipient";
	fprintf(reading->lines.errors, "\"%s\" is neither an address nor a network; %s\n",
		list_quoted(text, copy), cure);
}

static void add(struct reading *reading, const struct bs_prefix *prefix)
{
	if (reading->count == LIST_ENTRIES) {
		list_lines_stop(&reading->lines);
		fprintf(reading->lines.errors, "more than %u entries; join networks\n",
			LIST_ENTRIES);
		return;
	}
	if (reading->count == reading->room) {
		size_t room = reading->room == 0 ? ROOM_AT_FIRST : reading->room * 2;
		struct bs_prefix *grown = reallocarray(
			reading->entry, room, sizeof(*reading->entry));
		if (grown == NULL) {
			list_lines_stop(&reading->lines);
			fprintf(reading->lines.errors, "no memory for %zu entries\n", room);
			return;
		}
		reading->entry = grown;
		reading->room = room;
	}
	reading->entry[reading->count++] = *prefix;
}

static void take_prefix(struct reading *reading, const char *text)
{
	struct bs_prefix prefix;

	switch (bs_prefix_parse(text, &prefix, NULL)) {
	case BS_PREFIX_OK:
		add(reading, &prefix);
		break;
	case BS_PREFIX_HOST_BITS:
		host_bits(reading, text);
		break;
	default:
		malformed(reading, text);
		break;
	}
}

// "FIRST-LAST", with or without blanks around the hyphen, as the fewest networks: at most 254 of them. False when it isn't one.
static bool take_range(struct reading *reading, char *text)
{
	char *hyphen = strchr(text, '-'), copy[LIST_QUOTED];
	struct bs_address first, last;

	if (hyphen == NULL || text[strspn(text, "0123456789abcdefABCDEF.:- \t")] != '\0')
		return false; // not even meant as one
	list_quoted(text, copy);
	*hyphen = '\0';
	bool good = bs_address_parse(list_lines_entry(text, ""), &first) &&
		    bs_address_parse(list_lines_entry(hyphen + 1, ""), &last) &&
		    bs_address_is_ipv4(&first) == bs_address_is_ipv4(&last) &&
		    memcmp(&first, &last, sizeof(first)) <= 0;
	if (!good) {
		if (list_lines_fault(&reading->lines))
			fprintf(reading->lines.errors,
				"\"%s\" is no range of addresses; write the lower one first, like "
				"192.0.2.1-192.0.2.9\n",
				copy);
		return true;
	}
	prefix_number from = prefix_number_of(&first), to = prefix_number_of(&last);
	unsigned shortest = bs_address_is_ipv4(&first) ? 96 : 0;
	for (;;) {
		unsigned length = 128;

		while (length > shortest && (from & prefix_number_host(length - 1)) == 0 &&
			prefix_number_host(length - 1) <= to - from)
			length--;
		struct bs_prefix prefix = {prefix_number_address(from), (uint8_t)length};
		// What IPv4 is held as is no part of a range of IPv6; nobody has such an address.
		if (bs_prefix_is_ipv4(&prefix) == (shortest == 96))
			add(reading, &prefix);
		if (prefix_number_host(length) >= to - from)
			return true;
		from += prefix_number_host(length) + 1;
	}
}

// The last line of a list, or of a part of it when several were put into one file.
static void take_metadata(struct reading *reading, const json_t *object)
{
	const json_t *records = json_object_get(object, "records");
	size_t count = reading->count - reading->part;

	reading->part = reading->count;
	if (!json_is_integer(records) || json_integer_value(records) == (json_int_t)count ||
		!list_lines_fault(&reading->lines))
		return;
	fprintf(reading->lines.errors,
		"says %" JSON_INTEGER_FORMAT
		" records, but there are %zu; the file is not whole: load it again\n",
		json_integer_value(records), count);
}

static void take_json(struct reading *reading, const char *text)
{
	json_error_t error;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	const char *cidr = json_string_value(json_object_get(object, "cidr"));
	const char *type = json_string_value(json_object_get(object, "type"));
	char copy[LIST_QUOTED];

	if (cidr != NULL)
		take_prefix(reading, cidr);
	else if (type != NULL && strcmp(type, "metadata") == 0)
		take_metadata(reading, object);
	else if (list_lines_fault(&reading->lines))
		fprintf(reading->lines.errors,
			"\"%s\" %s; write one like {\"cidr\":\"192.0.2.0/24\"}\n",
			list_quoted(text, copy),
			object == NULL ? "is not JSON" : "has no \"cidr\" with a network");
	json_decref(object);
}

static void take_line(struct reading *reading, char *text)
{
	if (*text == '{') {
		take_json(reading, text);
		return;
	}
	text = list_lines_entry(text, "#;");
	if (*text != '\0' && !take_range(reading, text))
		take_prefix(reading, text);
}

struct bs_prefix *list_file_read(const char *file, size_t *count, FILE *errors)
{
	struct reading reading = {0};
	char *text;
	bool good;

	if (!list_lines_open(&reading.lines, file, errors))
		return NULL;
	while ((text = list_lines_next(&reading.lines)) != NULL)
		take_line(&reading, text);
	good = list_lines_close(&reading.lines);
	if (good && reading.entry == NULL) {
		reading.entry = calloc(1, sizeof(*reading.entry)); // an empty list is no fault
		if (reading.entry == NULL)
			fprintf(errors, "%s: no memory\n", file);
	}
	if (!good) {
		free(reading.entry);
		return NULL;
	}
	*count = reading.count;
	return reading.entry;
}
