// SPDX-License-Identifier: BSD-3-Clause
//
// The table of commands: see the header.
#include "control/socket/commands.h"

#include <string.h>

#include "control/configuration/nearest.h"

static const struct command_argument no_arguments[] = {{0}};

static const struct command_argument log_arguments[] = {
	{"lines", ARGUMENT_COUNT, .least = 0, .most = 1000, .value = "NUMBER",
		.sentence = "so many of those that were written, 10 if not given"},
	{"follow", ARGUMENT_FLAG, .sentence = "those that come too, until you leave"},
	{"grep", ARGUMENT_TEXT, .least = 1, .most = 127, .value = "TEXT",
		.sentence = "those with this part"},
	{"severity", ARGUMENT_WORD, .words = "error|warning|info|debug", .value = "SEVERITY",
		.sentence = "those as grave as this, or graver"},
	{0}};

static const struct command_argument sessions_arguments[] = {
	{"prefix", ARGUMENT_PREFIX, .positional = true, .value = "PREFIX",
		.sentence = "clients of this address or network"},
	{"state", ARGUMENT_WORD, .words = "waiting|greeted|talking|refused|closing",
		.value = "STATE", .sentence = "those in this state"},
	{"helo", ARGUMENT_TEXT, .least = 1, .most = 63, .value = "TEXT",
		.sentence = "those whose HELO name has this part"},
	{"from", ARGUMENT_TEXT, .least = 1, .most = 127, .value = "TEXT",
		.sentence = "those whose sender has this part"},
	{"limit", ARGUMENT_COUNT, .least = 1, .most = 10000, .value = "NUMBER",
		.sentence = "at most so many, 100 if not given"},
	{0}};

static const struct command_argument kill_arguments[] = {
	{"session", ARGUMENT_TEXT, .needed = true, .positional = true, .least = 1, .most = 19,
		.value = "ID", .sentence = "the session id, as the log and 'sessions' show it"},
	{0}};

// clang-format off
static const struct command_argument sources_arguments[] = {
	{.name = "prefix", .kind = ARGUMENT_PREFIX, .positional = true, .value = "PREFIX",
	 .sentence = "only those in this network"},
	{.name = "verdict", .kind = ARGUMENT_WORD, .words = "any|none|harvest|early-talk|repeated-refusals|listed",
	 .value = "WORD", .sentence = "only those with this verdict in force, with any, or with none"},
	{.name = "limit", .kind = ARGUMENT_COUNT, .least = 1, .most = 10000, .value = "NUMBER",
	 .sentence = "so many at most; 50 without it"},
	{0}};
static const struct command_argument source_arguments[] = {
	{.name = "address", .kind = ARGUMENT_PREFIX, .needed = true, .positional = true, .value = "ADDRESS",
	 .sentence = "an IPv4 address, an IPv6 address or its network of 64 bits"},
	{0}};
static const struct command_argument explain_arguments[] = {
	{.name = "address", .kind = ARGUMENT_TEXT, .needed = true, .positional = true, .least = 2, .most = 45, .value = "ADDRESS",
	 .sentence = "the client's"},
	{.name = "helo", .kind = ARGUMENT_TEXT, .least = 1, .most = 255, .value = "NAME",
	 .sentence = "what it says in HELO; without it checks of the HELO are not run"},
	{.name = "from", .kind = ARGUMENT_TEXT, .least = 1, .most = 320, .value = "SENDER",
	 .sentence = "the sender; <> for a bounce"},
	{.name = "to", .kind = ARGUMENT_TEXT, .least = 1, .most = 320, .value = "RECIPIENT",
	 .sentence = "the recipient, whose policy counts"},
	{0}};
static const struct command_argument cache_arguments[] = {
	{.name = "name", .kind = ARGUMENT_TEXT, .needed = true, .positional = true, .least = 1, .most = 254, .value = "NAME",
	 .sentence = "a name in the DNS, as it is asked for; an address: the name of its PTR"},
	{.name = "type", .kind = ARGUMENT_WORD, .words = "A|AAAA|MX|TXT|PTR", .value = "TYPE",
	 .sentence = "only answers of this type; all types without it"},
	{0}};
static const struct command_argument clear_arguments[] = {
	{.name = "address", .kind = ARGUMENT_TEXT, .needed = true, .positional = true, .least = 2, .most = 49,
	 .value = "ADDRESS|all", .sentence = "one source, or all"},
	{0}};
// clang-format on

#define PREFIX_ARGUMENT \
	{ \
		.name = "prefix", .kind = ARGUMENT_PREFIX, .needed = true, .positional = true, \
		.value = "PREFIX", .sentence = "an address, or a network like 192.0.2.0/24" \
	}
static const struct command_argument prefix_arguments[] = {PREFIX_ARGUMENT, {0}};
static const struct command_argument entry_arguments[] = {PREFIX_ARGUMENT,
	{.name = "for",
		.kind = ARGUMENT_TEXT,
		.value = "TIME",
		.sentence = "how long, like 90s, 1h or 7d; without it until it is deleted",
		.least = 1,
		.most = 20},
	{.name = "note",
		.kind = ARGUMENT_TEXT,
		.value = "TEXT",
		.sentence = "for the one who reads the list later",
		.least = 0,
		.most = 95},
	{0}};
static const struct command_argument limit_arguments[] = {{.name = "limit",
								  .kind = ARGUMENT_COUNT,
								  .value = "NUMBER",
								  .sentence = "of entries shown; "
									      "1000 without it",
								  .least = 1,
								  .most = 65536},
	{0}};
static const struct command_argument set_arguments[] = {
	{.name = "key",
		.kind = ARGUMENT_TEXT,
		.positional = true,
		.value = "KEY",
		.sentence = "a key of the configuration like wait or smtp.errors",
		.least = 1,
		.most = 60},
	{.name = "value",
		.kind = ARGUMENT_TEXT,
		.positional = true,
		.value = "VALUE",
		.sentence = "as it would stand in the configuration; without it the value is shown",
		.least = 1,
		.most = 200},
	{0}};
static const struct command_argument drain_arguments[] = {{.name = "state",
								  .kind = ARGUMENT_WORD,
								  .positional = true,
								  .words = "on|off",
								  .value = "off",
								  .sentence = "on without it"},
	{0}};

// clang-format off
#define CLIENT_ARGUMENT(what) \
	{.name = "address", .kind = ARGUMENT_PREFIX, .needed = true, .positional = true, .value = "ADDRESS", .sentence = (what)}
#define MAIL_ARGUMENTS(must) \
	{.name = "from", .kind = ARGUMENT_TEXT, .needed = (must), .positional = true, .least = 0, .most = 320, \
	 .value = "FROM", .sentence = "the sender's address; <> for bounces"}, \
	{.name = "to", .kind = ARGUMENT_TEXT, .needed = (must), .positional = true, .least = 1, .most = 320, \
	 .value = "TO", .sentence = "the recipient's address"}
#define SPF_ARGUMENT \
	{.name = "spf", .kind = ARGUMENT_TEXT, .least = 1, .most = 255, .value = "DOMAIN", \
	 .sentence = "the domain for which SPF passed, where that is the key (greylist.key)"}
static const struct command_argument greylist_get_arguments[] = {
	CLIENT_ARGUMENT("the client's"), MAIL_ARGUMENTS(true), SPF_ARGUMENT, {0}};
static const struct command_argument greylist_del_arguments[] = {
	CLIENT_ARGUMENT("the client's; without FROM and TO of its network"), MAIL_ARGUMENTS(false), SPF_ARGUMENT, {0}};
static const struct command_argument remembered_arguments[] = {
	CLIENT_ARGUMENT("a source: an IPv4 address, an IPv6 address or its network of 64 bits"), {0}};
// clang-format on

const struct command commands[COMMAND_COUNT] = {
#define COMMAND_ROW(number, name, right, arguments, handler, sentence) \
	[COMMAND_##number] = {name, right, arguments, sentence},
	COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

const char *command_nearest(const char *typed)
{
	struct nearest nearest = {0};
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		nearest_offer(&nearest, typed, commands[i].name);
	return nearest.word;
}

const struct command_argument *command_argument_find(
	const struct command *command, const char *name)
{
	for (const struct command_argument *a = command->argument; a->name != NULL; a++) {
		if (strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

bool command_word_is_one(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = words; length > 0; at++) {
		size_t this = strcspn(at, "|");
		if (this == length && strncmp(at, word, length) == 0)
			return true;
		at += this;
		if (*at == '\0')
			break;
	}
	return false;
}
