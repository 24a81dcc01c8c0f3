// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of every kind as a policy has them: several files, classes by action, rows of names, recipients; and what a configuration
// may not say of them.
#include "tests/unit/config_case.h"

#include "control/policy/policy.h"

TestSuite(policy_lists, .init = make_folder, .fini = remove_folder);

// `more` behind a good configuration, with our folder for FOLDER.
static const char *with(const char *more)
{
	static char text[5000];
	char *end = text + sprintf(text, "%s", GOOD);

	for (const char *c = more; *c != '\0';) {
		if (strncmp(c, "FOLDER", 6) == 0) {
			end += sprintf(end, "%s", folder);
			c += 6;
		} else {
			*end++ = *c++;
		}
	}
	*end = '\0';
	return text;
}

static struct bs_policy *built(const char *more, char **said)
{
	struct config *config = taken(with(more));
	size_t size;
	FILE *errors = open_memstream(said, &size);
	struct bs_policy *policy = policy_new(config, errors);

	fclose(errors);
	config_free(config);
	return policy;
}

static struct bs_policy *policy_of(const char *more)
{
	char *said;
	struct bs_policy *policy = built(more, &said);

	cr_assert_not_null(policy, "%s", said);
	free(said);
	return policy;
}

static const char *class_of(const struct bs_policy *policy, const char *text)
{
	struct bs_address address;
	uint8_t class;

	cr_assert(bs_address_parse(text, &address));
	bs_policy_classify(policy, &address, &class, 1);
	return policy->class[class].name;
}

// Names of the lists that have it, "a b".
static const char *lists_of(
	const struct bs_policy *policy, enum bs_names_of of, const char *local, const char *domain)
{
	static char text[400];
	uint8_t rows[BS_NAMES_ROWS];
	unsigned count = bs_names_find(policy->names, of, local, domain, rows);

	text[0] = '\0';
	for (unsigned i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s%s", i == 0 ? "" : " ",
			policy->class[rows[i]].name);
	return text;
}

Test(policy_lists, several_files)
{
	put("a", "1.2.3.4\n");
	put("b", "{\"cidr\":\"1.3.0.0/16\"}\n");
	struct bs_policy *policy = policy_of(
		"list drop { files = {\"FOLDER/a\", \"FOLDER/b\"} action = drop }\n");

	cr_expect_str_eq(class_of(policy, "1.2.3.4"), "drop");
	cr_expect_str_eq(class_of(policy, "1.3.9.9"), "drop");
	cr_expect_str_eq(class_of(policy, "1.4.9.9"), "plain");
	cr_expect_null(policy->names);
	policy_free(policy);
}

Test(policy_lists, actions)
{
	put("observe", "1.0.0.0/8\n10.0.0.0/8\n");
	put("relay", "1.1.0.0/16\n10.1.0.0/16\n2.2.2.2\n");
	put("stutter", "1.1.1.0/24\n1.2.0.0/16\n");
	put("refuse", "1.2.0.0/16\n1.3.0.0/16\n");
	put("allow", "1.1.1.1\n");
	struct bs_policy *policy = policy_of(
		"networks { own = {2.0.0.0/8} }\n"
		"list observe { file = \"FOLDER/observe\" action = observe }\n"
		"list relay { file = \"FOLDER/relay\" action = trusted-relay }\n"
		"list stutter { file = \"FOLDER/stutter\" action = stutter }\n"
		"list refuse { file = \"FOLDER/refuse\" }\n"
		"list allow { file = \"FOLDER/allow\" action = allow }\n");
	static const uint8_t actions[] = {BS_ACTION_OBSERVE, BS_ACTION_RELAY, BS_ACTION_STUTTER,
		BS_ACTION_REFUSE, BS_ACTION_ALLOW};

	for (unsigned i = 0; i < 5; i++)
		cr_expect_eq(policy->class[BS_CLASS_LISTS + i].action, actions[i]);
	cr_expect_str_eq(class_of(policy, "1.1.1.1"), "allow");
	cr_expect_str_eq(class_of(policy, "1.1.1.2"), "relay");  // before what denies
	cr_expect_str_eq(class_of(policy, "10.1.1.2"), "relay"); // before bogons
	cr_expect_str_eq(class_of(policy, "2.2.2.2"), "relay");
	cr_expect_str_eq(class_of(policy, "2.2.2.3"), "own");
	cr_expect_str_eq(class_of(policy, "1.2.1.1"), "stutter"); // the first that denies
	cr_expect_str_eq(class_of(policy, "1.3.1.1"), "refuse");  // though observed by an earlier
	cr_expect_str_eq(class_of(policy, "1.4.1.1"), "observe");
	cr_expect_str_eq(class_of(policy, "10.0.0.1"), "bogon");
	policy_free(policy);
}

Test(policy_lists, names)
{
	put("deny", "Spam.example\n.spam.example\nboss@example.org\n");
	put("allow", "boss@example.org\nnews@\n");
	put("helo", "localhost\n");
	struct bs_policy *policy = policy_of(
		"list bad { of = sender file = \"FOLDER/deny\" }\n"
		"list tried { of = sender file = \"FOLDER/deny\" action = observe }\n"
		"list good { of = sender file = \"FOLDER/allow\" action = allow unverified = yes "
		"}\n"
		"list vip { of = recipient file = \"FOLDER/allow\" action = allow }\n"
		"list helo { of = helo file = \"FOLDER/helo\" }\n"
		"list ptr { of = client-name file = \"FOLDER/helo\" }\n");

	cr_expect_eq(policy->class_count, BS_CLASS_LISTS + 6);
	cr_expect(policy->class[BS_CLASS_LISTS + 2].unverified);
	cr_expect_not(policy->class[BS_CLASS_LISTS + 3].unverified);
	cr_expect_str_eq(
		lists_of(policy, BS_NAMES_SENDER, "boss", "example.org"), "good bad tried");
	cr_expect_str_eq(lists_of(policy, BS_NAMES_SENDER, "x", "a.spam.example"), "bad tried");
	cr_expect_str_eq(lists_of(policy, BS_NAMES_SENDER, "x", "spam.example"), "bad tried");
	cr_expect_str_eq(lists_of(policy, BS_NAMES_SENDER, "news+1", "a.example"), "good");
	cr_expect_str_eq(lists_of(policy, BS_NAMES_RECIPIENT, "Boss", "example.org"), "vip");
	cr_expect_str_eq(lists_of(policy, BS_NAMES_HELO, NULL, "localhost"), "helo");
	cr_expect_str_eq(lists_of(policy, BS_NAMES_CLIENT, NULL, "localhost"), "ptr");
	cr_expect_str_eq(class_of(policy, "1.1.1.1"), "plain");
	policy_free(policy);
}

Test(policy_lists, faults_of_all_files)
{
	char *said, path[300];

	put("names", "example.org\n\na b\n");
	put("known", "x@example.org\nexample.org\n");
	put("patterns", "# fine\nsales-[0-9]+@example[.]org\n(\n/^a/\n");
	struct bs_policy *policy = built(
		"list a { of = sender files = {\"FOLDER/names\", \"FOLDER/none\"} }\n"
		"recipients { files = {\"FOLDER/known\"} regex-files = {\"FOLDER/patterns\"} "
		"spamtraps = {\"FOLDER/none\"} }\n",
		&said);

	cr_expect_null(policy);
	snprintf(path, sizeof(path), "%s/names", folder);
	cr_expect(says(said, path, 3, "\"a b\" is more than one name"), "%s", said);
	snprintf(path, sizeof(path), "%s/known", folder);
	cr_expect(says(said, path, 2, "\"example.org\" has no @"), "%s", said);
	snprintf(path, sizeof(path), "%s/patterns", folder);
	cr_expect(says(said, path, 3,
			  "\"(\" is no pattern: missing closing parenthesis at "
			  "character 2"),
		"%s", said);
	cr_expect(says(said, path, 4, "\"/^a/\" stands between slashes"), "%s", said);
	snprintf(path, sizeof(path), "%s/a.conf", folder);
	cr_expect(says(said, path, 9, "list \"a\": "), "%s", said);
	cr_expect_not_null(strstr(said, "recipients.spamtraps: "), "%s", said);
	free(said);
}

Test(policy_lists, recipients)
{
	put("known", "Alice@example.org\n@all.example\n");
	put("patterns", "sales-[0-9]+@example[.]org\n");
	put("traps", "trap@example.org\n");
	struct bs_policy *policy = policy_of(
		"recipients { files = {\"FOLDER/known\"} regex-files = "
		"{\"FOLDER/patterns\"} spamtraps = {\"FOLDER/traps\"} }\n");
	const struct bs_recipients *known = policy->known_recipients;

	cr_expect_eq(bs_recipients_find(known, "alice+x", "example.org"), BS_RECIPIENT_LISTED);
	cr_expect_eq(bs_recipients_find(known, "Sales-7", "example.org"), BS_RECIPIENT_LISTED);
	cr_expect_eq(bs_recipients_find(known, "x", "all.example"), BS_RECIPIENT_LISTED);
	cr_expect_eq(bs_recipients_find(known, "x", "example.org"), BS_RECIPIENT_UNKNOWN);
	cr_expect(bs_recipients_trap(known, "TRAP", "example.org"));
	cr_expect(bs_domains_has(policy->domain_index, "example.org"));
	cr_expect_not(bs_domains_has(policy->domain_index, "a.example.org"));
	policy_free(policy);
	policy = policy_of("");
	cr_expect_null(policy->known_recipients);
	policy_free(policy);
}

Test(policy_lists, what_does_not_go_together)
{
	refused(with("list a { of = sender file = \"/a\" action = drop }\n"), 9,
		"drop, stutter and trusted-relay are for addresses of clients");
	refused(with("list a { of = helo\nfile = \"/a\"\naction = stutter }\n"), 11,
		"drop, stutter and trusted-relay are for addresses of clients");
	refused(with("list a { of = recipient file = \"/a\" action = trusted-relay }\n"), 9,
		"drop, stutter and trusted-relay are for addresses of clients");
	refused(with("list a { of = sender file = \"/a\" refuse-at = connect }\n"), 9,
		"the greeting comes before all names");
	refused(with("list a { file = \"/a\" refuse-at = connect action = observe }\n"), 9,
		"only goes with action = refuse");
	refused(with("list a { file = \"/a\" action = allow unverified = yes }\n"), 9,
		"only goes with of = sender and action = allow");
	refused(with("list a { of = sender file = \"/a\" unverified = yes }\n"), 9,
		"only goes with of = sender and action = allow");
	refused(with("list a {\nfile = \"/a\"\nfiles = {\"/b\"} }\n"), 11,
		"file is set too; write it in here");
	refused(with("list a {\naction = refuse }\n"), 9, "is missing; add file = ");
	refused(with("recipients { catch-all = {\"example.org\",\n\"example.net\"} }\n"), 10,
		"'example.net' is none of our domains");
}

Test(policy_lists, more_lists_than_classes)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(GOOD, out);
	for (unsigned i = 0; i <= BS_CLASSES_MAX - BS_CLASS_LISTS; i++)
		fprintf(out, "list l%u { of = sender file = \"/a\" }\n", i);
	fclose(out);
	refused(text, 9 + BS_CLASSES_MAX - BS_CLASS_LISTS, "more than 251 lists");
	free(text);
}
