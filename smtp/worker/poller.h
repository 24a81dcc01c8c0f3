// SPDX-License-Identifier: BSD-3-Clause
//
// The sockets of a worker: one epoll set and the deadlines of those who wait in it. Edges are reported once, so whoever
// is told reads or writes until the kernel says EAGAIN, and an idle socket costs nothing; while nobody waits, a turn makes no
// system call.
//
// Owner: one worker. Times are milliseconds of the worker's clock.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smtp/worker/timers.h"

struct poller;
LIST_HEAD(poller_watch_list, poller_watch);

struct poller_watch {
	int fd;
	// Something can be read or written, or failed. Only while waiting; both may free the watch's memory after
	// poller_remove().
	void (*ready)(struct poller_watch *watch);
	// The deadline has come; the watch waits no longer.
	void (*expired)(struct poller_watch *watch);
	// the poller's own; zero at the beginning
	struct timer timer;
	LIST_ENTRY(poller_watch) entry;
	bool added, waiting;
};

// NULL without memory or descriptors (errno).
struct poller *poller_new(uint64_t now_ms);
// Lets all watches that are left expire.
void poller_free(struct poller *poller);

// Adds watch->fd; false when the kernel won't (errno). Does not wait yet.
bool poller_add(struct poller *poller, struct poller_watch *watch);
// Before the descriptor is closed. Also without a descriptor, and when it was never added.
void poller_remove(struct poller *poller, struct poller_watch *watch);
// Waits for an event up to `deadline_ms`; one that came since the last is told too. Again: moves the deadline. A watch that
// was not added waits for its deadline only.
void poller_wait(struct poller *poller, struct poller_watch *watch, uint64_t deadline_ms);
// Waits no longer.
void poller_rest(struct poller *poller, struct poller_watch *watch);

// Tells who is ready and whose time has come, a bounded number; returns how many. Once a turn.
unsigned poller_turn(struct poller *poller, uint64_t now_ms);
uint64_t poller_now(const struct poller *poller); // of the turn
// What a nap has to wait for, -1 when nobody waits for a socket.
int poller_descriptor(const struct poller *poller);
uint64_t poller_next(const struct poller *poller); // when poller_turn() is due, or TIMERS_NEVER
