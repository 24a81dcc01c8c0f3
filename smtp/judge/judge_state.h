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
	uint64_t done;    // bit = enum bs_check: its result stands
	uint64_t wanted;  // in the last verdict's policy, not off
	uint64_t counted; // of these, those in the counters
	unsigned row;     // of the recipient's policy that the results were made with
	bool waiting;     // the deadline is set
	bool explain;
	bool quiet;  // counts nothing: the session will
	bool naming; // `name` is wanted
	bool named;  // `name` was looked for
	bool spared; // its checks were not run ahead (smtp/judge/prepared.h)
	char name[DNS_NAME];
	int32_t doubt; // what unknown results might have taken off the score, not above 0
	int32_t score, observed_score; // of the last verdict
	struct check_weight weight[BS_CHECK_COUNT];
	struct check_result result[BS_CHECK_COUNT];
};

// Runs what is wanted of these stages in this row; true when nothing is pending.
bool judgement_run(struct judgement *judgement, const struct check_context *context, unsigned first,
	unsigned last);
// Runs one check whatever its mode; true when its result stands.
bool judgement_run_one(
	struct judgement *judgement, const struct check_context *context, enum bs_check check);

// judge_decide.c
void judgement_decide(struct judgement *judgement, const struct check_context *context,
	struct judgement_verdict *verdict);
void judgement_refuse_denied(const struct precedence *precedence,
	const struct check_context *context, struct judgement_verdict *verdict);
