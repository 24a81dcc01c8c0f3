// SPDX-License-Identifier: BSD-3-Clause
//
// Verdicts: what sessions teach about their source, and when that is enough to refuse the source for a while.
//
// The rules prefer false negatives. Counts are of windows that begin with their first event and are forgotten at their
// end, so a verdict never rests on more than really happened within one window; and who had a mail accepted
// lately gets none, however his other sessions went: behind one address there may be many. Nor does one that a list of good
// clients had within a window. What is put off (4xx) is no offence.
//
// Pure but for the entry that learns (source.h); any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// X(identifier, "name", "sentence for the operator")
#define BS_VERDICTS(X) \
	X(HARVEST, "harvest", "asked for too many unknown recipients") \
	X(EARLY_TALK, "early-talk", "spoke before the greeting too often") \
	X(REFUSALS, "repeated-refusals", "had nearly all of its sessions refused") \
	X(LISTED, "listed", "is on DNS lists")

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
	uint8_t action;              // enum bs_verdict_action
	uint32_t lifetime_ms;        // of a verdict
	uint32_t window_ms;          // in which the events below are counted
	uint32_t refused_sessions;   // so many,
	uint32_t refused_share;      // and so many per cent of the sessions; for the two below too
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
	uint16_t traps;    // recipients that nobody may know (spam traps): as bad as unknown ones
	uint16_t known;    // recipients accepted
	uint16_t hangups;  // left before the greeting
	bool white;        // on a list of good clients (DNSWL)
};

struct bs_source;

// Adds a lesson to an entry that is held by an open connection. Returns the verdict that it led to, which then is in force;
// BS_VERDICT_NONE when there is none or it had one already. With `judge` false it only counts. `now_s`: bs_source_seconds().
enum bs_verdict bs_source_learn(struct bs_source *source, const struct bs_lesson *lesson,
	const struct bs_verdict_rules *rules, bool judge, uint32_t now_s);

// Puts a verdict on an entry that is held, whatever it did: a worker that refuses at connect does, when the DNS lists have a client
// that still waits. True when it is in force now and was not before. Any thread.
bool bs_source_convict(
	struct bs_source *source, enum bs_verdict verdict, uint32_t lifetime_s, uint32_t now_s);

// Takes a verdict in force back: the source is allowed now, and no verdict outlives that. The counts stay. Any thread.
void bs_source_pardon(struct bs_source *source);

// Several of its connections were refused or spoke early in this window, and most of them; or it has a verdict that is only
// observed. Not where a verdict would be ruled out. Of an entry that is held; any thread.
#define BS_SUSPICIOUS_FROM  2u
#define BS_SUSPICIOUS_SHARE 50u // per cent
bool bs_source_is_suspicious(
	const struct bs_source *source, const struct bs_verdict_rules *rules, uint32_t now_s);

// "harvest"; "none" for BS_VERDICT_NONE and for what is no verdict.
const char *bs_verdict_name(unsigned verdict);
