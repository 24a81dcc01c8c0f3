// SPDX-License-Identifier: BSD-3-Clause
//
// Text put together piece by piece where snprintf() would cost a session's time: a printf of five fields is some 1500
// instructions, the same pieces copied are 150. What does not fit is cut. Nothing is cleaned.
//
// Any thread.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bs_text {
	char *begin, *at, *end; // *end is room for the final NUL
};

// `room`: bytes with the final NUL, at least 1.
static inline struct bs_text bs_text_in(char *buffer, size_t room)
{
	return (struct bs_text){buffer, buffer, buffer + room - 1};
}

static inline void bs_text_bytes(struct bs_text *text, const char *bytes, size_t count)
{
	size_t room = (size_t)(text->end - text->at);
	if (count > room)
		count = room;
	memcpy(text->at, bytes, count);
	text->at += count;
}

static inline void bs_text_put(struct bs_text *text, const char *string)
{
	bs_text_bytes(text, string, strlen(string));
}

// As "%.*s".
static inline void bs_text_most(struct bs_text *text, const char *string, size_t most)
{
	bs_text_bytes(text, string, strnlen(string, most));
}

static inline void bs_text_number(struct bs_text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	bs_text_bytes(text, digits + at, sizeof(digits) - at);
}

// Ends it; its length.
static inline size_t bs_text_end(struct bs_text *text)
{
	*text->at = '\0';
	return (size_t)(text->at - text->begin);
}

// As snprintf(to, room, "%s", from).
static inline void bs_text_copy(char *to, size_t room, const char *from)
{
	struct bs_text text = bs_text_in(to, room);
	bs_text_put(&text, from);
	bs_text_end(&text);
}

// snprintf() for formats of %s, %u and %c alone, at a fifth of its price; any other format is left to snprintf(). Returns the length of
// what stands in `to`, not of what did not fit.
size_t bs_print(char *to, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t bs_vprint(char *to, size_t room, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));
