// SPDX-License-Identifier: BSD-3-Clause
//
// A session as control shows it. Text of the client is as clean as in the log.
#include "smtp/session/session_state.h"

#include <string.h>

static enum bs_view_phase phase_of(const struct session *session)
{
	if (session->phase == PHASE_CLOSED)
		return BS_VIEW_PHASE_END;
	if (session->phase == PHASE_DATA)
		return BS_VIEW_PHASE_DATA;
	if (session->envelope.recipient_count > 0)
		return BS_VIEW_PHASE_RCPT;
	if (session->transaction)
		return BS_VIEW_PHASE_MAIL;
	return session->helo != HELO_NONE ? BS_VIEW_PHASE_HELO : BS_VIEW_PHASE_NONE;
}

static void copy(char *out, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);
	for (size_t i = 0; i < length; i++)
		out[i] = (char)(text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
	out[length] = '\0';
}

void session_view(const struct session *session, uint64_t now_ms, struct bs_view *view)
{
	char from[MAILBOX_TEXT];
	const struct bs_client *client = &session->client;
	memset(view, 0, sizeof(*view));
	view->address = client->address;
	view->port = client->port;
	view->dataplane = client->dataplane;
	view->serial = client->serial;
	view->phase = (uint8_t)phase_of(session);
	view->judge = session->wish == WISH_JUDGE;
	view->backend = session->wish != WISH_NOTHING && session->wish != WISH_CLOSE &&
			!view->judge;
	view->age_ms = now_ms > client->opened_ms ? now_ms - client->opened_ms : 0;
	view->bytes = session->mail != NULL ? session->mail->parser.bytes : 0;
	view->recipients = session->envelope.recipient_count;
	copy(view->helo, sizeof(view->helo), session->helo_name);
	if (session->transaction)
		copy(view->from, sizeof(view->from),
			mailbox_format(&session->envelope.sender, from));
}
