// SPDX-License-Identifier: BSD-3-Clause
//
// What we write above a mail: what was found out about its sender, and our Received.
#include "smtp/session/authentication.h"
#include "smtp/checks/spf.h"
#include "smtp/session/session_state.h"

#include <string.h>

static bool spf_of_sender(const struct judgement *judgement, struct spf_outcome *outcome)
{
	for (enum bs_check row = BS_CHECK_SPF_FAIL; row <= BS_CHECK_SPF_PERMERROR; row++)
		if (spf_outcome_of(judgement_result(judgement, row), outcome))
			return true;
	return false;
}

static enum iprev iprev_of(const struct judgement *judgement)
{
	uint8_t missing = judgement_result(judgement, BS_CHECK_NAME_MISSING)->outcome;
	uint8_t unconfirmed = judgement_result(judgement, BS_CHECK_NAME_UNCONFIRMED)->outcome;
	if (strcmp(judgement_client_name(judgement), "unknown") != 0)
		return IPREV_PASS;
	if (missing == CHECK_HIT)
		return IPREV_PERMERROR;
	if (unconfirmed == CHECK_HIT)
		return IPREV_FAIL;
	return missing == CHECK_UNKNOWN || unconfirmed == CHECK_UNKNOWN ? IPREV_TEMPERROR
									: IPREV_UNKNOWN;
}

static size_t write_results(struct session *session, const char *hostname, char *text)
{
	const struct judgement *judgement = session->judgement;
	struct spf_outcome sender, helo;
	if (judgement == NULL)
		return 0;
	struct authentication authentication = {
		.hostname = hostname,
		.client = session->client.address,
		.helo = session->helo_name,
		.sender = &session->envelope.sender,
		.spf = spf_of_sender(judgement, &sender) ? &sender : NULL,
		.spf_helo = spf_outcome_of(
				    judgement_result(judgement, BS_CHECK_HELO_SPF_FAIL), &helo)
				    ? &helo
				    : NULL,
		.iprev = iprev_of(judgement),
		.client_name = judgement_client_name(judgement),
	};
	return authentication_format(&authentication, text);
}

size_t session_trace(struct session *session, char text[TRACE_TEXT])
{
	const char *hostname = session_policy(session)->hostname;
	struct received received = {
		.hostname = hostname,
		.client = session->client.address,
		.name = judgement_client_name(session->judgement),
		.helo = session->helo_name,
		.esmtp = session->helo == HELO_ESMTP,
		.id = session->id,
		.recipient = session->envelope.recipient_count == 1 ? session->envelope.recipient
								    : NULL,
		.seconds = session->around.wall_seconds(),
	};
	// RFC 7208, 9.1; RFC 8601, 4.1: above the Received of the same server
	size_t used = write_results(session, hostname, text);
	return used + received_format(&received, text + used);
}
