// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl/ctl_policy.h"

#include <string.h>
#include <time.h>

#define NOTE_MOST 200

// The words of a note are joined by blanks; "--note TEXT" and "--for TIME" mean the same as the plain words.
static bool add_note(char note[NOTE_MOST], const char *word)
{
	size_t length = strlen(note);
	int added = snprintf(
		note + length, NOTE_MOST - length, "%s%s", length > 0 ? " " : "", word);
	return added >= 0 && (size_t)added < NOTE_MOST - length;
}

json_t *ctl_entry_request(const char *name, int count, char **word, char why[CTL_WHY])
{
	char note[NOTE_MOST] = "";
	const char *lifetime = NULL;
	why[0] = '\0';
	for (int i = 1; i < count; i++) {
		bool is_for = strcmp(word[i], "--for") == 0 ||
			      (i == 1 && strcmp(word[i], "for") == 0);
		if (is_for && lifetime == NULL && i + 1 < count) {
			lifetime = word[++i];
		} else if (is_for) {
			return NULL;
		} else if (strcmp(word[i], "--note") != 0 && !add_note(note, word[i])) {
			snprintf(why, CTL_WHY, "a note is at most 95 characters long");
			return NULL;
		}
	}
	if (count == 0)
		return NULL;
	return json_pack("{s:s, s:s, s:s*, s:s*}", "command", name, "prefix", word[0], "for",
		lifetime, "note", note[0] != '\0' ? note : NULL);
}

static const char *string(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	return value != NULL ? value : "";
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

// "until 2026-01-31 12:00", or "until it is deleted"
static void print_until(FILE *out, const json_t *entry)
{
	time_t expires = (time_t)number(entry, "expires");
	struct tm local;
	char text[32] = "";
	if (expires != 0 && localtime_r(&expires, &local) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	fprintf(out, "until %s", text[0] != '\0' ? text : "it is deleted");
}

void ctl_show_entry(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	const json_t *entry = json_object_get(answer, "entry");
	bool deny = strcmp(string(answer, "verdict"), "deny") == 0;
	fprintf(out, "%s is %s ", string(entry, "prefix"), deny ? "denied" : "allowed");
	print_until(out, entry);
	if (json_object_get(answer, "replaced") != NULL)
		fprintf(out, "; this replaces its %s entry", string(answer, "replaced"));
	fputc('\n', out);
	if (json_object_get(answer, "warning") != NULL)
		fprintf(out, "warning: %s\n", string(answer, "warning"));
}

void ctl_show_removed(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	fprintf(out, "%s has no %s entry any more\n", string(answer, "removed"),
		string(answer, "verdict"));
}

void ctl_show_entries(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	const json_t *entries = json_object_get(answer, "entries"), *entry;
	json_int_t total = number(answer, "total");
	size_t i;
	json_array_foreach (entries, i, entry) {
		fprintf(out, "%-20s ", string(entry, "prefix"));
		print_until(out, entry);
		fprintf(out, "%s%s\n", string(entry, "note")[0] != '\0' ? "  " : "",
			string(entry, "note"));
	}
	if (total == 0)
		fprintf(out, "no %s entries\n", string(answer, "verdict"));
	else if ((size_t)total > json_array_size(entries))
		fprintf(out, "%zu of %lld; --limit NUMBER shows more\n", json_array_size(entries),
			(long long)total);
}

static void print_keys(FILE *out, const json_t *keys, const char *after)
{
	const json_t *key;
	size_t i;
	json_array_foreach (keys, i, key) {
		const char *old = string(key, "old"), *new = string(key, "new");
		fprintf(out, "%s: %s -> %s%s\n", string(key, "key"), old[0] != '\0' ? old : "none",
			new[0] != '\0' ? new : "none", after);
	}
}

void ctl_show_reload(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	const json_t *changed = json_object_get(answer, "changed");
	const json_t *restart = json_object_get(answer, "restart");
	const json_t *lists = json_object_get(answer, "lists"), *list;
	size_t i;
	print_keys(out, changed, "");
	json_array_foreach (lists, i, list) {
		const char *change = string(list, "change");
		fprintf(out, "list %s%s%s: %lld entries, %lld added, %lld removed\n",
			string(list, "list"), strcmp(change, "kept") == 0 ? "" : " ",
			strcmp(change, "kept") == 0 ? "" : change,
			(long long)number(list, "entries"),
			(long long)number(list, "entries-added"),
			(long long)number(list, "entries-removed"));
	}
	print_keys(out, restart, " (after a restart)");
	if (json_is_true(json_object_get(answer, "texts-wait")))
		fputs("the new greeting comes when older connections have ended\n", out);
	if (json_array_size(changed) + json_array_size(restart) + json_array_size(lists) == 0)
		fputs("nothing has changed\n", out);
	fprintf(out, "reloaded in %lld ms\n", (long long)number(answer, "milliseconds"));
}

void ctl_show_set(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	json_t *values = json_object_get(answer, "values"), *value;
	const char *key;
	json_object_foreach (values, key, value)
		fprintf(out, "%s = %s\n", key, json_string_value(value));
	if (values != NULL)
		return;
	if (json_object_get(answer, "old") == NULL)
		fprintf(out, "%s = %s\n", string(answer, "key"), string(answer, "value"));
	else
		fprintf(out, "%s: %s -> %s, until %s\n", string(answer, "key"),
			string(answer, "old"), string(answer, "value"), string(answer, "until"));
}

void ctl_show_drain(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	fputs(json_is_true(json_object_get(answer, "draining"))
			? "draining: no new connections, sessions end at their next command; "
			  "'drain "
			  "off' takes it back\n"
			: "connections are taken\n",
		out);
}
