// SPDX-License-Identifier: BSD-3-Clause
//
// Commands about the program as a whole: status, stats, stop, help.
#include "control/socket/report.h"
#include "control/socket/request_command.h"

json_t *request_status(struct request_call *call)
{
	return report_status(call->daemon);
}

json_t *request_stats(struct request_call *call)
{
	return report_stats(call->daemon);
}

json_t *request_stop(struct request_call *call)
{
	call->answer->stop = true;
	return json_pack("{s:b, s:b}", "ok", 1, "stopping", 1);
}

static const char *kind_word(enum argument_kind kind)
{
	switch (kind) {
	case ARGUMENT_TEXT:
		return "text";
	case ARGUMENT_PREFIX:
		return "prefix";
	case ARGUMENT_WORD:
		return "word";
	case ARGUMENT_COUNT:
		return "count";
	case ARGUMENT_FLAG:
		break;
	}
	return "flag";
}

static const char *right_word(enum request_right right)
{
	switch (right) {
	case REQUEST_READS:
		return "reads";
	case REQUEST_WRITES:
		return "writes";
	case REQUEST_DEPENDS:
		break;
	}
	return "depends";
}

static json_t *arguments_of(const struct command *command)
{
	json_t *object = json_object();
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		json_t *argument = json_pack("{s:s, s:b, s:s, s:s*}", "kind", kind_word(a->kind),
			"needed", (int)a->needed, "sentence", a->sentence, "words", a->words);
		if (object == NULL || json_object_set_new(object, a->name, argument) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

json_t *request_help(struct request_call *call)
{
	json_t *list = json_object();
	for (size_t i = 0; list != NULL && i < COMMAND_COUNT; i++) {
		json_t *command = json_pack("{s:s, s:s, s:o}", "sentence", commands[i].sentence,
			"right", right_word(commands[i].right), "arguments",
			arguments_of(&commands[i]));
		if (json_object_set_new(list, commands[i].name, command) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return json_pack("{s:b, s:o}", "ok", 1, "commands", list);
}
