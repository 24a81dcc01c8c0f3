// SPDX-License-Identifier: BSD-3-Clause
//
// Fills the manual pages' templates (doc/man/*.in) from the tables that the program itself works by, so that no page can say
// something else: `manual TEMPLATE` writes the page. A line that is only one of these words becomes a table:
//   @KEYS@ @CHECKS@ @COMMANDS@ @REASONS@ @COUNTERS@; @VERSION@ may stand anywhere in a line.
// Runs when barscreen is built.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/socket/commands.h"
#include "control/configuration/config_keys.h"
#include "control/configuration/config_score.h"
#include "control/configuration/config_values.h"
#include "control/counter_rows.h"
#include "smtp/checks/check.h"

// Text of ours in mdoc: what begins a macro or an escape is neutralised, quotes of arguments as well.
static void put(const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		fputs("\\&", stdout);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '"')
			fputs("\\(dq", stdout);
		else
			putchar(*text);
	}
}

static void put_line(const char *text)
{
	put(text);
	putchar('\n');
}

static void item(const char *macro, const char *text)
{
	printf(".It %s ", macro);
	put_line(text);
}

static void key_default(const struct config_key *key)
{
	if (key->needed) {
		puts("Must be set.");
		return;
	}
	char text[CONFIG_STANDARD];
	const char *standard = config_value_standard(key, text);
	if (standard == NULL)
		return;
	fputs("Default: ", stdout);
	if (standard[0] == '\0')
		fputs(config_key_is_list(key) ? "{}" : "\\(dq\\(dq", stdout);
	else
		put(standard);
	if (config_value_has_range(key)) {
		fputs("; ", stdout);
		config_value_print_range(key, stdout);
	} else if (key->kind == KIND_WORD) {
		fputs("; one of ", stdout);
		put(key->words);
	}
	puts(".");
}

static void key_change(const struct config_key *key)
{
	switch (key->change) {
	case CHANGE_RESTART:
		puts("Changes with a restart.");
		break;
	case CHANGE_RELOAD:
		puts("Changes with a reload.");
		break;
	case CHANGE_SET:
		puts("Changes with a reload or with");
		puts(".Ic barscreenctl set .");
		break;
	}
}

// In the table of checks.
static bool of_check(const struct config_key *key)
{
	if (strcmp(key->section, "checks") != 0)
		return false;
	for (int i = 0; i < BS_CHECK_COUNT; i++) {
		size_t length = strlen(checks[i].name);
		if (strncmp(key->name, checks[i].name, length) == 0 &&
			(key->name[length] == '\0' || strcmp(key->name + length, "-score") == 0))
			return true;
	}
	return false;
}

static void check_table(void)
{
	static const char *const stages[] = {[BS_STAGE_BEHAVIOUR] = "behaviour",
		[BS_STAGE_CLIENT] = "client",
		[BS_STAGE_HELO] = "HELO",
		[BS_STAGE_SENDER] = "sender",
		[BS_STAGE_RECIPIENT] = "recipient"};
	static const char *const modes[] = {[BS_MODE_OFF] = "off",
		[BS_MODE_OBSERVE] = "observe",
		[BS_MODE_ENFORCE] = "enforce"};
	static const char *const hits[] = {
		[BS_SCORES] = "adds its weight", [BS_REFUSES] = "refuses", [BS_DEFERS] = "defers"};
	puts(".Bl -tag -width Ds");
	for (int i = 0; i < BS_CHECK_COUNT; i++) {
		const struct check *check = &checks[i];
		char text[CONFIG_SCORE_TEXT];
		item("Cm", check->name);
		put_line(check->sentence);
		printf(".br\nJudged by: %s. A hit %s. Default: %s, ", stages[check->stage],
			hits[check->consequence], modes[check->mode]);
		put(config_score_format(check->score, text));
		puts(".");
		if (check->text[0] == '\0')
			continue;
		printf(".br\nReply: %u %s ", check->code, check->enhanced);
		put_line(check->text);
	}
	puts(".El");
}

static void keys(void)
{
	for (unsigned s = 0; s < config_section_count; s++) {
		const struct config_section_row *section = &config_sections[s];
		if (section->name[0] == '\0')
			puts(".Ss Outside of all sections");
		else
			printf(".Ss %s%s { }\n", section->name, section->titled ? " NAME" : "");
		put_line(section->sentence);
		puts(".Bl -tag -width Ds");
		for (unsigned i = 0; i < config_key_count; i++) {
			if (strcmp(config_keys[i].section, section->name) != 0 ||
				config_keys[i].sentence[0] ==
					'\0' || // a policy's: as in checks { }
				of_check(&config_keys[i]))
				continue;
			item("Cm", config_keys[i].name);
			put_line(config_keys[i].sentence);
			key_default(&config_keys[i]);
			key_change(&config_keys[i]);
		}
		puts(".El");
	}
}

static void argument(const struct command_argument *a)
{
	if (a->positional)
		item("Ar", a->value != NULL ? a->value : a->name);
	else if (a->kind == ARGUMENT_FLAG)
		printf(".It Fl \\-%s\n", a->name);
	else
		printf(".It Fl \\-%s Ar %s\n", a->name, a->value != NULL ? a->value : a->name);
	put_line(a->sentence);
	if (a->kind == ARGUMENT_WORD) {
		fputs("One of ", stdout);
		put(a->words);
		puts(".");
	}
}

static void command_list(void)
{
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command *command = &commands[i];
		item("Ic", command->name);
		put_line(command->sentence);
		if (command->right == REQUEST_WRITES)
			puts("(for those who may change things)");
		if (command->argument[0].name == NULL)
			continue;
		puts(".Bl -tag -width Ds");
		for (const struct command_argument *a = command->argument; a->name != NULL; a++)
			argument(a);
		puts(".El");
	}
	puts(".El");
}

static void rows(const struct counter_table *table)
{
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < table->count; i++) {
		item("Cm", table->row[i].name);
		put_line(table->row[i].sentence);
	}
	puts(".El");
}

static void counters(void)
{
	puts(".Ss Packets and connections");
	rows(&dataplane_counter_rows);
	puts(".Ss Connections now");
	rows(&dataplane_gauge_rows);
	puts(".Ss Sessions and mails");
	rows(&worker_counter_rows);
	puts(".Ss Lost at a port");
	rows(&port_counter_rows);
}

static void line(const char *text)
{
	static const char version[] = "@VERSION@";
	const char *at = strstr(text, version);
	if (strcmp(text, "@KEYS@\n") == 0)
		keys();
	else if (strcmp(text, "@CHECKS@\n") == 0)
		check_table();
	else if (strcmp(text, "@COMMANDS@\n") == 0)
		command_list();
	else if (strcmp(text, "@REASONS@\n") == 0)
		rows(&reason_rows);
	else if (strcmp(text, "@COUNTERS@\n") == 0)
		counters();
	else if (at != NULL)
		printf("%.*s%s%s", (int)(at - text), text, BS_VERSION, at + sizeof(version) - 1);
	else
		fputs(text, stdout);
}

int main(int argc, char **argv)
{
	char text[1000];
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	if (in == NULL) {
		fprintf(stderr, "usage: manual TEMPLATE\n");
		return EXIT_FAILURE;
	}
	while (fgets(text, sizeof(text), in) != NULL)
		line(text);
	fclose(in);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
