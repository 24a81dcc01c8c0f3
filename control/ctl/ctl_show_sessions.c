// SPDX-License-Identifier: BSD-3-Clause
#include <inttypes.h>
#include <string.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

static void put_one(FILE *out, const json_t *session)
{
	char client[80];
	const char *phase = ctl_string(session, "phase");
	bool backend = json_is_true(json_object_get(session, "backend"));
	bool judge = json_is_true(json_object_get(session, "judge"));
	snprintf(client, sizeof(client), "[%s]:%" PRIu64, ctl_string(session, "client"),
		ctl_number(session, "port"));
	ctl_put_text(out, ctl_string(session, "session"));
	fprintf(out, "  %-8s %-9s", ctl_string(session, "state"), phase);
	fprintf(out, " %8.1f  ", (double)ctl_number(session, "age-ms") / 1000);
	ctl_put_text(out, client);
	if (phase[0] != '\0') {
		fputs("  helo=<", out);
		ctl_put_text(out, ctl_string(session, "helo"));
		fputs("> from=<", out);
		ctl_put_text(out, ctl_string(session, "from"));
		fprintf(out, "> nrcpt=%" PRIu64 " size=%" PRIu64 "%s",
			ctl_number(session, "recipients"), ctl_number(session, "bytes"),
			backend ? " (waits for the backend)"
			: judge ? " (waits for the DNS)"
				: "");
	}
	fputc('\n', out);
}

void ctl_show_sessions(FILE *out, const json_t *answer)
{
	const json_t *sessions = json_object_get(answer, "sessions");
	size_t index;
	const json_t *session;
	if (json_array_size(sessions) == 0) {
		fputs("no connection\n", out);
		return;
	}
	fprintf(out, "%-16s  %-8s %-9s %8s  %s\n", "session", "state", "phase", "age/s", "client");
	json_array_foreach (sessions, index, session)
		put_one(out, session);
	if (json_is_true(json_object_get(answer, "more")))
		fputs("there are more; narrow it down, or raise --limit\n", out);
}
