// SPDX-License-Identifier: BSD-3-Clause
#include "control/audit/audit_net.h"

#include <poll.h>
#include <time.h>

#include "smtp/worker/heap.h"
#include "smtp/worker/poller.h"

#define LOOK_MS 20 // the times of those who ask are looked at so often

uint64_t audit_net_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool audit_net_begin(struct audit_net *net)
{
	net->heap = heap_new();
	net->poller = poller_new(audit_net_now());
	return net->heap != NULL && net->poller != NULL;
}

void audit_net_end(struct audit_net *net)
{
	poller_free(net->poller);
	heap_free(net->heap);
}

uint64_t audit_net_turn(struct audit_net *net)
{
	struct pollfd sockets = {.fd = poller_descriptor(net->poller), .events = POLLIN};
	poll(&sockets, 1, LOOK_MS);
	uint64_t now_ms = audit_net_now();
	poller_turn(net->poller, now_ms);
	return now_ms;
}
