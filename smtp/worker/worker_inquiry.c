// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions are found through the streams, whose numbers, other than a list of sessions, stand still from turn to turn.
#include "smtp/worker/worker_inquiry.h"

#include "smtp/worker/conversation.h"
#include "smtp/dns/resolver.h"
#include "smtp/dns/view.h"

// Streams looked at in a turn: a line of memory each, and a copy of some hundred bytes where there is a session.
#define STREAMS_A_TURN 64u

// The worker's next stream, or NULL at the end.
static struct bs_stream *next(const struct worker_settings *settings, struct bs_inquiry *inquiry)
{
	while (inquiry->cursor[0] < settings->dataplanes) {
		struct bs_streams *streams = settings->streams[inquiry->cursor[0]];
		uint64_t number = settings->number +
				  (uint64_t)inquiry->cursor[1] * streams->workers;
		if (number < streams->count) {
			inquiry->cursor[1]++;
			return &streams->stream[number];
		}
		inquiry->cursor[0]++;
		inquiry->cursor[1] = 0;
	}
	return NULL;
}

// True when there is nothing more to look for.
static bool look(struct bs_inquiry *inquiry, struct conversation *conversation)
{
	const struct bs_question *question = &inquiry->question;
	struct bs_view view;
	conversation_view(conversation, &view);
	if (question->kind == BS_QUESTION_LIST)
		return !bs_inquiry_add(inquiry, &view);
	if (view.dataplane != question->dataplane || view.serial != question->serial)
		return false;
	inquiry->found = true;
	conversation_kill(conversation);
	return true;
}

_Static_assert(BS_QUESTION_NAME == DNS_NAME, "any name can be asked for");

static void answer_dns(const struct worker_settings *settings, struct bs_inquiry *inquiry,
	struct resolver *resolver)
{
	const struct bs_question *question = &inquiry->question;
	enum dns_type type = (enum dns_type)question->type;
	inquiry->worker = settings->number;
	inquiry->found = resolver != NULL;
	if (resolver == NULL)
		return;
	if (question->kind == BS_QUESTION_FORGET)
		inquiry->count = resolver_forget(resolver, question->name, type);
	else
		inquiry->count = resolver_view(resolver, question->name, type, inquiry->dns);
}

unsigned worker_inquiry_turn(const struct worker_settings *settings, struct resolver *resolver)
{
	struct bs_inquiry *inquiry = bs_door_look(settings->door);
	if (inquiry == NULL)
		return 0;
	if (inquiry->question.kind == BS_QUESTION_DNS ||
		inquiry->question.kind == BS_QUESTION_FORGET) {
		answer_dns(settings, inquiry, resolver);
		bs_door_answer(settings->door, inquiry);
		return 1;
	}
	for (unsigned done = 1; done <= STREAMS_A_TURN; done++) {
		struct bs_stream *stream = next(settings, inquiry);
		if (stream == NULL || (stream->session != NULL && look(inquiry, stream->session))) {
			bs_door_answer(settings->door, inquiry);
			return done;
		}
	}
	return STREAMS_A_TURN;
}
