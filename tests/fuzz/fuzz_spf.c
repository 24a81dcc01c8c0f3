// SPDX-License-Identifier: BSD-3-Clause
//
// Fuzz target: SPF, that is our parser and layer with libspf2 behind them, over whatever a DNS may answer.
//
// The input is text. Its first line is CLIENT HELO LOCAL DOMAIN, then comes one record a line:
//   NAME A|AAAA|MX|PTR|TXT|CNAME DATA      of MX with the preference; in DATA \n is a newline, \0 a NUL, \\ a backslash
//   NAME !                                 no answer for what else is asked of it
// Each input is evaluated with answers that are there and with late ones, which must come to the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/spf/spf.h"
#include "tests/spf/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#define LINES  200
#define ROUNDS (DNS_QUESTIONS + 10)

static const struct {
	const char *name;
	enum zone_kind kind;
	enum dns_type type;
} types[] = {{"A", ZONE_RECORD, DNS_A}, {"AAAA", ZONE_RECORD, DNS_AAAA},
	{"MX", ZONE_RECORD, DNS_MX}, {"PTR", ZONE_RECORD, DNS_PTR}, {"TXT", ZONE_RECORD, DNS_TXT},
	{"CNAME", ZONE_ALIAS, DNS_A}, {"!", ZONE_TIMEOUT, DNS_A}};

static size_t unescape(const char *data, char *text)
{
	size_t length = 0;
	for (; *data != 0; data++) {
		if (data[0] != '\\' || data[1] == 0) {
			text[length++] = *data;
			continue;
		}
		data++;
		text[length++] = (char)(*data == 'n' ? '\n' : *data == '0' ? 0 : *data);
	}
	text[length] = 0;
	return length;
}

// As dns.h has it: of MX and PTR, names in lower case, no byte that belongs in none.
static void as_name(struct zone_entry *entry)
{
	if (entry->length > DNS_NAME - 1)
		entry->length = DNS_NAME - 1;
	entry->text[entry->length] = 0;
	for (size_t i = 0; i < entry->length; i++)
		if (entry->text[i] <= ' ' || entry->text[i] > '~')
			entry->text[i] = '?';
}

static void add_line(struct zone *zone, char *line)
{
	char *rest = line, *name = strtok_r(rest, " ", &rest), *type = strtok_r(NULL, " ", &rest);
	if (name == NULL || type == NULL)
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, type) != 0)
			continue;
		struct zone_entry *entry = zone_add(zone, name);
		entry->kind = types[i].kind;
		entry->type = types[i].type;
		if (entry->type == DNS_MX)
			entry->preference = (unsigned)strtoul(rest, &rest, 10);
		while (entry->type != DNS_TXT && *rest == ' ')
			rest++;
		entry->text = malloc(strlen(rest) + 1);
		CHECK(entry->text != NULL);
		entry->length = unescape(rest, entry->text);
		if (entry->type != DNS_TXT)
			as_name(entry);
		return;
	}
}

static void news(struct dns_asker *asker)
{
}

static struct spf_outcome evaluate(struct spf *spf, struct zone *zone, bool late,
	const struct bs_address *client, char *const word[4])
{
	struct spf_outcome outcome;
	struct dns_asker asker;
	unsigned rounds = 0;
	zone->late = late;
	dns_asker_init(&asker, &zone->source, news);
	memset(&outcome, 0xff, sizeof(outcome));
	while (!spf_evaluate(spf, &asker, client, word[1], word[2], word[3], &outcome))
		CHECK(late && ++rounds < ROUNDS);
	CHECK(outcome.result < SPF_RESULTS);
	CHECK(memchr(outcome.detail, 0, sizeof(outcome.detail)) != NULL);
	for (const char *byte = outcome.detail; *byte != 0; byte++)
		CHECK(*byte >= ' ' && *byte <= '~');
	CHECK(outcome.result != SPF_FAIL || strncmp(outcome.detail, "mechanism -", 11) == 0);
	dns_asker_forget(&asker);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spf *spf;
	struct zone zone;
	struct bs_address client;
	char none[] = "", *word[4] = {none, none, none, none};
	char *text = malloc(size + 1), *rest = text, *line;
	CHECK(text != NULL);
	memcpy(text, data, size);
	text[size] = 0;
	if (spf == NULL)
		spf = spf_new("mx.example.org");
	CHECK(spf != NULL);
	zone_init(&zone);
	line = strsep(&rest, "\n");
	for (unsigned i = 0; i < 4 && line != NULL; i++) {
		char *next = strsep(&line, " ");
		word[i] = next;
	}
	if (bs_address_parse(word[0], &client) && strlen(word[2]) <= 64 && strlen(word[3]) <= 255 &&
		strlen(word[1]) <= 255) {
		for (unsigned i = 0; i < LINES && rest != NULL; i++)
			add_line(&zone, strsep(&rest, "\n"));
		struct spf_outcome soon = evaluate(spf, &zone, false, &client, word),
				   late = evaluate(spf, &zone, true, &client, word);
		CHECK(soon.result == late.result && strcmp(soon.detail, late.detail) == 0);
	}
	zone_clear(&zone);
	free(text);
	return 0;
}
