// SPDX-License-Identifier: BSD-3-Clause
//
// The case under way is `current` until all its inquiries came back, also when nobody wants it any more: their memory is
// the lcores' until then.
#include "control/socket/desk.h"

#include <stdlib.h>

#include "dataplane/seam/stream.h"
#include "smtp/dns/view.h"

#define DOORS_MAX (BS_DATAPLANES_MAX + BS_WORKERS_MAX)

struct desk {
	struct bs_bell *bell;
	struct bs_door door[DOORS_MAX];
	struct bs_bell *lcore[DOORS_MAX];
	uint32_t doors;
	struct desk_case *current;
};

struct desk_case {
	bool asked;
	bool abandoned;
	uint32_t count; // of inquiries
	uint32_t most;
	struct bs_inquiry inquiry[];
};

struct desk *desk_new(struct bs_bell *bell)
{
	struct desk *desk = aligned_alloc(64, (sizeof(*desk) + 63) & ~(size_t)63);
	if (desk == NULL)
		return NULL;
	memset(desk, 0, sizeof(*desk));
	desk->bell = bell;
	return desk;
}

static void free_case(struct desk_case *one)
{
	for (uint32_t i = 0; i < one->count; i++) {
		free(one->inquiry[i].view);
		free(one->inquiry[i].dns);
	}
	free(one);
}

void desk_free(struct desk *desk)
{
	if (desk == NULL)
		return;
	if (desk->current != NULL && desk->current->abandoned)
		free_case(desk->current);
	free(desk);
}

struct bs_door *desk_door(struct desk *desk, struct bs_bell *lcore_bell)
{
	if (desk->doors == DOORS_MAX)
		return NULL;
	desk->lcore[desk->doors] = lcore_bell;
	return &desk->door[desk->doors++];
}

struct desk_case *desk_open(struct desk *desk, const struct bs_question *question, uint32_t most)
{
	struct desk_case *one = calloc(1, sizeof(*one) + desk->doors * sizeof(one->inquiry[0]));
	if (one == NULL)
		return NULL;
	one->count = desk->doors;
	one->most = most;
	for (uint32_t i = 0; i < one->count; i++) {
		struct bs_inquiry *inquiry = &one->inquiry[i];
		inquiry->question = *question;
		inquiry->asker = desk->bell;
		// Any of them may have all that are wanted; memory that isn't touched costs nothing.
		inquiry->room = question->kind == BS_QUESTION_LIST ? most : 0;
		inquiry->view = calloc(inquiry->room + 1, sizeof(inquiry->view[0]));
		if (question->kind == BS_QUESTION_DNS)
			inquiry->dns = calloc(DNS_VIEWS, sizeof(inquiry->dns[0]));
		if (inquiry->view == NULL ||
			(question->kind == BS_QUESTION_DNS && inquiry->dns == NULL)) {
			free_case(one);
			return NULL;
		}
	}
	return one;
}

static bool is_answered(const struct desk *desk)
{
	for (uint32_t i = 0; i < desk->doors; i++) {
		if (atomic_load_explicit(&desk->door[i].inquiry, memory_order_acquire) != NULL)
			return false;
	}
	return true;
}

static void ask(struct desk *desk, struct desk_case *one)
{
	one->asked = true;
	desk->current = one;
	for (uint32_t i = 0; i < one->count; i++) {
		atomic_store_explicit(
			&desk->door[i].inquiry, &one->inquiry[i], memory_order_release);
		bs_bell_ring(desk->lcore[i]);
	}
}

// Lets go of a case that all have answered.
static void clear(struct desk *desk)
{
	struct desk_case *one = desk->current;
	if (one == NULL || !is_answered(desk))
		return;
	desk->current = NULL;
	if (one->abandoned)
		free_case(one);
}

bool desk_turn(struct desk *desk, struct desk_case *one)
{
	clear(desk);
	if (!one->asked && desk->current == NULL)
		ask(desk, one);
	clear(desk);
	return one->asked && desk->current != one;
}

uint32_t desk_views(const struct desk_case *one, bool *more)
{
	uint64_t count = 0;
	*more = false;
	for (uint32_t i = 0; i < one->count; i++) {
		count += one->inquiry[i].count;
		*more = *more || one->inquiry[i].more;
	}
	*more = *more || count > one->most;
	return count > one->most ? one->most : (uint32_t)count;
}

const struct bs_view *desk_view(const struct desk_case *one, uint32_t number)
{
	for (uint32_t i = 0; i < one->count; i++) {
		if (number < one->inquiry[i].count)
			return &one->inquiry[i].view[number];
		number -= one->inquiry[i].count;
	}
	return NULL;
}

bool desk_found(const struct desk_case *one)
{
	for (uint32_t i = 0; i < one->count; i++) {
		if (one->inquiry[i].found)
			return true;
	}
	return false;
}

const struct bs_inquiry *desk_answer(const struct desk_case *one, uint32_t number)
{
	return number < one->count ? &one->inquiry[number] : NULL;
}

void desk_close(struct desk *desk, struct desk_case *one)
{
	clear(desk);
	if (one == NULL)
		return;
	if (one == desk->current)
		one->abandoned = true;
	else
		free_case(one);
}
