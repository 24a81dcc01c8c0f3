// SPDX-License-Identifier: BSD-3-Clause
//
// A log line as one JSON object: time (RFC 3339, UTC), severity, session, client, event, the fields of mails and
// rejections, and the text itself.
//
// Pure; any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/seam/log.h"

// The longest: a text of which each byte is escaped, twice, and the names.
#define LOG_JSON_TEXT 4608

// Without newline; returns the length. `text` is printable ASCII, ended by NUL; more than BS_LOG_TEXT of it is cut.
size_t log_json(
	uint64_t wall_ns, enum bs_severity severity, const char *text, char out[LOG_JSON_TEXT]);

const char *log_severity_word(enum bs_severity severity);
