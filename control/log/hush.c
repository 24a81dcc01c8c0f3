// SPDX-License-Identifier: BSD-3-Clause
#include "control/log/hush.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

void hush_begin(struct hush *hush)
{
	fflush(stdout);
	hush->kept[0] = hush->kept[1] = -1;
	hush->memory = memfd_create("words", MFD_CLOEXEC);
	if (hush->memory < 0)
		return; // then they are heard
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		int kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (kept < 0)
			continue;
		dup2(hush->memory, fd);
		hush->kept[fd - STDOUT_FILENO] = kept;
	}
}

// The last line that is not empty of the `count` bytes, printable characters only.
static void last_line(char *text, size_t count, char words[200])
{
	size_t length = 0;
	while (count > 0 && isspace((unsigned char)text[count - 1]))
		count--;
	size_t from = count;
	while (from > 0 && text[from - 1] != '\n')
		from--;
	for (; from < count && length + 1 < 200; from++)
		words[length++] = isprint((unsigned char)text[from]) ? text[from] : ' ';
	words[length] = '\0';
}

void hush_end(struct hush *hush, char words[200])
{
	char text[1024];
	fflush(stdout);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		int kept = hush->kept[fd - STDOUT_FILENO];
		if (kept < 0)
			continue;
		dup2(kept, fd);
		close(kept);
	}
	if (words != NULL)
		words[0] = '\0';
	if (hush->memory < 0)
		return;
	off_t size = lseek(hush->memory, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(text) ? size - (off_t)sizeof(text) : 0;
	ssize_t count = pread(hush->memory, text, sizeof(text), from);
	if (words != NULL && count > 0)
		last_line(text, (size_t)count, words);
	close(hush->memory);
}
