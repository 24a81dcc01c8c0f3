// SPDX-License-Identifier: BSD-3-Clause
//
// The ring behind bs_log(): single producer, single consumer, lines of different length one after the other, so that
// many short lines fit where a few long ones would.
//
// A line is formatted where it will stand. For that it needs its longest size in one piece: behind the ring's last
// byte there is slack for one whole line. A line may begin anywhere in the ring and run on into the slack; the bytes at
// the ring's start that it would have taken stay unused in that lap. Positions count up for ever and wrap with 64 bits,
// that is never.
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/seam/log.h"

struct record {
	uint64_t wall_ns;
	uint16_t length;
	uint8_t severity;
	char text[];
};

// The longest record, aligned.
#define RECORD_MAX 1016u
#define BLOCK      16u // bytes that are cleaned at once
_Static_assert(offsetof(struct record, text) + BS_LOG_TEXT + 1 <= RECORD_MAX, "a whole line fits");
_Static_assert(RECORD_MAX % alignof(struct record) == 0, "records stay aligned");

struct bs_log {
	// written by the producer
	alignas(64) _Atomic uint64_t head;
	uint64_t tail_seen;
	_Atomic uint64_t lost;
	struct bs_text text; // of the line that is put together
	// written by the consumer
	alignas(64) _Atomic uint64_t tail;
	alignas(64) uint32_t size; // of the ring, a power of two; constant
	alignas(64) uint8_t bytes[];
};

struct bs_log *bs_log_new(uint32_t size)
{
	size_t bytes = (sizeof(struct bs_log) + size + RECORD_MAX + 63) & ~(size_t)63;
	struct bs_log *log = aligned_alloc(alignof(struct bs_log), bytes);
	if (log == NULL)
		return NULL;
	// All of it, so that no first touch of a page is a fault in the producer's turn.
	memset(log, 0, bytes);
	log->size = size;
	return log;
}

void bs_log_free(struct bs_log *log)
{
	free(log);
}

static struct record *record_at(struct bs_log *log, uint64_t position)
{
	return (struct record *)(log->bytes + (position & (log->size - 1)));
}

// Where the record after one of `length` bytes of text begins.
static uint64_t position_after(uint64_t position, uint16_t length)
{
	uint64_t size = offsetof(struct record, text) + length + 1;
	size = (size + alignof(struct record) - 1) & ~(uint64_t)(alignof(struct record) - 1);
	return position + size;
}

// The producer's check for a line of any length.
static bool has_room(struct bs_log *log, uint64_t head)
{
	if (head - log->tail_seen <= log->size - RECORD_MAX)
		return true;
	log->tail_seen = atomic_load_explicit(&log->tail, memory_order_acquire);
	return head - log->tail_seen <= log->size - RECORD_MAX;
}

static void count_lost(struct bs_log *log)
{
	uint64_t lost = atomic_load_explicit(&log->lost, memory_order_relaxed);
	atomic_store_explicit(&log->lost, lost + 1, memory_order_relaxed);
}

struct bs_text *bs_log_begin(struct bs_log *log)
{
	if (log == NULL)
		return NULL;
	uint64_t head = atomic_load_explicit(&log->head, memory_order_relaxed);
	if (!has_room(log, head)) {
		count_lost(log);
		return NULL;
	}
	log->text = bs_text_in(record_at(log, head)->text, BS_LOG_TEXT + 1);
	return &log->text;
}

void bs_log_end(struct bs_log *log, enum bs_severity severity)
{
	uint64_t head = atomic_load_explicit(&log->head, memory_order_relaxed);
	struct record *record = record_at(log, head);
	struct timespec now; // from the vDSO: no system call
	clock_gettime(CLOCK_REALTIME, &now);
	record->wall_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	record->length = (uint16_t)bs_text_end(&log->text);
	record->severity = (uint8_t)severity;
	atomic_store_explicit(
		&log->head, position_after(head, record->length), memory_order_release);
}

void bs_log(struct bs_log *log, enum bs_severity severity, const char *format, ...)
{
	struct bs_text *text = bs_log_begin(log);
	if (text == NULL)
		return;
	va_list arguments;
	va_start(arguments, format);
	text->at += bs_vprint(text->begin, BS_LOG_TEXT + 1, format, arguments);
	va_end(arguments);
	bs_log_end(log, severity);
}

static struct record *oldest(struct bs_log *log)
{
	uint64_t tail = atomic_load_explicit(&log->tail, memory_order_relaxed);
	if (tail == atomic_load_explicit(&log->head, memory_order_acquire))
		return NULL;
	return record_at(log, tail);
}

bool bs_log_oldest(struct bs_log *log, uint64_t *wall_ns)
{
	const struct record *record = oldest(log);
	if (record == NULL)
		return false;
	*wall_ns = record->wall_ns;
	return true;
}

static inline char clean(char byte)
{
	return (char)((unsigned char)(byte - 0x20) < 0x7f - 0x20 ? byte : '?');
}

// A number of bytes that the compiler knows becomes a few instructions; any number would be ten a byte.
static inline void clean_block(char *restrict to, const char *restrict from)
{
	for (unsigned i = 0; i < BLOCK; i++)
		to[i] = clean(from[i]);
}

static void copy_clean(char *restrict to, const char *restrict from, uint16_t length)
{
	if (length < BLOCK) {
		for (uint16_t i = 0; i < length; i++)
			to[i] = clean(from[i]);
		return;
	}
	for (uint16_t i = 0; i + BLOCK <= length; i += BLOCK)
		clean_block(to + i, from + i);
	clean_block(to + length - BLOCK, from + length - BLOCK); // the rest, and some bytes again
}

// Cleaning is the consumer's work: it has the time.
bool bs_log_take(struct bs_log *log, struct bs_log_line *line)
{
	const struct record *record = oldest(log);
	if (record == NULL)
		return false;
	line->wall_ns = record->wall_ns;
	line->severity = record->severity;
	line->length = record->length;
	copy_clean(line->text, record->text, record->length);
	line->text[record->length] = '\0';
	uint64_t tail = atomic_load_explicit(&log->tail, memory_order_relaxed);
	atomic_store_explicit(
		&log->tail, position_after(tail, record->length), memory_order_release);
	return true;
}

uint64_t bs_log_lost(const struct bs_log *log)
{
	return atomic_load_explicit(&log->lost, memory_order_relaxed);
}
