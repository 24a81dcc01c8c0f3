// SPDX-License-Identifier: BSD-3-Clause
//
// Faults found while a configuration is read: gathered, so that one run shows them all, and written in the order
// of the file. Control thread only.
#pragma once

#include <stdio.h>

struct faults;

// NULL without memory.
struct faults *faults_new(void);
void faults_free(struct faults *faults);

// Notes "FILE:LINE: text"; line 0 leaves the line away. `file` and `text` are copied. A fault said twice is kept once;
// beyond a bound they are only counted.
void faults_add(struct faults *faults, const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

unsigned faults_count(const struct faults *faults);

// One line each, by file and line.
void faults_print(const struct faults *faults, FILE *out);
