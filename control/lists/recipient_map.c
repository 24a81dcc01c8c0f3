// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses and domains to rows: see the header. Open addressing, at most half full; the longest probe is kept, and a lookup
// that finds nothing ends with it.
#include "control/lists/recipient_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char *text; // NULL: free
	uint32_t hash;
	uint16_t row;
};

struct bs_recipient_map {
	uint32_t mask, count;
	uint32_t probes; // of the entry that is farthest from its place, and one
	char delimiters[9];
	struct entry entry[];
};

#define FNV_BASIS UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

// FNV-1a. The keys are the configuration's: who asks can choose what he asks for, but not what stands in the way.
static uint32_t mix(uint32_t hash, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * FNV_PRIME;
	return hash;
}

const char *bs_recipient_map_delimiters(const struct bs_recipient_map *map)
{
	return map->delimiters;
}

struct bs_recipient_map *bs_recipient_map_new(size_t most, const char *delimiters)
{
	struct bs_recipient_map *map;
	size_t size = 16;

	while (size < most * 2 && size < UINT32_C(1) << 30)
		size *= 2;
	map = calloc(1, sizeof(*map) + size * sizeof(map->entry[0]));
	if (map == NULL)
		return NULL;
	map->mask = (uint32_t)size - 1;
	snprintf(map->delimiters, sizeof(map->delimiters), "%s", delimiters);
	return map;
}

void bs_recipient_map_free(struct bs_recipient_map *map)
{
	for (uint32_t i = 0; map != NULL && i <= map->mask; i++)
		free(map->entry[i].text);
	free(map);
}

static bool is(const struct entry *entry, uint32_t hash, const char *local, size_t length,
	const char *domain)
{
	return entry->hash == hash && strncmp(entry->text, local, length) == 0 &&
	       entry->text[length] == '@' && strcmp(entry->text + length + 1, domain) == 0;
}

bool bs_recipient_map_add(struct bs_recipient_map *map, const char *entry, uint16_t row)
{
	uint32_t hash = mix(FNV_BASIS, entry, strlen(entry));

	if (map->count > map->mask / 2)
		return false;
	for (uint32_t probe = 0; probe <= map->mask; probe++) {
		struct entry *place = &map->entry[(hash + probe) & map->mask];

		if (place->text != NULL && strcmp(place->text, entry) == 0)
			return true;
		if (place->text != NULL)
			continue;
		place->text = strdup(entry);
		if (place->text == NULL)
			return false;
		place->hash = hash;
		place->row = row;
		map->count++;
		if (probe >= map->probes)
			map->probes = probe + 1;
		return true;
	}
	return false;
}

uint16_t bs_recipient_map_find(
	const struct bs_recipient_map *map, const char *local, size_t length, const char *domain)
{
	uint32_t hash = mix(FNV_BASIS, local, length);

	hash = mix(mix(hash, "@", 1), domain, strlen(domain));
	for (uint32_t probe = 0; probe < map->probes; probe++) {
		const struct entry *entry = &map->entry[(hash + probe) & map->mask];

		if (entry->text == NULL)
			return 0;
		if (is(entry, hash, local, length, domain))
			return entry->row;
	}
	return 0;
}
