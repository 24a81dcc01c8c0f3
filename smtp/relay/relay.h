// SPDX-License-Identifier: BSD-3-Clause
//
// The backend that is a mail server: SMTP (RFC 5321) or LMTP (RFC 2033). The client's transaction is relayed while it
// goes on: each recipient is asked for, DATA is answered after the server's 354, and the final 250 is the server's.
//
//   relay_backend.c      one server, shared by all workers: addresses, what it offers, what is remembered of it
//   relay.c              one session's delivery: the calls of smtp/backend.h
//   relay_connect.c      the connection up to EHLO, its loss, its end
//   relay_transaction.c  RSET, MAIL, RCPT, DATA
//   relay_content.c      the mail's bytes
//   relay_end.c          the final replies
//   relay_retry.c        a mail that some of its recipients have already
//   relay_answer.c       the server's replies and failures in the words of a session_answer
#pragma once

#include "smtp/backend.h"
#include "smtp/relay/relay_place.h"

// For backend_new() with a URI that relay_place_is().
struct backend *relay_new(const char *uri, const char *hostname,
	const struct backend_settings *settings, char error[256]);
