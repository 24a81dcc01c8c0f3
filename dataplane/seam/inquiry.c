// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/inquiry.h"

#include <string.h>

bool bs_question_matches(const struct bs_question *question, const struct bs_view *view)
{
	if ((question->states & 1u << view->state) == 0)
		return false;
	if (question->prefix.length > 0 && !bs_prefix_contains(&question->prefix, &view->address))
		return false;
	if (question->helo[0] != '\0' && strcasestr(view->helo, question->helo) == NULL)
		return false;
	return question->from[0] == '\0' || strcasestr(view->from, question->from) != NULL;
}

bool bs_inquiry_add(struct bs_inquiry *inquiry, const struct bs_view *view)
{
	if (!bs_question_matches(&inquiry->question, view))
		return true;
	if (inquiry->count == inquiry->room) {
		inquiry->more = true;
		return false;
	}
	inquiry->view[inquiry->count++] = *view;
	return true;
}
