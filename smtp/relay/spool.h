// SPDX-License-Identifier: BSD-3-Clause
//
// A mail in a file without a name, gone when we are; and a mail's digest. The file's calls block: helper threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SPOOL_DIGEST 32u // SHA-256

struct spool {
	int fd; // -1: none
	uint64_t written, read;
};

// False with errno.
bool spool_open(struct spool *spool);
bool spool_append(struct spool *spool, const uint8_t *bytes, size_t count);
// The next bytes, 0 at the end, -1 with errno.
ssize_t spool_next(struct spool *spool, uint8_t *bytes, size_t room);
void spool_close(struct spool *spool); // any thread

struct spool_digest;
struct spool_digest *spool_digest_new(void);         // NULL without memory
void spool_digest_free(struct spool_digest *digest); // NULL is allowed
bool spool_digest_add(struct spool_digest *digest, const uint8_t *bytes, size_t count);
bool spool_digest_end(struct spool_digest *digest, uint8_t value[SPOOL_DIGEST]);
