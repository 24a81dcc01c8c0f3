// SPDX-License-Identifier: BSD-3-Clause
//
// The DNS lists: which count, which don't and why. Their names only: a zone may hold a key.
#include "control/policy/policy.h"
#include "control/socket/report.h"
#include "control/socket/request_command.h"
#include "smtp/lists/dnsl_health.h"

static const char *mode_word(uint8_t mode)
{
	switch ((enum bs_mode)mode) {
	case BS_MODE_OFF:
		return "off";
	case BS_MODE_OBSERVE:
		return "observe";
	case BS_MODE_ENFORCE:
		break;
	}
	return "enforce";
}

static const char *state_word(const struct bs_dnsl *list, const struct dnsl_view *view)
{
	if (list->mode == BS_MODE_OFF)
		return "off";
	if (view->counts)
		return "counts";
	return view->suspended ? "suspended" : "testing";
}

static json_t *one_list(const struct dnsl_health *health, const struct bs_dnsl *list)
{
	struct dnsl_view view;

	dnsl_health_view(health, list, &view);
	return json_pack("{s:o, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
		request_text(list->name), "mode", mode_word(list->mode), "state",
		state_word(list, &view), "why",
		request_text(list->mode == BS_MODE_OFF ? "" : view.why), "asked",
		(json_int_t)view.asked, "hits", (json_int_t)view.hits, "errors",
		(json_int_t)view.errors, "suspensions", (json_int_t)view.suspensions, "share",
		(json_int_t)view.share, "lately", (json_int_t)view.lately);
}

// Control frees the base that the lists are of, and is here.
json_t *report_dns_lists(const struct daemon *daemon)
{
	const struct bs_policy *policy = bs_policy_get();
	json_t *array = json_array();

	if (policy == NULL || daemon->dnsl == NULL)
		return array;
	for (uint32_t i = 0; array != NULL && i < policy->dnsl_count; i++) {
		if (json_array_append_new(array, one_list(daemon->dnsl, &policy->dnsl[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *request_dnsl(struct request_call *call)
{
	return json_pack("{s:b, s:o}", "ok", 1, "dns-lists", report_dns_lists(call->daemon));
}
