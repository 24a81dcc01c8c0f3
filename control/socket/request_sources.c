// SPDX-License-Identifier: BSD-3-Clause
//
// Commands about sources (dataplane/seam/source.h): sources, sources show, sources clear.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/socket/request_command.h"
#include "dataplane/seam/source.h"

// Rows without "limit".
#define SOURCES_USUAL 50

struct clock {
	uint32_t table_s; // the table's, now
	time_t wall;
	uint32_t window_s;
};

static struct clock clock_now(void)
{
	struct timespec now;
	const struct bs_policy *policy = bs_policy_get();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct clock){.table_s = bs_source_seconds((uint64_t)now.tv_sec * 1000),
		.wall = time(NULL),
		.window_s = policy != NULL ? policy->verdicts.window_ms / 1000 : 0};
}

static json_int_t wall_of(const struct clock *clock, uint32_t table_s)
{
	return (json_int_t)clock->wall - (int32_t)(clock->table_s - table_s);
}

static json_t *window_of(const struct bs_source_view *view)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "sessions", (json_int_t)view->sessions,
		"refused", (json_int_t)view->refused, "recipients-unknown",
		(json_int_t)view->unknown, "recipients-accepted", (json_int_t)view->known,
		"early-talks", (json_int_t)view->early, "hangups", (json_int_t)view->hangups);
}

static json_t *verdict_of(const struct clock *clock, const struct bs_source_view *view)
{
	if (view->verdict == BS_VERDICT_NONE)
		return json_null();
	return json_pack("{s:s, s:I, s:I}", "reason", bs_verdict_name(view->verdict), "ends",
		wall_of(clock, clock->table_s + view->verdict_s), "left",
		(json_int_t)view->verdict_s);
}

static json_t *row_of(const struct clock *clock, const struct bs_source_view *view)
{
	char source[BS_PREFIX_TEXT];
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I}", "source",
		bs_source_format(&view->prefix, source), "open", (json_int_t)view->open,
		"connections", (json_int_t)view->connections, "mails", (json_int_t)view->mails,
		"first-seen", wall_of(clock, view->first_s), "last-seen",
		wall_of(clock, view->last_s), "last-mail",
		view->accepted_s != 0 ? json_integer(wall_of(clock, view->accepted_s))
				      : json_null(),
		"window", window_of(view), "verdict", verdict_of(clock, view), "verdicts",
		(json_int_t)view->verdicts);
}

static json_t *not_ready(void)
{
	return request_error("the source table is not made yet; ask again in a moment");
}

struct filter {
	bool has_prefix;
	struct bs_prefix prefix;
	const char *verdict;
};

static bool passes(const struct filter *filter, const struct bs_source_view *view)
{
	const char *word = filter->verdict;
	if (filter->has_prefix && !bs_prefix_contains(&filter->prefix, &view->prefix.address))
		return false;
	if (word == NULL)
		return true;
	if (strcmp(word, "any") == 0)
		return view->verdict != BS_VERDICT_NONE;
	return strcmp(word, bs_verdict_name(view->verdict)) == 0;
}

// Before `b` in the answer: seen later.
static bool is_later(
	const struct clock *clock, const struct bs_source_view *a, const struct bs_source_view *b)
{
	return (int32_t)(clock->table_s - a->last_s) < (int32_t)(clock->table_s - b->last_s);
}

// A heap whose root was seen first: the best rows of any number in the room of `limit`.
struct best {
	struct bs_source_view *row;
	size_t count, limit;
};

static void sink(const struct clock *clock, struct best *best, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= best->count)
			return;
		if (child + 1 < best->count &&
			is_later(clock, &best->row[child], &best->row[child + 1]))
			child++;
		if (!is_later(clock, &best->row[at], &best->row[child]))
			return;
		struct bs_source_view held = best->row[at];
		best->row[at] = best->row[child];
		best->row[child] = held;
		at = child;
	}
}

static void offer(const struct clock *clock, struct best *best, const struct bs_source_view *view)
{
	if (best->count == best->limit) {
		if (!is_later(clock, view, &best->row[0]))
			return;
		best->row[0] = *view;
		sink(clock, best, 0);
		return;
	}
	size_t at = best->count++;
	for (; at > 0 && is_later(clock, &best->row[(at - 1) / 2], view); at = (at - 1) / 2)
		best->row[at] = best->row[(at - 1) / 2];
	best->row[at] = *view;
}

// The rows, the last seen first.
static json_t *rows_of(const struct clock *clock, struct best *best)
{
	json_t *rows = json_array();
	size_t total = best->count;
	while (best->count > 1) { // the rest of a heap sort
		struct bs_source_view first = best->row[0];
		best->row[0] = best->row[--best->count];
		best->row[best->count] = first;
		sink(clock, best, 0);
	}
	for (size_t i = 0; rows != NULL && i < total; i++) {
		if (json_array_append_new(rows, row_of(clock, &best->row[i])) != 0) {
			json_decref(rows);
			rows = NULL;
		}
	}
	return rows;
}

static struct filter filter_of(const struct request_call *call)
{
	struct filter filter = {.verdict = request_word(call, "verdict")};
	const char *text = request_word(call, "prefix");
	filter.has_prefix = text != NULL &&
			    bs_prefix_parse(text, &filter.prefix, NULL) == BS_PREFIX_OK;
	// Sources know 64 bits of an IPv6 address.
	if (filter.has_prefix && !bs_prefix_is_ipv4(&filter.prefix) && filter.prefix.length > 64)
		filter.prefix = bs_source_prefix(&filter.prefix.address);
	return filter;
}

json_t *request_sources(struct request_call *call)
{
	struct bs_sources *sources = call->daemon->sources;
	struct filter filter = filter_of(call);
	struct clock clock = clock_now();
	struct bs_source_view view;
	uint32_t cursor = 0;
	json_int_t matching = 0, open = 0;
	struct best best = {.limit = (size_t)request_count(call, "limit", SOURCES_USUAL)};
	if (sources == NULL)
		return not_ready();
	best.row = calloc(best.limit, sizeof(*best.row));
	if (best.row == NULL)
		return NULL;
	while (bs_sources_next(sources, &cursor, clock.window_s, clock.table_s, &view)) {
		if (!passes(&filter, &view))
			continue;
		matching++;
		open += view.open;
		offer(&clock, &best, &view);
	}
	json_t *rows = rows_of(&clock, &best);
	free(best.row);
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:o}", "ok", 1, "known",
		(json_int_t)bs_sources_count(sources), "room",
		(json_int_t)bs_sources_capacity(sources), "matching", matching, "open", open,
		"sources", rows);
}

// The address of one source, as "sources" shows it or as a host in it: "192.0.2.7", "2001:db8:7::5", "2001:db8:7::/64".
static bool one_source(const char *text, struct bs_address *address)
{
	struct bs_prefix prefix;
	if (bs_prefix_parse(text, &prefix, NULL) != BS_PREFIX_OK)
		return false;
	*address = prefix.address;
	return prefix.length == 128 || (prefix.length == 64 && !bs_prefix_is_ipv4(&prefix));
}

static json_t *no_source(const char *text)
{
	return request_error("\"%.64s\" is not one source: an IPv4 address, an IPv6 address or "
			     "its network of 64 bits",
		text);
}

json_t *request_sources_show(struct request_call *call)
{
	const char *text = request_word(call, "address");
	struct clock clock = clock_now();
	struct bs_source_view view;
	struct bs_address address;
	if (call->daemon->sources == NULL)
		return not_ready();
	if (!one_source(text, &address))
		return no_source(text);
	bool known = bs_source_view(
		call->daemon->sources, &address, clock.window_s, clock.table_s, &view);
	return json_pack(
		"{s:b, s:o}", "ok", 1, "source", known ? row_of(&clock, &view) : json_null());
}

json_t *request_sources_clear(struct request_call *call)
{
	const char *text = request_word(call, "address");
	struct clock clock = clock_now();
	struct bs_address address;
	bool all = strcmp(text, "all") == 0;
	if (call->daemon->sources == NULL)
		return not_ready();
	if (!all && !one_source(text, &address))
		return no_source(text);
	uint32_t cleared = bs_source_forget(
		call->daemon->sources, all ? NULL : &address, clock.table_s);
	return json_pack("{s:b, s:I}", "ok", 1, "cleared", (json_int_t)cleared);
}
