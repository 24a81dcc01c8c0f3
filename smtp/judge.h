// SPDX-License-Identifier: BSD-3-Clause
//
// The judge: runs the checks of a session as far as the facts go, and says for each recipient what it comes to.
//
// Precedence (also what `explain` prints):
//   1 the client is allowed (runtime entries before lists), or a trusted relay: no check
//   2 lists with action drop, in the dataplane
//   3 the recipient is allowed; postmaster and abuse always are
//   4 the sender is allowed, and SPF passes or its list says that this does not matter
//   5 client, sender or recipient is denied
//   6 what checks refuse, what they defer, the total of the weights, greylisting
// Relaying and unknown recipients are refused whoever asks; that is the session's and the backend's (smtp/session_recipient.c).
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/checks/check.h"
#include "smtp/facts.h"
#include "smtp/session.h"

struct bs_log;
struct bs_worker_counters;
struct dnsl_health;
struct heap;
struct memory;
struct resolver;
struct spf;

// What the checks of a worker share. Filled in by the worker; any of the pointers may be NULL: the checks that need it come out
// unknown.
struct judge {
	struct heap *heap;
	struct bs_log *log;
	struct bs_worker_counters *counters;
	struct dns_source *dns;
	struct spf *spf;
	struct memory *memory;      // of all workers
	struct dnsl_health *health; // of all workers
};

struct judgement;

// `news` is called when an answer that judgement_recipient() waits for may be there; not from within a call.
// NULL without memory.
struct judgement *judgement_new(struct judge *judge, void (*news)(void *context), void *context);
void judgement_free(struct judgement *judgement);

// The facts have changed: begins to ask what will be wanted. Cheap when nothing is new.
void judgement_prepare(
	struct judgement *judgement, const struct facts *facts, const struct bs_policy *policy);

// What a recipient is told. code 250: go on to the backend.
struct judgement_verdict {
	struct session_answer answer;
	bool close;         // after the answer the session ends
	uint8_t check;      // enum bs_check that answered, BS_CHECK_COUNT when none did
	char observed[200]; // what would have been told if all were enforced; "" when the same
	int32_t score, observed_score; // hundredths
	bool deferred;
};

// False while answers are pending: call it again after `news` or when `deadline_ms` has come, which is counted from the first call.
bool judgement_recipient(struct judgement *judgement, const struct facts *facts,
	const struct bs_policy *policy, struct judgement_verdict *verdict, uint64_t *deadline_ms);

// One line of all that had a part in it: "client-lists=4.35(zen) helo-other=1.50~ total=4.35"; a ~ marks what is only observed. "" when
// nothing had. Returns `text`.
char *judgement_summary(const struct judgement *judgement, char *text, size_t room);
// For the log and the Received header: the client's confirmed name, or "unknown".
const char *judgement_client_name(const struct judgement *judgement);
const struct check_result *judgement_result(const struct judgement *judgement, enum bs_check check);
