// SPDX-License-Identifier: BSD-3-Clause
//
// Fuzz target: a delivery to a mail server that says what the input says, over real sockets and with a clock of the input's.
//
// The input: a byte of choices (1: LMTP, 2: a retry is expected), then what the server says. 0xff begins a stage direction:
//   ff |      what was said so far arrives by itself        ff T n    n * n * 100 ms pass
//   ff H      the server hangs up                           ff R      it resets
//   ff A      the session abandons its next mail             ff Q      it ends when it is free to
//   ff C      it ends at once                               ff ff     the byte 0xff
// The session goes on by itself, as far as it is answered: three recipients, DATA, two writes, the end, twice.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "smtp/worker/heap.h"
#include "smtp/relay/relay_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

enum act { ACT_RCPT, ACT_DATA = 3, ACT_WRITE, ACT_COMMIT = 6, ACT_NEW, ACTS };

static struct {
	struct helper_pool *pool;
	struct bs_bell bell;
	char path[60];
	int listener;
	// of a run
	struct heap *heap;
	struct helper_queue *helpers;
	struct poller *poller;
	struct bs_worker_counters counters;
	struct backend *backend[2];
	struct delivery *delivery;
	uint64_t now;
	int server;
	bool calling, lmtp, dot_seen, abandons, quits;
	enum act act;
	unsigned transactions;
	struct session_answer answer;
	struct session_envelope envelope;
	struct mailbox recipient[3], asked;
} run;

static const struct backend_settings settings = {
	10000, 60000, 120000, 180000, 600000, 3600000, 86400000, 64};
static const char text[] = "T:\r\nSubject: x\r\n\r\n.\r\n..dots\r\n";

static void take(void *context, const struct session_answer *answer)
{
	CHECK(run.calling);
	run.calling = false;
	run.answer = *answer;
	CHECK(answer->code >= 200 && answer->code <= 599 && answer->code / 100 != 3);
	CHECK(answer->code != 421);
	CHECK(memchr(answer->enhanced, '\0', sizeof(answer->enhanced)) != NULL);
	CHECK(answer->enhanced[0] == '0' + answer->code / 100 && answer->enhanced[1] == '.');
	CHECK(memchr(answer->text, '\0', sizeof(answer->text)) != NULL);
	CHECK(memchr(answer->detail, '\0', sizeof(answer->detail)) != NULL);
	for (const char *c = answer->text; *c != '\0'; c++)
		CHECK(*c >= ' ' && *c <= '~');
}

static void hang_up(bool reset)
{
	struct linger linger = {.l_onoff = reset};
	if (run.server < 0)
		return;
	setsockopt(run.server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(run.server);
	run.server = -1;
}

static void finish_jobs(void)
{
	while (helper_under_way(run.helpers) != 0)
		if (helper_turn(run.helpers) == 0)
			usleep(10);
}

// Both sides, until nothing moves.
static void turn(void)
{
	char heard[65536];
	for (int i = 0; i < 8; i++) {
		finish_jobs();
		bool moved = poller_turn(run.poller, run.now) != 0;
		if (run.server < 0) {
			run.server = accept4(run.listener, NULL, NULL, SOCK_NONBLOCK);
			moved |= run.server >= 0;
		}
		ssize_t count = run.server < 0 ? -1 : recv(run.server, heard, sizeof(heard), 0);
		if (count == 0)
			hang_up(false);
		if (count >= 5 && memmem(heard, (size_t)count, "\r\n.\r\n", 5) != NULL)
			run.dot_seen = true;
		if (!moved && count < 0)
			return;
	}
}

static void new_transaction(void)
{
	run.envelope.number++;
	run.envelope.recipient_count = 0;
	run.act = ACT_RCPT;
	run.transactions++;
}

static void ask(unsigned number)
{
	run.asked = (struct mailbox){.domain = "example.org"};
	snprintf(run.asked.local, sizeof(run.asked.local), "%c", 'a' + number);
	run.backend[run.lmtp]->operations->recipient(run.delivery, &run.envelope, &run.asked);
}

// What the answer to `act` means for the session.
static void answered(enum act act)
{
	bool good = run.answer.code / 100 == 2;
	if (act < ACT_DATA) {
		if (good)
			run.recipient[run.envelope.recipient_count++] = run.asked;
		run.act = act + 1;
		if (run.act == ACT_DATA && run.envelope.recipient_count == 0)
			run.act = ACT_NEW;
	} else if (!good || act == ACT_COMMIT) {
		CHECK(act != ACT_COMMIT || !good || run.dot_seen ||
			strcmp(run.answer.text, "delivered before") == 0);
		run.act = ACT_NEW;
	} else {
		run.act = act + 1;
	}
}

static void start(enum act act)
{
	const struct backend_operations *operations = run.backend[run.lmtp]->operations;
	const uint8_t *bytes = (const uint8_t *)text;
	run.calling = true;
	if (act < ACT_DATA) {
		ask((unsigned)act);
	} else if (act == ACT_DATA) {
		run.dot_seen = false;
		operations->begin(run.delivery, &run.envelope);
	} else if (act < ACT_COMMIT) {
		run.envelope.trace_bytes = 4;
		operations->write(run.delivery, bytes, sizeof(text) - 1);
	} else {
		operations->commit(run.delivery, bytes, sizeof(text) - 1);
	}
}

static void end_session(void)
{
	if (run.delivery != NULL)
		run.backend[run.lmtp]->operations->close(run.delivery);
	run.delivery = NULL;
	run.calling = false;
}

static void abandon(void)
{
	run.abandons = false;
	run.calling = true;
	run.backend[run.lmtp]->operations->abandon(run.delivery);
	turn();
	CHECK(!run.calling);
	run.answer.code = 0;
	new_transaction();
}

// The session does what it is free to do.
static void advance(void)
{
	for (int i = 0; i < 20 && run.delivery != NULL; i++) {
		turn();
		if (run.calling)
			return;
		if (run.answer.code != 0) {
			enum act act = run.act;
			answered(act);
			run.answer.code = 0;
		}
		if (run.quits) {
			end_session();
			return;
		}
		if (run.abandons && run.act > ACT_DATA && run.act <= ACT_COMMIT)
			abandon();
		if (run.act == ACT_NEW) {
			if (run.transactions > 4)
				return;
			new_transaction();
		}
		start(run.act);
	}
}

static void direct(uint8_t direction, uint8_t number)
{
	switch (direction) {
	case 'T':
		run.now += (uint64_t)number * number * 100;
		break;
	case 'H':
	case 'R':
		hang_up(direction == 'R');
		break;
	case 'A':
		run.abandons = true;
		break;
	case 'Q':
		run.quits = true;
		break;
	case 'C':
		end_session();
		break;
	default:
		break;
	}
}

static void prepare_once(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (run.pool != NULL)
		return;
	run.pool = helper_pool_new(1);
	CHECK(run.pool != NULL && bs_bell_open(&run.bell));
	snprintf(run.path, sizeof(run.path), "/tmp/barscreen-fuzz-%d", getpid());
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", run.path);
	unlink(run.path);
	run.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CHECK(bind(run.listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(run.listener, 16) == 0);
}

// SMTP has no UNIX sockets in the configuration; here it has.
static void make_backends(void)
{
	char uri[100], error[256];
	snprintf(uri, sizeof(uri), "lmtp://%s", run.path);
	for (int lmtp = 0; lmtp < 2; lmtp++) {
		run.backend[lmtp] = backend_new(uri, "mx.example.org", &settings, error);
		CHECK(run.backend[lmtp] != NULL);
		((struct relay_backend *)run.backend[lmtp])->place.lmtp = lmtp != 0;
	}
}

static void begin_run(uint8_t choices)
{
	run.heap = heap_new();
	run.helpers = helper_queue_new(run.pool, &run.bell);
	run.now = 1000000;
	run.poller = poller_new(run.now);
	run.server = -1;
	run.calling = run.dot_seen = run.abandons = run.quits = false;
	run.lmtp = choices & 1;
	run.transactions = 0;
	run.answer = (struct session_answer){0};
	run.envelope = (struct session_envelope){
		.sender = {.local = "from", .domain = "example.net"}, .recipient = run.recipient};
	make_backends();
	if (choices & 2) { // the digest is another's: all of the retry is done, nobody is spared
		struct mailbox a = {.local = "a", .domain = "example.org"};
		uint8_t digest[DELIVERED_DIGEST] = {0};
		delivered_add(((struct relay_backend *)run.backend[1])->delivered,
			&run.envelope.sender, &a, digest, 1u << 31);
	}
	struct delivery_surroundings around = {.heap = run.heap,
		.helpers = run.helpers,
		.poller = run.poller,
		.counters = &run.counters};
	run.delivery = run.backend[run.lmtp]->operations->open(
		run.backend[run.lmtp], &around, "fuzz", take, NULL);
	CHECK(run.delivery != NULL);
	new_transaction();
}

static void end_run(void)
{
	end_session();
	finish_jobs();
	poller_free(run.poller);
	finish_jobs();
	hang_up(false);
	int left;
	while ((left = accept(run.listener, NULL, NULL)) >= 0)
		close(left);
	helper_queue_free(run.helpers);
	backend_free(run.backend[0]);
	backend_free(run.backend[1]);
	heap_free(run.heap);
}

static void say(const uint8_t *bytes, size_t count)
{
	if (count != 0 && run.server >= 0)
		(void)!send(run.server, bytes, count, MSG_NOSIGNAL);
	advance();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t out[4096];
	size_t count = 0;
	prepare_once();
	if (size == 0 || size > sizeof(out))
		return 0;
	begin_run(data[0]);
	advance();
	for (size_t i = 1; i < size; i++) {
		bool direction = data[i] == 0xff && i + 1 < size && data[i + 1] != 0xff;
		if (!direction) {
			i += data[i] == 0xff && i + 1 < size;
			out[count++] = data[i];
			continue;
		}
		say(out, count);
		count = 0;
		direct(data[i + 1], i + 2 < size ? data[i + 2] : 0);
		i += data[i + 1] == 'T' ? 2 : 1;
	}
	say(out, count);
	end_run();
	return 0;
}
