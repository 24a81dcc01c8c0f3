// SPDX-License-Identifier: BSD-3-Clause
//
// Session blocks: what a connection has only while it talks to a worker. The shared part, the two byte rings, is a stream
// (dataplane/seam/stream.h); the dataplane's own part is struct talk, inside the stream's block. A block and its
// stream have the same number.
//
// Also the large receive rings that a stream gets for the time of its mails.
//
// Owner: one dataplane lcore, except for what stream.h gives to the worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dataplane.h"
#include "dataplane/seam/stream.h"
#include "dataplane/tcp/ring_pool.h"

#define BLOCK_NONE UINT32_MAX
// Ranges received ahead of a gap: those of a window of 500 segments of which each tenth is lost. What finds no place must come again,
// and nothing tells the sender of it: he recovers by timeouts alone, one lost segment each, and with only bytes sent twice there is no
// round trip to end their backoff (RFC 6298, 3 and 5.7).
#define TALK_GAPS 64
// The last of them are for what comes within so many bytes of the first gap: what is sent again to close it may come in another order too,
// and each time that it found no place the sender would wait for a timeout twice as long.
#define TALK_GAPS_NEAR 16
#define TALK_NEAR      32768u

struct connection;

struct gap { // [start, end): received ahead of order, in sequence numbers
	uint32_t start, end;
};

// RFC 9293's transmission control block, as far as a passive opener needs it. rcv_nxt and snd_una
// are in the record.
struct talk {
	uint32_t connection; // record number
	uint32_t next_free;  // list of free blocks
	uint32_t ring;       // the large receive ring (ring_pool.h), RING_NONE
	uint32_t rx_base;    // sequence number of the stream's received byte 0
	uint32_t tx_base;    // sequence number of the stream's sent byte 0
	uint32_t rcv_adv;    // right edge of the window as last advertised: it never moves back
	uint32_t snd_nxt;
	uint32_t snd_max; // highest snd_nxt ever: after a timeout snd_nxt goes back
	uint32_t snd_wnd; // of the client, scaled
	uint32_t snd_wl1, snd_wl2;
	uint32_t fin;   // sequence number of the client's FIN, valid with TALK_FIN_SEEN
	uint32_t cwnd;  // RFC 5681; the send ring is smaller than its initial value
	uint32_t timed; // RFC 6298: the segment whose acknowledgement is timed
	uint32_t timed_ms;
	uint32_t let_go_ms;     // when the worker closed
	uint32_t challenged_ms; // when the last challenge was sent (challenge.h)
	uint32_t srtt, rttvar;  // ms, scaled by 8 and 4
	uint16_t mss;           // of what we send
	uint8_t send_shift;     // window scale of the client, 0 when it has none
	uint8_t receive_shift;  // ours
	uint8_t rto;            // enum delay, one of the RTO classes
	uint8_t duplicates;     // ACKs in a row
	uint8_t gaps;
	uint8_t flags; // enum talk_flags
	uint8_t ring_order;
	uint32_t measured;         // rcv_nxt when the measure of the rate began (window_measure())
	uint32_t measured_ms;      // and the time
	struct gap gap[TALK_GAPS]; // the last: what is behind `gaps` of them is not cleared
};

enum talk_flags {
	TALK_ACK_NOW = 1 << 0,    // an ACK must go out this turn
	TALK_ACK_LATER = 1 << 1,  // or within DELAY_ACK
	TALK_TIMING = 1 << 2,     // `timed` is valid
	TALK_FIN_SEEN = 1 << 3,   // the client's FIN, perhaps ahead of a gap
	TALK_LET_GO = 1 << 4,     // the worker has closed
	TALK_WANTS_ROOM = 1 << 5, // the worker waits for WRITABLE
	TALK_DEAD = 1 << 6,       // the connection is gone, the worker has not let go yet
	TALK_TOUCHED = 1 << 7,    // in the turn's list of those that may owe an ACK
};

_Static_assert(sizeof(struct talk) <= sizeof(((struct bs_stream *)0)->tcp),
	"the dataplane's part fits into the block");

struct blocks;

// `streams` is filled in: its memory is the blocks. Takes `rings` over, also when it returns NULL.
struct blocks *blocks_new(uint32_t count, struct ring_pool *rings, struct bs_streams *streams);
void blocks_free(struct blocks *blocks);

static inline struct talk *block_talk(struct bs_stream *stream)
{
	return (struct talk *)(void *)stream->tcp;
}

// The worker that a source's sessions go to as long as it has blocks, so that what one of them asked the DNS is in the cache of
// the next. The same on all lcores; by a keyed hash, so that nobody can choose his worker.
uint32_t block_worker(const struct dataplane *dataplane, const struct bs_address *source);

// Tells that worker of a connection that has begun to wait.
void block_announce(struct dataplane *dataplane, const struct connection *connection);

// One in 16 is kept for good sources (judge.h).
bool block_is_free(const struct dataplane *dataplane, const struct connection *connection);

// A block for this connection, of its source's worker or else of another, both rings empty, its talk zeroed; BLOCK_NONE when none
// is free.
uint32_t block_take(struct dataplane *dataplane, struct connection *connection);
// After the worker let go.
void block_release(struct dataplane *dataplane, struct connection *connection);

// A larger ring would be had, and used.
bool block_may_grow(const struct dataplane *dataplane, const struct talk *talk);
// Answers BS_WISH_GROW: moves what is in the receive ring to a large one, or to one twice as large, if there is one.
void block_grow(struct dataplane *dataplane, uint32_t block);
// The large ring is no longer needed; what is in it is lost.
void block_shrink(struct dataplane *dataplane, uint32_t block);
