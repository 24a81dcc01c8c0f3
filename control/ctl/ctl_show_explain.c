// SPDX-License-Identifier: BSD-3-Clause
//
// What a client would be told, and why, for people: a line a check, then what it comes to.
#include <string.h>

#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void show_check(FILE *out, const json_t *check)
{
	double enforced = number(check, "score"), observed = number(check, "observed-score");
	char score[32] = "";
	if (enforced != 0)
		snprintf(score, sizeof(score), "%+.2f", enforced);
	else if (observed != 0)
		snprintf(score, sizeof(score), "%+.2f?", observed);
	fprintf(out, "%-18s %-8s %-8s %8s  %s\n", ctl_string(check, "check"),
		ctl_string(check, "mode"), ctl_string(check, "outcome"), score,
		ctl_string(check, "detail"));
}

// "refused from 1.00", or nothing for a threshold that is off.
static void show_threshold(FILE *out, const json_t *answer, const char *key, const char *words)
{
	double at = number(answer, key);
	if (at != 0)
		fprintf(out, ", %s %.2f", words, at);
}

void ctl_show_explain(FILE *out, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "checks"), *check;
	const char *observed = json_string_value(json_object_get(answer, "observed"));
	const char *reply = json_string_value(json_object_get(answer, "reply"));
	size_t index;
	fprintf(out, "Client      %s, name %s, list %s (%s)\n", ctl_string(answer, "client"),
		ctl_string(answer, "name"), ctl_string(answer, "class"),
		ctl_string(answer, "action"));
	fprintf(out, "Policy      %s\n\n", ctl_string(answer, "policy"));
	fprintf(out, "%-18s %-8s %-8s %8s  %s\n", "check", "mode", "outcome", "score", "detail");
	json_array_foreach (list, index, check)
		show_check(out, check);
	fprintf(out, "\nTotal       %.2f, with what is observed %.2f", number(answer, "score"),
		number(answer, "observed-score"));
	show_threshold(out, answer, "refuse-score", "refused from");
	show_threshold(out, answer, "defer-score", "deferred from");
	show_threshold(out, answer, "skip-score", "no wait and no greylisting up to");
	fprintf(out, "\nPrecedence  %s\n", ctl_string(answer, "precedence"));
	fprintf(out, "Wait        %.3g s\n", number(answer, "wait-ms") / 1000);
	fprintf(out, "Reply       %s\n", reply != NULL ? reply : "none, it is not spoken to");
	if (observed != NULL)
		fprintf(out, "Observed    %s\n", observed);
}
