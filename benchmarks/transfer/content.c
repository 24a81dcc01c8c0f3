// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/transfer/content.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOTTED 17u // one line in so many

void content_fill(uint8_t block[CONTENT_BLOCK])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint64_t state = 0x9e3779b97f4a7c15u;
	for (uint32_t i = 0; i < CONTENT_BLOCK; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		block[i] = (uint8_t)letters[state >> 58];
	}
	for (uint32_t line = 0; line < CONTENT_BLOCK; line += CONTENT_LINE) {
		block[line + CONTENT_LINE - 2] = '\r';
		block[line + CONTENT_LINE - 1] = '\n';
		if (line / CONTENT_LINE % DOTTED == DOTTED - 1)
			block[line] = block[line + 1] = '.';
	}
}

void content_fail(const char *program, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
	exit(EXIT_FAILURE);
}
