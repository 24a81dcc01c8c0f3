// SPDX-License-Identifier: BSD-3-Clause
#include "control/overlay/overlay_entries.h"

#include <stdlib.h>

static int compare(const struct bs_prefix *a, const struct bs_prefix *b)
{
	int order = memcmp(a->address.octet, b->address.octet, sizeof(a->address.octet));
	return order != 0 ? order : (int)a->length - (int)b->length;
}

// Where the prefix stands, or would.
static size_t place(const struct overlay_entries *entries, const struct bs_prefix *prefix)
{
	size_t low = 0, high = entries->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&entries->item[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool stands_at(
	const struct overlay_entries *entries, size_t at, const struct bs_prefix *prefix)
{
	return at < entries->count && compare(&entries->item[at].prefix, prefix) == 0;
}

const struct overlay_item *overlay_entries_find(
	const struct overlay_entries *entries, const struct bs_prefix *prefix)
{
	size_t at = place(entries, prefix);
	return stands_at(entries, at, prefix) ? &entries->item[at] : NULL;
}

static bool make_room(struct overlay_entries *entries)
{
	if (entries->count < entries->room)
		return true;
	size_t room = entries->room == 0 ? 64 : 2 * entries->room;
	struct overlay_item *grown = reallocarray(entries->item, room, sizeof(*grown));
	if (grown == NULL)
		return false;
	entries->item = grown;
	entries->room = room;
	return true;
}

enum overlay_put overlay_entries_put(
	struct overlay_entries *entries, const struct overlay_item *item)
{
	size_t at = place(entries, &item->prefix);
	if (stands_at(entries, at, &item->prefix)) {
		entries->item[at] = *item;
		return OVERLAY_REPLACED;
	}
	if (entries->count == BS_OVERLAY_ENTRIES)
		return OVERLAY_FULL;
	if (!make_room(entries))
		return OVERLAY_NO_MEMORY;
	memmove(&entries->item[at + 1], &entries->item[at],
		(entries->count - at) * sizeof(entries->item[0]));
	entries->item[at] = *item;
	entries->count++;
	return OVERLAY_ADDED;
}

bool overlay_entries_remove(struct overlay_entries *entries, const struct bs_prefix *prefix)
{
	size_t at = place(entries, prefix);
	if (!stands_at(entries, at, prefix))
		return false;
	entries->count--;
	memmove(&entries->item[at], &entries->item[at + 1],
		(entries->count - at) * sizeof(entries->item[0]));
	return true;
}

static bool is_over(const struct overlay_item *item, int64_t now)
{
	return item->expires != 0 && item->expires <= now;
}

size_t overlay_entries_expire(struct overlay_entries *entries, int64_t now)
{
	size_t kept = 0, before = entries->count;
	for (size_t i = 0; i < before; i++)
		if (!is_over(&entries->item[i], now))
			entries->item[kept++] = entries->item[i];
	entries->count = kept;
	return before - kept;
}

int64_t overlay_entries_next(const struct overlay_entries *entries)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < entries->count; i++)
		if (entries->item[i].expires != 0 && entries->item[i].expires < next)
			next = entries->item[i].expires;
	return next;
}

bool overlay_entries_build(const struct overlay_entries *entries, struct bs_overlay **overlay)
{
	*overlay = NULL;
	if (entries->count == 0)
		return true;
	struct bs_overlay_entry *entry = calloc(entries->count, sizeof(*entry));
	if (entry == NULL)
		return false;
	for (size_t i = 0; i < entries->count; i++)
		entry[i] = (struct bs_overlay_entry){
			entries->item[i].prefix, entries->item[i].verdict};
	*overlay = bs_overlay_new(entry, entries->count);
	free(entry);
	return *overlay != NULL;
}

void overlay_entries_free(struct overlay_entries *entries)
{
	free(entries->item);
	*entries = (struct overlay_entries){0};
}
