// SPDX-License-Identifier: BSD-3-Clause
//
// Who comes before whom: allow beats deny on either side, runtime and lists, with what must be confirmed first.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/lists/names.h"
#include "smtp/judge/precedence.h"

enum {
	ALLOW = 10,
	DENY,
	RELAY,
	SENDER_ALLOW,
	SENDER_ANY,
	SENDER_DENY,
	RCPT_ALLOW,
	RCPT_DENY,
	NAME_ALLOW,
	HELO_ALLOW,
	HELO_DENY,
	SEEN,
	CLASSES
};

static struct bs_policy policy;
static struct mailbox sender = {.local = "Bob", .domain = "friend.example"};
static struct mailbox recipient = {.local = "alice", .domain = "example.org"};
static struct facts facts;

static void class(unsigned row, const char *name, uint8_t action)
{
	snprintf(policy.class[row].name, sizeof(policy.class[row].name), "%s", name);
	policy.class[row].action = action;
}

static void setup(void)
{
	struct bs_names *names = bs_names_new("+");
	memset(&policy, 0, sizeof(policy));
	class(ALLOW, "allow", BS_ACTION_ALLOW);
	class(DENY, "deny", BS_ACTION_REFUSE);
	class(RELAY, "relay", BS_ACTION_RELAY);
	class(SENDER_ALLOW, "sender-allow", BS_ACTION_ALLOW);
	class(SENDER_ANY, "sender-any", BS_ACTION_ALLOW);
	policy.class[SENDER_ANY].unverified = true;
	class(SENDER_DENY, "sender-deny", BS_ACTION_REFUSE);
	class(RCPT_ALLOW, "rcpt-allow", BS_ACTION_ALLOW);
	class(RCPT_DENY, "rcpt-deny", BS_ACTION_REFUSE);
	class(NAME_ALLOW, "name-allow", BS_ACTION_ALLOW);
	class(HELO_ALLOW, "helo-allow", BS_ACTION_ALLOW);
	class(HELO_DENY, "helo-deny", BS_ACTION_REFUSE);
	class(SEEN, "seen", BS_ACTION_OBSERVE);
	policy.class_count = CLASSES;
	cr_assert(bs_names_add(names, BS_NAMES_SENDER, "friend.example", SENDER_ALLOW, true));
	cr_assert(bs_names_add(names, BS_NAMES_SENDER, "any.example", SENDER_ANY, true));
	cr_assert(bs_names_add(names, BS_NAMES_SENDER, "foe.example", SENDER_DENY, false));
	cr_assert(bs_names_add(names, BS_NAMES_SENDER, "seen.example", SEEN, false));
	cr_assert(bs_names_add(names, BS_NAMES_RECIPIENT, "open@example.org", RCPT_ALLOW, true));
	cr_assert(bs_names_add(names, BS_NAMES_RECIPIENT, "closed@example.org", RCPT_DENY, false));
	cr_assert(bs_names_add(names, BS_NAMES_CLIENT, ".good.example", NAME_ALLOW, true));
	cr_assert(bs_names_add(names, BS_NAMES_HELO, "mx.good.example", HELO_ALLOW, true));
	cr_assert(bs_names_add(names, BS_NAMES_HELO, "bad.example", HELO_DENY, false));
	policy.names = names;
	facts = (struct facts){.helo = "plain.example", .sender = &sender, .recipient = &recipient};
	cr_assert(bs_address_parse("192.0.2.7", &facts.client));
	snprintf(sender.domain, sizeof(sender.domain), "other.example");
	snprintf(recipient.local, sizeof(recipient.local), "alice");
}

static void teardown(void)
{
	bs_names_free((struct bs_names *)policy.names);
}

TestSuite(precedence, .init = setup, .fini = teardown);

static struct precedence find(const char *name, bool helo_is_client)
{
	return precedence_find(&facts, &policy, name, helo_is_client);
}

static void from(const char *domain)
{
	snprintf(sender.domain, sizeof(sender.domain), "%s", domain);
}

static void to(const char *local)
{
	snprintf(recipient.local, sizeof(recipient.local), "%s", local);
}

Test(precedence, plain_goes_to_the_checks)
{
	cr_assert_eq(find("host.example", false).kind, PRECEDENCE_CHECKS);
}

Test(precedence, an_allowed_client_beats_all)
{
	facts.class = ALLOW;
	from("foe.example");
	to("closed");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_ALLOWED);
}

Test(precedence, a_denied_client_is_told_which_list)
{
	char text[256];
	facts.class = DENY;
	struct precedence one = find(NULL, false);
	cr_assert_eq(one.kind, PRECEDENCE_DENIED);
	precedence_text(&one, &facts, &policy, text, sizeof(text));
	cr_assert_str_eq(text, "Service unavailable; Client host [192.0.2.7] blocked using deny");
}

Test(precedence, an_allowed_recipient_beats_denied_client_and_sender)
{
	facts.class = DENY;
	from("foe.example");
	to("open");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_ALLOWED);
	to("Postmaster");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_ALLOWED);
	to("abuse");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_ALLOWED);
	to("closed");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_DENIED);
}

Test(precedence, an_allowed_sender_wants_spf_unless_unverified)
{
	facts.class = DENY;
	from("friend.example");
	struct precedence one = find(NULL, false);
	cr_assert_eq(one.kind, PRECEDENCE_ALLOWED_IF_SPF);
	cr_assert_eq(one.otherwise, PRECEDENCE_DENIED);
	facts.class = BS_CLASS_PLAIN;
	one = find(NULL, false);
	cr_assert_eq(one.kind, PRECEDENCE_ALLOWED_IF_SPF);
	cr_assert_eq(one.otherwise, PRECEDENCE_CHECKS);
	from("any.example");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_ALLOWED);
}

Test(precedence, senders_and_recipients_are_denied_by_name)
{
	char text[256];
	from("foe.example");
	struct precedence one = find(NULL, false);
	cr_assert_eq(one.kind, PRECEDENCE_DENIED);
	precedence_text(&one, &facts, &policy, text, sizeof(text));
	cr_assert_str_eq(
		text, "<Bob@foe.example>: Sender address rejected: Access denied (sender-deny)");
	from("other.example");
	to("closed");
	one = find(NULL, false);
	precedence_text(&one, &facts, &policy, text, sizeof(text));
	cr_assert_str_eq(text,
		"<closed@example.org>: Recipient address rejected: Access denied (rcpt-deny)");
}

Test(precedence, a_name_is_believed_when_confirmed_and_a_helo_when_it_leads_to_the_client)
{
	cr_assert_eq(find("mx.good.example", false).kind, PRECEDENCE_ALLOWED);
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_CHECKS);
	facts.helo = "mx.good.example";
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_CHECKS);
	cr_assert_eq(find(NULL, true).kind, PRECEDENCE_ALLOWED);
	facts.helo = "Bad.Example";
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_DENIED, "a deny list needs no proof");
}

Test(precedence, an_observed_list_denies_nobody)
{
	from("seen.example");
	struct precedence one = find(NULL, false);
	cr_assert_eq(one.kind, PRECEDENCE_CHECKS);
	cr_assert(one.observed);
	cr_assert_eq(one.observed_class, SEEN);
}

Test(precedence, a_trusted_relay_is_judged_by_envelope_only)
{
	facts.class = RELAY;
	facts.helo = "bad.example";
	struct precedence one = find("mx.good.example", true);
	cr_assert_eq(one.kind, PRECEDENCE_CHECKS, "neither helped nor harmed by its names");
	cr_assert(one.relay);
	to("closed");
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_DENIED);
}

Test(precedence, what_is_not_known_yet_is_left_out)
{
	facts.sender = NULL;
	facts.recipient = NULL;
	facts.helo = "";
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_CHECKS);
	facts.class = DENY;
	cr_assert_eq(find(NULL, false).kind, PRECEDENCE_DENIED);
}
