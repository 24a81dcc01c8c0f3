// SPDX-License-Identifier: BSD-3-Clause
//
// Which texts are good names, paths, addresses of devices: the checks of control/configuration/config_values.c that look
// at one text alone. All take at most `most` characters. Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "control/configuration/config_keys.h"

// True, or false with "what is wrong; how to mend it" in `why`, of CONFIG_WHY bytes.
bool config_text_check(const struct config_key *key, const char *text, char *why);

// A domain name in LDH form (RFC 5890, 2.3.1), without a final dot. `labels_least`: 2 for a fully qualified one.
bool config_text_domain(const char *text, unsigned labels_least, char *why);
// Name of a section: [A-Za-z0-9._-].
bool config_text_title(const char *text, size_t most, char *why);
// An address of recipients: user@example.org, or user@ for all domains.
bool config_text_recipient(const char *text, char *why);

// In quotes, escaped as control/configuration/config_source.h reads it. NULL is "".
void config_text_print(const char *text, FILE *out);
