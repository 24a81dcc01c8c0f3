// SPDX-License-Identifier: BSD-3-Clause
//
// How barscreenctl asks and shows the commands of control/socket/commands.h: one row for each that wants more than the rule, in
// ctl_command.c. The rule: words become members as the command's arguments say (ctl_words.h), and the answer is shown
// as JSON, indented. How answers become lines for people stands in control/ctl_show*.c.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "control/socket/commands.h"

#define CTL_WHY 200

struct ctl_view {
	bool all; // --all
};

struct ctl_command {
	const char *
		words; // for the usage: "add PREFIX [for TIME] [NOTE]"; NULL: made from the arguments
	// The request from the words behind the command; NULL with `why` ("": the command takes no such words).
	json_t *(*request)(const char *name, int count, char **word, char why[CTL_WHY]);
	void (*show)(FILE *out, const json_t *answer, const struct ctl_view *view);
};

extern const struct ctl_command ctl_commands[COMMAND_COUNT];

// The command that `word` begins with, of two words where there is one; `*used` is their number. NULL with what is wrong
// in `why`.
const struct command *ctl_command_find(int count, char **word, int *used, char why[CTL_WHY]);
// `word`: those behind the command. The caller's; NULL with what is wrong in `why`.
json_t *ctl_command_request(
	const struct command *command, int count, char **word, char why[CTL_WHY]);
// "PREFIX [--limit NUMBER]". Returns `text`.
#define CTL_SYNOPSIS 300
const char *ctl_command_synopsis(const struct command *command, char text[CTL_SYNOPSIS]);
void ctl_command_show(FILE *out, const struct command *command, const json_t *answer,
	const struct ctl_view *view);
