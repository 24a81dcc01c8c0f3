// SPDX-License-Identifier: BSD-3-Clause
//
// The log writer: one thread that empties the rings of all who speak (dataplane/seam/log.h) and of the
// dataplane lcores' notices, and writes lines in Postfix's shape, or as JSON, to syslog, the journal, a file or standard error.
// Repetitions of a source are summed up (control/log/log_repeat.h). The last lines can be followed (control/log/log_tail.h).
// Nobody ever waits for it: what can't be written in time is lost, counted, and a line says so.
//
// Control thread, if not said otherwise.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/log/log_tail.h"
#include "dataplane/seam/log.h"
#include "dataplane/seam/notice.h"
#include "dataplane/seam/ring.h"

struct log_writer;

// `target`: "syslog", "journal", "stderr" or "file:/path"; `name`: the syslog name, like "postfix-barscreen/smtpd".
// NULL with a line in `error` when the file can't be opened.
struct log_writer *log_writer_new(const char *target, const char *name, char error[256]);
// JSON objects instead of Postfix's lines; `repeat`: lines a minute of one kind and source before the others are summed up, 0:
// never. Before log_writer_start(); without it neither. False without memory.
bool log_writer_style(struct log_writer *writer, bool json, uint32_t repeat);
// A ring of `size` bytes (dataplane/seam/log.h) for one speaking thread; before log_writer_start(). NULL without memory. It lives as long as the writer.
struct bs_log *log_writer_ring(struct log_writer *writer, uint32_t size);
// A dataplane lcore's notices; before log_writer_start(). The ring must outlive the writer, and so must `lost`, the lcore's count
// of those for which there was no room; NULL: it counts none. False without memory.
bool log_writer_notices(struct log_writer *writer, struct bs_ring *notices, const uint64_t *lost);
// False when the thread can't be made. The thread may run where the caller may: the caller must not be pinned to
// a dataplane core at this moment.
bool log_writer_start(struct log_writer *writer);
// Writes what is left, ends the thread. Those who speak must have stopped. When the thread hangs in a write (a
// dead network file system) it is left behind with its memory after some seconds. NULL is allowed.
void log_writer_free(struct log_writer *writer);
// SIGHUP: opens the file again, after logrotate moved it. Any thread, also from a signal handler.
void log_writer_reopen(struct log_writer *writer);
// Lines and notices lost because a ring was full, over all rings. Any thread.
uint64_t log_writer_lost(const struct log_writer *writer);
// Writes to the log file that failed; they are tried again. Any thread.
uint64_t log_writer_failures(const struct log_writer *writer);
// Lines that were summed up. Any thread.
uint64_t log_writer_summed(const struct log_writer *writer);
// The last lines; as long as the writer.
struct log_tail *log_writer_tail(struct log_writer *writer);
