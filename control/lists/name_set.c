// SPDX-License-Identifier: BSD-3-Clause
//
// Open addressing over offsets into one block of bytes: no pointer and no allocation a name. A slot has 32 bits of the hash beside
// the offset, so that a name that is not there costs no look at the bytes. At most half of the slots are in use, so a search ends
// after two or three.
#include "control/lists/name_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dataplane/seam/siphash.h"

#define SLOTS_AT_FIRST 16u
#define BYTES_AT_FIRST 1024u
#define SLOTS_MOST     (UINT32_C(1) << 30)

struct slot {
	uint32_t tag;
	uint32_t at; // of the entry in `bytes`, plus 1; 0: free
};

// An entry: kind, number, length of the text in two bytes, text.
#define ENTRY_HEAD 4u

struct name_set {
	struct siphash_key key;
	struct slot *slot;
	uint32_t slots; // a power of two
	uint32_t count;
	uint8_t *bytes;
	size_t used, room;
};

struct name_set *name_set_new(void)
{
	struct name_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->slots = SLOTS_AT_FIRST;
	set->slot = calloc(set->slots, sizeof(*set->slot));
	if (set->slot != NULL &&
		getrandom(&set->key, sizeof(set->key), 0) == (ssize_t)sizeof(set->key))
		return set;
	name_set_free(set);
	return NULL;
}

void name_set_free(struct name_set *set)
{
	if (set == NULL)
		return;
	free(set->slot);
	free(set->bytes);
	free(set);
}

static uint64_t hash_of(const struct name_set *set, uint8_t kind, const char *text, size_t length)
{
	uint64_t word[1 + (NAME_SET_TEXT + 1) /
				  8]; // kind and length, then the text, filled up with zeros
	size_t words = 1 + (length + 7) / 8;

	word[0] = (uint64_t)kind << 32 | length;
	word[words - 1] = words == 1 ? word[0] : 0;
	memcpy(word + 1, text, length);
	return siphash(&set->key, word, (unsigned)words, 1, 3);
}

static bool is_name(const uint8_t *entry, uint8_t kind, const char *text, size_t length)
{
	return entry[0] == kind && (size_t)(entry[2] | entry[3] << 8) == length &&
	       memcmp(entry + ENTRY_HEAD, text, length) == 0;
}

// Twice the slots; entries keep their places, so only the hashes are needed.
static bool grow_slots(struct name_set *set)
{
	uint32_t slots = set->slots * 2;
	struct slot *larger = slots > SLOTS_MOST ? NULL : calloc(slots, sizeof(*larger));

	if (larger == NULL)
		return false;
	for (uint32_t i = 0; i < set->slots; i++) {
		if (set->slot[i].at == 0)
			continue;
		const uint8_t *entry = set->bytes + set->slot[i].at - 1;
		uint64_t hash = hash_of(set, entry[0], (const char *)entry + ENTRY_HEAD,
			(size_t)(entry[2] | entry[3] << 8));
		uint32_t at = (uint32_t)hash & (slots - 1);

		while (larger[at].at != 0)
			at = (at + 1) & (slots - 1);
		larger[at] = set->slot[i];
	}
	free(set->slot);
	set->slot = larger;
	set->slots = slots;
	return true;
}

static bool make_room(struct name_set *set, size_t length)
{
	size_t room = set->room == 0 ? BYTES_AT_FIRST : set->room;
	uint8_t *larger;

	if ((set->count + 1) * UINT64_C(2) > set->slots && !grow_slots(set))
		return false;
	while (room < set->used + length)
		room += room / 2;
	if (room == set->room)
		return true;
	if (room >= UINT32_MAX) // an offset has 32 bits
		return false;
	larger = realloc(set->bytes, room);
	if (larger == NULL)
		return false;
	set->bytes = larger;
	set->room = room;
	return true;
}

bool name_set_add(
	struct name_set *set, uint8_t kind, const char *text, size_t length, uint8_t number)
{
	uint64_t hash;
	uint32_t tag, at;
	uint8_t *entry;

	if (length > NAME_SET_TEXT || !make_room(set, ENTRY_HEAD + length))
		return false;
	hash = hash_of(set, kind, text, length);
	tag = (uint32_t)(hash >> 32);
	for (at = (uint32_t)hash & (set->slots - 1); set->slot[at].at != 0;
		at = (at + 1) & (set->slots - 1)) {
		entry = set->bytes + set->slot[at].at - 1;
		if (set->slot[at].tag == tag && entry[1] == number &&
			is_name(entry, kind, text, length))
			return true;
	}
	entry = set->bytes + set->used;
	entry[0] = kind;
	entry[1] = number;
	entry[2] = (uint8_t)length;
	entry[3] = (uint8_t)(length >> 8);
	memcpy(entry + ENTRY_HEAD, text, length);
	set->slot[at] = (struct slot){tag, (uint32_t)set->used + 1};
	set->used += ENTRY_HEAD + length;
	set->count++;
	return true;
}

bool name_set_find(const struct name_set *set, uint8_t kind, const char *text, size_t length,
	struct name_set_numbers *numbers)
{
	uint64_t hash;
	uint32_t tag;
	bool found = false;

	if (length > NAME_SET_TEXT)
		return false;
	hash = hash_of(set, kind, text, length);
	tag = (uint32_t)(hash >> 32);
	for (uint32_t at = (uint32_t)hash & (set->slots - 1); set->slot[at].at != 0;
		at = (at + 1) & (set->slots - 1)) {
		const uint8_t *entry = set->bytes + set->slot[at].at - 1;

		if (set->slot[at].tag != tag || !is_name(entry, kind, text, length))
			continue;
		numbers->bit[entry[1] / 64] |= UINT64_C(1) << entry[1] % 64;
		found = true;
	}
	return found;
}

size_t name_set_count(const struct name_set *set)
{
	return set->count;
}

size_t name_set_size(const struct name_set *set)
{
	return sizeof(*set) + set->slots * sizeof(*set->slot) + set->room;
}
