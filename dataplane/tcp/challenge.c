// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/challenge.h"

#include "dataplane/dataplane.h"
#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"

// A record with a session block keeps the time there.
static uint32_t *last_ms(const struct dataplane *dataplane, struct connection *c)
{
	return c->stage == STAGE_TALKING
		       ? &block_talk(&dataplane->streams->stream[c->block])->challenged_ms
		       : &c->challenged_ms;
}

static bool total_allows(struct dataplane *dataplane)
{
	struct challenges *total = &dataplane->challenges;
	uint64_t second = dataplane->clock_ms / 1000;
	if (total->second != (uint32_t)second) {
		total->second = (uint32_t)second;
		total->left = CHALLENGES_A_SECOND / 2 +
			      (uint32_t)(siphash(&dataplane->worker_secret, &second, 1, 1, 3) %
					 CHALLENGES_A_SECOND);
	}
	if (total->left == 0)
		return false;
	total->left--;
	return true;
}

bool challenge_take(struct dataplane *dataplane, struct connection *c)
{
	uint32_t *last = last_ms(dataplane, c);
	if (dataplane->now_ms - *last < CHALLENGE_GAP_MS || !total_allows(dataplane)) {
		dataplane->counters->challenges_held++;
		return false;
	}
	*last = dataplane->now_ms;
	dataplane->counters->challenge_acks++;
	return true;
}
