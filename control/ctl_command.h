// SPDX-License-Identifier: BSD-3-Clause
//
// The commands of barscreenctl: one row each in control/ctl_command.c; how words become a request and an answer becomes
// lines for people stands in control/ctl_*.c.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define CTL_WHY 200

struct ctl_view {
	bool all; // --all
};

struct ctl_command {
	const char *name;
	const char *words; // for the usage: "add PREFIX [for TIME] [NOTE]"
	const char *sentence;
	// The request from the words behind the command; NULL with `why` ("" : the command takes no such words).
	// NULL: no words are allowed, and the request is the command's name.
	json_t *(*request)(const char *name, int count, char **word, char why[CTL_WHY]);
	void (*show)(FILE *out, const json_t *answer, const struct ctl_view *view);
};

extern const struct ctl_command ctl_commands[];
extern const unsigned ctl_command_count;

// NULL with what is wrong in `why`.
const struct ctl_command *ctl_command_find(const char *name, char why[CTL_WHY]);
// The caller's; NULL with what is wrong in `why`.
json_t *ctl_command_request(
	const struct ctl_command *command, int count, char **word, char why[CTL_WHY]);
