// SPDX-License-Identifier: BSD-3-Clause
//
// What a reload says of lists of names and of recipients.
#include "tests/unit/config_case.h"

#include "control/configuration/config_changes.h"

TestSuite(list_changes, .init = make_folder, .fini = remove_folder);

struct side {
	struct config *config;
	struct policy_base *base;
};

static struct side build(const char *format)
{
	char text[2000], *said;
	size_t size;
	FILE *errors = open_memstream(&said, &size);
	struct side side;
	char *end = text + sprintf(text, "%s", GOOD);

	for (const char *c = format; *c != '\0';) {
		if (strncmp(c, "FOLDER", 6) == 0) {
			end += sprintf(end, "%s", folder);
			c += 6;
		} else {
			*end++ = *c++;
		}
	}
	*end = '\0';
	side.config = taken(text);
	side.base = policy_base_new(side.config, errors);
	fclose(errors);
	cr_assert_not_null(side.base, "%s", said);
	free(said);
	return side;
}

static void drop(struct side side)
{
	policy_base_free(side.base);
	config_free(side.config);
}

// "senders kept 3 +2 -1"
static void expect(const json_t *lists, size_t index, const char *text)
{
	const json_t *list = json_array_get(lists, index);
	char got[200];

	snprintf(got, sizeof(got), "%s %s %d +%d -%d",
		json_string_value(json_object_get(list, "list")),
		json_string_value(json_object_get(list, "change")),
		(int)json_integer_value(json_object_get(list, "entries")),
		(int)json_integer_value(json_object_get(list, "entries-added")),
		(int)json_integer_value(json_object_get(list, "entries-removed")));
	cr_expect_str_eq(got, text);
}

Test(list_changes, of_names_and_recipients)
{
	static const char text[] =
		"list senders { of = sender files = {\"FOLDER/a\", \"FOLDER/b\"} }\n"
		"list same { of = helo file = \"FOLDER/same\" }\n"
		"recipients { files = {\"FOLDER/r\"} regex-files = {\"FOLDER/p\"} spamtraps = "
		"{\"FOLDER/t\"} }\n";

	put("a", "a.example\nb.example\n");
	put("b", "A.Example\n");
	put("same", "localhost\n");
	put("r", "x@example.org\ny@example.org\n");
	put("p", "a+@example[.]org\n");
	put("t", "trap@example.org\n");
	struct side old = build(text);
	put("a", "a.example\n");
	put("b", "c.example\nuser@d.example\n");
	put("r", "x@example.org\n");
	put("p", "b+@example[.]org\nc+@example[.]org\n");
	struct side new = build(text);
	json_t *changes = config_changes(old.config, old.base, new.config, new.base);
	json_t *lists = json_object_get(changes, "lists");

	cr_expect_eq(json_array_size(json_object_get(changes, "changed")), 0);
	cr_assert_eq(json_array_size(lists), 2);
	expect(lists, 0, "senders kept 3 +2 -1");
	expect(lists, 1, "recipients.files kept 3 +2 -2");
	json_decref(changes);
	drop(old);
	old = build("");
	changes = config_changes(old.config, old.base, new.config, new.base);
	lists = json_object_get(changes, "lists");
	cr_assert_eq(json_array_size(lists), 4);
	expect(lists, 0, "recipients.files kept 3 +3 -0");
	expect(lists, 1, "recipients.spamtraps kept 1 +1 -0");
	expect(lists, 2, "senders added 3 +3 -0");
	json_decref(changes);
	changes = config_changes(new.config, new.base, old.config, old.base);
	lists = json_object_get(changes, "lists");
	expect(lists, 0, "senders removed 0 +0 -3");
	expect(lists, 2, "recipients.files kept 0 +0 -3");
	json_decref(changes);
	config_adopt(old.config, new.config); // values of both are still freed once
	cr_expect_eq(old.config->recipient_file_count, 1);
	cr_expect_eq(new.config->recipient_file_count, 0);
	drop(old);
	drop(new);
}
