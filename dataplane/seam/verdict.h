// SPDX-License-Identifier: BSD-3-Clause
//
// Verdicts: what sessions teach about their source, and when that is enough to refuse the source for a while.
//
// The rules prefer false negatives. Counts are of windows that begin with their first event and are forgotten at their
// end, so a verdict never rests on more than really happened within one window; and who had a mail accepted
// lately gets none, however his other sessions went: behind one address there may be many.
//
// Pure but for the entry that learns (source.h); any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// X(identifier, "name", "sentence for the operator")
#define BS_VERDICTS(X) \
	X(HARVEST, "harvest", "asked for too many unknown recipients") \
	X(EARLY_TALK, "early-talk", "spoke before the greeting too often") \
	X(REFUSALS, "repeated-refusals", "had nearly all of its sessions refused")

enum bs_verdict {
	BS_VERDICT_NONE,
#define X(identifier, name, sentence) BS_VERDICT_##identifier,
	BS_VERDICTS(X)
#undef X
		BS_VERDICTS_END
};

// What becomes of a source with a verdict. The order is that of the words of verdicts.action.
enum bs_verdict_action {
	BS_VERDICT_OBSERVE, // given, logged and shown, not acted upon
	BS_VERDICT_REFUSE,  // 554 as the greeting, at once
	BS_VERDICT_DROP,    // its SYN is not answered
	BS_VERDICT_STUTTER, // 554 as the greeting, a byte a second
};

#define BS_VERDICT_COUNT_MOST 4000u // thresholds; an entry counts to 4095

// Part of the policy. A threshold of 0 switches its kind off.
struct bs_verdict_rules {
	uint8_t action;            // enum bs_verdict_action
	uint32_t lifetime_ms;      // of a verdict
	uint32_t window_ms;        // in which the events below are counted
	uint32_t refused_sessions; // so many,
	uint32_t refused_share; // and so many per cent of the sessions; of unknown recipients too
	uint32_t unknown_recipients; // over sessions
	uint32_t early_talks;
	uint32_t forgiven_ms; // since the last accepted mail
};

// What one session, or one connection without a session, has to teach.
struct bs_lesson {
	uint32_t mails;    // accepted
	uint16_t sessions; // that spoke SMTP
	uint16_t refused;  // of these: refused for good, without a mail accepted
	uint16_t early;    // spoke before the greeting
	uint16_t unknown;  // recipients
	uint16_t known;    // recipients accepted
	uint16_t hangups;  // left before the greeting
};

struct bs_source;

// Adds a lesson to an entry that is held by an open connection. Returns the verdict that it led to, which then is in force;
// BS_VERDICT_NONE when there is none or it had one already. With `judge` false it only counts. `now_s`: bs_source_seconds().
enum bs_verdict bs_source_learn(struct bs_source *source, const struct bs_lesson *lesson,
	const struct bs_verdict_rules *rules, bool judge, uint32_t now_s);

// "harvest"; "none" for BS_VERDICT_NONE and for what is no verdict.
const char *bs_verdict_name(unsigned verdict);
