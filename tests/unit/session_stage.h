// SPDX-License-Identifier: BSD-3-Clause
//
// A stage for the SMTP session: a client that follows a script, a backend that knows a few recipients, a clock that
// stands still. One stage a test (Criterion runs each in a process of its own).
#pragma once

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "smtp/session/answer.h"
#include "smtp/checks/check.h"
#include "smtp/session/session.h"

struct stage {
	struct heap *heap;
	struct bs_log *log;
	struct bs_policy policy;
	struct bs_worker_counters counters;
	struct bs_client client;
	struct session *session;
	struct bs_sources *session_sources; // none
	struct memory *session_memory;      // none
	uint64_t now;
	size_t piece; // bytes that arrive at once, 0: all
	bool stuck;   // the client reads nothing
	bool hold;    // the backend doesn't answer
	bool closed;
	struct session_answer open, write, commit;
	char output[1 << 20];
	size_t output_count;
	char content[1 << 20]; // of the mail that the backend has now, or had last
	size_t content_count;
	unsigned opened, written, committed, abandoned, asked;
	const uint8_t *rest; // of what the client sent
	size_t rest_count;
};

static struct stage stage;

static inline const struct bs_policy *stage_policy(void)
{
	return &stage.policy;
}

static inline uint64_t stage_seconds(void)
{
	return 1893456000; // Tue, 1 Jan 2030
}

static char *stage_domains[] = {"example.org", "example.net"};

static inline void stage_begin(void)
{
	stage.heap = heap_new();
	stage.log = bs_log_new(BS_LOG_SMALL);
	stage.policy = (struct bs_policy){
		.class = {[1] = {"partners", BS_ACTION_ALLOW, 0},
			[2] = {"deny", BS_ACTION_REFUSE, 0}},
		.class_count = 3,
		.hostname = "mx.example.org",
		.domains = stage_domains,
		.domain_count = 2,
		.domain_index = bs_domains_new(stage_domains, 2),
		.contact = "https://example.org/mail",
		.command_timeout_ms = 300000,
		.data_timeout_ms = 180000,
		.data_rate = 500,
		.message_size = 100000,
		.line_length = 2048,
		.errors = 20,
		.commands = 2000,
		.junk_commands = 100,
		.recipients = 1000,
		.unknown_recipients = 5,
	};
	for (int i = 0; i < BS_CHECK_COUNT; i++)
		stage.policy.checks.mode[i] = checks[i].mode;
	stage.client = (struct bs_client){
		.address = bs_address_from_ipv4("\300\000\002\007"),
		.local_address = bs_address_from_ipv4("\300\000\002\031"),
		.port = 41234,
		.local_port = 25,
		.serial = 1,
	};
	stage.open = stage.write = stage.commit = (struct session_answer){
		250, "2.0.0", "Saved", "test:"};
	stage.now = 1000;
}

static inline void stage_open(void)
{
	struct session_surroundings around = {stage.heap, stage.log, &stage.counters, stage_policy,
		stage_seconds, stage.session_sources, NULL, stage.session_memory};
	stage.closed = false;
	stage.output_count = 0;
	stage.session = session_new(&around, &stage.client, stage.now);
	cr_assert_not_null(stage.session);
}

static inline void stage_end(void)
{
	session_free(stage.session);
	cr_expect_eq(stage.counters.sessions, stage.counters.sessions_ended);
	cr_expect_eq(stage.counters.sessions_now, 0);
	heap_free(stage.heap);
	bs_log_free(stage.log);
	bs_domains_free((struct bs_domains *)stage.policy.domain_index);
}

// alice, bob, postmaster, abuse, r0, r1, ... are there; "full" is over quota.
static inline struct session_answer stage_recipient(const struct mailbox *recipient)
{
	const char *local = recipient->local;
	stage.asked++;
	if (strcmp(local, "full") == 0)
		return (struct session_answer){452, "4.2.2", "Mailbox full", ""};
	if (strcmp(local, "alice") == 0 || strcmp(local, "bob") == 0 ||
		strcasecmp(local, "postmaster") == 0 || strcasecmp(local, "abuse") == 0 ||
		(local[0] == 'r' && local[1] >= '0' && local[1] <= '9'))
		return (struct session_answer){250, "2.1.5", "Ok", ""};
	struct session_answer unknown;
	answer_unknown(&unknown, recipient);
	return unknown;
}

static inline void stage_take_content(void)
{
	size_t count;
	const uint8_t *content = session_content(stage.session, &count);
	cr_assert(stage.content_count + count <= sizeof(stage.content));
	memcpy(stage.content + stage.content_count, content, count);
	stage.content_count += count;
}

static inline struct session_answer stage_act(enum session_wish wish)
{
	switch (wish) {
	case WISH_RECIPIENT:
		return stage_recipient(session_recipient(stage.session));
	case WISH_OPEN:
		cr_assert(session_envelope(stage.session)->recipient_count > 0);
		stage.opened++;
		stage.content_count = 0;
		return stage.open;
	case WISH_WRITE:
		stage.written++;
		stage_take_content();
		return stage.write;
	case WISH_COMMIT:
		stage.committed++;
		stage_take_content();
		return stage.commit;
	case WISH_ABANDON:
		stage.abandoned++;
		return (struct session_answer){0};
	case WISH_JUDGE: // nobody judges here
	case WISH_NOTHING:
	case WISH_CLOSE:
		break;
	}
	cr_assert_fail("no such wish to act upon: %d", wish);
	return (struct session_answer){0};
}

static inline bool stage_flush(void)
{
	size_t count;
	const uint8_t *output = session_output(stage.session, &count);
	if (stage.stuck || count == 0)
		return count == 0;
	cr_assert(stage.output_count + count < sizeof(stage.output));
	memcpy(stage.output + stage.output_count, output, count);
	stage.output_count += count;
	stage.output[stage.output_count] = 0;
	session_output_sent(stage.session, count);
	return true;
}

// Does what a worker does, until nothing can be done.
static inline void stage_drive(void)
{
	for (;;) {
		bool flushed = stage_flush();
		enum session_wish wish = session_wish(stage.session);
		if (wish == WISH_CLOSE) {
			stage.closed = flushed;
			return;
		}
		if (wish != WISH_NOTHING) {
			if (stage.hold || !flushed)
				return;
			struct session_answer answer = stage_act(wish);
			session_pending(stage.session, stage.rest_count);
			session_answer(stage.session, &answer, stage.now);
			continue;
		}
		if (stage.rest_count == 0)
			return;
		session_pending(stage.session, stage.rest_count);
		size_t taken = session_feed(stage.session, stage.rest, stage.rest_count, stage.now);
		cr_assert(taken <= stage.rest_count);
		stage.rest += taken;
		stage.rest_count -= taken;
		if (taken == 0 && session_wish(stage.session) == WISH_NOTHING && !flushed)
			return; // output full
	}
}

static inline void send_bytes(const void *bytes, size_t count)
{
	const uint8_t *at = bytes;
	while (count > 0) {
		size_t piece = stage.piece == 0 || stage.piece > count ? count : stage.piece;
		// A copy of exact size, so that a sanitizer sees each byte read too much.
		uint8_t *copy = malloc(piece);
		memcpy(copy, at, piece);
		stage.rest = copy;
		stage.rest_count = piece;
		stage_drive();
		size_t left = stage.rest_count;
		free(copy);
		stage.rest_count = 0;
		at += piece;
		count -= piece;
		if (left > 0) { // the session takes no more: the test says why
			stage.rest = at - left;
			stage.rest_count = left + count;
			return;
		}
	}
}

static inline void send_text(const char *text)
{
	send_bytes(text, strlen(text));
}

// What came since the last expect.
static inline void expect(const char *text)
{
	stage.output[stage.output_count] = 0;
	cr_assert_str_eq(stage.output, text);
	stage.output_count = 0;
}

static inline void expect_start(const char *text)
{
	stage.output[stage.output_count] = 0;
	cr_assert(strncmp(stage.output, text, strlen(text)) == 0, "got: %s", stage.output);
	stage.output_count = 0;
}

static inline void exchange(const char *command, const char *reply)
{
	send_text(command);
	stage.output[stage.output_count] = 0;
	cr_assert(strncmp(stage.output, reply, strlen(reply)) == 0, "to: %s\nwanted: %s\ngot: %s",
		command, reply, stage.output);
	stage.output_count = 0;
}

static inline void say_ehlo(void)
{
	exchange("EHLO client.example\r\n", "250-mx.example.org\r\n");
}

static inline void say_mail(const char *recipient)
{
	char command[600];
	exchange("MAIL FROM:<s@sender.example>\r\n", "250 2.1.0 ");
	snprintf(command, sizeof(command), "RCPT TO:<%s>\r\n", recipient);
	exchange(command, "250 2.1.5 ");
}

static inline void say_data(void)
{
	say_mail("alice@example.org");
	exchange("DATA\r\n", "354 ");
}

// The next line of the log that holds `part`; the test fails when there is none.
static inline const char *expect_log(const char *part)
{
	static struct bs_log_line line;
	char seen[8192] = "";
	while (bs_log_take(stage.log, &line)) {
		if (strstr(line.text, part) != NULL)
			return line.text;
		if (strlen(seen) + line.length + 2 < sizeof(seen)) {
			strcat(seen, line.text);
			strcat(seen, "\n");
		}
	}
	cr_assert_fail("no line with %s in:\n%s", part, seen);
	return NULL;
}

static inline unsigned count_log(const char *part)
{
	struct bs_log_line line;
	unsigned count = 0;
	while (bs_log_take(stage.log, &line))
		count += strstr(line.text, part) != NULL;
	return count;
}
