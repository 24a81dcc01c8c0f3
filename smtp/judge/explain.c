// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/judge/explain.h"

#include <stdio.h>
#include <string.h>

#include "control/lists/domains.h"
#include "control/policy/policy.h"
#include "smtp/session/answer.h"
#include "smtp/worker/heap.h"
#include "smtp/session/reply.h"

struct explainer {
	struct judge *judge;
	struct explain_door *door;
	struct explain *question; // taken up
	struct judgement *judgement;
	const struct bs_policy *policy; // held
	struct facts facts;
	bool news;
};

static void news(void *context)
{
	struct explainer *explainer = context;
	explainer->news = true;
}

struct explainer *explainer_new(struct judge *judge, struct explain_door *door)
{
	struct explainer *explainer = heap_take(judge->heap, sizeof(*explainer));
	if (explainer == NULL)
		return NULL;
	explainer->judge = judge;
	explainer->door = door;
	return explainer;
}

static void answer(struct explainer *explainer)
{
	struct bs_bell *asker = explainer->question->asker;
	judgement_free(explainer->judgement);
	if (explainer->policy != NULL)
		bs_policy_release(explainer->policy);
	explainer->judgement = NULL;
	explainer->policy = NULL;
	explainer->question = NULL;
	atomic_store_explicit(&explainer->door->question, NULL, memory_order_release);
	bs_bell_ring(asker);
}

void explainer_free(struct explainer *explainer)
{
	if (explainer == NULL)
		return;
	if (explainer->question != NULL) {
		atomic_store_explicit(&explainer->question->failed, true, memory_order_relaxed);
		answer(explainer);
	}
	heap_release(explainer->judge->heap, explainer);
}

static void write_rows(struct explainer *explainer)
{
	struct explain *to = explainer->question;
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++)
		judgement_explain(
			explainer->judgement, explainer->policy, (enum bs_check)i, &to->row[i]);
	snprintf(to->client_name, sizeof(to->client_name), "%s",
		judgement_client_name(explainer->judgement));
}

static const char *rule_of(const struct explain *question)
{
	if (question->verdict.allowed && question->action == BS_ACTION_ALLOW)
		return "1: the client is on an allow list, nothing is checked";
	if (question->action == BS_ACTION_DROP || question->action == BS_ACTION_BOGON ||
		question->action == BS_ACTION_OWN)
		return "2: the client's packets are dropped, it is never spoken to";
	if (question->verdict.allowed)
		return "3 or 4: the recipient or the sender is allowed, no check counts";
	if (question->verdict.denied)
		return "5: a deny list has the client, its HELO or name, the sender or the "
		       "recipient";
	return "6: what the checks say";
}

// Those who are told so instead of being greeted (dataplane/tcp/waiting.c).
static bool is_not_greeted(const struct bs_class *class)
{
	return class->action == BS_ACTION_STUTTER ||
	       (class->action == BS_ACTION_REFUSE && class->refuse_at == BS_REFUSE_AT_CONNECT);
}

// Word for word what the client would be told.
static void write_reply(
	struct explain *question, const struct bs_policy *policy, const struct bs_class *class)
{
	const struct judgement_verdict *verdict = &question->verdict;
	struct session_answer refusal;
	char recipient[MAILBOX_TEXT];
	if (is_not_greeted(class) && policy->texts != NULL) {
		const struct bs_template *greeting =
			&policy->texts[policy->text_set].template[BS_TEMPLATE_DENIED];
		snprintf(question->reply, sizeof(question->reply), "%.*s",
			(int)strcspn(greeting->text, "\r"), greeting->text);
	} else if (!question->relayed) {
		reply_format(REPLY_RELAY_DENIED, mailbox_format(&question->recipient, recipient),
			policy->contact, question->reply);
	} else if (verdict->code == 250) {
		snprintf(question->reply, sizeof(question->reply),
			"250 2.1.5 Ok, when the backend knows the recipient");
	} else {
		answer_set(&refusal, verdict->code, verdict->enhanced, verdict->text);
		reply_format_refusal(&refusal,
			verdict->check == BS_CHECK_SPAMTRAP
				? ""
				: policy->contact, // as of anybody unknown
			question->reply);
	}
}

static void conclude(struct explainer *explainer)
{
	struct explain *question = explainer->question;
	const struct bs_policy *policy = explainer->policy;
	unsigned row = question->has_recipient ? bs_policy_for(policy, question->recipient.local,
							 question->recipient.domain)
					       : 0;
	struct bs_thresholds at = bs_check_thresholds(policy, row);
	write_rows(explainer);
	if (row > 0)
		snprintf(question->policy, sizeof(question->policy), "%s",
			policy->recipient_policy[row - 1].name);
	snprintf(question->precedence, sizeof(question->precedence), "%s", rule_of(question));
	question->refuse_at = at.refuse;
	question->defer_at = at.defer;
	question->skip_at = at.skip;
	question->wait_ms = bs_action_spares(question->action) ? 0 : policy->wait_ms;
	question->relayed = !question->has_recipient ||
			    bs_domains_has(policy->domain_index, question->recipient.domain);
	write_reply(question, policy, &policy->class[explainer->facts.class]);
	answer(explainer);
}

// False without memory.
static bool begin(struct explainer *explainer)
{
	struct explain *question = explainer->question;
	const struct bs_policy *policy = bs_policy_get();
	uint8_t class = BS_CLASS_PLAIN;
	explainer->judgement = judgement_new(explainer->judge, news, explainer);
	if (explainer->judgement == NULL)
		return false;
	judgement_explains(explainer->judgement);
	if (policy->classes != NULL)
		bs_policy_classify(policy, &question->client, &class, 1);
	explainer->policy = bs_policy_hold(policy);
	snprintf(question->class, sizeof(question->class), "%s", policy->class[class].name);
	question->action = policy->class[class].action;
	explainer->facts = (struct facts){.client = question->client,
		.local = question->local,
		.class = class,
		.helo = question->helo,
		.sender = question->has_sender ? &question->sender : NULL,
		.recipient = question->has_recipient ? &question->recipient : NULL};
	explainer->news = true;
	return true;
}

bool explainer_ready(const struct explainer *explainer)
{
	if (explainer->question != NULL)
		return explainer->news;
	return explainer->door != NULL &&
	       atomic_load_explicit(&explainer->door->question, memory_order_acquire) != NULL;
}

unsigned explainer_turn(struct explainer *explainer, uint64_t now_ms, uint64_t wall_s)
{
	if (explainer->door == NULL)
		return 0;
	if (explainer->question == NULL) {
		explainer->question = atomic_load_explicit(
			&explainer->door->question, memory_order_acquire);
		if (explainer->question == NULL)
			return 0;
		if (!begin(explainer)) {
			atomic_store_explicit(
				&explainer->question->failed, true, memory_order_relaxed);
			answer(explainer);
			return 1;
		}
	}
	if (!explainer->news)
		return 0;
	explainer->news = false;
	explainer->facts.now_ms = now_ms;
	explainer->facts.wall_s = wall_s;
	if (judgement_find(explainer->judgement, &explainer->facts, explainer->policy,
		    &explainer->question->verdict))
		conclude(explainer);
	return 1;
}
