// SPDX-License-Identifier: BSD-3-Clause
//
// Answers of the DNS that workers remember, for people: a line each, its records below.
#include <inttypes.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

static void show_answer(FILE *out, uint64_t worker, const json_t *answer)
{
	const json_t *records = json_object_get(answer, "records"), *record;
	size_t index;
	fprintf(out, "worker %-3" PRIu64 " %-5s %-8s", worker, ctl_string(answer, "type"),
		ctl_string(answer, "status"));
	if (json_is_integer(json_object_get(answer, "left")))
		fprintf(out, " %8" PRIu64 " s left", ctl_number(answer, "left"));
	if (ctl_string(answer, "why")[0] != '\0') {
		fputs(": ", out);
		ctl_put_text(out, ctl_string(answer, "why"));
	}
	fputc('\n', out);
	json_array_foreach (records, index, record) {
		fputs("    ", out);
		ctl_put_text(out, json_string_value(record));
		fputc('\n', out);
	}
	if (json_is_true(json_object_get(answer, "more")))
		fputs("    and more\n", out);
}

void ctl_show_cache(FILE *out, const json_t *answer)
{
	const json_t *workers = json_object_get(answer, "workers"), *worker, *one;
	size_t index, number;
	ctl_put_text(out, ctl_string(answer, "name"));
	fputc('\n', out);
	if (json_array_size(workers) == 0)
		fputs("no worker asks the DNS\n", out);
	json_array_foreach (workers, index, worker) {
		const json_t *answers = json_object_get(worker, "answers");
		if (json_array_size(answers) == 0)
			fprintf(out, "worker %-3" PRIu64 " nothing\n",
				ctl_number(worker, "worker"));
		json_array_foreach (answers, number, one)
			show_answer(out, ctl_number(worker, "worker"), one);
	}
}

void ctl_show_cache_deleted(FILE *out, const json_t *answer)
{
	const json_t *worker;
	size_t index;
	fprintf(out, "%" PRIu64 " forgotten\n", ctl_number(answer, "deleted"));
	json_array_foreach (json_object_get(answer, "workers"), index, worker)
		fprintf(out, "worker %-3" PRIu64 " %" PRIu64 "\n", ctl_number(worker, "worker"),
			ctl_number(worker, "deleted"));
}
