// SPDX-License-Identifier: BSD-3-Clause
//
// An SMTP client for benchmarks, on sockets of the kernel and one epoll: keeps N scripted sessions under way, each
// from the next of a row of source addresses, for some seconds or up to a number; then lets those under way finish. It
// counts only sessions in which every reply had the code that was expected. Prints one line of name=value:
//   rate       good sessions a second, while new ones were begun
//   good, bad  sessions, all of them
//   cpu0=...   busy seconds of each processor in the time of `rate`, from /proc/stat
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS_MOST 10000
#define CPUS_MOST     64
#define EVENTS        256
#define LINE          512    // longest part of a reply that is kept
#define PATIENCE      30.0   // seconds without progress, after which a session is bad
#define MAIL_MOST     100000 // bytes

struct step {
	int code;         // of the reply waited for
	const char *send; // then; NULL: the session is over
};

static char mail[MAIL_MOST + 1024];

static const struct step refused[] = {
	{220, "EHLO client.example.com\r\n"},
	{250, "MAIL FROM:<sender@example.com>\r\n"},
	{250, "RCPT TO:<nobody@example.org>\r\n"},
	{550, "QUIT\r\n"},
	{221, NULL},
};

static const struct step accepted[] = {
	{220, "EHLO client.example.com\r\n"},
	{250, "MAIL FROM:<sender@example.com>\r\n"},
	{250, "RCPT TO:<a@example.org>\r\n"},
	{250, "DATA\r\n"},
	{354, mail},
	{250, "QUIT\r\n"},
	{221, NULL},
};

struct session {
	int fd; // -1: none
	unsigned step;
	const char *unsent; // rest of what is being sent, or NULL
	double touched;     // last progress
	size_t held;        // bytes of a reply's current line
	char line[LINE];
};

struct load {
	const struct step *script;
	struct sockaddr_in target;
	uint32_t source; // first source address, host byte order; 0: the kernel chooses
	uint32_t sources, next_source;
	unsigned parallel, running;
	int epoll;
	double end;                  // no new session from then on
	uint64_t most, begun;        // nor after so many; 0: no bound
	uint64_t good, bad, counted; // counted: good ones before `end`
	char fault[LINE];            // the first bad session's
	struct session session[SESSIONS_MOST];
};

static struct load load = {.parallel = 100, .sources = 1};

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "smtp_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

// Busy seconds of each processor since the boot; how many there are.
static unsigned busy(double seconds[CPUS_MOST])
{
	char line[512];
	unsigned count = 0;
	FILE *file = fopen("/proc/stat", "r");

	if (!file)
		die("/proc/stat");
	while (count < CPUS_MOST && fgets(line, sizeof(line), file)) {
		unsigned cpu;
		uint64_t user, nice, system, idle, wait, hard, soft, steal;
		if (line[3] != ' ' && // the first line is all of them together
			// NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers
			sscanf(line,
				"cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
				" %" SCNu64 " %" SCNu64 " %" SCNu64,
				&cpu, &user, &nice, &system, &idle, &wait, &hard, &soft,
				&steal) == 9)
			seconds[count++] = (double)(user + nice + system + hard + soft + steal) /
					   (double)sysconf(_SC_CLK_TCK);
	}
	fclose(file);
	return count;
}

static void begin(struct session *session)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = session};
	int yes = 1;

	*session = (struct session){.touched = now()};
	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0)
		die("socket");
	if (load.source) {
		struct sockaddr_in from = {.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(load.source + load.next_source++ % load.sources)};
		setsockopt(session->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
		if (bind(session->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
			die("bind");
	}
	if (connect(session->fd, (struct sockaddr *)&load.target, sizeof(load.target)) < 0 &&
		errno != EINPROGRESS)
		die("connect");
	if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, session->fd, &event) < 0)
		die("epoll_ctl");
	load.running++;
	load.begun++;
}

static bool is_time_for_more(void)
{
	return now() < load.end && (load.most == 0 || load.begun < load.most);
}

static void finish(struct session *session, const char *fault)
{
	close(session->fd);
	session->fd = -1;
	load.running--;
	if (!fault) {
		load.good++;
		load.counted += now() < load.end;
	} else if (load.bad++ == 0) {
		snprintf(load.fault, sizeof(load.fault), "step %u: %.400s", session->step, fault);
	}
	if (is_time_for_more())
		begin(session);
}

// Sends what is left to send. False when the session is over.
static bool go_on_sending(struct session *session)
{
	while (session->unsent && *session->unsent) {
		ssize_t sent = send(
			session->fd, session->unsent, strlen(session->unsent), MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return true;
		if (sent < 0) {
			finish(session, strerror(errno));
			return false;
		}
		session->unsent += sent;
	}
	session->unsent = NULL;
	return true;
}

// One line of a reply is whole. False when the session is over.
static bool take_line(struct session *session)
{
	const struct step *step = &load.script[session->step];

	if (session->held > 3 && session->line[3] == '-')
		return true; // more of the same reply comes
	if (strtol(session->line, NULL, 10) != step->code) {
		finish(session, session->line);
		return false;
	}
	session->step++;
	if (!step->send) {
		finish(session, NULL);
		return false;
	}
	session->unsent = step->send;
	return go_on_sending(session);
}

static void receive(struct session *session)
{
	char bytes[4096];

	for (;;) {
		ssize_t count = recv(session->fd, bytes, sizeof(bytes), 0);
		if (count < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (count <= 0) {
			finish(session, count == 0 ? "closed" : strerror(errno));
			return;
		}
		session->touched = now();
		for (ssize_t i = 0; i < count; i++) {
			if (bytes[i] != '\n') {
				if (session->held < sizeof(session->line) - 1)
					session->line[session->held++] = bytes[i];
				continue;
			}
			session->line[session->held] = '\0';
			if (!take_line(session))
				return;
			session->held = 0;
		}
	}
}

static void give_up_on_the_silent(void)
{
	double limit = now() - PATIENCE;

	for (unsigned i = 0; i < load.parallel; i++)
		if (load.session[i].fd >= 0 && load.session[i].touched < limit)
			finish(&load.session[i], "no answer");
}

static void make_mail(size_t size)
{
	static const char end[] = ".\r\n";
	static const char head[] =
		"From: Sender <sender@example.com>\r\nTo: Receiver <a@example.org>\r\n"
		"Subject: load\r\n\r\n";
	size_t at = (size_t)snprintf(mail, sizeof(mail), "%s", head);

	while (at + 66 < size) {
		memset(mail + at, 'a' + (char)(at / 66 % 26), 64);
		mail[at + 64] = '\r';
		mail[at + 65] = '\n';
		at += 66;
	}
	memcpy(mail + at, end, sizeof(end));
}

static void usage(void)
{
	fprintf(stderr, "usage: smtp_load [-c PARALLEL] [-t SECONDS] [-m SESSIONS] [-s "
			"FIRST-SOURCE -n SOURCES] "
			"[-l MAIL-BYTES] "
			"refused|accepted ADDRESS PORT\n");
	exit(2);
}

static void options(int count, char **words, double *seconds)
{
	int option;
	size_t size = 4096;

	while ((option = getopt(count, words, "c:t:m:s:n:l:")) != -1) {
		long number = strtol(optarg, NULL, 10);
		if (option == 'c' && number > 0 && number <= SESSIONS_MOST)
			load.parallel = (unsigned)number;
		else if (option == 't' && number > 0)
			*seconds = (double)number;
		else if (option == 'm' && number > 0)
			load.most = (uint64_t)number;
		else if (option == 's' && inet_addr(optarg) != INADDR_NONE)
			load.source = ntohl(inet_addr(optarg));
		else if (option == 'n' && number > 0)
			load.sources = (uint32_t)number;
		else if (option == 'l' && number >= 256 && number <= MAIL_MOST)
			size = (size_t)number;
		else
			usage();
	}
	if (count - optind != 3)
		usage();
	make_mail(size);
	load.script = strcmp(words[optind], "refused") == 0    ? refused
		      : strcmp(words[optind], "accepted") == 0 ? accepted
							       : NULL;
	load.target = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(words[optind + 2], NULL, 10))};
	if (!load.script || inet_pton(AF_INET, words[optind + 1], &load.target.sin_addr) != 1)
		usage();
}

static void turn(void)
{
	struct epoll_event event[EVENTS];
	int count = epoll_wait(load.epoll, event, EVENTS, 100);

	for (int i = 0; i < count; i++) {
		struct session *session = event[i].data.ptr;
		if (session->fd >= 0 && go_on_sending(session))
			receive(session);
	}
	if (count == 0)
		give_up_on_the_silent();
}

int main(int count, char **words)
{
	double seconds = 5, before[CPUS_MOST], after[CPUS_MOST], checked;

	options(count, words, &seconds);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll < 0)
		die("epoll");
	unsigned cpus = busy(before);
	double start = checked = now();
	load.end = start + seconds;
	for (unsigned i = 0; i < load.parallel; i++) {
		load.session[i].fd = -1;
		if (is_time_for_more())
			begin(&load.session[i]);
	}
	while (now() < load.end && load.running > 0) {
		turn();
		if (now() > checked + 1) { // also when there is always somebody who speaks
			give_up_on_the_silent();
			checked = now();
		}
	}
	busy(after);
	double took = now() - start;
	while (load.running > 0 && now() < load.end + PATIENCE)
		turn();
	printf("rate=%.1f good=%" PRIu64 " bad=%" PRIu64 " unfinished=%u seconds=%.3f",
		(double)load.counted / took, load.good, load.bad, load.running, took);
	for (unsigned i = 0; i < cpus; i++)
		printf(" cpu%u=%.3f", i, after[i] - before[i]);
	printf(" fault=%s\n", load.fault);
	return load.bad || load.running ? 1 : 0;
}
