// SPDX-License-Identifier: BSD-3-Clause
//
// What claims to be ours goes out of a mail's header, and nothing else does: for every split of the mail.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/session/header_filter.h"

#define HOST "mx.example.org"
#define ROOM 20000

static char out[ROOM];
static struct header_filter filter;

static size_t run(const char *mail, size_t length, size_t first, size_t second)
{
	size_t ends[] = {first, second, length}, used = 0, at = 0;
	memset(&filter, 0, sizeof(filter));
	for (int piece = 0; piece < 3; piece++) {
		size_t count = ends[piece] - at;
		uint8_t *bytes = malloc(count + HEADER_FILTER_HOLD);
		memcpy(bytes, mail + at, count);
		at = ends[piece];
		if (!filter.done)
			count = header_filter(&filter, HOST, bytes, count);
		cr_assert_leq(used + count, sizeof(out));
		memcpy(out + used, bytes, count);
		used += count;
		free(bytes);
	}
	if (!filter.done) {
		uint8_t rest[HEADER_FILTER_HOLD];
		size_t count = header_filter_end(&filter, HOST, rest);
		memcpy(out + used, rest, count);
		used += count;
	}
	return used;
}

static void becomes(const char *mail, const char *wanted)
{
	size_t length = strlen(mail);
	for (size_t first = 0; first <= length; first++)
		for (size_t second = first; second <= length; second++) {
			size_t used = run(mail, length, first, second);
			cr_assert(used == strlen(wanted) && memcmp(out, wanted, used) == 0,
				"split at %zu and %zu:\n%s\nbecame\n%.*s", first, second, mail,
				(int)used, out);
		}
}

static void goes(const char *field)
{
	char mail[1000];
	snprintf(mail, sizeof(mail), "A: b\r\n%sC: d\r\n\r\nbody\r\n", field);
	becomes(mail, "A: b\r\nC: d\r\n\r\nbody\r\n");
	snprintf(mail, sizeof(mail), "%s", field); // the whole of a mail
	becomes(mail, "");
}

static void stays(const char *field)
{
	char mail[1000];
	snprintf(mail, sizeof(mail), "A: b\r\n%sC: d\r\n\r\nbody\r\n", field);
	becomes(mail, mail);
	becomes(field, field);
}

Test(header_filter, ours_goes)
{
	goes("Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=a@b\r\n");
	goes("Authentication-Results:mx.example.org\r\n");
	goes("authentication-RESULTS : MX.Example.ORG 1; none\r\n");
	goes("Authentication-Results:\r\n\tmx.example.org;\r\n\tspf=pass\r\n");
	goes("Authentication-Results: (a (nested\r\n \\) one)) mx.example.org; none\r\n");
	goes("Authentication-Results: \"mx.exa\\mple.org\"; none\r\n");
	goes("Authentication-Results: mx.example.org.; none\r\n");
	goes("Authentication-Results: mx.example.org(comment); none\r\n");
	goes("Authentication-Results: (that never ends\r\n");
	goes("Received-SPF: pass (mx.example.org: all is well) client-ip=1.2.3.4\r\n");
	goes("Received-SPF: pass client-ip=192.0.2.1;\r\n\treceiver=mx.example.org;\r\n");
	goes("received-spf: pass Receiver (x) = \"MX.example.org\"\r\n");
	goes("Authentication-Results: mx.example.org; a=b\r\nAuthentication-Results: "
	     "mx.example.org; c=d\r\n");
}

Test(header_filter, others_stay)
{
	stays("Authentication-Results: mx.example.com; spf=pass\r\n");
	stays("Authentication-Results: mx.example.org.evil.example; spf=pass\r\n");
	stays("Authentication-Results: xmx.example.org; spf=pass\r\n");
	stays("Authentication-Results: mx.example; spf=mx.example.org\r\n");
	stays("Authentication-Results: (mx.example.org) other.example; none\r\n");
	stays("Authentication-Results:\r\n");
	stays("Authentication-Results: ; none\r\n");
	stays("Authentication-Results\r\n");
	stays("Authentication-Resultsx: mx.example.org; none\r\n");
	stays("ARC-Authentication-Results: i=1; mx.example.org; none\r\n");
	stays("X-Authentication-Results: mx.example.org; none\r\n");
	stays("Received-SPF: pass (other.example: mx.example.org) receiver=other.example\r\n");
	stays("Received: from a by mx.example.org\r\n\tAuthentication-Results: mx.example.org\r\n");
	stays("A\r\n");
}

Test(header_filter, bodies_are_not_looked_at)
{
	becomes("\r\nAuthentication-Results: mx.example.org; none\r\n",
		"\r\nAuthentication-Results: mx.example.org; none\r\n");
	becomes("A: b\r\n\r\nAuthentication-Results: mx.example.org; none\r\n",
		"A: b\r\n\r\nAuthentication-Results: mx.example.org; none\r\n");
	becomes("", "");
}

// Longer than what is held: an honest field tells whose it is in its beginning.
static size_t run_long(const char *before, size_t filler, const char *after)
{
	char mail[3 * HEADER_FILTER_HOLD];
	size_t used = 0;
	used += (size_t)sprintf(mail, "%s", before);
	memset(mail + used, 'x', filler);
	used += filler;
	for (size_t i = 900; i < filler; i += 900)
		memcpy(mail + used - i, "\r\n ", 3);
	used += (size_t)sprintf(mail + used, "%s\r\nC: d\r\n\r\n", after);
	size_t first = run(mail, used, 0, 0), given = run(mail, used, used / 3, used / 2);
	cr_expect_eq(first, given);
	return used - given;
}

Test(header_filter, long_fields)
{
	size_t tail = strlen("C: d\r\n\r\n");
	cr_expect_gt(run_long("Authentication-Results: mx.example.org; ", 9000, ""), 9000);
	cr_expect_eq(memcmp(out, "C: d\r\n\r\n", tail), 0);
	cr_expect_eq(run_long("Authentication-Results: other.example; ", 9000, ""), 0);
	cr_expect_gt(run_long("Authentication-Results: (", 9000, ") mx.example.org; none"), 9000);
	cr_expect_gt(run_long("Authentication-Results: \"", 9000, "\"; none"), 9000);
	cr_expect_gt(run_long("Received-SPF: pass ", 9000, " receiver=mx.example.org"), 9000);
	cr_expect_eq(run_long("X-Other: ", 9000, ""), 0);
	cr_expect_eq(filter.removed, 0);
}

Test(header_filter, blanks_before_the_colon)
{
	char mail[2 * HEADER_FILTER_HOLD];
	memset(mail, ' ', sizeof(mail));
	memcpy(mail, "Authentication-Results", 22);
	strcpy(mail + 5000, ": mx.example.org; none\r\nC: d\r\n");
	cr_expect_eq(run(mail, strlen(mail), 100, 4500), 6);
	cr_expect_eq(memcmp(out, "C: d\r\n", 6), 0);
}
