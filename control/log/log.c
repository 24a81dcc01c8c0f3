// SPDX-License-Identifier: BSD-3-Clause
//
// The writer naps between turns, so that those who speak never have to wake it. In a turn it notes the time and then
// merges all rings by the time of their oldest line, up to that moment; what is said during the turn comes with the
// next. So lines of different threads stand in order of time, but for the microseconds that formatting takes.
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/log/log.h"
#include "control/log/log_repeat.h"
#include "control/log/log_sink.h"
#include "control/log/notice_text.h"

#define SECOND_NS  UINT64_C(1000000000)
#define NAP_NS     UINT64_C(20000000)
#define TURN_LINES 4096u // then the file gets its share
#define END_TURNS  4096u // at the end: enough for all rings, an end in any case
#define END_NAPS   60u
#define END_WAIT_S 5

// A ring and its oldest record.
struct source {
	struct bs_log *log;           // either this, owned
	struct bs_ring *notices;      // or this
	const uint64_t *notices_lost; // the lcore writes it; may be NULL
	bool has_front;
	uint64_t front_ns;
	struct bs_notice notice; // taken out of its ring already
};

struct log_writer {
	struct log_sink *sink;
	struct log_tail *tail;
	struct log_repeat *repeat; // NULL: nothing is summed up
	struct source *source;     // constant after log_writer_start()
	size_t source_count;
	uint64_t lost_told;
	uint64_t lost_told_ns; // CLOCK_MONOTONIC
	pthread_t thread;
	bool started;
	sem_t wake;
	_Atomic bool reopen;
	_Atomic bool stop;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

struct log_writer *log_writer_new(const char *target, const char *name, char error[256])
{
	struct log_writer *writer = calloc(1, sizeof(*writer));
	if (writer == NULL) {
		snprintf(error, 256, "no memory for the log");
		return NULL;
	}
	writer->tail = log_tail_new();
	if (writer->tail == NULL)
		snprintf(error, 256, "no memory for the log");
	else
		writer->sink = log_sink_open(target, name, error);
	if (writer->sink == NULL) {
		log_tail_free(writer->tail);
		free(writer);
		return NULL;
	}
	sem_init(&writer->wake, 0, 0);
	return writer;
}

bool log_writer_style(struct log_writer *writer, bool json, uint32_t repeat)
{
	if (json)
		log_sink_json(writer->sink);
	if (repeat > 0)
		writer->repeat = log_repeat_new(repeat);
	return repeat == 0 || writer->repeat != NULL;
}

static struct source *add_source(struct log_writer *writer)
{
	struct source *grown = realloc(writer->source, (writer->source_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	writer->source = grown;
	struct source *source = &grown[writer->source_count++];
	memset(source, 0, sizeof(*source));
	return source;
}

struct bs_log *log_writer_ring(struct log_writer *writer, uint32_t size)
{
	struct bs_log *log = bs_log_new(size);
	struct source *source = log != NULL ? add_source(writer) : NULL;
	if (source == NULL) {
		bs_log_free(log);
		return NULL;
	}
	source->log = log;
	return log;
}

bool log_writer_notices(struct log_writer *writer, struct bs_ring *notices, const uint64_t *lost)
{
	struct source *source = add_source(writer);
	if (source == NULL)
		return false;
	source->notices = notices;
	source->notices_lost = lost;
	return true;
}

static void look_at_front(struct source *source)
{
	if (source->has_front)
		return;
	if (source->log != NULL) {
		source->has_front = bs_log_oldest(source->log, &source->front_ns);
	} else {
		source->has_front = bs_ring_pop(
			source->notices, &source->notice, sizeof(source->notice));
		source->front_ns = source->notice.wall_ns;
	}
}

// A line far ahead of the moment was said before the clock was set back: it need not wait for that time.
static bool is_due(uint64_t said_ns, uint64_t moment_ns)
{
	return said_ns <= moment_ns || said_ns - moment_ns > SECOND_NS;
}

static struct source *earliest(struct log_writer *writer, uint64_t moment_ns)
{
	struct source *first = NULL;
	for (size_t i = 0; i < writer->source_count; i++) {
		struct source *source = &writer->source[i];
		if (source->has_front && is_due(source->front_ns, moment_ns) &&
			(first == NULL || source->front_ns < first->front_ns))
			first = source;
	}
	return first;
}

static void say(
	struct log_writer *writer, uint64_t wall_ns, enum bs_severity severity, const char *text)
{
	log_sink_line(writer->sink, wall_ns, severity, text);
	log_tail_put(writer->tail, wall_ns, severity, text);
}

static void say_unless_repeated(struct log_writer *writer, uint64_t wall_ns,
	enum bs_severity severity, const char *text, uint64_t now_ns)
{
	if (writer->repeat == NULL || log_repeat_take(writer->repeat, text, now_ns))
		say(writer, wall_ns, severity, text);
}

static void write_front(struct log_writer *writer, struct source *source, uint64_t now_ns)
{
	if (source->log != NULL) {
		struct bs_log_line line;
		if (bs_log_take(source->log, &line))
			say_unless_repeated(writer, line.wall_ns, line.severity, line.text, now_ns);
	} else {
		const struct bs_notice *notice = &source->notice;
		char text[NOTICE_TEXT];
		notice_text(notice, text);
		say_unless_repeated(writer, notice->wall_ns, notice_severity(notice), text, now_ns);
		if (notice_closing_text(notice, text) > 0)
			say_unless_repeated(writer, notice->wall_ns, BS_LOG_INFO, text, now_ns);
	}
	source->has_front = false;
	look_at_front(source);
}

// Room for the two lines that a notice may have: flushed first, for the buffer may be all that is short.
static bool make_room(struct log_writer *writer, uint64_t now_ns)
{
	if (!log_sink_has_room(writer->sink))
		log_sink_flush(writer->sink, now_ns);
	return log_sink_has_room(writer->sink);
}

// What the log has to say about itself, at most once a second. `at_end`: now or never.
static void tell_losses(struct log_writer *writer, uint64_t now_ns, bool at_end)
{
	char text[160];
	int error = 0;
	uint64_t wall_ns = clock_ns(CLOCK_REALTIME);
	if (!make_room(writer, now_ns) || (!at_end && now_ns - writer->lost_told_ns < SECOND_NS))
		return;
	uint64_t lost = log_writer_lost(writer);
	if (lost != writer->lost_told) {
		snprintf(
			text, sizeof(text), "%" PRIu64 " log lines lost", lost - writer->lost_told);
		say(writer, wall_ns, BS_LOG_WARNING, text);
		writer->lost_told = lost;
		writer->lost_told_ns = now_ns;
	}
	uint64_t failures = log_sink_recovered(writer->sink, &error);
	if (failures > 0 && make_room(writer, now_ns)) {
		snprintf(text, sizeof(text), "writing the log failed %" PRIu64 " times: %s",
			failures, strerror(error));
		say(writer, wall_ns, BS_LOG_WARNING, text);
		writer->lost_told_ns = now_ns;
	}
}

static void tell_sums(struct log_writer *writer, uint64_t now_ns, bool at_end)
{
	char text[LOG_REPEAT_TEXT];
	while (writer->repeat != NULL && make_room(writer, now_ns) &&
		log_repeat_sum(writer->repeat, now_ns, at_end, text))
		say(writer, clock_ns(CLOCK_REALTIME), BS_LOG_INFO, text);
}

// Returns the number of lines written.
static unsigned turn(struct log_writer *writer, uint64_t moment_ns, bool at_end)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	unsigned count = 0;
	for (size_t i = 0; i < writer->source_count; i++)
		look_at_front(&writer->source[i]);
	while (count < TURN_LINES && make_room(writer, now_ns)) {
		struct source *source = earliest(writer, moment_ns);
		if (source == NULL)
			break;
		write_front(writer, source, now_ns);
		count++;
	}
	tell_sums(writer, now_ns, at_end);
	tell_losses(writer, now_ns, at_end);
	log_tail_ring(writer->tail);
	log_sink_flush(writer->sink, now_ns);
	return count;
}

static void nap(struct log_writer *writer)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + NAP_NS;
	struct timespec moment = {
		.tv_sec = (time_t)(until / SECOND_NS), .tv_nsec = (long)(until % SECOND_NS)};
	sem_clockwait(&writer->wake, CLOCK_MONOTONIC, &moment);
}

// A slow reader gets a second, a full disk one more try.
static void write_the_rest(struct log_writer *writer)
{
	unsigned naps = 0;
	for (unsigned i = 0; i < END_TURNS && naps < END_NAPS; i++) {
		if (turn(writer, UINT64_MAX, true) > 0)
			continue;
		if (log_sink_is_empty(writer->sink))
			break;
		nap(writer);
		naps++;
	}
}

static void *run(void *context)
{
	struct log_writer *writer = context;
	while (!atomic_load_explicit(&writer->stop, memory_order_acquire)) {
		if (atomic_exchange_explicit(&writer->reopen, false, memory_order_acq_rel)) {
			log_sink_flush(writer->sink, clock_ns(CLOCK_MONOTONIC));
			log_sink_reopen(writer->sink);
		}
		if (turn(writer, clock_ns(CLOCK_REALTIME), false) < TURN_LINES)
			nap(writer);
	}
	write_the_rest(writer);
	return NULL;
}

bool log_writer_start(struct log_writer *writer)
{
	// The thread handles no signal; SIGPIPE, which a write to a dead pipe raises in it, stays blocked.
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	writer->started = pthread_create(&writer->thread, NULL, run, writer) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (writer->started)
		pthread_setname_np(writer->thread, "log");
	return writer->started;
}

static bool end_thread(struct log_writer *writer)
{
	struct timespec moment;
	sem_post(&writer->wake);
	clock_gettime(CLOCK_MONOTONIC, &moment);
	moment.tv_sec += END_WAIT_S;
	if (pthread_clockjoin_np(writer->thread, NULL, CLOCK_MONOTONIC, &moment) == 0)
		return true;
	pthread_detach(writer->thread);
	return false;
}

void log_writer_free(struct log_writer *writer)
{
	if (writer == NULL)
		return;
	atomic_store_explicit(&writer->stop, true, memory_order_release);
	if (!writer->started)
		run(writer); // a start that failed: its reasons are in the rings
	else if (!end_thread(writer))
		return; // it may wake up one day and look at its memory
	for (size_t i = 0; i < writer->source_count; i++)
		bs_log_free(writer->source[i].log);
	log_sink_close(writer->sink);
	log_repeat_free(writer->repeat);
	log_tail_free(writer->tail);
	sem_destroy(&writer->wake);
	free(writer->source);
	free(writer);
}

void log_writer_reopen(struct log_writer *writer)
{
	atomic_store_explicit(&writer->reopen, true, memory_order_release);
	sem_post(&writer->wake);
}

uint64_t log_writer_lost(const struct log_writer *writer)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < writer->source_count; i++) {
		if (writer->source[i].log != NULL)
			lost += bs_log_lost(writer->source[i].log);
		else if (writer->source[i].notices_lost != NULL)
			lost += __atomic_load_n(writer->source[i].notices_lost, __ATOMIC_RELAXED);
	}
	return lost;
}

uint64_t log_writer_failures(const struct log_writer *writer)
{
	return log_sink_failures(writer->sink);
}

uint64_t log_writer_summed(const struct log_writer *writer)
{
	return writer->repeat != NULL ? log_repeat_count(writer->repeat) : 0;
}

struct log_tail *log_writer_tail(struct log_writer *writer)
{
	return writer->tail;
}
