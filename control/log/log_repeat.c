// SPDX-License-Identifier: BSD-3-Clause
//
// Four places a hash: one is free, or its minute is over, or it has nothing to tell and is older than others; else the new
// kind of line has to do without. A flood from many sources so costs the sums of some of them, never a line.
#include "control/log/log_repeat.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log/log_fields.h"
#include "dataplane/seam/source.h"

#define SETS      512u // a power of two
#define WAYS      4u
#define WINDOW_NS UINT64_C(60000000000)
#define SECOND_NS UINT64_C(1000000000)
#define EVENT_MAX 48u // "improper command pipelining after END-OF-MESSAGE"

struct entry {
	struct bs_prefix source;
	char event[EVENT_MAX + 1];
	uint32_t count; // 0: a free place
	uint32_t held;  // not written
	uint64_t began_ns;
};

struct log_repeat {
	uint32_t most;
	uint32_t cursor;  // of log_repeat_sum()
	uint64_t look_ns; // it found nothing and need not look before
	_Atomic uint64_t summed;
	struct entry entry[SETS * WAYS];
};

struct log_repeat *log_repeat_new(uint32_t most)
{
	struct log_repeat *repeat = calloc(1, sizeof(*repeat));
	if (repeat != NULL)
		repeat->most = most;
	return repeat;
}

void log_repeat_free(struct log_repeat *repeat)
{
	free(repeat);
}

// FNV-1a: who collides on purpose only has his lines written.
static uint32_t hash(const struct log_fields *fields, const struct bs_prefix *source)
{
	uint32_t value = 2166136261u;
	for (size_t i = 0; i < sizeof(source->address.octet); i++)
		value = (value ^ source->address.octet[i]) * 16777619u;
	for (size_t i = 0; i < fields->event_length; i++)
		value = (value ^ (uint8_t)fields->event[i]) * 16777619u;
	return value ^ value >> 16;
}

static bool is_same(
	const struct entry *entry, const struct log_fields *fields, const struct bs_prefix *source)
{
	return entry->count > 0 && bs_address_equal(&entry->source.address, &source->address) &&
	       strlen(entry->event) == fields->event_length &&
	       memcmp(entry->event, fields->event, fields->event_length) == 0;
}

static bool is_over(const struct entry *entry, uint64_t now_ns)
{
	return now_ns - entry->began_ns >= WINDOW_NS;
}

static void begin(struct entry *entry, const struct log_fields *fields,
	const struct bs_prefix *source, uint64_t now_ns)
{
	*entry = (struct entry){.source = *source, .count = 1, .began_ns = now_ns};
	memcpy(entry->event, fields->event, fields->event_length);
}

// The entry of this kind and source, an emptied one, or NULL.
static struct entry *find(struct log_repeat *repeat, const struct log_fields *fields,
	const struct bs_prefix *source, uint64_t now_ns)
{
	struct entry *set = &repeat->entry[(size_t)(hash(fields, source) & (SETS - 1)) * WAYS];
	struct entry *victim = NULL;
	for (unsigned i = 0; i < WAYS; i++) {
		if (is_same(&set[i], fields, source))
			return &set[i];
	}
	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].count == 0)
			return &set[i];
		if (set[i].held == 0 && (victim == NULL || set[i].began_ns < victim->began_ns))
			victim = &set[i];
	}
	if (victim != NULL)
		victim->count = 0;
	return victim;
}

bool log_repeat_take(struct log_repeat *repeat, const char *text, uint64_t now_ns)
{
	struct log_fields fields;
	log_fields_read(text, &fields);
	if (!fields.takes_sum || fields.event_length > EVENT_MAX)
		return true;
	struct bs_prefix source = bs_source_prefix(&fields.client);
	struct entry *entry = find(repeat, &fields, &source, now_ns);
	if (entry == NULL)
		return true;
	if (entry->count == 0 || (entry->held == 0 && is_over(entry, now_ns))) {
		begin(entry, &fields, &source, now_ns);
		return true;
	}
	if (entry->count < repeat->most) {
		entry->count++;
		return true;
	}
	entry->held++;
	atomic_fetch_add_explicit(&repeat->summed, 1, memory_order_relaxed);
	return false;
}

bool log_repeat_sum(
	struct log_repeat *repeat, uint64_t now_ns, bool at_end, char text[LOG_REPEAT_TEXT])
{
	char source[BS_PREFIX_TEXT];
	if (!at_end && repeat->cursor == 0 && now_ns < repeat->look_ns)
		return false;
	while (repeat->cursor < SETS * WAYS) {
		struct entry *entry = &repeat->entry[repeat->cursor++];
		if (entry->held == 0 || !(at_end || is_over(entry, now_ns)))
			continue;
		snprintf(text, LOG_REPEAT_TEXT, "%" PRIu32 " more %s from [%s] in %" PRIu64 " s",
			entry->held, entry->event, bs_source_format(&entry->source, source),
			(now_ns - entry->began_ns + SECOND_NS / 2) / SECOND_NS);
		entry->count = entry->held = 0;
		return true;
	}
	repeat->cursor = 0;
	repeat->look_ns = now_ns + SECOND_NS;
	return false;
}

uint64_t log_repeat_count(const struct log_repeat *repeat)
{
	return atomic_load_explicit(&repeat->summed, memory_order_relaxed);
}
