// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl_command.h"

#include <string.h>

#include "control/ctl_show.h"
#include "control/nearest.h"

static void show_status(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_status(out, answer);
}

static void show_stats(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_stats(out, answer, view->all);
}

static void show_stop(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	fputs("barscreen is stopping: no new connections, sessions end at their next command\n",
		out);
}

const struct ctl_command ctl_commands[] = {
	{"status", "", "ports, links, gateways, cores, sessions and connections now", NULL,
		show_status},
	{"stats", "", "counters and reasons of drops, summed up over all cores", NULL, show_stats},
	{"stop", "", "refuse new connections, let sessions end, then exit", NULL, show_stop},
	{"help", "", "this text", NULL, NULL},
};
const unsigned ctl_command_count = sizeof(ctl_commands) / sizeof(ctl_commands[0]);

const struct ctl_command *ctl_command_find(const char *name, char why[CTL_WHY])
{
	struct nearest nearest = {0};
	for (unsigned i = 0; i < ctl_command_count; i++) {
		if (strcmp(name, ctl_commands[i].name) == 0)
			return &ctl_commands[i];
		nearest_offer(&nearest, name, ctl_commands[i].name);
	}
	if (nearest.word != NULL)
		snprintf(why, CTL_WHY, "unknown command '%.60s'; did you mean '%s'?", name,
			nearest.word);
	else
		snprintf(why, CTL_WHY,
			"unknown command '%.60s'; 'barscreenctl help' shows what there is", name);
	return NULL;
}

json_t *ctl_command_request(
	const struct ctl_command *command, int count, char **word, char why[CTL_WHY])
{
	json_t *request = NULL;
	snprintf(why, CTL_WHY, "no memory");
	if (command->request == NULL && count > 0) {
		snprintf(why, CTL_WHY,
			"'%.60s' is one word too many; 'barscreenctl help' shows what there is",
			word[0]);
		return NULL;
	}
	if (command->request == NULL)
		return json_pack("{s:s}", "command", command->name);
	request = command->request(command->name, count, word, why);
	if (request == NULL && why[0] == '\0')
		snprintf(why, CTL_WHY, "write: barscreenctl %s %s", command->name, command->words);
	return request;
}
