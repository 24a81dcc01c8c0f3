// SPDX-License-Identifier: BSD-3-Clause
//
// Reading is by character, so that neither a NUL nor a line without end needs more than the bound;
// a million lines take a quarter of a second.
#include "control/lists/list_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char blank[] = " \t\r\v\f";

const char *list_quoted(const char *text, char copy[LIST_QUOTED])
{
	size_t i = 0;

	for (; i < LIST_QUOTED - 4 && text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];
		copy[i] = (char)(c < ' ' || c >= 127 ? '?' : c);
	}
	snprintf(copy + i, sizeof("..."), "%s", text[i] != '\0' ? "..." : "");
	return copy;
}

// Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
bool list_lines_open(struct list_lines *lines, const char *file, FILE *errors)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *wrong = NULL;
	struct stat about;

	*lines = (struct list_lines){.file = file, .errors = errors};
	if (fd < 0 || fstat(fd, &about) != 0)
		wrong = strerror(errno);
	else if (S_ISDIR(about.st_mode))
		wrong = "is a directory; name a file in it";
	else if (!S_ISREG(about.st_mode))
		wrong = "is not a regular file";
	else if ((lines->in = fdopen(fd, "r")) == NULL)
		wrong = strerror(errno);
	if (wrong == NULL)
		return true;
	fprintf(errors, "%s: %s\n", file, wrong);
	if (fd >= 0)
		close(fd);
	return false;
}

bool list_lines_fault(struct list_lines *lines)
{
	if (++lines->faults > LIST_FAULTS_MAX)
		return false;
	fprintf(lines->errors, "%s:%zu: ", lines->file, lines->line);
	return true;
}

void list_lines_stop(struct list_lines *lines)
{
	lines->ended = true;
	fprintf(lines->errors, "%s:%zu: ", lines->file, lines->line);
}

// Fills lines->text with the next line, without its end. False at the end.
static bool read_line(struct list_lines *lines)
{
	size_t length = 0;
	int c;

	lines->line++;
	while ((c = getc_unlocked(lines->in)) != EOF && c != '\n') {
		if (c == '\0') {
			list_lines_stop(lines);
			fprintf(lines->errors,
				"has a NUL byte; a list is a text file, in UTF-8 or ASCII\n");
			return false;
		}
		if (length == LIST_LINE_MAX) {
			list_lines_stop(lines);
			fprintf(lines->errors,
				"longer than %u characters; a list has one entry a line\n",
				LIST_LINE_MAX);
			return false;
		}
		lines->text[length++] = (char)c;
	}
	lines->text[length] = '\0';
	return c != EOF || length > 0;
}

char *list_lines_entry(char *text, const char *comment)
{
	char *start = text + strspn(text, blank);
	char *end = start + strcspn(start, comment);

	while (end > start && strchr(blank, end[-1]) != NULL)
		end--;
	*end = '\0';
	return start;
}

char *list_lines_next(struct list_lines *lines)
{
	while (!lines->ended && read_line(lines)) {
		bool marked = lines->line == 1 && strncmp(lines->text, "\xef\xbb\xbf", 3) == 0;
		char *text = list_lines_entry(lines->text + (marked ? 3 : 0), "");

		if (*text != '\0')
			return text;
	}
	return NULL;
}

bool list_lines_close(struct list_lines *lines)
{
	bool read = !ferror(lines->in);

	if (lines->faults > LIST_FAULTS_MAX)
		fprintf(lines->errors, "%s: ... and %zu more\n", lines->file,
			lines->faults - LIST_FAULTS_MAX);
	if (!read)
		fprintf(lines->errors, "%s: can't be read: %s\n", lines->file, strerror(errno));
	fclose(lines->in);
	lines->in = NULL;
	return read && !lines->ended && lines->faults == 0;
}
