// SPDX-License-Identifier: BSD-3-Clause
//
// A place has a version: odd while it is written, even when it holds line (version / 2 - 1). A reader copies and looks at the
// version again: when it moved, the copy is of two lines and the first one is gone. Places are copied as atomic words, so
// that the race is one that the language knows.
#include "control/log/log_tail.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HEAD  offsetof(struct bs_log_line, text)
#define WORDS (sizeof(struct bs_log_line) / sizeof(uint64_t))
_Static_assert(sizeof(struct bs_log_line) % sizeof(uint64_t) == 0, "copied in words");
_Static_assert((LOG_TAIL_LINES & (LOG_TAIL_LINES - 1)) == 0, "numbers become places by a mask");

struct place {
	_Atomic uint64_t version;
	_Atomic uint64_t word[WORDS];
};

struct log_tail {
	_Atomic uint64_t next;
	_Atomic(struct bs_bell *) bell; // NULL: nobody follows
	unsigned followers;
	uint64_t rung; // the writer's: `next` when it last rang
	struct place place[LOG_TAIL_LINES];
};

struct log_tail *log_tail_new(void)
{
	return calloc(1, sizeof(struct log_tail));
}

void log_tail_free(struct log_tail *tail)
{
	free(tail);
}

// Words of a line of this length that have to be copied.
static size_t words_of(size_t length)
{
	return (HEAD + length + 1 + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

void log_tail_put(
	struct log_tail *tail, uint64_t wall_ns, enum bs_severity severity, const char *text)
{
	struct bs_log_line line; // all that is copied of it is written
	uint64_t number = atomic_load_explicit(&tail->next, memory_order_relaxed);
	struct place *place = &tail->place[number & (LOG_TAIL_LINES - 1)];
	size_t length = strnlen(text, BS_LOG_TEXT), words = words_of(length);
	line.wall_ns = wall_ns;
	line.severity = (uint8_t)severity;
	line.length = (uint16_t)length;
	memcpy(line.text, text, length);
	memset(line.text + length, 0, words * sizeof(uint64_t) - HEAD - length);
	atomic_store_explicit(&place->version, number * 2 + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < words; i++) {
		uint64_t word;
		memcpy(&word, (const char *)&line + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&place->word[i], word, memory_order_relaxed);
	}
	atomic_store_explicit(&place->version, number * 2 + 2, memory_order_release);
	atomic_store_explicit(&tail->next, number + 1, memory_order_release);
}

void log_tail_ring(struct log_tail *tail)
{
	struct bs_bell *bell = atomic_load_explicit(&tail->bell, memory_order_acquire);
	uint64_t next = atomic_load_explicit(&tail->next, memory_order_relaxed);
	bool news = next != tail->rung;
	tail->rung = next;
	if (news && bell != NULL)
		bs_bell_ring(bell);
}

uint64_t log_tail_next(const struct log_tail *tail)
{
	return atomic_load_explicit(&tail->next, memory_order_acquire);
}

enum log_tail_result log_tail_get(
	const struct log_tail *tail, uint64_t number, struct bs_log_line *line)
{
	const struct place *place = &tail->place[number & (LOG_TAIL_LINES - 1)];
	uint64_t words[WORDS];
	if (number >= log_tail_next(tail))
		return LOG_TAIL_NOT_YET;
	if (atomic_load_explicit(&place->version, memory_order_acquire) != number * 2 + 2)
		return LOG_TAIL_GONE;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&place->word[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&place->version, memory_order_relaxed) != number * 2 + 2)
		return LOG_TAIL_GONE;
	memcpy(line, words, sizeof(*line));
	line->text[line->length] = '\0';
	return LOG_TAIL_LINE;
}

void log_tail_follow(struct log_tail *tail, struct bs_bell *bell)
{
	tail->followers++;
	atomic_store_explicit(&tail->bell, bell, memory_order_release);
}

void log_tail_leave(struct log_tail *tail)
{
	if (--tail->followers == 0)
		atomic_store_explicit(&tail->bell, NULL, memory_order_release);
}
