// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: folders, lists and rights. Ports, cores and memory are in control/audit/audit_device.c.
#include "control/audit/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/audit/audit_say.h"
#include "control/configuration/config_impairment.h"
#include "control/configuration/config_keys.h"

static void say(struct audit *audit, const char *degree, const char *format, va_list arguments)
{
	fprintf(audit->out, "check: %s: ", degree);
	vfprintf(audit->out, format, arguments);
	fputc('\n', audit->out);
}

void audit_error(struct audit *audit, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(audit, "error", format, arguments);
	va_end(arguments);
	audit->errors++;
}

void audit_warning(struct audit *audit, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(audit, "warning", format, arguments);
	va_end(arguments);
}

void audit_ok(struct audit *audit, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(audit, "ok", format, arguments);
	va_end(arguments);
}

bool audit_is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void audit_user(struct audit *audit)
{
	if (geteuid() == 0)
		audit_ok(audit, "we are root");
	else
		audit_error(audit,
			"not started by root: DPDK takes devices, memory and cores; start it with "
			"sudo, or as a system service");
}

// The base of policies is built as at the start, and thrown away. Its faults are one line each, with their cure.
static void audit_policy(struct audit *audit)
{
	char *faults = NULL, *rest = NULL;
	size_t size;
	FILE *memory = open_memstream(&faults, &size);
	struct policy_base *base;

	if (memory == NULL) {
		audit_error(audit, "no memory to look at the lists; free some");
		return;
	}
	base = policy_base_new(audit->config, memory);
	fclose(memory);
	for (char *line = strtok_r(faults, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest))
		(base == NULL ? audit_error : audit_warning)(audit, "%s", line);
	if (base != NULL)
		audit_ok(audit, "lists: %zu read", audit->config->list_count);
	else if (size == 0)
		audit_error(audit, "lists: no policy can be built; free some memory");
	if (base != NULL) {
		audit_lists(audit, base);
		audit_checks(audit, base);
		audit_resolvers(audit, base);
		audit_dns_lists(audit, base->dnsl, base->dnsl_count);
	}
	policy_base_free(base);
	free(faults);
}

const char *audit_list(const struct audit *audit, const char *name, char text[AUDIT_LIST])
{
	const struct config *config = audit->config;

	snprintf(text, AUDIT_LIST, "list \"%.63s\"", name);
	for (size_t i = 0; i < config->list_count; i++) {
		const struct config_list *list = &config->list[i];

		if (strcmp(list->name, name) == 0 && list->source != NULL)
			snprintf(text, AUDIT_LIST, "%.280s:%u: list \"%.63s\"", list->source,
				list->line, name);
	}
	return text;
}

static void audit_list_actions(struct audit *audit)
{
	char place[AUDIT_LIST];

	for (size_t i = 0; i < audit->config->list_count; i++) {
		const struct config_list *list = &audit->config->list[i];

		if (list->action == BS_ACTION_DROP || list->action == BS_ACTION_STUTTER ||
			(list->action == BS_ACTION_REFUSE &&
				list->refuse_at == BS_REFUSE_AT_CONNECT))
			audit_warning(audit,
				"%s: its clients can't reach postmaster either; use action = "
				"refuse "
				"with refuse-at = rcpt if they should",
				audit_list(audit, list->name, place));
	}
}

static void audit_verdicts(struct audit *audit)
{
	const struct bs_verdict_rules *rules = &audit->config->smtp.verdicts;
	bool given = rules->refused_sessions != 0 || rules->unknown_recipients != 0 ||
		     rules->early_talks != 0;

	if (given && rules->action != BS_VERDICT_OBSERVE)
		audit_ok(audit,
			"verdicts: a source with one can't reach postmaster either, for %" PRIu32
			" s; barscreenctl sources shows and clears them",
			rules->lifetime_ms / 1000);
}

// `made`: barscreen makes the last folder of the path itself.
static void audit_folder_of(struct audit *audit, const char *what, const char *path, bool made)
{
	char copy[PATH_MAX];
	const char *folder;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (made && !audit_is_folder(folder))
		folder = dirname(copy);
	if (!audit_is_folder(folder))
		audit_error(audit, "%s: there is no folder %s; make it: mkdir -p %s", what, folder,
			folder);
	else if (access(folder, W_OK | X_OK) != 0)
		audit_error(audit, "%s: %s can't be written: %s; give it to our user", what, folder,
			strerror(errno));
	else
		audit_ok(audit, "%s: %s can be written", what, folder);
}

static void audit_contact(struct audit *audit)
{
	if (audit->config->contact[0] == '\0')
		audit_warning(audit,
			"contact is not set: a good sender who is refused has nobody to ask; add "
			"contact = \"https://...\"");
	else
		audit_ok(audit, "contact is said in refusals");
}

static void audit_impairment(struct audit *audit)
{
	char words[200], place[CONFIG_PLACE];

	const struct config_key *key = config_impairment(audit->config, words, sizeof(words));
	if (key == NULL)
		return;
	audit_warning(audit,
		"%s: impairment { }: packets meet faults on purpose (%s), and mail suffers from "
		"it; take the section out",
		config_key_place(audit->config, key->section, key->name, place), words);
}

unsigned config_audit(const struct config *config, FILE *out)
{
	struct audit audit = {.config = config, .out = out};

	// config_read() refuses patterns: only domains named one by one are taken, all else is relaying.
	audit_ok(&audit, "no open relay: mail is taken for %zu domain%s only", config->domain_count,
		config->domain_count == 1 ? "" : "s");
	audit_user(&audit);
	audit_devices(&audit);
	audit_backend(&audit);
	audit_policy(&audit);
	audit_list_actions(&audit);
	audit_verdicts(&audit);
	audit_folder_of(&audit, "control-socket", config->control_socket, true);
	if (strncmp(config->log, "file:", 5) == 0)
		audit_folder_of(&audit, "log", config->log + 5, false);
	audit_contact(&audit);
	audit_impairment(&audit);
	return audit.errors;
}
