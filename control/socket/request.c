// SPDX-License-Identifier: BSD-3-Clause
//
// The dispatcher: from a line to the handler of its command, and from the handler's object to a line.
#include "control/socket/request.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/socket/request_arguments.h"
#include "control/socket/request_command.h"

static request_handler *const handlers[COMMAND_COUNT] = {
#define COMMAND_HANDLER(number, name, right, arguments, handler, sentence) \
	[COMMAND_##number] = (handler),
	COMMANDS(COMMAND_HANDLER)
#undef COMMAND_HANDLER
};

// What came from outside, fit for an error message: short, and printable ASCII, so that it can't be bad UTF-8.
static void quote(char *out, size_t size, const char *bytes)
{
	size_t length = 0;
	for (; length < size - 1 && bytes[length] != '\0'; length++) {
		char c = bytes[length];
		out[length] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
	}
	out[length] = '\0';
}

json_t *request_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = malloc(size);
	if (clean == NULL)
		return NULL;
	quote(clean, size, text);
	json_t *string = json_string(clean);
	free(clean);
	return string;
}

json_t *request_error(const char *format, ...)
{
	char text[REQUEST_ERROR], clean[REQUEST_ERROR];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	quote(clean, sizeof(clean), text);
	return json_pack("{s:b, s:s}", "ok", 0, "error", clean);
}

bool request_may_write(const struct request_call *call, json_t **refusal)
{
	if (!call->may_write)
		*refusal = request_error(
			"\"%s\" is for root and the user that barscreen runs as", call->command);
	return call->may_write;
}

bool request_string(
	const struct request_call *call, const char *member, const char **string, json_t **refusal)
{
	const json_t *value = json_object_get(call->request, member);
	*string = json_string_value(value);
	if (value == NULL || *string != NULL)
		return true;
	*refusal = request_error("member \"%s\" is no string", member);
	return false;
}

const char *request_word(const struct request_call *call, const char *member)
{
	return json_string_value(json_object_get(call->request, member));
}

int64_t request_count(const struct request_call *call, const char *member, int64_t otherwise)
{
	const json_t *value = json_object_get(call->request, member);
	return value != NULL ? json_integer_value(value) : otherwise;
}

bool request_flag(const struct request_call *call, const char *member)
{
	return json_is_true(json_object_get(call->request, member));
}

// The row of the command that a parsed request names, or NULL with `refusal`.
static const struct command *command_of(const json_t *request, json_t **refusal)
{
	char typed[64];
	const json_t *member = json_object_get(request, "command");
	const char *name = json_string_value(member);
	if (!json_is_object(request)) {
		*refusal = request_error(
			"a request is a JSON object like {\"command\": \"status\"}");
		return NULL;
	}
	if (name == NULL) {
		*refusal = request_error("member \"command\" is missing or no string");
		return NULL;
	}
	const struct command *command = strlen(name) == json_string_length(member)
						? command_find(name)
						: NULL;
	if (command != NULL)
		return command;
	const char *nearest = command_nearest(name);
	quote(typed, sizeof(typed), name);
	*refusal = nearest != NULL ? request_error("unknown command \"%s\"; did you mean \"%s\"?",
					     typed, nearest)
				   : request_error("unknown command \"%s\"; the command "
						   "\"help\" lists them",
					     typed);
	return NULL;
}

bool request_dump(struct request_answer *answer, json_t *object)
{
	if (object == NULL)
		return false;
	char *text = NULL;
	if (answer->id == NULL || json_object_set(object, "id", answer->id) == 0)
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (text == NULL)
		return false;
	size_t length = strlen(text);
	char *line = realloc(text, length + 2);
	if (line == NULL) {
		free(text);
		return false;
	}
	memcpy(line + length, "\n", 2);
	answer->line = line;
	answer->length = length + 1;
	return true;
}

bool request_refuse(struct request_answer *answer, const char *text)
{
	return request_dump(answer, request_error("%s", text));
}

void request_answer_end(struct daemon *daemon, struct request_answer *answer)
{
	if (answer->later != NULL && answer->forget != NULL)
		answer->forget(daemon, answer->ticket);
	answer->later = NULL;
	json_decref(answer->id);
	answer->id = NULL;
}

// The answer, NULL when it comes later or there is no memory.
static json_t *run(struct request_call *call)
{
	json_t *refusal = NULL;
	const struct command *command = command_of(call->request, &refusal);
	if (json_is_object(call->request) &&
		!request_id_take(call->request, &call->answer->id, &refusal))
		return refusal;
	if (command == NULL)
		return refusal;
	call->command = command->name;
	if (command->right == REQUEST_WRITES && !request_may_write(call, &refusal))
		return refusal;
	if (!request_arguments_check(command, call->request, &refusal))
		return refusal;
	return handlers[command - commands](call);
}

bool request_handle(struct daemon *daemon, bool may_write, const char *line, size_t length,
	struct request_answer *answer)
{
	json_error_t fault;
	*answer = (struct request_answer){0};
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault);
	if (request == NULL)
		return request_dump(answer,
			request_error("malformed JSON at byte %d: %s", fault.position, fault.text));
	struct request_call call = {
		.daemon = daemon, .request = request, .may_write = may_write, .answer = answer};
	json_t *object = run(&call);
	json_decref(request);
	if (answer->later != NULL)
		return true;
	bool answered = request_dump(answer, object);
	request_answer_end(daemon, answer);
	return answered;
}
