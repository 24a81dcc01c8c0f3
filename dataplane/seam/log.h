// SPDX-License-Identifier: BSD-3-Clause
//
// Saying something without waiting for anybody. Each thread that speaks has a ring of its own; the
// log writer (control/log/log.c) empties them all. A full ring drops the line and counts it. The text is
// the part of a line after "name[pid]: "; the writer puts time, host and name before it, and, as Postfix
// does, "warning: " or "error: " where the severity says so (so the text itself should not).
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/text.h"

struct bs_log;

enum bs_severity { // syslog's numbers
	BS_LOG_ERROR = 3,
	BS_LOG_WARNING = 4,
	BS_LOG_INFO = 6,
	BS_LOG_DEBUG = 7,
};

#define BS_LOG_TEXT 1000 // longest text; more is cut. With prefix it stays under syslog's 1024

// The owner thread of `log` only. No system call, no lock. Control characters and 8-bit bytes
// in the text are replaced by '?', so that a client can't forge a line. With `log` NULL nothing is said.
void bs_log(struct bs_log *log, enum bs_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// The same for a line that is put together in place: bs_log_begin() gives its text, empty, and bs_log_end() says it. NULL when there is no
// room, or no log: then there is no line and no end.
struct bs_text *bs_log_begin(struct bs_log *log);
void bs_log_end(struct bs_log *log, enum bs_severity severity);

// Bytes of a ring. Lines of a session are some 170 bytes: room for about 1,500 of them, or 49,000. A worker without a kernel below it says 850,000 a
// second, and the writer naps for a fiftieth of one and then shares his core with others.
#define BS_LOG_SMALL (UINT32_C(256) << 10)
#define BS_LOG_LARGE (UINT32_C(8) << 20)

// A ring of `size` bytes, a power of two, for one speaking thread; NULL without memory. The daemon asks log_writer_ring() for one, tests make
// their own. Freed with bs_log_free() after both its threads are done with it; NULL is allowed.
struct bs_log *bs_log_new(uint32_t size);
void bs_log_free(struct bs_log *log);

// The reading end: one thread, the log writer's or a test's.
struct bs_log_line {
	uint64_t wall_ns; // CLOCK_REALTIME when it was said
	uint16_t length;
	uint8_t severity;           // enum bs_severity
	char text[BS_LOG_TEXT + 1]; // clean, ends with NUL
};
// Takes the oldest line; false when there is none.
bool bs_log_take(struct bs_log *log, struct bs_log_line *line);
// When the oldest line was said, in `wall_ns`; false when there is none.
bool bs_log_oldest(struct bs_log *log, uint64_t *wall_ns);
// Lines dropped since the start because the ring was full. Any thread.
uint64_t bs_log_lost(const struct bs_log *log);

// "1mzkv3r20c000001": start of the process, lcore, connection number; unique across restarts. 16
// characters of [0-9a-z]. Returns `id`. Any thread.
#define BS_SESSION_ID 20
char *bs_session_id(char id[BS_SESSION_ID], uint8_t dataplane, uint32_t serial);
// The way back. False for what is no id of this process. Any thread.
bool bs_session_id_parse(const char *id, uint8_t *dataplane, uint32_t *serial);
