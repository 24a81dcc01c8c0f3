// SPDX-License-Identifier: BSD-3-Clause
//
// Early talk that is not refused: only observed, or not looked at. No byte of it may be lost, and what is due in the greeting's place is
// said all the same.
#include "dataplane/tcp/block.h"
#include "tests/wire/wire.h"

#define TEASER   "220-mx1.example.org hold the line\r\n"
#define GREETING "220 mx1.example.org ESMTP\r\n"
#define EHLO     "EHLO early\r\n"

static void set_mode(struct wire_peer *peer, enum bs_mode mode)
{
	peer->wire->policy.checks.mode[BS_CHECK_EARLY_TALK] = (uint8_t)mode;
}

// What the worker finds to read.
static uint32_t expect_read(struct wire_peer *peer, const char *text)
{
	uint32_t number, events;
	const uint8_t *bytes;
	cr_assert(wire_event(peer->wire, &number, &events));
	cr_assert(events & BS_EVENT_OPEN);
	struct bs_stream *stream = wire_stream(peer->wire, number);
	cr_assert_eq(bs_stream_peek(stream, &bytes), strlen(text));
	cr_assert(memcmp(bytes, text, strlen(text)) == 0);
	bs_stream_consume(stream, (uint32_t)strlen(text));
	return number;
}

static unsigned observed(struct wire_peer *peer, struct bs_notice *notice)
{
	struct bs_notice one;
	unsigned count = 0;
	while (wire_notice(peer->wire, &one)) {
		cr_assert_neq(one.kind, BS_NOTICE_PREGREET);
		if (one.kind != BS_NOTICE_PREGREET_OBSERVED)
			continue;
		*notice = one;
		count++;
	}
	return count;
}

static uint32_t early_in_history(struct wire_peer *peer)
{
	struct bs_source_view view;
	cr_assert(bs_source_view(
		peer->wire->sources, &peer->address, 600, wire_seconds(peer->wire), &view));
	return view.early;
}

// The session goes on from here as any other.
static void goes_on(struct wire_peer *peer, uint32_t number)
{
	wire_tcp(peer, .flags = TCP_ACK);
	wire_reply(peer->wire, number, "250 mx1.example.org\r\n");
	wire_expect_text(peer, "250 mx1.example.org\r\n");
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 3000);
	wire_expect_nothing(peer->wire);
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
	for (unsigned i = 0; i < BS_TEMPLATE_SETS; i++)
		cr_assert_eq(peer->wire->counters.text_holders[i], 0);
}

WIRE_TEST(early_talk, observed_it_is_logged_and_served)
{
	struct bs_notice notice;
	set_mode(peer, BS_MODE_OBSERVE);
	wire_connect(peer);
	wire_advance(peer->wire, 50);
	wire_say(peer, EHLO);
	wire_expect_text(peer, GREETING);
	cr_assert_eq(observed(peer, &notice), 1);
	cr_assert_eq(notice.total, sizeof(EHLO) - 1);
	cr_assert(memcmp(notice.sample, EHLO, sizeof(EHLO) - 1) == 0);
	cr_assert_eq(peer->wire->counters.pregreets_observed, 1);
	cr_assert_eq(peer->wire->counters.pregreets, 0);
	cr_assert_eq(peer->wire->counters.greeted, 1);
	cr_assert_eq(early_in_history(peer), 0, "it is not held against it");
	goes_on(peer, expect_read(peer, EHLO));
}

WIRE_TEST(early_talk, off_nobody_speaks_of_it)
{
	struct bs_notice notice;
	set_mode(peer, BS_MODE_OFF);
	wire_connect(peer);
	wire_say(peer, EHLO);
	wire_expect_text(peer, GREETING);
	cr_assert_eq(observed(peer, &notice), 0);
	cr_assert_eq(peer->wire->counters.pregreets_observed, 0);
	goes_on(peer, expect_read(peer, EHLO));
}

WIRE_TEST(early_talk, with_the_handshake)
{
	set_mode(peer, BS_MODE_OBSERVE);
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .payload = EHLO);
	wire_expect_text(peer, GREETING);
	goes_on(peer, expect_read(peer, EHLO));
}

WIRE_TEST(early_talk, across_the_greeting)
{
	struct bs_notice notice;
	set_mode(peer, BS_MODE_OBSERVE);
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	uint32_t ack = peer->ack;
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .ack = ack + 4, .payload = EHLO);
	cr_assert_eq(observed(peer, &notice), 1);
	peer->ack = ack + 4;
	wire_expect_text(peer, &GREETING[4]); // it may be lost: the stream's now
	goes_on(peer, expect_read(peer, EHLO));
}

WIRE_TEST(early_talk, the_greeting_is_sent_again_from_the_stream)
{
	set_mode(peer, BS_MODE_OBSERVE);
	wire_connect(peer);
	wire_say(peer, EHLO);
	uint32_t number = expect_read(peer, EHLO);
	wire_reply(peer->wire, number, "250 a\r\n");
	wire_forget(peer->wire);
	wire_advance(peer->wire, 1020);
	wire_expect_text(peer, GREETING "250 a\r\n");
	wire_tcp(peer, .flags = TCP_ACK);
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
}

WIRE_TEST(early_talk, after_a_teaser)
{
	struct bs_template *template = &peer->wire->texts[0].template[BS_TEMPLATE_TEASER];
	memcpy(template->text, TEASER, sizeof(TEASER));
	template->length = sizeof(TEASER) - 1;
	set_mode(peer, BS_MODE_OBSERVE);
	wire_connect(peer);
	wire_expect_text(peer, TEASER);
	wire_say(peer, EHLO);
	wire_expect_text(peer, GREETING);
	goes_on(peer, expect_read(peer, EHLO));
	peer->port++; // and one whose teaser is lost
	wire_connect(peer);
	peer->ack = wire_expect(peer->wire)->seq;
	wire_say(peer, EHLO);
	wire_expect_text(peer, TEASER GREETING);
	goes_on(peer, expect_read(peer, EHLO));
}

WIRE_TEST(early_talk, without_a_block_its_bytes_come_again, .talking = 1)
{
	struct wire_peer first = *peer;
	struct bs_notice notice;
	set_mode(peer, BS_MODE_OBSERVE);
	first.port = 1000;
	wire_connect(&first);
	wire_say(&first, EHLO);
	wire_expect_text(&first, GREETING);
	wire_tcp(&first, .flags = TCP_ACK);
	uint32_t number = expect_read(&first, EHLO);
	wire_connect(peer);
	cr_assert_eq(observed(peer, &notice), 1);
	uint32_t seq = peer->seq;
	for (unsigned i = 0; i < 3; i++) {
		wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM,
			wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = EHLO));
		wire_expect_nothing(peer->wire); // not acknowledged
	}
	cr_assert_eq(observed(peer, &notice), 1, "once");
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
	wire_say(peer, EHLO);
	wire_expect_text(peer, GREETING);
	goes_on(peer, expect_read(peer, EHLO));
}

WIRE_TEST(early_talk, who_finds_no_block_waits_and_is_told_so, .talking = 1)
{
	struct wire_peer first = *peer;
	set_mode(peer, BS_MODE_OBSERVE);
	first.port = 1000;
	wire_connect(&first);
	wire_say(&first, EHLO);
	wire_expect_text(&first, GREETING);
	wire_tcp(&first, .flags = TCP_ACK);
	uint32_t number = expect_read(&first, EHLO);
	wire_connect(peer);
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = EHLO);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = EHLO);
	wire_advance(peer->wire, 8020);
	wire_expect_text(peer, "421 4.3.2 busy\r\n");
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
}

WIRE_TEST(early_talk, a_verdict_is_met_all_the_same)
{
	struct wire *wire = peer->wire;
	set_mode(peer, BS_MODE_OBSERVE);
	wire->policy.verdicts.action = BS_VERDICT_REFUSE;
	wire_connect(peer);
	struct bs_source *source = bs_source_find(wire->sources, &peer->address);
	cr_assert(bs_source_convict(source, BS_VERDICT_HARVEST, 600, wire_seconds(wire)));
	wire_say(peer, EHLO);
	wire_expect_text(peer, "554 harvest\r\n");
	cr_assert_eq(wire->counters.blocks, 0);
}
