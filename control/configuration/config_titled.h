// SPDX-License-Identifier: BSD-3-Clause
//
// Sections with a name, of which there may be any number: where struct config has them. Filling in, printing, comparing and
// freeing walk this table.
//
// Constant; any thread.
#pragma once

#include "control/configuration/config.h"
#include "control/configuration/config_keys.h"

struct config_titled {
	const char *section;
	size_t array, count;                  // offsets in struct config
	size_t size;                          // of an element
	size_t name, name_size, source, line; // offsets in it
	enum config_change change;            // when one more or one less is taken up
};

extern const struct config_titled config_titled[];
extern const unsigned config_titled_count;

// NULL when the section has no name.
const struct config_titled *config_titled_find(const char *section);

size_t config_titled_number(const struct config *config, const struct config_titled *titled);
// NULL when there is no such one.
void *config_titled_at(
	const struct config *config, const struct config_titled *titled, size_t number);
void *config_titled_named(
	const struct config *config, const struct config_titled *titled, const char *name);
const char *config_titled_name(const struct config_titled *titled, const void *element);

// Room for `most` elements, none yet. False without memory.
bool config_titled_room(struct config *config, const struct config_titled *titled, size_t most);
// One more, within the room; its name and where its section stands. False without memory.
bool config_titled_add(struct config *config, const struct config_titled *titled, const char *name,
	const char *file, unsigned line);
// Without the values of its keys.
void config_titled_free(struct config *config, const struct config_titled *titled);
void config_titled_swap(struct config *a, struct config *b, const struct config_titled *titled);
