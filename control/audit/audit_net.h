// SPDX-License-Identifier: BSD-3-Clause
//
// What audits that ask the DNS share: a poller that takes turns for a bounded time.
//
// Control thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct audit_net {
	struct heap *heap;
	struct poller *poller;
};

// False without memory; audit_net_end() in any case.
bool audit_net_begin(struct audit_net *net);
void audit_net_end(struct audit_net *net);
uint64_t audit_net_now(void); // milliseconds of the clock that never jumps
// Waits a moment for news and takes them; returns the time after it.
uint64_t audit_net_turn(struct audit_net *net);
