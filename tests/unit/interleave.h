// SPDX-License-Identifier: BSD-3-Clause
//
// Two functions on two threads, each stopped at a chosen instruction: every way in which they can come in each other's way once.
//
// The first one runs so many instructions, then the second one so many of its own, then the first to its end, and the second to its. The
// processor's trap flag counts: it raises SIGTRAP after each instruction. No hook in the code under test, and no luck.
#pragma once

#include <criterion/criterion.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#if defined(__x86_64__)
#define INTERLEAVE 1
#define TRAP_FLAG  0x100

struct interleaved {
	void (*run)(void *context);
	void *context;
	unsigned stop; // after so many instructions
	// the harness's own
	sem_t go;
	struct interleaved *other;
	unsigned steps;
	bool stopped; // false in the end: it has fewer
	_Atomic bool done;
};

static _Thread_local struct interleaved *interleaved_self;

static void interleaved_step(int number, siginfo_t *info, void *context)
{
	struct interleaved *self = interleaved_self;
	ucontext_t *machine = context;
	if (self->steps++ < self->stop)
		return;
	if (self->other->done) { // nobody would let it go on
		machine->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
		return;
	}
	machine->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG; // from here it runs freely
	self->stopped = true;
	sem_post(&self->other->go);
	sem_wait(&self->go);
}

// The red zone is left alone: the compiler may keep something there.
#define TRAP_SET \
	"lea -128(%%rsp), %%rsp\n\tpushfq\n\torq %0, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
#define TRAP_CLEAR \
	"lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq %0, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"

static void *interleaved_thread(void *context)
{
	struct interleaved *self = context;
	interleaved_self = self;
	sem_wait(&self->go);
	__asm__ volatile(TRAP_SET ::"i"(TRAP_FLAG) : "memory", "cc");
	self->run(self->context);
	__asm__ volatile(TRAP_CLEAR ::"i"(~TRAP_FLAG) : "memory", "cc");
	self->done = true;
	sem_post(&self->other->go);
	return NULL;
}

// True for each that had not reached its end where it was to stop.
struct interleaving {
	bool first, second;
};

static struct interleaving interleave(struct interleaved *first, struct interleaved *second)
{
	struct sigaction action = {.sa_sigaction = interleaved_step, .sa_flags = SA_SIGINFO};
	struct interleaved *both[2] = {first, second};
	pthread_t thread[2];
	cr_assert_eq(sigaction(SIGTRAP, &action, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		both[i]->other = both[1 - i];
		both[i]->steps = 0;
		both[i]->stopped = both[i]->done = false;
		cr_assert_eq(sem_init(&both[i]->go, 0, 0), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, interleaved_thread, both[i]), 0);
	sem_post(&first->go);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < 2; i++)
		sem_destroy(&both[i]->go);
	return (struct interleaving){first->stopped, second->stopped};
}
#endif
