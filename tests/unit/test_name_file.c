// SPDX-License-Identifier: BSD-3-Clause
//
// List files of names: what is taken and what becomes of it, what is refused and in which words.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/lists/name_file.h"

static char path[] = "/tmp/barscreen-names-XXXXXX";
static char taken[4000]; // entries, each with a newline behind it
static char *said;
static bool full;

static void begin(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void end(void)
{
	unlink(path);
	free(said);
}

TestSuite(name_file, .init = begin, .fini = end);

static bool take(void *context, const char *entry)
{
	cr_assert_eq(context, path);
	strcat(taken, entry);
	strcat(taken, "\n");
	return !full;
}

static bool read_text(enum name_file_kind kind, const char *text, size_t *count)
{
	FILE *out = fopen(path, "w");
	size_t size;

	fputs(text, out);
	cr_assert_eq(fclose(out), 0);
	taken[0] = '\0';
	free(said);
	out = open_memstream(&said, &size);
	bool good = name_file_read(path, kind, take, path, count, out);
	fclose(out);
	return good;
}

static void expect_taken(enum name_file_kind kind, const char *text, const char *entries)
{
	size_t count, lines = 0;

	cr_expect(read_text(kind, text, &count), "%s", said);
	cr_expect_str_empty(said);
	cr_expect_str_eq(taken, entries);
	for (const char *c = entries; *c != '\0'; c++)
		lines += *c == '\n';
	cr_expect_eq(count, lines);
}

static void expect_refused(enum name_file_kind kind, const char *text, const char *words)
{
	char want[600];
	size_t count;

	snprintf(want, sizeof(want), "%s:%s\n", path, words);
	cr_expect_not(read_text(kind, text, &count), "%s", text);
	cr_expect_str_eq(said, want);
}

Test(name_file, domains)
{
	expect_taken(NAME_FILE_DOMAINS,
		"\xef\xbb\xbf# a comment\n; another\r\n\nexample.org\r\n .Example.NET # what is "
		"under it\nlocalhost\nmx-1.example.org. ; x\n_a.example\n",
		"example.org\n.example.net\nlocalhost\nmx-1.example.org\n_a.example\n");
	expect_taken(NAME_FILE_DOMAINS, "", "");
	expect_taken(NAME_FILE_DOMAINS,
		"b\xc3\xbc"
		"cher.example\n.B\xc3\x9c"
		"CHER.example\nfa\xc3\x9f.de",
		"xn--bcher-kva.example\n.xn--bcher-kva.example\nxn--fa-hia.de\n");
}

Test(name_file, addresses)
{
	expect_taken(NAME_FILE_ADDRESSES,
		"User@Example.org\nuser@\n@example.net\nexample.com\n.example.com\n"
		"\"a b\"@example.org\n\"plain\"@example.org\n#@example.org\na#b@example.org\n"
		"postmaster@b\xc3\xbc"
		"cher.example\nx@[192.0.2.1]\n",
		"user@example.org\nuser@\nexample.net\nexample.com\n.example.com\n"
		"a b@example.org\nplain@example.org\na#b@example.org\n"
		"postmaster@xn--bcher-kva.example\nx@[192.0.2.1]\n");
}

Test(name_file, recipients)
{
	expect_taken(NAME_FILE_RECIPIENTS, "User@Example.org\ninfo@\n@example.net\n",
		"user@example.org\ninfo@\n@example.net\n");
	expect_refused(NAME_FILE_RECIPIENTS, "\nexample.org\n",
		"2: \"example.org\" has no @; write user@example.org, or @example.org for all of a "
		"domain");
}

#define NO_DOMAIN \
	" is no domain name; write it like example.org, or .example.org for what is under it"
#define NO_ADDRESS " is no mail address; write user@example.org, user@ or @example.org"

Test(name_file, names_line_and_cure)
{
	expect_refused(NAME_FILE_DOMAINS, "a.org\nuser@example.org\n",
		"2: \"user@example.org\" is a mail address; a list of these needs of = sender or "
		"of = recipient");
	expect_refused(NAME_FILE_DOMAINS, "192.0.2.1\n",
		"1: \"192.0.2.1\" is an address of a host; a list of these needs of = client");
	expect_refused(NAME_FILE_ADDRESSES, "2001:db8::/32\n",
		"1: \"2001:db8::/32\" is an address of a host; a list of these needs of = client");
	expect_refused(NAME_FILE_DOMAINS, "*.example.org\n",
		"1: \"*.example.org\" is a pattern; write .example.org for all that is under "
		"example.org");
	expect_refused(NAME_FILE_DOMAINS, "a..b\n", "1: \"a..b\"" NO_DOMAIN);
	expect_refused(NAME_FILE_DOMAINS, ".\n", "1: \".\"" NO_DOMAIN);
	expect_refused(NAME_FILE_DOMAINS, "[192.0.2.1]\n", "1: \"[192.0.2.1]\"" NO_DOMAIN);
	expect_refused(NAME_FILE_DOMAINS, "..example.org\n", "1: \"..example.org\"" NO_DOMAIN);
	expect_refused(NAME_FILE_ADDRESSES, "@\n", "1: \"@\"" NO_DOMAIN);
	expect_refused(NAME_FILE_ADDRESSES, "a@b>@c\n", "1: \"a@b>@c\"" NO_ADDRESS);
	expect_refused(NAME_FILE_ADDRESSES, "a..b@c\n", "1: \"a..b@c\"" NO_ADDRESS);
	expect_refused(NAME_FILE_ADDRESSES, "a@b OK\n",
		"1: \"a@b OK\" is more than one name; write one on each line");
	expect_refused(NAME_FILE_ADDRESSES, "\"a b\"@c d\n", "1: \"\"a b\"@c d\"" NO_ADDRESS);
	expect_refused(NAME_FILE_ADDRESSES, "\xc3\xbc@example.org\n",
		"1: \"??@example.org\" has other letters than ASCII before the @: no mail for it "
		"can come, as SMTPUTF8 is not offered; remove it");
}

Test(name_file, bad_international_names)
{
	size_t count;

	cr_expect_not(read_text(NAME_FILE_DOMAINS, "a\xff.example\n", &count)); // no UTF-8
	cr_expect_not_null(strstr(said, ":1: \"a?.example\" is no international domain name ("));
	cr_expect_not(read_text(NAME_FILE_ADDRESSES, "x@\xe2\x98\x83-.example\n", &count));
	cr_expect_not_null(strstr(said, ":1: "));
}

Test(name_file, bounds)
{
	char text[1200];
	size_t count;

	memset(text, 'a', sizeof(text));
	strcpy(text + 65, "@example.org\n");
	expect_refused(NAME_FILE_ADDRESSES, text,
		"1: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is longer "
		"than an address can be (64 characters, @, 255); remove it");
	text[64] = '@';
	memset(text + 65, 'a', 64);
	text[64 + 65] = '\0';
	cr_expect_not(read_text(NAME_FILE_ADDRESSES, text, &count), "a label of 64");
	memset(text, 'a', sizeof(text));
	text[1000] = '\n';
	text[1001] = '\0';
	cr_expect_not(read_text(NAME_FILE_DOMAINS, text, &count));
	memset(text, 'a', sizeof(text));
	text[1001] = '\0';
	expect_refused(NAME_FILE_DOMAINS, text,
		"1: longer than 1000 characters; a list has one entry a line");
	full = true;
	expect_refused(
		NAME_FILE_DOMAINS, "a\nb\n", "1: no memory for more than 0 entries; free some");
}
