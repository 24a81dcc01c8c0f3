// SPDX-License-Identifier: BSD-3-Clause
//
// Keys whose value is a list: domains, addresses, gateways, networks, cores. Used by control/configuration/config_values.c alone.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "control/configuration/config_keys.h"

// Adds one element; false with `why` (CONFIG_WHY bytes) when it is no good or already there.
bool config_list_add(const struct config_key *key, void *base, const char *text, char *why);
void config_list_print(const struct config_key *key, const void *base, FILE *out);
void config_list_clear(const struct config_key *key, void *base);
