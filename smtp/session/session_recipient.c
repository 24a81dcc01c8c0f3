// SPDX-License-Identifier: BSD-3-Clause
//
// RCPT: whose mail we take. First the domain (relaying), then who exists as far as lists tell, then the judge, then the backend.
#include "smtp/session/session_state.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "control/lists/domains.h"
#include "smtp/session/answer.h"

// "[192.0.2.25]" or "[ipv6:2001:db8::25]" of our own: the address that the client called.
static bool is_our_literal(const struct session *session, const char *domain)
{
	char inside[MAILBOX_DOMAIN + 1];
	struct bs_address address;
	uint8_t octets[16];
	size_t length = strlen(domain);
	if (length < 3 || domain[0] != '[')
		return false;
	memcpy(inside, domain + 1, length - 2);
	inside[length - 2] = 0;
	if (strncmp(inside, "ipv6:", 5) == 0 && inet_pton(AF_INET6, inside + 5, octets) == 1)
		address = bs_address_from_ipv6(octets);
	else if (inet_pton(AF_INET, inside, octets) == 1)
		address = bs_address_from_ipv4(octets);
	else
		return false;
	return bs_address_equal(&address, &session->client.local_address);
}

// True when the recipient is in a domain of ours. <postmaster>, and postmaster at our own address, is the
// first domain's (RFC 5321, 4.5.1).
static bool localise(const struct session *session, struct mailbox *recipient)
{
	const struct bs_policy *policy = session_policy(session);
	if (policy->domain_count == 0)
		return false;
	if (recipient->domain[0] == 0 || (mailbox_local_is(recipient, "postmaster") &&
						 is_our_literal(session, recipient->domain))) {
		snprintf(recipient->domain, sizeof(recipient->domain), "%s", policy->domains[0]);
		return true;
	}
	return bs_policy_has_domain(policy, recipient->domain);
}

static bool is_accepted_already(const struct session *session)
{
	for (uint32_t i = 0; i < session->envelope.recipient_count; i++)
		if (mailbox_equal(&session->envelope.recipient[i], &session->recipient))
			return true;
	return false;
}

static void reject_address(struct session *session, enum reply reply)
{
	char address[MAILBOX_TEXT];
	session_reject(
		session, reply, mailbox_format(&session->recipient, address), &session->recipient);
}

// Room for one recipient more; doubles. False without memory.
static bool grow(struct session *session)
{
	struct session_envelope *envelope = &session->envelope;
	if (envelope->recipient_count < session->recipient_room)
		return true;
	uint32_t room = session->recipient_room == 0 ? 1 : 2 * session->recipient_room;
	struct mailbox *larger = heap_take(session->around.heap, room * sizeof(*larger));
	if (larger == NULL)
		return false;
	if (envelope->recipient_count > 0)
		memcpy(larger, envelope->recipient, envelope->recipient_count * sizeof(*larger));
	heap_release(session->around.heap, envelope->recipient);
	envelope->recipient = larger;
	session->recipient_room = room;
	return true;
}

static void take_on(struct session *session, const struct session_answer *answer)
{
	char line[REPLY_LINE];
	session->envelope.recipient[session->envelope.recipient_count++] = session->recipient;
	session->around.counters->recipients_accepted++;
	reply_format_answer(answer, NULL, line);
	session_reply_line(session, line);
}

// Who asks for many that don't exist is looking for those that do. The allowed are never disconnected for it, until they
// are beyond all bounds.
void session_unknown(struct session *session, const struct session_answer *answer)
{
	struct bs_worker_counters *counters = session->around.counters;
	char line[REPLY_LINE], address[MAILBOX_TEXT];
	bool allowed = session_allowed(session);
	counters->recipients_unknown++;
	session->unknown++;
	size_t length = reply_format_answer(answer, NULL, line);
	if (!allowed && session->unknown <= session_policy(session)->unknown_recipients) {
		session_log_reject(session, line, &session->recipient);
		session_reply_line(session, line);
		return;
	}
	if (!allowed)
		length = reply_format(
			REPLY_HARVEST, mailbox_format(&session->recipient, address), NULL, line);
	session_log_reject(session, line, &session->recipient);
	if (!allowed)
		counters->harvests++;
	else if (!session_bear_excess(session))
		return;
	session_send(session, line, length);
	if (!allowed)
		session_end(session, ENDING_HARVEST, REPLY_COUNT);
}

// In none of the lists that say who exists. A spamtrap's answer is its check's, be it in them or not.
static bool nobody_has(const struct session *session)
{
	const struct bs_recipients *recipients = session_policy(session)->known_recipients;
	const struct mailbox *recipient = &session->recipient;
	return bs_recipients_find(recipients, recipient->local, recipient->domain) ==
		       BS_RECIPIENT_UNKNOWN &&
	       !bs_recipients_trap(recipients, recipient->local, recipient->domain);
}

// Who is on a deny list is told that, and not who exists here.
static bool is_denied(const struct session *session)
{
	uint8_t action = session_policy(session)->class[session->class].action;
	return action == BS_ACTION_REFUSE || action == BS_ACTION_DROP ||
	       action == BS_ACTION_STUTTER;
}

void session_rcpt(struct session *session)
{
	struct bs_worker_counters *counters = session->around.counters;
	struct session_answer answer;
	session_count(session, BS_RATE_RECIPIENTS);
	if (!localise(session, &session->recipient)) {
		counters->relay_denied++;
		reject_address(session, REPLY_RELAY_DENIED);
	} else if (!is_denied(session) && nobody_has(session)) {
		answer_unknown(&answer, &session->recipient);
		session_unknown(session, &answer);
	} else if (session->envelope.recipient_count >= session_policy(session)->recipients) {
		if (session_bear_excess(session))
			session_reply(session, REPLY_MANY_RECIPIENTS);
	} else if (is_accepted_already(session)) {
		if (session_bear_excess(session))
			session_reply(session, REPLY_RECIPIENT);
	} else if (!grow(session)) { // before the backend is asked: what it accepts we must keep
		session_reply(session, REPLY_STORAGE);
	} else {
		session_judge_recipient(session);
	}
}

// SMTP has one reply for a mail, so its recipients must agree about what comes after DATA (452: RFC 5321, 4.5.3.1.10; the client sends
// the mail again for the others).
void session_recipient_judged(struct session *session)
{
	const struct bs_policy *policy = session_policy(session);
	unsigned row = bs_policy_for(policy, session->recipient.local, session->recipient.domain);
	if (is_denied(session) &&
		nobody_has(session)) { // allowed for the sender's or the recipient's sake
		struct session_answer answer;
		answer_unknown(&answer, &session->recipient);
		session_unknown(session, &answer);
		return;
	}
	if (session->envelope.recipient_count > 0 &&
		!bs_policy_same_content(policy, session->policy_row, row)) {
		if (session_bear_excess(session))
			session_reply(session, REPLY_OTHER_POLICY);
		return;
	}
	if (session->envelope.recipient_count == 0)
		session->policy_row = row;
	session_wants(session, WISH_RECIPIENT);
}

void session_recipient_answered(struct session *session, const struct session_answer *answer)
{
	if (answer->code / 100 == 2) {
		take_on(session, answer);
	} else if (answer->code == 550 && strcmp(answer->enhanced, "5.1.1") == 0) {
		session_unknown(session, answer);
	} else {
		char line[REPLY_LINE];
		reply_format_answer(answer, NULL, line);
		session_log_reject(session, line, &session->recipient);
		session_reply_line(session, line);
	}
}
