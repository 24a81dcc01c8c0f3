// SPDX-License-Identifier: BSD-3-Clause
//
// The worker with real sessions between a strict dataplane and a backend that can be held.
#include "worker_stage.h"

TestSuite(worker, .init = stage_begin_held, .fini = stage_end);

Test(worker, takes_a_mail_and_says_goodbye)
{
	hello(3);
	to_data(3);
	client_say(3, "Subject: x\r\n\r\ntext\r\n.\r\nQUIT\r\n");
	run();
	cr_assert(replied(3, "250 2.0.0"), "%s", stage.peer[3].reply);
	cr_assert(replied(3, "221 "), "%s", stage.peer[3].reply);
	cr_assert(stage.peer[3].closed && !stage.peer[3].aborted);
	stage.content[stage.content_count] = '\0';
	cr_assert_not_null(strstr(stage.content, "Subject: x\r\n\r\ntext\r\n"));
	cr_assert_eq(stage.committed, 1);
	cr_assert_eq(stage.counters.sessions_now, 0);
	cr_assert_eq(worker_patience(stage.worker, stage.now_ms * 1000000), UINT64_MAX);
}

// 300 KB in odd pieces through rings that wrap, never more than the announced window.
static void long_mail(void)
{
	static char mail[300000];
	size_t length = 0, sent = 0;
	while (length < sizeof(mail) - 100)
		length += (size_t)sprintf(mail + length, "line %zu of a long mail\r\n", length);
	hello(0);
	to_data(0);
	for (int i = 0; i < 100000 && sent < length; i++) {
		size_t piece = 1 + (size_t)(i * 7919 % 5000);
		sent += client_put(0, mail + sent, piece < length - sent ? piece : length - sent);
		run();
	}
	cr_assert_eq(sent, length, "the window stayed closed");
	client_say(0, ".\r\n");
	run();
	cr_assert(replied(0, "250 2.0.0"));
	cr_assert_geq(stage.content_count, length);
	cr_assert_eq(memcmp(stage.content + stage.content_count - length, mail, length), 0);
	client_say(0, "QUIT\r\n");
	run();
	cr_assert(over(0));
}

Test(worker, takes_a_long_mail_through_a_larger_ring)
{
	long_mail();
	cr_assert_not_null(stage.peer[0].large);
}

Test(worker, takes_a_long_mail_when_no_larger_ring_is_free)
{
	stage.no_large_ring = true;
	long_mail();
}

Test(worker, leaves_the_ring_alone_until_it_is_replaced)
{
	stage.hold_grow = true;
	hello(0);
	to_data(0);
	uint32_t tail = stream(0)->rx_tail;
	client_say(0, "Subject: x\r\n\r\n.\r\n");
	run();
	cr_assert_eq(stream(0)->rx_tail, tail);
	raise_event(0, BS_EVENT_READABLE);
	run();
	cr_assert_eq(stream(0)->rx_tail, tail);
	grant_ring(0);
	run();
	cr_assert(replied(0, "250 2.0.0"));
	cr_assert_eq(stage.committed, 1);
	raise_event(0, BS_EVENT_DEAD);
	run();
	cr_assert(over(0));
}

Test(worker, ends_a_session_whose_connection_dies_at_any_byte)
{
	static const char script[] =
		"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<info@example.org>\r\nDATA\r\n"
		"Subject: x\r\n\r\ntext\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\n";
	for (size_t dies = 0; dies < sizeof(script); dies++) {
		client_open(1);
		for (size_t i = 0; i < dies && !over(1); i++) {
			client_put(1, script + i, 1);
			if (script[i] == '\n')
				run();
		}
		if (!over(1))
			raise_event(1, BS_EVENT_DEAD);
		run();
		cr_assert(over(1), "after %zu bytes", dies);
		cr_assert_eq(stage.counters.sessions_now, 0);
		cr_assert_eq(stage.deliveries, stage.closed);
	}
	cr_assert_eq(stage.begun, stage.committed + stage.abandoned);
}

Test(worker, waits_for_the_backend_before_it_ends_a_dead_session)
{
	static const char *const call[] = {"recipient", "begin", "commit"};
	for (int i = 0; i < 3; i++) {
		hello(2);
		stage.hold = i == 0;
		client_say(2, "MAIL FROM:<>\r\nRCPT TO:<info@example.org>\r\n");
		run();
		stage.hold = true;
		if (i >= 1) {
			client_say(2, "DATA\r\n");
			run();
		}
		if (i == 2) {
			release_held();
			run();
			client_say(2, "x: y\r\n\r\n.\r\n");
			run();
		}
		cr_assert_str_eq(stage.last, call[i]);
		raise_event(2, BS_EVENT_DEAD);
		run();
		cr_assert_not(over(2), "%s is under way", call[i]);
		release_held();
		stage.hold = false;
		run();
		if (stage.calling)
			release_held();
		run();
		cr_assert(stage.peer[2].aborted, "%s", call[i]);
		cr_assert_eq(stage.counters.sessions_now, 0);
	}
	cr_assert_eq(stage.committed, 1);
	cr_assert_eq(stage.abandoned, 1, "the mail begun and never finished");
	cr_assert_eq(stage.counters.mails_accepted, 1);
}

Test(worker, takes_no_input_while_the_backend_works)
{
	hello(0);
	stage.hold = true;
	client_say(0, "MAIL FROM:<>\r\nRCPT TO:<info@example.org>\r\n");
	run();
	uint32_t tail = stream(0)->rx_tail;
	client_say(0, "RCPT TO:<nobody@example.org>\r\nRSET\r\n");
	raise_event(0, BS_EVENT_EOF);
	run();
	cr_assert_eq(stream(0)->rx_tail, tail);
	stage.now_ms += 1000000; // the backend's time is its own
	run();
	cr_assert_not(over(0));
	stage.hold = false;
	release_held();
	run();
	cr_assert(replied(0, "550 5.1.1"), "%s", stage.peer[0].reply);
	cr_assert(over(0), "and the client had left after that");
}

Test(worker, ends_after_the_last_byte_before_a_fin)
{
	hello(0);
	client_say(0, "NOOP\r\nNOOP\r\n");
	raise_event(0, BS_EVENT_EOF);
	run();
	cr_assert(replied(0, "250 2.0.0"), "%s", stage.peer[0].reply);
	cr_assert(over(0));

	hello(1);
	to_data(1);
	client_say(1, "half a mail\r\n");
	raise_event(1, BS_EVENT_EOF);
	run();
	cr_assert(over(1));
	cr_assert_eq(stage.committed, 0);
	cr_assert_eq(stage.abandoned, 1);
}

Test(worker, keeps_all_replies_for_a_client_that_reads_slowly)
{
	static char text[15 * 1000];
	size_t sent = 0, replies = 0;
	for (size_t i = 0; i < sizeof(text); i += 15)
		memcpy(text + i, "VRFY somebody\r\n", 15);
	hello(0);
	stage.peer[0].stuck = true;
	for (int i = 0; i < 50000; i++) {
		sent += client_put(0, text + sent, sizeof(text) - sent);
		run();
		client_read(0, 1 + (uint32_t)i % 23);
		run();
		if (sent == sizeof(text) && stream(0)->rx_head == stream(0)->rx_tail &&
			stream(0)->tx_head == stream(0)->tx_tail)
			break;
	}
	for (const char *at = stage.peer[0].reply; (at = strstr(at, "252 2")) != NULL; at++)
		replies++;
	cr_assert_eq(replies, 1000);
	raise_event(0, BS_EVENT_DEAD);
	run();
	cr_assert(over(0));
}

Test(worker, gives_up_a_client_that_never_reads)
{
	hello(0);
	to_data(0);
	client_say(0, "x: y\r\n\r\n");
	run();
	stage.peer[0].stuck = true;
	client_say(0, ".\r\n");
	for (int i = 0; i < 200; i++)
		client_put(0, "VRFY somebody\r\n", 15);
	run();
	cr_assert_eq(stream(0)->tx_head - stream(0)->tx_tail, BS_STREAM_TX, "a full ring");
	cr_assert_not(over(0));
	uint64_t patience = worker_patience(stage.worker, stage.now_ms * 1000000);
	cr_assert_lt(patience, UINT64_MAX);
	for (int i = 0; i < 100 && !over(0); i++) {
		patience = worker_patience(stage.worker, stage.now_ms * 1000000);
		cr_assert_lt(patience, UINT64_MAX);
		stage.now_ms += patience / 1000000 + 1;
		run();
	}
	cr_assert(stage.peer[0].aborted);
	cr_assert_eq(stage.counters.timeouts, 1);
}

Test(worker, ends_a_silent_session_in_its_time)
{
	hello(0);
	stage.now_ms += 299000;
	run();
	cr_assert_not(over(0));
	for (int i = 0; i < 100 && !over(0); i++) {
		uint64_t patience = worker_patience(stage.worker, stage.now_ms * 1000000);
		cr_assert_lt(patience, UINT64_MAX);
		stage.now_ms += patience / 1000000 + 1;
		run();
	}
	cr_assert(replied(0, "421 "), "%s", stage.peer[0].reply);
	cr_assert(stage.peer[0].closed);
	cr_assert_lt(stage.now_ms, 1000000 + 302000);
}

Test(worker, drains)
{
	hello(0);
	hello(1);
	to_data(1);
	atomic_store(&stage.draining, true);
	cr_assert(worker_ready(stage.worker));
	run();
	cr_assert(replied(0, "421 "), "%s", stage.peer[0].reply);
	cr_assert(stage.peer[0].closed);
	cr_assert_not(over(1), "a mail on its way is taken");
	client_say(1, "x: y\r\n\r\n.\r\n");
	run();
	cr_assert(replied(1, "250 2.0.0"), "%s", stage.peer[1].reply);
	cr_assert(replied(1, "421 "), "%s", stage.peer[1].reply);
	cr_assert(over(1));
	client_open(2);
	client_say(2, "EHLO late.example\r\n");
	run();
	cr_assert(replied(2, "421 "), "%s", stage.peer[2].reply);
	cr_assert(over(2));
}

Test(worker, lets_a_busy_session_starve_nobody)
{
	hello(0);
	hello(1);
	client_say(1, "NOOP\r\n");
	for (int i = 0; i < 300; i++)
		client_put(0, "NOOP\r\n", 6);
	int turns = 0;
	for (; turns < 1000 && !replied(1, "250 "); turns++) {
		client_put(0, "NOOP\r\n", 6);
		worker_poll(stage.worker, stage.now_ms * 1000000);
		dataplane_turn();
	}
	cr_assert_lt(turns, 3);
	raise_event(0, BS_EVENT_DEAD);
	raise_event(1, BS_EVENT_DEAD);
	run();
}

Test(worker, uses_a_stream_again_whose_doorbell_is_late)
{
	for (int i = 0; i < 100; i++) {
		client_open(4);
		client_say(4, "QUIT\r\n");
		if (i % 2) {
			worker_poll(stage.worker, stage.now_ms * 1000000);
			// rings for the connection that the worker has let go
			raise_event(4, BS_EVENT_DEAD);
			dataplane_turn();
			cr_assert(over(4));
		} else {
			run();
			cr_assert(stage.peer[4].closed);
		}
	}
	run();
	cr_assert_eq(stage.counters.sessions, 100);
}

Test(worker, aborts_what_is_left_at_the_end)
{
	hello(0);
	to_data(0);
	client_say(0, "half a mail\r\n");
	run();
	hello(1);
	client_open(2);
	// the rest is looked at by stage_end()
}
