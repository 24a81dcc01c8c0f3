// SPDX-License-Identifier: BSD-3-Clause
//
// The reference for `waiting`: a tarpit on the kernel's sockets that keeps no more than it must. It accepts, holds the socket
// with the smallest buffers, has one queue of those who wait, four bytes each beside a byte of state, and greets after the wait.
//
//	tarpit CONNECTIONS SOURCES WAIT_S
//
// A process may have so many files; so there are as many processes as it takes, one after the other filled from one listener.
// Prints how many it held and what the machine's memory grew by meanwhile: slabs, anonymous memory, page tables.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "benchmarks/waiting/proc.h"
#include "benchmarks/waiting/tarpit_clients.h"

#define GREETING    "220 tarpit\r\n"
#define PROCESSES   64u
#define OTHER_FILES 200u  // that a process has besides: ours, and the other processes' pipes
#define PATIENCE_MS 5000u // without a new connection

struct tarpit {
	int listener, epoll;
	uint32_t held, room;
	struct wait {
		int fd;
		uint32_t since_ms;
	} * queue; // in order of time: the wait is the same for all
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "tarpit: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static uint32_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static uint64_t machine_bytes(void)
{
	static const char *const words[] = {"Slab:", "AnonPages:", "PageTables:"};
	uint64_t bytes = proc_bytes("/proc/meminfo", words, 3);
	if (bytes == 0)
		fail("/proc/meminfo");
	return bytes;
}

static void open_tarpit(struct tarpit *tarpit, uint32_t room)
{
	int least = 1;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(25)};
	struct epoll_event event = {.events = EPOLLIN};
	tarpit->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(tarpit->listener, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	setsockopt(tarpit->listener, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	tarpit->epoll = epoll_create1(EPOLL_CLOEXEC);
	tarpit->queue = malloc(room * sizeof(tarpit->queue[0]));
	tarpit->room = room;
	if (tarpit->listener < 0 || tarpit->epoll < 0 || tarpit->queue == NULL ||
		bind(tarpit->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(tarpit->listener, 65535) != 0 ||
		epoll_ctl(tarpit->epoll, EPOLL_CTL_ADD, tarpit->listener, &event) != 0)
		fail("listening");
}

// A waiting socket is looked at when its time is over only: it need not be in the epoll set, which would cost 200 bytes more.
static bool accept_some(struct tarpit *tarpit)
{
	struct epoll_event event;
	bool any = false;
	if (epoll_wait(tarpit->epoll, &event, 1, 0) <= 0)
		return false;
	for (unsigned i = 0; i < 64 && tarpit->held < tarpit->room; i++, any = true) {
		int fd = accept4(tarpit->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return any;
		tarpit->queue[tarpit->held++] = (struct wait){fd, now_ms()};
	}
	return any;
}

static uint32_t greet_all(struct tarpit *tarpit, uint32_t wait_ms)
{
	uint32_t greeted = 0;
	for (uint32_t i = 0; i < tarpit->held; i++) {
		while (now_ms() - tarpit->queue[i].since_ms < wait_ms)
			usleep(1000);
		greeted += send(tarpit->queue[i].fd, GREETING, sizeof(GREETING) - 1, MSG_NOSIGNAL) >
			   0;
	}
	return greeted;
}

// A process that holds as many as it may: says so with a byte, waits, greets, says how many.
static void run_child(struct tarpit *tarpit, uint32_t wait_ms, int said)
{
	uint32_t last = now_ms();
	while (tarpit->held < tarpit->room && now_ms() - last < PATIENCE_MS)
		if (accept_some(tarpit))
			last = now_ms();
	uint32_t held = tarpit->held;
	if (write(said, &held, sizeof(held)) != sizeof(held))
		_exit(EXIT_FAILURE);
	held = greet_all(tarpit, wait_ms);
	_exit(write(said, &held, sizeof(held)) == sizeof(held) ? EXIT_SUCCESS : EXIT_FAILURE);
}

// Fills one more process; returns how many it holds. `*said`: where it will say how many it greeted.
static uint32_t fill(struct clients *clients, struct tarpit *tarpit, uint32_t wait_ms, int *said)
{
	int ends[2];
	uint32_t held = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		fail("a pipe");
	pid_t child = fork();
	if (child == 0)
		run_child(tarpit, wait_ms, ends[1]);
	if (child < 0)
		fail("a process");
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	clients->count = clients->open + tarpit->room;
	clients->sent = clients->open;
	ssize_t got;
	while ((got = read(ends[0], &held, sizeof(held))) < 0 && errno == EAGAIN)
		clients_turn(clients);
	if (got != sizeof(held))
		fail("a process ended early");
	fcntl(ends[0], F_SETFL, 0);
	*said = ends[0];
	return held;
}

int main(int count, char **word)
{
	static int said[PROCESSES];
	struct clients clients = {.tun = -1};
	struct tarpit tarpit = {0};
	struct rlimit limit;
	if (count != 4)
		fail("usage: tarpit CONNECTIONS SOURCES WAIT_S");
	uint32_t wanted = (uint32_t)strtoul(word[1], NULL, 10), held = 0, greeted = 0, some;
	uint32_t wait_ms = (uint32_t)strtoul(word[3], NULL, 10) * 1000;
	clients.sources = (uint32_t)strtoul(word[2], NULL, 10);
	if (clients.sources == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		fail("sources or files");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	uint32_t most = (uint32_t)limit.rlim_cur - OTHER_FILES;
	if (!clients_namespace(&clients))
		fail("a network namespace with a TUN device");
	open_tarpit(&tarpit, most < wanted ? most : wanted);
	uint64_t before = machine_bytes();
	unsigned processes = 0;
	while (held < wanted && processes < PROCESSES) {
		tarpit.room = wanted - held < most ? wanted - held : most;
		held += fill(&clients, &tarpit, wait_ms, &said[processes++]);
	}
	uint64_t bytes = machine_bytes() - before;
	for (unsigned i = 0; i < processes; i++)
		if (read(said[i], &some, sizeof(some)) == sizeof(some))
			greeted += some;
	while (wait(NULL) > 0)
		;
	free(tarpit.queue);
	printf("held=%u bytes=%llu greeted=%u\n", held, (unsigned long long)bytes, greeted);
	return held == 0;
}
