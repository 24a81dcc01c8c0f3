// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/judge/prepared.h"

#include <string.h>

// No keyed hash: whoever finds two that are alike delays himself.
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	size_t length = strlen(text);
	uint64_t word;
	for (; length >= sizeof(word); text += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = mix(hash, word);
	}
	word = length + 1; // texts of one length and texts that end differ
	for (; length > 0; length--)
		word = word << 8 | (uint8_t)*text++;
	return mix(hash, word);
}

uint64_t prepared_key(const struct facts *facts)
{
	uint64_t half[2];
	memcpy(half, facts->client.octet, sizeof(half));
	uint64_t hash = mix(mix(facts->sender != NULL, half[0]), half[1]);
	hash = mix_text(hash, facts->helo);
	if (facts->sender != NULL)
		hash = mix_text(hash, facts->sender->domain);
	return hash | 1;
}

static unsigned set_of(uint64_t key)
{
	return key >> 32 & (PREPARED_SETS - 1);
}

bool prepared_lately(const struct prepared *prepared, uint64_t key, uint64_t now_ms)
{
	if (prepared == NULL)
		return false;
	const struct prepared_place *set = prepared->place[set_of(key)];
	for (unsigned i = 0; i < PREPARED_WAYS; i++)
		if (set[i].key == key)
			return now_ms < set[i].until_ms;
	return false;
}

void prepared_note(struct prepared *prepared, uint64_t key, uint64_t now_ms)
{
	if (prepared == NULL)
		return;
	struct prepared_place *set = prepared->place[set_of(key)], *oldest = set;
	for (unsigned i = 0; i < PREPARED_WAYS && oldest->key != key; i++)
		if (set[i].key == key || set[i].until_ms < oldest->until_ms)
			oldest = &set[i];
	*oldest = (struct prepared_place){key, now_ms + PREPARED_MS};
}
