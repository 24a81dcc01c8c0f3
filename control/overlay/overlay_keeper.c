// SPDX-License-Identifier: BSD-3-Clause
#include "control/overlay/overlay_keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control/overlay/overlay_saver.h"

struct overlay_keeper {
	struct policy_store *store;
	struct overlay_saver *saver;
	struct overlay_entries entries;
	int64_t next; // when one expires
	bool unsaved;
};

static void save(struct overlay_keeper *keeper)
{
	if (keeper->unsaved && overlay_saver_offer(keeper->saver, &keeper->entries))
		keeper->unsaved = false;
}

// What the entries are now is in force afterwards, or false without memory.
static bool publish(struct overlay_keeper *keeper)
{
	struct bs_overlay *overlay;
	if (!overlay_entries_build(&keeper->entries, &overlay) ||
		!policy_store_overlay(keeper->store, overlay))
		return false;
	keeper->next = overlay_entries_next(&keeper->entries);
	keeper->unsaved = true;
	save(keeper);
	return true;
}

struct overlay_keeper *overlay_keeper_new(
	struct policy_store *store, const char *folder, char trouble[OVERLAY_ERROR])
{
	struct overlay_keeper *keeper = calloc(1, sizeof(*keeper));
	trouble[0] = '\0';
	if (keeper == NULL)
		return NULL;
	keeper->store = store;
	keeper->next = INT64_MAX;
	keeper->saver = overlay_saver_new(folder);
	if (keeper->saver != NULL) {
		overlay_file_read(folder, (int64_t)time(NULL), &keeper->entries, trouble);
		if (keeper->entries.count == 0 || publish(keeper))
			return keeper;
	}
	overlay_keeper_free(keeper);
	return NULL;
}

void overlay_keeper_free(struct overlay_keeper *keeper)
{
	if (keeper == NULL)
		return;
	// The thread writes what it was given before it ends; what came after that needs a second one.
	while (keeper->saver != NULL && keeper->unsaved) {
		struct timespec pause = {.tv_nsec = 10000000};
		save(keeper);
		if (keeper->unsaved)
			nanosleep(&pause, NULL);
	}
	overlay_saver_free(keeper->saver);
	overlay_entries_free(&keeper->entries);
	free(keeper);
}

const struct overlay_entries *overlay_keeper_entries(const struct overlay_keeper *keeper)
{
	return &keeper->entries;
}

enum overlay_put overlay_keeper_put(struct overlay_keeper *keeper, const struct overlay_item *item)
{
	const struct overlay_item *found = overlay_entries_find(&keeper->entries, &item->prefix);
	struct overlay_item before = {0};
	if (found != NULL)
		before = *found;
	enum overlay_put result = overlay_entries_put(&keeper->entries, item);
	if (result > OVERLAY_REPLACED || publish(keeper))
		return result;
	if (result == OVERLAY_REPLACED)
		overlay_entries_put(&keeper->entries, &before);
	else
		overlay_entries_remove(&keeper->entries, &item->prefix);
	return OVERLAY_NO_MEMORY;
}

enum overlay_taken overlay_keeper_remove(
	struct overlay_keeper *keeper, const struct bs_prefix *prefix)
{
	const struct overlay_item *found = overlay_entries_find(&keeper->entries, prefix);
	if (found == NULL)
		return OVERLAY_NONE_THERE;
	struct overlay_item before = *found;
	overlay_entries_remove(&keeper->entries, prefix);
	if (publish(keeper))
		return OVERLAY_TAKEN;
	overlay_entries_put(&keeper->entries, &before); // there is room: it stood there
	return OVERLAY_NOT_TAKEN;
}

bool overlay_keeper_turn(struct overlay_keeper *keeper, int64_t now, char news[OVERLAY_ERROR])
{
	if (now >= keeper->next) {
		overlay_entries_expire(&keeper->entries, now);
		publish(keeper); // without memory the next turn tries again: `next` is still past
	}
	save(keeper);
	if (!overlay_saver_news(keeper->saver, news))
		return false;
	if (news[0] == '\0')
		snprintf(news, OVERLAY_ERROR, "runtime entries are written to disk again");
	return true;
}
