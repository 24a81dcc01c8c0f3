// SPDX-License-Identifier: BSD-3-Clause
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

// "Nov 22 10:00:00 ", in local time as the log has it.
static void put_time(FILE *out, uint64_t microseconds)
{
	time_t second = (time_t)(microseconds / 1000000);
	struct tm tm;
	char text[32] = "";
	if (localtime_r(&second, &tm) != NULL)
		strftime(text, sizeof(text), "%b %e %H:%M:%S ", &tm);
	fputs(text, out);
}

void ctl_show_log(FILE *out, const json_t *answer)
{
	size_t index;
	const json_t *line;
	uint64_t lost = ctl_number(answer, "lost");
	if (lost > 0)
		fprintf(out, "... %" PRIu64 " lines came too fast to be shown\n", lost);
	json_array_foreach (json_object_get(answer, "lines"), index, line) {
		const char *severity = ctl_string(line, "severity");
		put_time(out, ctl_number(line, "time-us"));
		if (strcmp(severity, "error") == 0 || strcmp(severity, "warning") == 0)
			fprintf(out, "%s: ", severity);
		ctl_put_text(out, ctl_string(line, "text"));
		fputc('\n', out);
	}
}
