// SPDX-License-Identifier: BSD-3-Clause
//
// The files of recipients { } while a base is built: see control/policy/policy_lists.h.
#include "control/policy/policy_lists.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control/configuration/config_keys.h"
#include "control/lists/name_file.h"
#include "control/lists/patterns.h"

struct adding {
	struct bs_recipients *recipients;
	bool (*add)(struct bs_recipients *recipients, const char *entry);
	struct list_numbers numbers;
};

static bool take(void *context, const char *entry)
{
	struct adding *adding = context;

	return adding->add(adding->recipients, entry) &&
	       list_numbers_add(&adding->numbers, list_number_of_text(entry));
}

static bool readable(const struct config *config, const char *key, const char *file, FILE *errors)
{
	char place[CONFIG_PLACE];

	if (access(file, R_OK) == 0)
		return true;
	int error = errno;

	fprintf(errors, "%s: recipients.%s: %s can't be read: %s; make it, or correct its name\n",
		config_key_place(config, "recipients", key, place), key, file, strerror(error));
	return false;
}

static bool add_patterns(struct adding *adding, const char *file, FILE *errors)
{
	struct list_lines lines;
	char *text, copy[LIST_QUOTED], why[PATTERNS_WHY];

	if (!list_lines_open(&lines, file, errors))
		return false;
	while ((text = list_lines_next(&lines)) != NULL) {
		if (*text == '#') // a # further on may be of the pattern
			continue;
		if (!bs_recipients_add_pattern(adding->recipients, text, why)) {
			if (list_lines_fault(&lines))
				fprintf(errors, "\"%s\" %s\n", list_quoted(text, copy), why);
		} else if (!list_numbers_add(&adding->numbers, list_number_of_text(text))) {
			list_lines_stop(&lines);
			fprintf(errors, "no memory; free some\n");
		}
	}
	return list_lines_close(&lines);
}

static bool add_catch_all(struct adding *adding, const struct config *config, FILE *errors)
{
	for (size_t i = 0; i < config->catch_all_count; i++) {
		char entry[260];

		snprintf(entry, sizeof(entry), "@%s", config->catch_all[i]);
		if (!take(adding, entry)) {
			fprintf(errors, "%s: no memory; free some\n", config->file);
			return false;
		}
	}
	return true;
}

static bool add_files(struct adding *adding, const struct config *config, const char *key,
	char *const *files, size_t count, FILE *errors)
{
	bool good = true;
	size_t entries;

	for (size_t i = 0; i < count; i++)
		good &= readable(config, key, files[i], errors) &&
			name_file_read(
				files[i], NAME_FILE_RECIPIENTS, take, adding, &entries, errors);
	return good;
}

bool policy_recipients_add(struct policy_base *base, const struct config *config, FILE *errors)
{
	struct adding known = {.add = bs_recipients_add}, traps = {.add = bs_recipients_add_trap};
	bool listed = config->recipient_file_count + config->pattern_file_count +
			      config->catch_all_count >
		      0,
	     good;

	if (!listed && config->spamtrap_file_count == 0)
		return true;
	base->recipients = bs_recipients_new(config->delimiter, config->ask_backend);
	if (base->recipients == NULL) {
		fprintf(errors, "%s: no memory; free some\n", config->file);
		return false;
	}
	known.recipients = traps.recipients = base->recipients;
	if (listed)
		bs_recipients_are_listed(base->recipients);
	good = add_files(&known, config, "files", config->recipient_files,
		config->recipient_file_count, errors);
	for (size_t i = 0; i < config->pattern_file_count; i++)
		good &= readable(config, "regex-files", config->pattern_files[i], errors) &&
			add_patterns(&known, config->pattern_files[i], errors);
	good &= add_catch_all(&known, config, errors);
	good &= add_files(&traps, config, "spamtraps", config->spamtrap_files,
		config->spamtrap_file_count, errors);
	list_numbers_give(&known.numbers, &base->recipient_lists[0], "recipients.files");
	list_numbers_give(&traps.numbers, &base->recipient_lists[1], "recipients.spamtraps");
	return good;
}
