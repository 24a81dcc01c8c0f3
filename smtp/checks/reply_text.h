// SPDX-License-Identifier: BSD-3-Clause
//
// The text of a check's reply: "<$recipient>: Recipient address rejected: $detail" with what it stands for. Pure functions.
//
//   $client          the client's address
//   $name            its confirmed name, or "unknown"
//   $helo            as said
//   $sender          $recipient: local@domain; "" for <> and before MAIL or RCPT
//   $sender-domain
//   $detail          what the check found
//   $$               $
//
// What others chose is cut to REPLY_VALUE bytes, and made printable ASCII (RFC 5321, 4.2), so that it can neither end the reply nor push
// the contact out of it.
#pragma once

#include <stddef.h>

#include "smtp/judge/facts.h"

#define REPLY_VALUE 100

struct reply_values {
	const struct facts *facts;
	const char *name;   // confirmed; "" or NULL: none
	const char *detail; // may be NULL
};

// Writes code and CRLF by no means, but the contact when there is one ("; for help: "), as smtp/session/reply.c does; it always stands whole, what
// is too long is cut before it. Returns the length. `room` of 256 is enough for the contact and more than 100 of the text.
size_t reply_text(const char *template, const struct reply_values *values, const char *contact,
	char *text, size_t room);

// For the audit of a configuration: the first word after a '$' that stands for nothing, with its length, or NULL.
const char *reply_text_unknown(const char *template, size_t *length);
