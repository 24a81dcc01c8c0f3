// SPDX-License-Identifier: BSD-3-Clause
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/nearest.h"
#include "control/report.h"
#include "control/request.h"
#include "control/request_command.h"

static json_t *run_status(struct request_call *call)
{
	return report_status(call->daemon);
}

static json_t *run_stats(struct request_call *call)
{
	return report_stats(call->daemon);
}

static json_t *run_stop(struct request_call *call)
{
	call->answer->stop = true;
	return json_pack("{s:b, s:b}", "ok", 1, "stopping", 1);
}

static json_t *run_help(struct request_call *call);

static const struct request_command commands[] = {
	{"status", REQUEST_READS, "", "ports, links, gateways, cores, sessions and connections now",
		run_status},
	{"stats", REQUEST_READS, "", "every counter and every drop reason, in total and by lcore",
		run_stats},
	{"stop", REQUEST_WRITES, "", "refuse new connections, let sessions end, then exit",
		run_stop},
	{"help", REQUEST_READS, "", "these commands", run_help},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static json_t *run_help(struct request_call *call)
{
	json_t *list = json_object();
	for (size_t i = 0; list != NULL && i < COMMANDS; i++) {
		if (json_object_set_new(
			    list, commands[i].name, json_string(commands[i].sentence)) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return json_pack("{s:b, s:o}", "ok", 1, "commands", list);
}

// What came from outside, fit for an error message: short, and printable ASCII, so that it can't be bad UTF-8.
static void quote(char *out, size_t size, const char *bytes)
{
	size_t length = 0;
	for (; length < size - 1 && bytes[length] != '\0'; length++) {
		char c = bytes[length];
		out[length] = c >= 0x20 && c < 0x7f ? c : '?';
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

static const struct request_command *find_command(const char *name, json_t **refusal)
{
	struct nearest nearest = {0};
	char typed[64];
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		nearest_offer(&nearest, name, commands[i].name);
	}
	quote(typed, sizeof(typed), name);
	*refusal = nearest.word != NULL
			   ? request_error("unknown command \"%s\"; did you mean \"%s\"?", typed,
				     nearest.word)
			   : request_error(
				     "unknown command \"%s\"; the command \"help\" lists them",
				     typed);
	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		if (n == length && memcmp(at, word, n) == 0)
			return true;
		at += n;
	}
	return false;
}

// The command that a parsed request names, or NULL with `refusal`. A member that we do not know may be one that
// changes what the command means: better refused than ignored.
static const struct request_command *command_of(json_t *request, json_t **refusal)
{
	const struct request_command *command;
	const char *key;
	json_t *value;
	const char *name = json_string_value(json_object_get(request, "command"));
	if (!json_is_object(request)) {
		*refusal = request_error(
			"a request is a JSON object like {\"command\": \"status\"}");
		return NULL;
	}
	if (name == NULL) {
		*refusal = request_error("member \"command\" is missing or no string");
		return NULL;
	}
	command = find_command(name, refusal);
	if (command == NULL)
		return NULL;
	json_object_foreach(request, key, value)
	{
		if (strcmp(key, "command") != 0 && !has_word(command->members, key)) {
			*refusal = request_error("unknown member \"%.64s\"", key);
			return NULL;
		}
	}
	return command;
}

bool request_dump(struct request_answer *answer, json_t *object)
{
	if (object == NULL)
		return false;
	char *text = json_dumps(object, JSON_COMPACT);
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

static json_t *run(struct request_call *call)
{
	json_t *refusal = NULL;
	json_t *request = (json_t *)call->request;
	const struct request_command *command = command_of(request, &refusal);
	if (command == NULL)
		return refusal;
	call->command = command->name;
	if (command->right == REQUEST_WRITES && !request_may_write(call, &refusal))
		return refusal;
	return command->run(call);
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
	return answer->later != NULL || request_dump(answer, object);
}
