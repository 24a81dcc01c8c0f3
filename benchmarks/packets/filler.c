// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/filler.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "benchmarks/packets/bed.h"

struct filler {
	pthread_t thread;
	sem_t asked, done;
	struct bed *bed; // NULL: end
	struct mix *mix;
	uint32_t count;
	int cpu; // -1: there is none
};

static _Noreturn void fail(void)
{
	fprintf(stderr, "packets: no thread for the frames\n");
	exit(EXIT_FAILURE);
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) != 0) {
	}
}

static void *fill(void *self)
{
	struct filler *filler = self;
	for (;;) {
		wait_for(&filler->asked);
		if (filler->bed == NULL)
			return NULL;
		bed_fill(filler->bed, filler->mix, filler->count);
		sem_post(&filler->done);
	}
}

static int other_cpu(void)
{
	cpu_set_t ours;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (sched_getaffinity(0, sizeof(ours), &ours) != 0)
		return -1;
	for (int cpu = 0; cpu < cpus; cpu++)
		if (!CPU_ISSET(cpu, &ours))
			return cpu;
	return -1;
}

struct filler *filler_new(void)
{
	struct filler *filler = calloc(1, sizeof(*filler));
	cpu_set_t there;
	if (filler == NULL)
		fail();
	filler->cpu = other_cpu();
	if (filler->cpu < 0)
		return filler;
	CPU_ZERO(&there);
	CPU_SET(filler->cpu, &there);
	if (sem_init(&filler->asked, 0, 0) != 0 || sem_init(&filler->done, 0, 0) != 0 ||
		pthread_create(&filler->thread, NULL, fill, filler) != 0)
		fail();
	pthread_setaffinity_np(filler->thread, sizeof(there), &there);
	return filler;
}

void filler_free(struct filler *filler)
{
	if (filler->cpu >= 0) {
		filler->bed = NULL;
		sem_post(&filler->asked);
		pthread_join(filler->thread, NULL);
		sem_destroy(&filler->asked);
		sem_destroy(&filler->done);
	}
	free(filler);
}

void filler_fill(struct filler *filler, struct bed *bed, struct mix *mix, uint32_t count)
{
	if (filler->cpu < 0) {
		bed_fill(bed, mix, count);
		return;
	}
	filler->bed = bed;
	filler->mix = mix;
	filler->count = count;
	sem_post(&filler->asked);
	wait_for(&filler->done);
}
