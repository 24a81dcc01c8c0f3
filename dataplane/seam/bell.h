// SPDX-License-Identifier: BSD-3-Clause
//
// Waking an lcore that went to sleep. A running lcore polls its rings and is never signalled; one
// that sleeps has said so here, and whoever leaves work for it writes its eventfd once.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bs_bell {
	_Atomic bool sleeping; // set by the sleeper, cleared by whoever wakes it
	int fd;                // eventfd, non-blocking
};

// False when no eventfd can be had (errno says why).
static inline bool bs_bell_open(struct bs_bell *bell)
{
	atomic_init(&bell->sleeping, false);
	bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return bell->fd >= 0;
}

static inline void bs_bell_close(struct bs_bell *bell)
{
	close(bell->fd);
}

// The sleeper calls this, then looks once more at all its rings, and only then waits on `fd`.
static inline void bs_bell_sleep(struct bs_bell *bell)
{
	atomic_store_explicit(&bell->sleeping, true, memory_order_seq_cst);
}

// The sleeper, awake again. Drains the eventfd.
static inline void bs_bell_awake(struct bs_bell *bell)
{
	uint64_t count;
	atomic_store_explicit(&bell->sleeping, false, memory_order_relaxed);
	while (read(bell->fd, &count, sizeof(count)) > 0)
		;
}

// Any thread, after the work was made visible. A system call only when the other side sleeps.
static inline void bs_bell_ring(struct bs_bell *bell)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&bell->sleeping, memory_order_relaxed) &&
		atomic_exchange_explicit(&bell->sleeping, false, memory_order_seq_cst)) {
		uint64_t one = 1;
		ssize_t ignored = write(bell->fd, &one, sizeof(one));
		(void)ignored; // full counter: it is readable, which is all that is needed
	}
}
