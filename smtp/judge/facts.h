// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of a session, as its checks see it: only the packets' address and the envelope. No header of a mail comes in
// here, so no check can judge by one.
//
// Owner: one worker; lives in the session.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/class/class.h"
#include "dataplane/seam/address.h"
#include "smtp/mailbox.h"

struct bs_source;

struct facts {
	struct bs_address client;
	struct bs_address local;         // which of our addresses was called
	uint8_t class;                   // row of the policy's classes, at the latest command
	struct bs_source *source;        // held by the connection; may be NULL
	const char *helo;                // as said, cleaned; "" before EHLO
	const struct mailbox *sender;    // NULL before MAIL; <> is empty
	const struct mailbox *recipient; // the one in question; NULL before RCPT
	uint32_t recipients;             // accepted of this mail before it
	uint32_t unknown;                // recipients of this session that nobody has
	uint64_t wall_s;                 // now, Unix time
	uint64_t now_ms;                 // now, the worker's clock
};
