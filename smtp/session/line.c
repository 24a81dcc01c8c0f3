// SPDX-License-Identifier: BSD-3-Clause
//
// Line assembly.
#include "smtp/session/line.h"

#include <string.h>

// Keeps the beginning of a line whose end has not come.
static enum line_result keep(
	struct line *line, struct heap *heap, uint32_t limit, const uint8_t *bytes, size_t count)
{
	if (line->too_long)
		return LINE_PARTIAL;
	if (line->kept == NULL) {
		line->kept = heap_take(heap, limit);
		if (line->kept == NULL)
			return LINE_NO_MEMORY;
		line->room = limit;
	}
	if (count > line->room - line->length) {
		line->too_long = true;
		line->length = 0;
		return LINE_PARTIAL;
	}
	memcpy(line->kept + line->length, bytes, count);
	line->length += (uint32_t)count;
	return LINE_PARTIAL;
}

enum line_result line_feed(struct line *line, struct heap *heap, uint32_t limit,
	const uint8_t *bytes, size_t count, size_t *taken, const char **text, size_t *length)
{
	const uint8_t *feed = memchr(bytes, '\n', count);
	*taken = feed == NULL ? count : (size_t)(feed - bytes) + 1;
	if (feed == NULL && count > limit)
		line->too_long = true; // whatever is kept of it
	if (feed == NULL)
		return keep(line, heap, limit, bytes, count);

	if (line->length > 0) {
		keep(line, heap, limit, bytes, *taken);
		*text = line->kept;
		*length = line->length;
	} else {
		*text = (const char *)bytes;
		*length = *taken;
	}
	bool too_long = line->too_long || *length > limit;
	line->too_long = false;
	line->length = 0;
	if (too_long)
		return LINE_TOO_LONG;
	*length -= 1;
	if (*length == 0 || (*text)[*length - 1] != '\r')
		return LINE_BARE_LF;
	*length -= 1;
	return LINE_WHOLE;
}

void line_release(struct line *line, struct heap *heap)
{
	heap_release(heap, line->kept);
	*line = (struct line){0};
}
