// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/inquiry.h"

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/seam/inquiry.h"
#include "dataplane/tcp/waiting.h"

// Records looked at in a turn: one after the other in memory, so some microseconds; ten million take some tens of thousands of
// turns, that is a second.
#define RECORDS_A_TURN 512u

// False for what is no client's connection (yet, or any more), or a worker's to tell of.
static bool state_of(struct dataplane *dataplane, const struct connection *c, uint8_t *state)
{
	switch ((enum stage)c->stage) {
	case STAGE_WAITING:
		*state = BS_VIEW_WAITING;
		return true;
	case STAGE_GREETED:
		*state = BS_VIEW_GREETED;
		return true;
	case STAGE_REFUSED:
	case STAGE_STUTTER:
		*state = BS_VIEW_REFUSED;
		return true;
	case STAGE_TALKING:
		*state = BS_VIEW_CLOSING;
		return (block_talk(&dataplane->streams->stream[c->block])->flags & TALK_LET_GO) !=
		       0;
	case STAGE_LINGER:
	case STAGE_FIN_WAIT_1:
	case STAGE_FIN_WAIT_2:
	case STAGE_CLOSING:
	case STAGE_LAST_ACK:
		*state = BS_VIEW_CLOSING;
		return true;
	case STAGE_FREE:
	case STAGE_HALF_OPEN:
	case STAGE_TIME_WAIT:
	case STAGES:
		break;
	}
	return false;
}

static bool list(
	struct dataplane *dataplane, struct bs_inquiry *inquiry, const struct connection *c)
{
	struct bs_view view = {.address = c->peer,
		.port = c->peer_port,
		.dataplane = dataplane->number,
		.serial = c->serial,
		.age_ms = (uint32_t)(dataplane->now_ms - c->opened_ms)};
	return !state_of(dataplane, c, &view.state) || bs_inquiry_add(inquiry, &view);
}

// A talking one is its worker's; one that closes does so by itself.
static void kill(struct dataplane *dataplane, struct bs_inquiry *inquiry, struct connection *c)
{
	uint8_t state;
	if (c->serial != inquiry->question.serial || !state_of(dataplane, c, &state))
		return;
	inquiry->found = true;
	if (state != BS_VIEW_CLOSING)
		waiting_kill(dataplane, c);
}

unsigned inquiry_turn(struct dataplane *dataplane)
{
	struct bs_inquiry *inquiry = bs_door_look(dataplane->door);
	struct connections *connections = dataplane->connections;
	unsigned done = 1;
	bool more = true;
	if (inquiry == NULL)
		return 0;
	if (inquiry->question.kind == BS_QUESTION_KILL &&
		inquiry->question.dataplane != dataplane->number)
		more = false;
	if (inquiry->question.kind == BS_QUESTION_DNS ||
		inquiry->question.kind == BS_QUESTION_FORGET)
		more = false; // only workers ask the DNS
	for (; more && done <= RECORDS_A_TURN && inquiry->cursor[0] < connections->fresh; done++) {
		struct connection *c = &connections->record[inquiry->cursor[0]++];
		if (inquiry->question.kind == BS_QUESTION_LIST)
			more = list(dataplane, inquiry, c);
		else
			kill(dataplane, inquiry, c);
		more = more && !inquiry->found;
	}
	if (!more || inquiry->cursor[0] >= connections->fresh)
		bs_door_answer(dataplane->door, inquiry);
	return done;
}
