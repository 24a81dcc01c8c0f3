// SPDX-License-Identifier: BSD-3-Clause
//
// What the clients of a load say, and what they must be answered.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SCRIPT_STEPS    12u
#define SCRIPT_MAIL     4096u // bytes of an accepted mail, with its end
#define SCRIPT_TEXT_MAX (SCRIPT_MAIL + 1024u)

enum script_kind {
	SCRIPT_REFUSED,   // EHLO, MAIL, RCPT of an unknown recipient, QUIT
	SCRIPT_ACCEPTED,  // a mail of 4 KB
	SCRIPT_EARLY,     // speaks before the greeting and is refused; wants a wait
	SCRIPT_HARVESTER, // six unknown recipients, then it is told to leave
	SCRIPT_SILENT,    // waits for the greeting and leaves without a word
	SCRIPTS
};

// A step waits for a reply and then says something.
struct step {
	uint16_t code;       // of the reply; 0: there is nothing to wait for
	uint16_t begin, end; // of what is said, in the script's text; nothing: the client closes
	uint32_t sum;        // of it, for a TCP checksum
};

struct script {
	const char *name;
	struct step step[SCRIPT_STEPS];
	unsigned steps;
	uint16_t length; // of `text`
	char text[SCRIPT_TEXT_MAX];
};

// All of them. `unknown` and `known`: recipients; strings are copied.
void scripts_make(struct script script[SCRIPTS], const char *known, const char *unknown);

// The kind of that name, or SCRIPTS.
enum script_kind script_find(
	const struct script script[SCRIPTS], const char *name, unsigned length);
