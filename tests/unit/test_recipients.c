// SPDX-License-Identifier: BSD-3-Clause
//
// Who exists as far as lists tell: addresses, domains, extensions, patterns with their bounds, spamtraps.
#include <criterion/criterion.h>
#include <string.h>

#include "control/lists/patterns.h"
#include "control/lists/recipients.h"

static struct bs_recipients *known;
static char why[PATTERNS_WHY];

static void begin(void)
{
	known = bs_recipients_new("+", false);
	cr_assert_not_null(known);
	bs_recipients_are_listed(known);
}

static void end(void)
{
	bs_recipients_free(known);
}

TestSuite(recipients, .init = begin, .fini = end);

static void expect(const char *local, const char *domain, enum bs_recipient answer)
{
	cr_expect_eq(bs_recipients_find(known, local, domain), answer, "%s@%s", local, domain);
}

Test(recipients, entries)
{
	cr_assert(bs_recipients_add(known, "user@example.org"));
	cr_assert(bs_recipients_add(known, "info@"));
	cr_assert(bs_recipients_add(known, "@all.example"));
	cr_assert(bs_recipients_add(known, "a+b@example.org"));
	expect("user", "example.org", BS_RECIPIENT_LISTED);
	expect("USER", "example.org", BS_RECIPIENT_LISTED);
	expect("user+news", "example.org", BS_RECIPIENT_LISTED);
	expect("user-news", "example.org", BS_RECIPIENT_UNKNOWN);
	expect("use", "example.org", BS_RECIPIENT_UNKNOWN);
	expect("user", "example.net", BS_RECIPIENT_UNKNOWN);
	expect("info", "example.net", BS_RECIPIENT_LISTED);
	expect("info+x", "example.net", BS_RECIPIENT_LISTED);
	expect("anybody", "all.example", BS_RECIPIENT_LISTED);
	expect("anybody", "a.all.example", BS_RECIPIENT_UNKNOWN);
	expect("a+b", "example.org", BS_RECIPIENT_LISTED);
	expect("a+c", "example.org", BS_RECIPIENT_UNKNOWN);
	expect("a", "example.org", BS_RECIPIENT_UNKNOWN);
	expect("+user", "example.org", BS_RECIPIENT_UNKNOWN);
	expect("", "example.org", BS_RECIPIENT_UNKNOWN);
}

Test(recipients, who_is_always_asked_for)
{
	expect("postmaster", "example.org", BS_RECIPIENT_ASK);
	expect("Abuse", "example.org", BS_RECIPIENT_ASK);
	expect("webmaster", "example.org", BS_RECIPIENT_UNKNOWN);
	cr_expect_eq(bs_recipients_find(NULL, "x", "example.org"), BS_RECIPIENT_ASK);
	cr_expect_not(bs_recipients_trap(NULL, "x", "example.org"));
	struct bs_recipients *asking = bs_recipients_new("", true);
	cr_expect_eq(bs_recipients_find(asking, "x", "example.org"), BS_RECIPIENT_ASK);
	bs_recipients_are_listed(asking);
	cr_assert(bs_recipients_add(asking, "y@example.org"));
	cr_expect_eq(bs_recipients_find(asking, "x", "example.org"), BS_RECIPIENT_ASK);
	cr_expect_eq(bs_recipients_find(asking, "y", "example.org"), BS_RECIPIENT_LISTED);
	bs_recipients_free(asking);
}

Test(recipients, traps_alone_say_nothing_of_others)
{
	struct bs_recipients *traps = bs_recipients_new("+", false);

	cr_assert(bs_recipients_add_trap(traps, "trap@example.org"));
	cr_assert(bs_recipients_add_trap(traps, "@old.example"));
	cr_expect_eq(bs_recipients_find(traps, "x", "example.org"), BS_RECIPIENT_ASK);
	cr_expect(bs_recipients_trap(traps, "Trap", "example.org"));
	cr_expect(bs_recipients_trap(traps, "trap+x", "example.org"));
	cr_expect(bs_recipients_trap(traps, "x", "old.example"));
	cr_expect_not(bs_recipients_trap(traps, "x", "example.org"));
	cr_expect(bs_recipients_have_traps(traps));
	cr_expect_not(bs_recipients_have_traps(known));
	bs_recipients_free(traps);
}

Test(recipients, patterns)
{
	cr_assert(bs_recipients_add_pattern(known, "sales-[0-9]+@example[.]org", why));
	cr_assert(bs_recipients_add_pattern(known, "(a|b)\\d?@example[.](org|net)", why));
	expect("sales-12", "example.org", BS_RECIPIENT_LISTED);
	expect("SALES-12", "example.org", BS_RECIPIENT_LISTED);
	expect("xsales-12", "example.org", BS_RECIPIENT_UNKNOWN); // the whole address
	expect("sales-12", "example.org.evil", BS_RECIPIENT_UNKNOWN);
	expect("b7", "example.net", BS_RECIPIENT_LISTED);
	expect("b77", "example.net", BS_RECIPIENT_UNKNOWN);
}

// A pattern that would take years ends, and nobody is refused for it.
Test(recipients, patterns_give_up)
{
	char local[65];

	memset(local, 'a', 64);
	local[64] = '\0';
	cr_assert(bs_recipients_add_pattern(known, "(a+)+(a+)+(a+)+b@example[.]org", why));
	expect(local, "example.org", BS_RECIPIENT_ASK);
	expect("c", "example.org", BS_RECIPIENT_UNKNOWN);
	cr_assert(bs_recipients_add_pattern(known, "a*@example[.]org", why));
	expect(local, "example.org", BS_RECIPIENT_LISTED);
}

Test(recipients, bad_patterns)
{
	cr_expect_not(bs_recipients_add_pattern(known, "[a", why));
	cr_expect_not_null(strstr(why, "is no pattern: "));
	cr_expect_not(bs_recipients_add_pattern(known, "/a@b/i", why));
	cr_expect_not_null(strstr(why, "without: it must match the whole address"));
	cr_expect_not(bs_recipients_add_pattern(known, "(*UTF)a", why));
	cr_expect_not(bs_recipients_add_pattern(known, "a\\Cb", why));
	for (unsigned i = 0; i < PATTERNS_MOST; i++)
		cr_assert(bs_recipients_add_pattern(known, "x@y", why));
	cr_expect_not(bs_recipients_add_pattern(known, "x@y", why));
	cr_expect_str_eq(why, "is one of more than 100 patterns; join some with |");
}

Test(recipients, longer_than_any_address)
{
	char local[100], domain[400];

	memset(local, 'a', sizeof(local));
	memset(domain, 'b', sizeof(domain));
	local[99] = domain[399] = '\0';
	cr_assert(bs_recipients_add(known, "@example.org"));
	cr_assert(bs_recipients_add_trap(known, "@example.org"));
	expect(local, "example.org", BS_RECIPIENT_UNKNOWN);
	expect("a", domain, BS_RECIPIENT_UNKNOWN);
	cr_expect_not(bs_recipients_trap(known, local, "example.org"));
}
