// SPDX-License-Identifier: BSD-3-Clause
//
// checks { }, greylist { } and rates { }: the rows' defaults, presets, weights.
#include "tests/unit/config_case.h"

#include "control/configuration/config_keys.h"
#include "control/configuration/config_score.h"
#include "smtp/checks/check.h"

TestSuite(config_checks, .init = make_folder, .fini = remove_folder);

Test(config_checks, defaults_are_the_rows)
{
	struct config *config = taken(GOOD);
	const struct bs_checks *rules = &config->smtp.checks;

	for (unsigned i = 0; i < BS_CHECK_COUNT; i++) {
		cr_expect_eq(rules->mode[i], checks[i].mode, "%s", checks[i].name);
		cr_expect_eq(rules->score[i].hit, checks[i].score.hit, "%s", checks[i].name);
		cr_expect_eq(rules->score[i].miss, checks[i].score.miss, "%s", checks[i].name);
	}
	cr_expect_eq(rules->refuse, 100);
	cr_expect_eq(rules->defer, 0);
	cr_expect_eq(rules->skip, 0);
	cr_expect_eq(config->smtp.refuse_at, BS_AT_RCPT);
	cr_expect_eq(rules->greylist.delay_ms, 300000);
	cr_expect_eq(rules->greylist.retry_ms, 4 * 3600000);
	cr_expect_eq(rules->greylist.lifetime_ms, 36 * UINT32_C(86400000));
	cr_expect_eq(rules->greylist.auto_allow, 5);
	cr_expect_eq(rules->greylist.only_from, INT32_MIN);
	cr_expect_not(rules->greylist.spf_key);
	cr_expect_eq(config->smtp.rates.window_ms, 60000);
	cr_expect_eq(config->smtp.rates.connections, 0);
	config_free(config);
}

// A key of each row is there under the name that log and counters have.
Test(config_checks, every_check_has_its_keys)
{
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s-score", checks[i].name);
		cr_expect_not_null(config_key_find("checks", checks[i].name), "%s", checks[i].name);
		cr_expect_not_null(config_key_find("checks", name), "%s", name);
	}
}

Test(config_checks, values_arrive)
{
	struct config *config = taken(GOOD
		"checks { helo-literal = enforce helo-literal-score = 4.35 helo-other-score = "
		"1.5/-1.25\nrefuse-score = 5 defer-score = 2.5 skip-score = -3 refuse-at = mail }\n"
		"greylist { key = spf-domain only-from-score = -0.5 }\n"
		"rates { mails = 10 recipients = 100 connections = 4000 window = 10s }\n");
	const struct bs_checks *rules = &config->smtp.checks;

	cr_expect_eq(rules->mode[BS_CHECK_HELO_LITERAL], BS_MODE_ENFORCE);
	cr_expect_eq(rules->score[BS_CHECK_HELO_LITERAL].hit, 435);
	cr_expect_eq(rules->score[BS_CHECK_HELO_LITERAL].miss, 0);
	cr_expect_eq(rules->score[BS_CHECK_HELO_OTHER].hit, 150);
	cr_expect_eq(rules->score[BS_CHECK_HELO_OTHER].miss, -125);
	cr_expect_eq(rules->refuse, 500);
	cr_expect_eq(rules->defer, 250);
	cr_expect_eq(rules->skip, -300);
	cr_expect_eq(config->smtp.refuse_at, BS_AT_MAIL);
	cr_expect(rules->greylist.spf_key);
	cr_expect_eq(rules->greylist.only_from, -50);
	cr_expect_eq(config->smtp.rates.mails, 10);
	config_free(config);
}

Test(config_checks, totals_on_the_wrong_side)
{
	refused(GOOD "checks { refuse-score = 0 }", 9, "0.01 to 999.99");
	refused(GOOD "checks { refuse-score = -1 }", 9, "refuse-score");
	refused(GOOD "checks { defer-score = 0 }", 9, "defer-score");
	refused(GOOD "checks { skip-score = 1 }", 9, "-999.99 to -0.01");
	refused(GOOD "checks { skip-score = 0 }", 9, "skip-score");
	refused(GOOD "checks { refuse-score = 2\ndefer-score = 3 }", 10, "never deferred");
	refused(GOOD "checks { defer-score = 1 }", 9, "never deferred");
	refused(GOOD "greylist { delay = 2h\nretry-window = 1h }", 10, "no retry");
	config_free(taken(GOOD "checks { refuse-score = never\ndefer-score = 3 }"));
}

// What the file sets beats the preset, wherever it stands; the rest has the preset's values.
Test(config_checks, preset)
{
	struct config *config = taken(GOOD "checks { helo-numeric = off\npreset = policyd-weight\n"
					   "name-dynamic-score = 1 }\n");
	const struct bs_checks *rules = &config->smtp.checks;

	cr_expect_eq(rules->mode[BS_CHECK_HELO_NUMERIC], BS_MODE_OFF);
	cr_expect_eq(rules->score[BS_CHECK_HELO_NUMERIC].hit, 250);
	cr_expect_eq(rules->mode[BS_CHECK_NAME_DYNAMIC], BS_MODE_ENFORCE);
	cr_expect_eq(rules->score[BS_CHECK_NAME_DYNAMIC].hit, 100);
	cr_expect_eq(rules->mode[BS_CHECK_SENDER_OTHER], BS_MODE_ENFORCE);
	cr_expect_eq(rules->score[BS_CHECK_SENDER_OTHER].miss, -310);
	cr_expect_eq(rules->mode[BS_CHECK_SPF_FAIL], BS_MODE_OFF);
	cr_expect_eq(rules->refuse, 100);
	config_free(config);
	refused(GOOD "checks { preset = postscreen }", 9, "policyd-weight");
}

static void same(const char *text, int64_t wanted, const char *printed)
{
	char out[CONFIG_SCORE_TEXT];
	int64_t value = -1;

	cr_expect(config_hundredths_parse(text, &value), "%s", text);
	cr_expect_eq(value, wanted, "%s", text);
	cr_expect_str_eq(config_hundredths_format(value, out), printed);
}

Test(config_checks, hundredths)
{
	int64_t value;

	same("0", 0, "0");
	same("-0", 0, "0");
	same("1", 100, "1");
	same("1.5", 150, "1.5");
	same("1.50", 150, "1.5");
	same("-0.05", -5, "-0.05");
	same("99.99", 9999, "99.99");
	same("123456789012345678901234567890", 1000000000, "10000000");
	cr_expect_not(config_hundredths_parse("--1", &value));
	cr_expect_not(config_hundredths_parse("1.2.3", &value));
	cr_expect_not(config_hundredths_parse("-", &value));
	cr_expect_not(config_hundredths_parse(" 1", &value));
}
