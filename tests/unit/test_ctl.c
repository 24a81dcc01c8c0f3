// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl itself, run against the real control socket: exit status and what people read.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/socket/desk.h"
#include "control/socket/socket.h"

static char folder[] = "/tmp/barscreen-test-ctl-XXXXXX";
static char path[100];
static struct daemon program;
static struct bs_dataplane_counters dataplane;
static struct control_socket *server;
static char output[65536]; // of the last run: both streams

static void open_server(void)
{
	char error[256] = "";
	cr_assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/control", folder);
	program.dataplane[0] = &dataplane;
	program.dataplane_count = 1;
	server = control_socket_new(&program, path, error);
	cr_assert(server != NULL, "%s", error);
}

static void close_server(void)
{
	control_socket_free(server);
	unlink(path);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(ctl, .init = open_server, .fini = close_server);

static void exec_ctl(const char *words, int out)
{
	char line[300];
	char *argument[16] = {"barscreenctl"};
	int count = 1;
	snprintf(line, sizeof(line), "%s", words);
	for (char *word = strtok(line, " "); word != NULL && count < 15; word = strtok(NULL, " "))
		argument[count++] = word;
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execv(BARSCREENCTL, argument);
	_exit(127);
}

// Runs barscreenctl with these words, serving it; returns its exit status. `serve`: one turn of what it talks to.
static int run_with(const char *words, void (*serve)(void))
{
	int end[2], status;
	cr_assert_eq(pipe2(end, O_CLOEXEC), 0);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0)
		exec_ctl(words, end[1]);
	close(end[1]);
	while (waitpid(child, &status, WNOHANG) == 0) {
		serve();
		usleep(1000);
	}
	ssize_t length = read(end[0], output, sizeof(output) - 1);
	close(end[0]);
	output[length > 0 ? length : 0] = '\0';
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void serve_socket(void)
{
	control_socket_turn(server);
}

static int run(const char *words)
{
	char line[300];
	snprintf(line, sizeof(line), "--socket %s %s", path, words);
	return run_with(line, serve_socket);
}

static void expect_output(const char *wanted)
{
	cr_expect(strstr(output, wanted) != NULL, "\"%s\" is not in:\n%s", wanted, output);
}

Test(ctl, status_for_people_and_machines)
{
	cr_expect_eq(run("status"), 0);
	expect_output("State     running\n");
	cr_expect_eq(run("--json status"), 0);
	expect_output("{\"ok\":true,\"version\":");
}

Test(ctl, stats_leave_out_what_is_zero)
{
	dataplane.rx_bytes = 1234567;
	dataplane.reason[BS_REASON_TCP_CHECKSUM] = 5;
	cr_expect_eq(run("stats"), 0);
	expect_output("1,234,567  bytes received, without frame check sequence (1.2 MiB)\n");
	expect_output("  5  TCP checksum wrong\n");
	expect_output("\nSessions and mails: nothing counted\n");
	cr_expect(strstr(output, "arp-replies") == NULL);
	cr_expect_eq(run("--all stats"), 0);
	expect_output("arp-replies");
}

Test(ctl, sources)
{
	static const struct siphash_key key = {{1, 2}};
	struct bs_verdict_rules rules = {
		.lifetime_ms = 3600000, .window_ms = 600000, .unknown_recipients = 1};
	struct bs_address address;
	enum bs_source_opening how;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint32_t seen_s = (uint32_t)now.tv_sec - 5; // so that "59m" holds for a while
	program.sources = bs_sources_new(70, &key); // whole buckets of seven
	cr_assert(bs_address_parse("2001:db8:7::5", &address));
	struct bs_source *source = bs_source_open(program.sources, &address, seen_s, &how);
	bs_source_learn(source, &(struct bs_lesson){.unknown = 1}, &rules, true, seen_s);
	cr_expect_eq(run("sources"), 0, "%s", output);
	cr_expect_not_null(strstr(output, "1 sources known, room for 70; 1 match"), "%s", output);
	cr_expect_not_null(strstr(output, "\n2001:db8:7::/64 "), "%s", output);
	cr_expect_not_null(strstr(output, "harvest, 59m"), "%s", output);
	cr_expect_eq(run("sources --verdict early-talk"), 0, "%s", output);
	cr_expect_not_null(strstr(output, "0 match\n"), "%s", output);
	cr_expect_eq(run("sources show 2001:db8:7::77"), 0, "%s", output);
	cr_expect_not_null(
		strstr(output, "Verdict      harvest, 59m (1 given so far)"), "%s", output);
	cr_expect_eq(run("sources clear 2001:db8:7::/64"), 0, "%s", output);
	cr_expect_str_eq(output, "1 verdict cleared\n");
	cr_expect_eq(run("sources clear all"), 0, "%s", output);
	cr_expect_str_eq(output, "no verdict was in force\n");
	cr_expect_eq(run("sources show 203.0.113.1"), 0, "%s", output);
	cr_expect_not_null(strstr(output, "not known"), "%s", output);
	cr_expect_eq(run("sources clear"), 2, "%s", output);
	bs_sources_free(program.sources);
}

Test(ctl, stop)
{
	cr_expect_eq(run("stop"), 0);
	expect_output("barscreen is stopping");
	cr_expect(control_socket_stop_asked(server));
}

Test(ctl, wrong_usage)
{
	cr_expect_eq(run("stauts"), 2);
	expect_output("did you mean 'status'?");
	cr_expect_eq(run(""), 2);
	cr_expect_eq(run("status now"), 2);
	cr_expect_eq(run("--frobnicate status"), 2);
	cr_expect_eq(run("help"), 0);
	expect_output("Exit status: 0 done");
}

Test(ctl, nobody_there)
{
	cr_expect_eq(run_with("--socket /nonexistent/barscreen status", serve_socket), 3);
	expect_output("systemctl start barscreen");
}

Test(ctl, top_shows_rates)
{
	dataplane.rx_packets = 5;
	cr_expect_eq(run("top -n 1"), 0);
	expect_output("   rx-pps ");
	cr_expect_eq(run("top --json --count 1"), 0);
	expect_output("{\"rx-pps\":0.0,");
	cr_expect_eq(run("top -n 0"), 2);
	cr_expect_eq(run("top 5"), 2);
	cr_expect_eq(run("toq"), 2);
	expect_output("did you mean 'top'?");
}

Test(ctl, the_log)
{
	char error[256];
	program.log = log_writer_new("stderr", "name", error);
	struct bs_log *log = log_writer_ring(program.log, BS_LOG_SMALL);
	bs_log(log, BS_LOG_WARNING, "one line");
	cr_assert(log_writer_start(program.log));
	while (log_tail_next(log_writer_tail(program.log)) == 0)
		usleep(1000);
	cr_expect_eq(run("log"), 0);
	expect_output(" warning: one line\n");
	cr_expect_eq(run("log --grep two"), 0);
	cr_expect_str_eq(output, "");
	cr_expect_eq(run("log --lines 2000"), 2);
	expect_output("'2000' is no number from 0 to 1000");
	log_writer_free(program.log);
	program.log = NULL;
}

Test(ctl, sessions_without_lcores)
{
	program.desk = desk_new(control_socket_bell(server));
	cr_expect_eq(run("sessions --state waiting"), 0);
	expect_output("no connection\n");
	cr_expect_eq(run("sessions --state asleep"), 2);
	cr_expect_eq(run("sessions --stat waiting"), 2);
	expect_output("did you mean '--state'?");
	cr_expect_eq(run("sessions kill"), 2);
	expect_output("ID is missing");
	cr_expect_eq(run("sessions kill 0123456789abcdef"), 1);
	desk_free(program.desk);
	program.desk = NULL;
}

Test(ctl, completes)
{
	cr_expect_eq(run_with("--complete", serve_socket), 0);
	expect_output("sessions\n");
	cr_expect_eq(run_with("--complete --socket x sessions", serve_socket), 0);
	expect_output("kill\n");
	expect_output("--state\n");
	cr_expect_eq(run_with("--complete sessions --state", serve_socket), 0);
	cr_expect_str_eq(output, "waiting\ngreeted\ntalking\nrefused\nclosing\n");
	cr_expect_eq(run_with("--complete cache", serve_socket), 0);
	cr_expect_str_eq(output, "get\ndel\n");
	cr_expect_eq(run_with("--complete cache get --type", serve_socket), 0);
	cr_expect_str_eq(output, "A\nAAAA\nMX\nTXT\nPTR\n");
	cr_expect_eq(run_with("--complete nonsense", serve_socket), 0);
	cr_expect_str_eq(output, "");
}

// Others that may sit behind a socket file: one that talks nonsense, one that hangs up.
static int listener = -1;
static const char *nonsense;

static void listen_on(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", name);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 5), 0);
}

static void serve_nonsense(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	char request[100];
	cr_expect_gt(recv(fd, request, sizeof(request), 0), 0);
	cr_expect_eq(send(fd, nonsense, strlen(nonsense), MSG_NOSIGNAL), strlen(nonsense));
	close(fd);
}

Test(ctl, answers_of_strangers)
{
	static const struct {
		const char *answer;
		int status;
		const char *text;
	} cases[] = {{"", 3, "it closed the connection"},
		{"{\"ok\":true", 3, "it closed the connection"}, {"hello\n", 3, "no JSON object"},
		{"[]\n", 3, "no JSON object"}, {"{}\n", 1, "refused: no reason given"},
		{"{\"ok\":false,\"error\":\"not you\"}\n", 1, "refused: not you"},
		{"{\"ok\":true,\"ports\":7,\"cores\":[],\"limitations\":\"x\"}\n", 0, "State"},
		{"{\"ok\":true,\"hostname\":\"a\\u001b[2Jb\"}\n", 0, "on a?[2Jb,"}};
	char name[120], words[200];
	snprintf(name, sizeof(name), "%s/other", folder);
	snprintf(words, sizeof(words), "--socket %s status", name);
	listen_on(name);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		nonsense = cases[i].answer;
		cr_expect_eq(run_with(words, serve_nonsense), cases[i].status, "case %zu", i);
		expect_output(cases[i].text);
	}
	close(listener);
	unlink(name);
}
