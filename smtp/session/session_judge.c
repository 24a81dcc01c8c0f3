// SPDX-License-Identifier: BSD-3-Clause
//
// The session before its judge (smtp/judge/judge.h): it tells him the facts as they come, and has each recipient judged; with
// `refuse-at` also MAIL, or EHLO.
#include "smtp/session/session_state.h"

#include <string.h>

static void renew_facts(struct session *session)
{
	struct facts *facts = &session->facts;
	facts->class = session->class;
	facts->helo = session->helo_name;
	facts->sender = session->transaction ? &session->envelope.sender : NULL;
	facts->recipients = session->envelope.recipient_count;
	facts->unknown = session->unknown;
	facts->now_ms = session->now_ms;
	facts->wall_s = session->around.wall_seconds();
	facts->source = session->source;
}

void session_prepare(struct session *session)
{
	if (session->judgement == NULL)
		return;
	renew_facts(session);
	judgement_prepare(session->judgement, &session->facts, session_policy(session));
}

// Without a judge only the lists speak, and those that want the DNS are not heard.
static void judge_by_lists(struct session *session, struct judgement_verdict *verdict)
{
	const struct bs_policy *policy = session_policy(session);
	struct precedence precedence = precedence_find(&session->facts, policy, NULL, false);
	*verdict = (struct judgement_verdict){.code = 250, .check = BS_CHECK_COUNT};
	bool denied = precedence.kind == PRECEDENCE_DENIED ||
		      (precedence.kind == PRECEDENCE_ALLOWED_IF_SPF &&
			      precedence.otherwise == PRECEDENCE_DENIED);
	if (!denied)
		return;
	*verdict = (struct judgement_verdict){
		.code = 554, .enhanced = "5.7.1", .denied = true, .check = BS_CHECK_COUNT};
	precedence_text(&precedence, &session->facts, policy, verdict->text, sizeof(verdict->text));
}

static void count(struct session *session, const struct judgement_verdict *verdict)
{
	struct bs_worker_counters *counters = session->around.counters;
	if (verdict->observed[0] != 0)
		counters->observed++;
	if (verdict->denied)
		counters->denied++;
	else if (verdict->code >= 500)
		counters->judged_refused++;
	else if (verdict->code >= 400)
		counters->judged_deferred++;
	if (verdict->check < BS_CHECK_COUNT)
		counters->check[verdict->check].answered++;
}

// True when the verdict is against the client: it was told so.
static bool tell(struct session *session, const struct judgement_verdict *verdict,
	const struct mailbox *recipient)
{
	char line[REPLY_LINE];
	struct session_answer answer = {.code = verdict->code};
	count(session, verdict);
	session_log_checks(session);
	if (verdict->observed[0] != 0)
		session_log_warning(session, verdict->observed, recipient);
	if (verdict->code == 250)
		return false;
	bs_text_copy(answer.enhanced, sizeof(answer.enhanced), verdict->enhanced);
	bs_text_copy(answer.text, sizeof(answer.text), verdict->text);
	if (verdict->check == BS_CHECK_SPAMTRAP && recipient != NULL) {
		session_unknown(session, &answer);
		return true;
	}
	reply_format_refusal(&answer, session_policy(session)->contact, line);
	session_log_reject(session, line, recipient);
	session_reply_line(session, line);
	return true;
}

static bool find(struct session *session, struct judgement_verdict *verdict)
{
	renew_facts(session);
	if (session->judgement != NULL)
		return judgement_find(
			session->judgement, &session->facts, session_policy(session), verdict);
	judge_by_lists(session, verdict);
	return true;
}

// Asks anew; what the reply is waiting for goes on when there is a verdict.
static void judge(struct session *session)
{
	struct judgement_verdict verdict;
	if (!find(session, &verdict)) {
		session_hold_policy(session); // of a HELO, too: rows must mean the same to the end
		if (session->wish != WISH_JUDGE)
			session_wants(session, WISH_JUDGE);
		return;
	}
	session->wish = WISH_NOTHING;
	if (!session->transaction)
		session_let_policy_go(session);
	switch (session->judged) {
	case JUDGED_HELO:
		if (!tell(session, &verdict, NULL))
			session_helo_accepted(session);
		else
			session->helo = HELO_NONE;
		break;
	case JUDGED_MAIL:
		if (!tell(session, &verdict, NULL))
			session_reply(session, REPLY_SENDER);
		else
			session_reset_transaction(session);
		break;
	case JUDGED_RCPT:
		session->facts.recipient = NULL;
		if (!tell(session, &verdict, &session->recipient))
			session_recipient_judged(session);
		break;
	}
}

void session_judge_helo(struct session *session)
{
	session->judged = JUDGED_HELO;
	session->facts.recipient = NULL;
	if (session_policy(session)->refuse_at == BS_AT_CONNECT)
		judge(session);
	else
		session_helo_accepted(session);
}

void session_judge_mail(struct session *session)
{
	session->judged = JUDGED_MAIL;
	session->facts.recipient = NULL;
	if (session_policy(session)->refuse_at == BS_AT_RCPT)
		session_reply(session, REPLY_SENDER);
	else
		judge(session);
}

void session_judge_recipient(struct session *session)
{
	session->judged = JUDGED_RCPT;
	session->facts.recipient = &session->recipient;
	judge(session);
}

void session_judge_again(struct session *session, uint64_t now_ms)
{
	if (session->wish != WISH_JUDGE)
		return;
	session->now_ms = now_ms;
	judge(session);
	if (session->wish != WISH_JUDGE)
		session_boundary(session);
}
