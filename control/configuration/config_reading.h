// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration while it is read: what control/configuration/config.c, config_fill.c and config_check.c share.
#pragma once

#include "control/configuration/config.h"
#include "control/configuration/config_parse.h"

// Where and how a key of an instance was set.
struct config_setting {
	struct config_place place; // file NULL: not set
	bool faulty;               // no use to look at its value
};

struct config_reading {
	struct config *config;
	struct config_parse *parse;
	struct faults *faults;
	struct config_setting *setting; // [instance * config_key_count + key]
};

// Makes room for all instances, stores defaults, then what the items say; says each bad value, duplicate, and
// missing key. False without memory.
bool config_fill(struct config_reading *reading);

// What no value alone can show: the machine, one key against another.
void config_check(struct config_reading *reading);

// The struct that the keys of `instance` are in.
void *config_base(const struct config_reading *reading, unsigned instance);

struct config_setting *config_setting_of(
	const struct config_reading *reading, unsigned instance, const struct config_key *key);

// Says a fault of a key: "KEY: text", at its place, at that of its `element`th element when it is a list, or at its
// section's when it isn't set. `element` is 0 for keys that are no list.
void config_fault(const struct config_reading *reading, unsigned instance,
	const struct config_key *key, size_t element, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
