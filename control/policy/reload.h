// SPDX-License-Identifier: BSD-3-Clause
//
// A reload: the configuration and its lists are read and the base is built in a thread of its own, so that control goes
// on answering; then control compares, takes over and publishes, all at once. What is at fault is named FILE:LINE and
// changes nothing. One at a time.
//
// Control thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/configuration/config.h"
#include "control/policy/policy_store.h"

struct reload;

// `running` is changed by a reload: keys that need no restart (control/configuration/config_changes.h). Both outlive the reload. NULL
// without memory or descriptor.
struct reload *reload_new(struct config *running, struct policy_store *store);
// Waits for the building under way, which is thrown away.
void reload_free(struct reload *reload);

// To be waited on: readable when a building has ended; then reload_end().
int reload_fd(const struct reload *reload);

// Begins one. Its number, or 0 with a sentence in `error`: one is under way, or there is no thread.
uint64_t reload_begin(struct reload *reload, char error[256]);

// Takes up what was built. False when nothing has ended. `summary`: a line for the log.
#define RELOAD_SUMMARY 400
bool reload_end(struct reload *reload, char summary[RELOAD_SUMMARY], bool *good);

// The answer of the reload of this number as an object with "ok", the caller's: NULL while it is not there yet, and when it
// is forgotten, as a later one has ended or there is no memory (`*forgotten`).
json_t *reload_result(const struct reload *reload, uint64_t number, bool *forgotten);
