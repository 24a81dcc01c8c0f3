// SPDX-License-Identifier: BSD-3-Clause
//
// Text is put together by writers that stop at the end of the buffer; NOTICE_TEXT is made so that they never have to.
#include "control/log/notice_text.h"
#include "dataplane/seam/source.h"
#include "dataplane/seam/text.h"

static void put(struct bs_text *line, const char *text)
{
	bs_text_put(line, text);
}

static void put_octal(struct bs_text *line, uint8_t c)
{
	const char digits[] = {
		'\\', (char)('0' + c / 64), (char)('0' + c / 8 % 8), (char)('0' + c % 8)};
	bs_text_bytes(line, digits, sizeof(digits));
}

// As Postfix's escape() has it: C's letters, else three octal digits, and a backslash doubled, so that what
// the client sent can be read back without doubt.
static void put_escaped(struct bs_text *line, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t c = bytes[i];
		switch (c) {
		case '\a':
			put(line, "\\a");
			break;
		case '\b':
			put(line, "\\b");
			break;
		case '\f':
			put(line, "\\f");
			break;
		case '\n':
			put(line, "\\n");
			break;
		case '\r':
			put(line, "\\r");
			break;
		case '\t':
			put(line, "\\t");
			break;
		case '\v':
			put(line, "\\v");
			break;
		case '\\':
			put(line, "\\\\");
			break;
		default:
			if (c >= 0x20 && c < 0x7f)
				bs_text_bytes(line, (const char *)&c, 1);
			else
				put_octal(line, c);
		}
	}
}

static void put_address(struct bs_text *line, const struct bs_address *address, uint16_t port)
{
	char text[BS_ADDRESS_TEXT];
	put(line, "[");
	put(line, bs_address_format(address, text));
	put(line, "]:");
	bs_text_number(line, port);
}

static void put_client(struct bs_text *line, const struct bs_notice *notice)
{
	put_address(line, &notice->client.address, notice->client.port);
}

// Postfix's format_tv() with its two digits: 0.05, 0.3, 1.2, 12, 120. Rounded, without trailing zeros.
static void put_elapsed(struct bs_text *line, uint32_t ms)
{
	if (ms >= 9950) {
		bs_text_number(line, ((uint64_t)ms + 500) / 1000);
		return;
	}
	uint32_t hundredths = ms >= 995 ? (ms + 50) / 100 * 10 : (ms + 5) / 10;
	bs_text_number(line, hundredths / 100);
	if (hundredths % 100 == 0)
		return;
	put(line, ".");
	bs_text_number(line, hundredths % 100 / 10);
	if (hundredths % 10 != 0)
		bs_text_number(line, hundredths % 10);
}

static void put_word(struct bs_text *line, const char *before, const char *word)
{
	put(line, before);
	put(line, word);
}

static void put_counted(
	struct bs_text *line, const char *before, uint32_t count, const char *behind)
{
	put(line, before);
	bs_text_number(line, count);
	put(line, behind);
}

static void put_session(struct bs_text *line, const struct bs_notice *notice)
{
	char id[BS_SESSION_ID];
	put(line, "; session=");
	put(line, bs_session_id(id, notice->client.dataplane, notice->client.serial));
}

static void put_sample(struct bs_text *line, const struct bs_notice *notice)
{
	size_t length = notice->sample_length;
	put_escaped(line, notice->sample, length < BS_NOTICE_SAMPLE ? length : BS_NOTICE_SAMPLE);
}

// The address of the source: that of a network, where it is one.
static void put_verdict(struct bs_text *line, const struct bs_notice *notice)
{
	struct bs_prefix source = bs_source_prefix(&notice->client.address);
	char text[BS_PREFIX_TEXT];
	put(line, "VERDICT ");
	put(line, bs_verdict_name(notice->verdict));
	put(line, " on [");
	put(line, bs_source_format(&source, text));
	put(line, "] for ");
	bs_text_number(line, notice->lifetime_s);
	put(line, "s");
}

// What happened, up to the session id. False for a kind that has no session.
static bool put_event(struct bs_text *line, const struct bs_notice *notice)
{
	switch ((enum bs_notice_kind)notice->kind) {
	case BS_NOTICE_CONNECT:
		put(line, "CONNECT from ");
		put_client(line, notice);
		put(line, " to ");
		put_address(line, &notice->client.local_address, notice->client.local_port);
		return true;
	case BS_NOTICE_PREGREET:
	case BS_NOTICE_PREGREET_OBSERVED:
		put_counted(line, "PREGREET ", notice->total, " after ");
		put_elapsed(line, notice->elapsed_ms);
		put(line, " from ");
		put_client(line, notice);
		put(line, ": ");
		put_sample(line, notice);
		if (notice->kind == BS_NOTICE_PREGREET_OBSERVED)
			put(line, "; observed");
		return true;
	case BS_NOTICE_HANGUP:
		put(line, "HANGUP after ");
		put_elapsed(line, notice->elapsed_ms);
		put(line, " from ");
		put_client(line, notice);
		put(line, " in tests before SMTP handshake");
		return true;
	case BS_NOTICE_DENIED:
		put(line, "DENYLISTED ");
		put_client(line, notice);
		if (notice->verdict != BS_VERDICT_NONE)
			put_word(line, "; verdict=", bs_verdict_name(notice->verdict));
		return true;
	case BS_NOTICE_VERDICT:
		put_verdict(line, notice);
		return true;
	case BS_NOTICE_CROWDED:
		put(line, "NOQUEUE: reject: CONNECT from ");
		put_client(line, notice);
		put(line, ": too many connections");
		return true;
	case BS_NOTICE_RATE: // smtpd's words
		put_counted(line, "Connection rate limit exceeded: ", notice->total, " from ");
		put_client(line, notice);
		put(line, " for service smtp");
		return true;
	case BS_NOTICE_BUSY:
		put(line, "NOQUEUE: reject: CONNECT from ");
		put_client(line, notice);
		put(line, ": all server ports busy");
		return true;
	case BS_NOTICE_SILENT: // smtpd's words from here on: postscreen hands over at the greeting
		put(line, "timeout after CONNECT from ");
		put_client(line, notice);
		return true;
	case BS_NOTICE_GONE:
		put(line, "lost connection after CONNECT from ");
		put_client(line, notice);
		return true;
	case BS_NOTICE_DRAINED:
		put(line, "NOQUEUE: reject: CONNECT from ");
		put_client(line, notice);
		put(line, ": server is stopping");
		return true;
	case BS_NOTICE_KILLED:
		put(line, "NOQUEUE: reject: CONNECT from ");
		put_client(line, notice);
		put(line, ": ended by the operator");
		return true;
	case BS_NOTICE_STRESS: // postscreen's words again
		put_counted(line, "entering STRESS mode with ", notice->total, " connections");
		return false;
	case BS_NOTICE_STRESS_OVER:
		put_counted(line, "leaving STRESS mode with ", notice->total, " connections");
		return false;
	case BS_NOTICE_NEIGHBOUR:
		put_sample(line, notice);
		return false;
	}
	put_counted(line, "notice of unknown kind ", notice->kind, "");
	return false;
}

size_t notice_text(const struct bs_notice *notice, char text[NOTICE_TEXT])
{
	struct bs_text line = bs_text_in(text, NOTICE_TEXT);
	if (put_event(&line, notice))
		put_session(&line, notice);
	return bs_text_end(&line);
}

// NULL where the session goes on, or there is none.
static const char *outcome(const struct bs_notice *notice)
{
	switch ((enum bs_notice_kind)notice->kind) {
	case BS_NOTICE_PREGREET:
		return "pregreet";
	case BS_NOTICE_HANGUP:
		return "hangup";
	case BS_NOTICE_DENIED:
		return "denied";
	case BS_NOTICE_BUSY:
		return "busy";
	case BS_NOTICE_CROWDED:
		return "crowded";
	case BS_NOTICE_RATE:
		return "rate";
	case BS_NOTICE_SILENT:
		return "silent";
	case BS_NOTICE_GONE:
		return "lost";
	case BS_NOTICE_DRAINED:
		return "stopping";
	case BS_NOTICE_KILLED:
		return "killed";
	case BS_NOTICE_CONNECT:
	case BS_NOTICE_PREGREET_OBSERVED:
	case BS_NOTICE_VERDICT:
	case BS_NOTICE_STRESS:
	case BS_NOTICE_STRESS_OVER:
	case BS_NOTICE_NEIGHBOUR:
		break;
	}
	return NULL;
}

size_t notice_closing_text(const struct bs_notice *notice, char text[NOTICE_TEXT])
{
	struct bs_text line = bs_text_in(text, NOTICE_TEXT);
	text[0] = '\0';
	const char *word = outcome(notice);
	if (word == NULL)
		return 0;
	put(&line, "DISCONNECT ");
	put_client(&line, notice);
	put_word(&line, " outcome=", word);
	put(&line, " time=");
	put_elapsed(&line, notice->elapsed_ms);
	put_session(&line, notice);
	return bs_text_end(&line);
}

enum bs_severity notice_severity(const struct bs_notice *notice)
{
	if (notice->kind == BS_NOTICE_RATE || notice->kind == BS_NOTICE_STRESS)
		return BS_LOG_WARNING;
	if (notice->kind != BS_NOTICE_NEIGHBOUR)
		return BS_LOG_INFO;
	switch (notice->total) {
	case BS_LOG_ERROR:
	case BS_LOG_WARNING:
	case BS_LOG_INFO:
	case BS_LOG_DEBUG:
		return (enum bs_severity)notice->total;
	default: // a duplicate address, a gateway lost: mail is at stake
		return BS_LOG_WARNING;
	}
}
