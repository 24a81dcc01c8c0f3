// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/waiting.h"

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/greeting.h"
#include "dataplane/tcp/judge.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/talk.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"
#include "dataplane/tcp/window.h"

// A first line of the greeting for those who don't know that a greeting is over with the line that has no hyphen (RFC 5321, 4.2.1). It
// has no timer: what is lost of it goes out with the greeting.
static void tease(struct dataplane *dataplane, struct connection *c)
{
	const struct bs_policy *policy = dataplane->policy;
	if (policy->texts[policy->text_set].template[BS_TEMPLATE_TEASER].length == 0)
		return;
	c->teased = 1;
	connection_stage(dataplane, c, STAGE_WAITING); // from here on it holds its texts
	send_text(dataplane, c, 0);
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

static enum bs_reason refuse_early(
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

// Where early talk is not refused its first byte takes a session block, and the greeting goes out at once. Without a free block the
// bytes are not acknowledged: the client sends them again, perhaps when the greeting has arrived.
static enum bs_reason serve_early(struct dataplane *dataplane, struct connection *c,
	const struct frame *frame, const struct payload *p)
{
	uint32_t said = text_unacknowledged(dataplane, c);
	bool first = !(c->flags & CONNECTION_BUSY);
	c->flags |= CONNECTION_BUSY;
	if (first && dataplane->policy->checks.mode[BS_CHECK_EARLY_TALK] == BS_MODE_OBSERVE) {
		dataplane->counters->pregreets_observed++;
		connection_notice(dataplane, c, BS_NOTICE_PREGREET_OBSERVED, p->bytes, p->length);
	}
	if (!block_is_free(dataplane, c))
		return BS_REASON_TCP_NO_ROOM;
	if (c->stage == STAGE_WAITING) {
		greeting_classify(dataplane, c);
		if (greeting_refused(dataplane, c))
			return BS_REASON_TCP_NO_ROOM;
		greeting_begin(dataplane, c);
	}
	talk_open(dataplane, c, frame, p, said);
	return BS_REASON_ACCEPTED;
}

static enum bs_reason early(struct dataplane *dataplane, struct connection *c,
	const struct frame *frame, const struct payload *p)
{
	return dataplane->policy->checks.mode[BS_CHECK_EARLY_TALK] == BS_MODE_ENFORCE
		       ? refuse_early(dataplane, c, p)
		       : serve_early(dataplane, c, frame, p);
}

// The client left before it was served.
static void left(struct dataplane *dataplane, struct connection *c)
{
	if (c->stage == STAGE_WAITING) {
		dataplane->counters->hangups++;
		connection_notice(dataplane, c, BS_NOTICE_HANGUP, NULL, 0);
		judge_learn(dataplane, c, &(struct bs_lesson){.hangups = 1});
	} else {
		connection_notice(dataplane, c, BS_NOTICE_GONE, NULL, 0);
	}
}

static void reset(struct dataplane *dataplane, struct connection *c)
{
	left(dataplane, c);
	connection_release(dataplane, c);
}

static enum bs_reason gone(
	struct dataplane *dataplane, struct connection *c, const struct payload *p)
{
	take(c, p);
	left(dataplane, c);
	if (text_unacknowledged(dataplane, c) == 0)
		closing_start(dataplane, c);
	else
		refuse(dataplane, c, BS_TEMPLATE_NONE, CONNECTION_CLOSE);
	return BS_REASON_ACCEPTED;
}

static enum bs_reason speak(struct dataplane *dataplane, struct connection *c,
	const struct frame *frame, const struct payload *p)
{
	if (talk_open(dataplane, c, frame, p, 0))
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
	return early(dataplane, c, frame, &p);
}

enum bs_reason waiting_open(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	struct bs_source *source;
	connection_stage(dataplane, c, STAGE_WAITING);
	c->serial = ++dataplane->connections->serial;
	c->opened_ms = dataplane->now_ms;
	dataplane->counters->accepted++;
	greeting_classify(dataplane, c);
	text_acknowledge(dataplane, c, frame); // for the window
	connection_notice(dataplane, c, BS_NOTICE_CONNECT, NULL, 0);
	if (judge_open(dataplane, c, &source))
		return judge_input(dataplane, c, frame);
	bool spoke = frame->payload_length > 0 || frame->flags & TCP_FIN;
	enum reputation reputation = judge_reputation(dataplane, source);
	bool at_once = c->flags & CONNECTION_FAST || dataplane->policy->wait_ms == 0 ||
		       reputation == REPUTATION_KNOWN ||
		       c->class == BS_CLASS_RUNTIME_DENY || // the operator has seen enough of it
		       dataplane->policy->class[c->class].action == BS_ACTION_STUTTER;
	if (!spoke && at_once) {
		greet(dataplane, c);
		return BS_REASON_ACCEPTED;
	}
	connection_delay(
		dataplane, c, reputation == REPUTATION_SUSPICIOUS ? DELAY_WAIT_LONG : DELAY_WAIT);
	if (!spoke) {
		judge_announce(dataplane, c, source);
		tease(dataplane, c);
	}
	enum bs_reason reason = content(dataplane, c, frame);
	if (c->stage == STAGE_WAITING && at_once)
		greet(dataplane, c);
	return reason;
}

static void greeting_acknowledged(struct dataplane *dataplane, struct connection *c)
{
	if (text_unacknowledged(dataplane, c) > 0) {
		connection_delay(dataplane, c, DELAY_RTO_FIRST);
		return;
	}
	c->flags &= (uint8_t)~CONNECTION_BUSY; // what it said too early is forgotten
	connection_delay(dataplane, c, DELAY_GREETED);
}

enum bs_reason waiting_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	enum bs_reason reason = BS_REASON_ACCEPTED;
	uint32_t snd_max = c->snd_una + text_unacknowledged(dataplane, c);
	if (!segment_goes_on(dataplane, c, frame, snd_max, reset, &reason))
		return reason;
	if (text_acknowledge(dataplane, c, frame) && c->stage == STAGE_GREETED)
		greeting_acknowledged(dataplane, c);
	return content(dataplane, c, frame);
}

void waiting_expired(struct dataplane *dataplane, struct connection *c)
{
	if (text_unacknowledged(dataplane, c) > 0) {
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

void waiting_shed(struct dataplane *dataplane, struct connection *c)
{
	dataplane->counters->shed++;
	connection_notice(dataplane, c, BS_NOTICE_BUSY, NULL, 0);
	refuse(dataplane, c, BS_TEMPLATE_BUSY, CONNECTION_CLOSE);
}

void waiting_displace(struct dataplane *dataplane, struct connection *c)
{
	dataplane->counters->displaced++;
	connection_notice(dataplane, c, BS_NOTICE_BUSY, NULL, 0);
	closing_reset(dataplane, c, c->snd_una + text_unacknowledged(dataplane, c));
}

void waiting_drain(struct dataplane *dataplane, struct connection *c)
{
	if (c->stage == STAGE_GREETED && text_unacknowledged(dataplane, c) > 0)
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
