// SPDX-License-Identifier: BSD-3-Clause
//
// An edge that comes while its watch does not wait is not lost: whoever begins to wait has tried to read and write
// before, or does so in its next call.
#include "smtp/worker/poller.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

// Of one turn, so that the other roles of the core get theirs.
#define EVENTS_A_TURN 64
#define TIMERS_A_TURN 64u

struct poller {
	int epoll;
	uint32_t waiting; // watches with a descriptor that wait
	uint64_t now_ms;
	struct timers timers;
	struct poller_watch_list all; // that are added or wait
	struct epoll_event *batch;    // events not told yet
	int batch_count;
};

struct poller *poller_new(uint64_t now_ms)
{
	struct poller *poller = calloc(1, sizeof(*poller));
	if (poller == NULL)
		return NULL;
	poller->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (poller->epoll < 0) {
		free(poller);
		return NULL;
	}
	poller->now_ms = now_ms;
	timers_init(&poller->timers, now_ms);
	LIST_INIT(&poller->all);
	return poller;
}

void poller_free(struct poller *poller)
{
	if (poller == NULL)
		return;
	struct poller_watch *watch;
	while ((watch = LIST_FIRST(&poller->all)) != NULL) {
		poller_remove(poller, watch);
		watch->expired(watch);
	}
	close(poller->epoll);
	free(poller);
}

static bool is_listed(const struct poller_watch *watch)
{
	return watch->added || watch->waiting;
}

bool poller_add(struct poller *poller, struct poller_watch *watch)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = watch};
	if (epoll_ctl(poller->epoll, EPOLL_CTL_ADD, watch->fd, &event) != 0)
		return false;
	if (!is_listed(watch))
		LIST_INSERT_HEAD(&poller->all, watch, entry);
	watch->added = true;
	poller->waiting += watch->waiting;
	return true;
}

// Events of it that were fetched already must not be told.
static void forget_events(struct poller *poller, const struct poller_watch *watch)
{
	for (int i = 0; i < poller->batch_count; i++)
		if (poller->batch[i].data.ptr == watch)
			poller->batch[i].data.ptr = NULL;
}

void poller_remove(struct poller *poller, struct poller_watch *watch)
{
	poller_rest(poller, watch);
	if (watch->added) {
		epoll_ctl(poller->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
		LIST_REMOVE(watch, entry);
		forget_events(poller, watch);
	}
	watch->added = false;
}

void poller_wait(struct poller *poller, struct poller_watch *watch, uint64_t deadline_ms)
{
	if (!watch->waiting) {
		if (!is_listed(watch))
			LIST_INSERT_HEAD(&poller->all, watch, entry);
		watch->waiting = true;
		poller->waiting += watch->added;
	}
	timers_set(&poller->timers, &watch->timer, deadline_ms);
}

void poller_rest(struct poller *poller, struct poller_watch *watch)
{
	if (!watch->waiting)
		return;
	timers_remove(&poller->timers, &watch->timer);
	watch->waiting = false;
	poller->waiting -= watch->added;
	if (!watch->added)
		LIST_REMOVE(watch, entry);
}

static unsigned take_events(struct poller *poller)
{
	struct epoll_event batch[EVENTS_A_TURN];
	unsigned done = 0;
	if (poller->waiting == 0)
		return 0;
	poller->batch = batch;
	poller->batch_count = epoll_wait(poller->epoll, batch, EVENTS_A_TURN, 0); // -1: EINTR
	for (int i = 0; i < poller->batch_count; i++) {
		struct poller_watch *watch = batch[i].data.ptr;
		if (watch == NULL || !watch->waiting)
			continue;
		done++;
		watch->ready(watch);
	}
	poller->batch_count = 0;
	return done;
}

static unsigned take_timers(struct poller *poller)
{
	unsigned budget = TIMERS_A_TURN, done = 0;
	struct timer *timer;
	while ((timer = timers_pop(&poller->timers, poller->now_ms, &budget)) != NULL) {
		struct poller_watch *watch = (struct poller_watch *)((char *)timer -
								     offsetof(struct poller_watch,
									     timer));
		poller_rest(poller, watch);
		watch->expired(watch);
		done++;
	}
	return done;
}

unsigned poller_turn(struct poller *poller, uint64_t now_ms)
{
	poller->now_ms = now_ms;
	unsigned done = take_events(poller);
	return done + take_timers(poller);
}

uint64_t poller_now(const struct poller *poller)
{
	return poller->now_ms;
}

int poller_descriptor(const struct poller *poller)
{
	return poller->waiting != 0 ? poller->epoll : -1;
}

uint64_t poller_next(const struct poller *poller)
{
	return timers_next(&poller->timers);
}
