// SPDX-License-Identifier: BSD-3-Clause
//
// What a session teaches about its source (dataplane/seam/source.h), and what other sessions of the source mean for it.
#include "smtp/session/session_state.h"

#include <stdio.h>

#include "smtp/memory/memory.h"

static uint32_t now_s(const struct session *session)
{
	return bs_source_seconds(session->now_ms);
}

// An envelope with a recipient that was accepted is let through: it may well be a good mail.
unsigned session_verdict(const struct session *session)
{
	const struct bs_policy *current = session->around.policy(); // not that of a mail begun
	uint8_t class = (uint8_t)session->client.class;
	if (session->source == NULL || session->envelope.recipient_count > 0 ||
		current->verdicts.action == BS_VERDICT_OBSERVE)
		return BS_VERDICT_NONE;
	unsigned verdict = bs_source_verdict_of(session->source, now_s(session));
	if (verdict != BS_VERDICT_NONE && current->classes != NULL)
		bs_policy_classify(current, &session->client.address, &class, 1);
	return bs_action_spares(current->class[class].action) ? BS_VERDICT_NONE : verdict;
}

// Refused for good: no mail was accepted, and one was refused, or each recipient was. What was put off does not count.
static bool is_refused(const struct session *session, enum ending ending)
{
	if (session->accepted[VERB_DATA] > 0) // counts mails
		return false;
	switch (ending) {
	case ENDING_ERRORS:
	case ENDING_COMMANDS:
	case ENDING_HARVEST:
	case ENDING_SYNCHRONISATION:
	case ENDING_PROTOCOL:
	case ENDING_SWALLOWED:
		return true;
	case ENDING_QUIT:
	case ENDING_LOST:
	case ENDING_TIMEOUT:
		return session->mails_refused > 0 ||
		       (session->accepted[VERB_RCPT] == 0 && session->refusals > 0 &&
			       session->refusals >= session->total[VERB_RCPT]);
	case ENDING_DRAINING:
	case ENDING_KILLED:
	case ENDING_TROUBLE:
	case ENDING_VERDICT:
	case ENDING_DENIED:
		break;
	}
	return false;
}

static bool is_spared(const struct session *session)
{
	return bs_action_spares(session_policy(session)->class[session->class].action);
}

// Lists of good clients outweigh the others.
static bool is_white(const struct session *session)
{
	return judgement_is_white(session->judgement, &session->facts, session_policy(session));
}

void session_count(struct session *session, enum bs_rate rate)
{
	uint32_t window_s = session_policy(session)->rates.window_ms / 1000;
	if (session->source != NULL && window_s != 0)
		bs_source_count(session->source, rate, 1, window_s, now_s(session));
}

// Who behaved is spared the wait for a time: a mail was accepted, and nothing refused.
static void remember(struct session *session)
{
	uint32_t spared_s = session_policy(session)->remember_ms / 1000;
	if (spared_s == 0 || session->accepted[VERB_DATA] == 0 || session->refusals > 0 ||
		session->unknown > 0)
		return;
	if (session->source != NULL)
		bs_source_remember(session->source, now_s(session) + spared_s);
	if (session->around.memory != NULL) {
		uint64_t wall_s = session->around.wall_seconds();
		memory_remember_client(session->around.memory, &session->client.address,
			wall_s + spared_s, wall_s);
	}
}

static uint16_t bounded(uint32_t count)
{
	return count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

static void log_verdict(
	struct session *session, enum bs_verdict verdict, const struct bs_lesson *lesson)
{
	struct bs_prefix source = bs_source_prefix(&session->client.address);
	char text[BS_PREFIX_TEXT];
	bs_log(session->around.log, BS_LOG_INFO,
		"VERDICT %s on [%s] for %us; unknown=%u refusals=%u session=%s",
		bs_verdict_name(verdict), bs_source_format(&source, text),
		session_policy(session)->verdicts.lifetime_ms / 1000, lesson->unknown,
		session->refusals, session->id);
}

void session_teach(struct session *session, enum ending ending)
{
	struct bs_lesson lesson = {.mails = session->accepted[VERB_DATA],
		.sessions = 1,
		.refused = is_refused(session, ending),
		.unknown = bounded(session->unknown),
		.known = bounded(session->accepted[VERB_RCPT]),
		.white = is_white(session)};
	remember(session);
	if (session->source == NULL)
		return;
	enum bs_verdict verdict = bs_source_learn(session->source, &lesson,
		&session_policy(session)->verdicts, !is_spared(session), now_s(session));
	if (verdict == BS_VERDICT_NONE)
		return;
	session->around.counters->verdicts_given++;
	log_verdict(session, verdict, &lesson);
}
