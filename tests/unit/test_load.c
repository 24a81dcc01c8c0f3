// SPDX-License-Identifier: BSD-3-Clause
//
// The clients of benchmarks/load: a bench believes what they say. The server is played here, segment by segment.
#include <criterion/criterion.h>
#include <string.h>

#include "benchmarks/load/client.h"

static struct script script[SCRIPTS];
static struct wire_side side;
static struct clients clients;
static uint8_t bytes[2048];
static struct segment said; // the client's last
static unsigned count;

#define LATE UINT64_C(1001000) // ticks: more than the second after which all is said again

static uint8_t *frame(void *self)
{
	return bytes;
}

// What the client said, as its server would read it: the other way round.
static void out(void *self, uint16_t length)
{
	struct wire_side back = {.target_port = said.port, .network4 = 0};
	memcpy(&back.target_port, bytes + 34, 2);
	back.target_port = (uint16_t)(back.target_port << 8 | back.target_port >> 8);
	uint16_t port = back.target_port;
	cr_assert(segment_read(&back, bytes, length, &said));
	cr_assert(segment_is_sound(bytes, &said));
	said.source = (uint32_t)bytes[26] << 24 | (uint32_t)bytes[27] << 16 |
		      (uint32_t)bytes[28] << 8 | bytes[29];
	said.source -= side.network4;
	said.port = port;
	count++;
}

static void prepare(void)
{
	static const struct clients_settings settings = {.places = 4,
		.sources = 1024,
		.weight = {[SCRIPT_REFUSED] = 1},
		.patience_ms = 5000,
		.ticks_ms = 1000};
	cr_assert(bs_address_parse("198.18.0.25", &side.target4));
	side.network4 = 0x0a000000;
	side.target_port = 25;
	segment_prepare(&side);
	scripts_make(script, "a@example.org", "b@example.org");
	cr_assert(clients_begin(&clients, &settings, script, &side));
	clients.frame = frame;
	clients.out = out;
	clients.now = 1000000;
	count = 0;
}

static void clean(void)
{
	clients_end(&clients);
}

static uint32_t server = 5000; // our next sequence number

static void answer(uint8_t flags, const char *text)
{
	struct segment segment = {.source = said.source,
		.sequence = server,
		.acknowledgement = said.sequence + said.length +
				   ((said.flags & (SEGMENT_SYN | SEGMENT_FIN)) != 0),
		.port = said.port,
		.window = 8192,
		.flags = flags | SEGMENT_ACK,
		.length = (uint16_t)strlen(text),
		.payload = text};
	server += segment.length + ((flags & (SEGMENT_SYN | SEGMENT_FIN)) != 0);
	clients_take(&clients, &segment);
}

static void greet(void)
{
	cr_assert(clients_connect(&clients));
	cr_assert_eq(said.flags, SEGMENT_SYN);
	answer(SEGMENT_SYN, "");
	cr_assert_eq(said.flags, SEGMENT_ACK);
	answer(0, "220 mx\r\n");
}

TestSuite(load, .init = prepare, .fini = clean);

Test(load, a_session_is_good_when_every_reply_is_the_one_wanted)
{
	greet();
	answer(0, "250-mx\r\n250-SIZE\r\n25");
	answer(0, "0 PIPELINING\r\n");
	answer(0, "250 2.1.0\r\n");
	answer(0, "550 5.1.1\r\n");
	cr_assert_eq(memcmp(said.payload, "QUIT\r\n", 6), 0);
	answer(0, "221 2.0.0\r\n");
	cr_assert(said.flags & SEGMENT_FIN);
	cr_assert_eq(clients.counters.good, 0u);
	answer(SEGMENT_FIN, "");
	cr_assert_eq(clients.counters.good, 1u);
	cr_assert_eq(clients.counters.bad, 0u);
	cr_assert_eq(clients.free_count, 4u);
	cr_assert_eq(clients.time[TIME_REPLY].count, 4u);
}

Test(load, another_code_makes_it_bad_and_so_does_a_reset)
{
	greet();
	answer(0, "451 later\r\n");
	cr_assert_eq(clients.counters.bad, 1u);
	cr_assert_not_null(strstr(clients.fault, "451"), "%s", clients.fault);
	greet();
	answer(SEGMENT_RST, "");
	cr_assert_eq(clients.counters.bad, 2u);
	greet();
	answer(SEGMENT_FIN, "");
	cr_assert_eq(clients.counters.bad, 3u);
	cr_assert_eq(clients.counters.good, 0u);
}

Test(load, what_gets_no_answer_is_said_again_and_then_given_up)
{
	cr_assert(clients_connect(&clients));
	uint32_t sequence = said.sequence;
	clients.now += LATE;
	clients_look_after(&clients, 4);
	cr_assert_eq(count, 2u);
	cr_assert_eq(said.sequence, sequence);
	cr_assert_eq(clients.counters.sent_again, 1u);
	answer(SEGMENT_SYN, "");
	answer(0, "220 mx\r\n");
	uint32_t hello = said.sequence;
	clients.now += LATE;
	clients_look_after(&clients, 4);
	cr_assert_eq(said.sequence, hello);
	cr_assert_gt(said.length, 10);
	for (unsigned i = 0; i < 40; i++) {
		clients.now += LATE;
		clients_look_after(&clients, 4);
	}
	cr_assert_eq(clients.counters.bad, 1u);
}

Test(load, places_are_bounded_and_pairs_differ)
{
	uint64_t seen[4];
	for (unsigned i = 0; i < 4; i++) {
		cr_assert(clients_connect(&clients));
		seen[i] = (uint64_t)said.source << 16 | said.port;
		for (unsigned j = 0; j < i; j++)
			cr_assert_neq(seen[i], seen[j]);
	}
	cr_assert(!clients_connect(&clients));
}

Test(load, a_late_fin_is_acknowledged_without_a_record)
{
	said = (struct segment){.source = 7, .port = 0x2001, .sequence = 900};
	answer(SEGMENT_FIN, "");
	cr_assert_eq(count, 1u);
	cr_assert_eq(said.flags, SEGMENT_ACK);
	cr_assert_eq(said.acknowledgement, server);
}

Test(load, percentiles_are_within_three_percent)
{
	static struct histogram histogram;
	for (uint64_t i = 1; i <= 1000000; i++)
		histogram_add(&histogram, i);
	cr_assert_eq(histogram_at(&histogram, 1), 1000000u);
	for (unsigned percent = 1; percent < 100; percent++) {
		uint64_t wanted = (uint64_t)percent * 10000;
		uint64_t got = histogram_at(&histogram, percent / 100.0);
		cr_assert_geq(got, wanted);
		cr_assert_leq(got, wanted + wanted / 32 + 1);
	}
}
