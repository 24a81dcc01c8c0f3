// SPDX-License-Identifier: BSD-3-Clause
//
// Every reply of a session: one row a condition. Codes after RFC 5321, 4.2 and 4.3.2, enhanced codes after RFC 3463,
// wording after Postfix where log watchers (fail2ban, pflogsumm) look for it. RFC 2034, section 4: no enhanced code
// in replies to EHLO and HELO, nor in a 354.
//
// X(identifier, code, "enhanced", contact, "text"). A '$' in the text is where the argument goes; `contact` 1: the
// operator's contact is appended, so that who was refused knows whom to ask.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLIES(X) \
	X(HELP, 214, "2.0.0", 0, "Commands: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT") \
	X(BYE, 221, "2.0.0", 0, "Bye") \
	X(HELO, 250, "", 0, "$") \
	X(OK, 250, "2.0.0", 0, "Ok") \
	X(SENDER, 250, "2.1.0", 0, "Ok") \
	X(RECIPIENT, 250, "2.1.5", 0, "Ok") \
	X(VRFY, 252, "2.0.0", 0, "Cannot VRFY user, but will accept message and attempt delivery") \
	X(CONTENT, 354, "", 0, "End data with <CR><LF>.<CR><LF>") \
	X(DRAINING, 421, "4.3.2", 0, "Service shutting down, try again later") \
	X(NO_MEMORY, 421, "4.3.2", 0, "Out of memory, try again later") \
	X(TIMEOUT, 421, "4.4.2", 0, "Error: timeout exceeded") \
	X(VERDICT, 421, "4.7.0", 0, "Error: this client is refused for a while") \
	X(KILLED, 421, "4.7.0", 0, "Session ended by the operator, try again later") \
	X(MANY_ERRORS, 421, "4.7.0", 0, "Error: too many errors") \
	X(MANY_COMMANDS, 421, "4.7.0", 0, "Error: too many commands") \
	X(MANY_JUNK, 421, "4.7.0", 0, "Error: too many commands that send no mail") \
	X(DENIED, 421, "4.7.0", 1, "Error: your address was put on the deny list") \
	X(HARVEST, 421, "4.7.0", 0, \
		"<$>: Recipient address rejected: too many unknown recipients") \
	X(BACKEND, 451, "4.3.0", 0, "Error: mail backend trouble, try again later") \
	X(STORAGE, 452, "4.3.1", 0, "Error: insufficient system storage") \
	X(MANY_RECIPIENTS, 452, "4.5.3", 0, "Error: too many recipients") \
	X(OTHER_POLICY, 452, "4.5.3", 0, \
		"Error: this recipient wants the mail checked otherwise, send it again for this " \
		"one") \
	X(GARBAGE, 500, "5.5.2", 0, "Error: bad syntax") \
	X(LINE_TOO_LONG, 500, "5.5.2", 0, "Error: line too long") \
	X(BARE_LF_LINE, 500, "5.5.2", 0, "Error: a line ends with <CR><LF>, not with <LF>") \
	X(HELO_SYNTAX, 501, "", 0, "Syntax: $ hostname") \
	X(SENDER_SYNTAX, 501, "5.1.7", 0, "Error: bad sender address syntax") \
	X(RECIPIENT_SYNTAX, 501, "5.1.3", 0, "Error: bad recipient address syntax") \
	X(SYNTAX, 501, "5.5.4", 0, "Syntax: $") \
	X(PARAMETER, 501, "5.5.4", 0, "Error: bad parameter value") \
	X(NOT_IMPLEMENTED, 502, "5.5.1", 0, "Error: command not implemented") \
	X(NOT_RECOGNIZED, 502, "5.5.2", 0, "Error: command not recognized") \
	X(HELO_FIRST, 503, "5.5.1", 0, "Error: send HELO/EHLO first") \
	X(NESTED_MAIL, 503, "5.5.1", 0, "Error: nested MAIL command") \
	X(NEED_MAIL, 503, "5.5.1", 0, "Error: need MAIL command") \
	X(TOO_LARGE, 552, "5.3.4", 0, "Message size exceeds fixed limit") \
	X(EIGHT_BIT_ADDRESS, 553, "5.6.7", 0, "Error: address needs SMTPUTF8") \
	X(NO_RECIPIENTS, 554, "5.5.1", 0, "Error: no valid recipients") \
	X(TEXT_LINE_TOO_LONG, 554, "5.6.0", 1, "<DATA>: Data command rejected: line too long") \
	X(RELAY_DENIED, 554, "5.7.1", 1, "<$>: Relay access denied") \
	X(BLOCKED, 554, "5.7.1", 1, "Service unavailable; $") \
	X(PARAMETER_UNSUPPORTED, 555, "5.5.4", 0, "Error: unsupported parameter")

enum reply {
#define X(identifier, code, enhanced, contact, text) REPLY_##identifier,
	REPLIES(X)
#undef X
		REPLY_COUNT
};

#define REPLY_LINE 511 // RFC 5321, 4.5.3.1.5: 512 with CRLF, so 510 and the final NUL

struct session_answer;

uint16_t reply_code(enum reply reply);

// Writes the reply's line without CRLF; `argument` and `contact` may be NULL. What is too long is cut. Returns
// the length.
size_t reply_format(
	enum reply reply, const char *argument, const char *contact, char line[REPLY_LINE]);

// The same of what a backend said, followed by " (id)" when `id` is not NULL. Bytes that don't belong in a reply
// become '?'; a code that is none becomes 451.
size_t reply_format_answer(
	const struct session_answer *answer, const char *id, char line[REPLY_LINE]);

// A refusal of the judge: as above, and the contact, which may be empty.
size_t reply_format_refusal(
	const struct session_answer *answer, const char *contact, char line[REPLY_LINE]);

// The EHLO reply, all its lines with their CRLF (RFC 5321, 4.1.1.1). `room` of 512 is enough for any hostname.
size_t reply_format_ehlo(
	const char *hostname, uint64_t message_size, bool eight_bit, char *text, size_t room);
