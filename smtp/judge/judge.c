// SPDX-License-Identifier: BSD-3-Clause
//
// A judgement's life: which checks are run when. A check is run again until its result stands; results of a stage stand until
// its facts change.
#include "smtp/judge/judge_state.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "control/counters.h"
#include "smtp/checks/client_name.h"
#include "smtp/judge/explain.h"
#include "smtp/judge/prepared.h"
#include "smtp/worker/heap.h"

// An asker keeps its answers; a session of many mails asks anew before it has too many.
#define QUESTIONS_KEPT (DNS_QUESTIONS / 2)

static void news(struct dns_asker *asker)
{
	struct judgement *judgement = (struct judgement *)asker;
	if (judgement->waiting && judgement->news != NULL)
		judgement->news(judgement->context);
}

struct judgement *judgement_new(struct judge *judge, void (*call)(void *context), void *context)
{
	struct judgement *judgement = heap_take_kept(judge->heap, sizeof(*judgement));
	if (judgement == NULL)
		return NULL;
	memset(judgement, 0, offsetof(struct judgement, name));
	judgement->name[0] = 0;
	judgement->judge = judge;
	judgement->news = call;
	judgement->context = context;
	dns_asker_init(&judgement->dns, judge->dns, news);
	return judgement;
}

void judgement_explains(struct judgement *judgement)
{
	judgement->explain = true;
	judgement->naming = true;
}

void judgement_quiet(struct judgement *judgement)
{
	judgement->quiet = true;
}

void judgement_free(struct judgement *judgement)
{
	if (judgement == NULL)
		return;
	dns_asker_forget(&judgement->dns);
	heap_release_kept(judgement->judge->heap, judgement, sizeof(*judgement));
}

// Those that look at what was said and ask nobody: nothing is gained by running them ahead.
#define ASK_NOBODY \
	(BIT(BS_CHECK_HELO_SYNTAX) | BIT(BS_CHECK_HELO_LITERAL) | BIT(BS_CHECK_HELO_NUMERIC) | \
		BIT(BS_CHECK_HELO_OURS) | BIT(BS_CHECK_HELO_DYNAMIC))

static void forget(struct judgement *judgement, uint64_t void_ones)
{
	judgement->ran &= ~void_ones;
	judgement->done &= ~void_ones;
	judgement->counted &= ~void_ones;
}

// Results of these stages, and of those behind them, are void.
static void forget_from(struct judgement *judgement, unsigned stage)
{
	uint64_t before = 0;
	for (unsigned i = 0; i < stage; i++)
		before |= checks_of_stage[i];
	for (uint64_t left = before & judgement->ran; left != 0; left &= left - 1)
		if (judgement->result[__builtin_ctzll(left)].of_names)
			before &= ~(left & -left);
	forget(judgement, ~before);
	if (judgement->dns.questions > QUESTIONS_KEPT) {
		dns_asker_forget(&judgement->dns);
		judgement->done = 0;
	}
}

// Each recipient is judged anew; one that is waited for is, too, until there is a verdict.
static void forget_recipient(struct judgement *judgement)
{
	forget(judgement, checks_of_stage[BS_STAGE_RECIPIENT]);
}

void judgement_new_helo(struct judgement *judgement)
{
	if (judgement != NULL)
		forget_from(judgement, BS_STAGE_HELO);
}

void judgement_new_sender(struct judgement *judgement)
{
	if (judgement != NULL)
		forget_from(judgement, BS_STAGE_SENDER);
}

// Results that a verdict rests upon, each once.
static void count(struct judgement *judgement)
{
	struct bs_worker_counters *counters = judgement->judge->counters;
	if (counters == NULL || judgement->explain || judgement->quiet)
		return;
	for (uint64_t left = judgement->done & ~judgement->counted; left != 0; left &= left - 1) {
		unsigned check = (unsigned)__builtin_ctzll(left);
		uint8_t outcome = judgement->result[check].outcome;
		counters->check[check].hit += outcome == CHECK_HIT;
		counters->check[check].miss += outcome == CHECK_MISS;
		counters->check[check].unknown += outcome == CHECK_UNKNOWN;
	}
	judgement->counted = judgement->done;
}

bool judgement_run_one(
	struct judgement *judgement, const struct check_context *context, enum bs_check check)
{
	struct check_result *result = &judgement->result[check];
	if (judgement->done & BIT(check) || checks[check].run == NULL)
		return true;
	check_result_clear(result);
	judgement->ran |= BIT(check);
	checks[check].run(context, result);
	if (result->outcome == CHECK_PENDING)
		return false;
	judgement->done |= BIT(check);
	return true;
}

// By stage, then by row; true when nothing is pending.
static bool run_all(
	struct judgement *judgement, const struct check_context *context, uint64_t wanted)
{
	bool whole = true;
	for (unsigned stage = BS_STAGE_CLIENT; stage <= BS_STAGE_RECIPIENT; stage++)
		for (uint64_t left = wanted & checks_of_stage[stage]; left != 0; left &= left - 1)
			whole &= judgement_run_one(
				judgement, context, (enum bs_check)__builtin_ctzll(left));
	return whole;
}

bool judgement_run(struct judgement *judgement, const struct check_context *context, unsigned first,
	unsigned last)
{
	return run_all(judgement, context,
		judgement_left(judgement, context, checks_of_stages(first, last)));
}

const struct check_result *check_result_of(const struct check_context *context, enum bs_check check)
{
	return judgement_result(context->judgement, check);
}

static struct check_context context_of(struct judgement *judgement, const struct facts *facts,
	const struct bs_policy *policy, unsigned row)
{
	return (struct check_context){.judge = judgement->judge,
		.judgement = judgement,
		.facts = facts,
		.policy = policy,
		.row = row,
		.dns = &judgement->dns,
		.explain = judgement->explain};
}

// The last stage whose facts are there, RECIPIENT apart: its checks count and remember, so they are run for a verdict only.
static unsigned last_stage(const struct facts *facts)
{
	if (facts->sender != NULL)
		return BS_STAGE_SENDER;
	return facts->helo[0] != 0 ? BS_STAGE_HELO : BS_STAGE_CLIENT;
}

// The client's confirmed name; false while it is pending.
static bool find_name(struct judgement *judgement, const struct check_context *context)
{
	if (!judgement->named)
		judgement->named = !checks_client_name_comes(context, judgement->name);
	return judgement->named;
}

static bool is_spared(const struct facts *facts, const struct bs_policy *policy)
{
	return bs_action_spares(policy->class[facts->class].action);
}

void judgement_prepare(
	struct judgement *judgement, const struct facts *facts, const struct bs_policy *policy)
{
	if (judgement == NULL || is_spared(facts, policy))
		return;
	struct check_context context = context_of(judgement, facts, policy, judgement->row);
	struct prepared *prepared = judgement->judge->prepared;
	judgement->naming = true;
	bool name = find_name(judgement, &context);
	uint64_t wanted = judgement_left(judgement, &context,
		checks_of_stages(BS_STAGE_CLIENT, last_stage(facts)) & ~ASK_NOBODY);
	judgement->spared = false;
	if (wanted == 0)
		return;
	uint64_t key = prepared_key(facts);
	judgement->spared = prepared_lately(prepared, key, facts->now_ms);
	if (!judgement->spared && run_all(judgement, &context, wanted) && name)
		prepared_note(prepared, key, facts->now_ms);
}

bool judgement_is_white(
	struct judgement *judgement, const struct facts *facts, const struct bs_policy *policy)
{
	if (judgement == NULL)
		return false;
	if (judgement->spared && policy->dnsl_count > 0 && !is_spared(facts, policy) &&
		(judgement_wanted(policy) & BIT(BS_CHECK_CLIENT_LISTS)) != 0) {
		struct check_context context = context_of(judgement, facts, policy, judgement->row);
		judgement_run_one(judgement, &context, BS_CHECK_CLIENT_LISTS);
	}
	return judgement_result(judgement, BS_CHECK_CLIENT_LISTS)->weight < 0;
}

static unsigned row_of(const struct facts *facts, const struct bs_policy *policy)
{
	return facts->recipient == NULL
		       ? 0
		       : bs_policy_for(policy, facts->recipient->local, facts->recipient->domain);
}

// Allow lists of names are asked with a name only that was confirmed, and with a HELO only that leads to the client.
static struct precedence find_precedence(const struct judgement *judgement,
	const struct facts *facts, const struct bs_policy *policy)
{
	const struct check_result *helo = judgement_result(judgement, BS_CHECK_HELO_OTHER);
	return precedence_find(facts, policy,
		judgement->named && judgement->name[0] != 0 ? judgement->name : NULL,
		helo->outcome == CHECK_MISS);
}

// What has to be known before lists can speak, and the name that log and Received say. False while it is pending.
static bool know_for_lists(struct judgement *judgement, const struct check_context *context)
{
	if (context->policy->names == NULL)
		return !judgement->naming || find_name(judgement, context);
	bool name = find_name(judgement, context);
	return judgement_run_one(judgement, context, BS_CHECK_HELO_OTHER) && name;
}

// True when lists alone have decided.
static bool decide_by_lists(struct judgement *judgement, const struct check_context *context,
	struct judgement_verdict *verdict, bool *pending)
{
	struct precedence precedence = find_precedence(judgement, context->facts, context->policy);
	uint8_t kind = precedence.kind;
	if (kind == PRECEDENCE_ALLOWED_IF_SPF) {
		if (!judgement_run_one(judgement, context, BS_CHECK_SPF_PASS)) {
			*pending = true;
			return false;
		}
		kind = judgement->result[BS_CHECK_SPF_PASS].outcome == CHECK_HIT
			       ? PRECEDENCE_ALLOWED
			       : precedence.otherwise;
	}
	if (precedence.observed && kind != PRECEDENCE_ALLOWED) {
		struct precedence seen = {.kind = PRECEDENCE_DENIED,
			.of = precedence.observed_of,
			.class = precedence.observed_class};
		struct judgement_verdict would = {0};
		judgement_refuse_denied(&seen, context, &would);
		snprintf(verdict->observed, sizeof(verdict->observed), "%u %s %.220s", would.code,
			would.enhanced, would.text);
	}
	verdict->allowed = kind == PRECEDENCE_ALLOWED;
	if (kind == PRECEDENCE_DENIED)
		judgement_refuse_denied(&precedence, context, verdict);
	return kind != PRECEDENCE_CHECKS;
}

bool judgement_find(struct judgement *judgement, const struct facts *facts,
	const struct bs_policy *policy, struct judgement_verdict *verdict)
{
	bool pending = false;
	unsigned row = row_of(facts, policy);
	memset(verdict, 0, sizeof(*verdict));
	verdict->code = 250;
	verdict->check = BS_CHECK_COUNT;
	judgement->wanted = 0;
	if (policy->class[facts->class].action == BS_ACTION_ALLOW && !judgement->explain) {
		verdict->allowed = true;
		return true;
	}
	if (row != judgement->row) // another policy may ask other lists
		judgement->done = 0;
	judgement->row = row;
	forget_recipient(judgement);
	struct check_context context = context_of(judgement, facts, policy, row);
	if (!judgement->waiting) {
		judgement->waiting = true;
		dns_asker_deadline(&judgement->dns, facts->now_ms + policy->dns_deadline_ms);
	}
	// All that is wanted is asked for before anything is waited for.
	bool whole = judgement_run(judgement, &context, BS_STAGE_CLIENT, last_stage(facts));
	bool lists = know_for_lists(judgement, &context);
	bool decided = lists && decide_by_lists(judgement, &context, verdict, &pending);
	if ((!decided || judgement->explain) && (!whole || !lists || pending))
		return false;
	judgement->waiting = false;
	dns_asker_deadline(&judgement->dns, UINT64_MAX);
	if (!decided) {
		judgement_decide(judgement, &context, verdict);
	} else if (judgement->explain) { // for the weights
		struct judgement_verdict otherwise = {.code = 250};
		judgement_decide(judgement, &context, &otherwise);
	}
	count(judgement);
	return true;
}

const char *judgement_client_name(const struct judgement *judgement)
{
	return judgement != NULL && judgement->named && judgement->name[0] != 0 ? judgement->name
										: "unknown";
}

void judgement_explain(const struct judgement *judgement, const struct bs_policy *policy,
	enum bs_check check, struct explain_row *row)
{
	const struct check_result *result = judgement_result(judgement, check);
	row->outcome = result->outcome;
	row->mode = (uint8_t)bs_check_mode(policy, judgement->row, check);
	row->enforced = judgement->weight[check].enforced;
	row->observed = judgement->weight[check].observed;
	snprintf(row->detail, sizeof(row->detail), "%s", result->detail);
}

const struct check_result *judgement_result(const struct judgement *judgement, enum bs_check check)
{
	static const struct check_result not_run;
	return (judgement->ran & BIT(check)) != 0 ? &judgement->result[check] : &not_run;
}
