// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_state.h"

#include <inttypes.h>
#include <stdio.h>

#include "smtp/session/received.h"

// False when the mail can't be announced as it is; then it is answered.
static bool say_mail(struct relay *relay)
{
	const struct session_envelope *envelope = relay->envelope;
	char sender[MAILBOX_TEXT], size[40] = "";
	if (envelope->eight_bit && !relay->offers.eight_bit) {
		// Offered to the client before the server lost it. RFC 6152, 3 wants it converted or refused; at its
		// next try the client is not offered it, and does either.
		struct session_answer answer;
		relay_answer_set(relay, &answer, 451, "4.6.3",
			"8BITMIME is not possible any more, please try again");
		relay_answer(relay, &answer);
		relay->todo_mail = relay->todo_rcpt = false;
		return false;
	}
	// With what we put before it (RFC 1870, 6.1: an estimate is enough).
	if (relay->offers.sizes && envelope->declared_size != 0)
		snprintf(
			size, sizeof(size), " SIZE=%" PRIu64, envelope->declared_size + TRACE_TEXT);
	link_say(&relay->link, "MAIL FROM:<%s>%s%s\r\n", mailbox_format(&envelope->sender, sender),
		size, envelope->eight_bit ? " BODY=8BITMIME" : "");
	relay_owes(relay, OWED_MAIL);
	return true;
}

static void say_rcpt(struct relay *relay)
{
	char recipient[MAILBOX_TEXT];
	link_say(&relay->link, "RCPT TO:<%s>\r\n", mailbox_format(&relay->asked, recipient));
	relay_owes(relay, OWED_RCPT);
}

static bool may_say_more(const struct relay *relay)
{
	if (!relay->ready || relay->owed_count == 0)
		return relay->ready;
	return relay->offers.pipelining && relay->owed_count < RELAY_OWED;
}

void relay_say(struct relay *relay)
{
	while (may_say_more(relay)) {
		if (relay->todo_reset) {
			relay->todo_reset = false;
			link_say(&relay->link, "RSET\r\n");
			relay_owes(relay, OWED_RSET);
		} else if (relay->todo_mail) {
			relay->todo_mail = false;
			if (!say_mail(relay))
				return;
		} else if (relay->todo_rcpt) {
			relay->todo_rcpt = false;
			say_rcpt(relay);
		} else if (relay->todo_data) {
			relay->todo_data = false;
			link_say(&relay->link, "DATA\r\n");
			relay_owes(relay, OWED_DATA);
		} else {
			return;
		}
	}
}

static bool owes_rcpt(const struct relay *relay)
{
	for (unsigned i = 0; i < relay->owed_count; i++)
		if (relay->owed[i] == OWED_RCPT)
			return true;
	return false;
}

static void heard_mail(struct relay *relay)
{
	if (relay->link.reply.code / 100 == 2) {
		relay->mail_open = true;
		return;
	}
	relay_answer_reply(relay, OWED_MAIL, &relay->answer);
	relay->mail_refused = owes_rcpt(relay);
	relay->todo_rcpt = false;
	if (!relay->mail_refused)
		relay_answer(relay, &relay->answer);
}

static void learn(struct relay *relay, bool exists)
{
	recipient_cache_learn(relay->backend->cache, &relay->asked, exists, relay_now(relay));
}

static void heard_rcpt(struct relay *relay)
{
	const struct reply_reader *reply = &relay->link.reply;
	char enhanced[READER_ENHANCED];
	if (relay->mail_refused) { // what it says to a RCPT without MAIL says nothing
		relay->mail_refused = false;
		if (reply->code / 100 == 2)
			relay_lost_link(relay, LINK_NONSENSE);
		else
			relay_answer(relay, &relay->answer);
		return;
	}
	reply_reader_enhanced(reply, enhanced);
	if (reply->code / 100 == 2) {
		relay->accepted++;
		learn(relay, true);
	} else if (recipient_cache_is_about_recipient(reply->code, enhanced)) {
		learn(relay, false);
	}
	relay_answer_reply(relay, OWED_RCPT, &relay->answer);
	relay_answer(relay, &relay->answer);
}

static void heard_data(struct relay *relay)
{
	struct session_answer answer;
	if (relay->link.reply.code / 100 == 3) {
		if (!relay_content_begin(relay, CONTENT_STREAM)) {
			relay_answer_set(relay, &answer, 452, "4.3.1",
				"insufficient memory, please try again later");
			relay_lost(relay, &answer); // DATA can't be taken back
			return;
		}
		relay_answer_set(relay, &answer, 250, "2.0.0", "Ok");
		relay_answer(relay, &answer);
		return;
	}
	relay_answer_reply(relay, OWED_DATA, &answer);
	relay_answer(relay, &answer);
	relay_forget_mail(relay);
}

void relay_heard(struct relay *relay, enum relay_owed owed)
{
	unsigned class = relay->link.reply.code / 100;
	// 354 is DATA's alone, and 2xx is none of its replies (RFC 5321, 4.3.2).
	if ((class == 3) != (owed == OWED_DATA && class < 4) || (owed == OWED_RSET && class != 2)) {
		relay_lost_link(relay, LINK_NONSENSE);
		return;
	}
	if (owed == OWED_RSET)
		return;
	if (relay->retry)
		relay_retry_heard(relay, owed);
	else if (owed == OWED_MAIL)
		heard_mail(relay);
	else if (owed == OWED_RCPT)
		heard_rcpt(relay);
	else
		heard_data(relay);
}
