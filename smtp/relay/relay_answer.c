// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_state.h"

#include <stdio.h>

#include "smtp/session/answer.h"

void relay_answer_set(struct relay *relay, struct session_answer *answer, uint16_t code,
	const char *enhanced, const char *text)
{
	answer_set(answer, code, enhanced, text);
	snprintf(answer->detail, sizeof(answer->detail), "%.100s", relay->backend->place.text);
}

// Of a reply without one of its own (RFC 3463, 3). A bare 550 may be about anything, so it is 5.0.0 and not 5.1.1, which
// would count its client among the harvesters.
static const char *fitting(uint16_t code, enum relay_owed owed)
{
	switch (code) {
	case 450:
		return "4.2.0";
	case 451:
		return "4.3.0";
	case 452:
		return "4.3.1";
	case 551:
		return "5.1.6";
	case 552:
		return owed == OWED_RCPT ? "5.2.2" : "5.3.4";
	case 553:
		return owed == OWED_MAIL ? "5.1.7" : "5.1.3";
	default:
		break;
	}
	if (code / 100 == 2)
		return owed == OWED_RCPT ? "2.1.5" : "2.0.0";
	return code / 100 == 4 ? "4.0.0" : "5.0.0";
}

// What it says is that we don't speak as it wants (RFC 5321, 4.2.2; 530, 535, 538: RFC 4954 and 3207): trouble between
// us, for which no sender must be refused.
static bool is_about_us(uint16_t code)
{
	return (code >= 500 && code <= 504) || code == 530 || code == 535 || code == 538 ||
	       code == 555;
}

void relay_answer_reply(struct relay *relay, enum relay_owed owed, struct session_answer *answer)
{
	const struct reply_reader *reply = &relay->link.reply;
	char enhanced[READER_ENHANCED], text[sizeof(answer->text)];
	uint16_t code = reply->code == 421 ? 451 : reply->code; // it leaves; we stay
	if (!reply_reader_enhanced(reply, enhanced))
		snprintf(enhanced, sizeof(enhanced), "%s", fitting(code, owed));
	reply_reader_line(reply, text, sizeof(text));
	if (owed != OWED_END && is_about_us(code)) {
		relay_answer_set(
			relay, answer, 451, "4.3.0", "mail server trouble, please try again later");
		snprintf(answer->detail, sizeof(answer->detail), "%.60s: %u %.50s",
			relay->backend->place.text, code, text);
		return;
	}
	relay_answer_set(relay, answer, code, enhanced, text);
}
