// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: checks, DNS lists and policies that can't be meant so are said with file, line and cure.
#include "tests/unit/config_case.h"

#include "control/audit/audit.h"

TestSuite(audit_checks, .init = make_folder, .fini = remove_folder);

static char *audited(const char *more)
{
	char text[3000], *said;
	size_t size;
	FILE *out = open_memstream(&said, &size);
	struct config *config;

	snprintf(text, sizeof(text), GOOD "%s", more);
	config = taken(text);
	ask_nobody(config);
	config_audit(config, out);
	fclose(out);
	config_free(config);
	return said;
}

// A warning about `line` of the file with `part` and a cure; line 0: of the file as a whole.
static void warns(const char *more, unsigned line, const char *part)
{
	char start[300], *said = audited(more), *rest = NULL;
	bool found = false;

	if (line > 0)
		snprintf(start, sizeof(start), "check: warning: %s/a.conf:%u: ", folder, line);
	else
		snprintf(start, sizeof(start), "check: warning: %s/a.conf: ", folder);
	for (char *at = strtok_r(said, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest))
		found |= strncmp(at, start, strlen(start)) == 0 && strstr(at, part) != NULL &&
			 strchr(at, ';') != NULL;
	cr_expect(found, "no '%s' at %u for:\n%s", part, line, more);
	free(said);
}

static void silent(const char *more, const char *part)
{
	char *said = audited(more);

	cr_expect_null(strstr(said, part), "'%s' for:\n%s\n%s", part, more, said);
	free(said);
}

#define ZEN "dnsl zen.example.net { codes = {127.0.0.2} }\n"

Test(audit_checks, policies_of_others)
{
	warns("policy a { domains = example.org }\npolicy b { domains = example.com }", 10,
		"example.com, which is no domain of ours");
	warns("policy a { addresses = \"x@example.com\" }", 9, "x@example.com");
	silent("policy a { domains = Example.org addresses = {\"x@example.org\", \"y@\"} }",
		"no domain of ours");
}

Test(audit_checks, lists_that_are_not_there_or_not_asked)
{
	warns("", 0, "client-lists never hits");
	warns("checks {\nclient-lists = enforce }", 10, "client-lists never hits");
	silent("checks { client-lists = off }", "client-lists");
	silent(ZEN, "client-lists");
	warns(ZEN "checks { client-lists = observe }", 10, "only observed, so none of the 1");
	warns("dnsl list.dnswl.org { }", 9, "list of good clients");
	silent("dnsl list.dnswl.org { score = -1 }", "list of good clients");
}

Test(audit_checks, totals_out_of_reach)
{
	silent("", "never reached");
	silent(ZEN, "never reached");
	warns("checks {\nrefuse-score = 4 sender-mx-score = 0 }", 10, "weights of 3 at most");
	warns(ZEN "checks {\nrefuse-score = 9 }", 11, "weights of 6.1 at most");
	silent(ZEN "checks { refuse-score = never }", "never reached");
	warns(ZEN "policy p { domains = example.org lists = {} refuse-score = 5.2 }", 10,
		"policy \"p\": refuse-score = 5.2");
	silent(ZEN "policy p { domains = example.org refuse-score = 5.2 }", "never reached");
}

Test(audit_checks, weights_that_do_not_count)
{
	warns("checks {\nhelo-literal-score = 2 }", 10, "helo-literal is only observed");
	warns("checks {\nspf-none-score = 2 }", 10, "spf-none is off");
	silent("checks { helo-literal-score = 2 helo-literal = enforce }", "does not count");
}

Test(audit_checks, refused_early)
{
	warns("checks {\nrefuse-at = connect }", 10, "postmaster");
	silent("", "refuse-at");
}

Test(audit_checks, names_that_are_not_looked_up)
{
	warns("dns { client-name = no }\nchecks {\nname-dynamic = enforce }", 11,
		"checks.name-dynamic never hits");
	char list[300];
	snprintf(list, sizeof(list),
		"dns { client-name = no }\nlist names {\nof = client-name\nfile = \"%s\" }",
		put("names", "bad.example.com\n"));
	warns(list, 12, "list \"names\" never hits");
	silent("dns { client-name = no }", "are not looked up");
	silent("dns { client-name = no }\nchecks { name-dynamic = off }", "are not looked up");
	silent("checks { name-dynamic = enforce }", "are not looked up");
}
