// SPDX-License-Identifier: BSD-3-Clause
//
// Where log lines end up: syslog, the journal, a file or standard error. A file that can't be written (disk full, pipe without reader,
// terminal stopped) is a nuisance for the log alone: lines wait in a bounded buffer and the write is tried again.
//
// The log writer's thread only, but for log_sink_open() and log_sink_close().
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/log.h"

struct log_sink;

// `target` and `name` as log_writer_new() has them. NULL with a line in `error`.
struct log_sink *log_sink_open(const char *target, const char *name, char error[256]);
// From now on lines are JSON objects (control/log/log_json.h); in syslog they are the text of the message, the journal has fields
// of its own and takes lines as they are.
void log_sink_json(struct log_sink *sink);
// Lines still waiting are lost. NULL is allowed.
void log_sink_close(struct log_sink *sink);

// True when log_sink_line() would take a line of any length.
bool log_sink_has_room(const struct log_sink *sink);
// True when no line waits to be written.
bool log_sink_is_empty(const struct log_sink *sink);
// Takes a line said at `wall_ns` (CLOCK_REALTIME); without room it is lost.
void log_sink_line(
	struct log_sink *sink, uint64_t wall_ns, enum bs_severity severity, const char *text);
// Writes what waits, as far as it can be done without blocking. After a failure it is only tried again a
// second later; `now_ns` is CLOCK_MONOTONIC.
void log_sink_flush(struct log_sink *sink, uint64_t now_ns);
// Opens the file again. On failure goes on with the old one and counts a failure.
void log_sink_reopen(struct log_sink *sink);

// Writes and reopens that failed since the start. Any thread.
uint64_t log_sink_failures(const struct log_sink *sink);
// After writing failed and then succeeded: how often it had failed since the last call, with the last error
// number in `error`. 0 when there is nothing to tell.
uint64_t log_sink_recovered(struct log_sink *sink, int *error);
