// SPDX-License-Identifier: BSD-3-Clause
//
// Requests to the control socket: any bytes get exactly one line of JSON that says "ok" or why not, and only one who may
// stops us.
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check(struct daemon *daemon, bool may_write, const char *line, size_t length)
{
	struct request_answer answer;
	if (!request_handle(daemon, may_write, line, length, &answer))
		abort();
	if (memchr(answer.line, '\n', answer.length) != answer.line + answer.length - 1)
		abort();
	json_t *object = json_loadb(answer.line, answer.length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *ok = json_object_get(object, "ok");
	if (!json_is_boolean(ok) || (answer.stop && !(may_write && json_is_true(ok))))
		abort();
	if (json_is_false(ok) && !json_is_string(json_object_get(object, "error")))
		abort();
	json_decref(object);
	free(answer.line);
}

#define LINES_MAX 64 // more of them teach nothing new

// Each line of the input is a request, as the socket cuts it.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static struct bs_dataplane_counters dataplane;
	static struct bs_worker_counters worker;
	static struct daemon program = {.dataplane = {&dataplane},
		.dataplane_count = 1,
		.worker = {&worker},
		.worker_count = 1};
	for (unsigned i = 0; i < LINES_MAX && count > 0; i++) {
		const uint8_t *end = memchr(bytes, '\n', count);
		size_t length = end != NULL ? (size_t)(end - bytes) : count;
		check(&program, false, (const char *)bytes, length);
		check(&program, true, (const char *)bytes, length);
		bytes += length + (end != NULL);
		count -= length + (end != NULL);
	}
	return 0;
}
