// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl/ctl_words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/configuration/nearest.h"

static bool set(json_t *request, const struct command_argument *a, json_t *value, char *why)
{
	if (json_object_get(request, a->name) != NULL) {
		snprintf(why, CTL_WHY, "%s is given twice", a->value != NULL ? a->value : a->name);
		json_decref(value);
		return false;
	}
	snprintf(why, CTL_WHY, "%s: no UTF-8, or no memory", a->name);
	return json_object_set_new(request, a->name, value) == 0;
}

// What can be told without the daemon is told here; ranges are its own to know.
static bool set_text(json_t *request, const struct command_argument *a, const char *text, char *why)
{
	char *end;
	if (a->kind == ARGUMENT_WORD && !command_word_is_one(a->words, text)) {
		snprintf(why, CTL_WHY, "'%.60s' is none of %s", text, a->words);
		return false;
	}
	if (a->kind != ARGUMENT_COUNT)
		return set(request, a, json_string(text), why);
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < a->least || number > a->most) {
		snprintf(why, CTL_WHY, "'%.60s' is no number from %" PRId64 " to %" PRId64, text,
			a->least, a->most);
		return false;
	}
	return set(request, a, json_integer(number), why);
}

static const struct command_argument *option(
	const struct command *command, const char *name, size_t length, char *why)
{
	struct nearest nearest = {0};
	char typed[64];
	snprintf(typed, sizeof(typed), "%.*s", (int)(length < 60 ? length : 60), name);
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		if (a->positional)
			continue;
		if (strlen(a->name) == length && strncmp(a->name, name, length) == 0)
			return a;
		nearest_offer(&nearest, typed, a->name);
	}
	if (nearest.word != NULL)
		snprintf(why, CTL_WHY, "'%s' has no option '--%s'; did you mean '--%s'?",
			command->name, typed, nearest.word);
	else
		snprintf(why, CTL_WHY, "'%s' has no option '--%s'", command->name, typed);
	return NULL;
}

// Takes one or two of `count` words, which begin with an option. 0 with `why`.
static int take_option(
	const struct command *command, json_t *request, int count, char **word, char *why)
{
	const char *name = word[0] + 2;
	size_t length = strcspn(name, "=");
	const struct command_argument *a = option(command, name, length, why);
	const char *value = name[length] == '=' ? name + length + 1 : NULL;
	if (a == NULL)
		return 0;
	if (a->kind == ARGUMENT_FLAG && value != NULL) {
		snprintf(why, CTL_WHY, "--%s takes no value", a->name);
		return 0;
	}
	if (a->kind == ARGUMENT_FLAG)
		return set(request, a, json_true(), why) ? 1 : 0;
	if (value != NULL)
		return set_text(request, a, value, why) ? 1 : 0;
	if (count < 2) {
		snprintf(why, CTL_WHY, "--%s wants a value: %s", a->name, a->sentence);
		return 0;
	}
	return set_text(request, a, word[1], why) ? 2 : 0;
}

static const struct command_argument *next_positional(
	const struct command *command, const json_t *request)
{
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		if (a->positional && json_object_get(request, a->name) == NULL)
			return a;
	}
	return NULL;
}

static int take_word(const struct command *command, json_t *request, const char *word, char *why)
{
	const struct command_argument *a = next_positional(command, request);
	if (a != NULL)
		return set_text(request, a, word, why) ? 1 : 0;
	snprintf(why, CTL_WHY,
		"'%.60s' is one word too many; 'barscreenctl help' shows what there is", word);
	return 0;
}

json_t *ctl_words_request(const struct command *command, int count, char **word, char why[CTL_WHY])
{
	json_t *request = json_pack("{s:s}", "command", command->name);
	bool options = true;
	int taken = 1;
	if (request == NULL)
		snprintf(why, CTL_WHY, "no memory");
	for (int i = 0; request != NULL && taken > 0 && i < count; i += taken) {
		taken = 1;
		if (options && strcmp(word[i], "--") == 0)
			options = false;
		else if (options && strncmp(word[i], "--", 2) == 0)
			taken = take_option(command, request, count - i, word + i, why);
		else
			taken = take_word(command, request, word[i], why);
	}
	for (const struct command_argument *a = command->argument;
		request != NULL && taken > 0 && a->name != NULL; a++) {
		if (!a->needed || json_object_get(request, a->name) != NULL)
			continue;
		snprintf(why, CTL_WHY, "%s is missing: %s", a->value != NULL ? a->value : a->name,
			a->sentence);
		taken = 0;
	}
	if (taken > 0)
		return request;
	json_decref(request);
	return NULL;
}

void ctl_words_synopsis(const struct command *command, char text[CTL_SYNOPSIS])
{
	size_t length = 0;
	text[0] = '\0';
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		const char *value = a->value != NULL ? a->value : a->name;
		bool flag = a->kind == ARGUMENT_FLAG;
		int added = snprintf(text + length, CTL_SYNOPSIS - length, "%s%s%s%s%s%s%s",
			length > 0 ? " " : "", a->needed ? "" : "[", a->positional ? "" : "--",
			a->positional ? "" : a->name, a->positional || flag ? "" : " ",
			flag ? "" : value, a->needed ? "" : "]");
		if (added < 0 || (size_t)added >= CTL_SYNOPSIS - length)
			break;
		length += (size_t)added;
	}
}
