// SPDX-License-Identifier: BSD-3-Clause
#include "control/overlay/overlay_saver.h"

#include <pthread.h>
#include <stdlib.h>

struct overlay_saver {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	char *folder;
	// Under the lock.
	struct overlay_item *item; // to be written; NULL: nothing
	size_t count;
	bool writing, stop;
	bool news;
	char error[OVERLAY_ERROR]; // of the last write
};

static void write_out(struct overlay_saver *saver)
{
	struct overlay_item *item = saver->item;
	size_t count = saver->count;
	char error[OVERLAY_ERROR] = "";
	saver->item = NULL;
	saver->writing = true;
	pthread_mutex_unlock(&saver->lock);
	overlay_file_write(saver->folder, item, count, error);
	free(item);
	pthread_mutex_lock(&saver->lock);
	saver->writing = false;
	if (strcmp(saver->error, error) != 0) {
		saver->news = true;
		memcpy(saver->error, error, sizeof(error));
	}
}

static void *saver_main(void *argument)
{
	struct overlay_saver *saver = argument;
	pthread_mutex_lock(&saver->lock);
	while (!saver->stop || saver->item != NULL) {
		if (saver->item == NULL)
			pthread_cond_wait(&saver->work, &saver->lock);
		else
			write_out(saver);
	}
	pthread_mutex_unlock(&saver->lock);
	return NULL;
}

struct overlay_saver *overlay_saver_new(const char *folder)
{
	struct overlay_saver *saver = calloc(1, sizeof(*saver));
	if (saver == NULL)
		return NULL;
	pthread_mutex_init(&saver->lock, NULL);
	pthread_cond_init(&saver->work, NULL);
	saver->folder = strdup(folder);
	if (saver->folder != NULL && pthread_create(&saver->thread, NULL, saver_main, saver) == 0) {
		pthread_setname_np(saver->thread, "bs-state");
		return saver;
	}
	free(saver->folder);
	free(saver);
	return NULL;
}

void overlay_saver_free(struct overlay_saver *saver)
{
	if (saver == NULL)
		return;
	pthread_mutex_lock(&saver->lock);
	saver->stop = true;
	pthread_cond_signal(&saver->work);
	pthread_mutex_unlock(&saver->lock);
	pthread_join(saver->thread, NULL);
	pthread_cond_destroy(&saver->work);
	pthread_mutex_destroy(&saver->lock);
	free(saver->folder);
	free(saver);
}

bool overlay_saver_offer(struct overlay_saver *saver, const struct overlay_entries *entries)
{
	pthread_mutex_lock(&saver->lock);
	bool busy = saver->writing || saver->item != NULL;
	pthread_mutex_unlock(&saver->lock);
	struct overlay_item *copy = busy ? NULL : calloc(entries->count + 1, sizeof(*copy));
	if (copy == NULL)
		return false;
	if (entries->count > 0)
		memcpy(copy, entries->item, entries->count * sizeof(*copy));
	pthread_mutex_lock(&saver->lock);
	saver->item = copy;
	saver->count = entries->count;
	pthread_cond_signal(&saver->work);
	pthread_mutex_unlock(&saver->lock);
	return true;
}

bool overlay_saver_news(struct overlay_saver *saver, char error[OVERLAY_ERROR])
{
	pthread_mutex_lock(&saver->lock);
	bool news = saver->news;
	saver->news = false;
	memcpy(error, saver->error, OVERLAY_ERROR);
	pthread_mutex_unlock(&saver->lock);
	return news;
}
