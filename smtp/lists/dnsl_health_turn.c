// SPDX-License-Identifier: BSD-3-Clause
//
// The part of the one worker that asks the lists' test points, keeps a row for each list of the policy, and says in the log what
// changed.
#include <string.h>

#include "dataplane/seam/bell.h"
#include "dataplane/seam/log.h"
#include "smtp/lists/dnsl_health_state.h"

#define ERRORS_OVER_MS 600000u // without another, errors are news again

static void points_news(struct dns_asker *asker)
{
	struct watch *watch = (struct watch *)((char *)asker - offsetof(struct watch, asker));

	watch->health->news = true;
}

// A free row, or one of a list that the policy has no more.
static struct row *row_to_take(struct dnsl_health *health)
{
	uint32_t rows = atomic_load_explicit(&health->rows, memory_order_relaxed);

	if (rows < ROWS)
		return &health->row[rows];
	for (uint32_t i = 0; i < ROWS; i++)
		if (health->watch[i].turn + 1 < health->turn)
			return &health->row[i];
	return NULL; // not with BS_DNSL_MOST lists a policy
}

static struct row *add_row(
	struct dnsl_health *health, const struct bs_dnsl *list, const struct dnsl_tools *tools)
{
	struct row *row = row_to_take(health);
	struct watch *watch;
	uint32_t number;

	if (row == NULL)
		return NULL;
	number = (uint32_t)(row - health->row);
	watch = &health->watch[number];
	if (watch->asking)
		dns_asker_forget(&watch->asker);
	// Nobody finds it while it changes; who found it before may count once into what is now another's.
	atomic_store_explicit(&row->key, 0, memory_order_release);
	memset(watch, 0, sizeof(*watch));
	memset((char *)row + sizeof(row->key), 0, sizeof(*row) - sizeof(row->key));
	watch->health = health;
	dns_asker_init(&watch->asker, tools->source, points_news);
	atomic_store_explicit(&row->key, list_key(list), memory_order_release);
	if (number == atomic_load_explicit(&health->rows, memory_order_relaxed))
		atomic_store_explicit(&health->rows, number + 1, memory_order_release);
	return row;
}

static void begin_test(struct watch *watch, const struct bs_dnsl *list,
	const struct dnsl_tools *tools, uint64_t now_ms)
{
	struct dnsl_point point[DNSL_POINTS];
	unsigned points = dnsl_points(list, point);

	for (unsigned i = 0; i < points && tools->forget != NULL; i++)
		tools->forget(tools->resolver, point[i].name, DNS_A);
	watch->asking = true;
	watch->tested_ms = now_ms;
	dns_asker_deadline(&watch->asker, now_ms + DNSL_PATIENCE_MS);
}

// How bad it is, for several points of a list.
static unsigned badness(enum dnsl_points_state state)
{
	static const unsigned weight[] = {[DNSL_POINTS_GOOD] = 0,
		[DNSL_POINTS_AWAITED] = 1,
		[DNSL_POINTS_SILENT] = 2,
		[DNSL_POINTS_MISSING] = 3,
		[DNSL_POINTS_LISTED] = 4,
		[DNSL_POINTS_ERROR] = 5};

	return weight[state];
}

// The worst of the points; AWAITED when some are and none is bad.
static struct dnsl_points_word ask_points(
	struct watch *watch, const struct bs_dnsl *list, bool out_of_time)
{
	struct dnsl_point point[DNSL_POINTS];
	struct dnsl_points_word worst = {.state = DNSL_POINTS_GOOD};
	unsigned points = dnsl_points(list, point);

	if (points == 0) // as in the configuration: no point of its can be asked, so none is good
		worst.state = DNSL_POINTS_SILENT;
	for (unsigned i = 0; i < points; i++) {
		const struct dns_answer *answer = dns_look(&watch->asker, point[i].name, DNS_A);
		struct dnsl_points_word one = {
			.state = out_of_time ? DNSL_POINTS_SILENT : DNSL_POINTS_AWAITED,
			.point = (uint8_t)i};

		if (answer != NULL)
			one.state = dnsl_point_read(list, &point[i], answer, one.octets);
		if (badness(one.state) > badness(worst.state))
			worst = one;
	}
	return worst;
}

// Whether what came is the last word. One that is silent may be well while another still has time to be bad.
static bool concluded(struct watch *watch, struct dnsl_points_word worst)
{
	if (worst.state == DNSL_POINTS_SILENT)
		return watch->asker.pending == 0;
	return worst.state != DNSL_POINTS_AWAITED;
}

static void conclude(
	struct watch *watch, struct row *row, struct dnsl_points_word worst, uint64_t now_ms)
{
	bool silent = worst.state == DNSL_POINTS_SILENT;
	bool again = silent && !watch->silent_once;

	dns_asker_forget(&watch->asker);
	watch->asking = false;
	watch->silent_once = silent;
	watch->due_ms = now_ms + (again ? DNSL_RETRY_MS : DNSL_TEST_MS);
	if (again) // an answer may get lost
		return;
	if (worst.state == DNSL_POINTS_GOOD)
		atomic_store_explicit(&row->unproved, 0, memory_order_relaxed);
	atomic_store_explicit(&row->points, points_pack(worst), memory_order_release);
}

static void test_turn(struct watch *watch, struct row *row, const struct bs_dnsl *list,
	const struct dnsl_tools *tools, uint64_t now_ms)
{
	if (!watch->asking && atomic_load_explicit(&row->wanted, memory_order_acquire)) {
		uint64_t early_ms = watch->tested_ms + DNSL_EARLY_MS;

		if (early_ms < watch->due_ms)
			watch->due_ms = early_ms;
	}
	if (!watch->asking && now_ms >= watch->due_ms) {
		atomic_store_explicit(&row->wanted, false, memory_order_relaxed);
		begin_test(watch, list, tools, now_ms);
	}
	if (watch->asking) {
		bool out_of_time = now_ms >= watch->tested_ms + DNSL_PATIENCE_MS;
		struct dnsl_points_word worst = ask_points(watch, list, out_of_time);

		if (out_of_time || concluded(watch, worst))
			conclude(watch, row, worst, now_ms);
	}
}

static void tell_errors(struct watch *watch, struct row *row, const struct bs_dnsl *list,
	const struct dnsl_tools *tools, uint64_t now_ms)
{
	uint64_t error_ms = atomic_load_explicit(&row->error_ms, memory_order_relaxed);
	uint32_t error = atomic_load_explicit(&row->error, memory_order_relaxed);
	uint8_t octets[4];

	if (error_ms == 0)
		return;
	if (now_ms >= error_ms + ERRORS_OVER_MS) {
		watch->told_error = false;
		return;
	}
	if (watch->told_error)
		return;
	watch->told_error = true;
	memcpy(octets, &error, sizeof(octets));
	bs_log(tools->log, BS_LOG_WARNING,
		"DNS list %s answers %u.%u.%u.%u, which is no entry and counts for nothing: %s",
		list->name, octets[0], octets[1], octets[2], octets[3], dnsl_error_meaning(octets));
}

static void tell_state(struct dnsl_health *health, struct watch *watch, struct row *row,
	const struct bs_dnsl *list, const struct dnsl_tools *tools)
{
	bool suspended = state_suspends(row_state(row, list));
	struct dnsl_view view;

	if (suspended == watch->told_suspended)
		return;
	watch->told_suspended = suspended;
	if (!suspended) {
		bs_log(tools->log, BS_LOG_WARNING, "DNS list %s counts again", list->name);
		return;
	}
	atomic_fetch_add_explicit(&row->suspensions, 1, memory_order_relaxed);
	dnsl_health_view(health, list, &view);
	bs_log(tools->log, BS_LOG_ERROR, "DNS list %s suspended: %s", list->name, view.why);
}

static void list_turn(struct dnsl_health *health, const struct bs_dnsl *list,
	const struct dnsl_tools *tools, uint64_t now_ms)
{
	struct row *row = find_row(health, list);
	struct watch *watch;

	if (row == NULL)
		row = add_row(health, list, tools);
	if (row == NULL)
		return;
	watch = &health->watch[row - health->row];
	watch->turn = health->turn;
	if (list->tested) {
		test_turn(watch, row, list, tools, now_ms);
	} else {
		if (watch->asking)
			dns_asker_forget(&watch->asker);
		watch->asking = false;
		watch->due_ms = now_ms + DNSL_TEST_MS; // a reload may want its points again
	}
	tell_errors(watch, row, list, tools, now_ms);
	tell_state(health, watch, row, list, tools);
}

// Lists that went with a reload are asked no more. When is the next test due?
static void look_over(struct dnsl_health *health)
{
	uint32_t rows = atomic_load_explicit(&health->rows, memory_order_relaxed);

	health->next_ms = UINT64_MAX;
	for (uint32_t i = 0; i < rows; i++) {
		struct watch *watch = &health->watch[i];
		uint64_t due_ms = watch->asking ? watch->tested_ms + DNSL_PATIENCE_MS
						: watch->due_ms;

		if (watch->turn != health->turn) {
			if (watch->asking)
				dns_asker_forget(&watch->asker);
			watch->asking = false;
		} else if (due_ms < health->next_ms) {
			health->next_ms = due_ms;
		}
	}
}

unsigned dnsl_health_turn(struct dnsl_health *health, const struct dnsl_tools *tools,
	const struct bs_policy *policy, uint64_t now_ms)
{
	bool wanted = atomic_exchange_explicit(&health->wanted, false, memory_order_acq_rel);

	if (!wanted && !health->news && policy == health->policy && now_ms < health->next_ms)
		return 0;
	atomic_store_explicit(&health->bell, tools->bell, memory_order_release);
	health->news = false;
	health->policy = policy;
	health->turn++;
	for (uint32_t i = 0; i < policy->dnsl_count && i < BS_DNSL_MOST; i++)
		if (policy->dnsl[i].mode != BS_MODE_OFF)
			list_turn(health, &policy->dnsl[i], tools, now_ms);
	look_over(health);
	return 1;
}

bool dnsl_health_ready(const struct dnsl_health *health)
{
	return health->news || atomic_load_explicit(&health->wanted, memory_order_acquire);
}

uint64_t dnsl_health_next(const struct dnsl_health *health)
{
	return dnsl_health_ready(health) ? 0 : health->next_ms;
}

void dnsl_health_leave(struct dnsl_health *health)
{
	uint32_t rows = atomic_load_explicit(&health->rows, memory_order_relaxed);

	atomic_store_explicit(&health->bell, NULL, memory_order_release);
	for (uint32_t i = 0; i < rows; i++) {
		if (health->watch[i].asking)
			dns_asker_forget(&health->watch[i].asker);
		health->watch[i].asking = false;
	}
}
