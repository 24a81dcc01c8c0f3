// SPDX-License-Identifier: BSD-3-Clause
//
// The policy: everything that decides about a client, as one immutable snapshot behind one pointer.
// Control builds it (control/policy.c), dataplane lcores and workers read it. No field changes after
// it was published.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/class.h"
#include "dataplane/seam/address.h"

// What happens to a source of a class.
enum bs_action {
	BS_ACTION_NONE,   // plain: judged by the checks
	BS_ACTION_ALLOW,  // every filter bypassed, no wait
	BS_ACTION_REFUSE, // 554 with the reason
	BS_ACTION_DROP,   // its SYN is not answered
	BS_ACTION_BOGON,  // dropped; counted as syn-bogon
	BS_ACTION_OWN,    // dropped; counted as syn-own
};

enum bs_refuse_at {
	BS_REFUSE_AT_RCPT, // default: postmaster and abuse stay reachable, the log has sender and recipient
	BS_REFUSE_AT_CONNECT, // the greeting is 554
};

#define BS_CLASS_NAME 32
struct bs_class {
	char name[BS_CLASS_NAME]; // of the list, for log and reply: [A-Za-z0-9._-]
	uint8_t action;           // enum bs_action
	uint8_t refuse_at;        // enum bs_refuse_at
};

// Texts that the dataplane sends by itself, so that what must be sent again is made again and not kept.
// Complete SMTP replies with CRLF, one segment each (RFC 5321, 4.5.3.1.5: 512 bytes a line at most).
enum bs_template_number {
	BS_TEMPLATE_NONE,
	BS_TEMPLATE_GREETING, // 220
	BS_TEMPLATE_PREGREET, // 554: spoke before the greeting
	BS_TEMPLATE_DENIED,   // 554: on a deny list with refuse-at = connect
	BS_TEMPLATE_SYNC,     // 554: spoke after the greeting was sent and before it arrived
	BS_TEMPLATE_SEQUENCE, // 503: anything but QUIT after a 554 greeting
	BS_TEMPLATE_BYE,      // 221
	BS_TEMPLATE_BUSY,     // 421: no session block
	BS_TEMPLATE_DRAINING, // 421: stopping
	BS_TEMPLATE_TIMEOUT,  // 421: silent after the greeting
	BS_TEMPLATES
};

#define BS_TEMPLATE_TEXT 508 // RFC 5321's 512 at most; a power of two less two counts
struct bs_template {
	uint16_t length;
	char text[BS_TEMPLATE_TEXT];
};

enum bs_bare_newline { BS_BARE_NEWLINE_REJECT, BS_BARE_NEWLINE_NORMALISE };

struct bs_policy {
	// ingress
	struct bs_class_table *classes;
	struct bs_class class
		[BS_CLASSES_MAX]; // row = what bs_classify_bulk() gives; row 0 is plain
	uint32_t class_count;
	// waiting
	uint32_t wait_ms; // before the greeting, for those who are not allowed in at once
	struct bs_template template[BS_TEMPLATES];
	uint32_t greeted_timeout_ms; // for the first command
	// smtp
	char hostname[256];
	char **domains; // lower case, the first gets <postmaster>
	uint32_t domain_count;
	char contact[256];            // appended to refusals; may be empty
	uint32_t command_timeout_ms;  // for one whole command
	uint32_t data_timeout_ms;     // without progress, and the allowance at the start of DATA
	uint32_t data_rate;           // bytes a second below which DATA runs out of time
	uint64_t message_size;        // bytes, 0: no limit
	uint32_t line_length;         // bytes of a command line with CRLF
	uint32_t text_line_length;    // bytes of a line of a mail with CRLF, 0: no limit
	uint32_t errors;              // refused commands before 421
	uint32_t commands;            // commands in a session
	uint32_t junk_commands;       // NOOP, RSET, VRFY, HELP, EHLO without a mail between
	uint32_t recipients;          // of one mail
	uint32_t unknown_recipients;  // of one session; one more and it is disconnected
	uint8_t allowed_bare_newline; // enum bs_bare_newline, for clients with BS_ACTION_ALLOW
};

// The one pointer. Set before any lcore starts.
extern _Atomic(const struct bs_policy *) bs_policy_current;

static inline const struct bs_policy *bs_policy_get(void)
{
	return atomic_load_explicit(&bs_policy_current, memory_order_acquire);
}
