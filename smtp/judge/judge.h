// SPDX-License-Identifier: BSD-3-Clause
//
// The judge: runs the checks of a session as far as the facts go, and says for each recipient what it comes to. What comes before the
// checks, and what `explain` prints as precedence, is smtp/judge/precedence.h's. Relaying and unknown recipients are
// refused whoever asks; that is the session's and the backend's (smtp/session/session_recipient.c).
//
//   judge.c          a judgement's life, running checks
//   judge_wanted.c   which checks are wanted
//   judge_decide.c   from results to a verdict
//   judge_text.c     what it says in the log
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/checks/check.h"
#include "smtp/judge/facts.h"
#include "smtp/judge/precedence.h"

struct bs_log;
struct bs_worker_counters;
struct dnsl_health;
struct heap;
struct memory;
struct prepared;
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
	struct prepared *prepared;  // what was asked ahead a moment ago
};

struct judgement;

// `news` is called when an answer that is waited for may be there; never from within a call. NULL without memory.
struct judgement *judgement_new(struct judge *judge, void (*news)(void *context), void *context);
void judgement_free(struct judgement *judgement); // NULL is allowed
// It counts nothing: another one is made of the same session.
void judgement_quiet(struct judgement *judgement);

// The client said HELO anew, or a new envelope begins: what was found out about it is void.
void judgement_new_helo(struct judgement *judgement);
void judgement_new_sender(struct judgement *judgement);

// Begins to ask what the facts so far will be judged by. Cheap when nothing is new.
void judgement_prepare(
	struct judgement *judgement, const struct facts *facts, const struct bs_policy *policy);

#define JUDGEMENT_TEXT 256

struct explain_row;

struct judgement_verdict {
	uint16_t code;     // 250: nothing against it
	char enhanced[12]; // "5.7.1"
	char text[JUDGEMENT_TEXT];
	uint8_t check;          // enum bs_check that answered; BS_CHECK_COUNT: a list, or nothing
	bool denied;            // a deny list answered
	bool allowed;           // something allows it: no check counted
	int32_t score;          // hundredths, of what is enforced
	int32_t observed_score; // and of all
	char observed
		[JUDGEMENT_TEXT]; // "554 5.7.1 ...": what would be told if all that is observed were enforced; "" when nothing else
};

// The verdict about the facts as they are: about the recipient in question, or, without one, about client, HELO and
// sender. False while answers are pending: call it again after `news`; it has an end, dns_deadline_ms of the policy after the first
// call. `policy` must not change in between.
bool judgement_find(struct judgement *judgement, const struct facts *facts,
	const struct bs_policy *policy, struct judgement_verdict *verdict);

// For `explain`: all checks are run whatever their mode, and nothing is counted or remembered. Before the first judgement_find().
void judgement_explains(struct judgement *judgement);
// How one came out, in the policy of the recipient.
void judgement_explain(const struct judgement *judgement, const struct bs_policy *policy,
	enum bs_check check, struct explain_row *row);

// All that had a part in the last verdict: "client-lists=4.35(zen) helo-other=1.50? total=4.35": a ? marks what is only
// observed. "" when nothing had. Returns `text`.
char *judgement_summary(const struct judgement *judgement, char *text, size_t room);
// For the log and the Received header: the client's confirmed name, "unknown" when there is none or it is not known.
const char *judgement_client_name(const struct judgement *judgement);
const struct check_result *judgement_result(const struct judgement *judgement, enum bs_check check);
// The lists of good clients outweigh those of the others, as far as is known.
bool judgement_is_white(
	struct judgement *judgement, const struct facts *facts, const struct bs_policy *policy);
