// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/judge/precedence.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/lists/names.h"

static void deny(struct precedence *precedence, enum precedence_of of, uint8_t class)
{
	if (precedence->otherwise == PRECEDENCE_DENIED)
		return;
	precedence->otherwise = PRECEDENCE_DENIED;
	precedence->of = (uint8_t)of;
	precedence->class = class;
}

static void observe(struct precedence *precedence, enum precedence_of of, uint8_t class)
{
	if (precedence->observed)
		return;
	precedence->observed = true;
	precedence->observed_of = (uint8_t)of;
	precedence->observed_class = class;
}

static void allow(struct precedence *precedence, enum precedence_kind kind, enum precedence_of of,
	uint8_t class)
{
	if (precedence->kind == PRECEDENCE_ALLOWED)
		return;
	precedence->kind = (uint8_t)kind;
	if (precedence->otherwise == PRECEDENCE_DENIED)
		return; // the place of the denial is kept for when SPF does not pass
	precedence->of = (uint8_t)of;
	precedence->class = class;
}

// A class whose SYNs are dropped or that is told a stutter came into force during this session.
static bool denies(uint8_t action)
{
	return action == BS_ACTION_REFUSE || action == BS_ACTION_DROP ||
	       action == BS_ACTION_STUTTER;
}

static void lower(char *out, size_t room, const char *text)
{
	size_t i = 0;
	for (; i < room - 1 && text[i] != 0; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[i] = 0;
}

// What the lists of one kind say; `trusted`: an allow list counts, `kind` is then what it comes to.
static void look(struct precedence *precedence, const struct bs_policy *policy,
	enum precedence_of of, enum bs_names_of names, const char *local, const char *domain,
	bool trusted)
{
	uint8_t row[BS_NAMES_ROWS];
	char low_local[MAILBOX_LOCAL + 1], low_domain[MAILBOX_DOMAIN + 1];
	if (policy->names == NULL || domain[0] == 0)
		return;
	lower(low_domain, sizeof(low_domain), domain);
	if (local != NULL)
		lower(low_local, sizeof(low_local), local);
	unsigned count = bs_names_find(
		policy->names, names, local == NULL ? NULL : low_local, low_domain, row);
	for (unsigned i = 0; i < count; i++) {
		const struct bs_class *class = &policy->class[row[i]];
		if (class->action == BS_ACTION_OBSERVE)
			observe(precedence, of, row[i]);
		else if (denies(class->action))
			deny(precedence, of, row[i]);
		else if (class->action == BS_ACTION_ALLOW && trusted)
			allow(precedence,
				of == PRECEDENCE_OF_SENDER && !class->unverified
					? PRECEDENCE_ALLOWED_IF_SPF
					: PRECEDENCE_ALLOWED,
				of, row[i]);
	}
}

static bool is_always_reachable(const struct mailbox *recipient)
{
	return mailbox_local_is(recipient, "postmaster") || mailbox_local_is(recipient, "abuse");
}

static void look_at_envelope(
	struct precedence *precedence, const struct facts *facts, const struct bs_policy *policy)
{
	if (facts->recipient != NULL) {
		if (is_always_reachable(facts->recipient))
			allow(precedence, PRECEDENCE_ALLOWED, PRECEDENCE_OF_RECIPIENT,
				BS_CLASS_PLAIN);
		look(precedence, policy, PRECEDENCE_OF_RECIPIENT, BS_NAMES_RECIPIENT,
			facts->recipient->local, facts->recipient->domain, true);
	}
	if (facts->sender != NULL)
		look(precedence, policy, PRECEDENCE_OF_SENDER, BS_NAMES_SENDER,
			facts->sender->local, facts->sender->domain, true);
}

struct precedence precedence_find(const struct facts *facts, const struct bs_policy *policy,
	const char *client_name, bool helo_is_client)
{
	struct precedence precedence = {0};
	uint8_t action = policy->class[facts->class].action;
	if (action == BS_ACTION_ALLOW) {
		precedence.kind = PRECEDENCE_ALLOWED;
		precedence.class = facts->class;
		return precedence;
	}
	precedence.relay = action == BS_ACTION_RELAY;
	if (denies(action))
		deny(&precedence, PRECEDENCE_OF_CLIENT, facts->class);
	else if (action == BS_ACTION_OBSERVE)
		observe(&precedence, PRECEDENCE_OF_CLIENT, facts->class);
	if (!precedence.relay) {
		look(&precedence, policy, PRECEDENCE_OF_HELO, BS_NAMES_HELO, NULL, facts->helo,
			helo_is_client);
		if (client_name != NULL)
			look(&precedence, policy, PRECEDENCE_OF_NAME, BS_NAMES_CLIENT, NULL,
				client_name, true);
	}
	look_at_envelope(&precedence, facts, policy);
	if (precedence.kind == PRECEDENCE_CHECKS)
		precedence.kind = precedence.otherwise;
	return precedence;
}

void precedence_text(const struct precedence *precedence, const struct facts *facts,
	const struct bs_policy *policy, char *text, size_t room)
{
	const char *name = policy->class[precedence->class].name;
	char address[MAILBOX_TEXT], client[BS_ADDRESS_TEXT];
	switch ((enum precedence_of)precedence->of) {
	case PRECEDENCE_OF_CLIENT:
	case PRECEDENCE_OF_NAME:
		snprintf(text, room, "Service unavailable; Client host [%s] blocked using %s",
			bs_address_format(&facts->client, client), name);
		break;
	case PRECEDENCE_OF_HELO:
		snprintf(text, room, "<%.150s>: Helo command rejected: Access denied (%s)",
			facts->helo, name);
		break;
	case PRECEDENCE_OF_SENDER:
		snprintf(text, room, "<%.150s>: Sender address rejected: Access denied (%s)",
			facts->sender != NULL ? mailbox_format(facts->sender, address) : "", name);
		break;
	case PRECEDENCE_OF_RECIPIENT:
		snprintf(text, room, "<%.150s>: Recipient address rejected: Access denied (%s)",
			facts->recipient != NULL ? mailbox_format(facts->recipient, address) : "",
			name);
		break;
	}
}
