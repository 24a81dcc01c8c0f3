// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/sampler.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define INTERVAL_NS 101000 // not a divisor of anything
#define SAMPLES     65536u
#define DEPTH       12u
#define STACK_BYTES (1u << 20) // that frames are looked for in

extern const char __executable_start[], etext[];

static struct {
	FILE *file;
	timer_t timer;
	volatile sig_atomic_t active;
	volatile uint32_t count;
	uint32_t sample[SAMPLES][DEPTH]; // 0 ends one
} sampler;

static void take(uint32_t *at, const ucontext_t *context)
{
	uintptr_t begin = (uintptr_t)__executable_start, end = (uintptr_t)etext;
	uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
	uintptr_t low = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
	uintptr_t frame = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
	uintptr_t high = low + STACK_BYTES;
	unsigned depth = 0;
	for (unsigned step = 0; step < 4 * DEPTH && depth < DEPTH; step++) {
		if (pc >= begin && pc < end)
			at[depth++] = (uint32_t)(pc - begin);
		if (frame < low || frame >= high || frame % sizeof(frame) != 0)
			break;
		pc = ((const uintptr_t *)
				frame)[1]; // NOLINT(performance-no-int-to-ptr): a stack is walked
		low = frame + 1;
		frame = *(const uintptr_t *)frame; // NOLINT(performance-no-int-to-ptr)
	}
	if (depth < DEPTH)
		at[depth] = 0;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	if (!sampler.active || sampler.count == SAMPLES)
		return;
	take(sampler.sample[sampler.count], context);
	sampler.count++;
}

bool sampler_open(const char *path)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
	struct itimerspec interval = {{0, INTERVAL_NS}, {0, INTERVAL_NS}};
	if (path == NULL)
		return true;
	event._sigev_un._tid = gettid(); // glibc names no member for it
	sampler.file = fopen(path, "w");
	return sampler.file != NULL && sigaction(SIGPROF, &action, NULL) == 0 &&
	       timer_create(CLOCK_MONOTONIC, &event, &sampler.timer) == 0 &&
	       timer_settime(sampler.timer, 0, &interval, NULL) == 0;
}

void sampler_begin(void)
{
	sampler.active = 1;
}

void sampler_end(void)
{
	sampler.active = 0;
}

void sampler_write(const char *name)
{
	if (sampler.file == NULL)
		return;
	for (uint32_t i = 0; i < sampler.count; i++) {
		fputs(name, sampler.file);
		for (unsigned depth = 0; depth < DEPTH && sampler.sample[i][depth] != 0; depth++)
			fprintf(sampler.file, " %x", sampler.sample[i][depth]);
		fputc('\n', sampler.file);
	}
	sampler.count = 0;
}

void sampler_close(void)
{
	if (sampler.file == NULL)
		return;
	timer_delete(sampler.timer);
	fclose(sampler.file);
	sampler.file = NULL;
}
