// SPDX-License-Identifier: BSD-3-Clause
//
// A worker whose allocations fail, each in its turn.
#include "worker_stage.h"

#include "smtp/worker/heap.h"

TestSuite(worker_heap, .init = stage_begin_held, .fini = stage_end);

// The linker leads the worker's and the sessions' heap_take() here: the allocation after `allocations_left` fails.
static int allocations_left = -1;
void *__real_heap_take(struct heap *heap, size_t size);
void *__wrap_heap_take(struct heap *heap, size_t size);
void *__wrap_heap_take(struct heap *heap, size_t size)
{
	if (allocations_left == 0) {
		allocations_left = -1;
		return NULL;
	}
	allocations_left -= allocations_left > 0;
	return __real_heap_take(heap, size);
}

void *__real_heap_take_unset(struct heap *heap, size_t size);
void *__wrap_heap_take_unset(struct heap *heap, size_t size);
void *__wrap_heap_take_unset(struct heap *heap, size_t size)
{
	if (allocations_left == 0) {
		allocations_left = -1;
		return NULL;
	}
	allocations_left -= allocations_left > 0;
	return __real_heap_take_unset(heap, size);
}

void *__real_heap_take_kept(struct heap *heap, size_t size);
void *__wrap_heap_take_kept(struct heap *heap, size_t size);
void *__wrap_heap_take_kept(struct heap *heap, size_t size)
{
	if (allocations_left == 0) {
		allocations_left = -1;
		return NULL;
	}
	allocations_left -= allocations_left > 0;
	return __real_heap_take_kept(heap, size);
}

// Each line is said when the one before was answered.
static void whole_session(uint32_t number)
{
	static const char *const say[] = {"EHLO client.example\r\n",
		"MAIL FROM:<a@example.net>\r\n", "RCPT TO:<info@example.org>\r\n", "DATA\r\n",
		"x: y\r\n\r\ntext\r\n.\r\n", "QUIT\r\n"};
	client_open(number);
	for (int i = 0; i < 6 && !over(number); i++) {
		if (i == 4 && !replied(number, "354 "))
			continue;
		forget_replies(number);
		client_say(number, say[i]);
		run();
		cr_assert(stage.peer[number].count != 0, "no reply to %s", say[i]);
	}
	cr_assert(stage.peer[number].closed);
}

Test(worker_heap, bears_that_any_allocation_fails)
{
	unsigned turned_away = 0, failed = 0;
	for (int i = 0; i < 100; i++) {
		unsigned committed = stage.committed;
		allocations_left = i;
		whole_session(5);
		failed += allocations_left == -1;
		turned_away += replied(5, "421 4.3.2");
		cr_assert(stage.committed == committed || stage.committed == committed + 1);
		if (allocations_left != -1) // the session needed fewer
			break;
		whole_session(6);
		cr_assert(replied(6, "221 "));
	}
	cr_assert_geq(turned_away, 2, "for want of a conversation and of a session");
	cr_assert_geq(failed, 4);
	cr_assert_eq(stage.counters.mails_accepted, stage.committed);
	allocations_left = -1;
}
