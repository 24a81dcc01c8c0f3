// SPDX-License-Identifier: BSD-3-Clause
#include "control/overlay/overlay_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER     "barscreen overlay 1"
#define NAME       "overlay"
#define LINE_BYTES 256 // of the longest: verdict, prefix, two times, note
// A file longer than the most entries with the longest lines was not written by us.
#define LINES_MOST (BS_OVERLAY_ENTRIES + 2u)

static const char *const words[] = {[BS_OVERLAY_ALLOW] = "allow", [BS_OVERLAY_DENY] = "deny"};

static bool write_items(FILE *out, const struct overlay_item *item, size_t count)
{
	fprintf(out, HEADER "\n");
	for (size_t i = 0; i < count; i++) {
		char prefix[BS_PREFIX_TEXT];
		fprintf(out, "%s %s %" PRId64 " %" PRId64 "%s%s\n", words[item[i].verdict],
			bs_prefix_format(&item[i].prefix, prefix), item[i].added, item[i].expires,
			item[i].note[0] == '\0' ? "" : " ", item[i].note);
	}
	fprintf(out, "end %zu\n", count);
	return fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
}

// In the folder `fd`.
static bool replace(int fd, const struct overlay_item *item, size_t count)
{
	static const char fresh[] = NAME ".new";
	int file = openat(fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *out = file < 0 ? NULL : fdopen(file, "w");
	if (out == NULL) {
		if (file >= 0)
			close(file);
		return false;
	}
	bool written = write_items(out, item, count);
	int fault = errno;
	if (fclose(out) != 0 && written) {
		written = false;
		fault = errno;
	}
	if (written && renameat(fd, fresh, fd, NAME) == 0 && fsync(fd) == 0)
		return true;
	if (!written)
		errno = fault;
	return false;
}

bool overlay_file_write(const char *folder, const struct overlay_item *item, size_t count,
	char error[OVERLAY_ERROR])
{
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		snprintf(error, OVERLAY_ERROR,
			"state-folder %.200s can't be made: %s; entries added at run time will not "
			"survive a restart",
			folder, strerror(errno));
		return false;
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool replaced = fd >= 0 && replace(fd, item, count);
	if (!replaced)
		snprintf(error, OVERLAY_ERROR,
			"%.200s/" NAME " can't be written: %s; entries added at run time may not "
			"survive a restart",
			folder, strerror(errno));
	if (fd >= 0)
		close(fd);
	return replaced;
}

static bool take_number(char **rest, int64_t *number)
{
	char *word = strsep(rest, " "), *end;
	if (word == NULL || word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	*number = strtoll(word, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool take_note(const char *rest, char note[OVERLAY_NOTE])
{
	if (rest == NULL)
		return true;
	if (strlen(rest) >= OVERLAY_NOTE)
		return false;
	for (const char *c = rest; *c != '\0'; c++)
		if (*c < 0x20 || *c >= 0x7f)
			return false;
	memcpy(note, rest, strlen(rest) + 1);
	return true;
}

// "deny 192.0.2.0/24 1767225600 0 note"; `line` is cut up.
static bool take_item(char *line, struct overlay_item *item)
{
	char *rest = line, *verdict = strsep(&rest, " "), *prefix = strsep(&rest, " ");
	*item = (struct overlay_item){0};
	for (unsigned i = BS_OVERLAY_ALLOW; i <= BS_OVERLAY_DENY; i++)
		if (strcmp(verdict, words[i]) == 0)
			item->verdict = (uint8_t)i;
	return item->verdict != BS_OVERLAY_NONE && prefix != NULL &&
	       bs_prefix_parse(prefix, &item->prefix, NULL) == BS_PREFIX_OK &&
	       take_number(&rest, &item->added) && take_number(&rest, &item->expires) &&
	       take_note(rest, item->note);
}

struct reading {
	FILE *in;
	int64_t now;
	struct overlay_entries *entries;
	size_t line, items;
	size_t faulty; // the first line at fault, 0: none
	bool ended;    // "end N" with the right N was the last line
};

static void fault(struct reading *reading)
{
	if (reading->faulty == 0)
		reading->faulty = reading->line;
}

static void take_line(struct reading *reading, char *text)
{
	struct overlay_item item;
	char end[40];
	snprintf(end, sizeof(end), "end %zu", reading->items);
	if (reading->line == 1) {
		if (strcmp(text, HEADER) != 0)
			fault(reading);
	} else if (strcmp(text, end) == 0) {
		reading->ended = true;
	} else if (reading->ended || !take_item(text, &item)) {
		fault(reading);
	} else {
		reading->items++;
		if ((item.expires == 0 || item.expires > reading->now) &&
			overlay_entries_put(reading->entries, &item) > OVERLAY_REPLACED)
			fault(reading);
	}
}

static void read_lines(struct reading *reading)
{
	char text[LINE_BYTES];
	while (reading->line < LINES_MOST && fgets(text, sizeof(text), reading->in) != NULL) {
		size_t length = strlen(text);
		reading->line++;
		if (length == 0 || text[length - 1] != '\n') { // too long, a NUL, or cut off
			fault(reading);
			continue;
		}
		text[length - 1] = '\0';
		take_line(reading, text);
	}
	if (!reading->ended || ferror(reading->in) || fgetc(reading->in) != EOF) {
		reading->line++;
		fault(reading);
	}
}

static void set_aside(const char *path, const struct reading *reading, char error[OVERLAY_ERROR])
{
	char aside[300];
	snprintf(aside, sizeof(aside), "%.250s.damaged-%" PRId64, path, reading->now);
	bool renamed = rename(path, aside) == 0;
	snprintf(error, OVERLAY_ERROR,
		"%.200s:%zu: is damaged; %zu entries of it are in force, the file is kept as "
		"%.250s; "
		"compare them: barscreenctl allow list, deny list",
		path, reading->faulty, reading->entries->count, renamed ? aside : path);
}

bool overlay_file_read(
	const char *folder, int64_t now, struct overlay_entries *entries, char error[OVERLAY_ERROR])
{
	struct reading reading = {.now = now, .entries = entries};
	char path[260];
	snprintf(path, sizeof(path), "%.240s/" NAME, folder);
	// A FIFO must not hold us.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return true;
	reading.in = fd < 0 ? NULL : fdopen(fd, "r");
	if (reading.in == NULL) {
		snprintf(error, OVERLAY_ERROR,
			"%.200s can't be read: %s; no entries added at run time are in force", path,
			strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	read_lines(&reading);
	fclose(reading.in);
	if (reading.faulty == 0)
		return true;
	set_aside(path, &reading, error);
	return false;
}
