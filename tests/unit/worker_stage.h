// SPDX-License-Identifier: BSD-3-Clause
//
// A stage for the worker: the dataplane's side of the streams, clients that send and read, a backend that answers at
// once or when it is told to, a clock that stands still. One stage a test (Criterion forks for each).
//
// The dataplane here is a strict one: it sends the client no more than the window that was announced, overwrites a ring that
// was replaced, and fails the test when a stream is touched after it was let go.
#pragma once

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/worker/worker.h"

#define STREAMS    8
#define LARGE_RING 65536

struct peer {           // one client, and what its dataplane remembers
	uint8_t *large; // its ring after BS_WISH_GROW
	uint32_t edge;  // what the window allows to send, counted as rx_head
	bool wants_room, stuck, grow_asked, closed, aborted;
	char reply[1 << 18];
	size_t count;
};

static struct stage {
	struct bs_streams streams;
	struct bs_streams *list[1];
	struct peer peer[STREAMS];
	struct bs_bell bell, worker_bell;
	struct helper_pool *helpers;
	struct bs_log *log;
	struct bs_worker_counters counters;
	struct bs_policy policy;
	_Atomic bool draining;
	struct bs_door door;
	struct worker *worker;
	uint64_t now_ms;
	bool hold_grow, no_large_ring, hold;
	char said[1 << 18]; // log
	// the backend
	delivery_done *done;
	void *context;
	struct session_answer answer; // to what is held
	bool calling;
	char last[20]; // call
	char content[1 << 20];
	size_t content_count;
	unsigned deliveries, closed, begun, committed, abandoned;
} stage;

struct delivery {
	void *context;
	bool mail; // begun, neither committed nor abandoned
};

static struct delivery *fake_open(struct backend *backend,
	const struct delivery_surroundings *around, const char *id, delivery_done *done,
	void *context)
{
	stage.deliveries++;
	stage.done = done;
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	delivery->context = context;
	return delivery;
}

static void fake_answer(struct delivery *delivery, const char *call, unsigned code)
{
	snprintf(stage.last, sizeof(stage.last), "%s", call);
	stage.context = delivery->context;
	stage.answer = (struct session_answer){(uint16_t)code, "2.0.0", "text", "fake:detail"};
	if (code != 250)
		snprintf(stage.answer.enhanced, sizeof(stage.answer.enhanced), "5.1.1");
	cr_assert_not(stage.calling, "two calls at once");
	stage.calling = true;
	if (stage.hold)
		return;
	stage.calling = false;
	stage.done(stage.context, &stage.answer);
}

static inline void release_held(void)
{
	cr_assert(stage.calling);
	stage.calling = false;
	stage.done(stage.context, &stage.answer);
}

static void fake_recipient(struct delivery *delivery, const struct session_envelope *envelope,
	const struct mailbox *recipient)
{
	fake_answer(delivery, "recipient", strcmp(recipient->local, "info") == 0 ? 250 : 550);
}

static void fake_begin(struct delivery *delivery, const struct session_envelope *envelope)
{
	stage.begun++;
	delivery->mail = true;
	stage.content_count = 0;
	fake_answer(delivery, "begin", 250);
}

static void fake_write(struct delivery *delivery, const uint8_t *bytes, size_t count)
{
	cr_assert_leq(count, 65536, "a mail must not need its size in memory");
	cr_assert_leq(stage.content_count + count, sizeof(stage.content));
	memcpy(stage.content + stage.content_count, bytes, count);
	stage.content_count += count;
	fake_answer(delivery, "write", 250);
}

static void fake_commit(struct delivery *delivery, const uint8_t *bytes, size_t count)
{
	stage.committed++;
	delivery->mail = false;
	memcpy(stage.content + stage.content_count, bytes, count);
	stage.content_count += count;
	fake_answer(delivery, "commit", 250);
}

static void fake_abandon(struct delivery *delivery)
{
	stage.abandoned++;
	delivery->mail = false;
	fake_answer(delivery, "abandon", 250);
}

static void fake_close(struct delivery *delivery)
{
	cr_assert_not(stage.calling, "closed with a call under way");
	stage.closed++;
	stage.abandoned += delivery->mail; // close() throws it away
	free(delivery);
}

static const struct backend_operations fake_operations = {.scheme = "fake",
	.open = fake_open,
	.recipient = fake_recipient,
	.begin = fake_begin,
	.write = fake_write,
	.commit = fake_commit,
	.abandon = fake_abandon,
	.close = fake_close};
static struct backend fake_backend = {&fake_operations};
static char *stage_domains[] = {"example.org"};

static inline void stage_begin(struct backend *backend)
{
	struct bs_streams *streams = &stage.streams;
	stage.policy = (struct bs_policy){.hostname = "mx.example.org",
		.domains = stage_domains,
		.domain_count = 1,
		.domain_index = bs_domains_new(stage_domains, 1),
		.command_timeout_ms = 300000,
		.data_timeout_ms = 180000,
		.data_rate = 500,
		.message_size = 10000000,
		.line_length = 2048,
		.errors = 20,
		.commands = 100000,
		.junk_commands = 100000,
		.recipients = 1000,
		.unknown_recipients = 5,
		.class_count = 1};
	atomic_store(&bs_policy_current, &stage.policy);
	cr_assert(bs_bell_open(&stage.bell) && bs_bell_open(&stage.worker_bell));
	streams->count = STREAMS;
	streams->workers = 1;
	streams->stream = aligned_alloc(64, STREAMS * sizeof(struct bs_stream));
	memset(streams->stream, 0, STREAMS * sizeof(struct bs_stream));
	streams->events[0] = bs_ring_new(STREAMS, sizeof(uint32_t));
	streams->wishes[0] = bs_ring_new(STREAMS, sizeof(uint32_t));
	streams->early[0] = bs_ring_new(BS_EARLY_ROOM, sizeof(struct bs_early));
	streams->greet[0] = bs_ring_new(BS_EARLY_ROOM, sizeof(struct bs_greet));
	streams->bell = &stage.bell;
	streams->worker_bell[0] = &stage.worker_bell;
	stage.list[0] = streams;
	stage.helpers = helper_pool_new(1);
	stage.log = bs_log_new(BS_LOG_SMALL);
	stage.now_ms = 1000000;
	struct worker_settings settings = {.streams = stage.list,
		.dataplanes = 1,
		.backend = backend,
		.helpers = stage.helpers,
		.bell = &stage.worker_bell,
		.log = stage.log,
		.counters = &stage.counters,
		.door = &stage.door,
		.draining = &stage.draining};
	stage.worker = worker_new(&settings);
	cr_assert_not_null(stage.worker);
}

// With the backend that can be held.
static inline void stage_begin_held(void)
{
	stage_begin(&fake_backend);
}

static inline void stage_end(void)
{
	worker_free(stage.worker);
	cr_assert_eq(stage.deliveries, stage.closed);
	cr_assert_eq(stage.counters.sessions, stage.counters.sessions_ended);
	cr_assert_eq(stage.counters.sessions_now, 0);
	helper_pool_free(stage.helpers);
	bs_log_free(stage.log);
	bs_domains_free((struct bs_domains *)stage.policy.domain_index);
	for (int i = 0; i < STREAMS; i++) {
		cr_assert_null(stage.streams.stream[i].session);
		free(stage.peer[i].large);
	}
	free(stage.streams.stream);
	free(stage.streams.events[0]);
	free(stage.streams.early[0]);
	free(stage.streams.greet[0]);
	free(stage.streams.wishes[0]);
}

static inline struct bs_stream *stream(uint32_t number)
{
	return &stage.streams.stream[number];
}

// The dataplane's first act for a connection: old events are replaced, the doorbell may still be under way.
static inline void client_open(uint32_t number)
{
	struct bs_stream *s = stream(number);
	struct peer *peer = &stage.peer[number];
	free(peer->large);
	*peer = (struct peer){.edge = BS_STREAM_RX};
	s->rx_ring = s->rx;
	s->rx_mask = BS_STREAM_RX - 1;
	s->rx_head = s->rx_tail = s->tx_head = s->tx_tail = 0;
	s->client = (struct bs_client){.address = bs_address_from_ipv4("\300\000\002\007"),
		.port = 4000,
		.serial = number,
		.opened_ms = stage.now_ms};
	if (atomic_exchange(&s->events, BS_EVENT_OPEN) == 0)
		bs_ring_push(stage.streams.events[0], &number, sizeof(number));
}

static inline void raise_event(uint32_t number, uint32_t events)
{
	bs_stream_raise(&stage.streams, number, events);
}

// As much as the window lets through; returns how much.
static inline size_t client_put(uint32_t number, const char *bytes, size_t count)
{
	struct bs_stream *s = stream(number);
	uint32_t head = atomic_load(&s->rx_head), i = 0;
	for (; i < count && head + i != stage.peer[number].edge; i++)
		s->rx_ring[(head + i) & s->rx_mask] = (uint8_t)bytes[i];
	atomic_store(&s->rx_head, head + i);
	if (i != 0)
		raise_event(number, BS_EVENT_READABLE);
	return i;
}

static inline void client_say(uint32_t number, const char *text)
{
	cr_assert_eq(client_put(number, text, strlen(text)), strlen(text));
}

// The client reads up to `count` bytes.
static inline void client_read(uint32_t number, uint32_t count)
{
	struct bs_stream *s = stream(number);
	struct peer *peer = &stage.peer[number];
	uint32_t tail = atomic_load(&s->tx_tail), head = atomic_load(&s->tx_head);
	cr_assert_leq(head - tail, BS_STREAM_TX);
	for (; tail != head && count != 0; tail++, count--)
		peer->reply[peer->count++] = (char)s->tx[tail & (BS_STREAM_TX - 1)];
	bool moved = tail != atomic_load(&s->tx_tail);
	atomic_store(&s->tx_tail, tail);
	if (moved && peer->wants_room) {
		peer->wants_room = false;
		raise_event(number, BS_EVENT_WRITABLE);
	}
}

static inline void grant_ring(uint32_t number)
{
	struct bs_stream *s = stream(number);
	struct peer *peer = &stage.peer[number];
	peer->grow_asked = false;
	if (!stage.no_large_ring) {
		peer->large = malloc(LARGE_RING);
		for (uint32_t i = s->rx_tail; i != s->rx_head; i++)
			peer->large[i & (LARGE_RING - 1)] = s->rx_ring[i & s->rx_mask];
		memset(s->rx, '#', sizeof(s->rx));
		s->rx_ring = peer->large;
		s->rx_mask = LARGE_RING - 1;
	}
	peer->edge = s->rx_tail + s->rx_mask + 1;
	raise_event(number, BS_EVENT_GROWN);
}

static inline void dataplane_turn(void)
{
	uint32_t number;
	while (bs_ring_pop(stage.streams.wishes[0], &number, sizeof(number))) {
		struct bs_stream *s = stream(number);
		struct peer *peer = &stage.peer[number];
		uint32_t wishes = atomic_exchange(&s->wishes, 0);
		cr_assert_not(
			peer->closed || peer->aborted, "touched after it was let go: %x", wishes);
		if (wishes & BS_WISH_ROOM) {
			peer->wants_room = true;
			if (s->tx_head - s->tx_tail < BS_STREAM_TX) {
				peer->wants_room = false;
				raise_event(number, BS_EVENT_WRITABLE);
			}
		}
		if (wishes & BS_WISH_WINDOW)
			peer->edge = s->rx_tail + s->rx_mask + 1;
		if (wishes & BS_WISH_GROW)
			peer->grow_asked = true;
		if (peer->grow_asked && !stage.hold_grow)
			grant_ring(number);
		if (wishes & BS_WISH_SEND && !peer->stuck)
			client_read(number, UINT32_MAX);
		if (wishes & (BS_WISH_CLOSE | BS_WISH_ABORT)) {
			cr_assert_null(s->session);
			peer->closed = wishes & BS_WISH_CLOSE;
			peer->aborted = wishes & BS_WISH_ABORT;
		}
	}
}

static inline void collect_log(void)
{
	struct bs_log_line line;
	while (bs_log_take(stage.log, &line)) {
		strncat(stage.said, line.text, sizeof(stage.said) - strlen(stage.said) - 2);
		strcat(stage.said, "\n");
	}
}

// Both sides take turns until neither has anything to do.
static inline void run(void)
{
	for (int i = 0; i < 100000; i++) {
		unsigned done = worker_poll(stage.worker, stage.now_ms * 1000000);
		bool wishes = !bs_ring_empty(stage.streams.wishes[0]);
		dataplane_turn();
		if (done == 0 && !wishes) {
			cr_assert_not(worker_ready(stage.worker), "it would never sleep");
			collect_log();
			return;
		}
	}
	cr_assert_fail("never at rest");
}

static inline bool over(uint32_t number)
{
	return stage.peer[number].closed || stage.peer[number].aborted;
}

static inline bool replied(uint32_t number, const char *text)
{
	stage.peer[number].reply[stage.peer[number].count] = '\0';
	return strstr(stage.peer[number].reply, text) != NULL;
}

static inline void forget_replies(uint32_t number)
{
	stage.peer[number].count = 0;
}

static inline void hello(uint32_t number)
{
	client_open(number);
	client_say(number, "EHLO client.example\r\n");
	run();
	cr_assert(replied(number, "250 "), "%s", stage.peer[number].reply);
	forget_replies(number);
}

static inline void to_data(uint32_t number)
{
	client_say(number, "MAIL FROM:<a@example.net>\r\nRCPT TO:<info@example.org>\r\nDATA\r\n");
	run();
	cr_assert(replied(number, "354 "), "%s", stage.peer[number].reply);
	forget_replies(number);
}
