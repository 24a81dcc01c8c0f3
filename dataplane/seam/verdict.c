// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/verdict.h"

#include "dataplane/seam/source.h"
#include "dataplane/seam/source_window.h"

static bool reached(uint32_t count, uint32_t threshold)
{
	return threshold != 0 && count >= threshold;
}

// A connection either speaks early or comes to a session.
static bool mostly_bad(const struct window *sessions, uint32_t bad, uint32_t share)
{
	return bad * 100 >=
	       share * (sessions->count[WINDOW_SESSIONS] + sessions->count[WINDOW_EARLY]);
}

static enum bs_verdict judge_windows(const struct bs_verdict_rules *rules,
	const struct window *sessions, const struct window *recipients)
{
	uint32_t unknown = recipients->count[WINDOW_UNKNOWN];
	uint32_t asked = unknown + recipients->count[WINDOW_KNOWN];
	uint32_t refused = sessions->count[WINDOW_REFUSED];
	if (reached(unknown, rules->unknown_recipients) &&
		unknown * 100 >= rules->refused_share * asked)
		return BS_VERDICT_HARVEST;
	if (reached(sessions->count[WINDOW_EARLY], rules->early_talks) &&
		mostly_bad(sessions, sessions->count[WINDOW_EARLY] + refused, rules->refused_share))
		return BS_VERDICT_EARLY_TALK;
	if (reached(refused, rules->refused_sessions) &&
		refused * 100 >= rules->refused_share * sessions->count[WINDOW_SESSIONS])
		return BS_VERDICT_REFUSALS;
	return BS_VERDICT_NONE;
}

static bool is_forgiven(
	const struct bs_source *source, const struct bs_verdict_rules *rules, uint32_t now_s)
{
	uint32_t accepted_s = atomic_load_explicit(&source->accepted_s, memory_order_relaxed);
	return accepted_s != 0 &&
	       (int32_t)(now_s - accepted_s) < (int32_t)(rules->forgiven_ms / 1000);
}

static uint16_t white_clock(uint32_t now_s)
{
	uint16_t now = (uint16_t)(now_s / BS_WHITE_S);
	return now != 0 ? now : 1;
}

static bool is_white(
	const struct bs_source *source, const struct bs_verdict_rules *rules, uint32_t now_s)
{
	uint16_t white = atomic_load_explicit(&source->white, memory_order_relaxed);
	uint16_t age = (uint16_t)(white_clock(now_s) - white);
	if (age > UINT16_MAX / 2) // another lcore's clock is a turn ahead
		age = 0;
	return white != 0 && age <= rules->window_ms / 1000 / BS_WHITE_S;
}

static bool is_spared(
	const struct bs_source *source, const struct bs_verdict_rules *rules, uint32_t now_s)
{
	return is_forgiven(source, rules, now_s) || is_white(source, rules, now_s);
}

bool bs_source_convict(
	struct bs_source *source, enum bs_verdict verdict, uint32_t lifetime_s, uint32_t now_s)
{
	uint64_t before = atomic_load_explicit(&source->verdict, memory_order_relaxed);
	uint64_t word = (uint64_t)(now_s + lifetime_s) << 32 | verdict;
	if (bs_source_verdict_at(before, now_s) != BS_VERDICT_NONE ||
		!atomic_compare_exchange_strong_explicit(&source->verdict, &before, word,
			memory_order_acq_rel, memory_order_relaxed))
		return false;
	atomic_fetch_add_explicit(&source->verdicts, 1, memory_order_relaxed);
	return true;
}

void bs_source_pardon(struct bs_source *source)
{
	if (atomic_load_explicit(&source->verdict, memory_order_relaxed) != 0)
		atomic_store_explicit(&source->verdict, 0, memory_order_release);
}

bool bs_source_is_suspicious(
	const struct bs_source *source, const struct bs_verdict_rules *rules, uint32_t now_s)
{
	if (is_spared(source, rules, now_s))
		return false;
	if (bs_source_verdict_of(source, now_s) != BS_VERDICT_NONE)
		return true;
	struct window sessions = window_read(&source->sessions, rules->window_ms / 1000, now_s);
	uint32_t bad = sessions.count[WINDOW_REFUSED] + sessions.count[WINDOW_EARLY];
	return bad >= BS_SUSPICIOUS_FROM && mostly_bad(&sessions, bad, BS_SUSPICIOUS_SHARE);
}

// True for the one that gave it, when several lcores come to it at once. The windows begin anew, so that a verdict's end is
// a new beginning.
static bool give(struct bs_source *source, enum bs_verdict verdict,
	const struct bs_verdict_rules *rules, uint32_t now_s)
{
	if (!bs_source_convict(source, verdict, rules->lifetime_ms / 1000, now_s))
		return false;
	atomic_store_explicit(&source->sessions, 0, memory_order_relaxed);
	atomic_store_explicit(&source->recipients, 0, memory_order_relaxed);
	return true;
}

enum bs_verdict bs_source_learn(struct bs_source *source, const struct bs_lesson *lesson,
	const struct bs_verdict_rules *rules, bool judge, uint32_t now_s)
{
	uint32_t length_s = rules->window_ms / 1000;
	uint16_t sessions[] = {lesson->sessions, lesson->refused, lesson->early};
	uint32_t unknown = (uint32_t)lesson->unknown + lesson->traps;
	uint16_t recipients[] = {unknown < UINT16_MAX ? (uint16_t)unknown : UINT16_MAX,
		lesson->known, lesson->hangups};
	if (lesson->mails > 0) {
		atomic_fetch_add_explicit(&source->mails, lesson->mails, memory_order_relaxed);
		atomic_store_explicit(
			&source->accepted_s, now_s != 0 ? now_s : 1, memory_order_relaxed);
	}
	if (lesson->white)
		atomic_store_explicit(&source->white, white_clock(now_s), memory_order_relaxed);
	struct window spoken = window_add(&source->sessions, sessions, length_s, now_s);
	struct window asked = window_add(&source->recipients, recipients, length_s, now_s);
	if (!judge || is_spared(source, rules, now_s))
		return BS_VERDICT_NONE;
	enum bs_verdict verdict = judge_windows(rules, &spoken, &asked);
	if (verdict == BS_VERDICT_NONE || !give(source, verdict, rules, now_s))
		return BS_VERDICT_NONE;
	return verdict;
}

const char *bs_verdict_name(unsigned verdict)
{
	static const char *const name[BS_VERDICTS_END] = {"none",
#define X(identifier, word, sentence) word,
		BS_VERDICTS(X)
#undef X
	};
	return name[verdict < BS_VERDICTS_END ? verdict : BS_VERDICT_NONE];
}
