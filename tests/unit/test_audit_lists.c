// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: what is said of lists and recipients.
#include "tests/unit/config_case.h"

#include "control/audit/audit.h"

TestSuite(audit_lists, .init = make_folder, .fini = remove_folder);

// What is said of a configuration with `more`; FOLDER in it is ours.
static char *audited(const char *more)
{
	char text[4000], *said, *end = text;
	size_t size;
	FILE *out = open_memstream(&said, &size);
	struct config *config;

	end += sprintf(end,
		"hostname = mx1.example.org\ndomains = {example.org, example.net}\n"
		"backend = \"smtp://127.0.0.1:9\"\ncontrol-socket = \"%s/control\"\n" GOOD_PORT,
		folder);
	for (const char *c = more; *c != '\0';) {
		if (strncmp(c, "FOLDER", 6) == 0) {
			end += sprintf(end, "%s", folder);
			c += 6;
		} else {
			*end++ = *c++;
		}
	}
	*end = '\0';
	config = taken(text);
	ask_nobody(config);
	config_audit(config, out);
	fclose(out);
	config_free(config);
	return said;
}

static void expect(const char *more, const char *part)
{
	char *said = audited(more);

	cr_expect_not_null(strstr(said, part), "no '%s' in:\n%s", part, said);
	free(said);
}

static void expect_not(const char *more, const char *part)
{
	char *said = audited(more);

	cr_expect_null(strstr(said, part), "'%s' in:\n%s", part, said);
	free(said);
}

Test(audit_lists, empty)
{
	put("a", "# nothing\n");
	expect("list nothing { file = \"FOLDER/a\" }\n",
		"list \"nothing\": there is no entry in it");
	put("a", "198.51.100.1\n");
	expect_not("list one { file = \"FOLDER/a\" }\n", ": list \"one\"");
}

Test(audit_lists, huge)
{
	put("a", "198.51.100.0/24\n10.0.0.0/8\n");
	expect("list big { file = \"FOLDER/a\" action = allow }\n",
		": list \"big\": 10.0.0.0/8 of ");
	put("a", "::/0\n");
	expect("list big { files = {\"FOLDER/a\"} }\n", "it refuses everyone in it");
	put("a", "0.0.0.0/0\n");
	expect("list big { file = \"FOLDER/a\" action = trusted-relay }\n",
		"it lets in everyone in it");
	put("a", "10.0.0.0/9\n2000::/17\n");
	expect_not("list big { file = \"FOLDER/a\" action = allow }\n", "is no network of anybody");
}

Test(audit_lists, ourselves)
{
	put("a", "192.0.2.0/24\n");
	expect("networks { trusted = {192.0.2.0/24} }\nlist bad { file = \"FOLDER/a\" }\n",
		": list \"bad\": it has our own address 192.0.2.25; ");
	put("a", "127.0.0.0/24\n");
	expect("networks { trusted = {127.0.0.0/8} }\nlist bad { file = \"FOLDER/a\" action = drop "
	       "}\n",
		": list \"bad\": it has the mail server behind us, whose own mail would be "
		"refused: 127.0.0.1; ");
	expect_not("networks { trusted = {127.0.0.0/8} }\nlist fine { file = \"FOLDER/a\" action = "
		   "observe }\n",
		"it has ");
	put("b", "example.org\n");
	expect("list us { of = sender file = \"FOLDER/b\" action = allow unverified = yes }\n",
		"it allows our own domain example.org with unverified = yes");
	expect_not("list us { of = sender file = \"FOLDER/b\" action = allow }\n",
		"it allows our own");
}

Test(audit_lists, domains_of_others)
{
	put("a", "x@example.org\ny@example.com\nz@\n.org\n.com\n");
	expect("list some { of = recipient file = \"FOLDER/a\" }\n",
		"/a: 2 recipients are of domains that are not ours, the first is y@example.com; ");
	put("b", "x@example.org\n@example.com\n");
	expect("recipients { files = {\"FOLDER/b\"} }\n",
		"/b: 1 recipients are of domains that are not ours, the first is @example.com; ");
	expect("recipients { spamtraps = {\"FOLDER/b\"} }\n", "/b: 1 recipients are of");
}

Test(audit_lists, domains_without_recipients)
{
	put("a", "x@example.org\n");
	expect("recipients { files = {\"FOLDER/a\"} }\n",
		": recipients: nobody of example.net is in a file");
	expect_not("recipients { files = {\"FOLDER/a\"} ask-backend = yes }\n", "nobody of");
	expect_not(
		"recipients { files = {\"FOLDER/a\"} catch-all = {example.net} }\n", "nobody of");
	expect_not("recipients { spamtraps = {\"FOLDER/a\"} }\n", "nobody of");
	expect("recipients { catch-all = {example.net} ask-backend = yes }\n",
		": recipients.catch-all: nobody is unknown in example.net");
}
