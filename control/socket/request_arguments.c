// SPDX-License-Identifier: BSD-3-Clause
//
// A member that we do not know may be one that changes what the command means: better refused than ignored.
#include "control/socket/request_arguments.h"

#include <inttypes.h>
#include <string.h>

#include "control/configuration/nearest.h"
#include "control/socket/request_command.h"
#include "dataplane/seam/address.h"

#define ID_MAX 128 // bytes of a request's "id"

// For `return refuse(refusal, request_error(...))`.
static bool refuse(json_t **refusal, json_t *answer)
{
	*refusal = answer;
	return false;
}

static bool unknown(const struct command *command, const char *member, json_t **refusal)
{
	struct nearest nearest = {0};
	for (const struct command_argument *a = command->argument; a->name != NULL; a++)
		nearest_offer(&nearest, member, a->name);
	if (nearest.word != NULL)
		return refuse(
			refusal, request_error("unknown member \"%.64s\"; did you mean \"%s\"?",
					 member, nearest.word));
	return refuse(refusal, request_error("unknown member \"%.64s\"", member));
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text >= 0x7f)
			return false;
	}
	return true;
}

static bool check_text(const struct command_argument *a, const json_t *value, json_t **refusal)
{
	const char *text = json_string_value(value);
	// An embedded NUL, which JSON may have, would cut the text short for all who read it after us.
	if (text == NULL || strlen(text) != json_string_length(value) || !is_printable(text))
		return refuse(refusal,
			request_error("\"%s\" must be a string of printable ASCII", a->name));
	int64_t length = (int64_t)strlen(text);
	if (length < a->least || length > a->most)
		return refuse(refusal,
			request_error("\"%s\" must have %" PRId64 " to %" PRId64 " characters",
				a->name, a->least, a->most));
	return true;
}

static bool check_prefix(const struct command_argument *a, const json_t *value, json_t **refusal)
{
	const char *text = json_string_value(value);
	struct bs_prefix prefix;
	if (text == NULL || strlen(text) != json_string_length(value))
		return refuse(refusal,
			request_error("\"%s\" must be a string: an address or a network", a->name));
	switch (bs_prefix_parse(text, &prefix, NULL)) {
	case BS_PREFIX_OK:
		return true;
	case BS_PREFIX_HOST_BITS:
		return refuse(refusal, request_error("\"%s\": \"%.64s\" has bits behind its prefix "
						     "length; which network is meant?",
					       a->name, text));
	case BS_PREFIX_MALFORMED:
		break;
	}
	return refuse(refusal,
		request_error("\"%s\": \"%.64s\" is no address and no network", a->name, text));
}

static bool check_word(const struct command_argument *a, const json_t *value, json_t **refusal)
{
	const char *text = json_string_value(value);
	if (text != NULL && strlen(text) == json_string_length(value) &&
		command_word_is_one(a->words, text))
		return true;
	return refuse(refusal, request_error("\"%s\" must be one of %s", a->name, a->words));
}

static bool check_one(const struct command_argument *a, const json_t *value, json_t **refusal)
{
	switch (a->kind) {
	case ARGUMENT_TEXT:
		return check_text(a, value, refusal);
	case ARGUMENT_PREFIX:
		return check_prefix(a, value, refusal);
	case ARGUMENT_WORD:
		return check_word(a, value, refusal);
	case ARGUMENT_COUNT:
		if (json_is_integer(value) && json_integer_value(value) >= a->least &&
			json_integer_value(value) <= a->most)
			return true;
		return refuse(refusal,
			request_error("\"%s\" must be an integer from %" PRId64 " to %" PRId64,
				a->name, a->least, a->most));
	case ARGUMENT_FLAG:
		return json_is_boolean(value) ||
		       refuse(refusal, request_error("\"%s\" must be true or false", a->name));
	}
	return false;
}

bool request_arguments_check(const struct command *command, const json_t *request, json_t **refusal)
{
	const char *member;
	json_t *value;
	json_object_foreach ((json_t *)request, member, value) {
		if (strcmp(member, "command") == 0 || strcmp(member, "id") == 0)
			continue;
		const struct command_argument *a = command_argument_find(command, member);
		if (a == NULL)
			return unknown(command, member, refusal);
		if (!check_one(a, value, refusal))
			return false;
	}
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		if (a->needed && json_object_get(request, a->name) == NULL)
			return refuse(refusal, request_error("member \"%s\" is missing: %s",
						       a->name, a->sentence));
	}
	return true;
}

bool request_id_take(const json_t *request, json_t **id, json_t **refusal)
{
	json_t *value = json_object_get(request, "id");
	if (value != NULL && !json_is_integer(value) &&
		!(json_is_string(value) && json_string_length(value) <= ID_MAX))
		return refuse(refusal,
			request_error("\"id\" must be an integer or a string of at most %d bytes",
				ID_MAX));
	*id = json_incref(value);
	return true;
}
