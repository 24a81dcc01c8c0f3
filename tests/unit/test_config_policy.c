// SPDX-License-Identifier: BSD-3-Clause
//
// dnsl { } and policy { }: what is wrong is refused at its line, what is set reaches the policy, a reload says what it changed.
#include "tests/unit/config_case.h"

#include <jansson.h>

#include "control/configuration/config_changes.h"
#include "control/configuration/config_print.h"
#include "control/policy/policy_base.h"
#include "control/policy/policy_make.h"

TestSuite(config_policy, .init = make_folder, .fini = remove_folder);

#define LISTS \
	"dnsl \"zen\" { zone = \"k3y.zen.example.net\" codes = {\"127.0.0.[2..11]\"} score = " \
	"4.35/-1.5 " \
	"families = both test-listed = \"127.0.0.9 ::2\" }\n" \
	"dnsl \"good.example.net\" { score = -2 mode = observe test = no max-share = 100 }\n"

Test(config_policy, dnsl_arrives)
{
	struct config *config = taken(GOOD LISTS);
	const struct bs_dnsl *zen = &config->dnsl[0].list, *other = &config->dnsl[1].list;
	const uint8_t hit[] = {127, 0, 0, 11}, miss[] = {127, 0, 0, 12};

	cr_assert_eq(config->dnsl_count, 2);
	cr_expect_str_eq(zen->name, "zen");
	cr_expect_str_eq(zen->zone, "k3y.zen.example.net");
	cr_expect_eq(zen->hit, 435);
	cr_expect_eq(zen->miss, -150);
	cr_expect_eq(zen->families, BS_DNSL_BOTH);
	cr_expect_eq(zen->codes, 1);
	cr_expect(bs_dnsl_code_matches(&zen->code[0], hit));
	cr_expect_not(bs_dnsl_code_matches(&zen->code[0], miss));
	cr_expect(zen->tested);
	cr_expect_eq(zen->mode, BS_MODE_ENFORCE);
	cr_expect_eq(zen->share, 98);
	cr_expect_eq(config->dnsl[0].line, 9);
	cr_expect_str_eq(other->zone, "good.example.net");
	cr_expect_eq(other->hit, -200);
	cr_expect_eq(other->mode, BS_MODE_OBSERVE);
	cr_expect_eq(other->families, BS_DNSL_IPV4);
	cr_expect_not(other->tested);
	cr_expect_eq(other->codes, 0);
	config_free(config);
}

Test(config_policy, dnsl_at_fault)
{
	refused(GOOD "dnsl \"zen\" { }", 9, "zone");
	refused(GOOD "dnsl zen.example.net { }\ndnsl ZEN.example.net { }", 10, "already");
	refused(GOOD "dnsl a.example { test-listed = x }", 9, "like \"127.0.0.2\"");
	refused(GOOD "dnsl a.example { test-listed = \"127.0.0.2 127.0.0.3\" }", 9, "each family");
	refused(GOOD "dnsl a.example { kind = name\ntest-listed = \"a b\" }", 10,
		"without the zone");
	refused(GOOD "dnsl a.example { test = no\ntest-unlisted = 127.0.0.3 }", 10, "no effect");
	refused(GOOD "dnsl a.example { test-listed = 127.0.0.3\ntest-unlisted = 127.0.0.3 }", 10,
		"always fails");
	refused(GOOD "dnsl a.example { max-share = 0 }", 9, "max-share");
	refused(GOOD "dnsl a.example { refuse-score = 1 }", 9, "belongs into checks");
	config_free(taken(GOOD "dnsl a.example { kind = name\ntest-listed = dbltest.com }"));
}

Test(config_policy, too_many_lists_and_codes)
{
	char text[6000] = GOOD, one[80];

	for (int i = 0; i < 65; i++) {
		snprintf(one, sizeof(one), "dnsl \"l%d.example\" { }\n", i);
		strcat(text, one);
	}
	refused(text, 9 + 64, "more than 64");
	strcpy(text, GOOD "dnsl a.example { codes = {\n");
	for (int i = 0; i < 17; i++) {
		snprintf(one, sizeof(one), "127.0.0.%d,\n", i);
		strcat(text, one);
	}
	strcat(text, "} }");
	refused(text, 10 + 16, "more than 16");
}

// A fault of a zone doesn't show it.
Test(config_policy, zone_is_not_shown)
{
	char *said;
	struct config *config = read_said(
		put("a.conf", GOOD "dnsl a { zone = \"s3cret-.example\" }"), &said);

	cr_expect_null(config);
	cr_expect(strstr(said, "zone") != NULL && strstr(said, "s3cret") == NULL, "%s", said);
	free(said);
}

#define POLICY \
	GOOD LISTS "policy \"strict\" { domains = {\"example.org\"} addresses = " \
		   "{\"Boss@Example.net\", " \
		   "\"postmaster@\"} lists = {\"good.example.net\"} helo-literal = enforce " \
		   "helo-literal-score = 9 refuse-score = 8 greylist = off }\n" \
		   "policy \"lax\" { addresses = {\"lax@example.org\"} lists = {} bare-newline = " \
		   "observe }\n"

Test(config_policy, policy_arrives)
{
	struct config *config = taken(POLICY);
	struct policy_base *base = policy_base_new(config, stderr);
	struct bs_policy *policy;
	unsigned strict, lax;

	cr_assert_not_null(base);
	policy = policy_make(config, base, NULL, NULL, 0);
	cr_assert_not_null(policy);
	config_free(config); // the base needs nothing of it
	strict = bs_policy_for(policy, "anybody", "example.org");
	lax = bs_policy_for(policy, "lax+tag", "example.org");
	cr_expect_eq(strict, 1);
	cr_expect_eq(lax, 2);
	cr_expect_eq(bs_policy_for(policy, "boss", "example.net"), 1);
	cr_expect_eq(bs_policy_for(policy, "postmaster", "any.example"), 1);
	cr_expect_eq(bs_policy_for(policy, "x", "example.net"), 0);
	cr_expect_eq(bs_check_mode(policy, strict, BS_CHECK_HELO_LITERAL), BS_MODE_ENFORCE);
	cr_expect_eq(bs_check_mode(policy, lax, BS_CHECK_HELO_LITERAL), BS_MODE_OBSERVE);
	cr_expect_eq(bs_check_mode(policy, strict, BS_CHECK_GREYLIST), BS_MODE_OFF);
	cr_expect_eq(bs_check_score(policy, strict, BS_CHECK_HELO_LITERAL).hit, 900);
	cr_expect_eq(bs_check_score(policy, lax, BS_CHECK_HELO_LITERAL).hit, 150);
	cr_expect_eq(bs_check_thresholds(policy, strict).refuse, 800);
	cr_expect_eq(bs_check_thresholds(policy, lax).refuse, 100);
	cr_expect_eq(bs_check_lists(policy, 0), 3);
	cr_expect_eq(bs_check_lists(policy, strict), 2);
	cr_expect_eq(bs_check_lists(policy, lax), 0);
	cr_expect(bs_policy_same_content(policy, 0, strict));
	cr_expect_not(bs_policy_same_content(policy, strict, lax));
	cr_expect_str_eq(policy->dnsl[0].zone, "k3y.zen.example.net");
	free(policy);
	policy_base_free(base);
}

Test(config_policy, policy_at_fault)
{
	refused(GOOD "policy \"a\" { }", 9, "nobody has this policy");
	refused(GOOD "policy { domains = a.org }", 9, "without a name");
	refused(GOOD "policy \"a\" { domains = a.org\nearly-talk = off }", 10, "set it in checks");
	refused(GOOD "policy \"a\" { domains = a.org\nrefuse-at = mail }", 10, "set it in checks");
	refused(GOOD "policy \"a\" { domains = a.org\nwait = 1s }", 10, "set it in waiting");
	refused(GOOD "policy \"a\" { domains = a.org\nmails = 1 }", 10, "set it in rates");
	refused(GOOD "policy \"a\" { domains = a.org\nhelo-litera = off }", 10, "'helo-literal'");
	refused(GOOD LISTS "policy \"a\" { domains = a.org\nlists = {zem} }", 12,
		"nearest known is \"zen\"");
	refused(GOOD "policy \"a\" { domains = a.org\nlists = {zen} }", 10, "no dnsl \"zen\"");
	refused(GOOD "policy \"a\" { domains = a.org }\npolicy \"b\" { domains = A.org }", 10,
		"in policy \"a\" already");
	refused(GOOD "policy \"a\" { addresses = \"a@a.org\" }\npolicy \"b\" { addresses = "
		     "{\"b@a.org\",\n\"A@a.org\"} }",
		11, "already");
	refused(GOOD "policy \"a\" { domains = a.org\ndefer-score = 2 }", 10, "never deferred");
	refused(GOOD "policy \"a\" { domains = a.org\nskip-score = 2 }", 10, "skip-score");
	refused(GOOD "policy \"a\" { domains = \"*\" }", 9, "pattern");
}

static char *printed(const struct config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

// What is not set stays so when the printed file is read.
Test(config_policy, printed_and_read_again)
{
	struct config *config = taken(POLICY), *again;
	char *first = printed(config), *second;

	again = taken(first);
	second = printed(again);
	cr_expect_str_eq(first, second);
	cr_assert_eq(again->policy_count, 2);
	cr_expect_eq(again->policy[0].rules.mode_set, config->policy[0].rules.mode_set);
	cr_expect_eq(again->policy[0].rules.score_set, config->policy[0].rules.score_set);
	cr_expect(again->policy[1].rules.lists_set);
	cr_expect_not(again->policy[1].rules.refuse_set);
	cr_expect_not_null(strstr(first, "zone = \"k3y.zen.example.net\""));
	config_free(config);
	config_free(again);
	free(first);
	free(second);
}

// {"key": key, "old": old, "new": new} is in `changed`.
static bool has(const json_t *changed, const char *key, const char *old, const char *new)
{
	for (size_t i = 0; i < json_array_size(changed); i++) {
		const json_t *row = json_array_get(changed, i);

		if (strcmp(json_string_value(json_object_get(row, "key")), key) == 0)
			return strcmp(json_string_value(json_object_get(row, "old")), old) == 0 &&
			       strcmp(json_string_value(json_object_get(row, "new")), new) == 0;
	}
	return false;
}

Test(config_policy, reload_says_what_changed)
{
	struct config *old = taken(POLICY);
	struct config *new = taken(
		GOOD "dnsl \"zen\" { zone = \"other.example.net\" score = 2 }\ndnsl b.example { }\n"
		     "policy \"strict\" { domains = {\"example.org\"} helo-literal = off }\n");
	struct policy_base *old_base = policy_base_new(old, stderr);
	struct policy_base *new_base = policy_base_new(new, stderr);
	json_t *changes = config_changes(old, old_base, new, new_base);
	const json_t *changed = json_object_get(changes, "changed");
	char *text = json_dumps(changes, 0);

	cr_expect(has(changed, "dnsl zen.zone", "(not shown)", "(not shown)"), "%s", text);
	cr_expect_null(strstr(text, "k3y"));
	cr_expect(has(changed, "dnsl zen.score", "\"4.35/-1.5\"", "\"2\""), "%s", text);
	cr_expect(has(changed, "dnsl b.example", "", "there"), "%s", text);
	cr_expect(has(changed, "dnsl good.example.net", "there", ""), "%s", text);
	cr_expect(has(changed, "policy strict.helo-literal", "\"enforce\"", "\"off\""), "%s", text);
	cr_expect(has(changed, "policy strict.greylist", "\"off\"", "as for all"), "%s", text);
	cr_expect(has(changed, "policy lax", "there", ""), "%s", text);
	cr_expect_eq(json_array_size(json_object_get(changes, "restart")), 0);
	config_adopt(old, new);
	cr_expect_eq(old->policy_count, 1);
	cr_expect_eq(old->dnsl[0].list.hit, 200);
	cr_expect_eq(new->policy_count, 2);
	json_decref(changes);
	free(text);
	policy_base_free(old_base);
	policy_base_free(new_base);
	config_free(old);
	config_free(new);
}
