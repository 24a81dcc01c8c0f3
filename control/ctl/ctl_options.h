// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl's command line: options of its own, which may stand anywhere, and the words of the command.
#pragma once

#include "control/ctl/ctl_call.h"
#include "control/ctl/ctl_command.h"

#define CTL_WORDS_MAX 64

struct ctl_options {
	const char *socket;
	bool json;
	struct ctl_view view;
	const struct command *command; // NULL: top, which is ours alone
	bool follows;                  // the answer goes on until one leaves
	unsigned rounds, interval_s;   // of top
	int count;                     // words behind the command
	char *word[CTL_WORDS_MAX];
};

void ctl_usage(FILE *out);
// Exits for --help and --version, and for what is wrong. `argv` lives on in the result.
struct ctl_options ctl_options_read(int argc, char **argv);
