// SPDX-License-Identifier: BSD-3-Clause
//
// What a dataplane lcore has to say about a connection that no worker ever saw: fixed-size records
// through an SPSC ring to the log writer, which formats them in postscreen's words. The lcore itself
// formats nothing. A full ring loses the notice and counts it.
#pragma once

#include <stdint.h>

#include "dataplane/seam/stream.h"

enum bs_notice_kind {
	BS_NOTICE_CONNECT,  // CONNECT from [a]:p to [b]:25                 handshake completed
	BS_NOTICE_PREGREET, // PREGREET n after t from [a]:p: sample        spoke before the greeting
	BS_NOTICE_PREGREET_OBSERVED, // the same; observed              it was served all the same
	BS_NOTICE_HANGUP,            // HANGUP after t from [a]:p in tests before SMTP handshake
	BS_NOTICE_DENIED, // DENYLISTED [a]:p                             refused as the greeting
	BS_NOTICE_VERDICT, // VERDICT reason on [a] for t                   the source has spoken early too often
	BS_NOTICE_CROWDED, // NOQUEUE: reject: CONNECT from [a]:p: too many connections
	BS_NOTICE_RATE,    // warning: Connection rate limit exceeded: n from [a]:p for service smtp
	BS_NOTICE_BUSY,    // NOQUEUE: reject: CONNECT from [a]:p: all server ports busy
	BS_NOTICE_SILENT,  // greeted, never spoke: timeout
	BS_NOTICE_GONE,    // greeted, left without a word: lost connection after CONNECT
	BS_NOTICE_DRAINED, // 421 because we are stopping
	BS_NOTICE_KILLED,  // 421 or a reset because the operator wants it gone
	BS_NOTICE_STRESS,  // entering STRESS mode with n connections
	BS_NOTICE_STRESS_OVER, // leaving STRESS mode with n connections
	BS_NOTICE_NEIGHBOUR,   // duplicate address, gateway lost or found: text in sample
};

#define BS_NOTICE_SAMPLE 64

struct bs_notice {
	uint64_t wall_ns;        // CLOCK_REALTIME
	struct bs_client client; // zero for NEIGHBOUR and STRESS
	uint32_t elapsed_ms;     // since the handshake completed
	// Bytes of which `sample` is the beginning. NEIGHBOUR: enum bs_severity, 0 for the usual one. RATE, STRESS: the count.
	uint32_t total;
	uint8_t kind; // enum bs_notice_kind
	uint8_t sample_length;
	uint8_t verdict; // enum bs_verdict. DENIED: for which; VERDICT: the one given
	uint8_t sample[BS_NOTICE_SAMPLE];
	uint32_t lifetime_s; // VERDICT
};
