// SPDX-License-Identifier: BSD-3-Clause
//
// For handlers that ask the lcores through the desk: their answer comes later (request_answer.later).
//
// Control thread.
#pragma once

#include "control/socket/desk.h"
#include "control/socket/request_command.h"

// What a handler returns after it has asked: NULL, or why it could not. `later` is called with the ticket of the case; it looks with
// desk_turn() whether all have answered, and closes the case when it has made the answer.
json_t *request_lcores(struct request_call *call, const struct bs_question *question, uint32_t most,
	bool (*later)(struct daemon *, uint64_t ticket, struct request_answer *));
struct desk_case *request_case(uint64_t ticket);
