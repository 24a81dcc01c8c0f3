// SPDX-License-Identifier: BSD-3-Clause
#include "control/lists/recipients.h"

#include <stdlib.h>
#include <string.h>

#include "control/lists/address_text.h"
#include "control/lists/name_set.h"
#include "control/lists/patterns.h"

#define DELIMITERS 8u

enum kind { KIND_LISTED, KIND_TRAP };

struct bs_recipients {
	struct name_set *set;
	struct patterns *patterns;
	char delimiters[DELIMITERS + 1];
	bool ask_backend;
	bool listed, traps;
};

struct bs_recipients *bs_recipients_new(const char *delimiters, bool ask_backend)
{
	struct bs_recipients *recipients = calloc(1, sizeof(*recipients));

	if (recipients == NULL)
		return NULL;
	strncpy(recipients->delimiters, delimiters, DELIMITERS);
	recipients->ask_backend = ask_backend;
	recipients->set = name_set_new();
	recipients->patterns = patterns_new();
	if (recipients->set != NULL && recipients->patterns != NULL)
		return recipients;
	bs_recipients_free(recipients);
	return NULL;
}

void bs_recipients_free(struct bs_recipients *recipients)
{
	if (recipients == NULL)
		return;
	name_set_free(recipients->set);
	patterns_free(recipients->patterns);
	free(recipients);
}

bool bs_recipients_add(struct bs_recipients *recipients, const char *entry)
{
	return name_set_add(recipients->set, KIND_LISTED, entry, strlen(entry), 0);
}

bool bs_recipients_add_trap(struct bs_recipients *recipients, const char *entry)
{
	recipients->traps = true;
	return name_set_add(recipients->set, KIND_TRAP, entry, strlen(entry), 0);
}

bool bs_recipients_add_pattern(struct bs_recipients *recipients, const char *pattern, char *why)
{
	return patterns_add(recipients->patterns, pattern, why);
}

void bs_recipients_are_listed(struct bs_recipients *recipients)
{
	recipients->listed = true;
}

static bool has(
	const struct bs_recipients *recipients, enum kind kind, const char *text, size_t length)
{
	struct name_set_numbers numbers = {0};

	return name_set_find(recipients->set, (uint8_t)kind, text, length, &numbers);
}

// user@domain or user@; without the extension when `strip`.
static bool has_address(const struct bs_recipients *recipients, enum kind kind,
	const struct address_text *written, bool strip)
{
	struct address_text address = *written;

	if (strip) {
		if (address.without == address.local)
			return false;
		address_text_strip(&address);
	}
	return has(recipients, kind, address.text, address.length) ||
	       has(recipients, kind, address.text, address.local + 1u);
}

// @domain
static bool has_domain(
	const struct bs_recipients *recipients, enum kind kind, const struct address_text *address)
{
	return has(recipients, kind, address->text + address->local,
		(size_t)address->length - address->local);
}

// The local part is `name`.
static bool local_is(const struct address_text *address, const char *name)
{
	size_t length = strlen(name);

	return address->local == length && memcmp(address->text, name, length) == 0;
}

enum bs_recipient bs_recipients_find(
	const struct bs_recipients *recipients, const char *local, const char *domain)
{
	struct address_text address;

	if (recipients == NULL || !recipients->listed)
		return BS_RECIPIENT_ASK;
	if (!address_text_set(&address, local, domain, recipients->delimiters))
		return BS_RECIPIENT_UNKNOWN; // longer than an entry can be
	if (has_address(recipients, KIND_LISTED, &address, false) ||
		has_address(recipients, KIND_LISTED, &address, true) ||
		has_domain(recipients, KIND_LISTED, &address))
		return BS_RECIPIENT_LISTED;
	switch (patterns_match(recipients->patterns, address.text, address.length)) {
	case PATTERNS_MATCH:
		return BS_RECIPIENT_LISTED;
	case PATTERNS_GAVE_UP: // prefer false negatives
		return BS_RECIPIENT_ASK;
	case PATTERNS_NONE:
		break;
	}
	if (recipients->ask_backend || local_is(&address, "postmaster") ||
		local_is(&address, "abuse"))
		return BS_RECIPIENT_ASK;
	return BS_RECIPIENT_UNKNOWN;
}

bool bs_recipients_trap(
	const struct bs_recipients *recipients, const char *local, const char *domain)
{
	struct address_text address;

	return recipients != NULL && recipients->traps &&
	       address_text_set(&address, local, domain, recipients->delimiters) &&
	       (has_address(recipients, KIND_TRAP, &address, false) ||
		       has_address(recipients, KIND_TRAP, &address, true) ||
		       has_domain(recipients, KIND_TRAP, &address));
}

bool bs_recipients_have_traps(const struct bs_recipients *recipients)
{
	return recipients != NULL && recipients->traps;
}
