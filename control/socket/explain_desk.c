// SPDX-License-Identifier: BSD-3-Clause
#include "control/socket/explain_desk.h"

#include <stdlib.h>

#include "smtp/judge/explain.h"

struct explain_case {
	struct explain *question;
	bool asked; // it is, or was, with the worker
};

struct explain_desk {
	struct explain_door door;
	struct bs_bell *asker, *worker;
	struct explain *with_worker; // NULL: none
	bool unwanted;               // nobody waits for it any more
};

struct explain_desk *explain_desk_new(struct bs_bell *asker)
{
	struct explain_desk *desk = calloc(1, sizeof(*desk));
	if (desk != NULL)
		desk->asker = asker;
	return desk;
}

void explain_desk_free(struct explain_desk *desk)
{
	if (desk == NULL)
		return;
	if (desk->unwanted)
		free(desk->with_worker);
	free(desk);
}

struct explain_door *explain_desk_door(struct explain_desk *desk, struct bs_bell *worker)
{
	desk->worker = worker;
	return &desk->door;
}

struct explain_case *explain_desk_open(struct explain_desk *desk, struct explain *question)
{
	struct explain_case *one = calloc(1, sizeof(*one));
	if (one == NULL)
		return NULL;
	question->asker = desk->asker;
	one->question = question;
	explain_desk_turn(desk, one);
	return one;
}

// What the worker gave back is nobody's any more, or its asker's.
static bool is_free(struct explain_desk *desk)
{
	if (desk->with_worker == NULL)
		return true;
	if (atomic_load_explicit(&desk->door.question, memory_order_acquire) != NULL)
		return false;
	if (desk->unwanted)
		free(desk->with_worker);
	desk->with_worker = NULL;
	desk->unwanted = false;
	return true;
}

bool explain_desk_turn(struct explain_desk *desk, struct explain_case *one)
{
	bool open = is_free(desk);
	if (one->asked)
		return open || desk->with_worker != one->question;
	if (!open || desk->worker == NULL)
		return false;
	one->asked = true;
	desk->with_worker = one->question;
	atomic_store_explicit(&desk->door.question, one->question, memory_order_release);
	bs_bell_ring(desk->worker);
	return false;
}

const struct explain *explain_desk_answer(const struct explain_case *one)
{
	return one->question;
}

void explain_desk_close(struct explain_desk *desk, struct explain_case *one)
{
	if (one->asked && desk->with_worker == one->question && !is_free(desk))
		desk->unwanted = true;
	else
		free(one->question);
	free(one);
}
