// SPDX-License-Identifier: BSD-3-Clause
//
// The search for Message-ID: a small machine that steps through the header and stops at the empty line.
#include "smtp/session/message_id.h"

#include <string.h>

#define HEADER_MAX 65536 // bytes after which a header is not looked at any more

static const char field[] = "message-id:";

enum state {
	LINE_START,
	NAME,  // `matched` bytes of the field's name are right
	OTHER, // in a line that is none of ours
	VALUE, // behind the name, before '<'
	FOLD,  // the same, at a line's start
	ID,    // within the angle brackets
	DONE
};

static char lower(char byte)
{
	return (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}

static void step(struct message_id *id, char byte)
{
	if (id->state == FOLD) // RFC 5322, 2.2.3: a folded line begins with white space
		id->state = byte == ' ' || byte == '\t' ? VALUE : LINE_START;
	switch ((enum state)id->state) {
	case LINE_START:
		id->matched = 0;
		if (byte == '\r' || byte == '\n') { // the empty line
			id->state = DONE;
			return;
		}
		id->state = NAME;
		// fall through
	case NAME:
		id->state = lower(byte) == field[id->matched] ? NAME : OTHER;
		id->matched++;
		if (id->state == NAME && field[id->matched] == 0)
			id->state = VALUE;
		else if (byte == '\n')
			id->state = LINE_START;
		return;
	case OTHER:
		if (byte == '\n')
			id->state = LINE_START;
		return;
	case VALUE:
		if (byte == '<') {
			id->state = ID;
			id->text[0] = '<';
			id->matched = 1;
		} else if (byte == '\n') {
			id->state = FOLD;
		} else if (byte != ' ' && byte != '\t' && byte != '\r') {
			id->state = OTHER;
		}
		return;
	case ID:
		if (byte == '\r' || byte == '\n' || id->matched == MESSAGE_ID_TEXT - 2)
			byte = '>'; // cut
		id->text[id->matched++] = (char)(byte > ' ' && byte < 127 ? byte : '?');
		if (byte == '>')
			id->state = DONE;
		return;
	case FOLD:
	case DONE:
		return;
	}
}

void message_id_feed(struct message_id *id, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count && id->state != DONE; i++) {
		if (++id->seen > HEADER_MAX) {
			if (id->state != ID)
				id->text[0] = 0;
			id->state = DONE;
			return;
		}
		if (id->state == OTHER) { // most of a header: go to the line's end at once
			const uint8_t *feed = memchr(bytes + i, '\n', count - i);
			size_t skip = feed == NULL ? count - i : (size_t)(feed - bytes) - i;
			id->seen += (uint32_t)skip;
			i += skip;
			if (i == count)
				return;
		}
		step(id, (char)bytes[i]);
	}
}
