// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration file as tokens, each with its line, and as text that libConfuse can't misread.
//
// Why not give libConfuse the file itself: its lexer takes ';' into an unquoted value, drops characters that it
// doesn't know ('*' among them) in silence, expands ${...}, stumbles over comments inside lists, and counts a line
// too many after a C comment. Here such slips become faults with the right line, and what goes on to libConfuse has
// no comments and nothing else that it reads otherwise than we do.
//
// Control thread only.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/configuration/config_faults.h"

#define CONFIG_TOKEN_TEXT  't' // a word or a quoted string; the others stand for themselves:
#define CONFIG_TOKEN_ADD   '+' // +=
#define CONFIG_TOKEN_FINAL '$' // after the last

struct config_token {
	char kind; // CONFIG_TOKEN_..., or one of = { } ( ) ,
	unsigned line;
	char *text; // CONFIG_TOKEN_TEXT: without quotes, escapes as written
	char quote; // '"', '\'' or 0
};

struct config_source {
	char *file;
	dev_t device; // with `inode`: which file it is, to find include loops
	ino_t inode;
	struct config_token *token; // ends with CONFIG_TOKEN_FINAL
	size_t token_count;         // without that one
};

// Reads `file`. Faults of reading itself are said of from_file:from_line (the include, or the file itself and line
// 0). NULL when it can't be read or has faults.
struct config_source *config_source_read(
	const char *file, const char *from_file, unsigned from_line, struct faults *faults);
void config_source_free(struct config_source *source);

// What libConfuse is given: the tokens, each on its line. An empty list gets one element CONFIG_MARK, and
// each section begins with the assignment CONFIG_MARK = CONFIG_MARK, because libConfuse calls nobody for either.
// CONFIG_MARK can't stand in a file. malloc()ed; NULL without memory.
#define CONFIG_MARK "\001"
char *config_source_text(const struct config_source *source);

// Checks the grammar and the names of keys and sections. `section`: in which the file's first token stands.
void config_slips(const struct config_source *source, const char *section, struct faults *faults);
