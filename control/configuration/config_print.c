// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration as a file again: every key with its sentence, its default and the value in force.
#include "control/configuration/config_print.h"

#include <string.h>

#include "control/configuration/config_policy.h"
#include "control/configuration/config_titled.h"
#include "control/configuration/config_values.h"

#define COLUMNS 96

// "# text", broken at blanks.
static void print_comment(const char *indent, const char *text, FILE *out)
{
	while (*text != '\0') {
		size_t length = strlen(text), room = COLUMNS - strlen(indent);

		if (length > room) {
			for (length = room; length > 0 && text[length] != ' '; length--)
				;
			if (length == 0)
				length = strcspn(text, " ");
		}
		fprintf(out, "%s# %.*s\n", indent, (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
}

void config_print_comment(const struct config_key *key, FILE *out)
{
	const char *indent = key->section[0] == '\0' ? "" : "\t";
	char text[CONFIG_STANDARD];
	const char *standard = config_value_standard(key, text);

	print_comment(indent, key->sentence, out);
	if (key->needed)
		fprintf(out, "%s# Must be set.\n", indent);
	else if (standard != NULL && key->kind == KIND_WORD)
		fprintf(out, "%s# Default: \"%s\".\n", indent, standard);
	else if (standard != NULL && config_value_has_range(key)) {
		fprintf(out, "%s# Default: %s; ", indent, standard);
		config_value_print_range(key, out);
		fputs(".\n", out);
	} else if (standard != NULL && config_key_is_list(key))
		fprintf(out, "%s# Default: {}.\n", indent);
	else if (standard != NULL)
		fprintf(out, "%s# Default: \"%s\".\n", indent, standard);
}

static void print_keys(const char *section, const void *base, FILE *out)
{
	bool first = true;

	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (strcmp(key->section, section) != 0 ||
			(key->inherits && !config_policy_has(base, key)))
			continue;
		if (!first)
			fputc('\n', out);
		first = false;
		config_print_comment(key, out);
		fprintf(out, "%s%s = ", section[0] == '\0' ? "" : "\t", key->name);
		config_value_print(key, base, out);
		fputc('\n', out);
	}
}

static void print_titled(const struct config_section_row *row, const struct config_titled *titled,
	const void *base, FILE *out)
{
	fprintf(out, "%s \"%s\" {\n", row->name, config_titled_name(titled, base));
	print_keys(row->name, base, out);
	fputs("}\n", out);
}

void config_print(const struct config *config, FILE *out)
{
	for (unsigned i = 0; i < config_section_count; i++) {
		const struct config_section_row *row = &config_sections[i];
		const struct config_titled *titled = config_titled_find(row->name);

		if (i > 0)
			fputc('\n', out);
		print_comment("", row->sentence, out);
		if (titled != NULL) {
			for (size_t n = 0; n < config_titled_number(config, titled); n++)
				print_titled(row, titled, config_titled_at(config, titled, n), out);
		} else if (row->name[0] == '\0') {
			print_keys("", config, out);
		} else {
			fprintf(out, "%s {\n", row->name);
			print_keys(row->name, config, out);
			fputs("}\n", out);
		}
	}
}
