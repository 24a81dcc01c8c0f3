// SPDX-License-Identifier: BSD-3-Clause
//
// The source table as control sees it: looking at entries that change under the eye, and taking verdicts back.
#include "dataplane/seam/source_table.h"
#include "dataplane/seam/source_window.h"

static struct bs_prefix prefix_of(uint64_t key)
{
	bool ipv4 = key >> 48 == 0;
	struct bs_prefix prefix = {.length = ipv4 ? 128 : 64};
	uint8_t octet[8];
	for (unsigned i = 0; i < 8; i++)
		octet[i] = (uint8_t)(key >> (56 - 8 * i));
	if (ipv4)
		prefix.address = bs_address_from_ipv4(octet + 4);
	else
		memcpy(prefix.address.octet, octet, sizeof(octet));
	return prefix;
}

struct bs_prefix bs_source_prefix(const struct bs_address *address)
{
	struct bs_prefix prefix = {.address = *address, .length = 128};
	if (!bs_address_is_ipv4(address)) {
		memset(prefix.address.octet + 8, 0, 8);
		prefix.length = 64;
	}
	return prefix;
}

char *bs_source_format(const struct bs_prefix *source, char text[BS_PREFIX_TEXT])
{
	return source->length == 128 ? bs_address_format(&source->address, text)
				     : bs_prefix_format(source, text);
}

// False when the entry changed hands while it was read.
static bool view_entry(const struct bs_sources *sources, uint32_t number, uint64_t key,
	uint32_t window_s, uint32_t now_s, struct bs_source_view *view)
{
	const struct bs_source *source = &sources->entry[number];
	uint64_t verdict = atomic_load_explicit(&source->verdict, memory_order_relaxed);
	struct window sessions = window_read(&source->sessions, window_s, now_s);
	struct window recipients = window_read(&source->recipients, window_s, now_s);
	*view = (struct bs_source_view){.prefix = prefix_of(key),
		.open = bs_source_open_count(source),
		.connections = atomic_load_explicit(&source->connections, memory_order_relaxed),
		.mails = atomic_load_explicit(&source->mails, memory_order_relaxed),
		.verdicts = atomic_load_explicit(&source->verdicts, memory_order_relaxed),
		.first_s = atomic_load_explicit(&source->first_s, memory_order_relaxed),
		.last_s = atomic_load_explicit(&source->last_s, memory_order_relaxed),
		.accepted_s = atomic_load_explicit(&source->accepted_s, memory_order_relaxed),
		.sessions = sessions.count[WINDOW_SESSIONS],
		.refused = sessions.count[WINDOW_REFUSED],
		.early = sessions.count[WINDOW_EARLY],
		.unknown = recipients.count[WINDOW_UNKNOWN],
		.known = recipients.count[WINDOW_KNOWN],
		.hangups = recipients.count[WINDOW_HANGUPS],
		.verdict = bs_source_verdict_at(verdict, now_s)};
	if (view->verdict != BS_VERDICT_NONE)
		view->verdict_s = (uint32_t)(verdict >> 32) - now_s;
	if (bs_source_is_known(source, now_s))
		view->known_s = atomic_load_explicit(&source->known_until_s, memory_order_relaxed) -
				now_s;
	atomic_thread_fence(memory_order_acquire);
	return key_at(sources, number) == key;
}

bool bs_source_view(struct bs_sources *sources, const struct bs_address *address, uint32_t window_s,
	uint32_t now_s, struct bs_source_view *view)
{
	uint64_t key = key_of(address);
	uint32_t number = key == 0 ? NOT_THERE : look_up(sources, key);
	return number != NOT_THERE && view_entry(sources, number, key, window_s, now_s, view);
}

bool bs_sources_next(struct bs_sources *sources, uint32_t *cursor, uint32_t window_s,
	uint32_t now_s, struct bs_source_view *view)
{
	while (*cursor < sources->buckets * WAYS) {
		uint32_t number = (*cursor)++;
		uint64_t key = key_at(sources, number);
		if (key != 0 && view_entry(sources, number, key, window_s, now_s, view))
			return true;
	}
	return false;
}

// Of an entry that is held.
static bool forget(struct bs_source *source, uint32_t now_s)
{
	uint64_t before = atomic_exchange_explicit(&source->verdict, 0, memory_order_acq_rel);
	atomic_store_explicit(&source->sessions, 0, memory_order_relaxed);
	atomic_store_explicit(&source->recipients, 0, memory_order_relaxed);
	return bs_source_verdict_at(before, now_s) != BS_VERDICT_NONE;
}

static uint32_t forget_one(
	struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	struct bs_source *source = bs_source_hold(sources, address);
	if (source == NULL)
		return 0;
	uint32_t count = forget(source, now_s);
	bs_source_let_go(source);
	return count;
}

uint32_t bs_source_forget(
	struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	if (address != NULL)
		return forget_one(sources, address, now_s);
	uint32_t count = 0;
	for (uint32_t number = 0; number < sources->buckets * WAYS; number++) {
		uint64_t key = key_at(sources, number);
		if (key == 0)
			continue;
		struct bs_prefix prefix = prefix_of(key);
		count += forget_one(sources, &prefix.address, now_s);
	}
	return count;
}

bool bs_source_unlearn(struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	struct bs_source *source = bs_source_hold(sources, address);
	if (source == NULL)
		return false;
	bool known = bs_source_is_known(source, now_s);
	bs_source_remember(source, 0);
	bs_source_let_go(source);
	return known;
}
