// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of smtp/checks/rows.h as a table that the judge walks.
#include <stdarg.h>

#include "dataplane/seam/text.h"
#include "smtp/checks/check.h"
#include "smtp/checks/dashed.h"

#define X(identifier, name, ...) \
	_Static_assert(sizeof(#name) <= CHECK_NAME, #name); \
	static const char name_##name[CHECK_NAME] = BS_DASHED(#name);
BS_CHECKS(X)
#undef X

#define POINTER_BEHAVIOUR(name) NULL
#define POINTER_CLIENT(name)    check_run_##name
#define POINTER_HELO(name)      check_run_##name
#define POINTER_SENDER(name)    check_run_##name
#define POINTER_RECIPIENT(name) check_run_##name

const struct check checks[BS_CHECK_COUNT] = {
#define X(identifier, row, at, does, standard, hits, misses, answer, digits, reply, says) \
	[BS_CHECK_##identifier] = {.name = name_##row, \
		.stage = BS_STAGE_##at, \
		.consequence = BS_##does, \
		.mode = BS_MODE_##standard, \
		.score = {(hits), (misses)}, \
		.code = (answer), \
		.enhanced = (digits), \
		.text = (reply), \
		.sentence = (says), \
		.run = POINTER_##at(row)},
	BS_CHECKS(X)
#undef X
};

const char *check_reply(const struct bs_policy *policy, enum bs_check check)
{
	return policy->reply[check][0] != 0 ? policy->reply[check] : checks[check].text;
}

void check_says(struct check_result *result, enum check_outcome outcome, const char *format, ...)
{
	va_list arguments;
	result->outcome = (uint8_t)outcome;
	va_start(arguments, format);
	bs_vprint(result->detail, sizeof(result->detail), format, arguments);
	va_end(arguments);
}
