// SPDX-License-Identifier: BSD-3-Clause
//
// A session's wishes become calls of the backend, and the backend's answers go to the session.
#include "smtp/worker/conversation_state.h"

static void answered(void *context, const struct session_answer *answer)
{
	struct conversation *c = context;
	bool in_data = session_in_data(c->session);
	c->calling = false;
	session_pending(c->session, bytes_waiting(c->stream));
	session_answer(c->session, answer, c->all->now_ms);
	if (!in_data)
		conversation_grow(c);
	conversation_queue(c);
}

static bool have_delivery(struct conversation *c)
{
	struct conversations *all = c->all;
	if (c->delivery == NULL)
		c->delivery = all->backend->operations->open(
			all->backend, &all->delivery, session_id(c->session), answered, c);
	return c->delivery != NULL;
}

void conversation_call(struct conversation *c, enum session_wish wish)
{
	const struct backend_operations *operations = c->all->backend->operations;
	const uint8_t *bytes;
	size_t count;
	c->calling = true;
	if (!have_delivery(c)) {
		static const struct session_answer none = {451, "4.3.0",
			"temporary lack of resources, please try again later", "out of memory"};
		answered(c, &none);
		return;
	}
	switch (wish) {
	case WISH_RECIPIENT:
		operations->recipient(
			c->delivery, session_envelope(c->session), session_recipient(c->session));
		break;
	case WISH_OPEN:
		operations->begin(c->delivery, session_envelope(c->session));
		break;
	case WISH_WRITE:
		bytes = session_content(c->session, &count);
		operations->write(c->delivery, bytes, count);
		break;
	case WISH_COMMIT:
		bytes = session_content(c->session, &count);
		operations->commit(c->delivery, bytes, count);
		break;
	default:
		operations->abandon(c->delivery);
	}
}
