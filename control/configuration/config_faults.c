// SPDX-License-Identifier: BSD-3-Clause
//
// Faults of a configuration: see the header.
#include "control/configuration/config_faults.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS_KEPT 50 // more than anybody mends in one go
#define FAULT_TEXT  600

struct fault {
	char *file;
	unsigned line;
	unsigned file_order; // files in the order in which they were first at fault
	unsigned order;
	char text[FAULT_TEXT];
};

struct faults {
	struct fault *fault[FAULTS_KEPT];
	unsigned kept, count, files;
};

struct faults *faults_new(void)
{
	return calloc(1, sizeof(struct faults));
}

void faults_free(struct faults *faults)
{
	if (faults == NULL)
		return;
	for (unsigned i = 0; i < faults->kept; i++) {
		free(faults->fault[i]->file);
		free(faults->fault[i]);
	}
	free(faults);
}

static unsigned order_of_file(struct faults *faults, const char *file)
{
	for (unsigned i = 0; i < faults->kept; i++) {
		if (strcmp(faults->fault[i]->file, file) == 0)
			return faults->fault[i]->file_order;
	}
	return faults->files++;
}

static int compare(const void *a, const void *b)
{
	const struct fault *x = *(struct fault *const *)a, *y = *(struct fault *const *)b;

	if (x->file_order != y->file_order)
		return x->file_order < y->file_order ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool known(const struct faults *faults, const struct fault *new)
{
	for (unsigned i = 0; i < faults->kept; i++) {
		const struct fault *old = faults->fault[i];

		if (old->line == new->line && strcmp(old->text, new->text) == 0 &&
			strcmp(old->file, new->file) == 0)
			return true;
	}
	return false;
}

void faults_add(struct faults *faults, const char *file, unsigned line, const char *format, ...)
{
	struct fault *new = calloc(1, sizeof(*new));
	va_list arguments;

	if (new == NULL || (new->file = strdup(file)) == NULL) {
		free(new);
		faults->count++; // never mistaken for success
		return;
	}
	new->line = line;
	va_start(arguments, format);
	vsnprintf(new->text, sizeof(new->text), format, arguments);
	va_end(arguments);
	for (char *c = new->text; *c != '\0'; c++) { // one line, and nothing that moves the cursor
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	}
	if (known(faults, new) || faults->kept == FAULTS_KEPT) {
		faults->count += faults->kept == FAULTS_KEPT;
		free(new->file);
		free(new);
		return;
	}
	new->file_order = order_of_file(faults, file);
	new->order = faults->kept;
	faults->fault[faults->kept++] = new;
	faults->count++;
	// NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what is sorted
	qsort(faults->fault, faults->kept, sizeof(faults->fault[0]), compare);
}

unsigned faults_count(const struct faults *faults)
{
	return faults->count;
}

void faults_print(const struct faults *faults, FILE *out)
{
	for (unsigned i = 0; i < faults->kept; i++) {
		const struct fault *fault = faults->fault[i];

		if (fault->line > 0)
			fprintf(out, "%s:%u: %s\n", fault->file, fault->line, fault->text);
		else
			fprintf(out, "%s: %s\n", fault->file, fault->text);
	}
	if (faults->count > faults->kept)
		fprintf(out, "%u more faults are not shown\n", faults->count - faults->kept);
}
