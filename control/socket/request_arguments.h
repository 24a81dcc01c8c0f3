// SPDX-License-Identifier: BSD-3-Clause
//
// A request's members against what its command takes. Pure; control thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "control/socket/commands.h"

// False with an answer in `*refusal` when a member is unknown, of the wrong kind or out of range, or when a needed one is
// missing. "command" and "id" are the dispatcher's.
bool request_arguments_check(
	const struct command *command, const json_t *request, json_t **refusal);

// The request's "id": an integer or a short string, which its answer brings back. `*id`: NULL when there is none; the
// caller's, json_decref(). False with an answer in `*refusal` when it is something else.
bool request_id_take(const json_t *request, json_t **id, json_t **refusal);
