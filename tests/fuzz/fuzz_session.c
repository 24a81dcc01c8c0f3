// SPDX-License-Identifier: BSD-3-Clause
//
// Fuzz target: a whole SMTP session with a driver that behaves as session.h demands, and a client, a backend and a clock that
// do what the input says.
//
// The input: two bytes of policy, then what the client sends. 0xff begins a stage direction:
//   ff |      the bytes so far arrive together        ff H      the backend stops or resumes answering
//   ff T n    n * n * 100 ms pass                     ff S      the client stops or resumes reading
//   ff A n    what the backend answers from now on    ff X n    n KB of filler are sent
//   ff E      the client's FIN                        ff L      the connection is lost
//   ff D      we are stopping                         ff ff     the byte 0xff
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/session/header_filter.h"
#include "smtp/session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#define SENT_MAX (4u << 20)     // what one run may send
#define RAW_MAX  (2 * SENT_MAX) // a bare LF may become two bytes

static struct {
	struct bs_policy policy;
	struct bs_worker_counters counters;
	struct session *session;
	uint64_t now;
	uint8_t answer;
	bool hold, stuck, eof, gone, closed, begun, last_was_cr, normalises;
	unsigned accepted;
	size_t sent;
	const uint8_t *rest; // arrived, not taken
	size_t rest_count;
	uint8_t *raw; // what was taken since 354
	size_t raw_count;
	uint8_t *content; // what the backend got since 354
	size_t content_count;
	char line[600]; // of output
	size_t line_count;
} run;

static struct bs_log *log_ring;

static const struct bs_policy *policy(void)
{
	return &run.policy;
}

static uint64_t seconds(void)
{
	return 1893456000;
}

static void set_policy(uint8_t one, uint8_t two)
{
	static char *domains[] = {"example.org", "a"};
	static struct bs_domains *index;
	if (index == NULL)
		index = bs_domains_new(domains, 2);
	run.policy = (struct bs_policy){
		.class = {[1] = {"allow", BS_ACTION_ALLOW, 0},
			[2] = {"deny", BS_ACTION_REFUSE, 0},
			[3] = {"drop", BS_ACTION_DROP, 0}},
		.class_count = 4,
		.hostname = "mx.example.org",
		.domains = domains,
		.domain_count = 2,
		.domain_index = index,
		.contact = "postmaster",
		.command_timeout_ms = 10000,
		.data_timeout_ms = 5000,
		.data_rate = one & 4 ? 500 : 0,
		.message_size = one & 8    ? 2000
				: one & 16 ? 100000
					   : 0,
		.line_length = one & 32 ? 512 : 100,
		.text_line_length = one & 64 ? 78 : 0,
		.errors = two & 1 ? 3 : 1000,
		.commands = two & 2 ? 8 : 100000,
		.junk_commands = two & 4 ? 2 : 100000,
		.recipients = two & 8 ? 2 : 100,
		.unknown_recipients = two & 16 ? 1 : 1000,
		.allowed_bare_newline = two & 32 ? BS_BARE_NEWLINE_NORMALISE
						 : BS_BARE_NEWLINE_REJECT,
	};
	for (int i = 0; i < BS_CHECK_COUNT; i++)
		run.policy.checks.mode[i] = two & 128 ? BS_MODE_OBSERVE : BS_MODE_ENFORCE;
	run.policy.checks.mode[BS_CHECK_BARE_NEWLINE] = two & 64 ? BS_MODE_OBSERVE
								 : BS_MODE_ENFORCE;
}

// Every line of output is a reply: three digits, printable, at most 512 bytes with its CRLF (RFC 5321, 4.5.3.1.5).
static void check_output(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CHECK(run.line_count < 512);
		run.line[run.line_count++] = (char)bytes[i];
		if (bytes[i] == '\n') {
			CHECK(run.line_count >= 6 && run.line[run.line_count - 2] == '\r');
			CHECK(run.line[0] >= '2' && run.line[0] <= '5');
			CHECK(run.line[3] == ' ' || run.line[3] == '-');
			run.line_count = 0;
		} else {
			CHECK(bytes[i] == '\r' || (bytes[i] >= 32 && bytes[i] < 127));
		}
	}
}

static bool flush(void)
{
	size_t count;
	const uint8_t *output = session_output(run.session, &count);
	if (count == 0 || run.stuck)
		return count == 0;
	CHECK(!run.gone);
	check_output(output, count);
	session_output_sent(run.session, count);
	return true;
}

static void take_content(void)
{
	size_t count;
	const uint8_t *content = session_content(run.session, &count);
	CHECK(run.content_count + count <= RAW_MAX);
	for (size_t i = 0; i < count; i++) {
		CHECK(content[i] != 0);
		CHECK((content[i] == '\n') == run.last_was_cr);
		run.last_was_cr = content[i] == '\r';
	}
	memcpy(run.content + run.content_count, content, count);
	run.content_count += count;
}

// What was committed is what a plain reading of the client's bytes gives: all up to the first CRLF.CRLF, unstuffed, without
// forged headers.
static void check_commit(void)
{
	CHECK(!run.last_was_cr);
	CHECK(run.raw_count >= 5);
	const uint8_t *end = memmem(run.raw, run.raw_count, "\r\n.\r\n", 5);
	CHECK(end != NULL && end + 5 == run.raw + run.raw_count);
	if (memchr(run.raw + 2, 0, run.raw_count - 2) != NULL) {
		CHECK(run.normalises);
		return;
	}
	static uint8_t plain[RAW_MAX + HEADER_FILTER_HOLD];
	size_t count = 0;
	const uint8_t *body = memmem(run.content, run.content_count, "+0000\r\n", 7);
	CHECK(body != NULL);
	body += 7;
	for (const uint8_t *at = run.raw + 2; at < end + 2; at++) {
		if (at[0] == '.' && at[-1] == '\n' && at[-2] == '\r')
			at++;
		if ((at[0] == '\r') != (at[1] == '\n') || (at[0] == '\n' && at[-1] != '\r')) {
			CHECK(run.normalises);
			return;
		}
		plain[count++] = *at;
	}
	struct header_filter filter = {0};
	count = header_filter(&filter, run.policy.hostname, plain, count);
	if (!filter.done)
		count += header_filter_end(&filter, run.policy.hostname, plain + count);
	CHECK((size_t)(run.content + run.content_count - body) == count);
	CHECK(memcmp(body, plain, count) == 0);
}

static struct session_answer make_answer(void)
{
	switch (run.answer % 8) {
	case 1:
		return (struct session_answer){550, "5.1.1", "no such mailbox", "x"};
	case 2:
		return (struct session_answer){451, "4.3.0", "later\r\n250 trouble", ""};
	case 3:
		return (struct session_answer){554, "", "", ""};
	case 4: {
		struct session_answer full;
		memset(&full, 'a', sizeof(full));
		full.code = 550;
		return full;
	}
	case 5:
		return (struct session_answer){0};
	default:
		return (struct session_answer){250, "2.0.0", "Saved", "test:"};
	}
}

static void act(enum session_wish wish)
{
	struct session_answer answer = make_answer();
	bool good = answer.code / 100 == 2;
	CHECK((wish == WISH_RECIPIENT || wish == WISH_OPEN) == !run.begun);
	switch (wish) {
	case WISH_RECIPIENT:
		CHECK(session_recipient(run.session)->domain[0] != 0);
		break;
	case WISH_OPEN:
		CHECK(session_envelope(run.session)->recipient_count > 0);
		CHECK(session_envelope(run.session)->recipient_count <= run.policy.recipients);
		run.begun = good;
		memcpy(run.raw, "\r\n", 2); // the DATA command's own
		run.raw_count = 2;
		run.content_count = 0;
		run.last_was_cr = false;
		break;
	case WISH_WRITE:
		take_content();
		run.begun = good;
		break;
	case WISH_COMMIT:
		take_content();
		check_commit();
		run.accepted += good;
		run.begun = false;
		break;
	case WISH_ABANDON:
		run.begun = false;
		break;
	case WISH_JUDGE: // nobody judges here
	case WISH_NOTHING:
	case WISH_CLOSE:
		abort();
	}
	session_pending(run.session, run.rest_count);
	session_answer(run.session, &answer, run.now);
}

static void feed(void)
{
	bool in_data = session_in_data(run.session);
	session_pending(run.session, run.rest_count);
	size_t taken = session_feed(run.session, run.rest, run.rest_count, run.now);
	CHECK(taken <= run.rest_count);
	if (in_data) {
		CHECK(run.raw_count + taken <= RAW_MAX);
		memcpy(run.raw + run.raw_count, run.rest, taken);
		run.raw_count += taken;
	}
	run.rest += taken;
	run.rest_count -= taken;
}

static void drive(void)
{
	for (;;) {
		bool flushed = flush();
		enum session_wish wish = session_wish(run.session);
		CHECK(!run.closed || wish == WISH_CLOSE);
		if (wish == WISH_CLOSE) {
			run.closed = true;
			uint8_t byte = 'x';
			CHECK(session_feed(run.session, &byte, 1, run.now) == 0);
			return;
		}
		if (wish != WISH_NOTHING) {
			CHECK(session_feed(run.session, (const uint8_t *)"x", 1, run.now) == 0);
			if (run.hold || !flushed)
				return;
			act(wish);
			continue;
		}
		size_t before = run.rest_count;
		if (before == 0 || run.gone)
			return;
		feed();
		if (run.rest_count == before && session_wish(run.session) == WISH_NOTHING &&
			!flush())
			return;
	}
}

static void pass_time(uint64_t ms)
{
	run.now += ms;
	uint64_t deadline = session_deadline(run.session);
	if (run.now < deadline)
		return;
	session_expired(run.session, run.now);
	CHECK(session_wish(run.session) == WISH_CLOSE);
	run.begun = false;
}

// The bytes arrive behind those that were not taken yet.
static void arrive(uint8_t **buffer, const uint8_t *bytes, size_t count)
{
	if (count == 0 || run.eof || run.gone || run.sent + count > SENT_MAX - 65536)
		return;
	run.sent += count;
	// Of exact size, so that a byte read too much is seen.
	uint8_t *larger = malloc(run.rest_count + count);
	CHECK(larger != NULL);
	if (run.rest_count > 0)
		memcpy(larger, run.rest, run.rest_count);
	memcpy(larger + run.rest_count, bytes, count);
	free(*buffer);
	*buffer = larger;
	run.rest = larger;
	run.rest_count += count;
}

static void lose(void)
{
	run.gone = true;
	run.rest_count = 0;
	run.line_count = 0;
	session_lost(run.session, run.now);
}

static void direct(uint8_t **buffer, uint8_t direction, uint8_t number)
{
	static uint8_t filler[256 * 1024];
	switch (direction) {
	case 'T':
		pass_time((uint64_t)number * number * 100);
		break;
	case 'A':
		run.answer = number;
		break;
	case 'H':
		run.hold = !run.hold;
		break;
	case 'S':
		run.stuck = !run.stuck;
		break;
	case 'X':
		memset(filler, 'x', sizeof(filler));
		for (size_t i = 50; i < sizeof(filler); i += 64)
			memcpy(filler + i, "\r\n", 2);
		arrive(buffer, filler, (size_t)number * 1024);
		break;
	case 'E':
		if (run.rest_count == 0 && !run.gone) {
			run.eof = true;
			session_eof(run.session, run.now);
		}
		break;
	case 'L':
		lose();
		break;
	case 'D':
		session_drain(run.session, run.now);
		break;
	default:
		break;
	}
}

static bool has_number(uint8_t direction)
{
	return direction == 'T' || direction == 'A' || direction == 'X';
}

static void play(const uint8_t *data, size_t size)
{
	uint8_t *buffer = NULL, *words = malloc(size + 1);
	size_t count = 0;
	CHECK(words != NULL);
	for (size_t i = 0; i < size; i++) {
		if (data[i] != 0xff || i + 1 == size) {
			words[count++] = data[i];
			continue;
		}
		uint8_t direction = data[++i];
		if (direction == 0xff) {
			words[count++] = direction;
			continue;
		}
		uint8_t number = has_number(direction) && i + 1 < size ? data[++i] : 0;
		arrive(&buffer, words, count);
		count = 0;
		drive();
		if (!run.closed)
			direct(&buffer, direction, number);
		drive();
	}
	arrive(&buffer, words, count);
	drive();
	free(words);
	// However it stands, it can be ended.
	if (!run.closed) {
		lose();
		run.hold = run.stuck = false;
		drive();
		CHECK(run.closed);
	}
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return -1;
	uint8_t *raw = run.raw != NULL ? run.raw : malloc(RAW_MAX);
	uint8_t *content = run.content != NULL ? run.content : malloc(RAW_MAX);
	memset(&run, 0, sizeof(run));
	run.raw = raw;
	run.content = content;
	if (log_ring == NULL)
		log_ring = bs_log_new(BS_LOG_SMALL);
	CHECK(raw != NULL && content != NULL && log_ring != NULL);

	struct heap *heap = heap_new();
	struct session_surroundings around = {heap, log_ring, &run.counters, policy, seconds};
	struct bs_client client = {.address = bs_address_from_ipv4("\300\000\002\007"),
		.local_address = bs_address_from_ipv4("\300\000\002\031"),
		.class = data[0] & 3};
	set_policy(data[0], data[1]);
	run.normalises = (client.class == 1 && (data[1] & 32) != 0) || (data[1] & 64) != 0;
	run.now = 1000;
	run.session = session_new(&around, &client, run.now);
	CHECK(run.session != NULL);
	play(data + 2, size - 2);
	session_free(run.session);
	heap_free(heap);

	struct bs_log_line line;
	unsigned closing = 0;
	while (bs_log_take(log_ring, &line))
		closing += strncmp(line.text, "disconnect from ", 16) == 0;
	CHECK(closing == 1 || bs_log_lost(log_ring) > 0);
	CHECK(run.counters.sessions == 1 && run.counters.sessions_ended == 1);
	CHECK(run.counters.sessions_now == 0);
	CHECK(run.counters.mails_accepted == run.accepted);
	return 0;
}
