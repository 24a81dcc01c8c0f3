// SPDX-License-Identifier: BSD-3-Clause
//
// The table of the control socket's commands: one row is the name, who may, its arguments, its handler and its sentence.
// The daemon's dispatcher and "help", barscreenctl with its usage and its did-you-mean, the shell completion and the
// table in doc/control-socket.md come from it or are checked against it.
//
// A new command is a row in COMMANDS, its arguments in commands.c, and its handler in the control/request_*.c of its group
// (see control/socket/request_command.h). How barscreenctl shows the answer is a row in ctl_command.c; without one it is shown as it is.
//
// Constant; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Number, name, right, arguments (commands.c), handler (request_*.c), sentence. A name may be of two words.
// clang-format off
#define COMMANDS(X) \
	X(STATUS, "status", REQUEST_READS, no_arguments, request_status, \
		"ports, links, gateways, cores, sessions and connections now") \
	X(STATS, "stats", REQUEST_READS, no_arguments, request_stats, \
		"every counter and every drop reason, in total and by lcore") \
	X(LOG, "log", REQUEST_READS, log_arguments, request_log, \
		"the last lines of the log, and those that come") \
	X(SESSIONS, "sessions", REQUEST_READS, sessions_arguments, request_sessions, \
		"connections and sessions now: who, how far, how long") \
	X(SESSIONS_KILL, "sessions kill", REQUEST_WRITES, kill_arguments, request_sessions_kill, \
		"end a session with 421 as soon as it can be, a waiting connection with a reset") \
	X(SOURCES, "sources", REQUEST_READS, sources_arguments, request_sources, \
		"who connects or connected, the last seen first") \
	X(SOURCES_SHOW, "sources show", REQUEST_READS, source_arguments, request_sources_show, \
		"what is known about one source") \
	X(SOURCES_CLEAR, "sources clear", REQUEST_WRITES, clear_arguments, request_sources_clear, \
		"take a source's verdict back, and the counts that may lead to one") \
	X(GREYLIST_GET, "greylist get", REQUEST_READS, greylist_get_arguments, request_greylist_get, \
		"what greylisting would say to a client, a sender and a recipient, and what it knows") \
	X(GREYLIST_DEL, "greylist del", REQUEST_WRITES, greylist_del_arguments, request_greylist_del, \
		"forget a triplet, or how often a network passed") \
	X(GREYLIST_LIST, "greylist list", REQUEST_READS, limit_arguments, request_greylist_list, \
		"how many triplets wait and passed, and the networks that passed") \
	X(REMEMBERED_GET, "remembered get", REQUEST_READS, remembered_arguments, request_remembered_get, \
		"until when a source that behaved is spared the wait") \
	X(REMEMBERED_DEL, "remembered del", REQUEST_WRITES, remembered_arguments, request_remembered_del, \
		"let a source that behaved wait again") \
	X(REMEMBERED_LIST, "remembered list", REQUEST_READS, limit_arguments, request_remembered_list, \
		"the sources that behaved") \
	X(CACHE_GET, "cache get", REQUEST_READS, cache_arguments, request_cache_get, \
		"what each worker remembers of a name in the DNS") \
	X(CACHE_DEL, "cache del", REQUEST_WRITES, cache_arguments, request_cache_del, \
		"let all workers forget it, so that they ask again") \
	X(DNSL, "dnsl", REQUEST_READS, no_arguments, request_dnsl, \
		"DNS lists: which count, which are suspended and why") \
	X(STOP, "stop", REQUEST_WRITES, no_arguments, request_stop, \
		"refuse new connections, let sessions end, then exit") \
	X(RELOAD, "reload", REQUEST_WRITES, no_arguments, request_reload, \
		"read the configuration and its lists again and put them in force at once") \
	X(ALLOW_ADD, "allow add", REQUEST_WRITES, entry_arguments, request_entry_add, \
		"no wait and no checks for an address or network, at once and over restarts") \
	X(ALLOW_DEL, "allow del", REQUEST_WRITES, prefix_arguments, request_entry_del, \
		"take an entry of 'allow add' back") \
	X(ALLOW_LIST, "allow list", REQUEST_READS, limit_arguments, request_entry_list, \
		"what was allowed at run time") \
	X(DENY_ADD, "deny add", REQUEST_WRITES, entry_arguments, request_entry_add, \
		"refuse an address or network, at once and over restarts") \
	X(DENY_DEL, "deny del", REQUEST_WRITES, prefix_arguments, request_entry_del, \
		"take an entry of 'deny add' back") \
	X(DENY_LIST, "deny list", REQUEST_READS, limit_arguments, request_entry_list, \
		"what was denied at run time") \
	X(SET, "set", REQUEST_DEPENDS, set_arguments, request_set, \
		"change a key until the next reload or restart, or show what can be changed") \
	X(DRAIN, "drain", REQUEST_WRITES, drain_arguments, request_drain, \
		"take no new connections and let sessions end, without exiting; 'off' takes it back") \
	X(EXPLAIN, "explain", REQUEST_READS, explain_arguments, request_explain, \
		"run every check for a client and say what it would be told, and why") \
	X(HELP, "help", REQUEST_READS, no_arguments, request_help, \
		"these commands")
// clang-format on

enum request_right {
	REQUEST_READS,
	REQUEST_WRITES,  // only for those who may change things
	REQUEST_DEPENDS, // on the members: the handler asks request_may_write()
};

enum argument_kind {
	ARGUMENT_TEXT,   // a string of `least` to `most` bytes, printable ASCII
	ARGUMENT_PREFIX, // a string: address or network, as bs_prefix_parse() takes it
	ARGUMENT_WORD,   // a string: one of `words`
	ARGUMENT_COUNT,  // an integer from `least` to `most`
	ARGUMENT_FLAG,   // true or false; barscreenctl: --name for true
};

struct command_argument {
	const char *name; // NULL: the end of the list
	enum argument_kind kind;
	bool needed;
	bool positional; // barscreenctl: a word after the command, in this order; else --name VALUE
	const char *words; // "refuse|drop"
	const char *value; // what stands for the value in usage texts: "ADDRESS"
	const char *sentence;
	int64_t least, most;
};

struct command {
	const char *name;
	enum request_right right;
	const struct command_argument *argument; // until one without name
	const char *sentence;
};

enum command_number {
#define COMMAND_NUMBER(number, name, right, arguments, handler, sentence) COMMAND_##number,
	COMMANDS(COMMAND_NUMBER)
#undef COMMAND_NUMBER
		COMMAND_COUNT
};

extern const struct command commands[COMMAND_COUNT];

// The command of this name, or NULL.
const struct command *command_find(const char *name);
// The nearest name to a mistyped one, or NULL.
const char *command_nearest(const char *typed);

const struct command_argument *command_argument_find(
	const struct command *command, const char *name);
// True when `word` is one of `words`.
bool command_word_is_one(const char *words, const char *word);
