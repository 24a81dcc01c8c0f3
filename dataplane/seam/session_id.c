// SPDX-License-Identifier: BSD-3-Clause
//
// The session id that stands on every line of the log: 16 characters of fixed width, so that ids of
// one lcore sort by age, in Crockford's base 32 (no i, l, o, u: it is read aloud on the phone).

#include "dataplane/seam/log.h"

#include <pthread.h>
#include <time.h>

// In 1/256 s: a daemon that dies and is started again within the same second doesn't give ids
// twice. 40 bits last until the year 2106.
static uint64_t started;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void remember_start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	started = (uint64_t)now.tv_sec << 8 | (uint64_t)now.tv_nsec * 256 / 1000000000;
}

static char *put_40_bits(char *out, uint64_t value)
{
	static const char digit[] = "0123456789abcdefghjkmnpqrstvwxyz";

	for (int shift = 35; shift >= 0; shift -= 5)
		*out++ = digit[value >> shift & 31];
	return out;
}

char *bs_session_id(char id[BS_SESSION_ID], uint8_t dataplane, uint32_t serial)
{
	char *end;

	pthread_once(&once, remember_start);
	end = put_40_bits(id, started);
	end = put_40_bits(end, (uint64_t)dataplane << 32 | serial);
	*end = '\0';
	return id;
}
