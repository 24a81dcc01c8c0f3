// SPDX-License-Identifier: BSD-3-Clause
//
// Sources for people: a line each, or all that is known about one.
#include <inttypes.h>
#include <time.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

// "2026-05-01 12:00:00", local time.
static const char *moment(const json_t *object, const char *key, char text[32])
{
	time_t seconds = (time_t)ctl_number(object, key);
	struct tm parts;
	if (!json_is_integer(json_object_get(object, key)) ||
		localtime_r(&seconds, &parts) == NULL ||
		strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		return "never";
	return text;
}

// "harvest, 59m", "-".
static const char *verdict(const json_t *source, char text[64])
{
	const json_t *given = json_object_get(source, "verdict");
	uint64_t left = ctl_number(given, "left");
	if (!json_is_object(given))
		return "-";
	snprintf(text, 64, "%.40s, %" PRIu64 "%s", ctl_string(given, "reason"),
		left < 120 ? left : left / 60, left < 120 ? "s" : "m");
	return text;
}

void ctl_show_sources(FILE *out, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "sources"), *source;
	size_t index;
	fprintf(out, "%" PRIu64 " sources known, room for %" PRIu64 "; %" PRIu64 " match",
		ctl_number(answer, "known"), ctl_number(answer, "room"),
		ctl_number(answer, "matching"));
	fprintf(out, json_array_size(list) > 0 ? "; the last seen first\n\n" : "\n");
	if (json_array_size(list) == 0)
		return;
	fprintf(out, "%-39s %6s %8s %8s %9s  %-19s  %s\n", "source", "open", "refused", "unknown",
		"mails", "last seen", "verdict");
	json_array_foreach (list, index, source) {
		const json_t *window = json_object_get(source, "window");
		char seen[32], given[64];
		fprintf(out,
			"%-39s %6" PRIu64 " %8" PRIu64 " %8" PRIu64 " %9" PRIu64 "  %-19s  %s\n",
			ctl_string(source, "source"), ctl_number(source, "open"),
			ctl_number(window, "refused"), ctl_number(window, "recipients-unknown"),
			ctl_number(source, "mails"), moment(source, "last-seen", seen),
			verdict(source, given));
	}
}

void ctl_show_source(FILE *out, const json_t *answer)
{
	const json_t *source = json_object_get(answer, "source");
	const json_t *window = json_object_get(source, "window");
	char first[32], last[32], mail[32], given[64];
	if (!json_is_object(source)) {
		fputs("not known: no connection, or forgotten since\n", out);
		return;
	}
	fprintf(out, "Source       %s\n", ctl_string(source, "source"));
	fprintf(out, "Verdict      %s (%" PRIu64 " given so far)\n", verdict(source, given),
		ctl_number(source, "verdicts"));
	fprintf(out, "Seen         from %s to %s\n", moment(source, "first-seen", first),
		moment(source, "last-seen", last));
	fprintf(out, "Connections  %" PRIu64 " now, %" PRIu64 " in all\n",
		ctl_number(source, "open"), ctl_number(source, "connections"));
	fprintf(out, "Mails        %" PRIu64 " accepted, the last %s\n",
		ctl_number(source, "mails"), moment(source, "last-mail", mail));
	fprintf(out,
		"Window       %" PRIu64 " sessions, %" PRIu64 " refused; recipients %" PRIu64
		" unknown, %" PRIu64 " accepted; %" PRIu64 " early talks, %" PRIu64 " hangups\n",
		ctl_number(window, "sessions"), ctl_number(window, "refused"),
		ctl_number(window, "recipients-unknown"), ctl_number(window, "recipients-accepted"),
		ctl_number(window, "early-talks"), ctl_number(window, "hangups"));
}

void ctl_show_cleared(FILE *out, const json_t *answer)
{
	uint64_t cleared = ctl_number(answer, "cleared");
	if (cleared == 0)
		fputs("no verdict was in force\n", out);
	else
		fprintf(out, "%" PRIu64 " verdict%s cleared\n", cleared, cleared == 1 ? "" : "s");
}
