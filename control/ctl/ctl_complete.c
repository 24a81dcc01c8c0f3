// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl/ctl_complete.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "control/ctl/ctl_command.h"

static void put_words(const char *words)
{
	for (; *words != '\0'; words += strspn(words, "|")) {
		size_t length = strcspn(words, "|");
		printf("%.*s\n", (int)length, words);
		words += length;
	}
}

// First words of names when `first` is NULL; else second words of the names that begin with it. Each once, since rows of a
// group stand together.
static void put_names(const char *first)
{
	size_t skip = first != NULL ? strlen(first) + 1 : 0;
	char before[64] = "";
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const char *name = commands[i].name;
		char next[64];
		if (first != NULL && (strncmp(name, first, skip - 1) != 0 || name[skip - 1] != ' '))
			continue;
		snprintf(next, sizeof(next), "%.*s", (int)strcspn(name + skip, " "), name + skip);
		if (strcmp(next, before) != 0)
			puts(next);
		snprintf(before, sizeof(before), "%s", next);
	}
}

// The values of the option that stands last; false when it has none to show and takes one.
static bool put_value(const struct command *command, const char *last)
{
	const struct command_argument *a = strncmp(last, "--", 2) == 0
						   ? command_argument_find(command, last + 2)
						   : NULL;
	if (a == NULL || a->positional || a->kind == ARGUMENT_FLAG)
		return false;
	if (a->kind == ARGUMENT_WORD)
		put_words(a->words);
	return true;
}

static void put_arguments(const struct command *command)
{
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		if (!a->positional)
			printf("--%s\n", a->name);
		else if (a->kind == ARGUMENT_WORD)
			put_words(a->words);
	}
}

void ctl_complete(int count, char **word)
{
	char why[CTL_WHY];
	int used;
	while (count > 0 && word[0][0] == '-') { // ours; --socket takes a word
		int taken = strcmp(word[0], "--socket") == 0 && count > 1 ? 2 : 1;
		word += taken;
		count -= taken;
	}
	if (count == 0) {
		put_names(NULL);
		puts("top\n--socket\n--json\n--all\n--version\n--help");
		return;
	}
	if (strcmp(word[0], "top") == 0) {
		puts("--count\n--interval\n--json");
		return;
	}
	if (count == 1)
		put_names(word[0]);
	const struct command *command = ctl_command_find(count, word, &used, why);
	if (command == NULL || (count > used && put_value(command, word[count - 1])))
		return;
	put_arguments(command);
	puts("--json");
}
