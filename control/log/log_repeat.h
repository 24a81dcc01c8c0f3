// SPDX-License-Identifier: BSD-3-Clause
//
// Repetitions summed up: a source that makes the same kind of line more than so many times a minute gets one line for all
// the others, "1234 more PREGREET from [192.0.2.7] in 60 s". Never the lines of mails, nor the closing line of a session that
// brought one. A source is an address, of IPv6 a /64.
//
// The table is bounded: where it is full, lines are written as they come.
//
// The log writer's thread only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOG_REPEAT_TEXT 160

struct log_repeat;

// `most`: lines a minute of one kind and source that are written. NULL without memory.
struct log_repeat *log_repeat_new(uint32_t most);
// NULL is allowed.
void log_repeat_free(struct log_repeat *repeat);

// True when the line is to be written. `now_ns` never goes back.
bool log_repeat_take(struct log_repeat *repeat, const char *text, uint64_t now_ns);
// One sum whose minute is over, or any with `at_end`. False when there is none; look again as long as it is true.
bool log_repeat_sum(
	struct log_repeat *repeat, uint64_t now_ns, bool at_end, char text[LOG_REPEAT_TEXT]);

// Lines that were summed up since the start. Any thread.
uint64_t log_repeat_count(const struct log_repeat *repeat);
