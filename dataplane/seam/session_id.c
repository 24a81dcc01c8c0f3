// SPDX-License-Identifier: BSD-3-Clause
//
// The session id that stands on every line of the log: 16 characters of fixed width, so that ids of
// one lcore sort by age, in Crockford's base 32 (no i, l, o, u: it is read aloud on the phone).

#include "dataplane/seam/log.h"

#include <pthread.h>
#include <string.h>
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

static const char digit[] = "0123456789abcdefghjkmnpqrstvwxyz";

static char *put_40_bits(char *out, uint64_t value)
{
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

bool bs_session_id_parse(const char *id, uint8_t *dataplane, uint32_t *serial)
{
	char again[BS_SESSION_ID];
	uint64_t value = 0;

	if (strlen(id) != 16)
		return false;
	for (const char *at = id + 8; *at != '\0'; at++) {
		const char *place = strchr(digit, *at);

		if (place == NULL)
			return false;
		value = value << 5 | (uint64_t)(place - digit);
	}
	*dataplane = (uint8_t)(value >> 32);
	*serial = (uint32_t)value;
	return strcmp(bs_session_id(again, *dataplane, *serial), id) == 0; // the start too
}
