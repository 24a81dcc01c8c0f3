// SPDX-License-Identifier: BSD-3-Clause
//
// Who comes before whom: what the lists say of a client, a sender and a recipient, before any check is asked.
//
//   1 the client is allowed (runtime entries before lists): nothing is checked
//   2 lists with action drop are the dataplane's
//   3 the recipient is allowed; postmaster and abuse always are
//   4 the sender is allowed: if SPF passes, or its list says that this does not matter (unverified)
//   5 client, HELO, client's name, sender or recipient is denied
//   6 what the checks say
// A trusted relay is as in 6, without the checks of the client (stages CLIENT and HELO, SPF, greylisting).
//
// Pure. Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/policy/policy.h"
#include "smtp/judge/facts.h"

enum precedence_kind {
	PRECEDENCE_CHECKS,
	PRECEDENCE_ALLOWED,
	PRECEDENCE_ALLOWED_IF_SPF, // when SPF passes; else as `otherwise` says
	PRECEDENCE_DENIED,
};

enum precedence_of {
	PRECEDENCE_OF_CLIENT,
	PRECEDENCE_OF_HELO,
	PRECEDENCE_OF_NAME, // of the client
	PRECEDENCE_OF_SENDER,
	PRECEDENCE_OF_RECIPIENT,
};

struct precedence {
	uint8_t kind;      // enum precedence_kind
	uint8_t otherwise; // PRECEDENCE_CHECKS or _DENIED
	uint8_t of;        // enum precedence_of: of the denial, else of what allows
	uint8_t class;     // row of the policy's classes that says so
	bool relay;        // a trusted relay
	bool observed;     // a list whose action is observe would have denied:
	uint8_t observed_of, observed_class;
};

// `client_name`: confirmed, or NULL. `helo_is_client`: the name of the HELO leads to the client's address, so that an allow list may
// trust it. Facts that are not known yet are left out.
struct precedence precedence_find(const struct facts *facts, const struct bs_policy *policy,
	const char *client_name, bool helo_is_client);

// The reply to a denial: "554", "5.7.1" and this text; `room` of 256 is enough.
void precedence_text(const struct precedence *precedence, const struct facts *facts,
	const struct bs_policy *policy, char *text, size_t room);
