// SPDX-License-Identifier: BSD-3-Clause
//
// A check: one file, one function, one row of smtp/checks/rows.h. It looks at the facts and asks the DNS, and is run again from
// its beginning when answers have come; so it keeps nothing and only says how it came out.
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "control/policy/policy.h"
#include "smtp/checks/rows.h"
#include "smtp/dns/dns.h"
#include "smtp/judge/facts.h"

enum check_outcome {
	CHECK_NOT_RUN, // off, or nothing to look at (no sender domain in <>)
	CHECK_PENDING, // waits for the DNS
	CHECK_MISS,    // as it should be
	CHECK_HIT,     // what its sentence says is the case
	CHECK_UNKNOWN, // could not be told: never against the client
};

#define CHECK_DETAIL 160

struct check_result {
	uint8_t outcome; // enum check_outcome
	bool defer;      // CHECK_UNKNOWN that is answered with 450 (sender.on-dns-failure)
	bool of_names; // asked about HELO and sender, too, though of an earlier stage (client_lists)
	bool own_weights; // the two below stand instead of the row's weights (client_lists)
	int16_t doubt; // hundredths, not above 0: what those that could not be told might have spoken for the client
	int16_t weight;   // hundredths, of what is enforced
	int16_t observed; // and of what is only observed
	char detail
		[CHECK_DETAIL]; // one line for log, reply and explain; any bytes, cleaned by who shows it
};

// As before a run. Behind the detail's first byte anything may stand.
static inline void check_result_clear(struct check_result *result)
{
	memset(result, 0, offsetof(struct check_result, detail) + 1);
}

struct judge;     // smtp/judge/judge.h: what all checks of a worker share
struct judgement; // of one session

struct check_context {
	struct judge *judge;
	struct judgement *judgement; // for check_result_of()
	const struct facts *facts;
	const struct bs_policy *policy;
	unsigned row; // of the recipient's policy (control/policy/checks_policy.h)
	struct dns_asker *dns;
	bool explain; // only asked what would be: changes nothing (greylist, counts)
};

// `result` is zero before it.
typedef void check_run(const struct check_context *context, struct check_result *result);

// check_run_helo_literal() and so on. A row of BEHAVIOUR has none.
#define X(identifier, name, ...) check_run check_run_##name;
BS_CHECKS(X)
#undef X

// What another check of the same session came out as; it stands earlier in the order of running: by stage, then by row.
const struct check_result *check_result_of(
	const struct check_context *context, enum bs_check check);

struct check {
	const char *name;    // "helo-literal": key, counter, log
	uint8_t stage;       // enum bs_check_stage
	uint8_t consequence; // enum bs_consequence
	uint8_t mode;        // default
	struct bs_score score;
	uint16_t code;
	const char *enhanced, *text, *sentence;
	check_run *run; // NULL: BEHAVIOUR
};

extern const struct check checks[BS_CHECK_COUNT];

// The text of its reply in this policy, before its $words are replaced.
const char *check_reply(const struct bs_policy *policy, enum bs_check check);

// Sets outcome and detail (printf).
void check_says(struct check_result *result, enum check_outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
