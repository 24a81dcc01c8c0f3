// SPDX-License-Identifier: BSD-3-Clause
//
// The texts that the dataplane sends by itself.
//
// RFC 5321, 4.2 and 4.3.1: 220, 221 and 421 begin with our domain, and so does a 554 that stands for the greeting
// (3.1). RFC 2034, section 4: no enhanced code in the greeting nor in an answer to EHLO or HELO. So 421 has none
// where it is the greeting or answers the first command (busy, draining), and has one where nothing was asked
// (timeout).
#include "control/policy/templates.h"

#include <stdio.h>
#include <string.h>

#include "control/configuration/config.h"

struct text {
	const char *before; // the hostname
	const char *after;
	bool named;   // has the hostname
	bool refusal; // says whom to ask
};

static const struct text texts[BS_TEMPLATES] = {
	[BS_TEMPLATE_NONE] = {"", "", false, false},
	[BS_TEMPLATE_GREETING] = {"220 ", " ESMTP", true, false},
	[BS_TEMPLATE_TEASER] = {"220-", " ", true, false},  // and the operator's words
	[BS_TEMPLATE_PREGREET] = {"554 ", " ", true, true}, // and the reply of early-talk
	[BS_TEMPLATE_DENIED] = {"554 ", " your address is on a deny list of this server", true,
		true},
	[BS_TEMPLATE_SYNC] = {"554 5.5.0 you spoke before the greeting arrived; wait for 220", "",
		false, true},
	[BS_TEMPLATE_SEQUENCE] = {"503 5.5.1 you were refused above; send QUIT", "", false, false},
	[BS_TEMPLATE_BYE] = {"221 2.0.0 ", " closing the connection", true, false},
	[BS_TEMPLATE_BUSY] = {"421 ", " too many clients at once; try again later", true, false},
	[BS_TEMPLATE_DRAINING] = {"421 ", " the service is stopping; try again later", true, false},
	[BS_TEMPLATE_TIMEOUT] = {"421 4.4.2 ", " no command came in time", true, false},
	[BS_TEMPLATE_CROWDED] = {"421 ", " too many connections from your network; try again later",
		true, false},
	[BS_TEMPLATE_RATE] = {"421 ", " too many connections, try again later", true, false},
	[BS_TEMPLATE_STUTTER] = {"554-", " your network is refused here for a while", true, false},
#define X(identifier, name, sentence) \
	[BS_TEMPLATE_VERDICT_##identifier] = { \
		"554 ", " refused for a while: your network " sentence, true, true},
	BS_VERDICTS(X)
#undef X
		[BS_TEMPLATE_KILLED] = {"421 4.7.0 ", " connection ended by the operator", true,
			false},
};

bool templates_compose(const struct template_words *words, struct bs_template_set *set)
{
	memset(set, 0, sizeof(*set)); // two sets are compared as bytes
	for (unsigned i = BS_TEMPLATE_NONE + 1; i < BS_TEMPLATES; i++) {
		const struct text *text = &texts[i];
		struct bs_template *template = &set->template[i];
		bool asks = text->refusal && words->contact[0] != '\0';
		const char *own = i == BS_TEMPLATE_TEASER     ? words->teaser
				  : i == BS_TEMPLATE_PREGREET ? words->early_talk
							      : "";

		if (i == BS_TEMPLATE_TEASER && own[0] == '\0')
			continue;
		int length = snprintf(template->text, sizeof(template->text), "%s%s%s%s%s%s\r\n",
			text->before, text->named ? words->hostname : "", text->after, own,
			asks ? "; contact: " : "", asks ? words->contact : "");

		if (length < 0 || (size_t)length >= sizeof(template->text))
			return false;
		template->length = (uint16_t)length;
	}
	return true;
}

struct template_words template_words_of(const struct config *config)
{
	return (struct template_words){.hostname = config->hostname,
		.contact = config->contact,
		.teaser = config->teaser,
		.early_talk = config->smtp.reply[BS_CHECK_EARLY_TALK]};
}

int templates_choose(struct template_sets *sets, const struct bs_template_set *wanted,
	bool (*may_write)(const void *self, unsigned number), const void *self)
{
	for (unsigned i = 0; i < BS_TEMPLATE_SETS; i++)
		if (memcmp(&sets->set[i], wanted, sizeof(*wanted)) == 0)
			return (int)i;
	for (unsigned i = 0; i < BS_TEMPLATE_SETS; i++) {
		if (!may_write(self, i))
			continue;
		sets->set[i] = *wanted;
		return (int)i;
	}
	return -1;
}
