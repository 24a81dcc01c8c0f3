// SPDX-License-Identifier: BSD-3-Clause
//
// Cores: which of them we may use, which memory is near to one. Control thread, at start.
#pragma once

#include <sched.h>
#include <stdbool.h>

#include "control/configuration/config.h"

// False with one line in `error` when a configured core does not exist or is not allowed to us.
bool cores_check(const struct config *config, char error[256]);

// The memory node of a core; 0 when the machine does not say.
int core_node(int core);

// Moves the calling thread to `core` and keeps where it was: what it allocates and touches then lies near that core.
// Not being able to is no error.
void core_visit(int core, cpu_set_t *before);
void core_return(const cpu_set_t *before);
