// SPDX-License-Identifier: BSD-3-Clause
#include "control/configuration/config_changes.h"

#include <stdlib.h>
#include <string.h>

#include "control/configuration/config_keys.h"
#include "control/configuration/config_policy.h"
#include "control/configuration/config_titled.h"
#include "control/configuration/config_values.h"
#include "control/socket/request_command.h"

#define SECRET    "(not shown)"
#define TEXT_MOST 300 // of a value that is shown; a thousand domains would drown the rest

struct changes {
	json_t *changed, *restart, *lists;
	bool failed;
};

char *config_value_text(const struct config_key *key, const void *base)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	config_value_print(key, base, out);
	return fclose(out) == 0 ? text : NULL;
}

static void append(struct changes *changes, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		changes->failed = true;
}

static json_t *shown(const char *text)
{
	char cut[TEXT_MOST + 4];
	if (strlen(text) <= TEXT_MOST)
		return request_text(text);
	snprintf(cut, sizeof(cut), "%.*s...", TEXT_MOST, text);
	return request_text(cut);
}

// "waiting.wait", "port mx0.mtu"
static json_t *name_of(const struct config_key *key, const char *title)
{
	if (key->section[0] == '\0')
		return request_text(key->name);
	if (title == NULL)
		return json_sprintf("%s.%s", key->section, key->name);
	return json_sprintf("%s %s.%s", key->section, title, key->name);
}

// What a policy does not set is as for all.
static char *value_shown(const struct config_key *key, const void *base)
{
	if (key->inherits && !config_policy_has(base, key))
		return strdup("as for all");
	return config_value_text(key, base);
}

static void compare_key(struct changes *changes, const struct config_key *key, const char *title,
	const void *old, const void *new)
{
	char *before = value_shown(key, old), *after = value_shown(key, new);
	if (before == NULL || after == NULL)
		changes->failed = true;
	else if (strcmp(before, after) != 0)
		append(changes, key->change == CHANGE_RESTART ? changes->restart : changes->changed,
			json_pack("{s:o, s:o, s:o}", "key", name_of(key, title), "old",
				shown(key->secret ? SECRET : before), "new",
				shown(key->secret ? SECRET : after)));
	free(before);
	free(after);
}

static void compare_section(struct changes *changes, const char *section, const char *title,
	const void *old, const void *new)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_section_row *row = config_section_find(config_keys[i].section);
		bool here = section != NULL ? strcmp(config_keys[i].section, section) == 0
					    : row == NULL || !row->titled;
		if (here)
			compare_key(changes, &config_keys[i], title, old, new);
	}
}

static void come_or_gone(
	struct changes *changes, const struct config_titled *titled, const char *name, bool come)
{
	append(changes, titled->change == CHANGE_RESTART ? changes->restart : changes->changed,
		json_pack("{s:o, s:s, s:s}", "key", json_sprintf("%s %s", titled->section, name),
			"old", come ? "" : "there", "new", come ? "there" : ""));
}

static void compare_titled(struct changes *changes, const struct config_titled *titled,
	const struct config *running, const struct config *fresh)
{
	const void *old, *new;
	for (size_t i = 0; (old = config_titled_at(running, titled, i)) != NULL; i++) {
		const char *name = config_titled_name(titled, old);
		new = config_titled_named(fresh, titled, name);
		if (new == NULL)
			come_or_gone(changes, titled, name, false);
		else
			compare_section(changes, titled->section, name, old, new);
	}
	for (size_t i = 0; (new = config_titled_at(fresh, titled, i)) != NULL; i++) {
		const char *name = config_titled_name(titled, new);
		if (config_titled_named(running, titled, name) == NULL)
			come_or_gone(changes, titled, name, true);
	}
}

// The list's place in the configuration and in the base, or -1.
static int list_of(const struct policy_base *base, const char *name)
{
	for (size_t i = 0; i < base->list_count; i++)
		if (strcmp(base->list[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void say_list(struct changes *changes, const char *name, const char *change, size_t entries,
	size_t added, size_t removed)
{
	append(changes, changes->lists,
		json_pack("{s:o, s:s, s:I, s:I, s:I}", "list", request_text(name), "change", change,
			"entries", (json_int_t)entries, "entries-added", (json_int_t)added,
			"entries-removed", (json_int_t)removed));
}

static void compare_entries(
	struct changes *changes, const struct policy_list *before, const struct policy_list *after)
{
	size_t common = policy_list_common(before, after);
	if (common != before->count || common != after->count)
		say_list(changes, after->name[0] != '\0' ? after->name : before->name, "kept",
			after->count, after->count - common, before->count - common);
}

static void compare_lists(struct changes *changes, const struct config *running,
	const struct policy_base *old, const struct config *fresh, const struct policy_base *new)
{
	for (size_t i = 0; i < old->list_count; i++) {
		const struct policy_list *before = &old->list[i];
		int at = list_of(new, before->name);
		if (at < 0) {
			say_list(changes, before->name, "removed", 0, 0, before->count);
			continue;
		}
		const struct policy_list *after = &new->list[at];
		compare_section(changes, "list", before->name, &running->list[i], &fresh->list[at]);
		compare_entries(changes, before, after);
	}
	for (size_t i = 0; i < BASE_RECIPIENT_LISTS; i++)
		compare_entries(changes, &old->recipient_lists[i], &new->recipient_lists[i]);
	for (size_t i = 0; i < new->list_count; i++)
		if (list_of(old, new->list[i].name) < 0)
			say_list(changes, new->list[i].name, "added", new->list[i].count,
				new->list[i].count, 0);
}

json_t *config_changes(const struct config *running, const struct policy_base *running_base,
	const struct config *fresh, const struct policy_base *fresh_base)
{
	struct changes changes = {json_array(), json_array(), json_array(), false};
	if (changes.changed != NULL && changes.restart != NULL && changes.lists != NULL) {
		compare_section(&changes, NULL, NULL, running, fresh);
		for (unsigned i = 0; i < config_titled_count; i++)
			if (strcmp(config_titled[i].section, "list") != 0)
				compare_titled(&changes, &config_titled[i], running, fresh);
		compare_lists(&changes, running, running_base, fresh, fresh_base);
	}
	json_t *object = json_pack("{s:o, s:o, s:o}", "changed", changes.changed, "restart",
		changes.restart, "lists", changes.lists);
	if (!changes.failed)
		return object;
	json_decref(object);
	return NULL;
}

static void swap(void *a, void *b, size_t size)
{
	char *left = a, *right = b;
	for (size_t i = 0; i < size; i++) {
		char byte = left[i];
		left[i] = right[i];
		right[i] = byte;
	}
}

static void swap_key(const struct config_key *key, struct config *a, struct config *b)
{
	size_t width = config_key_is_list(key) ? sizeof(void *)
		       : key->width == 0       ? sizeof(char *)
					       : key->width;
	swap((char *)a + key->offset, (char *)b + key->offset, width);
	if (config_key_is_list(key))
		swap((char *)a + key->count_offset, (char *)b + key->count_offset, sizeof(size_t));
}

void config_adopt(struct config *running, struct config *fresh)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_section_row *row = config_section_find(config_keys[i].section);
		if (config_keys[i].change != CHANGE_RESTART && (row == NULL || !row->titled))
			swap_key(&config_keys[i], running, fresh);
	}
	for (unsigned i = 0; i < config_titled_count; i++)
		if (config_titled[i].change != CHANGE_RESTART)
			config_titled_swap(running, fresh, &config_titled[i]);
}
