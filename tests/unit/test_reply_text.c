// SPDX-License-Identifier: BSD-3-Clause
//
// Templates of replies: what they stand for, and what others chose kept harmless.
#include <criterion/criterion.h>
#include <string.h>

#include "smtp/checks/check.h"
#include "smtp/checks/reply_text.h"

static struct mailbox sender = {"a.b", "example.org", false};
static struct mailbox recipient = {"us er", "example.net", true};
static struct facts facts = {.helo = "mx.example.org", .sender = &sender, .recipient = &recipient};
static char text[256];

static const char *expand(const char *template, const char *contact)
{
	struct reply_values values = {&facts, "mx.example.org", "found this"};
	cr_assert(bs_address_parse("2001:db8::1", &facts.client));
	cr_assert_eq(reply_text(template, &values, contact, text, sizeof(text)), strlen(text));
	return text;
}

Test(reply_text, words)
{
	cr_expect_str_eq(expand("plain", NULL), "plain");
	cr_expect_str_eq(expand("", NULL), "");
	cr_expect_str_eq(expand("[$client]", ""), "[2001:db8::1]");
	cr_expect_str_eq(expand("$name.", NULL), "mx.example.org.");
	cr_expect_str_eq(expand("<$helo>", NULL), "<mx.example.org>");
	cr_expect_str_eq(expand("<$sender>", NULL), "<a.b@example.org>");
	cr_expect_str_eq(expand("$sender-domain", NULL), "example.org");
	cr_expect_str_eq(
		expand("<$recipient>: $detail", NULL), "<\"us er\"@example.net>: found this");
	cr_expect_str_eq(expand("$$detail $ $5 $unknown $", NULL), "$detail $ $5 $unknown $");
}

Test(reply_text, before_mail_there_is_no_sender)
{
	struct facts early = {.helo = ""};
	struct reply_values values = {&early, NULL, NULL};
	reply_text("$name <$helo> <$sender> <$sender-domain> <$recipient> $detail.", &values, NULL,
		text, sizeof(text));
	cr_assert_str_eq(text, "unknown <> <> <> <> .");
}

Test(reply_text, the_contact_always_stands_whole)
{
	char template[600];
	cr_expect_str_eq(
		expand("no", "postmaster@example.com"), "no; for help: postmaster@example.com");
	memset(template, 'x', sizeof(template));
	template[sizeof(template) - 1] = 0;
	expand(template, "postmaster@example.com");
	cr_expect_eq(strlen(text), sizeof(text) - 1);
	cr_expect_str_eq(strstr(text, ";"), "; for help: postmaster@example.com");
	expand(template, NULL);
	cr_expect_eq(strlen(text), sizeof(text) - 1);
}

Test(reply_text, what_others_chose_stays_in_its_place)
{
	struct facts bad = {.helo = "a\r\n250 ok\x80\t"};
	struct reply_values values = {&bad, "n\n", "\x01$client"};
	char name[400];
	reply_text("<$helo> $name $detail", &values, NULL, text, sizeof(text));
	cr_expect_str_eq(text, "<a?\?250 ok?\?> n? ?$client");
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	bad.helo = name;
	cr_expect_eq(reply_text("$helo", &values, NULL, text, sizeof(text)), REPLY_VALUE);
}

Test(reply_text, small_rooms)
{
	struct reply_values values = {&facts, "mx.example.org", "detail"};
	char small[64];
	for (size_t room = 1; room < sizeof(small); room++) {
		memset(small, 'z', sizeof(small));
		reply_text("<$recipient> $detail", &values, "a contact", small, room);
		cr_assert_eq(strnlen(small, room) < room, true);
		cr_assert_eq(small[room], 'z');
	}
}

Test(reply_text, unknown_words_are_found)
{
	size_t length;
	const char *bad = reply_text_unknown("<$sender>: $sendr, $$ok", &length);
	cr_assert_not_null(bad);
	cr_assert_eq(length, 5);
	cr_assert_eq(strncmp(bad, "sendr", 5), 0);
	cr_assert_null(reply_text_unknown("$client $$nonsense", &length));
	cr_assert_not_null(reply_text_unknown("costs 5 $", &length));
	for (int i = 0; i < BS_CHECK_COUNT; i++)
		cr_assert_null(reply_text_unknown(checks[i].text, &length), "%s", checks[i].text);
}
