// SPDX-License-Identifier: BSD-3-Clause
//
// Configuration files: any bytes are either refused with a reason or taken, and what is taken comes back unchanged
// through --print-config.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/configuration/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

// So that nobody asks the resolver for the host's name.
static const char first_line[] = "hostname = \"mx1.example.org\"\n";

static struct config *read_bytes(
	const char *text, size_t length, const uint8_t *bytes, size_t count)
{
	char path[40], *said;
	size_t size;
	FILE *errors = open_memstream(&said, &size);
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *config;

	if (errors == NULL || fd < 0 || write(fd, text, length) != (ssize_t)length ||
		write(fd, bytes, count) != (ssize_t)count)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config = config_read(path, errors);
	fclose(errors);
	close(fd);
	if ((config == NULL) == (size == 0)) // refused without a word, or taken with faults
		abort();
	free(said);
	return config;
}

static char *printed(const struct config *config, size_t *length)
{
	char *text;
	FILE *out = open_memstream(&text, length);

	if (out == NULL)
		abort();
	config_print(config, out);
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct config *config = read_bytes(first_line, strlen(first_line), bytes, count);
	char *once, *twice;
	size_t length;

	if (config == NULL)
		return 0;
	once = printed(config, &length);
	config_free(config);
	config = read_bytes(once, length, NULL, 0);
	if (config == NULL)
		abort();
	twice = printed(config, &length);
	if (strcmp(once, twice) != 0)
		abort();
	config_free(config);
	free(once);
	free(twice);
	return 0;
}
