// SPDX-License-Identifier: BSD-3-Clause
//
// Values of keys: from text to their place in struct config (or config_port, config_list), and back.
//
// Control thread only.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "control/configuration/config_keys.h"

#define CONFIG_WHY 300

// Stores `text` at the key's place in the struct at `base`; an element is added to a list. False when the text is no such
// value: `why` is then "what is wrong; how to mend it".
bool config_value_set(
	const struct config_key *key, void *base, const char *text, char why[CONFIG_WHY]);

// The value that is in force without the key, as it would be written; NULL when there is none, or none alone.
#define CONFIG_STANDARD 24
const char *config_value_standard(const struct config_key *key, char text[CONFIG_STANDARD]);

// Writes the value as it would stand in a file: 5m, "text", {"a", "b"}.
void config_value_print(const struct config_key *key, const void *base, FILE *out);

// Writes what is allowed: "576 to 9000". For keys of numbers, weights and totals.
// config_value_has_range() tells them.
void config_value_print_range(const struct config_key *key, FILE *out);
bool config_value_has_range(const struct config_key *key);

// Frees what config_value_set() allocated there.
void config_value_free(const struct config_key *key, void *base);
