// SPDX-License-Identifier: BSD-3-Clause
//
// The grammar of a configuration file and its names, checked on the tokens: libConfuse stops at the first fault and
// names the line on which it noticed, often the next one. This finds all of them, each where it was made.
#include <stdbool.h>
#include <string.h>

#include "control/configuration/config_keys.h"
#include "control/configuration/config_source.h"

struct walk {
	const struct config_source *source;
	struct faults *faults;
	const char *section;
};

static const struct config_token *token_at(const struct walk *walk, size_t i)
{
	size_t last = walk->source->token_count;

	return &walk->source->token[i < last ? i : last];
}

#define SLIP(walk, i, ...) \
	faults_add((walk)->faults, (walk)->source->file, token_at(walk, i)->line, __VA_ARGS__)

// From a '{' at `i` to behind its '}'; says so when there is none.
static size_t skip_block(const struct walk *walk, size_t i)
{
	size_t opened = i;
	unsigned depth = 0;

	for (; token_at(walk, i)->kind != CONFIG_TOKEN_FINAL; i++) {
		if (token_at(walk, i)->kind == '{')
			depth++;
		if (token_at(walk, i)->kind == '}' && --depth == 0)
			return i + 1;
	}
	SLIP(walk, opened, "the '{' here is never closed; add a '}'");
	return i;
}

static void unknown(const struct walk *walk, size_t i)
{
	const char *name = token_at(walk, i)->text;
	const char *elsewhere = config_key_elsewhere(walk->section, name);
	char nearest[CONFIG_NEAREST];

	if (strcmp(walk->section, "policy") == 0 && elsewhere != NULL &&
		(strcmp(elsewhere, "checks") == 0 || strcmp(elsewhere, "waiting") == 0 ||
			strcmp(elsewhere, "rates") == 0))
		SLIP(walk, i,
			"%s is decided before the recipient is known, so it is the same for all; "
			"set it "
			"in %s { }",
			name, elsewhere);
	else if (elsewhere != NULL && elsewhere[0] != '\0')
		SLIP(walk, i, "unknown key '%s' here; it belongs into %s { }", name, elsewhere);
	else if (elsewhere != NULL)
		SLIP(walk, i, "unknown key '%s' in %s { }; it belongs outside of all sections",
			name, walk->section);
	else if (config_key_nearest(walk->section, name, nearest)[0] != '\0')
		SLIP(walk, i, "unknown key '%s'; the nearest known is %s", name, nearest);
	else
		SLIP(walk, i, "unknown key '%s'; remove it (--print-config shows all keys)", name);
}

// A list, `i` on its '{'; returns what is behind it. Commas part the elements; one after the last does no harm.
static size_t check_list(const struct walk *walk, size_t i, const char *name)
{
	size_t opened = i++;

	for (;; i++) {
		char kind = token_at(walk, i)->kind, next = token_at(walk, i + 1)->kind;

		if (kind == '}')
			return i + 1;
		if (kind == CONFIG_TOKEN_FINAL || (kind == CONFIG_TOKEN_TEXT && next == '=')) {
			SLIP(walk, opened, "%s: the list's '{' is never closed; add a '}'", name);
			return i;
		}
		if (kind != CONFIG_TOKEN_TEXT) {
			SLIP(walk, i,
				"%s: a '%c' where an element of the list should be; remove it",
				name, kind);
			return skip_block(walk, opened);
		}
		if (next == ',')
			i++;
		else if (next == CONFIG_TOKEN_TEXT && token_at(walk, i + 2)->kind != '=')
			SLIP(walk, i, "%s: no comma after '%s'; put one between the elements", name,
				token_at(walk, i)->text);
	}
}

// What stands at `i` is the beginning of a statement.
static bool begins(const struct walk *walk, size_t i)
{
	char after = token_at(walk, i + 1)->kind;

	if (token_at(walk, i)->kind != CONFIG_TOKEN_TEXT)
		return false;
	return (after != '\0' && strchr("=+{(", after) != NULL) ||
	       (after == CONFIG_TOKEN_TEXT && token_at(walk, i + 2)->kind == '{');
}

// KEY = VALUE, `i` on KEY; returns what is behind it.
static size_t check_assignment(const struct walk *walk, size_t i)
{
	const char *name = token_at(walk, i)->text;
	const struct config_key *key = config_key_find(walk->section, name);
	bool list = key != NULL && config_key_is_list(key);
	const struct config_token *sign = token_at(walk, i + 1), *value = token_at(walk, i + 2);
	char after = token_at(walk, i + 3)->kind;

	if (key == NULL) {
		const struct config_section_row *row = config_section_find(name);

		if (row != NULL && walk->section[0] == '\0')
			SLIP(walk, i, "%s is a section; write %s %s{ ... } without '='", name, name,
				row->titled ? "\"NAME\" " : "");
		else
			unknown(walk, i);
	} else if (sign->kind == CONFIG_TOKEN_ADD && !list) {
		SLIP(walk, i + 1, "%s: += adds to a list, and this is none; write =", name);
	}
	if (value->kind == '{') {
		if (key != NULL && !list)
			SLIP(walk, i + 2, "%s: a list where one value should be; write %s = VALUE",
				name, name);
		return check_list(walk, i + 2, name);
	}
	if (value->kind != CONFIG_TOKEN_TEXT || (value->line > sign->line && begins(walk, i + 2))) {
		SLIP(walk, i + 1, "%s: no value after '='; write one", name);
		return i + 2;
	}
	if (value->quote == 0 && after == ',') {
		SLIP(walk, i + 3, "%s: a ',' after a value; a list stands in braces: {a, b}", name);
		while (token_at(walk, i + 3)->kind == ',' &&
			token_at(walk, i + 4)->kind == CONFIG_TOKEN_TEXT)
			i += 2;
		return token_at(walk, i + 3)->kind == ',' ? i + 4 : i + 3;
	}
	return i + 3;
}

static size_t check_include(const struct walk *walk, size_t i)
{
	if (token_at(walk, i + 2)->kind == CONFIG_TOKEN_TEXT && token_at(walk, i + 3)->kind == ')')
		return i + 4;
	SLIP(walk, i, "include takes one file: include(\"/etc/barscreen/more.conf\")");
	while (token_at(walk, i)->kind != ')' && token_at(walk, i)->kind != CONFIG_TOKEN_FINAL)
		i++;
	return i + (token_at(walk, i)->kind == ')');
}

static size_t check_statements(struct walk *walk, size_t i, bool inside);

// NAME { or NAME "TITLE" {, `i` on NAME and `brace` on '{'; returns what is behind the section.
static size_t check_section(struct walk *walk, size_t i, size_t brace)
{
	const char *name = token_at(walk, i)->text;
	const struct config_section_row *row = config_section_find(name);
	bool titled = brace > i + 1;

	if (walk->section[0] != '\0' || row == NULL) {
		if (row != NULL)
			SLIP(walk, i, "section '%s' inside of %s { }; is a '}' missing before it?",
				name, walk->section);
		else
			unknown(walk, i);
		return skip_block(walk, brace);
	}
	if (row->titled && !titled)
		SLIP(walk, i, "%s without a name; write %s \"NAME\" { ... }", name, name);
	if (!row->titled && titled)
		SLIP(walk, i, "%s takes no name; write %s { ... }", name, name);
	walk->section = row->name;
	size_t after = check_statements(walk, brace + 1, true);
	walk->section = "";
	if (token_at(walk, after)->kind != '}') {
		SLIP(walk, brace, "the '{' of %s is never closed; add a '}'", name);
		return after;
	}
	return after + 1;
}

// Up to the end of the file, or the '}' of the section that we are inside of.
static size_t check_statements(struct walk *walk, size_t i, bool inside)
{
	while (token_at(walk, i)->kind != CONFIG_TOKEN_FINAL) {
		const struct config_token *token = token_at(walk, i);
		char next = token_at(walk, i + 1)->kind;

		if (token->kind == '}' && inside)
			return i;
		if (token->kind != CONFIG_TOKEN_TEXT) {
			SLIP(walk, i, "a '%c' where a key should be; remove it", token->kind);
			i++;
		} else if (next == '=' || next == CONFIG_TOKEN_ADD) {
			i = check_assignment(walk, i);
		} else if (next == '(' && strcmp(token->text, "include") == 0) {
			i = check_include(walk, i);
		} else if (next == '{') {
			i = check_section(walk, i, i + 1);
		} else if (next == CONFIG_TOKEN_TEXT && token_at(walk, i + 2)->kind == '{') {
			i = check_section(walk, i, i + 2);
		} else {
			SLIP(walk, i, "no '=' after '%s'; write %s = VALUE", token->text,
				token->text);
			// A value on the same line is this key's; on the next it is another key.
			i += next == CONFIG_TOKEN_TEXT && token_at(walk, i + 1)->line == token->line
				     ? 2
				     : 1;
		}
	}
	return i;
}

void config_slips(const struct config_source *source, const char *section, struct faults *faults)
{
	struct walk walk = {.source = source, .faults = faults, .section = section};

	check_statements(&walk, 0, false);
}
