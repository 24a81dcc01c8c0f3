// SPDX-License-Identifier: BSD-3-Clause
//
// Files for the tests of the configuration: made in a folder of their own, read, and removed.
#pragma once

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/configuration/config.h"

static char folder[] = "/tmp/barscreen-config-XXXXXX";

static inline void make_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

static inline void remove_folder(void)
{
	DIR *open = opendir(folder);

	for (struct dirent *entry; open != NULL && (entry = readdir(open)) != NULL;)
		unlinkat(dirfd(open), entry->d_name, 0);
	if (open != NULL)
		closedir(open);
	rmdir(folder);
}

// Writes `text` to `name` in the folder; returns its path, of static memory.
static inline const char *put(const char *name, const char *text)
{
	static char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
	return path;
}

// An audit asks no resolver of this host, but a port where nobody is.
static inline void ask_nobody(struct config *config)
{
	strcpy(config->dns.servers, "127.0.0.1:1");
}

// Reads the configuration in `path`; what it said is in *said, to be freed.
static inline struct config *read_said(const char *path, char **said)
{
	size_t size;
	FILE *errors = open_memstream(said, &size);
	struct config *config;

	cr_assert_not_null(errors);
	config = config_read(path, errors);
	fclose(errors);
	return config;
}

// True when a line of `said` begins with PATH:LINE: and has `part` in it.
static inline bool says(const char *said, const char *path, unsigned line, const char *part)
{
	char start[600];
	const char *at = said;

	snprintf(start, sizeof(start), "%s:%u: ", path, line);
	while (*at != '\0') {
		size_t length = strcspn(at, "\n");
		char *found = memmem(at, length, part, strlen(part));

		if (strncmp(at, start, strlen(start)) == 0 && found != NULL)
			return true;
		at += length + (at[length] == '\n');
	}
	return false;
}

// `text` must be refused with a fault at `line` that has `part` in it.
static inline void refused(const char *text, unsigned line, const char *part)
{
	const char *path = put("a.conf", text);
	char *said;
	struct config *config = read_said(path, &said);

	cr_expect_null(config, "taken, though '%s' was wanted:\n%s", part, text);
	cr_expect(says(said, path, line, part), "no '%s' at line %u of:\n%s\nbut:\n%s", part, line,
		text, said);
	config_free(config);
	free(said);
}

static inline struct config *taken(const char *text)
{
	char *said;
	struct config *config = read_said(put("a.conf", text), &said);

	cr_assert_not_null(config, "not taken:\n%s\n%s", text, said);
	cr_expect_str_empty(said);
	free(said);
	return config;
}

// Needs nothing but what every machine has. Eight lines.
#define GOOD_TOP \
	"hostname = \"mx1.example.org\"\n" \
	"domains = {\"example.org\"}\n" \
	"backend = \"maildir:/var/mail/virtual\"\n"
#define GOOD_PORT \
	"port \"mx0\" {\n" \
	"\tdevice = net_tap\n" \
	"\taddresses = {\"192.0.2.25/24\", \"2001:db8::25/64\"}\n" \
	"}\n"
#define GOOD GOOD_TOP GOOD_PORT "\n"
