// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#define FOLDER "/var/tmp" // not /tmp, which may be memory

// Some file systems know no O_TMPFILE.
static int open_and_unlink(void)
{
	char name[] = FOLDER "/barscreen-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

bool spool_open(struct spool *spool)
{
	spool->written = spool->read = 0;
	spool->fd = open(FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (spool->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		spool->fd = open_and_unlink();
	return spool->fd >= 0;
}

bool spool_append(struct spool *spool, const uint8_t *bytes, size_t count)
{
	while (count != 0) {
		ssize_t written = pwrite(spool->fd, bytes, count, (off_t)spool->written);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			errno = written == 0 ? EIO : errno;
			return false;
		}
		bytes += written;
		count -= (size_t)written;
		spool->written += (uint64_t)written;
	}
	return true;
}

ssize_t spool_next(struct spool *spool, uint8_t *bytes, size_t room)
{
	ssize_t count;
	do
		count = pread(spool->fd, bytes, room, (off_t)spool->read);
	while (count < 0 && errno == EINTR);
	if (count == 0 && spool->read < spool->written) {
		errno = EIO; // somebody cut it
		return -1;
	}
	if (count > 0)
		spool->read += (uint64_t)count;
	return count;
}

void spool_close(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
}

struct spool_digest *spool_digest_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(context);
		context = NULL;
	}
	return (struct spool_digest *)context;
}

void spool_digest_free(struct spool_digest *digest)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)digest);
}

bool spool_digest_add(struct spool_digest *digest, const uint8_t *bytes, size_t count)
{
	return EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, count) == 1;
}

bool spool_digest_end(struct spool_digest *digest, uint8_t value[SPOOL_DIGEST])
{
	return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, value, NULL) == 1;
}
