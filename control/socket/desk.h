// SPDX-License-Identifier: BSD-3-Clause
//
// Control's side of inquiries (dataplane/seam/inquiry.h): puts one question to all lcores, and says when all have answered.
// Questions of several clients wait for each other; each takes some turns of the lcores.
//
// Control thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/inquiry.h"

struct desk;
struct desk_case; // one question on its way

// `bell` is rung when an lcore has answered; it outlives the desk. NULL without memory.
struct desk *desk_new(struct bs_bell *bell);
// After the lcores have stopped. NULL is allowed.
void desk_free(struct desk *desk);
// A door for an lcore's role, to be looked at in each of its turns; `lcore_bell` wakes it. At start. NULL when there are too
// many.
struct bs_door *desk_door(struct desk *desk, struct bs_bell *lcore_bell);

// `most`: views wanted from all lcores together. NULL without memory.
struct desk_case *desk_open(struct desk *desk, const struct bs_question *question, uint32_t most);
// True when all have answered; to be called again and again until then. Never blocks.
bool desk_turn(struct desk *desk, struct desk_case *one);
// Of one that all have answered: the number of views, `*more`: there are others; the views one by one; and whether the kill
// found its connection.
uint32_t desk_views(const struct desk_case *one, bool *more);
const struct bs_view *desk_view(const struct desk_case *one, uint32_t number);
bool desk_found(const struct desk_case *one);
// What an lcore said, in the order of the doors; NULL behind the last.
const struct bs_inquiry *desk_answer(const struct desk_case *one, uint32_t number);
// At any time; who answers still is waited for in the background.
void desk_close(struct desk *desk, struct desk_case *one);
