// SPDX-License-Identifier: BSD-3-Clause
//
// How a DNS list stands, in words.
#include <stdio.h>
#include <string.h>

#include "smtp/lists/dnsl_health_state.h"

static void say_why(const struct row *row, enum state state, const struct bs_dnsl *list,
	char why[DNSL_POINTS_TEXT])
{
	const size_t room = DNSL_POINTS_TEXT;
	uint32_t asked, hits;

	why[0] = '\0';
	switch (state) {
	case STATE_COUNTS:
		break;
	case STATE_AWAITED:
		snprintf(why, room, "its test points are being asked for the first time");
		break;
	case STATE_PROVING:
		snprintf(why, room, "its test points are being asked after many hits in a row");
		break;
	case STATE_POINTS:
		dnsl_points_say(list,
			points_unpack(atomic_load_explicit(&row->points, memory_order_acquire)),
			why);
		break;
	case STATE_RUN:
		snprintf(why, room, "it has the last %u asked about, each of them",
			atomic_load_explicit(&row->share.run, memory_order_relaxed));
		break;
	case STATE_OVER:
		dnsl_share_view(&row->share, &asked, &hits);
		snprintf(why, room,
			"it has %u of the last %u asked about, more than max-share = %u", hits,
			asked, list->share);
		break;
	}
}

void dnsl_health_view(
	const struct dnsl_health *health, const struct bs_dnsl *list, struct dnsl_view *view)
{
	const struct row *row = find_row(health, list);
	enum state state = row_state(row, list);
	uint32_t hits;

	memset(view, 0, sizeof(*view));
	view->counts = state == STATE_COUNTS;
	view->suspended = state_suspends(state);
	say_why(row, state, list, view->why);
	if (row == NULL)
		return;
	view->asked = atomic_load_explicit(&row->asked, memory_order_relaxed);
	view->hits = atomic_load_explicit(&row->hits, memory_order_relaxed);
	view->errors = atomic_load_explicit(&row->errors, memory_order_relaxed);
	view->suspensions = atomic_load_explicit(&row->suspensions, memory_order_relaxed);
	dnsl_share_view(&row->share, &view->lately, &hits);
	if (view->lately != 0)
		view->share = hits * 100 / view->lately;
}
