// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl/ctl_command.h"

#include <string.h>

#include "control/ctl/ctl_policy.h"
#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_words.h"
#include "control/configuration/nearest.h"

static void show_status(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_status(out, answer);
}

static void show_stats(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_stats(out, answer, view->all);
}

static void show_sources(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_sources(out, answer);
}

static void show_source(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_source(out, answer);
}

static void show_cleared(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_cleared(out, answer);
}

static void show_stop(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	fputs("barscreen is stopping: no new connections, sessions end at their next command\n",
		out);
}

static void show_log(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_log(out, answer);
}

static void show_sessions(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_sessions(out, answer);
}

static void show_explain(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_explain(out, answer);
}

static void show_dnsl(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	ctl_show_dnsl(out, answer);
}

static void show_kill(FILE *out, const json_t *answer, const struct ctl_view *view)
{
	fputs("told to end\n", out);
}

// What needs no more than the answer.
#define SHOWS(name) \
	static void show_##name(FILE *out, const json_t *answer, const struct ctl_view *view) \
	{ \
		ctl_show_##name(out, answer); \
	}
SHOWS(greylist)
SHOWS(greylist_list)
SHOWS(remembered)
SHOWS(remembered_list)
SHOWS(deleted)
SHOWS(cache)
SHOWS(cache_deleted)

#define ENTRY_WORDS "PREFIX [for TIME] [NOTE...]"

const struct ctl_command ctl_commands[COMMAND_COUNT] = {
	[COMMAND_STATUS] = {.show = show_status},
	[COMMAND_STATS] = {.show = show_stats},
	[COMMAND_LOG] = {.show = show_log},
	[COMMAND_SESSIONS] = {.show = show_sessions},
	[COMMAND_SESSIONS_KILL] = {.show = show_kill},
	[COMMAND_EXPLAIN] = {.show = show_explain},
	[COMMAND_DNSL] = {.show = show_dnsl},
	[COMMAND_STOP] = {.show = show_stop},
	[COMMAND_SOURCES] = {.show = show_sources},
	[COMMAND_SOURCES_SHOW] = {.show = show_source},
	[COMMAND_SOURCES_CLEAR] = {.show = show_cleared},
	[COMMAND_GREYLIST_GET] = {.show = show_greylist},
	[COMMAND_GREYLIST_DEL] = {.show = show_deleted},
	[COMMAND_GREYLIST_LIST] = {.show = show_greylist_list},
	[COMMAND_REMEMBERED_GET] = {.show = show_remembered},
	[COMMAND_REMEMBERED_DEL] = {.show = show_deleted},
	[COMMAND_REMEMBERED_LIST] = {.show = show_remembered_list},
	[COMMAND_CACHE_GET] = {.show = show_cache},
	[COMMAND_CACHE_DEL] = {.show = show_cache_deleted},
	[COMMAND_RELOAD] = {.show = ctl_show_reload},
	[COMMAND_ALLOW_ADD] = {ENTRY_WORDS, ctl_entry_request, ctl_show_entry},
	[COMMAND_ALLOW_DEL] = {.show = ctl_show_removed},
	[COMMAND_ALLOW_LIST] = {.show = ctl_show_entries},
	[COMMAND_DENY_ADD] = {ENTRY_WORDS, ctl_entry_request, ctl_show_entry},
	[COMMAND_DENY_DEL] = {.show = ctl_show_removed},
	[COMMAND_DENY_LIST] = {.show = ctl_show_entries},
	[COMMAND_SET] = {.show = ctl_show_set},
	[COMMAND_DRAIN] = {.show = ctl_show_drain},
};

static const struct ctl_command *row(const struct command *command)
{
	return &ctl_commands[command - commands];
}

const struct command *ctl_command_find(int count, char **word, int *used, char why[CTL_WHY])
{
	char both[64];
	const struct command *command = NULL;
	*used = 2;
	if (count > 1 &&
		snprintf(both, sizeof(both), "%s %s", word[0], word[1]) < (int)sizeof(both))
		command = command_find(both);
	if (command != NULL)
		return command;
	*used = 1;
	command = command_find(word[0]);
	if (command != NULL)
		return command;
	struct nearest nearest = {0};
	if (command_nearest(word[0]) != NULL)
		nearest_offer(&nearest, word[0], command_nearest(word[0]));
	nearest_offer(&nearest, word[0], "top"); // of barscreenctl alone
	if (nearest.word != NULL)
		snprintf(why, CTL_WHY, "unknown command '%.60s'; did you mean '%s'?", word[0],
			nearest.word);
	else
		snprintf(why, CTL_WHY,
			"unknown command '%.60s'; 'barscreenctl help' shows what there is",
			word[0]);
	return NULL;
}

json_t *ctl_command_request(
	const struct command *command, int count, char **word, char why[CTL_WHY])
{
	char synopsis[CTL_SYNOPSIS];
	if (row(command)->request == NULL)
		return ctl_words_request(command, count, word, why);
	snprintf(why, CTL_WHY, "no memory");
	json_t *request = row(command)->request(command->name, count, word, why);
	if (request == NULL && why[0] == '\0')
		snprintf(why, CTL_WHY, "write: barscreenctl %s %.150s", command->name,
			ctl_command_synopsis(command, synopsis));
	return request;
}

const char *ctl_command_synopsis(const struct command *command, char text[CTL_SYNOPSIS])
{
	if (row(command)->words != NULL)
		snprintf(text, CTL_SYNOPSIS, "%s", row(command)->words);
	else
		ctl_words_synopsis(command, text);
	return text;
}

void ctl_command_show(
	FILE *out, const struct command *command, const json_t *answer, const struct ctl_view *view)
{
	if (row(command)->show != NULL) {
		row(command)->show(out, answer, view);
		return;
	}
	json_dumpf(answer, out, JSON_INDENT(2));
	fputc('\n', out);
}
