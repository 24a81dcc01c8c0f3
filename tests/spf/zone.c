// SPDX-License-Identifier: BSD-3-Clause
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALIASES 8 // in a row

struct zone_made {
	struct zone_made *next;
	char name[DNS_NAME];
	enum dns_type type;
	bool told;
	struct dns_answer answer;
};

static void *checked(void *memory)
{
	if (memory == NULL) {
		fputs("no memory\n", stderr);
		exit(1);
	}
	return memory;
}

static bool same_name(const char *a, const char *b)
{
	size_t length = strlen(a), other = strlen(b);
	if (length > 0 && a[length - 1] == '.')
		length--;
	if (other > 0 && b[other - 1] == '.')
		other--;
	return length == other && strncasecmp(a, b, length) == 0;
}

static bool has_txt(const struct zone *zone, const char *name)
{
	for (size_t i = 0; i < zone->entries; i++) {
		const struct zone_entry *entry = &zone->entry[i];
		if (same_name(entry->name, name) && !entry->spf && entry->type == DNS_TXT &&
			entry->kind != ZONE_TIMEOUT)
			return true;
	}
	return false;
}

static void add_record(struct zone_made *made, const struct zone_entry *entry)
{
	struct dns_record *record = &made->answer.record[made->answer.count];
	if (made->answer.count == DNS_RECORDS)
		return;
	record->preference = (uint16_t)entry->preference;
	if (entry->type == DNS_A || entry->type == DNS_AAAA) {
		if (!bs_address_parse(entry->text, &record->address))
			return;
	} else {
		record->text = entry->text;
		record->length = (uint16_t)entry->length;
	}
	made->answer.count++;
	made->answer.status = DNS_FOUND;
}

static void answer(
	const struct zone *zone, struct zone_made *made, const char *name, unsigned aliases)
{
	bool known = false, timeout = false, spf = !has_txt(zone, name);
	const char *alias = NULL;
	for (size_t i = 0; i < zone->entries; i++) {
		const struct zone_entry *entry = &zone->entry[i];
		if (!same_name(entry->name, name))
			continue;
		known = true;
		timeout = timeout || entry->kind == ZONE_TIMEOUT;
		if (entry->kind == ZONE_ALIAS)
			alias = entry->text;
		if (entry->kind == ZONE_RECORD && entry->type == made->type && (!entry->spf || spf))
			add_record(made, entry);
	}
	if (made->answer.count > 0)
		return;
	if (alias != NULL && aliases < ALIASES) {
		answer(zone, made, alias, aliases + 1);
		return;
	}
	made->answer.status = timeout || alias != NULL ? DNS_TROUBLE
			      : known                  ? DNS_NO_DATA
						       : DNS_NO_NAME;
	made->answer.why = "timeout";
}

static const struct dns_answer *look(
	struct dns_source *source, struct dns_asker *asker, const char *name, enum dns_type type)
{
	struct zone *zone = (struct zone *)source;
	struct zone_made *made;
	for (made = zone->made; made != NULL; made = made->next)
		if (made->type == type && strcasecmp(made->name, name) == 0)
			break;
	if (made == NULL) {
		made = checked(calloc(1, sizeof(*made) + DNS_RECORDS * sizeof(struct dns_record)));
		snprintf(made->name, sizeof(made->name), "%s", name);
		made->type = type;
		answer(zone, made, name, 0);
		made->next = zone->made;
		zone->made = made;
	}
	if (zone->late && !made->told) {
		made->told = true;
		return NULL;
	}
	return &made->answer;
}

static void forget(struct dns_source *source, struct dns_asker *asker)
{
	struct zone *zone = (struct zone *)source;
	while (zone->made != NULL) {
		struct zone_made *next = zone->made->next;
		free(zone->made);
		zone->made = next;
	}
}

void zone_init(struct zone *zone)
{
	*zone = (struct zone){.source = {.look = look, .forget = forget}};
}

void zone_clear(struct zone *zone)
{
	for (size_t i = 0; i < zone->entries; i++) {
		free(zone->entry[i].name);
		free(zone->entry[i].text);
	}
	free(zone->entry);
	zone->entry = NULL;
	zone->entries = 0;
}

struct zone_entry *zone_add(struct zone *zone, const char *name)
{
	zone->entry = checked(reallocarray(zone->entry, zone->entries + 1, sizeof(*zone->entry)));
	struct zone_entry *entry = &zone->entry[zone->entries++];
	*entry = (struct zone_entry){.name = checked(strdup(name))};
	return entry;
}
