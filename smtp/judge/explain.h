// SPDX-License-Identifier: BSD-3-Clause
//
// `barscreenctl explain`: control asks what a client would be told, and a worker runs every check live and writes down how each came out.
// Nothing is remembered or counted by it.
//
// One question at a time, in a door of its own, since it waits for the DNS: control fills it in and puts it there, the worker empties the door when it
// has answered; in between the question is the worker's.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/bell.h"
#include "smtp/checks/check.h"
#include "smtp/judge/judge.h"
#include "smtp/session/received.h"
#include "smtp/session/reply.h"

struct explain_row {
	uint8_t outcome;            // enum check_outcome
	uint8_t mode;               // enum bs_mode, in the recipient's policy
	int32_t enforced, observed; // weight, hundredths
	char detail[CHECK_DETAIL];
};

struct explain {
	// the question
	struct bs_address client, local; // `local`: which of our addresses is called
	char helo[RECEIVED_HELO];        // "": not asked about
	bool has_sender, has_recipient;
	struct mailbox sender, recipient;
	struct bs_bell *asker;
	// the answer
	struct explain_row row[BS_CHECK_COUNT];
	struct judgement_verdict verdict;
	char client_name[DNS_NAME];
	char class[BS_CLASS_NAME];            // of the client
	uint8_t action;                       // enum bs_action
	char policy[BS_POLICY_NAME];          // of the recipient; "" when it is that of all
	char precedence[200];                 // which of the rules decided, a sentence
	char reply[REPLY_LINE];               // what the client is told
	bool relayed;                         // the recipient's domain is ours
	uint32_t wait_ms;                     // that a plain client has before the greeting
	int32_t refuse_at, defer_at, skip_at; // thresholds, hundredths; 0: never
	_Atomic bool failed;                  // no memory
};

struct explain_door {
	_Atomic(struct explain *) question;
};

// The worker's side.
struct explainer;
// `door` may be NULL: then nobody asks. NULL without memory.
struct explainer *explainer_new(struct judge *judge, struct explain_door *door);
void explainer_free(struct explainer *explainer);
// Takes up a question, goes on with it; returns 1 when it did something. Once a turn.
bool explainer_ready(const struct explainer *explainer);
unsigned explainer_turn(struct explainer *explainer, uint64_t now_ms, uint64_t wall_s);
