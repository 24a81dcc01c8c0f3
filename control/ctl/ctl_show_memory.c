// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered, for people.
#include <inttypes.h>
#include <time.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

static const char *moment(const json_t *object, const char *key, char text[32])
{
	time_t seconds = (time_t)ctl_number(object, key);
	struct tm parts;
	if (!json_is_integer(json_object_get(object, key)) ||
		localtime_r(&seconds, &parts) == NULL ||
		strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		return "-";
	return text;
}

static void show_entry(FILE *out, const char *what, const json_t *entry)
{
	char first[32], last[32], ends[32];
	if (!json_is_object(entry)) {
		fprintf(out, "%-9s not known\n", what);
		return;
	}
	fprintf(out, "%-9s passed %" PRIu64 " times, first seen %s, last used %s, forgotten %s\n",
		what, ctl_number(entry, "passes"), moment(entry, "first-seen", first),
		moment(entry, "last-used", last), moment(entry, "ends", ends));
}

void ctl_show_greylist(FILE *out, const json_t *answer)
{
	uint64_t wait = ctl_number(answer, "wait");
	fprintf(out, "State     ");
	ctl_put_text(out, ctl_string(answer, "state"));
	if (wait > 0)
		fprintf(out, ", passes in %" PRIu64 " s", wait);
	fputc('\n', out);
	show_entry(out, "Triplet", json_object_get(answer, "triplet"));
	show_entry(out, "Network", json_object_get(answer, "network"));
}

static void show_rows(FILE *out, const json_t *rows, bool passes)
{
	const json_t *row;
	size_t index;
	if (json_array_size(rows) == 0)
		return;
	fprintf(out, "\n%-43s %-19s  %-19s%s\n", "source", "last used", "forgotten",
		passes ? "  passes" : "");
	json_array_foreach (rows, index, row) {
		char last[32], ends[32];
		fprintf(out, "%-43s %-19s  %-19s", ctl_string(row, "source"),
			moment(row, "last-used", last), moment(row, "ends", ends));
		if (passes)
			fprintf(out, "  %" PRIu64, ctl_number(row, "passes"));
		fputc('\n', out);
	}
}

void ctl_show_greylist_list(FILE *out, const json_t *answer)
{
	fprintf(out,
		"%" PRIu64 " triplets wait, %" PRIu64 " passed; %" PRIu64 " networks and %" PRIu64
		" SPF domains passed\n",
		ctl_number(answer, "waiting"), ctl_number(answer, "passed"),
		ctl_number(answer, "networks-known"), ctl_number(answer, "domains-known"));
	show_rows(out, json_object_get(answer, "networks"), true);
}

void ctl_show_remembered(FILE *out, const json_t *answer)
{
	char ends[32];
	if (json_is_integer(json_object_get(answer, "ends")))
		fprintf(out, "spared the wait until %s\n", moment(answer, "ends", ends));
	else
		fputs("not remembered: it waits\n", out);
}

void ctl_show_remembered_list(FILE *out, const json_t *answer)
{
	fprintf(out, "%" PRIu64 " sources are spared the wait\n", ctl_number(answer, "known"));
	show_rows(out, json_object_get(answer, "sources"), false);
}

void ctl_show_deleted(FILE *out, const json_t *answer)
{
	fputs(ctl_number(answer, "deleted") > 0 ? "forgotten\n" : "was not known\n", out);
}
