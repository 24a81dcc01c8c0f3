// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl/ctl_top.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "control/ctl/ctl_text.h"

#define HEAD_EVERY 20u // lines

// A column: a counter of the dataplane or of the workers as a rate, or a gauge as it is.
struct column {
	const char *title;
	const char *room, *kind,
		*name; // stats[room].total[kind][name]; kind NULL: stats[room].total[name]
	bool gauge;
};

static const struct column columns[] = {
	{"rx-pps", "dataplane", "counters", "rx-packets", false},
	{"tx-pps", "dataplane", "counters", "tx-packets", false},
	{"syn/s", "dataplane", "counters", "syn-received", false},
	{"conn/s", "dataplane", "counters", "connections-accepted", false},
	{"early/s", "dataplane", "counters", "pregreets", false},
	{"waiting", "dataplane", "gauges", "waiting", true},
	{"talking", "worker", NULL, "sessions-now", true},
	{"sess/s", "worker", "counters", "sessions", false},
	{"cmd/s", "worker", "counters", "commands", false},
	{"mail/s", "worker", "counters", "mails-accepted", false},
	{"unknown/s", "worker", "counters", "recipients-unknown", false},
	{"loglost/s", "log", NULL, "lines-lost", false},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct sample {
	uint64_t clock_ms;
	uint64_t value[COLUMNS];
};

static void take(const json_t *stats, struct sample *sample)
{
	sample->clock_ms = ctl_number(stats, "clock-ms");
	for (size_t i = 0; i < COLUMNS; i++) {
		const struct column *column = &columns[i];
		const json_t *place = json_object_get(stats, column->room);
		if (strcmp(column->room, "log") != 0)
			place = json_object_get(place, "total");
		if (column->kind != NULL)
			place = json_object_get(place, column->kind);
		sample->value[i] = ctl_number(place, column->name);
	}
}

static double rate(const struct sample *before, const struct sample *now, size_t column)
{
	uint64_t ms = now->clock_ms - before->clock_ms;
	if (columns[column].gauge)
		return (double)now->value[column];
	if (now->value[column] < before->value[column] || ms == 0)
		return 0; // another process than before
	return (double)(now->value[column] - before->value[column]) * 1000 / (double)ms;
}

static void put_line(const struct sample *before, const struct sample *now, bool json)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		double value = rate(before, now, i);
		if (json)
			printf("%s\"%s\":%.1f", i == 0 ? "{" : ",", columns[i].title, value);
		else
			printf("%s%9.*f", i == 0 ? "" : " ",
				value < 10 && !columns[i].gauge && value > 0 ? 1 : 0, value);
	}
	puts(json ? "}" : "");
}

static void put_head(void)
{
	for (size_t i = 0; i < COLUMNS; i++)
		printf("%s%9s", i == 0 ? "" : " ", columns[i].title);
	putchar('\n');
}

static enum ctl_exit look(const char *socket, struct sample *sample)
{
	char error[CTL_ERROR];
	json_t *answer, *request = json_pack("{s:s}", "command", "stats");
	enum ctl_exit result = ctl_call(socket, request, &answer, error);
	json_decref(request);
	if (result == CTL_OK)
		take(answer, sample);
	else
		fprintf(stderr, "barscreenctl: %s\n", error);
	if (result == CTL_OK)
		json_decref(answer);
	return result;
}

enum ctl_exit ctl_top(const struct ctl_options *options)
{
	struct sample before, now;
	enum ctl_exit result = look(options->socket, &before);
	for (unsigned i = 0; result == CTL_OK && (options->rounds == 0 || i < options->rounds);
		i++) {
		const struct timespec interval = {.tv_sec = options->interval_s};
		if (!options->json && i % HEAD_EVERY == 0)
			put_head();
		fflush(stdout);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &interval, NULL);
		result = look(options->socket, &now);
		if (result != CTL_OK)
			break;
		put_line(&before, &now, options->json);
		if (fflush(stdout) != 0)
			return CTL_NO_DAEMON;
		before = now;
	}
	return result;
}
