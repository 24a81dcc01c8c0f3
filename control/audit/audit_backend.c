// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: the backend. A mail server is asked what it offers, and for a recipient that nobody has; no mail is sent.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "control/audit/audit_say.h"
#include "smtp/relay/relay_probe.h"

static void audit_maildir(struct audit *audit)
{
	const struct config *config = audit->config;
	const char *root = config->backend + 8;
	unsigned missing = 0;

	if (!audit_is_folder(root)) {
		audit_error(
			audit, "backend: there is no folder %s; make it: mkdir -p %s", root, root);
		return;
	}
	if (access(root, R_OK | W_OK | X_OK) != 0) {
		audit_error(audit, "backend: %s can't be written: %s; give its user or mount it rw",
			root, strerror(errno));
		return;
	}
	for (size_t i = 0; i < config->domain_count; i++) {
		char folder[PATH_MAX];
		int length = snprintf(folder, sizeof(folder), "%s/%s", root, config->domains[i]);

		if (length < (int)sizeof(folder) && audit_is_folder(folder))
			continue;
		missing++;
		audit_warning(audit,
			"backend: no folder for %s, all its recipients are unknown; make it: mkdir "
			"%s/%s",
			config->domains[i], root, config->domains[i]);
	}
	if (missing == 0)
		audit_ok(
			audit, "backend: %s can be written and has a folder for each domain", root);
}

// What it says of a recipient that can't be.
static void audit_recipient(
	struct audit *audit, const struct relay_probe *probe, const char *recipient)
{
	unsigned code = probe->recipient_code;

	if (code == 0)
		audit_warning(audit,
			"backend: it does not say whether it knows %s; look into its log",
			recipient);
	else if (code / 100 == 2)
		audit_warning(audit,
			"backend: it accepts any recipient (%s): mail to nobody comes in and "
			"bounces go "
			"out; have it check recipients (Postfix: local_recipient_maps, "
			"relay_recipient_maps)",
			recipient);
	else if (code / 100 == 4)
		audit_warning(audit,
			"backend: it answers %u for an unknown recipient, who is then tried for "
			"days; "
			"make it 550 5.1.1 (Postfix: unknown_local_recipient_reject_code)",
			code);
	else if (strcmp(probe->recipient_enhanced, "5.1.1") != 0)
		audit_warning(audit,
			"backend: it refuses an unknown recipient with %u %s: only 550 5.1.1 tells "
			"us that "
			"the recipient is the reason, so harvesters are neither counted nor kept "
			"off it; "
			"add the enhanced code there",
			code, probe->recipient_enhanced);
	else
		audit_ok(audit, "backend: it knows its recipients");
}

static void audit_server(struct audit *audit)
{
	const struct config *config = audit->config;
	struct relay_place place;
	struct relay_probe probe;
	char why[160], recipient[300];
	uint64_t random = 0;

	if (!relay_place_parse(config->backend, &place, why)) {
		audit_error(audit, "backend: %s", why);
		return;
	}
	if (getrandom(&random, sizeof(random), 0) < 0 || config->domain_count == 0)
		return;
	snprintf(recipient, sizeof(recipient), "barscreen-check-%" PRIx64 "@%s", random,
		config->domains[0]);
	if (!relay_probe(&place, config->hostname, recipient, NULL, &probe)) {
		audit_warning(audit,
			"backend: %s does not answer as a mail server: %s; start it, or correct "
			"the "
			"address; until then all mail is deferred",
			place.text, probe.why);
		return;
	}
	audit_ok(audit, "backend: %s answers", place.text);
	if (probe.offers.size != 0 &&
		(config->smtp.message_size == 0 || probe.offers.size < config->smtp.message_size))
		audit_warning(audit,
			"backend: it takes mails up to %" PRIu64
			" bytes, fewer than smtp.message-size; that is what we offer; make them "
			"equal",
			probe.offers.size);
	audit_recipient(audit, &probe, recipient);
}

void audit_backend(struct audit *audit)
{
	if (relay_place_is(audit->config->backend))
		audit_server(audit);
	else if (strncmp(audit->config->backend, "maildir:", 8) == 0)
		audit_maildir(audit);
}
