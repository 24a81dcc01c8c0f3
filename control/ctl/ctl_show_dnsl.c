// SPDX-License-Identifier: BSD-3-Clause
//
// The DNS lists for people: a line each, and why one does not count.
#include <inttypes.h>
#include <string.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

static void show_list(FILE *out, const json_t *list)
{
	char asked[CTL_NUMBER], hits[CTL_NUMBER];

	fprintf(out, "  %-30s %-8s %-10s %12s %12s %8" PRIu64 " %5" PRIu64 "%%\n",
		ctl_string(list, "name"), ctl_string(list, "mode"), ctl_string(list, "state"),
		ctl_grouped(ctl_number(list, "asked"), asked),
		ctl_grouped(ctl_number(list, "hits"), hits), ctl_number(list, "errors"),
		ctl_number(list, "share"));
	if (ctl_string(list, "why")[0] != '\0') {
		fputs("    ", out);
		ctl_put_text(out, ctl_string(list, "why"));
		fputc('\n', out);
	}
}

void ctl_show_dnsl(FILE *out, const json_t *answer)
{
	const json_t *lists = json_object_get(answer, "dns-lists"), *list;
	size_t index;

	if (json_array_size(lists) == 0) {
		fputs("No DNS lists are configured\n", out);
		return;
	}
	fprintf(out, "DNS lists: clients asked about, hits, answers that are no entries, share "
		     "lately\n");
	fprintf(out, "  %-30s %-8s %-10s %12s %12s %8s %6s\n", "list", "mode", "state", "asked",
		"hits", "errors", "share");
	json_array_foreach (lists, index, list)
		show_list(out, list);
}
