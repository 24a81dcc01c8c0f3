// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/filler.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_pause.h>

#include "benchmarks/packets/bed.h"

#define FRAMES 1048576u

struct frame_made {
	uint16_t length;
	uint8_t bytes[MIX_FRAME_BYTES];
};

struct filler {
	pthread_t thread;
	struct bed *bed;
	struct frame_made *frame;
	uint32_t next;          // of them
	_Atomic uint32_t asked; // frames; 0: they are there
	_Atomic bool over;
	int cpu; // -1: there is none
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "packets: %s\n", what);
	exit(EXIT_FAILURE);
}

static uint16_t next(void *self, uint8_t *bytes)
{
	struct filler *filler = self;
	const struct frame_made *frame = &filler->frame[filler->next++ % FRAMES];
	memcpy(bytes, frame->bytes,
		sizeof(frame->bytes)); // a fixed count; what is behind is not looked at
	return frame->length;
}

static void *fill(void *self)
{
	struct filler *filler = self;
	while (!atomic_load_explicit(&filler->over, memory_order_acquire)) {
		uint32_t count = atomic_load_explicit(&filler->asked, memory_order_acquire);
		if (count == 0) {
			rte_pause();
			continue;
		}
		bed_put_bulk(filler->bed, next, filler, count);
		atomic_store_explicit(&filler->asked, 0, memory_order_release);
	}
	return NULL;
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

static void begin(struct filler *filler)
{
	cpu_set_t there;
	CPU_ZERO(&there);
	CPU_SET(filler->cpu, &there);
	if (pthread_create(&filler->thread, NULL, fill, filler) != 0)
		fail("no thread for the frames");
	pthread_setaffinity_np(filler->thread, sizeof(there), &there);
}

struct filler *filler_new(struct bed *bed, struct mix *mix)
{
	struct filler *filler = calloc(1, sizeof(*filler));
	if (filler == NULL)
		fail("not enough memory");
	filler->bed = bed;
	filler->frame = calloc(FRAMES, sizeof(*filler->frame));
	if (filler->frame == NULL)
		fail("not enough memory for the frames");
	for (uint32_t i = 0; i < FRAMES; i++)
		filler->frame[i].length = mix_frame(mix, filler->frame[i].bytes);
	filler->cpu = other_cpu();
	if (filler->cpu >= 0)
		begin(filler);
	return filler;
}

void filler_free(struct filler *filler)
{
	if (filler->cpu >= 0) {
		atomic_store(&filler->over, true);
		pthread_join(filler->thread, NULL);
	}
	free(filler->frame);
	free(filler);
}

void filler_fill(struct filler *filler, uint32_t count)
{
	if (filler->cpu < 0) {
		bed_put_bulk(filler->bed, next, filler, count);
		return;
	}
	atomic_store_explicit(&filler->asked, count, memory_order_release);
	while (atomic_load_explicit(&filler->asked, memory_order_acquire) != 0)
		rte_pause();
}
