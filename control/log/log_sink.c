// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for a file are kept in one buffer. A write may take part of a line (the disk is full); the line stays in the
// buffer until all of it is written, so that it can be finished in place, or begun anew after a reopen.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "control/log/log_journal.h"
#include "control/log/log_json.h"
#include "control/log/log_sink.h"

#define BUFFER_SIZE   65536u
#define NAME_MAX_TEXT 64
#define LINE_MAX_TEXT \
	(LOG_JSON_TEXT + \
		2u) // the other shape has time, host, name, pid, severity, BS_LOG_TEXT: 1280
#define RETRY_NS UINT64_C(1000000000)

struct log_sink {
	bool to_syslog, to_journal;
	bool json;
	char name[NAME_MAX_TEXT]; // openlog() keeps a pointer to it
	char host[65];
	char *path;   // NULL: standard error
	int fd;       // -1 for syslog
	bool regular; // a write to it never blocks for want of a reader
	size_t sent;  // bytes of the first line in the buffer that are written
	size_t length;
	uint64_t retry_ns; // not before
	_Atomic uint64_t failures;
	uint64_t failures_told;
	bool failing;
	int error;
	time_t stamp_second;
	uint64_t pid;
	char stamp[32]; // "Nov 22 10:00:00"
	char buffer[BUFFER_SIZE];
};

static bool open_file(struct log_sink *sink)
{
	// O_NONBLOCK: a FIFO without reader is an error and not a wait.
	int fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		0640);
	if (fd < 0)
		return false;
	struct stat status;
	sink->regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = fd;
	sink->sent = 0;
	return true;
}

static bool open_target(struct log_sink *sink, const char *target, char error[256])
{
	if (strcmp(target, "syslog") == 0) {
		sink->to_syslog = true;
		openlog(sink->name, LOG_PID | LOG_NDELAY, LOG_MAIL);
		return true;
	}
	if (strcmp(target, "journal") == 0) {
		sink->to_journal = log_journal_is_there();
		if (!sink->to_journal)
			snprintf(error, 256,
				"log = journal: no journald listens here; write log = syslog");
		return sink->to_journal;
	}
	if (strcmp(target, "stderr") == 0) {
		struct stat status;
		sink->fd = STDERR_FILENO;
		sink->regular = fstat(sink->fd, &status) == 0 && S_ISREG(status.st_mode);
		return true;
	}
	if (strncmp(target, "file:/", 6) != 0) {
		snprintf(error, 256,
			"log \"%.100s\" is neither \"syslog\", \"journal\", \"stderr\" nor "
			"\"file:/PATH\"",
			target);
		return false;
	}
	sink->path = strdup(target + 5);
	if (sink->path == NULL) {
		snprintf(error, 256, "no memory for the log");
		return false;
	}
	if (!open_file(sink)) {
		snprintf(error, 256, "log file %.150s: %s; create its folder or change 'log'",
			sink->path, strerror(errno));
		return false;
	}
	return true;
}

struct log_sink *log_sink_open(const char *target, const char *name, char error[256])
{
	struct log_sink *sink = calloc(1, sizeof(*sink));
	if (sink == NULL) {
		snprintf(error, 256, "no memory for the log");
		return NULL;
	}
	sink->fd = -1;
	sink->stamp_second = -1;
	sink->pid = (uint64_t)getpid(); // a system call, so not for each line
	snprintf(sink->name, sizeof(sink->name), "%s", name);
	if (gethostname(sink->host, sizeof(sink->host) - 1) != 0 || sink->host[0] == '\0')
		snprintf(sink->host, sizeof(sink->host), "localhost");
	sink->host[strcspn(sink->host, ".")] = '\0'; // syslog daemons write the short name
	if (!open_target(sink, target, error)) {
		free(sink->path);
		free(sink);
		return NULL;
	}
	return sink;
}

void log_sink_close(struct log_sink *sink)
{
	if (sink == NULL)
		return;
	if (sink->to_syslog)
		closelog();
	if (sink->path != NULL)
		close(sink->fd);
	free(sink->path);
	free(sink);
}

// RFC 3164, 4.1.2: local time, English month, day with a space for a leading zero. strftime() would ask the locale.
static const char *stamp(struct log_sink *sink, uint64_t wall_ns)
{
	static const char month[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t second = (time_t)(wall_ns / 1000000000u);
	if (second == sink->stamp_second)
		return sink->stamp;
	struct tm tm;
	if (localtime_r(&second, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	snprintf(sink->stamp, sizeof(sink->stamp), "%.3s %2u %02u:%02u:%02u", month[tm.tm_mon % 12],
		(unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		(unsigned)tm.tm_sec % 100);
	sink->stamp_second = second;
	return sink->stamp;
}

// Postfix's words before a text; nothing when the text has them already.
static const char *severity_word(enum bs_severity severity, const char *text)
{
	if (severity <= BS_LOG_ERROR)
		return strncmp(text, "error: ", 7) == 0 ? "" : "error: ";
	if (severity == BS_LOG_WARNING)
		return strncmp(text, "warning: ", 9) == 0 ? "" : "warning: ";
	return "";
}

bool log_sink_has_room(const struct log_sink *sink)
{
	return sink->to_syslog || sink->to_journal || BUFFER_SIZE - sink->length >= LINE_MAX_TEXT;
}

bool log_sink_is_empty(const struct log_sink *sink)
{
	return sink->length == 0;
}

void log_sink_json(struct log_sink *sink)
{
	sink->json = true;
}

static void failed(struct log_sink *sink, int error)
{
	sink->error = error;
	sink->failing = true;
	atomic_fetch_add_explicit(&sink->failures, 1, memory_order_relaxed);
}

// To those who take a line at once. A daemon that takes none may hold up this thread, which is the log's own.
static void send_line(
	struct log_sink *sink, uint64_t wall_ns, enum bs_severity severity, const char *text)
{
	char object[LOG_JSON_TEXT];
	if (sink->to_journal) {
		sink->failing = false;
		if (!log_journal_send(sink->name, severity, text))
			failed(sink, errno);
	} else if (sink->json) {
		log_json(wall_ns, severity, text, object);
		syslog((int)severity, "%s", object);
	} else {
		syslog((int)severity, "%s%s", severity_word(severity, text), text);
	}
}

void log_sink_line(
	struct log_sink *sink, uint64_t wall_ns, enum bs_severity severity, const char *text)
{
	const char *word = severity_word(severity, text);
	if (sink->to_syslog || sink->to_journal) {
		send_line(sink, wall_ns, severity, text);
		return;
	}
	if (!log_sink_has_room(sink))
		return;
	if (sink->json) {
		sink->length += log_json(wall_ns, severity, text, sink->buffer + sink->length);
		sink->buffer[sink->length++] = '\n';
		return;
	}
	struct bs_text line = bs_text_in(sink->buffer + sink->length, LINE_MAX_TEXT);
	bs_text_put(&line, stamp(sink, wall_ns));
	bs_text_put(&line, " ");
	bs_text_put(&line, sink->host);
	bs_text_put(&line, " ");
	bs_text_put(&line, sink->name);
	bs_text_put(&line, "[");
	bs_text_number(&line, sink->pid);
	bs_text_put(&line, "]: ");
	bs_text_put(&line, word);
	bs_text_most(&line, text, BS_LOG_TEXT);
	bs_text_put(&line, "\n");
	sink->length += bs_text_end(&line);
}

// Drops whole lines that are written; what was sent of the next stays noted.
static void forget_written(struct log_sink *sink)
{
	if (sink->sent == sink->length) {
		sink->sent = sink->length = 0;
		return;
	}
	const char *end = memrchr(sink->buffer, '\n', sink->sent);
	if (end == NULL)
		return;
	size_t whole = (size_t)(end - sink->buffer) + 1;
	memmove(sink->buffer, sink->buffer + whole, sink->length - whole);
	sink->length -= whole;
	sink->sent -= whole;
}

// One write that can't block: a pipe or terminal that is ready takes PIPE_BUF bytes.
static ssize_t write_some(struct log_sink *sink)
{
	size_t count = sink->length - sink->sent;
	if (!sink->regular) {
		struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
		if (poll(&ready, 1, 0) <= 0) {
			errno = EAGAIN;
			return -1;
		}
		if (count > PIPE_BUF)
			count = PIPE_BUF;
	}
	return write(sink->fd, sink->buffer + sink->sent, count);
}

void log_sink_flush(struct log_sink *sink, uint64_t now_ns)
{
	if (sink->length == 0 || (sink->failing && now_ns < sink->retry_ns))
		return;
	// Bounded: each turn of the loop writes at least a byte of the buffer or ends it.
	while (sink->sent < sink->length) {
		ssize_t count = write_some(sink);
		if (count > 0) {
			sink->sent += (size_t)count;
			sink->failing = false;
			continue;
		}
		if (count < 0 && errno == EINTR)
			continue;
		// EAGAIN: a slow reader, not a fault; its pipe is looked at again in the next turn.
		if (count == 0 || errno != EAGAIN) {
			failed(sink, count == 0 ? EIO : errno);
			sink->retry_ns = now_ns + RETRY_NS;
		}
		break;
	}
	forget_written(sink);
}

void log_sink_reopen(struct log_sink *sink)
{
	if (sink->path != NULL && !open_file(sink)) {
		failed(sink, errno);
		sink->failing = false; // the old file may still be good
	}
}

uint64_t log_sink_failures(const struct log_sink *sink)
{
	return atomic_load_explicit(&sink->failures, memory_order_relaxed);
}

uint64_t log_sink_recovered(struct log_sink *sink, int *error)
{
	uint64_t failures = log_sink_failures(sink);
	if (sink->failing || failures == sink->failures_told)
		return 0;
	uint64_t untold = failures - sink->failures_told;
	sink->failures_told = failures;
	*error = sink->error;
	return untold;
}
