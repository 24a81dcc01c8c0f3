// SPDX-License-Identifier: BSD-3-Clause
//
// What a finished log line is about: taken from its text, which has Postfix's shape anyway, so that those who speak need
// say nothing twice. Cheap, and only as much as can be told without doubt: bytes of a client can stand in a line, but
// not where these fields are looked for.
//
// Pure functions, any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/seam/address.h"
#include "dataplane/seam/log.h"

struct log_fields {
	const char *
		event; // "NOQUEUE: reject: RCPT", "PREGREET", "mail"; into the text or constant, not ended by NUL
	size_t event_length;
	bool is_mail;   // one line of a mail's delivery
	bool takes_sum; // may be summed up when it comes again and again
	bool has_client;
	struct bs_address client;
	char session[BS_SESSION_ID]; // "" when the line has none
};

// `text` ends with NUL. A line of unknown shape has an empty event.
void log_fields_read(const char *text, struct log_fields *fields);

// The value of " KEY=" in a line that log_fields_read() knows as mail or as a rejection; NULL when it is not there. Without
// angle brackets; `*length` are its bytes.
const char *log_fields_value(
	const char *text, const struct log_fields *fields, const char *key, size_t *length);
