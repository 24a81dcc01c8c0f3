// SPDX-License-Identifier: BSD-3-Clause
//
// The table of checks.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "smtp/checks/check.h"

Test(checks, rows_are_complete)
{
	for (int i = 0; i < BS_CHECK_COUNT; i++) {
		const struct check *check = &checks[i];
		cr_assert_not_null(check->name);
		cr_assert_gt(strlen(check->name), 0);
		cr_assert_null(strpbrk(check->name, "_ "), "%s", check->name);
		cr_assert_gt(strlen(check->sentence), 0, "%s", check->name);
		cr_assert(check->code >= 400 && check->code < 600, "%s", check->name);
		cr_assert_eq(check->enhanced[0] - '0', check->code / 100, "%s", check->name);
		if (check->stage == BS_STAGE_BEHAVIOUR)
			cr_assert_null(check->run, "%s", check->name);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(check->name, checks[j].name);
	}
}

Test(checks, a_row_is_what_it_says)
{
	const struct check *check = &checks[BS_CHECK_HELO_OTHER];
	cr_assert_str_eq(check->name, "helo-other");
	cr_assert_eq(check->stage, BS_STAGE_HELO);
	cr_assert_eq(check->consequence, BS_SCORES);
	cr_assert_eq(check->mode, BS_MODE_OBSERVE);
	cr_assert_eq(check->score.hit, 150);
	cr_assert_eq(check->score.miss, -125);
	cr_assert_eq(check->code, 550);
	cr_assert_str_eq(checks[BS_CHECK_NON_SMTP_COMMAND].name, "non-smtp-command");
}

Test(checks, what_a_check_says_fits)
{
	struct check_result result = {0};
	check_says(&result, CHECK_HIT, "%0300d", 1);
	cr_assert_eq(result.outcome, CHECK_HIT);
	cr_assert_eq(strlen(result.detail), CHECK_DETAIL - 1);
	check_says(&result, CHECK_MISS, "%s", "is mx.example.org");
	cr_assert_eq(result.outcome, CHECK_MISS);
	cr_assert_str_eq(result.detail, "is mx.example.org");
}
