// SPDX-License-Identifier: BSD-3-Clause
//
// A connection record: all that is kept of a client until it speaks after the greeting, and again once it has
// been answered: one cache line, no buffer. Records live in one array of their lcore, are found by
// 4-tuple through the index (connection_index.h), and stand in at most one delay queue.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dataplane.h"
#include "dataplane/seam/address.h"

#define CONNECTION_NONE UINT32_MAX

// What a connection is doing; RFC 9293's state in brackets.
enum stage {
	STAGE_FREE,
	STAGE_HALF_OPEN, // [SYN-RECEIVED] the SYN cache
	STAGE_WAITING,   // [ESTABLISHED] not greeted yet; who speaks is caught
	STAGE_GREETED,   // [ESTABLISHED] 220 sent; the first byte takes a session block
	STAGE_REFUSED,   // [ESTABLISHED, CLOSE-WAIT] 554 or 421 sent; QUIT gets 221, all else 503
	STAGE_STUTTER,   // [ESTABLISHED, CLOSE-WAIT] is told a 554, a byte a second (stutter.c)
	STAGE_TALKING,   // [ESTABLISHED, CLOSE-WAIT] has a session block (block.h)
	STAGE_LINGER, // [ESTABLISHED] all said and acknowledged: a second for the client to close first
	STAGE_FIN_WAIT_1, // from here on nothing but FINs and ACKs are exchanged
	STAGE_FIN_WAIT_2,
	STAGE_CLOSING,
	STAGE_LAST_ACK,
	STAGE_TIME_WAIT,
	STAGES
};

// Timeouts are few and constant, so each has one FIFO: arming, cancelling and expiring are O(1) and
// the head is always the next (a wheel has nothing to add).
enum delay {
	DELAY_NONE,
	DELAY_ACK,       // 40 ms: a reply will probably carry the ACK
	DELAY_RTO_FIRST, // 1, 2, 4 ... 64 s: retransmission and what else lasts so long
	DELAY_RTO_LAST = DELAY_RTO_FIRST + 6,
	DELAY_WAIT,      // policy: before the greeting
	DELAY_WAIT_LONG, // policy: the same for suspicious sources
	DELAY_GREETED,   // policy: for the first command
	DELAY_TIME_WAIT, // 64 s; longer than any cookie lives (cookie.h), so that no ACK opens a connection twice
	DELAYS
};
#define DELAY_1S  DELAY_RTO_FIRST
#define DELAY_8S  (DELAY_RTO_FIRST + 3)
#define DELAY_64S DELAY_RTO_LAST

enum connection_flags {
	CONNECTION_PEER_FIN = 1 << 0, // the client's FIN was taken
	CONNECTION_SACK = 1 << 1,     // the client permits SACK
	CONNECTION_ON_LINK = 1 << 2,  // the client is in the local prefix: no gateway
	CONNECTION_SYNC = 1 << 3,     // text: 554 for talking out of turn follows the greeting
	CONNECTION_BYE = 1 << 4,      // text: ends with 221
	CONNECTION_CLOSE = 1 << 5,    // close as soon as the text is acknowledged
	CONNECTION_BUSY = 1 << 6,     // the client spoke, no session block was free
	CONNECTION_FAST =
		1 << 7, // on an allow list, or a relay: no wait, early bytes are no offence
};

struct connection {
	// 0: identity, compared at each lookup
	struct bs_address peer;
	uint16_t peer_port; // host byte order
	uint8_t local;      // row of ports->local
	uint8_t stage;      // enum stage
	// 20
	uint32_t
		serial; // of the connections this lcore accepted; with the lcore it is the session id
	uint32_t next, previous; // in the delay queue; `next` also links free records
	uint32_t deadline_ms; // when the delay ends; where the policy says how long: when it began
	uint32_t opened_ms;   // handshake completed; in STAGE_REFUSED, STAGE_STUTTER: refused
	uint32_t rcv_nxt;     // RFC 9293, 3.3.1
	uint32_t snd_una;     // HALF_OPEN: our initial sequence number
	// 48
	union {
		uint16_t text_position; // snd_una stands at this offset of the text (text.h)
		uint16_t promised; // from STAGE_LINGER on: window of the session block (window.h)
	};
	uint8_t text;          // enum bs_template_number: what the text begins with
	uint8_t replies : 4;   // 503s in the text
	uint8_t text_set : 4;  // of which templates the text is made, from its first byte on
	uint8_t delay : 4;     // enum delay: the queue it stands in
	uint8_t counted : 1;   // in the source table, among its source's connections
	uint8_t slow : 1;      // the text begins with the stutter's lines
	uint8_t teased : 1;    // the text begins with the teaser
	uint8_t text_held : 1; // text_set is counted among the holders of its set
	uint8_t retransmits : 4;
	// STAGE_REFUSED: how far the client's line matches QUIT (refused.c); STAGE_STUTTER: 1, a byte is under way; STAGE_TIME_WAIT: 1, there is
	// no connection, but its cookie is spent (connection_release())
	uint8_t line : 4;
	uint8_t flags;   // enum connection_flags
	uint8_t options; // as in a cookie (cookie.h): MSS and window scale index
	// 56
	uint16_t link;  // link-layer address of the client's side (link.h)
	uint8_t class;  // row of policy->class when last looked at
	uint8_t window; // the client's last window in units of 64 bytes, saturating
	union {
		uint32_t block;         // STAGE_TALKING: session block
		uint32_t challenged_ms; // else: when the last challenge was sent (challenge.h)
	};
};
_Static_assert(DELAYS <= 16, "enum delay in four bits");
_Static_assert(sizeof(struct connection) == 64, "a waiting connection is one cache line");

struct delay_queue {
	uint32_t head, tail;
	uint32_t count;
};

struct connection_index;

struct connections {
	struct connection *record;
	uint32_t capacity;
	uint32_t fresh; // records from here on were never used
	uint32_t free;  // list of used and freed ones, linked by `next`
	uint32_t half_open_limit;
	uint32_t serial;
	uint32_t inserted; // records ever put into the index; wraps
	struct connection_index *index;
	struct delay_queue queue[DELAYS];
	uint16_t armed;      // bits: delays whose queue is not empty
	uint8_t expiry_next; // whose turn it is (dataplane/expiry.c)
	bool expiry_behind;  // the last turn left something that was due
	uint32_t expiry_ms;  // when it was
};

struct connections *connections_new(
	uint32_t capacity, uint32_t half_open_limit, const struct siphash_key *key);
void connections_free(struct connections *connections);

static inline uint32_t connection_number(
	const struct connections *connections, const struct connection *connection)
{
	return (uint32_t)(connection - connections->record);
}

// A new record in the index, stage HALF_OPEN, no delay. When none is free the oldest in TIME_WAIT is
// recycled; NULL when there is none either.
struct connection *connection_take(struct dataplane *dataplane, const struct bs_address *peer,
	uint16_t peer_port, uint8_t local);
// Every record is in use, and none in TIME_WAIT.
bool connections_are_out(const struct connections *connections);
// Out of queue and index. The session block must have been released. While ACKs may open connections, one whose own could still do so
// stays in TIME_WAIT, spent: else the ACK of its handshake, come late or replayed, would open it once more.
void connection_release(struct dataplane *dataplane, struct connection *connection);

// TIME_WAIT: a bounded share of the records, the oldest goes first.
void connection_time_wait(struct dataplane *dataplane, struct connection *connection, bool spent);

// Changes the stage and keeps the gauges, and the source table's count of those that wait or talk.
void connection_stage(struct dataplane *dataplane, struct connection *connection, enum stage stage);

// Puts the connection at the end of a delay's queue, taking it out of the one it stands in.
void connection_delay(struct dataplane *dataplane, struct connection *connection, enum delay delay);

// When the delay it stands in ends, on the clock of now_ms.
uint32_t connection_due_ms(const struct dataplane *dataplane, const struct connection *connection);
// The delay it stands in is over.
bool connection_due(const struct dataplane *dataplane, const struct connection *connection);
// Takes those at a queue's head whose delay is over out of it, `most` of them at most, in their order; returns how many.
unsigned delay_take_due(
	struct dataplane *dataplane, enum delay delay, unsigned most, struct connection **taken);

// All queues empty.
void delays_clear(struct connections *connections);

// Milliseconds of a delay under the policy in force.
uint32_t delay_ms(const struct dataplane *dataplane, enum delay delay);

// The client as the worker and the log see it.
void connection_client(const struct dataplane *dataplane, const struct connection *connection,
	struct bs_client *client);

// Tells the log about it; `sample` may be NULL.
void connection_notice(struct dataplane *dataplane, const struct connection *connection,
	enum bs_notice_kind kind, const uint8_t *sample, uint32_t length);
// The same about a verdict.
void connection_notice_verdict(struct dataplane *dataplane, const struct connection *connection,
	enum bs_notice_kind kind, unsigned verdict);
