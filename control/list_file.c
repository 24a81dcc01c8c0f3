// SPDX-License-Identifier: BSD-3-Clause
//
// Reading is by character, so that neither a NUL nor a line without end needs more than the bound;
// a million lines take a quarter of a second.

#include "control/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUOTED        60 // characters of a faulty line that a message shows
#define ROOM_AT_FIRST 1024u

struct reading {
	const char *file;
	FILE *in, *errors;
	struct bs_prefix *entry;
	size_t count, room;
	size_t line, faults;
};

enum line_end { LINE_READ, LINE_NONE, LINE_LONG, LINE_BINARY };

// The text's first characters, harmless to a terminal.
static const char *quoted(const char *text, char copy[QUOTED + 4])
{
	size_t i = 0;

	for (; i < QUOTED && text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];
		copy[i] = (char)(c < ' ' || c >= 127 ? '?' : c);
	}
	snprintf(copy + i, sizeof("..."), "%s", text[i] != '\0' ? "..." : "");
	return copy;
}

// True when this fault is one of those that are named; "FILE:LINE: " is then written.
static bool name_fault(struct reading *reading)
{
	if (++reading->faults > LIST_FAULTS_MAX)
		return false;
	fprintf(reading->errors, "%s:%zu: ", reading->file, reading->line);
	return true;
}

static void host_bits(struct reading *reading, const char *text)
{
	char network[BS_PREFIX_TEXT], host[BS_ADDRESS_TEXT];
	struct bs_address address;
	struct bs_prefix prefix;

	if (!name_fault(reading) || bs_prefix_parse(text, &prefix, &address) != BS_PREFIX_OK)
		return;
	fprintf(reading->errors, "%s has host bits; write %s or %s\n", text,
		bs_prefix_format(&prefix, network), bs_address_format(&address, host));
}

static void malformed(struct reading *reading, const char *text)
{
	char copy[QUOTED + 4];
	const char *cure = "write one as 192.0.2.0/24, 192.0.2.1 or 2001:db8::/32";

	if (!name_fault(reading))
		return;
	if (strncasecmp(text, "::ffff:", 7) == 0 && strchr(text, '.') != NULL)
		cure = "write the IPv4 address without ::ffff:";
	else if (strpbrk(text, " \t,") != NULL)
		cure = "write one on each line, a comment after #";
	fprintf(reading->errors, "\"%s\" is neither an address nor a network; %s\n",
		quoted(text, copy), cure);
}

static bool add(struct reading *reading, const struct bs_prefix *prefix)
{
	if (reading->count == reading->room) {
		size_t room = reading->room == 0 ? ROOM_AT_FIRST : reading->room * 2;
		struct bs_prefix *grown = reallocarray(
			reading->entry, room, sizeof(*reading->entry));
		if (grown == NULL) {
			fprintf(reading->errors, "%s: no memory for %zu entries\n", reading->file,
				room);
			return false;
		}
		reading->entry = grown;
		reading->room = room;
	}
	reading->entry[reading->count++] = *prefix;
	return true;
}

// Fills `text` with the next line, without its end.
static enum line_end next_line(FILE *in, char text[LIST_LINE_MAX + 1])
{
	size_t length = 0;
	int c;

	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (c == '\0')
			return LINE_BINARY;
		if (length == LIST_LINE_MAX)
			return LINE_LONG;
		text[length++] = (char)c;
	}
	text[length] = '\0';
	return c == EOF && length == 0 ? LINE_NONE : LINE_READ;
}

static char *without_comment(char *text)
{
	static const char blank[] = " \t\r\v\f";
	char *start = text + strspn(text, blank);
	char *end = start + strcspn(start, "#;");

	while (end > start && strchr(blank, end[-1]) != NULL)
		end--;
	*end = '\0';
	return start;
}

// False when there is no sense in reading on.
static bool take_line(struct reading *reading, char *text)
{
	struct bs_prefix prefix;

	if (reading->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	text = without_comment(text);
	if (*text == '\0')
		return true;
	switch (bs_prefix_parse(text, &prefix, NULL)) {
	case BS_PREFIX_OK:
		break;
	case BS_PREFIX_HOST_BITS:
		host_bits(reading, text);
		return true;
	default:
		malformed(reading, text);
		return true;
	}
	if (reading->count == LIST_ENTRIES) {
		fprintf(reading->errors, "%s:%zu: more than %u entries; join networks\n",
			reading->file, reading->line, LIST_ENTRIES);
		return false;
	}
	return add(reading, &prefix);
}

// True when the whole file was good.
static bool read_lines(struct reading *reading)
{
	char text[LIST_LINE_MAX + 1];
	enum line_end end;

	while ((end = next_line(reading->in, text)) == LINE_READ) {
		reading->line++;
		if (!take_line(reading, text))
			return false;
	}
	if (reading->faults > LIST_FAULTS_MAX)
		fprintf(reading->errors, "%s: ... and %zu more\n", reading->file,
			reading->faults - LIST_FAULTS_MAX);
	if (ferror(reading->in)) {
		fprintf(reading->errors, "%s: can't be read: %s\n", reading->file, strerror(errno));
		return false;
	}
	if (end == LINE_LONG)
		fprintf(reading->errors,
			"%s:%zu: longer than %u characters; a list has an address or a network a "
			"line\n",
			reading->file, reading->line + 1, LIST_LINE_MAX);
	if (end == LINE_BINARY)
		fprintf(reading->errors,
			"%s:%zu: has a NUL byte; a list is a text file, in UTF-8 or ASCII\n",
			reading->file, reading->line + 1);
	return end == LINE_NONE && reading->faults == 0;
}

// Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
static FILE *open_list(const char *file, FILE *errors)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *wrong = NULL;
	struct stat about;
	FILE *in = NULL;

	if (fd < 0 || fstat(fd, &about) != 0)
		wrong = strerror(errno);
	else if (S_ISDIR(about.st_mode))
		wrong = "is a directory; name a file in it";
	else if (!S_ISREG(about.st_mode))
		wrong = "is not a regular file";
	else if ((in = fdopen(fd, "r")) == NULL)
		wrong = strerror(errno);
	if (wrong == NULL)
		return in;
	fprintf(errors, "%s: %s\n", file, wrong);
	if (fd >= 0)
		close(fd);
	return NULL;
}

struct bs_prefix *list_file_read(const char *file, size_t *count, FILE *errors)
{
	struct reading reading = {.file = file, .errors = errors};
	bool good;

	reading.in = open_list(file, errors);
	if (reading.in == NULL)
		return NULL;
	good = read_lines(&reading);
	fclose(reading.in);
	if (good && reading.entry == NULL) {
		reading.entry = calloc(1, sizeof(*reading.entry)); // an empty list is no fault
		if (reading.entry == NULL)
			fprintf(errors, "%s: no memory\n", file);
	}
	if (!good) {
		free(reading.entry);
		return NULL;
	}
	*count = reading.count;
	return reading.entry;
}
