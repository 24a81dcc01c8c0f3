// SPDX-License-Identifier: BSD-3-Clause
//
// What impairment { } is set to, in words: nobody is to leave it on without being told.
#pragma once

#include <stddef.h>

#include "control/configuration/config.h"

struct config_key;

// The first of its shares that is not 0, and in `text` all of them: "receive-loss = 5%, send-corrupt = 1%", cut to `size`.
// NULL when all is off. Any thread that may read `config`.
const struct config_key *config_impairment(const struct config *config, char *text, size_t size);
