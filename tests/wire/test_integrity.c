// SPDX-License-Identifier: BSD-3-Clause
//
// What goes in comes out, once and in order: a plain client TCP and a model of the worker exchange two known byte streams
// over a network that loses, doubles and delays, with sequence numbers that wrap in the middle of both.
#include "tests/wire/wire.h"

#include "dataplane/tcp/cookie.h"

#define GREETING        "220 mx1.example.org ESMTP\r\n"
#define GREETING_LENGTH (sizeof(GREETING) - 1)
#define UP              150000u // bytes to the worker
#define DOWN            30000u  // bytes to the client behind the greeting
#define MSS             1400u
#define CLIENT_ROOM     3000u // receive buffer of the client
#define FLYING          1024u
#define SEEDS           12u
#define HOURS_MS        (3u * 3600 * 1000) // virtual: nothing that lives takes longer

static uint64_t state;
static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % below);
}

static uint8_t up_byte(uint32_t offset)
{
	return (uint8_t)(offset * 2654435761u >> 13);
}
static uint8_t down_byte(uint32_t offset)
{
	if (offset < GREETING_LENGTH)
		return (uint8_t)GREETING[offset];
	return (uint8_t)((offset + 77) * 2246822519u >> 11);
}

struct parcel {
	uint64_t due_ns;
	bool used, to_client;
	uint32_t seq, ack, window;
	uint16_t length;
	uint8_t flags, bytes[1500];
};

struct trial {
	bool scale, grow, worker_first;
	unsigned loss; // of 100
};

struct model {
	struct trial trial;
	struct wire *wire;
	struct wire_peer *peer;
	struct parcel flying[FLYING];
	// The client. Offsets count payload bytes of a direction, from 0.
	uint32_t iss, irs;
	uint32_t una, next, most, edge; // of what it sends: acknowledged, next, ever, allowed
	uint64_t progress_ns, answer_ns;
	uint32_t got, taken; // of what it receives: in order, read by the program
	uint8_t have[GREETING_LENGTH + DOWN];
	bool fin_heard, fin_sent, fin_ever, owes;
	// The worker
	uint32_t stream, read, written, consumed, grow_at;
	bool open, eof, cramped, growing, wants_room, let_go;
	uint32_t promised; // right edge that barscreen announced
};

static void fly(struct model *m, struct parcel parcel)
{
	if (any(100) < m->trial.loss)
		return;
	for (unsigned copies = any(100) < 5 ? 2 : 1; copies > 0; copies--) {
		unsigned i = 0;
		while (i < FLYING && m->flying[i].used)
			i++;
		if (i == FLYING)
			return; // the router's queue is full
		parcel.used = true;
		parcel.due_ns = m->wire->now_ns +
				(5 + any(any(4) == 0 ? 60 : 10)) * UINT64_C(1000000);
		m->flying[i] = parcel;
	}
}

// --- the client ---

static void client_sends(struct model *m, uint32_t from, uint32_t length, bool fin)
{
	struct parcel p = {.length = (uint16_t)length, .flags = TCP_ACK | (fin ? TCP_FIN : 0)};
	p.seq = m->iss + 1 + from;
	p.ack = m->irs + 1 + m->got + m->fin_heard;
	p.window = CLIENT_ROOM - (m->got - m->taken);
	for (uint32_t i = 0; i < length; i++)
		p.bytes[i] = up_byte(from + i);
	m->owes = false;
	m->fin_ever |= fin;
	fly(m, p);
}

static void client_talks(struct model *m)
{
	uint64_t now = m->wire->now_ns;
	if (m->got < GREETING_LENGTH)
		return;
	if (m->una < m->most + m->fin_sent && now - m->progress_ns > 400 * UINT64_C(1000000)) {
		m->next = m->una > UP ? UP : m->una;
		m->fin_sent = false;
		m->progress_ns = now;
		if (m->edge <= m->una && m->next < UP)
			client_sends(m, m->next, 1, false); // its window is closed: a probe
	} else if (m->una == m->most && m->edge <= m->una && m->next < UP &&
		   now - m->progress_ns > 400 * UINT64_C(1000000)) {
		m->progress_ns = now;
		client_sends(m, m->next, 1, false);
		m->most = m->most > m->next + 1 ? m->most : m->next + 1;
	}
	for (unsigned n = any(4); n > 0 && m->next < UP && m->next < m->edge; n--) {
		uint32_t length = 1 + any(any(3) == 0 ? 50 : MSS);
		if (length > UP - m->next)
			length = UP - m->next;
		if (length > m->edge - m->next)
			length = m->edge - m->next;
		bool fin = !m->trial.worker_first && m->next + length == UP && any(2);
		if (m->una == m->most)
			m->progress_ns = now;
		client_sends(m, m->next, length, fin);
		m->next += length;
		m->most = m->next > m->most ? m->next : m->most;
		m->fin_sent |= fin;
	}
	if (m->next == UP && !m->fin_sent && m->una <= UP &&
		(!m->trial.worker_first || m->fin_heard)) {
		client_sends(m, UP, 0, true);
		m->fin_sent = true;
		m->progress_ns = now;
	}
}

static void client_hears(struct model *m, const struct parcel *p)
{
	uint32_t ack = p->ack - m->iss - 1, from = p->seq - m->irs - 1;
	cr_assert(!(p->flags & TCP_RST), "reset after %u up, %u down", m->una, m->got);
	cr_assert_leq(ack, m->most + 1, "acknowledges what was never sent");
	if (ack > m->una) {
		m->una = ack;
		if (m->next < ack)
			m->next = ack > UP ? UP : ack;
		m->fin_sent |= ack > UP;
		m->progress_ns = m->wire->now_ns;
	}
	if (ack + p->window > m->edge)
		m->edge = ack + p->window;
	cr_assert_leq(from + p->length, m->taken + CLIENT_ROOM + 1, "sends beyond the window");
	for (uint32_t i = 0; i < p->length; i++) {
		cr_assert_lt(from + i, GREETING_LENGTH + DOWN, "more than was written");
		cr_assert_eq(p->bytes[i], down_byte(from + i), "byte %u to the client", from + i);
		if (from + i < m->taken + CLIENT_ROOM)
			m->have[from + i] = 1;
	}
	while (m->got < GREETING_LENGTH + DOWN && m->have[m->got])
		m->got++;
	if (p->flags & TCP_FIN) {
		cr_assert_eq(from + p->length, GREETING_LENGTH + DOWN, "FIN before the end");
		m->fin_heard |= m->got == GREETING_LENGTH + DOWN;
	}
	m->owes |= p->length > 0 || p->flags & TCP_FIN;
}

static void client_turn(struct model *m)
{
	if (any(8) == 0 && m->got > m->taken) {
		bool closed = m->got - m->taken == CLIENT_ROOM;
		m->taken += any(3) == 0 ? m->got - m->taken : any(m->got - m->taken + 1);
		m->owes |= closed;
	}
	client_talks(m);
	if (m->owes && (any(3) == 0 || m->got - m->taken > CLIENT_ROOM / 2))
		client_sends(m, m->most + m->fin_ever, 0,
			false); // as BSD does: behind all that was sent
}

// --- the worker ---

static void worker_reads(struct model *m, struct bs_stream *stream, uint32_t *wishes)
{
	const uint8_t *bytes;
	uint32_t count = m->growing ? 0 : bs_stream_peek(stream, &bytes);
	uint32_t whole = count;
	if (count > 0 && any(4) == 0)
		count = any(count + 1);
	cr_assert_leq(m->read + count, UP, "more than was sent");
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(bytes[i], up_byte(m->read + i), "byte %u to the worker", m->read + i);
	bs_stream_consume(stream, count);
	m->read += count;
	m->consumed += count;
	if (m->consumed > 0 && (m->consumed > stream->rx_mask / 2 || count == whole)) {
		*wishes |= BS_WISH_WINDOW;
		m->consumed = 0;
	}
	if (m->trial.grow && !m->growing && m->read > m->grow_at &&
		(stream->rx_mask < BS_STREAM_RX || m->cramped)) {
		m->cramped = false;
		m->growing = true;
		*wishes |= BS_WISH_GROW;
	}
}

static void worker_writes(struct model *m, struct bs_stream *stream, uint32_t *wishes)
{
	uint8_t text[700];
	uint32_t count = any(sizeof(text));
	if (count > DOWN - m->written)
		count = DOWN - m->written;
	for (uint32_t i = 0; i < count; i++)
		text[i] = down_byte((uint32_t)GREETING_LENGTH + m->written + i);
	uint32_t done = bs_stream_write(stream, text, count);
	m->written += done;
	if (done > 0)
		*wishes |= BS_WISH_SEND;
	if (done < count) {
		m->wants_room = true;
		*wishes |= BS_WISH_ROOM;
	}
}

static void worker_turn(struct model *m)
{
	uint32_t number, events, wishes = 0;
	while (wire_event(m->wire, &number, &events)) {
		if (m->let_go)
			continue;
		m->open |= (events & BS_EVENT_OPEN) != 0;
		m->eof |= (events & BS_EVENT_EOF) != 0;
		m->stream = number;
		if (events & BS_EVENT_GROWN)
			m->growing = false;
		m->cramped |= (events & BS_EVENT_CRAMPED) != 0;
		if (events & BS_EVENT_WRITABLE)
			m->wants_room = false;
		cr_assert(!(events & BS_EVENT_DEAD), "given up after %u up, %u down", m->read,
			m->written);
	}
	if (!m->open || m->let_go || any(3) == 0)
		return;
	struct bs_stream *stream = wire_stream(m->wire, m->stream);
	if (any(20) != 0)
		worker_reads(m, stream, &wishes);
	if (!m->wants_room && m->written < DOWN && any(5) == 0)
		worker_writes(m, stream, &wishes);
	if (m->eof && !m->growing)
		cr_assert(atomic_load(&stream->rx_head) == UP, "EOF behind %u bytes",
			atomic_load(&stream->rx_head));
	if (m->read == UP && m->written == DOWN && !m->growing &&
		(m->eof || m->trial.worker_first)) {
		wishes |= BS_WISH_CLOSE;
		m->let_go = true;
	}
	if (wishes != 0)
		bs_stream_wish(m->wire->dataplane->streams, m->stream, wishes);
}

// --- the network ---

static void carry(struct model *m)
{
	const struct wire_frame *frame;
	while ((frame = wire_next(m->wire)) != NULL) {
		struct parcel p = {.to_client = true,
			.seq = frame->seq,
			.ack = frame->ack,
			.window = (uint32_t)frame->window << (m->trial.scale ? 2 : 0),
			.length = frame->payload_length,
			.flags = frame->flags};
		memcpy(p.bytes, frame->payload, p.length);
		uint32_t edge = p.ack - m->iss - 1 + p.window;
		if (!m->let_go && !m->eof) // RFC 7323, 2.4: it may lose what the scale rounds off
			cr_assert_geq(edge + 3, m->promised, "the window shrinks");
		m->promised = edge > m->promised ? edge : m->promised;
		fly(m, p);
	}
	for (unsigned i = 0; i < FLYING; i++) {
		struct parcel *p = &m->flying[i];
		if (!p->used || p->due_ns > m->wire->now_ns)
			continue;
		p->used = false;
		if (p->to_client) {
			client_hears(m, p);
			continue;
		}
		struct wire_peer peer = *m->peer; // a packet's own number can't be 0
		peer.seq = p->seq;
		peer.ack = p->ack;
		struct wire_bytes bytes;
		wire_build_ip(&peer, 6,
			&(struct wire_packet){.flags = p->flags,
				.window = (uint16_t)p->window,
				.zero_window = p->window == 0,
				.payload = p->length > 0 ? p->bytes : NULL,
				.payload_length = p->length},
			&bytes);
		wire_queue(m->wire, bytes.byte, bytes.length, 0);
	}
}

// The client's first number wraps within its stream; one is sought whose cookie lets ours wrap too.
static uint32_t wrapping_iss(struct model *m, uint8_t options)
{
	struct wire_peer *peer = m->peer;
	const struct cookies *cookies = &m->wire->dataplane->cookies;
	uint8_t low = (uint8_t)(options | (cookies->period & 1));
	// Of the ACK that completes the handshake: its cookie is that of the SYN.
	struct frame ack = {.source = peer->address,
		.local = bs_address_is_ipv4(&peer->local) ? 0 : 1,
		.source_port = peer->port,
		.flags = TCP_ACK,
		.acknowledgement = low + 1u};
	struct frame *frame = &ack;
	for (;; ack.source_port = ++peer->port) {
		for (uint32_t sequence = -UP + 1000; sequence < (uint32_t)-1000; sequence++) {
			ack.sequence = sequence + 1;
			cookie_prepare(cookies, &frame, 1);
			if ((ack.cookie | low) > (uint32_t)-DOWN + 200)
				return sequence;
		}
	}
}

static void open_both(struct model *m)
{
	struct wire_peer *peer = m->peer;
	struct tcp_options offered = {
		.mss = 1460, .has_window_scale = m->trial.scale, .sack_permitted = m->trial.scale};
	peer->seq = m->iss = wrapping_iss(m, cookie_options(&offered));
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460, .has_window_scale = m->trial.scale,
		.sack_permitted = m->trial.scale);
	m->irs = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	cr_assert_gt(m->irs, (uint32_t)-DOWN);
	m->edge = 2048;
	wire_tcp(peer, .flags = TCP_ACK, .window = CLIENT_ROOM);
}

static void exchange_once(struct wire_peer *peer, struct trial trial, uint64_t seed)
{
	struct model *m = calloc(1, sizeof(*m));
	cr_assert_not_null(m);
	m->trial = trial;
	m->wire = peer->wire;
	m->peer = peer;
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	m->grow_at = any(20000);
	open_both(m);
	uint64_t end_ns = m->wire->now_ns + HOURS_MS * UINT64_C(1000000);
	while ((m->una <= UP || !m->fin_heard) && m->wire->now_ns < end_ns) {
		carry(m);
		wire_advance(m->wire, 1 + any(6));
		worker_turn(m);
		client_turn(m);
	}
	cr_assert(m->una > UP && m->fin_heard && m->let_go && m->read == UP,
		"stuck: sent %u, read %u, written %u, received %u, FIN %u", m->una, m->read,
		m->written, m->got, m->fin_heard);
	// A last ACK of the client may be lost, and is given again.
	for (unsigned i = 0; i < 100; i++) {
		wire_tcp(
			peer, .flags = TCP_ACK, .seq = m->iss + UP + 2, .ack = m->irs + m->got + 2);
		wire_advance(m->wire, 1000);
		wire_forget(m->wire);
	}
	cr_assert_eq(m->wire->counters.records, 0);
	cr_assert_eq(m->wire->counters.blocks, 0);
	cr_assert_eq(m->wire->counters.data_rings, 0);
	free(m);
}

static void exchange(struct wire_peer *peer, struct trial trial)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		exchange_once(peer, trial, seed);
}

WIRE_TEST(integrity, small_ring, .no_wait = true)
{
	exchange(peer, (struct trial){.loss = 3});
	exchange(peer, (struct trial){.loss = 10});
}

WIRE_TEST(integrity, data_ring, .no_wait = true)
{
	exchange(peer, (struct trial){.grow = true, .loss = 3});
	exchange(peer, (struct trial){.grow = true, .scale = true, .loss = 10});
}

WIRE_TEST(integrity, large_data_ring, .no_wait = true, .data_ring_size = 262144)
{
	exchange(peer, (struct trial){.grow = true, .loss = 3});
	exchange(peer, (struct trial){.grow = true, .scale = true, .loss = 10});
}

WIRE_TEST(integrity, growing_data_ring, .no_wait = true, .data_rings = 64, .data_ring_size = 4096)
{
	exchange(peer, (struct trial){.grow = true, .loss = 3});
	exchange(peer, (struct trial){.grow = true, .scale = true, .loss = 3});
	cr_assert_gt(peer->wire->counters.windows_grown, 0);
}

WIRE_TEST(integrity, the_worker_closes_first, .no_wait = true)
{
	exchange(peer, (struct trial){.worker_first = true, .loss = 3});
	exchange(peer,
		(struct trial){.worker_first = true, .grow = true, .scale = true, .loss = 10});
}

WIRE_TEST(integrity, nothing_is_lost, .no_wait = true)
{
	exchange(peer, (struct trial){.scale = true});
}
