// SPDX-License-Identifier: BSD-3-Clause
//
// A list file of names, one a line; what they may be depends on whose list it is. A comment begins with # or ; at the start of a line
// or after a blank. Names with letters that DNS does not know become A-labels (RFC 5891).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "control/lists/list_lines.h"

enum name_file_kind {
	NAME_FILE_DOMAINS, // example.org; .example.org: what is under it
	NAME_FILE_ADDRESSES, // that, user@example.org, user@ in all domains; @example.org is the same as example.org
	NAME_FILE_RECIPIENTS, // user@example.org, user@, @example.org: all of a domain. Without @ it is a slip
};

#define NAME_FILE_ENTRIES (1u << 24)

// Gives each entry, in lower case, to `take`, which says false when there is no memory. True when all is well, and their number in
// `count`. Else `errors` has FILE:LINE: what; cure, and who took what came before forgets it. Any thread; blocks on the disk.
bool name_file_read(const char *file, enum name_file_kind kind,
	bool (*take)(void *context, const char *entry), void *context, size_t *count, FILE *errors);
