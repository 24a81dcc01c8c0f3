// SPDX-License-Identifier: BSD-3-Clause
//
// Picks the Message-ID out of a mail's header as the mail passes, for the log. Takes the content in any pieces and looks
// only at its header, and at no more than a bounded part of that.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_ID_TEXT 200 // longer ones are cut; RFC 5322 has no bound but the line's

struct message_id {
	char text[MESSAGE_ID_TEXT]; // with its angle brackets; empty when none was found
	uint8_t state;
	uint8_t matched; // bytes of "message-id:" or of `text`
	uint32_t seen;   // bytes of header looked at
};

// All zero at the beginning. `bytes` are clean content: every line ends with CRLF.
void message_id_feed(struct message_id *id, const uint8_t *bytes, size_t count);
