// SPDX-License-Identifier: BSD-3-Clause
//
// Words of a command line as members of a request, by the rule of the command's arguments (control/socket/commands.h):
// positional ones in their order, the others as --name VALUE or --name=VALUE, flags as --name.
#pragma once

#include "control/ctl/ctl_command.h"

// As ctl_command_request().
json_t *ctl_words_request(const struct command *command, int count, char **word, char why[CTL_WHY]);
void ctl_words_synopsis(const struct command *command, char text[CTL_SYNOPSIS]);
