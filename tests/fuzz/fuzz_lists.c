// SPDX-License-Identifier: BSD-3-Clause
//
// List files: the first byte says of what, the others are the file. Any bytes are either refused with a reason or taken; what is taken
// of names is of a form that is looked for, and patterns end.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/lists/list_file.h"
#include "control/lists/name_file.h"
#include "control/lists/names.h"
#include "control/lists/patterns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define CHECK(truth) \
	do { \
		if (!(truth)) \
			abort(); \
	} while (0)

// An entry that was taken is found again, if only the part of it that it is about is asked for.
static bool take(void *context, const char *entry)
{
	struct bs_names *names = context;
	uint8_t rows[BS_NAMES_ROWS];
	char copy[1000];
	const char *domain = entry;
	char *local = NULL;

	CHECK(strlen(entry) < 400 && entry[0] != '\0');
	for (const char *c = entry; *c != '\0'; c++)
		CHECK(*c >= ' ' && *c < 127 && !(*c >= 'A' && *c <= 'Z'));
	snprintf(copy, sizeof(copy), "%s", entry);
	char *at = strrchr(copy, '@');
	if (at != NULL) {
		*at = '\0';
		local = copy;
		domain = at + 1;
	}
	if (*domain == '.')
		return true;
	CHECK(bs_names_add(names, BS_NAMES_SENDER, entry, 7, false));
	if (local == NULL || *local != '\0')
		CHECK(bs_names_find(names, BS_NAMES_SENDER, local, domain, rows) > 0);
	return true;
}

static void read_names(const char *path, enum name_file_kind kind, FILE *errors, bool *good)
{
	struct bs_names *names = bs_names_new("+");
	size_t entries;

	CHECK(names != NULL);
	*good = name_file_read(path, kind, take, names, &entries, errors);
	bs_names_free(names);
}

static void match(const uint8_t *bytes, size_t count)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa+b@example.org";
	struct patterns *patterns = patterns_new();
	char pattern[1001], why[PATTERNS_WHY];

	CHECK(patterns != NULL);
	count = count < 1000 ? count : 1000;
	memcpy(pattern, bytes, count);
	pattern[count] = '\0';
	if (patterns_add(patterns, pattern, why))
		patterns_match(patterns, text, strlen(text));
	patterns_free(patterns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	char path[40], *said = NULL;
	size_t size = 0, entries;
	bool good = false;

	if (count == 0)
		return 0;
	if (bytes[0] % 5 == 4) {
		match(bytes + 1, count - 1);
		return 0;
	}
	FILE *errors = open_memstream(&said, &size);
	int fd = memfd_create("list", MFD_CLOEXEC);
	CHECK(errors != NULL && fd >= 0);
	CHECK(write(fd, bytes + 1, count - 1) == (ssize_t)(count - 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (bytes[0] % 5 == 3) {
		struct bs_prefix *prefixes = list_file_read(path, &entries, errors);
		good = prefixes != NULL;
		free(prefixes);
	} else {
		read_names(path, (enum name_file_kind)(bytes[0] % 5), errors, &good);
	}
	fclose(errors);
	close(fd);
	CHECK(good == (size == 0)); // refused with a word, or taken without
	free(said);
	return 0;
}
