// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/judge.h"

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"

static uint32_t now_s(const struct dataplane *dataplane)
{
	return bs_source_seconds(dataplane->clock_ms);
}

// The entry that the connection holds.
static struct bs_source *source_of(const struct dataplane *dataplane, const struct connection *c)
{
	return c->counted ? bs_source_find(dataplane->sources, &c->peer) : NULL;
}

// With verdicts that are only observed one is acted upon: whoever gave it was told to refuse at connect.
bool judge_acts(const struct dataplane *dataplane, unsigned verdict)
{
	return verdict != BS_VERDICT_NONE &&
	       (verdict == BS_VERDICT_LISTED ||
		       dataplane->policy->verdicts.action != BS_VERDICT_OBSERVE);
}

bool judge_is_good(
	const struct dataplane *dataplane, const struct bs_address *source, uint8_t class)
{
	if (judge_spares(dataplane, class))
		return true;
	return dataplane->sources != NULL &&
	       bs_source_standing(dataplane->sources, source, now_s(dataplane)).known;
}

void judge_prepare(const struct dataplane *dataplane, const struct bs_source_looks *looks,
	struct frame *const *syns, unsigned count)
{
	struct bs_source_standing standing[BURST];
	bs_source_standing_bulk(dataplane->sources, looks, standing, count, now_s(dataplane));
	for (unsigned i = 0; i < count; i++) {
		syns[i]->standing = standing[i];
		syns[i]->stood = true;
	}
}

// A refused one is on its way out; it would keep its source over the limit.
static bool is_counted(const struct connection *c)
{
	return c->stage == STAGE_WAITING || c->stage == STAGE_GREETED || c->stage == STAGE_TALKING;
}

void judge_count(struct dataplane *dataplane, struct connection *c)
{
	if (!c->counted || is_counted(c))
		return;
	c->counted = 0;
	bs_source_close(dataplane->sources, &c->peer, now_s(dataplane));
}

// The entry of a connection that completed its handshake, held; NULL where there is no room for it.
static struct bs_source *enter(struct dataplane *dataplane, const struct connection *c)
{
	enum bs_source_opening how;
	if (dataplane->sources == NULL)
		return NULL;
	struct bs_source *source = bs_source_enter(
		dataplane->sources, &c->peer, now_s(dataplane), &how);
	dataplane->counters->sources_no_room += how == BS_SOURCE_NO_ROOM;
	dataplane->counters->sources_evicted += how == BS_SOURCE_EVICTED;
	return source;
}

// The verdict on its source, if one is to be told to the connection.
static unsigned verdict_for(const struct dataplane *dataplane, const struct connection *c,
	const struct bs_source *source)
{
	if (source == NULL || judge_spares(dataplane, c->class))
		return BS_VERDICT_NONE;
	unsigned verdict = bs_source_verdict_of(source, now_s(dataplane));
	return judge_acts(dataplane, verdict) ? verdict : BS_VERDICT_NONE;
}

void judge_tell(struct dataplane *dataplane, struct connection *c, unsigned verdict)
{
	enum bs_template_number text = (enum bs_template_number)BS_TEMPLATE_OF_VERDICT(verdict);
	dataplane->counters->denied++;
	dataplane->counters->verdicts_met++;
	connection_notice_verdict(dataplane, c, BS_NOTICE_DENIED, verdict);
	if (dataplane->policy->verdicts.action != BS_VERDICT_STUTTER ||
		!stutter_begin(dataplane, c, text))
		refuse(dataplane, c, text, 0);
}

bool judge_verdict(struct dataplane *dataplane, struct connection *c)
{
	unsigned verdict = verdict_for(dataplane, c, source_of(dataplane, c));
	if (verdict != BS_VERDICT_NONE)
		judge_tell(dataplane, c, verdict);
	return verdict != BS_VERDICT_NONE;
}

void judge_verdicts(const struct dataplane *dataplane, struct connection *const *c, unsigned count,
	uint8_t *verdict)
{
	const struct bs_address *source[BURST];
	struct bs_source_standing standing[BURST];
	struct bs_source_looks looks;
	uint8_t place[BURST];
	unsigned asked = 0;
	memset(verdict, BS_VERDICT_NONE, count);
	for (unsigned i = 0; i < count; i++) {
		source[asked] = &c[i]->peer;
		place[asked] = (uint8_t)i;
		asked += c[i]->counted && !judge_spares(dataplane, c[i]->class);
	}
	if (asked == 0)
		return;
	bs_source_hash_bulk(bs_sources_key(dataplane->sources), source, &looks, asked);
	bs_source_fetch_bulk(dataplane->sources, &looks, asked);
	bs_source_look_bulk(dataplane->sources, &looks, asked);
	bs_source_standing_bulk(dataplane->sources, &looks, standing, asked, now_s(dataplane));
	for (unsigned i = 0; i < asked; i++)
		if (judge_acts(dataplane, standing[i].verdict))
			verdict[place[i]] = standing[i].verdict;
}

// Also those that are refused count: who is over the rate stays so as long as he tries, until the window ends.
static bool is_too_fast(const struct dataplane *dataplane, const struct connection *c,
	struct bs_source *source, uint32_t *rate)
{
	const struct bs_rates *rates = &dataplane->policy->rates;
	if (rates->connections == 0 || bs_rates_spare(dataplane->policy, &c->peer))
		return false;
	*rate = bs_source_count(
		source, BS_RATE_CONNECTIONS, 1, rates->window_ms / 1000, now_s(dataplane));
	return *rate > rates->connections;
}

bool judge_open(struct dataplane *dataplane, struct connection *c, struct bs_source **counted)
{
	struct bs_source *source = enter(dataplane, c);
	uint32_t rate = 0;
	*counted = source;
	if (source == NULL)
		return false;
	if (judge_spares(dataplane, c->class)) {
		bs_source_pardon(source); // once it is allowed no more it begins anew
		c->counted = bs_source_admit(source, 0);
		return false;
	}
	bool fast = is_too_fast(dataplane, c, source, &rate);
	unsigned verdict = verdict_for(dataplane, c, source);
	c->counted = verdict == BS_VERDICT_NONE && !fast &&
		     bs_source_admit(source, dataplane->policy->connections_per_source);
	if (c->counted)
		return false;
	bs_source_let_go(source);
	if (verdict != BS_VERDICT_NONE) {
		judge_tell(dataplane, c, verdict);
	} else if (fast) {
		dataplane->counters->too_fast++;
		connection_notice(dataplane, c, BS_NOTICE_RATE, NULL, rate);
		refuse(dataplane, c, BS_TEMPLATE_RATE, CONNECTION_CLOSE);
	} else {
		dataplane->counters->crowded++;
		connection_notice(dataplane, c, BS_NOTICE_CROWDED, NULL, 0);
		refuse(dataplane, c, BS_TEMPLATE_CROWDED, CONNECTION_CLOSE);
	}
	return true;
}

enum reputation judge_reputation(const struct dataplane *dataplane, const struct bs_source *source)
{
	if (source == NULL)
		return REPUTATION_PLAIN;
	if (bs_source_is_known(source, now_s(dataplane)))
		return REPUTATION_KNOWN;
	return bs_source_is_suspicious(source, &dataplane->policy->verdicts, now_s(dataplane))
		       ? REPUTATION_SUSPICIOUS
		       : REPUTATION_PLAIN;
}

// Who is refused as the greeting is not asked about.
static bool will_be_refused(const struct bs_class *class)
{
	return class->action == BS_ACTION_STUTTER ||
	       (class->action == BS_ACTION_REFUSE && class->refuse_at == BS_REFUSE_AT_CONNECT);
}

void judge_announce(
	struct dataplane *dataplane, const struct connection *c, const struct bs_source *source)
{
	if (source == NULL || bs_source_open_count(source) > 1 ||
		judge_spares(dataplane, c->class) ||
		will_be_refused(&dataplane->policy->class[c->class]))
		return;
	block_announce(dataplane, c);
}

enum bs_reason judge_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	if (frame->payload_length == 0 && !(frame->flags & TCP_FIN))
		return BS_REASON_ACCEPTED;
	return c->stage == STAGE_STUTTER ? stutter_input(dataplane, c, frame)
					 : refused_input(dataplane, c, frame);
}

void judge_learn(struct dataplane *dataplane, struct connection *c, const struct bs_lesson *lesson)
{
	struct bs_source *source = source_of(dataplane, c);
	if (source == NULL)
		return;
	uint8_t class; // now: the policy may be another than at the greeting
	bs_policy_classify(dataplane->policy, &c->peer, &class, 1);
	enum bs_verdict verdict = bs_source_learn(source, lesson, &dataplane->policy->verdicts,
		!judge_spares(dataplane, class), now_s(dataplane));
	if (verdict == BS_VERDICT_NONE)
		return;
	dataplane->counters->verdicts_given++;
	connection_notice_verdict(dataplane, c, BS_NOTICE_VERDICT, verdict);
}
