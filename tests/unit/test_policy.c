// SPDX-License-Identifier: BSD-3-Clause
//
// The policy built of a configuration: who gets which class, and the texts that the dataplane sends.
#include "tests/unit/config_case.h"

#include <netinet/in.h>

#include "control/policy/policy.h"
#include "control/policy/templates.h"

TestSuite(policy, .init = make_folder, .fini = remove_folder);

static struct bs_policy *built(const char *text, char **said)
{
	struct config *config = taken(text);
	size_t size;
	FILE *errors = open_memstream(said, &size);
	struct bs_policy *policy = policy_new(config, errors);

	fclose(errors);
	config_free(config); // the policy keeps nothing of it
	return policy;
}

static const char *class_of(const struct bs_policy *policy, const char *text)
{
	struct bs_address address;
	uint8_t class;

	cr_assert(bs_address_parse(text, &address));
	bs_classify_bulk(policy->classes, &address, &class, 1);
	cr_assert_lt(class, policy->class_count);
	return policy->class[class].name;
}

// `lists` is the end of a configuration; FOLDER in it is replaced by ours.
static struct bs_policy *with_lists(const char *lists)
{
	char text[4000] = GOOD, *said;
	struct bs_policy *policy;

	for (const char *c = lists; *c != '\0'; c++) {
		size_t at = strlen(text);

		if (strncmp(c, "FOLDER", 6) == 0) {
			strcat(text, folder);
			c += 5;
		} else {
			text[at] = *c;
			text[at + 1] = '\0';
		}
	}
	policy = built(text, &said);
	cr_assert_not_null(policy, "%s", said);
	free(said);
	return policy;
}

Test(policy, without_lists)
{
	struct bs_policy *policy = with_lists("");

	cr_expect_eq(policy->class_count, BS_CLASS_LISTS);
	cr_expect_str_eq(policy->class[0].name, "plain");
	cr_expect_eq(policy->class[0].action, BS_ACTION_NONE);
	cr_expect_eq(policy->class[1].action, BS_ACTION_BOGON);
	cr_expect_eq(policy->class[2].action, BS_ACTION_OWN);
	cr_expect_str_eq(class_of(policy, "1.1.1.1"), "plain");
	cr_expect_str_eq(class_of(policy, "2606:4700::1"), "plain");
	cr_expect_str_eq(class_of(policy, "10.1.2.3"), "bogon");
	cr_expect_str_eq(class_of(policy, "fe80::1"), "bogon");
	cr_expect_str_eq(policy->hostname, "mx1.example.org");
	cr_expect_eq(policy->domain_count, 1);
	cr_expect_str_eq(policy->domains[0], "example.org");
	cr_expect_eq(policy->wait_ms, 25000);
	cr_expect_eq(policy->unknown_recipients, 5);
	policy_free(policy);
}

Test(policy, precedence)
{
	put("allow1", "1.2.3.4\n10.9.0.0/16\n# a comment\n");
	put("allow2", "1.2.3.4\n1.2.3.5\n2606:4700::/32\n");
	put("deny1", "1.2.0.0/16\n9.0.0.0/8\n10.0.0.0/8\n10.7.7.7\n2606::/16\n");
	put("deny2", "1.2.3.0/24\n9.9.9.9\n8.8.8.8\n");
	struct bs_policy *policy = with_lists(
		"networks { own = {8.8.8.0/24, 4.0.0.0/8} trusted = {10.7.0.0/16, 4.4.0.0/16, "
		"192.168.0.0/16} }\n"
		"list deny1 { file = \"FOLDER/deny1\" refuse-at = connect }\n"
		"list allow1 { file = \"FOLDER/allow1\" action = allow }\n"
		"list deny2 { file = \"FOLDER/deny2\" action = drop }\n"
		"list allow2 { file = \"FOLDER/allow2\" action = allow }\n");

	cr_expect_eq(policy->class_count, BS_CLASS_LISTS + 4);
	cr_expect_eq(policy->class[BS_CLASS_LISTS].action, BS_ACTION_REFUSE);
	cr_expect_eq(policy->class[BS_CLASS_LISTS].refuse_at, BS_REFUSE_AT_CONNECT);
	cr_expect_eq(policy->class[BS_CLASS_LISTS + 1].action, BS_ACTION_ALLOW);
	cr_expect_eq(policy->class[BS_CLASS_LISTS + 2].action, BS_ACTION_DROP);
	cr_expect_str_eq(
		class_of(policy, "1.2.3.4"), "allow1"); // first allow list, before all deny lists
	cr_expect_str_eq(class_of(policy, "1.2.3.5"), "allow2");
	cr_expect_str_eq(class_of(policy, "1.2.3.6"), "deny1"); // though deny2 is more specific
	cr_expect_str_eq(class_of(policy, "9.9.9.9"), "deny1");
	cr_expect_str_eq(class_of(policy, "8.8.8.8"), "own");     // own before deny
	cr_expect_str_eq(class_of(policy, "10.0.0.1"), "bogon");  // bogon before deny
	cr_expect_str_eq(class_of(policy, "10.9.0.1"), "allow1"); // allow before bogon
	cr_expect_str_eq(class_of(policy, "10.7.0.1"),
		"deny1"); // trusted is no bogon, but a deny list holds
	cr_expect_str_eq(class_of(policy, "192.168.1.1"), "plain");
	cr_expect_str_eq(class_of(policy, "4.4.4.4"), "plain");
	cr_expect_str_eq(class_of(policy, "4.5.4.4"), "own");
	cr_expect_str_eq(class_of(policy, "2606:4700::1"), "allow2");
	cr_expect_str_eq(class_of(policy, "2606:4800::1"), "deny1");
	policy_free(policy);
}

// As many lists as there can be: each keeps its class and its priority.
Test(policy, most_lists)
{
	char *text, *said;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct bs_policy *policy;

	put("all", "7.0.0.0/8\n");
	fputs(GOOD, out);
	for (int i = 0; i < 251; i++) {
		char name[20], line[40];

		snprintf(name, sizeof(name), "l%d", i);
		snprintf(line, sizeof(line), "7.0.0.0/8\n6.0.0.%d\n", i);
		put(name, line);
		fprintf(out, "list %s { file = \"%s/%s\" action = %s }\n", name, folder, name,
			i % 2 == 0 ? "refuse" : "allow");
	}
	fclose(out);
	policy = built(text, &said);
	cr_assert_not_null(policy, "%s", said);
	cr_expect_eq(policy->class_count, 256);
	cr_expect_str_eq(class_of(policy, "7.1.1.1"), "l1"); // the first that allows
	cr_expect_str_eq(class_of(policy, "6.0.0.0"), "l0");
	cr_expect_str_eq(class_of(policy, "6.0.0.249"), "l249");
	cr_expect_str_eq(class_of(policy, "6.0.0.250"), "l250");
	cr_expect_str_eq(class_of(policy, "10.0.0.1"), "bogon");
	policy_free(policy);
	free(text);
	free(said);
}

// Each list's fault is said, with file and line, and there is no policy.
Test(policy, faults_of_lists)
{
	char text[2000], path[300], *said;

	put("bad1", "1.2.3.4\n\n1.2.3.4/24\n");
	put("bad2", "# x\nhello\n");
	snprintf(text, sizeof(text),
		GOOD "list a { file = \"%s/bad1\" }\nlist b { file = \"%s/bad2\" }\n"
		     "list c { file = \"%s/none\" }\n",
		folder, folder, folder);
	cr_expect_null(built(text, &said));
	snprintf(path, sizeof(path), "%s/bad1", folder);
	cr_expect(says(said, path, 3, "1.2.3.4/24"), "%s", said);
	snprintf(path, sizeof(path), "%s/bad2", folder);
	cr_expect(says(said, path, 2, "hello"), "%s", said);
	cr_expect(says(said, put("a.conf", ""), 11, "/none"), "%s", said); // where its name stands
	free(said);
}

static void complete_reply(const struct bs_template *template, const char *start)
{
	cr_expect_eq(template->length, strnlen(template->text, sizeof(template->text)));
	cr_expect_leq(template->length, 512, "RFC 5321, 4.5.3.1.5");
	cr_expect_eq(strncmp(template->text, start, strlen(start)), 0, "%s", template->text);
	cr_expect_eq(memchr(template->text, '\r', template->length),
		template->text + template->length - 2);
	cr_expect_eq(memchr(template->text, '\n', template->length),
		template->text + template->length - 1);
}

Test(policy, texts)
{
	char *said;
	struct bs_policy *policy = built("contact = \"https://example.org/mail\"\n" GOOD, &said);
	const struct bs_template *text = policy->texts[0].template;

	cr_expect_eq(text[BS_TEMPLATE_NONE].length, 0);
	cr_expect_str_eq(text[BS_TEMPLATE_GREETING].text, "220 mx1.example.org ESMTP\r\n");
	cr_expect_eq(text[BS_TEMPLATE_TEASER].length, 0, "there is none by default");
	complete_reply(&text[BS_TEMPLATE_PREGREET], "554 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_DENIED], "554 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_SYNC], "554 5.5.0 ");
	complete_reply(&text[BS_TEMPLATE_SEQUENCE], "503 5.5.1 ");
	complete_reply(&text[BS_TEMPLATE_BYE], "221 2.0.0 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_BUSY], "421 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_DRAINING], "421 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_TIMEOUT], "421 4.4.2 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_CROWDED], "421 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_RATE], "421 mx1.example.org ");
	complete_reply(&text[BS_TEMPLATE_STUTTER], "554-mx1.example.org ");
	for (int i = BS_TEMPLATE_OF_VERDICT(BS_VERDICT_NONE + 1); i < BS_TEMPLATES; i++) {
		complete_reply(&text[i], "554 mx1.example.org ");
		cr_expect_not_null(strstr(text[i].text, "https://example.org/mail\r\n"));
	}
	cr_expect_not_null(strstr(text[BS_TEMPLATE_OF_VERDICT(BS_VERDICT_HARVEST)].text,
		"asked for too many unknown recipients"));
	for (int i = BS_TEMPLATE_PREGREET; i <= BS_TEMPLATE_SYNC; i++)
		cr_expect_not_null(strstr(text[i].text, "https://example.org/mail\r\n"));
	policy_free(policy);
	free(said);
}

Test(policy, teaser)
{
	char *said;
	struct bs_policy *policy = built(
		"waiting { teaser = \"please wait to be greeted\" }\n" GOOD, &said);

	cr_expect_str_eq(policy->texts[0].template[BS_TEMPLATE_TEASER].text,
		"220-mx1.example.org please wait to be greeted\r\n");
	policy_free(policy);
	free(said);
}

// The longest hostname and contact that a configuration takes fit every text.
Test(policy, longest_texts)
{
	struct bs_policy *policy;
	char label[64], text[1000], *said;

	memset(label, 'a', 63);
	label[63] = '\0';
	snprintf(text, sizeof(text),
		"contact = \"%0120d\"\nhostname = %s.%s.%s.%.61s\n"
		"waiting { teaser = \"%0100d\" }\n%s",
		0, label, label, label, label, 0, strstr(GOOD, "domains"));
	policy = built(text, &said);
	cr_assert_not_null(policy, "%s", said);
	cr_expect_eq(strlen(policy->hostname), 253);
	cr_expect_eq(strlen(policy->contact), 120);
	for (int i = BS_TEMPLATE_GREETING; i < BS_TEMPLATES; i++)
		complete_reply(&policy->texts[0].template[i], "");
	struct bs_template_set set;
	memset(policy->contact, 'c', 255);
	struct template_words words = {policy->hostname, policy->contact, "", ""};
	cr_expect_not(
		templates_compose(&words, &set), "a text longer than its template was composed");
	policy_free(policy);
	free(said);
}
