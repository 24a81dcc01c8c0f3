// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/waiting/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t proc_bytes(const char *path, const char *const *words, unsigned count)
{
	char line[256];
	uint64_t sum = 0;
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		for (unsigned i = 0; i < count; i++)
			if (strncmp(line, words[i], strlen(words[i])) == 0)
				sum += strtoull(line + strlen(words[i]), NULL, 10) * 1024;
	fclose(file);
	return sum;
}
