// SPDX-License-Identifier: BSD-3-Clause
//
// The command log: the last lines, and those that come. Who follows has a number of the next line and nothing else in our
// hands: the log is written without him, and what he was too slow for he is told the number of.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log/log_fields.h"
#include "control/log/log_json.h"
#include "control/socket/request_command.h"

#define LINES      10             // shown where no number is given
#define LINES_TOLD 256            // in one answer
#define LOOKED_AT  LOG_TAIL_LINES // in one turn

struct follow {
	struct log_tail *tail;
	uint64_t next; // line
	enum bs_severity severity;
	char grep[128];
};

static bool matches(const struct follow *follow, const struct bs_log_line *line)
{
	return line->severity <= follow->severity &&
	       (follow->grep[0] == '\0' || strcasestr(line->text, follow->grep) != NULL);
}

static json_t *line_object(const struct bs_log_line *line)
{
	struct log_fields fields;
	log_fields_read(line->text, &fields);
	return json_pack("{s:I, s:s, s:s*, s:s}", "time-us", (json_int_t)(line->wall_ns / 1000),
		"severity", log_severity_word((enum bs_severity)line->severity), "session",
		fields.session[0] != '\0' ? fields.session : NULL, "text", line->text);
}

// The lines from follow->next on, at most LINES_TOLD, up to line `end`. NULL without memory.
static json_t *collect(struct follow *follow, uint64_t end)
{
	json_t *lines = json_array();
	json_int_t lost = 0;
	struct bs_log_line line;
	for (unsigned i = 0; lines != NULL && follow->next < end && i < LOOKED_AT &&
			     json_array_size(lines) < LINES_TOLD;
		i++) {
		switch (log_tail_get(follow->tail, follow->next, &line)) {
		case LOG_TAIL_NOT_YET:
			end = 0;
			continue;
		case LOG_TAIL_GONE: { // on to the oldest that is certainly there
			uint64_t oldest = log_tail_next(follow->tail) - LOG_TAIL_LINES + 16;
			lost += (json_int_t)(oldest - follow->next);
			follow->next = oldest;
			continue;
		}
		case LOG_TAIL_LINE:
			break;
		}
		follow->next++;
		if (matches(follow, &line) &&
			json_array_append_new(lines, line_object(&line)) != 0) {
			json_decref(lines);
			lines = NULL;
		}
	}
	return json_pack("{s:b, s:o, s:I}", "ok", 1, "lines", lines, "lost", lost);
}

static struct follow *follow_of(uint64_t ticket)
{
	return (struct follow *)(uintptr_t)ticket;
}

static void forget(struct daemon *daemon, uint64_t ticket)
{
	struct follow *follow = follow_of(ticket);
	log_tail_leave(follow->tail);
	free(follow);
}

static bool follow_later(struct daemon *daemon, uint64_t ticket, struct request_answer *answer)
{
	struct follow *follow = follow_of(ticket);
	uint64_t end = log_tail_next(follow->tail);
	if (follow->next >= end)
		return false;
	json_t *object = collect(follow, end);
	if (object != NULL && json_array_size(json_object_get(object, "lines")) == 0 &&
		json_integer_value(json_object_get(object, "lost")) == 0) {
		json_decref(object);
		return false;
	}
	answer->again = request_dump(answer, object);
	if (!answer->again)
		forget(daemon, ticket);
	return true;
}

static enum bs_severity severity_of(const char *word)
{
	if (word == NULL || strcmp(word, "debug") == 0)
		return BS_LOG_DEBUG;
	if (strcmp(word, "error") == 0)
		return BS_LOG_ERROR;
	return strcmp(word, "warning") == 0 ? BS_LOG_WARNING : BS_LOG_INFO;
}

// The number of the line with which the last `count` that match begin.
static uint64_t last_lines(const struct follow *follow, uint64_t count)
{
	uint64_t next = log_tail_next(follow->tail), number = next;
	struct bs_log_line line;
	while (count > 0 && number > 0 && next - number < LOG_TAIL_LINES &&
		log_tail_get(follow->tail, number - 1, &line) == LOG_TAIL_LINE) {
		number--;
		count -= matches(follow, &line);
	}
	return number;
}

static json_t *last(const struct request_call *call, struct follow *follow)
{
	follow->next = last_lines(follow, (uint64_t)request_count(call, "lines", LINES));
	return collect(follow, log_tail_next(follow->tail));
}

json_t *request_log(struct request_call *call)
{
	if (call->daemon->log == NULL)
		return request_error("barscreen is still starting");
	const char *grep = request_word(call, "grep");
	struct follow follow = {.tail = log_writer_tail(call->daemon->log),
		.severity = severity_of(request_word(call, "severity"))};
	snprintf(follow.grep, sizeof(follow.grep), "%s", grep != NULL ? grep : "");
	if (!request_flag(call, "follow"))
		return last(call, &follow);
	struct follow *kept = malloc(sizeof(*kept));
	if (kept == NULL)
		return NULL;
	*kept = follow;
	kept->next = last_lines(kept, (uint64_t)request_count(call, "lines", LINES));
	log_tail_follow(kept->tail, call->daemon->bell);
	call->answer->later = follow_later;
	call->answer->forget = forget;
	call->answer->ticket = (uintptr_t)kept;
	return NULL;
}
