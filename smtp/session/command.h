// SPDX-License-Identifier: BSD-3-Clause
//
// What a command line says: verb, argument, path, ESMTP parameters (RFC 5321, 4.1.1 and 4.1.2). Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/mailbox.h"

// X(identifier, "name"), in the order in which Postfix lists them in its closing line.
#define VERBS(X) \
	X(HELO, "HELO") \
	X(EHLO, "EHLO") \
	X(STARTTLS, "STARTTLS") \
	X(AUTH, "AUTH") \
	X(MAIL, "MAIL") \
	X(RCPT, "RCPT") \
	X(DATA, "DATA") \
	X(BDAT, "BDAT") \
	X(RSET, "RSET") \
	X(NOOP, "NOOP") \
	X(VRFY, "VRFY") \
	X(EXPN, "EXPN") \
	X(ETRN, "ETRN") \
	X(QUIT, "QUIT") \
	X(HELP, "HELP")

enum verb {
#define X(identifier, name) VERB_##identifier,
	VERBS(X)
#undef X
		VERB_UNKNOWN, // a word that is no command of ours: GET, Received:, ...
	VERB_GARBAGE,         // empty, control characters, no word at its start
	VERB_COUNT
};

// "RCPT", "UNKNOWN"; in `verb_lower_name` "rcpt", "unknown". Garbage is called unknown too.
const char *verb_name(enum verb verb);
const char *verb_lower_name(enum verb verb);

// What a line is that is no command of ours.
enum command_sort {
	COMMAND_SMTP,    // one, or a mistake
	COMMAND_FOREIGN, // of another protocol: HTTP, SSH, TLS
	COMMAND_HEADER,  // a header line: "Subject: ..."
};

#define COMMAND_TLS_HANDSHAKE 22 // RFC 8446, 5.1: first byte of a ClientHello; no command begins so

struct command {
	enum verb verb;
	enum command_sort sort;
	const char *argument; // without spaces before and after it
	size_t length;
};

// `line` without CRLF, any bytes. What `command` points at lies in `line`.
void command_parse(const char *line, size_t length, struct command *command);

enum path_error {
	PATH_OK,
	PATH_MISSING,   // no FROM: or TO:, or no angle bracket after it
	PATH_MALFORMED, // what follows is no mailbox
	PATH_EIGHT_BIT,
};

// "FROM:<path> parameters" or "TO:<path> parameters"; moves `command` on to the parameters. A space after the
// colon is borne, as by everybody.
enum path_error command_path(
	struct command *command, enum mailbox_path path, struct mailbox *mailbox);

struct mail_parameters {
	uint64_t size;  // RFC 1870; 0 when not given, UINT64_MAX when it fits nothing
	bool eight_bit; // RFC 6152
};

enum parameter_error {
	PARAMETER_OK,
	PARAMETER_MALFORMED,   // 501 5.5.4: not keyword[=value], a bad value, or twice
	PARAMETER_UNSUPPORTED, // 555 5.5.4: RFC 5321, 4.1.1.11
};

// `parameters` NULL: no parameter is known (RCPT).
enum parameter_error command_parameters(
	const struct command *command, struct mail_parameters *parameters);
