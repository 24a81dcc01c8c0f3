// SPDX-License-Identifier: BSD-3-Clause
//
// Commands about what is remembered (smtp/memory/memory.h): greylist get, del, list; remembered get, del, list.
#include <string.h>
#include <time.h>

#include "control/memory/memory_store.h"
#include "control/socket/request_command.h"

// Rows without "limit".
#define ROWS_USUAL 1000

struct mail {
	struct bs_address client;
	const char *spf, *from, *to; // `from` and `to` may be NULL
};

static uint64_t wall(void)
{
	return (uint64_t)time(NULL);
}

static json_t *not_ready(void)
{
	return request_error("what is remembered is not read yet; ask again in a moment");
}

// An address; of an IPv6 network of 64 bits its first.
static bool one_source(const char *text, struct bs_address *address)
{
	struct bs_prefix prefix;
	if (bs_prefix_parse(text, &prefix, NULL) != BS_PREFIX_OK)
		return false;
	*address = prefix.address;
	return prefix.length == 128 || (prefix.length == 64 && !bs_prefix_is_ipv4(&prefix));
}

static bool source_of(const struct request_call *call, struct bs_address *address, json_t **refusal)
{
	const char *text = request_word(call, "address");
	*refusal = NULL;
	if (call->daemon->memory == NULL)
		*refusal = not_ready();
	else if (!one_source(text, address))
		*refusal = request_error("\"%.64s\" is not one source: an IPv4 address, an IPv6 "
					 "address or its network of 64 bits",
			text);
	else
		return true;
	return false;
}

static bool mail_of(const struct request_call *call, struct mail *mail, json_t **refusal)
{
	mail->spf = request_word(call, "spf");
	mail->from = request_word(call, "from");
	mail->to = request_word(call, "to");
	if (!source_of(call, &mail->client, refusal))
		return false;
	if ((mail->from == NULL) != (mail->to == NULL)) {
		*refusal = request_error("a sender wants a recipient, and a recipient a sender");
		return false;
	}
	if (mail->from != NULL && strcmp(mail->from, "<>") == 0)
		mail->from = "";
	return true;
}

// NULL where there is none.
static json_t *entry_of(struct memory *memory, const struct mail *mail, bool network)
{
	struct memory_entry entry;
	if (!greylist_find(memory, &mail->client, mail->spf, network ? NULL : mail->from,
		    network ? NULL : mail->to, wall(), &entry))
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I}", "first-seen", (json_int_t)entry.first_s,
		"last-used", (json_int_t)entry.last_s, "ends", (json_int_t)entry.until_s, "passes",
		(json_int_t)entry.passes);
}

json_t *request_greylist_get(struct request_call *call)
{
	static const char *const word[] = {[GREYLIST_NEW] = "new",
		[GREYLIST_EARLY] = "early",
		[GREYLIST_PASSED] = "passes",
		[GREYLIST_AUTO] = "network passed"};
	const struct bs_policy *policy = bs_policy_get();
	struct mail mail;
	json_t *refusal;
	if (!mail_of(call, &mail, &refusal))
		return refusal;
	if (policy == NULL)
		return not_ready();
	struct memory *memory = memory_store_memory(call->daemon->memory);
	struct greylist_answer answer = greylist_ask(memory, &mail.client, mail.spf, mail.from,
		mail.to, &policy->checks.greylist, wall(), false);
	return json_pack("{s:b, s:s, s:I, s:o, s:o}", "ok", 1, "state", word[answer.state], "wait",
		(json_int_t)answer.wait_s, "triplet", entry_of(memory, &mail, false), "network",
		entry_of(memory, &mail, true));
}

json_t *request_greylist_del(struct request_call *call)
{
	struct mail mail;
	json_t *refusal;
	if (!mail_of(call, &mail, &refusal))
		return refusal;
	uint32_t deleted = greylist_forget(memory_store_memory(call->daemon->memory), &mail.client,
		mail.spf, mail.from, mail.to);
	return json_pack("{s:b, s:I}", "ok", 1, "deleted", (json_int_t)deleted);
}

// "192.0.2.0/24", "2001:db8:7::/64", "192.0.2.7".
static json_t *prefix_text(const struct memory_entry *entry)
{
	struct bs_prefix prefix = {.length = 128};
	char text[BS_PREFIX_TEXT];
	memcpy(prefix.address.octet, entry->key, sizeof(prefix.address.octet));
	if (!bs_address_is_ipv4(&prefix.address))
		prefix.length = 64;
	else if (entry->kind == MEMORY_NETWORK)
		prefix.length = 120;
	return json_string(prefix.length == 128 ? bs_address_format(&prefix.address, text)
						: bs_prefix_format(&prefix, text));
}

// Appends unless there are enough already; false without memory.
static bool add_row(json_t *rows, size_t limit, const struct memory_entry *entry)
{
	if (json_array_size(rows) >= limit)
		return true;
	json_t *row = json_pack("{s:o, s:I, s:I, s:I}", "source", prefix_text(entry), "last-used",
		(json_int_t)entry->last_s, "ends", (json_int_t)entry->until_s, "passes",
		(json_int_t)entry->passes);
	return json_array_append_new(rows, row) == 0;
}

// Counts by kind, with rows of the one of `kind`; the rows are in no order.
struct tally {
	json_int_t waiting, passed, networks, domains, clients;
	json_t *rows; // NULL: no memory
};

static struct tally tally(struct request_call *call, enum memory_kind kind)
{
	struct memory *memory = memory_store_memory(call->daemon->memory);
	size_t limit = (size_t)request_count(call, "limit", ROWS_USUAL);
	struct tally tally = {.rows = json_array()};
	struct memory_entry entry;
	uint64_t cursor = 0, wall_s = wall();
	while (tally.rows != NULL && memory_next(memory, &cursor, &entry)) {
		if (entry.until_s <= wall_s)
			continue;
		tally.waiting += entry.kind == MEMORY_TRIPLET && entry.passes == 0;
		tally.passed += entry.kind == MEMORY_TRIPLET && entry.passes != 0;
		tally.networks += entry.kind == MEMORY_NETWORK;
		tally.domains += entry.kind == MEMORY_DOMAIN;
		tally.clients += entry.kind == MEMORY_CLIENT;
		if (entry.kind == kind && !add_row(tally.rows, limit, &entry)) {
			json_decref(tally.rows);
			tally.rows = NULL;
		}
	}
	return tally;
}

json_t *request_greylist_list(struct request_call *call)
{
	if (call->daemon->memory == NULL)
		return not_ready();
	struct tally found = tally(call, MEMORY_NETWORK);
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:o}", "ok", 1, "waiting", found.waiting,
		"passed", found.passed, "networks-known", found.networks, "domains-known",
		found.domains, "networks", found.rows);
}

json_t *request_remembered_list(struct request_call *call)
{
	if (call->daemon->memory == NULL)
		return not_ready();
	struct tally found = tally(call, MEMORY_CLIENT);
	return json_pack("{s:b, s:I, s:o}", "ok", 1, "known", found.clients, "sources", found.rows);
}

json_t *request_remembered_get(struct request_call *call)
{
	struct bs_address client;
	json_t *refusal;
	if (!source_of(call, &client, &refusal))
		return refusal;
	uint64_t wall_s = wall();
	uint64_t until_s = memory_client_until(
		memory_store_memory(call->daemon->memory), &client, wall_s);
	return json_pack("{s:b, s:o}", "ok", 1, "ends",
		until_s != 0 ? json_integer((json_int_t)until_s) : json_null());
}

json_t *request_remembered_del(struct request_call *call)
{
	struct bs_address client;
	struct timespec now;
	json_t *refusal;
	if (!source_of(call, &client, &refusal))
		return refusal;
	clock_gettime(CLOCK_MONOTONIC, &now);
	bool known = memory_forget_client(memory_store_memory(call->daemon->memory), &client);
	if (call->daemon->sources != NULL)
		known |= bs_source_unlearn(call->daemon->sources, &client,
			bs_source_seconds((uint64_t)now.tv_sec * 1000));
	return json_pack("{s:b, s:I}", "ok", 1, "deleted", (json_int_t)known);
}
