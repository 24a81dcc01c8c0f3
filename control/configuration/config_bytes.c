// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of a configuration file: see the header.
#include "control/configuration/config_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE 1000000 // of one configuration file; long lists have files of their own

char *config_bytes_read(struct config_source *source, size_t *count, const char *from_file,
	unsigned from_line, struct faults *faults)
{
	// Not blocking: a FIFO would hang us here.
	int fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	const char *why = NULL;
	char *bytes = NULL;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &status) != 0) {
		faults_add(faults, from_file, from_line,
			"%s can't be opened: %s; check its name and permissions", source->file,
			strerror(errno));
		goto out;
	}
	if (S_ISDIR(status.st_mode))
		why = "is a folder; name a file in it";
	else if (!S_ISREG(status.st_mode))
		why = "is not a regular file; name one";
	else if (status.st_size > FILE_SIZE)
		why = "is larger than a megabyte; is it a configuration file?";
	if (why == NULL && (bytes = malloc(FILE_SIZE + 1)) == NULL)
		why = "needs memory that is not there; free some";
	for (*count = 0; why == NULL && *count <= FILE_SIZE; *count += (size_t)n) {
		n = read(fd, bytes + *count, FILE_SIZE + 1 - *count);
		if (n == 0)
			break;
		if (n < 0)
			why = "can't be read; check the disk";
	}
	if (why == NULL && *count > FILE_SIZE)
		why = "is larger than a megabyte; is it a configuration file?";
	source->device = status.st_dev;
	source->inode = status.st_ino;
out:
	if (why != NULL)
		faults_add(faults, from_file, from_line, "%s %s", source->file, why);
	if (fd >= 0)
		close(fd);
	if (why != NULL) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}
