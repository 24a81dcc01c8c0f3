// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/greeting.h"

#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/judge.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"

// The greeting sent again after 1, 2, 4 ... 32 s: a minute in all, then the client is gone.
#define GREETING_RETRANSMITS 6
// That workers ask for, of each in a turn.
#define GREETINGS_A_TURN 32u

static void set_class(const struct dataplane *dataplane, struct connection *c, uint8_t class)
{
	c->class = class;
	if (bs_action_spares(dataplane->policy->class[class].action))
		c->flags |= CONNECTION_FAST;
	else
		c->flags &= (uint8_t)~CONNECTION_FAST;
}

void greeting_classify(struct dataplane *dataplane, struct connection *c)
{
	uint8_t class;
	bs_policy_classify(dataplane->policy, &c->peer, &class, 1);
	set_class(dataplane, c, class);
}

void greetings_judge(
	struct dataplane *dataplane, struct connection *const *c, unsigned count, uint8_t *verdict)
{
	struct bs_class_burst burst;
	uint8_t class[BURST];
	_Static_assert(BURST <= BS_CLASS_BURST, "all at once");
	burst.count4 = burst.count6 = 0;
	for (unsigned i = 0; i < count; i++)
		bs_class_burst_add(&burst, &c[i]->peer, (uint8_t)i);
	bs_policy_classify_burst(dataplane->policy, &burst, class);
	for (unsigned i = 0; i < count; i++)
		set_class(dataplane, c[i], class[i]);
	judge_verdicts(dataplane, c, count, verdict);
}

// Of its class.
static bool is_denied(struct dataplane *dataplane, struct connection *c)
{
	const struct bs_class *class = &dataplane->policy->class[c->class];
	bool stutter = class->action == BS_ACTION_STUTTER;
	if (!stutter &&
		(class->action != BS_ACTION_REFUSE || class->refuse_at != BS_REFUSE_AT_CONNECT))
		return false;
	dataplane->counters->denied++;
	connection_notice(dataplane, c, BS_NOTICE_DENIED, NULL, 0);
	if (!stutter || !stutter_begin(dataplane, c, BS_TEMPLATE_DENIED))
		refuse(dataplane, c, BS_TEMPLATE_DENIED, 0);
	return true;
}

bool greeting_refused(struct dataplane *dataplane, struct connection *c)
{
	return is_denied(dataplane, c) || judge_verdict(dataplane, c);
}

void greeting_begin(struct dataplane *dataplane, struct connection *c)
{
	dataplane->counters->greeted++;
	connection_stage(dataplane, c, STAGE_GREETED);
	text_begin(dataplane, c, BS_TEMPLATE_GREETING);
	// RFC 6298, 5.7: where the SYN-ACK had to be sent again the first timeout is three seconds at least; ours double, so four.
	c->retransmits = c->retransmits > 0 ? 2 : 0;
}

void greet(struct dataplane *dataplane, struct connection *c)
{
	if (greeting_refused(dataplane, c))
		return;
	greeting_begin(dataplane, c);
	send_text(dataplane, c, c->text_position); // a teaser that was lost goes out again with it
	connection_delay(dataplane, c, DELAY_RTO_FIRST + c->retransmits);
}

bool greeting_due(struct dataplane *dataplane, struct connection *c, enum bs_verdict verdict)
{
	if (is_denied(dataplane, c))
		return false;
	if (verdict != BS_VERDICT_NONE) {
		judge_tell(dataplane, c, verdict);
		return false;
	}
	greeting_begin(dataplane, c);
	connection_delay(dataplane, c, DELAY_RTO_FIRST + c->retransmits);
	return true;
}

void greeting_again(struct dataplane *dataplane, struct connection *c)
{
	if (c->retransmits == GREETING_RETRANSMITS) {
		dataplane->counters->timeouts++;
		connection_notice(dataplane, c, BS_NOTICE_GONE, NULL, 0);
		closing_reset(dataplane, c, c->snd_una);
		return;
	}
	c->retransmits++;
	dataplane->counters->retransmits++;
	send_text(dataplane, c, c->text_position);
	connection_delay(dataplane, c, DELAY_RTO_FIRST + c->retransmits);
}

// A worker has found that this one need not wait (seam/stream.h).
static void greet_now(struct dataplane *dataplane, const struct bs_greet *what)
{
	if (what->record >= dataplane->connections->capacity)
		return;
	struct connection *c = &dataplane->connections->record[what->record];
	if (c->stage != STAGE_WAITING || c->serial != what->serial)
		return;
	greeting_classify(dataplane, c);
	greet(dataplane, c);
}

unsigned greetings_wished(struct dataplane *dataplane)
{
	struct bs_streams *streams = dataplane->streams;
	unsigned done = 0;
	for (uint32_t worker = 0; worker < streams->workers; worker++) {
		struct bs_greet what;
		for (unsigned i = 0; i < GREETINGS_A_TURN; i++, done++) {
			if (!bs_ring_pop(streams->greet[worker], &what, sizeof(what)))
				break;
			greet_now(dataplane, &what);
		}
	}
	return done;
}
