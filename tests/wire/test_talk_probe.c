// SPDX-License-Identifier: BSD-3-Clause
//
// A client that gives no window: probes, patience, and where that ends.
#include "tests/wire/talk_case.h"

WIRE_TEST(talk_probe, a_closed_window_is_probed)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	wire_forget(peer->wire);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 0);
	uint32_t wait = 1000;
	for (unsigned i = 0; i < 9; i++) { // as long as it answers it is alive
		wire_advance(peer->wire, wait + 60);
		const struct wire_frame *probe = wire_next(peer->wire);
		while (probe != NULL && probe->payload_length == 0)
			probe = wire_next(peer->wire);
		cr_assert_not_null(probe);
		cr_assert_eq(probe->payload_length, 1);
		cr_assert_eq(probe->seq, ack);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
		wait = wait < 64000 ? wait * 2 : wait;
	}
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	peer->ack = ack;
	expect_text(peer, "250 x\r\n");
	end(peer, number);
}

WIRE_TEST(talk_probe, a_window_closed_for_good_is_given_up_after_the_worker_let_go)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "421 x\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	for (unsigned i = 0; i < 8 && peer->wire->counters.records > 0; i++) {
		wire_advance(peer->wire, 1000);
		wire_forget(peer->wire);
		if (peer->wire->counters.records > 0)
			wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
	}
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
}

WIRE_TEST(talk_probe, a_window_that_opens_ends_the_backoff_of_its_probes)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	for (unsigned i = 0; i < 4; i++) { // 1 + 2 + 4 + 8 s
		wire_advance(peer->wire, (1000u << i) + 20);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
	}
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	peer->ack = ack;
	expect_text(peer, "250 x\r\n"); // and lost
	wire_advance(peer->wire, 1020);
	peer->ack = ack;
	expect_text(peer, "250 x\r\n");
	end(peer, number);
}

// A client that opens its window between our probes and takes nothing holds its block no longer than one that leaves it closed.
WIRE_TEST(talk_probe, a_client_that_takes_nothing_is_given_up_after_the_worker_let_go)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "421 x\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	for (unsigned i = 0; i <= 5; i++) {
		cr_assert_eq(peer->wire->counters.blocks, 1);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .window = 1);
		wire_advance(peer->wire, 1000);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .window = 1);
		wire_forget(peer->wire);
		if (peer->wire->counters.blocks == 0)
			break;
	}
	cr_assert_eq(peer->wire->counters.blocks, 0);
}

// Nor one that takes a byte before each timeout.
WIRE_TEST(talk_probe, a_client_that_takes_little_is_given_up_after_the_worker_let_go)
{
	char reply[301];
	memset(reply, 'x', 300);
	reply[300] = 0;
	uint32_t number = talk(peer, "EHLO a\r\n"), ack = peer->ack;
	wire_reply(peer->wire, number, reply);
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	for (unsigned i = 1; i <= 110; i++) { // 99 s
		cr_assert_eq(peer->wire->counters.blocks, 1);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack + i);
		wire_advance(peer->wire, 900);
		wire_forget(peer->wire);
	}
	wire_advance(peer->wire, 1000);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack + 111);
	wire_expect_tcp(peer, TCP_RST | TCP_ACK);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	cr_assert_eq(peer->wire->counters.timeouts, 1);
}

// Many clients drop what stands behind their closed window, and its acknowledgement with it.
WIRE_TEST(talk_probe, acknowledgements_stand_inside_a_closed_window)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	wire_advance(peer->wire, 1060); // a probe is under way
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .payload = "NOOP\r\n", .zero_window = true);
	const struct wire_frame *answer = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(answer->payload_length, 0);
	cr_assert_eq(answer->ack, peer->seq);
	cr_assert_eq(answer->seq, ack);
	end(peer, number);
}
