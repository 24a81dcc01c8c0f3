// SPDX-License-Identifier: BSD-3-Clause
//
// List files: what is taken, what is refused and in which words.

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/lists/list_file.h"

static char folder[] = "/tmp/barscreen-list-XXXXXX";
static char path[64];
static char *said; // what was written to `errors`
static size_t said_size;

static void begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/list", folder);
}

static void end(void)
{
	unlink(path);
	rmdir(path);
	rmdir(folder);
	free(said);
}

TestSuite(list_file, .init = begin, .fini = end);

static void write_list(const char *text, size_t size)
{
	FILE *out = fopen(path, "w");
	cr_assert_not_null(out);
	cr_assert_eq(fwrite(text, 1, size, out), size);
	cr_assert_eq(fclose(out), 0);
}

static struct bs_prefix *read_list(size_t *count)
{
	struct bs_prefix *entries;
	FILE *errors;

	free(said);
	errors = open_memstream(&said, &said_size);
	cr_assert_not_null(errors);
	entries = list_file_read(path, count, errors);
	fclose(errors);
	return entries;
}

static struct bs_prefix *read_text(const char *text, size_t *count)
{
	write_list(text, strlen(text));
	return read_list(count);
}

static void expect_refused(const char *text, const char *words)
{
	char want[2000];
	size_t count;

	snprintf(want, sizeof(want), "%s%s", path, words);
	cr_expect_null(read_text(text, &count), "%s", text);
	cr_expect_str_eq(said, want);
}

Test(list_file, takes)
{
	static const char *const want[] = {"192.0.2.0/24", "192.0.2.1/32", "2001:db8::/32",
		"2001:db8::1/128", "10.0.0.0/8", "198.51.100.7/32", "0.0.0.0/0", "::/0",
		"203.0.113.0/24"};
	char text[BS_PREFIX_TEXT];
	size_t count;
	struct bs_prefix *entries = read_text("\xef\xbb\xbf"
					      "192.0.2.0/24\n"
					      "# a comment, and what looks like 999.1.1.1\n"
					      "; another\n"
					      "\n"
					      " \t\n"
					      "192.0.2.1\r\n"
					      "\r\n"
					      "  2001:DB8::/32 # trailing\r\n"
					      "2001:db8::1;trailing\n"
					      "\t10.0.0.0/8\t; both # kinds\n"
					      "198.51.100.7/32#x\n"
					      "0.0.0.0/0\n::/0\n"
					      "203.0.113.0/24", // no newline at the end
		&count);

	cr_assert_not_null(entries, "%s", said);
	cr_assert_eq(count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(bs_prefix_format(&entries[i], text), want[i]);
	cr_expect_str_eq(said, "");
	free(entries);
}

Test(list_file, empty_is_a_list)
{
	static const char *const text[] = {"", "\n", "# nothing yet\n", "\xef\xbb\xbf"};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		size_t count = 7;
		struct bs_prefix *entries = read_text(text[i], &count);
		cr_expect_not_null(entries);
		cr_expect_eq(count, 0);
		free(entries);
	}
}

Test(list_file, names_line_and_cure)
{
	expect_refused("192.0.2.0/24\n\n192.0.2.1/24 # typo\n",
		":3: 192.0.2.1/24 has host bits; write 192.0.2.0/24 or 192.0.2.1\n");
	expect_refused("2001:DB8::1/32\r\n",
		":1: 2001:DB8::1/32 has host bits; write 2001:db8::/32 or 2001:db8::1\n");
	expect_refused("mail.example.org\n",
		":1: \"mail.example.org\" is neither an address nor a network; write one as "
		"192.0.2.0/24, 192.0.2.1 or 2001:db8::/32\n");
	expect_refused("192.0.2.0/33\n",
		":1: \"192.0.2.0/33\" is neither an address nor a network; write one as "
		"192.0.2.0/24, 192.0.2.1 or 2001:db8::/32\n");
	expect_refused("192.0.2.1 192.0.2.2\n", ":1: \"192.0.2.1 192.0.2.2\" is neither an address "
						"nor a network; write one on each "
						"line, a comment after #\n");
	expect_refused("::FFFF:192.0.2.1\n", ":1: \"::FFFF:192.0.2.1\" is neither an address nor a "
					     "network; write the IPv4 address "
					     "without ::ffff:\n");
	expect_refused("\x1b[31m\xff\n",
		":1: \"?[31m?\" is neither an address nor a network; write one as 192.0.2.0/24, "
		"192.0.2.1 or 2001:db8::/32\n");
}

Test(list_file, spamhaus_drop)
{
	static const char *const want[] = {
		"1.10.16.0/20", "2.56.192.0/22", "2001:678:738::/48", "192.0.2.1/32"};
	char text[BS_PREFIX_TEXT];
	size_t count;
	struct bs_prefix *entries = read_text(
		"; Spamhaus DROP List 2026/11/22\n"
		"1.10.16.0/20 ; SBL256894\n"
		"{\"cidr\":\"2.56.192.0/22\",\"sblid\":\"SBL459831\",\"rir\":\"ripencc\"}\r\n"
		"{\"type\":\"metadata\",\"timestamp\":1732000000,\"records\":2}\n"
		"{\"cidr\":\"2001:678:738::/48\",\"sblid\":\"SBL635837\"}\n"
		"{\"type\":\"metadata\",\"records\":1,\"copyright\":\"(c) #; the list's\"}\n"
		"192.0.2.1 # ours\n",
		&count);

	cr_assert_not_null(entries, "%s", said);
	cr_assert_eq(count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(bs_prefix_format(&entries[i], text), want[i]);
	free(entries);
	expect_refused("{\"cidr\":\"2.56.192.0/22\"}\n{\"type\":\"metadata\",\"records\":2}\n",
		":2: says 2 records, but there are 1; the file is not whole: load it again\n");
	expect_refused("{\"cidr\":\"2.56.192.0/22\n",
		":1: \"{\"cidr\":\"2.56.192.0/22\" is not JSON; write one like "
		"{\"cidr\":\"192.0.2.0/24\"}\n");
	expect_refused("{\"asn\":6233,\"rir\":\"arin\"}\n",
		":1: \"{\"asn\":6233,\"rir\":\"arin\"}\" has no \"cidr\" with a network; write one "
		"like {\"cidr\":\"192.0.2.0/24\"}\n");
	expect_refused("{\"cidr\":7}\n", ":1: \"{\"cidr\":7}\" has no \"cidr\" with a network; "
					 "write one like {\"cidr\":\"192.0.2.0/24\"}\n");
	expect_refused("{\"cidr\":\"2.56.192.1/22\"}\n",
		":1: 2.56.192.1/22 has host bits; write 2.56.192.0/22 or 2.56.192.1\n");
}

static void expect_range(const char *range, const char *networks)
{
	char text[BS_PREFIX_TEXT], got[20000] = "";
	size_t count;
	struct bs_prefix *entries = read_text(range, &count);

	cr_assert_not_null(entries, "%s", said);
	for (size_t i = 0; i < count; i++)
		sprintf(got + strlen(got), "%s%s", i == 0 ? "" : " ",
			bs_prefix_format(&entries[i], text));
	if (networks != NULL)
		cr_expect_str_eq(got, networks);
	else
		cr_expect_eq(count, 254);
	free(entries);
}

Test(list_file, ranges)
{
	expect_range(
		"192.0.2.1-192.0.2.9 # x", "192.0.2.1/32 192.0.2.2/31 192.0.2.4/30 192.0.2.8/31");
	expect_range("192.0.2.0 - 192.0.2.255", "192.0.2.0/24");
	expect_range("192.0.2.7-192.0.2.7", "192.0.2.7/32");
	expect_range("0.0.0.0-255.255.255.255", "0.0.0.0/0");
	expect_range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
	expect_range("2001:db8::-2001:db8::1:ffff", "2001:db8::/111");
	expect_range("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", NULL);
	expect_refused("192.0.2.9-192.0.2.1\n",
		":1: \"192.0.2.9-192.0.2.1\" is no range of addresses; write the lower one first, "
		"like 192.0.2.1-192.0.2.9\n");
	expect_refused("192.0.2.1-2001:db8::1\n", ":1: \"192.0.2.1-2001:db8::1\" is no range of "
						  "addresses; write the lower one first, "
						  "like 192.0.2.1-192.0.2.9\n");
	expect_refused("192.0.2.1-9\n",
		":1: \"192.0.2.1-9\" is no range of addresses; write the lower one first, "
		"like 192.0.2.1-192.0.2.9\n");
}

Test(list_file, long_words_are_cut)
{
	char text[902];
	size_t count;

	memset(text, 'a', 900);
	strcpy(text + 900, "\n");
	cr_expect_null(read_text(text, &count));
	cr_expect_lt(said_size, 300);
	cr_expect_not_null(strstr(said, "aaa...\""));
}

Test(list_file, twenty_faults_and_the_number_of_the_rest)
{
	char text[2000] = "";
	unsigned lines = 0;
	size_t count;

	for (unsigned i = 0; i < 25; i++)
		strcat(text, i % 2 ? "bad\n" : "192.0.2.1/24\n");
	cr_expect_null(read_text(text, &count));
	for (const char *c = said; *c != '\0'; c++)
		lines += *c == '\n';
	cr_expect_eq(lines, 21);
	cr_expect_not_null(strstr(said, "list:20: "));
	cr_expect_null(strstr(said, "list:21: "));
	cr_expect_not_null(strstr(said, "list: ... and 5 more\n"));
}

Test(list_file, no_list_at_all)
{
	char text[LIST_LINE_MAX + 3];
	size_t count;

	cr_expect_null(read_list(&count));
	cr_expect_not_null(strstr(said, "list: No such file or directory\n"));
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_null(read_list(&count));
	cr_expect_not_null(strstr(said, "list: is a directory"));
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_null(read_list(&count)); // and doesn't wait for a writer
	cr_expect_not_null(strstr(said, "list: is not a regular file"));
	cr_assert_eq(unlink(path), 0);
	write_list("192.0.2.1\n\x7f"
		   "ELF\0\1\2",
		17);
	cr_expect_null(read_list(&count));
	cr_expect_not_null(strstr(said, "list:2: has a NUL byte"));

	memset(text, ' ', sizeof(text));
	text[LIST_LINE_MAX] = '\n';
	write_list(text, LIST_LINE_MAX + 1);
	free(read_list(&count));
	cr_expect_str_eq(said, "");
	text[LIST_LINE_MAX] = ' ';
	write_list(text, LIST_LINE_MAX + 1);
	cr_expect_null(read_list(&count));
	cr_expect_not_null(strstr(said, "list:1: longer than 1000 characters"));
}

Test(list_file, many)
{
	enum { MANY = 100000 };
	FILE *out = fopen(path, "w");
	struct bs_prefix *entries;
	size_t count;

	cr_assert_not_null(out);
	for (unsigned i = 0; i < MANY; i++)
		fprintf(out, "10.%u.%u.%u\n", i >> 16 & 255, i >> 8 & 255, i & 255);
	cr_assert_eq(fclose(out), 0);
	entries = read_list(&count);
	cr_assert_not_null(entries);
	cr_expect_eq(count, MANY);
	for (unsigned i = 0; i < MANY; i++)
		cr_assert_arr_eq(entries[i].address.octet + 12,
			((uint8_t[]){10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}), 4);
	free(entries);
}
