// SPDX-License-Identifier: BSD-3-Clause
//
// Quiescent-state based reclamation: lcores read what control publishes without a lock and without a count; control frees
// what it replaced when every lcore has since passed a point at which it holds nothing.
//
//   reader (an lcore)                         control
//   online, then every turn:                  atomic_store(&pointer, fresh)
//     quiescent                               epoch = bs_qsbr_begin()
//     p = atomic_load(&pointer) ... use p     ... its other work ...
//   before a nap: offline; after it: online   if (bs_qsbr_over(epoch)) free(old)
//
// Control never waits: it asks again at its next turn. A sleeping lcore is offline and holds nothing, so it delays
// nobody.
//
// Why it is right. Quiescent: the epoch is read with acquire, so who has seen control's epoch reads the pointer that was
// published before it; the store with release puts all earlier reading of old data before it. Online after offline: the
// mark is written before the pointer is read, control writes the pointer before it reads the mark, both with a full
// fence between; so at least one sees the other's.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BS_QSBR_OFFLINE UINT64_C(0)

// Written by one reader alone, on a cache line of its own. {0} is offline.
struct bs_qsbr_reader {
	_Alignas(64) _Atomic uint64_t seen; // epoch at the last quiescent state, or BS_QSBR_OFFLINE
	const _Atomic uint64_t *epoch;
};

#define BS_QSBR_READERS 128u // lcores, at most
struct bs_qsbr {
	_Alignas(64) _Atomic uint64_t epoch; // control alone writes it
	unsigned readers;                    // constant once the lcores run
	struct bs_qsbr_reader reader[BS_QSBR_READERS];
};

// All of `qsbr` is zero before. Control, before the lcores start.
static inline void bs_qsbr_init(struct bs_qsbr *qsbr)
{
	atomic_store_explicit(&qsbr->epoch, 1, memory_order_relaxed);
	qsbr->readers = 0;
}

// A place for one more reader, offline; NULL when all are taken. Control, before the lcores start.
static inline struct bs_qsbr_reader *bs_qsbr_join(struct bs_qsbr *qsbr)
{
	if (qsbr->readers == BS_QSBR_READERS)
		return NULL;
	struct bs_qsbr_reader *reader = &qsbr->reader[qsbr->readers++];
	reader->epoch = &qsbr->epoch;
	return reader;
}

// The reader holds nothing at this moment.
static inline void bs_qsbr_quiescent(struct bs_qsbr_reader *reader)
{
	uint64_t epoch = atomic_load_explicit(reader->epoch, memory_order_acquire);
	atomic_store_explicit(&reader->seen, epoch, memory_order_release);
}

// The reader holds nothing, and reads nothing before it is online again.
static inline void bs_qsbr_offline(struct bs_qsbr_reader *reader)
{
	atomic_store_explicit(&reader->seen, BS_QSBR_OFFLINE, memory_order_release);
}

static inline void bs_qsbr_online(struct bs_qsbr_reader *reader)
{
	bs_qsbr_quiescent(reader);
	atomic_thread_fence(memory_order_seq_cst);
}

// After the replacement was published. Returns what bs_qsbr_over() is to be asked about.
static inline uint64_t bs_qsbr_begin(struct bs_qsbr *qsbr)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_fetch_add_explicit(&qsbr->epoch, 1, memory_order_seq_cst) + 1;
}

// True when nobody can hold what was replaced before bs_qsbr_begin() returned `epoch`; it stays true.
static inline bool bs_qsbr_over(const struct bs_qsbr *qsbr, uint64_t epoch)
{
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < qsbr->readers; i++) {
		uint64_t seen = atomic_load_explicit(&qsbr->reader[i].seen, memory_order_acquire);
		if (seen != BS_QSBR_OFFLINE && seen < epoch)
			return false;
	}
	return true;
}
