// SPDX-License-Identifier: BSD-3-Clause
//
// The log's last lines, for those who follow it. One thread writes and never waits; any number read, each at its own pace:
// who is slower than the writer by more than the ring holds loses lines and knows how many.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/bell.h"
#include "dataplane/seam/log.h"

#define LOG_TAIL_LINES 1024u

struct log_tail;

// NULL without memory.
struct log_tail *log_tail_new(void);
void log_tail_free(struct log_tail *tail);

// The writer's.
void log_tail_put(
	struct log_tail *tail, uint64_t wall_ns, enum bs_severity severity, const char *text);
// After some lines: wakes who follows.
void log_tail_ring(struct log_tail *tail);

// Lines are numbered from 0. The number of the next one. Any thread.
uint64_t log_tail_next(const struct log_tail *tail);
enum log_tail_result { LOG_TAIL_LINE, LOG_TAIL_NOT_YET, LOG_TAIL_GONE };
// Copies line `number`. Any thread.
enum log_tail_result log_tail_get(
	const struct log_tail *tail, uint64_t number, struct bs_log_line *line);

// Who follows says so, then asks for the next line, and then waits for `bell`, which outlives the following. One thread.
void log_tail_follow(struct log_tail *tail, struct bs_bell *bell);
void log_tail_leave(struct log_tail *tail);
