// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/talk.h"

#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/cookie.h"
#include "dataplane/tcp/talk_receive.h"
#include "dataplane/tcp/talk_send.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"
#include "dataplane/tcp/window.h"

// Wishes taken from one worker in a turn: several bursts' worth, so that neither side can starve the other.
#define WISHES_A_TURN 256
// Shorter than any line of SMTP: who sends many of these has us work for nothing.
#define TINY 3u

static struct bs_stream *stream_of(struct dataplane *dataplane, const struct connection *c)
{
	return &dataplane->streams->stream[c->block];
}

// A doorbell of the block's last owner may still be under way; then it will do for this one too (stream.h).
static void tell_open(struct dataplane *dataplane, uint32_t block)
{
	struct bs_streams *streams = dataplane->streams;
	struct bs_stream *stream = &streams->stream[block];
	if (atomic_exchange_explicit(&stream->events, BS_EVENT_OPEN, memory_order_acq_rel) == 0) {
		uint32_t worker = bs_stream_worker(streams, block);
		bs_ring_push(streams->events[worker], &block, sizeof(block));
		bs_bell_ring(streams->worker_bell[worker]);
	}
}

_Static_assert(BS_STREAM_TX >= 2 * BS_TEMPLATE_TEXT, "room for teaser and greeting");

// The greeting of a client that did not wait for it. Before the worker knows of the stream.
static void take_over_text(
	struct dataplane *dataplane, struct connection *c, struct bs_stream *stream, uint32_t said)
{
	uint8_t bytes[BS_STREAM_TX];
	uint32_t count = text_unacknowledged(dataplane, c);
	text_copy(dataplane, c, c->text_position, bytes, count);
	bs_stream_write(stream, bytes, count);
	block_talk(stream)->snd_max += said;
}

// Notes that an ACK may be owed after this burst.
static void touch(struct dataplane *dataplane, struct connection *c, struct talk *talk)
{
	if (!(talk->flags & (TALK_ACK_NOW | TALK_ACK_LATER)) || talk->flags & TALK_TOUCHED)
		return;
	talk->flags |= TALK_TOUCHED;
	dataplane->touched[dataplane->touched_count++] = connection_number(
		dataplane->connections, c);
}

bool talk_open(struct dataplane *dataplane, struct connection *c, const struct frame *frame,
	const struct payload *payload, uint32_t said)
{
	uint32_t block = block_take(dataplane, c);
	if (block == BLOCK_NONE)
		return false;
	c->block = block;
	struct bs_stream *stream = stream_of(dataplane, c);
	struct talk *talk = block_talk(stream);
	talk->rx_base = c->rcv_nxt;
	talk->tx_base = talk->snd_nxt = talk->snd_max = c->snd_una;
	talk->rcv_adv = c->rcv_nxt + RECORD_WINDOW;
	talk->mss = send_mss(dataplane, c);
	if (cookie_window_scale(c->options, &talk->send_shift))
		talk->receive_shift = RECEIVE_SHIFT;
	if (cookie_has_sack(c->options))
		c->flags |= CONNECTION_SACK;
	talk->snd_wnd = (uint32_t)frame->window << talk->send_shift;
	talk->snd_wl1 = frame->sequence;
	talk->snd_wl2 = frame->acknowledgement;
	talk->cwnd = 10u * talk->mss;                            // RFC 6928
	talk->rto = (uint8_t)(DELAY_RTO_FIRST + c->retransmits); // RFC 6298, 5.7
	take_over_text(dataplane, c, stream, said);
	c->retransmits = 0;
	connection_client(dataplane, c, &stream->client);
	connection_stage(dataplane, c, STAGE_TALKING);
	connection_delay(dataplane, c, DELAY_NONE);
	dataplane->counters->talking++;
	tell_open(dataplane, block);
	talk_take(dataplane, c, stream, payload);
	talk_send(dataplane, c);
	touch(dataplane, c, talk);
	return true;
}

// The connection is over for the network; the record waits until the worker knows and lets go.
static void die(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(stream_of(dataplane, c));
	if (talk->flags & TALK_LET_GO) {
		block_release(dataplane, c);
		connection_release(dataplane, c);
		return;
	}
	talk->flags |= TALK_DEAD;
	connection_delay(dataplane, c, DELAY_NONE);
	bs_stream_raise(dataplane->streams, c->block, BS_EVENT_DEAD);
}

static void give_up(struct dataplane *dataplane, struct connection *c)
{
	dataplane->counters->timeouts++;
	dataplane->counters->resets_sent++;
	send_talk(dataplane, c, block_talk(stream_of(dataplane, c))->snd_max, 0, TCP_RST);
	die(dataplane, c);
}

// All that the worker had to say is acknowledged and it has let go: the block is free for the next.
static bool finish(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(stream_of(dataplane, c));
	if (!(talk->flags & TALK_LET_GO) || talk_unsent(dataplane, c) > 0 ||
		c->snd_una != talk->snd_max)
		return false;
	if (talk->flags & (TALK_ACK_NOW | TALK_ACK_LATER) && !(c->flags & CONNECTION_PEER_FIN))
		send_talk(dataplane, c, talk->snd_max, 0, 0); // else our FIN carries it
	uint32_t left = window_left(c, talk);
	block_release(dataplane, c);
	window_keep(c, left);
	if (c->flags & CONNECTION_PEER_FIN)
		closing_start(dataplane, c);
	else
		closing_linger(dataplane, c);
	return true;
}

enum bs_reason talk_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	struct bs_stream *stream = stream_of(dataplane, c);
	struct talk *talk = block_talk(stream);
	enum bs_reason reason = BS_REASON_ACCEPTED;
	if (talk->flags & TALK_DEAD)
		return BS_REASON_TCP_STRAY;
	uint32_t window = window_room(c, stream, talk);
	switch (segment_check(dataplane, c, frame, window, talk->snd_max, &reason)) {
	case SEGMENT_DONE:
		return reason;
	case SEGMENT_RESET:
		die(dataplane, c);
		return BS_REASON_ACCEPTED;
	case SEGMENT_GO_ON:
		break;
	}
	talk_acknowledged(dataplane, c, stream, frame);
	if (frame->payload_length > 0 || frame->flags & TCP_FIN) {
		struct payload p = segment_payload(frame, c->rcv_nxt, window);
		dataplane->counters->tiny += frame->payload_length > 0 &&
					     frame->payload_length < TINY;
		reason = talk_take(dataplane, c, stream, &p);
		if (p.length == 0 && !p.fin)
			reason = BS_REASON_TCP_WINDOW; // a probe of our closed window
	}
	talk_send(dataplane, c);
	if (finish(dataplane, c))
		return reason;
	if (talk_overstays(dataplane, talk)) // each segment of his may put the timer off
		give_up(dataplane, c);
	else
		touch(dataplane, c, talk);
	return reason;
}

void talk_expired(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(stream_of(dataplane, c));
	if (talk->flags & TALK_ACK_LATER && c->snd_una == talk->snd_max) {
		send_talk(dataplane, c, talk->snd_max, 0, 0);
		talk_send(dataplane,
			c); // arms the timer again where a closed window waits for its probe
		return;
	}
	if (!talk_send_again(dataplane, c))
		give_up(dataplane, c);
}

static void let_go(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(stream_of(dataplane, c));
	talk->flags |= TALK_LET_GO;
	talk->let_go_ms = dataplane->now_ms;
	if (talk->flags & TALK_DEAD) {
		block_release(dataplane, c);
		connection_release(dataplane, c);
		return;
	}
	talk->gaps = 0; // what comes now is acknowledged and thrown away
	block_shrink(dataplane, c->block);
	talk_send_last(dataplane, c);
	finish(dataplane, c);
}

static void abort_now(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(stream_of(dataplane, c));
	if (!(talk->flags & TALK_DEAD)) {
		dataplane->counters->resets_sent++;
		send_talk(dataplane, c, talk->snd_max, 0, TCP_RST);
	}
	block_release(dataplane, c);
	connection_release(dataplane, c);
}

static void carry_out(struct dataplane *dataplane, uint32_t block)
{
	struct bs_streams *streams = dataplane->streams;
	struct bs_stream *stream = &streams->stream[block];
	struct talk *talk = block_talk(stream);
	struct connection *c = &dataplane->connections->record[talk->connection];
	uint32_t wishes = atomic_exchange_explicit(&stream->wishes, 0, memory_order_acq_rel);

	if (wishes & BS_WISH_ABORT) {
		abort_now(dataplane, c);
		return;
	}
	if (wishes & BS_WISH_GROW) {
		if (!(talk->flags & TALK_DEAD)) {
			block_grow(dataplane, block);
			talk->measured = c->rcv_nxt;
			talk->measured_ms = dataplane->now_ms;
		}
		bs_stream_raise(streams, block, BS_EVENT_GROWN);
	}
	if (wishes & BS_WISH_ROOM) {
		if (talk_has_room(stream))
			bs_stream_raise(streams, block, BS_EVENT_WRITABLE);
		else
			talk->flags |= TALK_WANTS_ROOM;
	}
	if (wishes & BS_WISH_CLOSE) {
		let_go(dataplane, c);
		return;
	}
	if (talk->flags & TALK_DEAD)
		return;
	if (wishes & BS_WISH_SEND)
		talk_send(dataplane, c);
	if (wishes & (BS_WISH_WINDOW | BS_WISH_GROW) && window_opened(c, stream, talk))
		send_talk(dataplane, c, talk->snd_max, 0, 0);
}

unsigned talk_wishes(struct dataplane *dataplane)
{
	struct bs_streams *streams = dataplane->streams;
	unsigned done = 0;
	for (uint32_t worker = 0; worker < streams->workers; worker++) {
		uint32_t block;
		for (unsigned i = 0; i < WISHES_A_TURN; i++) {
			if (!bs_ring_pop(streams->wishes[worker], &block, sizeof(block)))
				break;
			carry_out(dataplane, block);
			done++;
		}
	}
	return done;
}

void talk_acknowledge(struct dataplane *dataplane)
{
	for (unsigned i = 0; i < dataplane->touched_count; i++) {
		struct connection *c = &dataplane->connections->record[dataplane->touched[i]];
		if (c->stage != STAGE_TALKING)
			continue;
		struct talk *talk = block_talk(stream_of(dataplane, c));
		talk->flags &= (uint8_t)~TALK_TOUCHED;
		if (talk->flags & TALK_DEAD)
			continue;
		if (talk->flags & TALK_ACK_NOW ||
			(talk->flags & TALK_ACK_LATER && c->delay != DELAY_NONE &&
				c->delay != DELAY_ACK))
			send_talk(dataplane, c, talk->snd_max, 0,
				0); // the timer is taken by data under way
		else if (talk->flags & TALK_ACK_LATER && c->delay == DELAY_NONE)
			connection_delay(dataplane, c, DELAY_ACK);
	}
	dataplane->touched_count = 0;
}
