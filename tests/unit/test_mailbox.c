// SPDX-License-Identifier: BSD-3-Clause
//
// The path grammar of RFC 5321, 4.1.2: what is taken, how it is taken apart, what is refused and as what.
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "smtp/mailbox.h"

#define SIXTY_FOUR "a234567890123456789012345678901234567890123456789012345678901234"
#define LABEL_63   "a23456789012345678901234567890123456789012345678901234567890123"

static enum mailbox_error parse(const char *text, enum mailbox_path path, struct mailbox *mailbox)
{
	size_t taken = 0;
	// A copy of exact size, so that a sanitizer sees each byte read too much.
	size_t length = strlen(text);
	char *copy = malloc(length + 1);
	memcpy(copy, text, length);
	enum mailbox_error error = mailbox_parse(copy, length, path, mailbox, &taken);
	if (error == MAILBOX_OK)
		cr_expect_eq(taken, length, "%s: %zu of %zu taken", text, taken, length);
	free(copy);
	return error;
}

static void expect_mailbox(
	const char *text, const char *local, const char *domain, bool quoted, const char *written)
{
	struct mailbox mailbox;
	char again[MAILBOX_TEXT];
	cr_expect_eq(parse(text, MAILBOX_FORWARD, &mailbox), MAILBOX_OK, "%s", text);
	cr_expect_str_eq(mailbox.local, local, "%s", text);
	cr_expect_str_eq(mailbox.domain, domain, "%s", text);
	cr_expect_eq(mailbox.quoted, quoted, "%s", text);
	cr_expect_str_eq(mailbox_format(&mailbox, again), written, "%s", text);
}

static void expect_error(const char *text, enum mailbox_path path, enum mailbox_error error)
{
	struct mailbox mailbox;
	cr_expect_eq(parse(text, path, &mailbox), error, "%s", text);
}

Test(mailbox, takes_plain_addresses_apart)
{
	expect_mailbox("<a@b>", "a", "b", false, "a@b");
	expect_mailbox("<Jane.Doe+tag@Example.ORG>", "Jane.Doe+tag", "example.org", false,
		"Jane.Doe+tag@example.org");
	expect_mailbox("<!#$%&'*/=?^`{|}~-_@x-y.z1>", "!#$%&'*/=?^`{|}~-_", "x-y.z1", false,
		"!#$%&'*/=?^`{|}~-_@x-y.z1");
	expect_mailbox("<a@foo_bar.example>", "a", "foo_bar.example", false, "a@foo_bar.example");
}

Test(mailbox, unquotes_and_quotes)
{
	expect_mailbox("<\"a b\"@c>", "a b", "c", true, "\"a b\"@c");
	expect_mailbox("<\"a\\\"\\\\b\"@c>", "a\"\\b", "c", true, "\"a\\\"\\\\b\"@c");
	expect_mailbox("<\"a>b\"@c>", "a>b", "c", true, "\"a>b\"@c");
	expect_mailbox("<\"\"@c>", "", "c", true, "\"\"@c");
	expect_mailbox("<\".a\"@c>", ".a", "c", true, "\".a\"@c");
	// The same mailbox as without quotes.
	expect_mailbox("<\"jane.doe\"@c>", "jane.doe", "c", false, "jane.doe@c");
}

Test(mailbox, knows_literals)
{
	expect_mailbox("<a@[192.0.2.1]>", "a", "[192.0.2.1]", false, "a@[192.0.2.1]");
	expect_mailbox(
		"<a@[IPv6:2001:DB8::1]>", "a", "[ipv6:2001:db8::1]", false, "a@[ipv6:2001:db8::1]");
	const char *const wrong[] = {"<a@[]>", "<a@[1.2.3]>", "<a@[1.2.3.256]>",
		"<a@[2001:db8::1]>", "<a@[IPv6:xyz]>", "<a@[tag:content]>", "<a@[1.2.3.4>",
		"<a@[1.2.3.4]x>",
		"<a@[IPv6:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8]>"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_error(wrong[i], MAILBOX_FORWARD, MAILBOX_SYNTAX);
}

Test(mailbox, ignores_source_routes)
{
	expect_mailbox("<@one.example:a@b>", "a", "b", false, "a@b");
	expect_mailbox("<@one.example,@two.example:a@b>", "a", "b", false, "a@b");
	expect_error("<@one.example>", MAILBOX_FORWARD, MAILBOX_SYNTAX);
	expect_error("<@one.example,two.example:a@b>", MAILBOX_FORWARD, MAILBOX_SYNTAX);
	expect_error("<@one.example:>", MAILBOX_FORWARD, MAILBOX_SYNTAX);
	expect_error("<@:a@b>", MAILBOX_FORWARD, MAILBOX_SYNTAX);
}

Test(mailbox, null_sender_and_postmaster_have_their_places)
{
	struct mailbox mailbox;
	cr_expect_eq(parse("<>", MAILBOX_REVERSE, &mailbox), MAILBOX_OK);
	cr_expect_str_empty(mailbox.local);
	cr_expect_str_empty(mailbox.domain);
	expect_error("<>", MAILBOX_FORWARD, MAILBOX_SYNTAX);
	expect_mailbox("<postmaster>", "postmaster", "", false, "postmaster");
	expect_mailbox("<PostMaster>", "postmaster", "", false, "postmaster");
	expect_error("<postmaster>", MAILBOX_REVERSE, MAILBOX_SYNTAX);
	expect_error("<abuse>", MAILBOX_FORWARD, MAILBOX_SYNTAX);
}

Test(mailbox, refuses_what_the_grammar_has_not)
{
	const char *const wrong[] = {"", "<", ">", "a@b", "<a@b", "<a@>", "<@b>", "<a@b.>",
		"<a@.b>", "<a@b..c>", "<.a@b>", "<a.@b>", "<a..b@c>", "<a b@c>", "<a@b c>",
		"<a@b@c>", "<\"a@b>", "<\"a\"b@c>", "<\"a\\\"@b>", "<a@-b>", "<a@b->", "<a@b-.c>",
		"<<a@b>>", "< a@b>", "<a@b >", "<a\t@b>", "<\"a\tb\"@c>", "<a@b\r>",
		"<\"a\\\x7f\"@b>", "<a(c)@b>", "<a,b@c>", "<\"\">"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_error(wrong[i], MAILBOX_FORWARD, MAILBOX_SYNTAX);
}

Test(mailbox, names_eight_bit)
{
	expect_error("<j\xc3\xbcrgen@example.org>", MAILBOX_FORWARD, MAILBOX_EIGHT_BIT);
	expect_error("<a@ex\xc3\xa4mple.org>", MAILBOX_FORWARD, MAILBOX_EIGHT_BIT);
	expect_error("<\"\xc3\xbc\"@b>", MAILBOX_REVERSE, MAILBOX_EIGHT_BIT);
	expect_error("<\xc3\xbc@b>", MAILBOX_REVERSE, MAILBOX_EIGHT_BIT);
	expect_error("<@\xc3\xbc:a@b>", MAILBOX_REVERSE, MAILBOX_EIGHT_BIT);
}

Test(mailbox, bounds_its_parts)
{
	expect_mailbox("<" SIXTY_FOUR "@b>", SIXTY_FOUR, "b", false, SIXTY_FOUR "@b");
	expect_error("<" SIXTY_FOUR "5@b>", MAILBOX_FORWARD, MAILBOX_TOO_LONG);
	expect_error("<\"" SIXTY_FOUR "5\"@b>", MAILBOX_FORWARD, MAILBOX_TOO_LONG);
	expect_mailbox("<a@" LABEL_63 ">", "a", LABEL_63, false, "a@" LABEL_63);
	expect_error("<a@" LABEL_63 "4>", MAILBOX_FORWARD, MAILBOX_TOO_LONG);
	expect_mailbox("<a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ">", "a",
		LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false,
		"a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63);
	expect_error("<a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ".b>", MAILBOX_FORWARD,
		MAILBOX_TOO_LONG);
}

Test(mailbox, writes_the_longest_within_its_room)
{
	char text[3 + 2 * MAILBOX_LOCAL + 5 + 4 * 64];
	size_t at = (size_t)sprintf(text, "<\"");
	for (int i = 0; i < MAILBOX_LOCAL; i++)
		at += (size_t)sprintf(text + at, "\\\"");
	sprintf(text + at, "\"@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ">");
	struct mailbox mailbox;
	char written[MAILBOX_TEXT];
	cr_assert_eq(parse(text, MAILBOX_FORWARD, &mailbox), MAILBOX_OK);
	cr_expect_eq(strlen(mailbox_format(&mailbox, written)), sizeof(written) - 1);
}

Test(mailbox, compares)
{
	struct mailbox one, other;
	parse("<Abuse@Example.org>", MAILBOX_FORWARD, &one);
	parse("<abuse@example.ORG>", MAILBOX_FORWARD, &other);
	cr_expect(mailbox_local_is(&one, "abuse"));
	cr_expect(!mailbox_local_is(&one, "abus"));
	cr_expect(!mailbox_equal(&one, &other), "the local part's case is the recipient's matter");
	parse("<\"Abuse\"@example.org>", MAILBOX_FORWARD, &other);
	cr_expect(mailbox_equal(&one, &other));
}

Test(mailbox, stops_at_the_end_of_the_path)
{
	struct mailbox mailbox;
	size_t taken = 0;
	const char text[] = "<a@b> SIZE=1";
	cr_assert_eq(
		mailbox_parse(text, strlen(text), MAILBOX_REVERSE, &mailbox, &taken), MAILBOX_OK);
	cr_expect_eq(taken, 5);
}
