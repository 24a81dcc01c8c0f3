// SPDX-License-Identifier: BSD-3-Clause
//
// From files to items: every value in the order of the files, as text, with the place it stands at. libConfuse
// reads; what the values mean is control/configuration/config_fill.c's.
//
// Control thread only; libConfuse's lexer is not reentrant, so one at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/configuration/config_faults.h"
#include "control/configuration/config_keys.h"
#include "control/configuration/config_source.h"

struct config_place {
	const char *file; // the parse's
	unsigned line;
};

// A section with a title, or (the first) everything else.
struct config_instance {
	const struct config_section_row *row;
	char *title;
	struct config_place place;
};

struct config_item {
	const struct config_key *key;
	unsigned instance;
	struct config_place place;
	char *text;  // NULL: the key was set to an empty list
	bool begins; // not a further element of the list that the item before began
};

#define CONFIG_FILES 32 // more are a mistake; also what bounds includes

struct config_parse {
	struct config_source *source[CONFIG_FILES]; // [0]: the file asked for
	unsigned source_count;
	struct config_instance *instance; // [0]: all that has no title
	unsigned instance_count;
	struct config_item *item;
	size_t item_count;
	// while libConfuse runs
	struct faults *faults;
	const struct config_source *now;
	unsigned include_depth;
	const struct config_source *including[CONFIG_FILES]; // [include_depth] is `now`
	bool failed;
	bool incomplete; // an included file was at fault and left out
};

// NULL when `file` can't be read or is not well formed: said to `faults`. Faults of included files are said and leave
// the result `incomplete`.
struct config_parse *config_parse_new(const char *file, struct faults *faults);
void config_parse_free(struct config_parse *parse);
