// SPDX-License-Identifier: BSD-3-Clause
//
// What becomes of the mail: one reply with SMTP, one for each recipient with LMTP (RFC 2033, 4.2), of which the client can be
// told only one. All took it: 250. None took it: their refusal. Else 451, and those that took it are remembered.
#include "smtp/relay/relay_state.h"

#include <time.h>

#include "smtp/worker/heap.h"

bool relay_digest_begin(struct relay *relay)
{
	uint32_t recipients = relay->envelope->recipient_count;
	relay->outcome = (struct relay_outcome){0};
	relay->recipients = recipients;
	relay->took_count = 0;
	relay->trace_left = UINT32_MAX; // known with the first bytes
	if (!relay->backend->place.lmtp)
		return true;
	relay->took = heap_take(relay->around.heap, recipients * sizeof(*relay->took));
	relay->digest = spool_digest_new();
	if (relay->took == NULL || relay->digest == NULL) {
		relay_forget_mail(relay);
		return false;
	}
	for (uint32_t i = 0; i < recipients; i++)
		relay->took[relay->took_count++] = i;
	return true;
}

void relay_digest(struct relay *relay, const uint8_t *bytes, size_t count)
{
	if (relay->trace_left == UINT32_MAX)
		relay->trace_left = relay->envelope->trace_bytes;
	size_t skip = relay->trace_left < count ? relay->trace_left : count;
	relay->trace_left -= (uint32_t)skip;
	// One recipient has one answer: nothing to remember.
	if (relay->digest == NULL || (relay->recipients < 2 && relay->content != CONTENT_SPOOL))
		return;
	if (!spool_digest_add(relay->digest, bytes + skip, count - skip)) {
		spool_digest_free(relay->digest);
		relay->digest = NULL;
	}
}

void relay_outcome_refused(struct relay *relay, const struct session_answer *answer)
{
	struct relay_outcome *outcome = &relay->outcome;
	bool temporary = answer->code / 100 == 4;
	// One that may take it later is the reason to try again.
	if (outcome->refused++ == 0 || (temporary && !outcome->temporary))
		outcome->refusal = *answer;
	outcome->temporary |= temporary;
}

void relay_outcome_keep(struct relay *relay)
{
	uint64_t seconds = (uint64_t)time(NULL);
	if (relay->call != CALL_COMMIT || relay->outcome.took == 0 || relay->took == NULL ||
		relay->digest == NULL)
		return;
	// In a retry it is known already.
	if (!relay->retry && !spool_digest_end(relay->digest, relay->digest_value))
		return;
	for (uint32_t i = 0; i < relay->outcome.took; i++)
		delivered_add(relay->backend->delivered, &relay->envelope->sender,
			&relay->envelope->recipient[relay->took[i]], relay->digest_value, seconds);
}

static void answer_partial(struct relay *relay, struct session_answer *answer)
{
	relay->around.counters->lmtp_partial++;
	relay_outcome_keep(relay);
	relay_answer_set(relay, answer, 451, "4.2.0",
		"not all recipients could take it, please try again later; who has it won't get it "
		"twice");
}

void relay_outcome_conclude(struct relay *relay)
{
	const struct relay_outcome *outcome = &relay->outcome;
	struct session_answer answer;
	if (outcome->refused != 0 && outcome->took != 0)
		answer_partial(relay, &answer);
	else if (outcome->refused != 0)
		answer = outcome->refusal;
	else if (outcome->took != 0)
		answer = outcome->success;
	else
		relay_answer_set(relay, &answer, 250, "2.0.0", "delivered before");
	relay_answer(relay, &answer);
	relay_forget_mail(relay);
}

static void heard_one(struct relay *relay, const struct session_answer *answer)
{
	struct relay_outcome *outcome = &relay->outcome;
	uint32_t recipient = relay->took != NULL ? relay->took[relay->end_index++] : 0;
	if (answer->code / 100 != 2) {
		relay_outcome_refused(relay, answer);
		return;
	}
	outcome->success = *answer;
	if (relay->took != NULL) // the list shrinks to those: never beyond what was read of it
		relay->took[outcome->took] = recipient;
	outcome->took++;
}

void relay_end_heard(struct relay *relay)
{
	struct session_answer answer;
	if (relay->link.reply.code / 100 == 3) {
		relay_lost_link(relay, LINK_NONSENSE);
		return;
	}
	relay_answer_reply(relay, OWED_END, &answer);
	heard_one(relay, &answer);
	if (--relay->ends_owed != 0)
		return;
	relay->owed_count = 0;
	relay_outcome_conclude(relay);
}
