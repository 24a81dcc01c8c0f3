// SPDX-License-Identifier: BSD-3-Clause
//
// The machine looks at a line's first byte and at names; the rest of a line it skips at once.
#include "smtp/session/header_filter.h"

#include <string.h>
#include <strings.h>

enum state {
	LINE_START, // of a field that is none of ours, or of the whole
	NAME,       // what has come of the name is held
	PASS,       // in a line that goes through
	HOLD,       // in a line of a field that is held
	HOLD_START, // behind such a line: white space goes on with it (RFC 5322, 2.2.3)
	DROP,       // in a line that is taken out
	DROP_START,
};

static const char results[] = "authentication-results";
static const char received[] = "received-spf";

// A piece of a field's text.
struct text {
	const char *at, *end;
};

static bool is_white(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

// Steps over white space and comments, which may be nested (RFC 5322, 3.2.2). False when a comment does not end.
static bool skip_blank(struct text *text)
{
	unsigned depth = 0;
	for (; text->at < text->end; text->at++) {
		char byte = *text->at;
		if (depth == 0 && !is_white(byte) && byte != '(')
			return true;
		if (byte == '(')
			depth++;
		else if (byte == ')' && depth > 0)
			depth--;
		else if (byte == '\\' && depth > 0 && text->at + 1 < text->end)
			text->at++;
	}
	return depth == 0;
}

// Takes a token or quoted-string, and says whether it is the host's name.
static bool take_name(struct text *text, const char *hostname)
{
	size_t length = strlen(hostname), matched = 0;
	bool quoted = text->at < text->end && *text->at == '"', same = true;
	if (quoted)
		text->at++;
	for (; text->at < text->end; text->at++) {
		char byte = *text->at;
		if (quoted ? byte == '"'
			   : is_white(byte) || strchr("()<>@,;:\\\"/[]?=", byte) != NULL)
			break;
		if (quoted && byte == '\\' && text->at + 1 < text->end)
			byte = *++text->at;
		if (quoted && (byte == '\r' || byte == '\n')) // folded
			continue;
		if (matched < length)
			same = same && strncasecmp(&byte, hostname + matched, 1) == 0;
		else
			same = same && matched == length && byte == '.'; // the root's dot
		matched++;
	}
	if (quoted && text->at < text->end)
		text->at++;
	return same && matched >= length;
}

// Received-SPF: the receiver is one of its pairs, and by custom the first word of the comment before them.
static bool names_receiver(struct text text, const char *hostname)
{
	static const char key[] = "receiver";
	for (; text.at < text.end; text.at++) {
		struct text value = {text.at + 1, text.end};
		if (*text.at == '(' && skip_blank(&value) && take_name(&value, hostname))
			return true;
		if ((size_t)(text.end - text.at) < strlen(key) ||
			strncasecmp(text.at, key, strlen(key)) != 0)
			continue;
		value.at = text.at + strlen(key);
		if (!skip_blank(&value) || value.at == value.end || *value.at != '=')
			continue;
		value.at++;
		if (skip_blank(&value) && take_name(&value, hostname))
			return true;
	}
	return false;
}

// The name of a field that we hold, with what may stand between it and the colon (RFC 5322, 4.5.3). 0 when it is none, or not yet.
static size_t name_length(const struct header_filter *filter, const char *name)
{
	size_t length = strlen(name);
	if (filter->held <= length || strncasecmp(filter->hold, name, length) != 0)
		return 0;
	while (length < filter->held &&
		(filter->hold[length] == ' ' || filter->hold[length] == '\t'))
		length++;
	return length < filter->held && filter->hold[length] == ':' ? length + 1 : 0;
}

static bool is_forged(const struct header_filter *filter, const char *hostname)
{
	size_t name = name_length(filter, results);
	struct text text = {filter->hold + name, filter->hold + filter->held};
	if (name == 0) {
		text.at += name_length(filter, received);
		return filter->held == HEADER_FILTER_HOLD || names_receiver(text, hostname);
	}
	if (!skip_blank(&text)) // a comment that swallows all
		return true;
	if (text.at == text.end) // nothing but blank: no end of it, or no results
		return filter->held == HEADER_FILTER_HOLD;
	bool ours = take_name(&text, hostname);
	return ours || (text.at == text.end && filter->held == HEADER_FILTER_HOLD);
}

// Whether what is held may become a name of those that matter.
static bool may_be(const struct header_filter *filter, const char *name)
{
	size_t length = strlen(name), held = filter->held;
	if (strncasecmp(filter->hold, name, held < length ? held : length) != 0)
		return false;
	for (size_t i = length; i < held; i++)
		if (filter->hold[i] != ' ' && filter->hold[i] != '\t' &&
			(filter->hold[i] != ':' || i + 1 < held))
			return false;
	return true;
}

struct output {
	uint8_t *at;
};

static void give_held(struct header_filter *filter, struct output *output)
{
	memcpy(output->at, filter->hold, filter->held);
	output->at += filter->held;
	filter->held = 0;
}

// The field has ended, or there is no room for more of it.
static void decide(struct header_filter *filter, const char *hostname, struct output *output)
{
	bool forged = is_forged(filter, hostname);
	bool at_start = filter->state == HOLD_START;
	filter->removed += forged;
	if (forged)
		filter->held = 0;
	else
		give_held(filter, output);
	if (forged)
		filter->state = at_start ? DROP_START : DROP;
	else
		filter->state = at_start ? LINE_START : PASS;
}

static void hold(
	struct header_filter *filter, const char *hostname, struct output *output, char byte)
{
	filter->hold[filter->held++] = byte;
	filter->state = byte == '\n' ? HOLD_START : HOLD;
	if (filter->held == HEADER_FILTER_HOLD)
		decide(filter, hostname, output);
}

static void name(struct header_filter *filter, struct output *output, char byte)
{
	filter->hold[filter->held++] = byte;
	filter->state = NAME;
	if (filter->held == HEADER_FILTER_HOLD) { // a name and blanks
		filter->removed++;
		filter->held = 0;
		filter->state = DROP;
	} else if (!may_be(filter, results) && !may_be(filter, received)) {
		give_held(filter, output);
		filter->state = byte == '\n' ? LINE_START : PASS;
	} else if (byte == ':') {
		filter->state = HOLD;
	}
}

static void step(
	struct header_filter *filter, const char *hostname, struct output *output, char byte)
{
	bool folded = byte == ' ' || byte == '\t';
	if (filter->state == HOLD_START && !folded)
		decide(filter, hostname, output);
	if (filter->state == DROP_START && !folded)
		filter->state = LINE_START;
	switch ((enum state)filter->state) {
	case LINE_START:
		if (byte != '\r' && !folded) {
			name(filter, output, byte);
			return;
		}
		filter->done = byte == '\r'; // the empty line
		filter->state = PASS;
		// fall through
	case PASS:
		*output->at++ = (uint8_t)byte;
		if (byte == '\n')
			filter->state = LINE_START;
		return;
	case NAME:
		name(filter, output, byte);
		return;
	case HOLD:
	case HOLD_START:
		hold(filter, hostname, output, byte);
		return;
	case DROP:
	case DROP_START:
		filter->state = byte == '\n' ? DROP_START : DROP;
		return;
	}
}

size_t header_filter(
	struct header_filter *filter, const char *hostname, uint8_t *bytes, size_t count)
{
	// What is given back to the front must not overtake what is yet to be read.
	uint8_t *in = bytes + filter->held;
	struct output output = {bytes};
	size_t at = 0;
	if (filter->held > 0)
		memmove(in, bytes, count);
	while (at < count && !filter->done) {
		const uint8_t *line = filter->state == PASS ? memchr(in + at, '\n', count - at)
							    : NULL;
		size_t run = filter->state != PASS ? 0
			     : line != NULL        ? (size_t)(line - in) - at
						   : count - at;
		if (run > 0) { // most of a header: to the line's end at once
			memmove(output.at, in + at, run);
			output.at += run;
			at += run;
		} else {
			step(filter, hostname, &output, (char)in[at++]);
		}
	}
	memmove(output.at, in + at, count - at);
	return (size_t)(output.at - bytes) + (count - at);
}

size_t header_filter_end(struct header_filter *filter, const char *hostname, uint8_t *bytes)
{
	struct output output = {bytes};
	if (filter->state == HOLD_START || filter->state == HOLD)
		decide(filter, hostname, &output);
	else
		give_held(filter, &output);
	filter->done = true;
	return (size_t)(output.at - bytes);
}
