// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/waiting.h"

#include "dataplane/closing.h"
#include "dataplane/judge.h"
#include "dataplane/refused.h"
#include "dataplane/segment.h"
#include "dataplane/talk.h"
#include "dataplane/tcp_send.h"
#include "dataplane/text.h"

// The greeting sent again after 1, 2, 4 ... 32 s: a minute in all, then the client is gone.
#define GREETING_RETRANSMITS 6

static void classify(struct dataplane *dataplane, struct connection *c)
{
	bs_policy_classify(dataplane->policy, &c->peer, &c->class, 1);
	if (bs_action_spares(dataplane->policy->class[c->class].action))
		c->flags |= CONNECTION_FAST;
	else
		c->flags &= (uint8_t)~CONNECTION_FAST;
}

static void greet(struct dataplane *dataplane, struct connection *c)
{
	const struct bs_class *class = &dataplane->policy->class[c->class];
	if (class->action == BS_ACTION_REFUSE && class->refuse_at == BS_REFUSE_AT_CONNECT) {
		dataplane->counters->denied++;
		connection_notice(dataplane, c, BS_NOTICE_DENIED, NULL, 0);
		refuse(dataplane, c, BS_TEMPLATE_DENIED, 0);
		return;
	}
	if (judge_verdict(dataplane, c))
		return;
	dataplane->counters->greeted++;
	connection_stage(dataplane, c, STAGE_GREETED);
	c->text = BS_TEMPLATE_GREETING;
	c->text_position = 0;
	c->retransmits = 0;
	send_text(dataplane, c, 0);
	connection_delay(dataplane, c, DELAY_RTO_FIRST);
}

// Takes in-order payload off the wire; what it said is judged by the caller.
static void take(struct connection *c, const struct payload *p)
{
	c->rcv_nxt += p->length;
	if (p->fin) {
		c->rcv_nxt++;
		c->flags |= CONNECTION_PEER_FIN;
	}
}

static enum bs_reason early(
	struct dataplane *dataplane, struct connection *c, const struct payload *p)
{
	dataplane->counters->pregreets++;
	take(c, p);
	connection_notice(dataplane, c, BS_NOTICE_PREGREET, p->bytes, p->length);
	judge_learn(dataplane, c, &(struct bs_lesson){.early = 1});
	if (c->stage == STAGE_WAITING)
		refuse(dataplane, c, BS_TEMPLATE_PREGREET, 0);
	else
		refuse(dataplane, c, BS_TEMPLATE_NONE, CONNECTION_SYNC);
	return BS_REASON_ACCEPTED;
}

static enum bs_reason gone(
	struct dataplane *dataplane, struct connection *c, const struct payload *p)
{
	take(c, p);
	if (c->stage == STAGE_WAITING) {
		dataplane->counters->hangups++;
		connection_notice(dataplane, c, BS_NOTICE_HANGUP, NULL, 0);
		judge_learn(dataplane, c, &(struct bs_lesson){.hangups = 1});
	} else {
		connection_notice(dataplane, c, BS_NOTICE_GONE, NULL, 0);
	}
	if (text_unacknowledged(dataplane, c) == 0)
		closing_start(dataplane, c);
	else
		refuse(dataplane, c, BS_TEMPLATE_NONE, CONNECTION_CLOSE);
	return BS_REASON_ACCEPTED;
}

static enum bs_reason speak(struct dataplane *dataplane, struct connection *c,
	const struct frame *frame, const struct payload *p)
{
	if (talk_open(dataplane, c, frame, p))
		return BS_REASON_ACCEPTED;
	// Not acknowledged, so nothing is lost: the client sends it again, and until then a block may be free.
	if (!(c->flags & CONNECTION_BUSY)) {
		c->flags |= CONNECTION_BUSY;
		connection_delay(dataplane, c, DELAY_8S);
	}
	return BS_REASON_TCP_NO_ROOM;
}

static enum bs_reason content(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	struct payload p = segment_payload(frame, c->rcv_nxt, RECORD_WINDOW);
	if (p.sequence != c->rcv_nxt && (p.length > 0 || p.fin)) { // behind a gap: it comes again
		send_control(dataplane, c, c->snd_una + text_unacknowledged(dataplane, c), TCP_ACK);
		return BS_REASON_TCP_NO_ROOM;
	}
	if (p.length == 0)
		return p.fin ? gone(dataplane, c, &p) : BS_REASON_ACCEPTED;
	bool greeted = c->stage == STAGE_GREETED && text_unacknowledged(dataplane, c) == 0;
	if (greeted)
		return speak(dataplane, c, frame, &p);
	// A client that read the greeting acknowledges all of it with its first byte.
	if (c->flags & CONNECTION_FAST)
		return BS_REASON_TCP_NO_ROOM;
	return early(dataplane, c, &p);
}

enum bs_reason waiting_open(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	connection_stage(dataplane, c, STAGE_WAITING);
	c->serial = ++dataplane->connections->serial;
	c->opened_ms = dataplane->now_ms;
	dataplane->counters->accepted++;
	classify(dataplane, c);
	text_acknowledge(dataplane, c, frame); // for the window
	connection_notice(dataplane, c, BS_NOTICE_CONNECT, NULL, 0);
	if (judge_open(dataplane, c))
		return judge_input(dataplane, c, frame);
	bool spoke = frame->payload_length > 0 || frame->flags & TCP_FIN;
	bool at_once = c->flags & CONNECTION_FAST || dataplane->policy->wait_ms == 0 ||
		       c->class == BS_CLASS_RUNTIME_DENY; // the operator has seen enough of it
	if (!spoke && at_once) {
		greet(dataplane, c);
		return BS_REASON_ACCEPTED;
	}
	connection_delay(dataplane, c, DELAY_WAIT);
	if (!spoke)
		judge_announce(dataplane, c);
	enum bs_reason reason = content(dataplane, c, frame);
	if (c->stage == STAGE_WAITING && c->flags & CONNECTION_FAST)
		greet(dataplane, c);
	return reason;
}

enum bs_reason waiting_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	enum bs_reason reason = BS_REASON_ACCEPTED;
	uint32_t snd_max = c->snd_una + text_unacknowledged(dataplane, c);
	switch (segment_check(dataplane, c, frame, RECORD_WINDOW, snd_max, &reason)) {
	case SEGMENT_DONE:
		return reason;
	case SEGMENT_RESET:
		connection_notice(dataplane, c,
			c->stage == STAGE_WAITING ? BS_NOTICE_HANGUP : BS_NOTICE_GONE, NULL, 0);
		if (c->stage == STAGE_WAITING) {
			dataplane->counters->hangups++;
			judge_learn(dataplane, c, &(struct bs_lesson){.hangups = 1});
		}
		connection_release(dataplane, c);
		return BS_REASON_ACCEPTED;
	case SEGMENT_GO_ON:
		break;
	}
	if (text_acknowledge(dataplane, c, frame))
		connection_delay(dataplane, c,
			text_unacknowledged(dataplane, c) == 0 ? DELAY_GREETED : DELAY_RTO_FIRST);
	return content(dataplane, c, frame);
}

static void greeting_again(struct dataplane *dataplane, struct connection *c)
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

void waiting_expired(struct dataplane *dataplane, struct connection *c)
{
	if (c->stage == STAGE_WAITING) {
		classify(dataplane, c);
		greet(dataplane, c);
	} else if (text_unacknowledged(dataplane, c) > 0) {
		greeting_again(dataplane, c);
	} else if (c->flags & CONNECTION_BUSY) {
		dataplane->counters->busy++;
		connection_notice(dataplane, c, BS_NOTICE_BUSY, NULL, 0);
		refuse(dataplane, c, BS_TEMPLATE_BUSY, CONNECTION_CLOSE);
	} else {
		connection_notice(dataplane, c, BS_NOTICE_SILENT, NULL, 0);
		refuse(dataplane, c, BS_TEMPLATE_TIMEOUT, CONNECTION_CLOSE);
	}
}

void waiting_drain(struct dataplane *dataplane, struct connection *c)
{
	if (text_unacknowledged(dataplane, c) > 0)
		return; // when the greeting has arrived
	connection_notice(dataplane, c, BS_NOTICE_DRAINED, NULL, 0);
	refuse(dataplane, c, BS_TEMPLATE_DRAINING, CONNECTION_CLOSE);
}

void waiting_kill(struct dataplane *dataplane, struct connection *c)
{
	uint32_t unacknowledged = text_unacknowledged(dataplane, c);
	if (c->stage == STAGE_WAITING || c->stage == STAGE_GREETED) // others had their last line
		connection_notice(dataplane, c, BS_NOTICE_KILLED, NULL, 0);
	if (c->stage == STAGE_GREETED && unacknowledged == 0)
		refuse(dataplane, c, BS_TEMPLATE_KILLED, CONNECTION_CLOSE);
	else
		closing_reset(dataplane, c, c->snd_una + unacknowledged);
}
