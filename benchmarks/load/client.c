// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PORT_FIRST   0x2000u
#define PORTS        0xc000u // up to 0xdfff
#define LANE_MOST    0x8000u
#define WINDOW       65535u
#define RESEND_MS    1000u
#define RESENDS_MOST 20u
#define LINE_DIGITS  3u

enum state { FREE, CONNECTING, TALKING, LEAVING };

// One cache line. Positions count bytes of the script, the FIN behind the last.
struct session {
	uint32_t source;
	uint32_t sequence; // of the script's first byte
	uint32_t expected; // of the server's next byte
	uint32_t window;
	uint16_t acked, sent; // positions
	uint16_t port;
	uint16_t code; // of the reply's line, as far as it is here
	uint8_t line;  // how much of the line is here: digits, then the rest
	bool more;     // it is not the reply's last line
	uint8_t state;
	uint8_t kind; // of script
	uint8_t step; // whose reply is awaited
	uint8_t resends;
	bool ipv6;
	bool closed; // the server's FIN is here
	uint32_t generation;
	uint64_t begun, asked; // ticks
	uint64_t touched;      // ticks; last progress
};
_Static_assert(sizeof(struct session) == 64, "one cache line");

static uint64_t next_random(struct clients *clients)
{
	uint64_t z = clients->random += 0x9e3779b97f4a7c15u; // splitmix64
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

bool clients_begin(struct clients *clients, const struct clients_settings *settings,
	const struct script script[SCRIPTS], const struct wire_side *side)
{
	*clients = (struct clients){
		.settings = *settings, .script = script, .side = side, .random = 1};
	clients->lane_places = LANE_MOST;
	while (clients->lane_places / 2 >= settings->places)
		clients->lane_places /= 2;
	clients->lanes = 1;
	while (clients->lanes * clients->lane_places < settings->places)
		clients->lanes *= 2;
	size_t size = (size_t)clients->lanes * clients->lane_places * sizeof(struct session);
	if (clients->lanes > settings->sources)
		return false;
	clients->session = aligned_alloc(64, size);
	clients->free = calloc(settings->places, sizeof(*clients->free));
	if (clients->session == NULL || clients->free == NULL) {
		clients_end(clients);
		return false;
	}
	madvise(clients->session, size, MADV_HUGEPAGE);
	memset(clients->session, 0, size);
	while (clients->free_count < settings->places) {
		clients->free[clients->free_count] = clients->free_count;
		clients->free_count++;
	}
	return true;
}

void clients_end(struct clients *clients)
{
	free(clients->session);
	free(clients->free);
}

static inline struct session *place_of(const struct clients *clients, const struct segment *segment)
{
	uint32_t lane = segment->source & (clients->lanes - 1);
	uint32_t place = (segment->port - PORT_FIRST) & (clients->lane_places - 1);
	return &clients->session[lane * clients->lane_places + place];
}

void clients_prefetch(const struct clients *clients, const struct segment *segment)
{
	if (segment->source < clients->settings.sources) // not an answer to a flood
		__builtin_prefetch(place_of(clients, segment));
}

static void emit(struct clients *clients, const struct segment *segment, uint32_t payload_sum)
{
	clients->counters.sent++;
	clients->out(clients->self,
		segment_write(clients->side, segment, payload_sum, clients->frame(clients->self)));
}

// One segment: the bytes of the script from `begin` to `end`.
static void say(struct clients *clients, const struct session *session, uint8_t flags,
	uint16_t begin, uint16_t end)
{
	const struct script *script = &clients->script[session->kind];
	const struct step *step = &script->step[session->step > 0 ? session->step - 1 : 0];
	const char *text = script->text + begin;
	struct segment segment = {.source = session->source,
		.sequence = session->sequence + begin - ((flags & SEGMENT_SYN) != 0),
		.acknowledgement = (flags & SEGMENT_ACK) != 0 ? session->expected : 0,
		.port = session->port,
		.window = WINDOW,
		.flags = flags,
		.ipv6 = session->ipv6,
		.length = (uint16_t)(end - begin),
		.payload = text};
	bool whole = begin == step->begin && end == step->end;
	emit(clients, &segment, whole ? step->sum : segment_sum(text, segment.length));
}

// All that may be said now: up to the end of the last step's text, as far as the server's window goes.
static bool say_on(struct clients *clients, struct session *session)
{
	const struct script *script = &clients->script[session->kind];
	uint16_t mss = session->ipv6 ? SEGMENT_MSS6 : SEGMENT_MSS4;
	uint32_t end = session->step > 0 ? script->step[session->step - 1].end : 0;
	uint32_t most = session->acked + session->window;
	bool said = false;
	if (end > most)
		end = most;
	while (session->sent < end) {
		uint16_t begin = session->sent;
		session->sent = (uint16_t)(end - begin > mss ? begin + mss : end);
		say(clients, session, SEGMENT_ACK | SEGMENT_PSH, begin, session->sent);
		said = true;
	}
	if (session->state == LEAVING && session->sent == script->length) {
		say(clients, session, SEGMENT_ACK | SEGMENT_FIN, session->sent, session->sent);
		session->sent++;
		said = true;
	}
	return said;
}

static enum script_kind draw(struct clients *clients)
{
	uint32_t total = 0, kind = 0;
	for (unsigned i = 0; i < SCRIPTS; i++)
		total += clients->settings.weight[i];
	if (clients->settings.weight[0] == total)
		return SCRIPT_REFUSED;
	uint32_t drawn = (uint32_t)(next_random(clients) >> 32) % total;
	while (drawn >= clients->settings.weight[kind])
		drawn -= clients->settings.weight[kind++];
	return (enum script_kind)kind;
}

bool clients_connect(struct clients *clients)
{
	if (clients->free_count == 0)
		return false;
	uint32_t place = clients->free[--clients->free_count];
	struct session *session = &clients->session[place];
	uint32_t lane = place / clients->lane_places, in_lane = place % clients->lane_places;
	uint32_t generation = session->generation + 1;
	uint64_t number = clients->number++;
	*session = (struct session){.generation = generation,
		.source = ((uint32_t)number * clients->lanes + lane) &
			  (clients->settings.sources - 1),
		.sequence = (uint32_t)next_random(clients),
		.port = (uint16_t)(PORT_FIRST + in_lane +
				   generation % (PORTS / clients->lane_places) *
					   clients->lane_places),
		.state = CONNECTING,
		.kind = (uint8_t)draw(clients),
		.ipv6 = number * 41 % 100 < clients->settings.ipv6,
		.begun = clients->now,
		.touched = clients->now};
	clients->counters.begun++;
	say(clients, session, SEGMENT_SYN, 0, 0);
	return true;
}

static void finish(struct clients *clients, struct session *session, const char *fault)
{
	session->state = FREE;
	clients->free[clients->free_count++] = (uint32_t)(session - clients->session);
	if (fault == NULL) {
		clients->counters.good++;
		clients->counters.good_of[session->kind]++;
		histogram_add(&clients->time[TIME_SESSION], clients->now - session->begun);
	} else if (clients->counters.bad++ == 0) {
		snprintf(clients->fault, sizeof(clients->fault),
			"%s session, step %u: %s (last reply %u)",
			clients->script[session->kind].name, session->step, fault, session->code);
	}
}

// What comes after a reply, or after the connection for who does not wait for one.
static void go_on(struct clients *clients, struct session *session)
{
	const struct script *script = &clients->script[session->kind];
	session->asked = clients->now;
	session->step++;
	if (session->step == script->steps)
		session->state = LEAVING;
}

// A reply is whole. False: it is not the one.
static bool hear(struct clients *clients, struct session *session)
{
	const struct step *step = &clients->script[session->kind].step[session->step];
	if (session->state == LEAVING || session->code != step->code)
		return false;
	histogram_add(&clients->time[session->step == 0 ? TIME_GREETING : TIME_REPLY],
		clients->now - session->asked);
	go_on(clients, session);
	return true;
}

// Bytes in their order. False: not what is to be said.
static bool listen_to(
	struct clients *clients, struct session *session, const char *bytes, uint16_t length)
{
	for (uint16_t i = 0; i < length; i++) {
		if (session->line < LINE_DIGITS) {
			if (bytes[i] < '0' || bytes[i] > '9')
				return false;
			session->code = (uint16_t)((session->line == 0 ? 0 : session->code * 10) +
						   bytes[i] - '0');
			session->line++;
		} else if (session->line == LINE_DIGITS) {
			session->more = bytes[i] == '-';
			session->line++;
		}
		if (session->line <= LINE_DIGITS)
			continue;
		const char *end = memchr(bytes + i, '\n', length - i);
		if (end == NULL)
			return true;
		i = (uint16_t)(end - bytes);
		session->line = 0;
		if (!session->more && !hear(clients, session))
			return false;
	}
	return true;
}

static bool connected(
	struct clients *clients, struct session *session, const struct segment *segment)
{
	if ((segment->flags & (SEGMENT_SYN | SEGMENT_ACK)) != (SEGMENT_SYN | SEGMENT_ACK) ||
		segment->acknowledgement != session->sequence)
		return false;
	histogram_add(&clients->time[TIME_CONNECT], clients->now - session->begun);
	session->expected = segment->sequence + 1;
	session->window = segment->window;
	session->state = TALKING;
	session->asked = session->touched = clients->now;
	session->resends = 0;
	if (clients->script[session->kind].step[0].code == 0)
		go_on(clients, session);
	if (!say_on(clients, session))
		say(clients, session, SEGMENT_ACK, 0, 0);
	return true;
}

static void take_acknowledgement(struct clients *clients, struct session *session, uint32_t number)
{
	uint32_t position = number - session->sequence;
	if (position > session->acked && position <= session->sent) {
		session->acked = (uint16_t)position;
		session->touched = clients->now;
		session->resends = 0;
	}
}

// A TIME_WAIT without a record: who sends his FIN again did not get our last acknowledgement.
static void answer_stray(struct clients *clients, const struct segment *segment)
{
	clients->counters.strays++;
	if ((segment->flags & (SEGMENT_FIN | SEGMENT_RST | SEGMENT_SYN)) != SEGMENT_FIN)
		return;
	struct segment answer = {.source = segment->source,
		.sequence = segment->acknowledgement,
		.acknowledgement = segment->sequence + segment->length + 1,
		.port = segment->port,
		.window = WINDOW,
		.flags = SEGMENT_ACK,
		.ipv6 = segment->ipv6,
		.payload = ""};
	emit(clients, &answer, 0);
}

// Of an established connection. NULL, or why the session is bad.
static const char *take(
	struct clients *clients, struct session *session, const struct segment *segment, bool *over)
{
	const struct script *script = &clients->script[session->kind];
	uint32_t old = session->expected - segment->sequence;
	bool fin = (segment->flags & SEGMENT_FIN) != 0, news = segment->length > 0 || fin;
	if ((segment->flags & SEGMENT_ACK) != 0)
		take_acknowledgement(clients, session, segment->acknowledgement);
	session->window = segment->window;
	if ((int32_t)old >= 0 && old <= segment->length && !session->closed) {
		uint16_t count = (uint16_t)(segment->length - old);
		session->expected += count;
		if (count > 0 || fin) {
			session->touched = clients->now;
			session->resends = 0;
		}
		if (!listen_to(clients, session, segment->payload + old, count))
			return "not the reply wanted";
		if (fin) {
			session->expected++;
			session->closed = true;
		}
	}
	if (session->closed && session->state != LEAVING)
		return "closed by the server";
	bool said = say_on(clients, session);
	*over = session->closed && session->acked == script->length + 1;
	if (news && !said)
		say(clients, session, SEGMENT_ACK, session->sent, session->sent);
	return NULL;
}

bool clients_take(struct clients *clients, const struct segment *segment)
{
	struct session *session = place_of(clients, segment);
	clients->counters.received++;
	if (segment->source >= clients->settings.sources || session->state == FREE ||
		session->port != segment->port || session->source != segment->source ||
		session->ipv6 != segment->ipv6) {
		answer_stray(clients, segment);
		return false;
	}
	if (segment->flags & SEGMENT_RST) {
		finish(clients, session, "reset by the server");
		return true;
	}
	if (session->state == CONNECTING) {
		if (!connected(clients, session, segment))
			clients->counters.strays++;
		return false;
	}
	if (segment->flags & SEGMENT_SYN) { // again: our acknowledgement was lost
		say(clients, session, SEGMENT_ACK, session->sent, session->sent);
		return false;
	}
	bool over = false;
	const char *fault = take(clients, session, segment, &over);
	if (fault != NULL || over)
		finish(clients, session, fault);
	return fault != NULL || over;
}

static void look_after(struct clients *clients, struct session *session)
{
	uint64_t silent = (clients->now - session->touched) / clients->settings.ticks_ms;
	if (silent < RESEND_MS)
		return;
	bool outstanding = session->state == CONNECTING || session->acked < session->sent;
	if (outstanding ? session->resends == RESENDS_MOST
			: silent > clients->settings.patience_ms) {
		finish(clients, session, "no answer");
		return;
	}
	if (!outstanding)
		return;
	session->resends++;
	session->touched = clients->now;
	clients->counters.sent_again++;
	if (session->state == CONNECTING) {
		say(clients, session, SEGMENT_SYN, 0, 0);
		return;
	}
	session->sent = session->acked; // all of it again
	if (!say_on(clients, session))
		say(clients, session, SEGMENT_ACK, session->sent, session->sent);
}

void clients_look_after(struct clients *clients, uint32_t places)
{
	uint32_t all = clients->settings.places;
	for (uint32_t i = 0; i < places; i++) {
		struct session *session = &clients->session[clients->scan];
		clients->scan = clients->scan + 1 == all ? 0 : clients->scan + 1;
		if (session->state != FREE)
			look_after(clients, session);
	}
}
