// SPDX-License-Identifier: BSD-3-Clause
#include "control/socket/request_lcores.h"

struct desk_case *request_case(uint64_t ticket)
{
	return (struct desk_case *)(uintptr_t)ticket;
}

static void forget(struct daemon *daemon, uint64_t ticket)
{
	desk_close(daemon->desk, request_case(ticket));
}

json_t *request_lcores(struct request_call *call, const struct bs_question *question, uint32_t most,
	bool (*later)(struct daemon *, uint64_t ticket, struct request_answer *))
{
	if (call->daemon->desk == NULL)
		return request_error("barscreen is still starting");
	struct desk_case *one = desk_open(call->daemon->desk, question, most);
	if (one == NULL)
		return NULL;
	call->answer->later = later;
	call->answer->forget = forget;
	call->answer->ticket = (uintptr_t)one;
	return NULL;
}
