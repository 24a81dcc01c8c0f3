// SPDX-License-Identifier: BSD-3-Clause
//
// Saying something without waiting for anybody. Each thread that speaks has a ring of its own; the
// log writer (control/log.c) empties them all. A full ring drops the line and counts it. The text is
// the part of a line after "name[pid]: "; the writer puts time, host and name before it.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct bs_log;

enum bs_severity { // syslog's numbers
	BS_LOG_ERROR = 3,
	BS_LOG_WARNING = 4,
	BS_LOG_INFO = 6,
	BS_LOG_DEBUG = 7,
};

#define BS_LOG_TEXT 1000 // longest text; more is cut. With prefix it stays under syslog's 1024

// The owner thread of `log` only. No system call, no lock. Control characters and 8-bit bytes
// in the text are replaced by '?', so that a client can't forge a line.
void bs_log(struct bs_log *log, enum bs_severity severity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// "5tq0k4c7r20001": start of the process, lcore, connection number; unique across restarts.
#define BS_SESSION_ID 20
char *bs_session_id(char id[BS_SESSION_ID], uint8_t dataplane, uint32_t serial);
