// SPDX-License-Identifier: BSD-3-Clause
//
// A list file line by line, whatever its entries are: opening, comments, bounds, and faults as FILE:LINE: what; cure.
//
// Owner: who reads it; one thread. Blocks on the disk.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LIST_LINE_MAX   1000u // characters of a line; more is no list
#define LIST_FAULTS_MAX 20u   // named; the rest is counted

struct list_lines {
	const char *file;
	FILE *in, *errors;
	size_t line; // number of the one that was read last
	size_t faults;
	bool ended; // before the end of the file
	char text[LIST_LINE_MAX + 1];
};

// False when the file can't be read, and said.
bool list_lines_open(struct list_lines *lines, const char *file, FILE *errors);
// The next line that is not blank, without blanks around it; NULL at the end. The caller may write into it.
char *list_lines_next(struct list_lines *lines);
// The entry of a line: what stands before the first of `comment` ("#;"), without blanks around it. May be "".
char *list_lines_entry(char *text, const char *comment);

// One more fault, in the line read last. True when it is to be named: "FILE:LINE: " is then written to errors, the caller writes the
// rest with its newline.
bool list_lines_fault(struct list_lines *lines);
// A fault, and no sense in reading on: list_lines_next() gives NULL. Always named.
void list_lines_stop(struct list_lines *lines);
// True when the whole file was read and had no fault; else that is said.
bool list_lines_close(struct list_lines *lines);

#define LIST_QUOTED 64
// The text's first characters, harmless to a terminal. Returns `copy`.
const char *list_quoted(const char *text, char copy[LIST_QUOTED]);
