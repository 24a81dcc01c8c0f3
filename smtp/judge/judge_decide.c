// SPDX-License-Identifier: BSD-3-Clause
//
// From results to a verdict: who refuses by himself, then who defers, then the total, then greylisting. What is observed is
// worked out beside it, as if all of it were enforced, and changes nothing.
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "smtp/checks/reply_text.h"
#include "smtp/judge/judge_state.h"

static void answer(const struct check_context *context, enum bs_check check, uint16_t code,
	const char *enhanced, struct judgement_verdict *verdict)
{
	verdict->code = code;
	verdict->check = (uint8_t)check;
	snprintf(verdict->enhanced, sizeof(verdict->enhanced), "%s", enhanced);
	struct reply_values values = {.facts = context->facts,
		.name = judgement_client_name(context->judgement),
		.detail = judgement_result(context->judgement, check)->detail};
	reply_text(check_reply(context->policy, check), &values, "", verdict->text,
		sizeof(verdict->text));
}

// What would have been the answer; the first stands.
static void note(const struct judgement_verdict *would, struct judgement_verdict *verdict)
{
	if (verdict->observed[0] == 0)
		snprintf(verdict->observed, sizeof(verdict->observed), "%u %s %.220s", would->code,
			would->enhanced, would->text);
}

static void answer_or_note(const struct check_context *context, enum bs_check check, unsigned mode,
	uint16_t code, const char *enhanced, struct judgement_verdict *verdict)
{
	struct judgement_verdict would = {0};
	if (mode == BS_MODE_ENFORCE) {
		answer(context, check, code, enhanced, verdict);
		return;
	}
	answer(context, check, code, enhanced, &would);
	note(&would, verdict);
}

void judgement_refuse_denied(const struct precedence *precedence,
	const struct check_context *context, struct judgement_verdict *verdict)
{
	verdict->code = 554;
	verdict->denied = true;
	snprintf(verdict->enhanced, sizeof(verdict->enhanced), "5.7.1");
	precedence_text(
		precedence, context->facts, context->policy, verdict->text, sizeof(verdict->text));
}

// Hits that answer by themselves, and failures that were configured to defer.
static void decide_by_checks(struct judgement *judgement, const struct check_context *context,
	enum bs_consequence consequence, struct judgement_verdict *verdict)
{
	for (unsigned i = 0; i < BS_CHECK_COUNT && verdict->code == 250; i++) {
		const struct check_result *result = judgement_result(judgement, (enum bs_check)i);
		unsigned mode = bs_check_mode(context->policy, context->row, (enum bs_check)i);
		if (mode == BS_MODE_OFF || i == BS_CHECK_GREYLIST)
			continue;
		if (consequence == BS_DEFERS && result->outcome == CHECK_UNKNOWN && result->defer)
			answer_or_note(context, (enum bs_check)i, mode, 450, "4.1.8", verdict);
		else if (checks[i].consequence == consequence && result->outcome == CHECK_HIT)
			answer_or_note(context, (enum bs_check)i, mode, checks[i].code,
				checks[i].enhanced, verdict);
	}
}

static struct check_weight weigh(const struct judgement *judgement, const struct bs_policy *policy,
	unsigned row, enum bs_check check)
{
	const struct check_result *result = judgement_result(judgement, check);
	unsigned mode = bs_check_mode(policy, row, check);
	struct bs_score score = bs_check_score(policy, row, check);
	struct check_weight weight = {0};
	if (mode == BS_MODE_OFF || (result->outcome != CHECK_HIT && result->outcome != CHECK_MISS))
		return weight;
	if (result->own_weights) {
		weight.enforced = result->weight;
		weight.observed = result->observed;
	} else {
		weight.enforced = result->outcome == CHECK_HIT ? score.hit : score.miss;
	}
	if (mode == BS_MODE_OBSERVE) {
		weight.observed += weight.enforced;
		weight.enforced = 0;
	}
	return weight;
}

// What a result that is not known might have spoken for the client: trouble must not weigh against it, not by its silence either.
static int32_t doubt_of(const struct judgement *judgement, const struct bs_policy *policy,
	unsigned row, enum bs_check check)
{
	const struct check_result *result = judgement_result(judgement, check);
	struct bs_score score = bs_check_score(policy, row, check);
	int32_t least = score.hit < score.miss ? score.hit : score.miss;
	if (bs_check_mode(policy, row, check) != BS_MODE_ENFORCE)
		return 0;
	if (result->own_weights)
		return result->doubt;
	return result->outcome == CHECK_UNKNOWN && least < 0 ? least : 0;
}

// Adds up; the heaviest of what counts is the one whose text the client is told.
static enum bs_check add_up(
	struct judgement *judgement, const struct check_context *context, bool observed)
{
	enum bs_check heaviest = BS_CHECK_CLIENT_LISTS;
	int32_t most = INT32_MIN;
	judgement->score = judgement->observed_score = judgement->doubt = 0;
	judgement->wanted = 0;
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++) {
		struct check_weight weight = weigh(
			judgement, context->policy, context->row, (enum bs_check)i);
		judgement->weight[i] = weight;
		if (bs_check_mode(context->policy, context->row, (enum bs_check)i) != BS_MODE_OFF)
			judgement->wanted |= UINT64_C(1) << i;
		int32_t counts = weight.enforced + (observed ? weight.observed : 0);
		judgement->score += weight.enforced;
		judgement->doubt += doubt_of(
			judgement, context->policy, context->row, (enum bs_check)i);
		judgement->observed_score += weight.enforced + weight.observed;
		if (counts > most) {
			most = counts;
			heaviest = (enum bs_check)i;
		}
	}
	return heaviest;
}

// A refusal is permanent and a deferral is not, whatever the row's own reply would be.
static void answer_total(const struct check_context *context, enum bs_check heaviest, bool refuse,
	unsigned mode, struct judgement_verdict *verdict)
{
	const struct check *check = &checks[heaviest];
	if (refuse && check->code >= 500)
		answer_or_note(context, heaviest, mode, check->code, check->enhanced, verdict);
	else if (refuse)
		answer_or_note(context, heaviest, mode, 554, "5.7.1", verdict);
	else
		answer_or_note(context, heaviest, mode, 450, "4.7.1", verdict);
}

static void decide_by_total(struct judgement *judgement, const struct check_context *context,
	struct judgement_verdict *verdict)
{
	struct bs_thresholds at = bs_check_thresholds(context->policy, context->row);
	enum bs_check would = add_up(judgement, context, true);
	enum bs_check heaviest = add_up(judgement, context, false);
	verdict->score = judgement->score;
	verdict->observed_score = judgement->observed_score;
	if (verdict->code != 250)
		return;
	int32_t sure = verdict->score + judgement->doubt;
	if (at.refuse > 0 && sure >= at.refuse)
		answer_total(context, heaviest, true, BS_MODE_ENFORCE, verdict);
	else if (at.defer > 0 && sure >= at.defer)
		answer_total(context, heaviest, false, BS_MODE_ENFORCE, verdict);
	else if (at.refuse > 0 && verdict->observed_score >= at.refuse)
		answer_total(context, would, true, BS_MODE_OBSERVE, verdict);
	else if (at.defer > 0 && verdict->observed_score >= at.defer)
		answer_total(context, would, false, BS_MODE_OBSERVE, verdict);
}

// The last word, since it remembers who came so far.
static void decide_by_greylist(struct judgement *judgement, const struct check_context *context,
	struct judgement_verdict *verdict)
{
	const struct bs_policy *policy = context->policy;
	unsigned mode = bs_check_mode(policy, context->row, BS_CHECK_GREYLIST);
	int32_t skip = bs_check_thresholds(policy, context->row).skip;
	if (judgement->explain && context->facts->recipient != NULL)
		judgement_run_one(judgement, context, BS_CHECK_GREYLIST);
	if (verdict->code != 250 || mode == BS_MODE_OFF || context->facts->recipient == NULL ||
		policy->class[context->facts->class].action == BS_ACTION_RELAY ||
		(skip < 0 && verdict->score <= skip) ||
		verdict->score < policy->checks.greylist.only_from)
		return;
	judgement_run_one(judgement, context, BS_CHECK_GREYLIST);
	if (judgement_result(judgement, BS_CHECK_GREYLIST)->outcome == CHECK_HIT)
		answer_or_note(context, BS_CHECK_GREYLIST, mode, checks[BS_CHECK_GREYLIST].code,
			checks[BS_CHECK_GREYLIST].enhanced, verdict);
}

static void run_recipient(struct judgement *judgement, const struct check_context *context)
{
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++)
		if (checks[i].stage == BS_STAGE_RECIPIENT && i != BS_CHECK_GREYLIST &&
			(judgement->explain || bs_check_mode(context->policy, context->row,
						       (enum bs_check)i) != BS_MODE_OFF))
			judgement_run_one(judgement, context, (enum bs_check)i);
}

void judgement_decide(struct judgement *judgement, const struct check_context *context,
	struct judgement_verdict *verdict)
{
	if (context->facts->recipient != NULL)
		run_recipient(judgement, context);
	decide_by_checks(judgement, context, BS_REFUSES, verdict);
	decide_by_checks(judgement, context, BS_DEFERS, verdict);
	decide_by_total(judgement, context, verdict);
	decide_by_greylist(judgement, context, verdict);
}
