// SPDX-License-Identifier: BSD-3-Clause
//
// A stream: the two byte rings of one talking connection, shared by exactly one dataplane lcore
// (which runs its TCP) and exactly one worker (which runs its SMTP). It is the visible part of a
// session block.
//
// Life. The dataplane takes a block at the client's first byte after the greeting, fills in
// `client`, and raises BS_EVENT_OPEN. From then the worker owns the reading end of `rx` and the
// writing end of `tx`. The worker's last act is BS_WISH_CLOSE or BS_WISH_ABORT: after raising one
// it never touches the stream again, and only then may the dataplane recycle the block, also
// when the connection died long before (BS_EVENT_DEAD). So a stream needs no generation.
//
// Doorbells. Each side keeps level bits for the other. Whoever turns a word of bits from zero to
// something pushes the stream's number into the ring towards the other side; whoever pops a number
// takes all bits at once. A ring holds as many numbers as there are streams, each stream's number
// is in a ring at most once, hence a ring is never full and no event can be lost. A stream belongs
// to worker (number % workers) for good, so a doorbell that outlived its connection still ends at
// the right worker, which finds the new connection's bits or none.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/seam/address.h"
#include "dataplane/seam/bell.h"
#include "dataplane/seam/ring.h"

// Level bits from the dataplane to the worker.
enum bs_event {
	BS_EVENT_OPEN = 1 << 0,     // a new connection; `client` is valid
	BS_EVENT_READABLE = 1 << 1, // rx_head moved
	BS_EVENT_WRITABLE = 1 << 2, // tx_tail moved while the worker wanted room
	BS_EVENT_EOF = 1 << 3,      // the client's FIN: after the bytes in rx nothing follows
	BS_EVENT_DEAD = 1 << 4,     // reset or given up: nothing can be sent, bytes in rx are void
	BS_EVENT_GROWN = 1 << 5,    // rx_ring and rx_mask are new: a BS_WISH_GROW was answered
	BS_EVENT_CRAMPED =
		1 << 6, // the client sends faster than its window allows: wish GROW again
};

// Level bits from the worker to the dataplane.
enum bs_wish {
	BS_WISH_SEND = 1 << 0,   // tx_head moved
	BS_WISH_WINDOW = 1 << 1, // rx_tail moved
	BS_WISH_GROW = 1 << 2,   // a mail comes, or CRAMPED: a larger receive ring, if one is free
	BS_WISH_ROOM = 1 << 3,   // tell me (WRITABLE) when tx_tail moves
	BS_WISH_CLOSE = 1 << 4,  // send what is in tx, then close; the worker has let go
	BS_WISH_ABORT = 1 << 5,  // reset now; the worker has let go
};

#define BS_STREAM_RX 2048u // one command line group, and RFC 5321's 512 with a wide margin
#define BS_STREAM_TX 1024u // several replies; a longer one goes in pieces

// Who is talking. Written before BS_EVENT_OPEN, constant until the worker lets go.
struct bs_client {
	struct bs_address address;       // of the packets
	struct bs_address local_address; // which of our addresses was called
	uint16_t port;                   // host byte order
	uint16_t local_port;
	uint16_t class;     // row of policy->class at the time of the greeting
	uint8_t dataplane;  // number of the owning dataplane lcore
	uint8_t counted;    // 1: it is counted in the source table, and holds its entry there
	uint32_t serial;    // counts the connections of that lcore; part of the session id
	uint64_t opened_ms; // when the handshake completed, same clock as poll's now
};

struct bs_stream {
	// line 0: the dataplane writes, the worker reads
	alignas(64) _Atomic uint32_t rx_head; // bytes ever received in order
	_Atomic uint32_t tx_tail;             // bytes ever acknowledged by the client
	uint8_t *rx_ring;                     // changes only between GROW and GROWN
	uint32_t rx_mask;
	_Atomic uint32_t events; // enum bs_event; the worker takes them
	// line 1: the worker writes, the dataplane reads
	alignas(64) _Atomic uint32_t rx_tail; // bytes ever consumed
	_Atomic uint32_t tx_head;             // bytes ever given to send
	_Atomic uint32_t wishes;              // enum bs_wish; the dataplane takes them
	void *session;                        // the worker's own; NULL when none
	// line 2
	alignas(64) struct bs_client client;
	// the dataplane's own: see dataplane/tcp/block.h
	alignas(64) uint8_t tcp[640];
	uint8_t tx[BS_STREAM_TX];
	uint8_t rx[BS_STREAM_RX];
};

_Static_assert(sizeof(struct bs_client) == 56, "one cache line with room to spare");
_Static_assert(sizeof(struct bs_stream) == 832 + BS_STREAM_TX + BS_STREAM_RX, "no hidden padding");

// All streams of one dataplane lcore, and the rings between it and each worker.
// Made at start, constant after.
#define BS_WORKERS_MAX    64
#define BS_DATAPLANES_MAX 64
struct bs_streams {
	struct bs_stream *stream;
	uint32_t count;
	uint32_t workers;
	struct bs_ring *events[BS_WORKERS_MAX]; // of uint32_t, dataplane to worker
	struct bs_ring *wishes[BS_WORKERS_MAX]; // of uint32_t, worker to dataplane
	struct bs_ring *early[BS_WORKERS_MAX]; // of struct bs_early, dataplane to worker: see below
	struct bs_ring *greet[BS_WORKERS_MAX]; // of struct bs_greet, worker to dataplane
	struct bs_bell *bell;                  // of the dataplane lcore
	struct bs_bell *worker_bell[BS_WORKERS_MAX];
};

// Early questions. When a source's only connection begins to wait, its address goes to the worker that its session will
// probably have: what the DNS says about it may then be there before it is wanted. An address is a hint: when a ring is full it is
// left out, and the same one may come again.
//
// What the worker finds may be so good that the client need not wait: it says so, and the connection is greeted when it still
// waits. That, too, is left out when there is no room.
#define BS_EARLY_ROOM 1024u

// A waiting connection: its number is used again, its serial is not.
struct bs_greet {
	uint32_t record, serial;
};

struct bs_early {
	struct bs_address client;
	struct bs_greet connection;
};

static inline uint32_t bs_stream_worker(const struct bs_streams *streams, uint32_t number)
{
	return number % streams->workers;
}

// Dataplane only.
static inline void bs_stream_raise(struct bs_streams *streams, uint32_t number, uint32_t events)
{
	struct bs_stream *stream = &streams->stream[number];
	if (atomic_fetch_or_explicit(&stream->events, events, memory_order_acq_rel) == 0) {
		uint32_t worker = bs_stream_worker(streams, number);
		bs_ring_push(streams->events[worker], &number, sizeof(number));
		bs_bell_ring(streams->worker_bell[worker]);
	}
}

// Worker only: the worker that bs_stream_worker() names.
static inline void bs_stream_wish(struct bs_streams *streams, uint32_t number, uint32_t wishes)
{
	struct bs_stream *stream = &streams->stream[number];
	if (atomic_fetch_or_explicit(&stream->wishes, wishes, memory_order_acq_rel) == 0) {
		uint32_t worker = bs_stream_worker(streams, number);
		bs_ring_push(streams->wishes[worker], &number, sizeof(number));
		bs_bell_ring(streams->bell);
	}
}

// The worker's view of what it may read: up to two pieces, the first returned. Bytes stay
// valid until bs_stream_consume().
static inline uint32_t bs_stream_peek(struct bs_stream *stream, const uint8_t **bytes)
{
	uint32_t head = atomic_load_explicit(&stream->rx_head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&stream->rx_tail, memory_order_relaxed);
	uint32_t at = tail & stream->rx_mask;
	uint32_t count = head - tail;
	uint32_t straight = stream->rx_mask + 1 - at;
	*bytes = stream->rx_ring + at;
	return count < straight ? count : straight;
}

// The caller decides when to raise BS_WISH_WINDOW.
static inline void bs_stream_consume(struct bs_stream *stream, uint32_t count)
{
	uint32_t tail = atomic_load_explicit(&stream->rx_tail, memory_order_relaxed);
	atomic_store_explicit(&stream->rx_tail, tail + count, memory_order_release);
}

// The worker writes as much as fits; returns how much. The caller raises BS_WISH_SEND.
static inline uint32_t bs_stream_write(struct bs_stream *stream, const void *bytes, uint32_t count)
{
	uint32_t head = atomic_load_explicit(&stream->tx_head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&stream->tx_tail, memory_order_acquire);
	uint32_t room = BS_STREAM_TX - (head - tail);
	if (count > room)
		count = room;
	uint32_t at = head & (BS_STREAM_TX - 1);
	uint32_t straight = BS_STREAM_TX - at;
	if (straight > count)
		straight = count;
	memcpy(stream->tx + at, bytes, straight);
	memcpy(stream->tx, (const uint8_t *)bytes + straight, count - straight);
	atomic_store_explicit(&stream->tx_head, head + count, memory_order_release);
	return count;
}
