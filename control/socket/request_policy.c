// SPDX-License-Identifier: BSD-3-Clause
//
// Entries at run time: allow add, allow del, allow list, deny add, deny del, deny list.
#include <string.h>
#include <time.h>

#include "control/configuration/config_keys.h"
#include "control/configuration/config_values.h"
#include "control/overlay/overlay_keeper.h"
#include "control/socket/request_command.h"

#define LIST_MOST 1000 // entries in an answer, unless asked for more

static const char *const words[] = {[BS_OVERLAY_ALLOW] = "allow", [BS_OVERLAY_DENY] = "deny"};

static enum bs_overlay_verdict verdict_of(const struct request_call *call)
{
	return call->command[0] == 'a' ? BS_OVERLAY_ALLOW : BS_OVERLAY_DENY;
}

static json_t *item_object(const struct overlay_item *item)
{
	char prefix[BS_PREFIX_TEXT];
	return json_pack("{s:s, s:I, s:o, s:s}", "prefix", bs_prefix_format(&item->prefix, prefix),
		"added", (json_int_t)item->added, "expires",
		item->expires != 0 ? json_integer(item->expires) : json_null(), "note", item->note);
}

// "for": a time from a second to ten years, in seconds; 0 when it isn't there.
static bool lifetime(const struct request_call *call, int64_t *seconds, json_t **refusal)
{
	static const struct config_key key = {.kind = KIND_DURATION,
		.width = sizeof(uint64_t),
		.least = 1000,
		.most = UINT64_C(3650) * 86400000};
	const char *text = request_word(call, "for");
	char why[CONFIG_WHY];
	uint64_t ms = 0;
	*seconds = 0;
	if (text == NULL)
		return true;
	if (!config_value_set(&key, &ms, text, why)) {
		*refusal = request_error("for: %s", why);
		return false;
	}
	*seconds = (int64_t)((ms + 999) / 1000);
	return true;
}

static bool prefix_of(const struct request_call *call, struct bs_prefix *prefix, json_t **refusal)
{
	const char *text = request_word(call, "prefix");
	if (text != NULL && bs_prefix_parse(text, prefix, NULL) == BS_PREFIX_OK)
		return true;
	*refusal = request_error("\"%.60s\" is neither an address nor a network without host bits",
		text != NULL ? text : "");
	return false;
}

// What the operator should know: that another entry or list stands against the new one.
static const char *objection(const struct overlay_item *item, char text[200])
{
	const struct bs_policy *policy = bs_policy_get();
	uint8_t class;
	bs_policy_classify(policy, &item->prefix.address, &class, 1);
	uint8_t action = policy->class[class].action;
	if (item->verdict != BS_OVERLAY_DENY || action == BS_ACTION_REFUSE)
		return NULL;
	if (action == BS_ACTION_ALLOW)
		snprintf(text, 200, "%s is allowed by %s, and what allows comes first",
			"its first address", policy->class[class].name);
	else
		snprintf(text, 200, "its first address is dropped already: %s",
			policy->class[class].name);
	return action == BS_ACTION_NONE ? NULL : text;
}

static json_t *add(struct request_call *call)
{
	struct overlay_keeper *keeper = call->daemon->overlay;
	struct overlay_item item = {.verdict = (uint8_t)verdict_of(call), .added = time(NULL)};
	const char *note = request_word(call, "note");
	json_t *refusal = NULL;
	char text[200];
	int64_t seconds;
	if (!prefix_of(call, &item.prefix, &refusal) || !lifetime(call, &seconds, &refusal))
		return refusal;
	item.expires = seconds != 0 ? item.added + seconds : 0;
	snprintf(item.note, sizeof(item.note), "%s", note != NULL ? note : "");
	const struct overlay_item *before = overlay_entries_find(
		overlay_keeper_entries(keeper), &item.prefix);
	const char *was = before != NULL ? words[before->verdict] : NULL;
	switch (overlay_keeper_put(keeper, &item)) {
	case OVERLAY_FULL:
		return request_error("there are %u entries, and that is all; delete some, or put "
				     "them in a list of the configuration",
			BS_OVERLAY_ENTRIES);
	case OVERLAY_NO_MEMORY:
		return request_error("no memory; nothing has changed");
	case OVERLAY_ADDED:
	case OVERLAY_REPLACED:
		break;
	}
	return json_pack("{s:b, s:o, s:s, s:s*, s:s*}", "ok", 1, "entry", item_object(&item),
		"verdict", words[item.verdict], "replaced", was, "warning", objection(&item, text));
}

static json_t *del(struct request_call *call)
{
	struct overlay_keeper *keeper = call->daemon->overlay;
	enum bs_overlay_verdict verdict = verdict_of(call);
	char text[BS_PREFIX_TEXT];
	struct bs_prefix prefix;
	json_t *refusal = NULL;
	if (!prefix_of(call, &prefix, &refusal))
		return refusal;
	const struct overlay_item *found = overlay_entries_find(
		overlay_keeper_entries(keeper), &prefix);
	if (found == NULL || found->verdict != verdict)
		return request_error("no %s entry %s; '%s list' shows them", words[verdict],
			bs_prefix_format(&prefix, text), words[verdict]);
	if (overlay_keeper_remove(keeper, &prefix) != OVERLAY_TAKEN)
		return request_error("no memory; nothing has changed");
	return json_pack("{s:b, s:s, s:s}", "ok", 1, "removed", bs_prefix_format(&prefix, text),
		"verdict", words[verdict]);
}

static json_t *list(struct request_call *call)
{
	const struct overlay_entries *entries = overlay_keeper_entries(call->daemon->overlay);
	enum bs_overlay_verdict verdict = verdict_of(call);
	int64_t most = request_count(call, "limit", LIST_MOST);
	json_t *array = json_array();
	json_int_t total = 0;
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->item[i].verdict != verdict)
			continue;
		if (total++ < most &&
			json_array_append_new(array, item_object(&entries->item[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return json_pack("{s:b, s:s, s:I, s:o}", "ok", 1, "verdict", words[verdict], "total", total,
		"entries", array);
}

static json_t *not_ready(void)
{
	return request_error("barscreen is starting; try again");
}

json_t *request_entry_add(struct request_call *call)
{
	return call->daemon->overlay != NULL ? add(call) : not_ready();
}

json_t *request_entry_del(struct request_call *call)
{
	return call->daemon->overlay != NULL ? del(call) : not_ready();
}

json_t *request_entry_list(struct request_call *call)
{
	return call->daemon->overlay != NULL ? list(call) : not_ready();
}
