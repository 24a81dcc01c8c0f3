// SPDX-License-Identifier: BSD-3-Clause
//
// Who exists, as far as the configuration's files tell (recipients { }), and who is a spamtrap. A leaf for readers. Immutable once
// published; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bs_recipients;

enum bs_recipient {
	BS_RECIPIENT_ASK,    // nothing is known: the backend says it
	BS_RECIPIENT_LISTED, // in a list; the backend has the last word, since it must take the mail
	BS_RECIPIENT_UNKNOWN, // in no list, and the lists are all there is
};

// Looks for local@domain, then without its extension, then for the local part in all domains and for all of the domain, then for a
// pattern. `recipients` NULL: ASK. Postmaster and abuse are ASK when in no list (RFC 5321, 4.5.1; RFC 2142). Case does not count.
enum bs_recipient bs_recipients_find(
	const struct bs_recipients *recipients, const char *local, const char *domain);

// The address is a spamtrap: never given to anybody, so who writes to it found it by harvesting.
bool bs_recipients_trap(
	const struct bs_recipients *recipients, const char *local, const char *domain);
bool bs_recipients_have_traps(const struct bs_recipients *recipients);

// Building, control only. `delimiters` as in control/lists/names.h. NULL without memory.
struct bs_recipients *bs_recipients_new(const char *delimiters, bool ask_backend);
void bs_recipients_free(struct bs_recipients *recipients);
// Entries in lower case: user@domain, user@ or @domain (control/lists/name_file.h reads such). False without memory.
bool bs_recipients_add(struct bs_recipients *recipients, const char *entry);
bool bs_recipients_add_trap(struct bs_recipients *recipients, const char *entry);
// A pattern for whole addresses (control/lists/patterns.h). False with a reason in `why`, of PATTERNS_WHY bytes.
bool bs_recipients_add_pattern(struct bs_recipients *recipients, const char *pattern, char *why);
// There are lists, even if they are empty: who is in none of them is unknown.
void bs_recipients_are_listed(struct bs_recipients *recipients);
