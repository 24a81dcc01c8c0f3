// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of a judgement, for smtp/judge*.c only.
#pragma once

#include "smtp/judge/judge.h"

// What a check adds to the total in the last verdict, in hundredths.
struct check_weight {
	int32_t enforced, observed;
};

struct judgement {
	struct dns_asker dns; // first: its news lead to the judgement
	struct judge *judge;
	void (*news)(void *context);
	void *context;
	uint64_t ran;     // bit = enum bs_check: there is something in its result
	uint64_t done;    // and it stands
	uint64_t wanted;  // in the last verdict's policy, not off
	uint64_t counted; // of these, those in the counters
	unsigned row;     // of the recipient's policy that the results were made with
	bool waiting;     // the deadline is set
	bool explain;
	bool quiet;    // counts nothing: the session will
	bool naming;   // `name` is wanted
	bool named;    // `name` was looked for
	bool spared;   // its checks were not run ahead (smtp/judge/prepared.h)
	int32_t doubt; // what unknown results might have taken off the score, not above 0
	int32_t score, observed_score; // of the last verdict
	struct check_weight weight[BS_CHECK_COUNT];
	// From here on nothing is cleared for a new session.
	char name[DNS_NAME];
	struct check_result result[BS_CHECK_COUNT]; // see judgement_result()
};

// Runs what is wanted of these stages in this row; true when nothing is pending.
bool judgement_run(struct judgement *judgement, const struct check_context *context, unsigned first,
	unsigned last);
// Runs one check whatever its mode; true when its result stands.
bool judgement_run_one(
	struct judgement *judgement, const struct check_context *context, enum bs_check check);

// judge_wanted.c: sets of checks, a bit each.
#define BIT(check) (UINT64_C(1) << (check))

extern const uint64_t checks_of_stage[];
uint64_t checks_of_stages(unsigned first, unsigned last);
// What some recipient's policy wants.
uint64_t judgement_wanted(const struct bs_policy *policy);
// Of these, what is wanted for these facts and does not stand yet.
uint64_t judgement_left(
	const struct judgement *judgement, const struct check_context *context, uint64_t among);

// judge_decide.c
void judgement_decide(struct judgement *judgement, const struct check_context *context,
	struct judgement_verdict *verdict);
void judgement_refuse_denied(const struct precedence *precedence,
	const struct check_context *context, struct judgement_verdict *verdict);
