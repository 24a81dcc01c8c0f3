// SPDX-License-Identifier: BSD-3-Clause
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/nearest.h"
#include "control/report.h"
#include "control/request.h"

#define ERROR_TEXT 256

struct command {
	const char *name;
	bool writes; // only for those who may
	const char *sentence;
	// The answer; NULL without memory.
	json_t *(*run)(const struct daemon *daemon);
};

static json_t *run_stop(const struct daemon *daemon)
{
	return json_pack("{s:b, s:b}", "ok", 1, "stopping", 1);
}

static json_t *run_help(const struct daemon *daemon);

static const struct command commands[] = {
	{"status", false, "ports, links, gateways, cores, sessions and connections now",
		report_status},
	{"stats", false, "every counter and every drop reason, in total and by lcore",
		report_stats},
	{"stop", true, "refuse new connections, let sessions end, then exit", run_stop},
	{"help", false, "these commands", run_help},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static json_t *run_help(const struct daemon *daemon)
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
		out[length] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
	}
	out[length] = '\0';
}

static const struct command *find_command(const char *name, char error[ERROR_TEXT])
{
	struct nearest nearest = {0};
	char typed[64];
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		nearest_offer(&nearest, name, commands[i].name);
	}
	quote(typed, sizeof(typed), name);
	if (nearest.word != NULL)
		snprintf(error, ERROR_TEXT, "unknown command \"%s\"; did you mean \"%s\"?", typed,
			nearest.word);
	else
		snprintf(error, ERROR_TEXT,
			"unknown command \"%s\"; the command \"help\" lists them", typed);
	return NULL;
}

// The command that a parsed request names, or NULL with `error`. A member that we do not know may be one that
// changes what the command means: better refused than ignored.
static const struct command *command_of(json_t *request, char error[ERROR_TEXT])
{
	const char *key;
	json_t *value;
	if (!json_is_object(request)) {
		snprintf(error, ERROR_TEXT,
			"a request is a JSON object like {\"command\": \"status\"}");
		return NULL;
	}
	json_object_foreach (request, key, value) {
		if (strcmp(key, "command") != 0) {
			char member[64];
			quote(member, sizeof(member), key);
			snprintf(error, ERROR_TEXT, "unknown member \"%s\"", member);
			return NULL;
		}
	}
	const char *name = json_string_value(json_object_get(request, "command"));
	if (name == NULL) {
		snprintf(error, ERROR_TEXT, "member \"command\" is missing or no string");
		return NULL;
	}
	return find_command(name, error);
}

// Takes over `object`.
static bool dump(struct request_answer *answer, json_t *object)
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
	return dump(answer, json_pack("{s:b, s:s}", "ok", 0, "error", text));
}

bool request_handle(const struct daemon *daemon, bool may_write, const char *line, size_t length,
	struct request_answer *answer)
{
	char error[ERROR_TEXT];
	json_error_t fault;
	*answer = (struct request_answer){0};
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault);
	if (request == NULL) {
		char reason[128];
		quote(reason, sizeof(reason), fault.text);
		snprintf(error, sizeof(error), "malformed JSON at byte %d: %s", fault.position,
			reason);
		return request_refuse(answer, error);
	}
	const struct command *command = command_of(request, error);
	json_decref(request);
	if (command == NULL)
		return request_refuse(answer, error);
	if (command->writes && !may_write) {
		snprintf(error, sizeof(error),
			"\"%s\" is for root and the user that barscreen runs as", command->name);
		return request_refuse(answer, error);
	}
	if (!dump(answer, command->run(daemon)))
		return false;
	answer->stop = command->run == run_stop;
	return true;
}
