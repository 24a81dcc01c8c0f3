// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "control/start/eal.h"
#include "control/memory/memory_store.h"
#include "control/overlay/overlay_keeper.h"
#include "control/policy/policy_store.h"
#include "control/policy/reload.h"
#include "dataplane/port/port_open.h"

#define SECOND_MS 1000u
// While draining the end is looked for this often; just started, so are the links, which take a moment to come up.
#define HURRY_MS   100u
#define STARTED_MS 5000u

enum source { SOURCE_SIGNALS, SOURCE_TIMER, SOURCE_SOCKET, SOURCE_RELOAD };

struct supervisor {
	int epoll, signals, timer;
	struct assembly *assembly;
	struct daemon *daemon;
	const char *end;      // why we stop; NULL: we go on
	uint64_t drain_until; // milliseconds
	uint64_t settled_at;  // when the start is over
	bool draining;        // what the lcores were woken for
	char said[200];       // DPDK's last words in the log: once is enough
};

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static bool watch(struct supervisor *supervisor, int fd, enum source source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
	return fd >= 0 && epoll_ctl(supervisor->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void tick_every(struct supervisor *supervisor, uint32_t ms)
{
	struct timespec period = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	struct itimerspec timer = {.it_interval = period, .it_value = period};
	timerfd_settime(supervisor->timer, 0, &timer, NULL);
}

struct supervisor *supervisor_new(char error[256])
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (supervisor == NULL) {
		snprintf(error, 256, "no memory");
		return NULL;
	}
	supervisor->epoll = epoll_create1(EPOLL_CLOEXEC);
	supervisor->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	supervisor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch(supervisor, supervisor->signals, SOURCE_SIGNALS) &&
		watch(supervisor, supervisor->timer, SOURCE_TIMER))
		return supervisor;
	snprintf(error, 256, "no file descriptor free: raise the limit (`ulimit -n`)");
	supervisor_free(supervisor);
	return NULL;
}

void supervisor_free(struct supervisor *supervisor)
{
	if (supervisor->epoll >= 0)
		close(supervisor->epoll);
	if (supervisor->signals >= 0)
		close(supervisor->signals);
	if (supervisor->timer >= 0)
		close(supervisor->timer);
	free(supervisor);
}

static void begin_drain(struct supervisor *supervisor, const char *who)
{
	struct daemon *daemon = supervisor->daemon;
	bs_log(assembly_log(supervisor->assembly), BS_LOG_INFO,
		"%s: stopping when the sessions have ended, in %u s at most", who,
		(daemon->config->drain_timeout_ms + 999) / 1000);
	supervisor->drain_until = clock_ms() + daemon->config->drain_timeout_ms;
	daemon->stopping = true;
	atomic_store(&daemon->draining, true);
	supervisor->draining = true;
	assembly_wake(supervisor->assembly);
	tick_every(supervisor, HURRY_MS);
}

// Asked by a signal: what comes of it stands in the log.
static void reload(struct supervisor *supervisor)
{
	char error[256];
	if (reload_begin(supervisor->daemon->reload, error) == 0)
		bs_log(assembly_log(supervisor->assembly), BS_LOG_WARNING, "SIGHUP: %s", error);
}

static void on_reload(struct supervisor *supervisor)
{
	char summary[RELOAD_SUMMARY];
	bool good;
	if (!reload_end(supervisor->daemon->reload, summary, &good))
		return;
	bs_log(assembly_log(supervisor->assembly), good ? BS_LOG_INFO : BS_LOG_ERROR, "%s",
		summary);
	control_socket_turn(assembly_socket(supervisor->assembly)); // somebody waits for it
}

static void on_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			log_writer_reopen(supervisor->daemon->log);
			reload(supervisor);
		} else if (supervisor->daemon->stopping)
			supervisor->end = "stopped by a second signal; sessions were cut off";
		else
			begin_drain(supervisor, info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	}
}

// The neighbour lcore sees the change, says so in the log, and announces our addresses anew.
static void watch_links(struct supervisor *supervisor)
{
	struct ports *ports = supervisor->daemon->ports;
	for (uint8_t i = 0; i < ports->port_count; i++) {
		struct port *port = &ports->port[i];
		bool up = port_link(port);
		if (up != atomic_load_explicit(&port->link_up, memory_order_relaxed))
			atomic_store_explicit(&port->link_up, up, memory_order_relaxed);
	}
}

static void each_tick(struct supervisor *supervisor)
{
	char words[200];
	char news[OVERLAY_ERROR], remembered[MEMORY_LOAD_ERROR];
	watch_links(supervisor);
	port_losses_turn(supervisor->daemon, assembly_log(supervisor->assembly), clock_ms());
	policy_store_turn(supervisor->daemon->policies);
	if (overlay_keeper_turn(supervisor->daemon->overlay, (int64_t)time(NULL), news))
		bs_log(assembly_log(supervisor->assembly), BS_LOG_WARNING, "%s", news);
	if (memory_store_news(supervisor->daemon->memory, remembered))
		bs_log(assembly_log(supervisor->assembly), BS_LOG_WARNING, "%s", remembered);
	eal_last_words(words);
	if (words[0] == '\0' || strcmp(words, supervisor->said) == 0)
		return;
	memcpy(supervisor->said, words, sizeof(words));
	bs_log(assembly_log(supervisor->assembly), BS_LOG_WARNING, "DPDK: %s", words);
}

static void on_timer(struct supervisor *supervisor)
{
	uint64_t expirations;
	if (read(supervisor->timer, &expirations, sizeof(expirations)) < 0)
		return;
	uint64_t now = clock_ms();
	each_tick(supervisor);
	if (supervisor->settled_at != 0 && now >= supervisor->settled_at) {
		supervisor->settled_at = 0;
		if (!supervisor->daemon->stopping)
			tick_every(supervisor, SECOND_MS);
	}
	if (!supervisor->daemon->stopping)
		return;
	if (assembly_is_idle(supervisor->assembly))
		supervisor->end = "stopped; no session was cut off";
	else if (now >= supervisor->drain_until)
		supervisor->end = "stopped after the drain timeout; sessions were cut off";
}

static void on_socket(struct supervisor *supervisor)
{
	struct control_socket *socket = assembly_socket(supervisor->assembly);
	control_socket_turn(socket);
	if (control_socket_stop_asked(socket) && !supervisor->daemon->stopping)
		begin_drain(supervisor, "barscreenctl stop");
	bool draining = atomic_load(&supervisor->daemon->draining);
	if (draining == supervisor->draining)
		return;
	supervisor->draining = draining;
	assembly_wake(supervisor->assembly);
	bs_log(assembly_log(supervisor->assembly), BS_LOG_INFO, "%s",
		draining ? "barscreenctl drain: no new connections, sessions end"
			 : "barscreenctl drain off: connections are taken again");
}

const char *supervisor_run(
	struct supervisor *supervisor, struct assembly *assembly, struct daemon *daemon)
{
	supervisor->assembly = assembly;
	supervisor->daemon = daemon;
	if (!watch(supervisor, control_socket_fd(assembly_socket(assembly)), SOURCE_SOCKET) ||
		!watch(supervisor, reload_fd(daemon->reload), SOURCE_RELOAD))
		return "stopped: the control socket can't be watched";
	supervisor->settled_at = clock_ms() + STARTED_MS;
	tick_every(supervisor, HURRY_MS);
	while (supervisor->end == NULL) {
		struct epoll_event event[8];
		int count = epoll_wait(supervisor->epoll, event, 8, -1);
		if (count < 0 && errno != EINTR)
			return "stopped: the control thread can't wait any more";
		for (int i = 0; i < count; i++) {
			switch ((enum source)event[i].data.u32) {
			case SOURCE_SIGNALS:
				on_signal(supervisor);
				break;
			case SOURCE_TIMER:
				on_timer(supervisor);
				break;
			case SOURCE_SOCKET:
				on_socket(supervisor);
				break;
			case SOURCE_RELOAD:
				on_reload(supervisor);
				break;
			}
		}
	}
	return supervisor->end;
}
