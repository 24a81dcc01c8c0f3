// SPDX-License-Identifier: BSD-3-Clause
//
// Where control keeps its questions to the judge: one is with the worker (smtp/judge/explain.h), the others wait.
//
// Control thread.
#pragma once

#include <stdbool.h>

#include "dataplane/seam/bell.h"

struct explain;
struct explain_case;
struct explain_desk;
struct explain_door;

// `asker`: control's bell, rung when an answer is there. NULL without memory.
struct explain_desk *explain_desk_new(struct bs_bell *asker);
// After the lcores have ended.
void explain_desk_free(struct explain_desk *desk);
// The door of the worker that answers, and its lcore's bell.
struct explain_door *explain_desk_door(struct explain_desk *desk, struct bs_bell *worker);

// Takes `question` over (free()), unless it returns NULL for want of memory.
struct explain_case *explain_desk_open(struct explain_desk *desk, struct explain *question);
// True when the answer is there. Never blocks.
bool explain_desk_turn(struct explain_desk *desk, struct explain_case *one);
const struct explain *explain_desk_answer(const struct explain_case *one);
// Answered, or not wanted any more: what the worker has is freed when it comes back.
void explain_desk_close(struct explain_desk *desk, struct explain_case *one);
