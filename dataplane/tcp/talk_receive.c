// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/talk_receive.h"

#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/window.h"

static void copy_in(struct bs_stream *stream, const struct talk *talk, const struct payload *p)
{
	uint32_t at = (p->sequence - talk->rx_base) & stream->rx_mask;
	uint32_t straight = stream->rx_mask + 1 - at;
	if (straight > p->length)
		straight = p->length;
	memcpy(stream->rx_ring + at, p->bytes, straight);
	memcpy(stream->rx_ring, p->bytes + straight, p->length - straight);
}

// What was received ahead of order is not written again: of overlapping segments the first wins, as it does for bytes that were read
// already, so that nobody who looks at the wire before us can be shown another text than the worker is.
static void copy_new(struct bs_stream *stream, const struct talk *talk, const struct payload *p)
{
	struct payload rest = *p;
	uint32_t end = p->sequence + p->length;
	while (sequence_before(rest.sequence, end)) {
		uint32_t next = end, skip = rest.sequence;
		for (unsigned i = 0; i < talk->gaps; i++) {
			const struct gap *g = &talk->gap[i];
			if (sequence_after(g->start, rest.sequence)) {
				if (sequence_before(g->start, next))
					next = g->start;
			} else if (sequence_after(g->end, skip)) {
				skip = g->end;
			}
		}
		if (skip == rest.sequence) {
			rest.length = next - rest.sequence;
			copy_in(stream, talk, &rest);
			skip = next;
		}
		rest.bytes += skip - rest.sequence;
		rest.sequence = skip;
	}
}

static void drop_gap(struct talk *talk, unsigned i)
{
	talk->gaps--;
	memmove(&talk->gap[i], &talk->gap[i + 1], (talk->gaps - i) * sizeof(talk->gap[0]));
}

// Ranges that the bytes up to rcv_nxt have reached are in order now.
static void close_gaps(struct connection *c, struct talk *talk)
{
	for (unsigned i = 0; i < talk->gaps;) {
		if (sequence_after(talk->gap[i].start, c->rcv_nxt)) {
			i++;
			continue;
		}
		if (sequence_after(talk->gap[i].end, c->rcv_nxt))
			c->rcv_nxt = talk->gap[i].end;
		drop_gap(talk, i);
		i = 0; // rcv_nxt moved: another may be reached
	}
}

// Joins [start, end) with the ranges it touches and puts the result first (RFC 2018, 4: the most recent first). False when
// there is no place for one more range: there are `most`.
static bool add_gap(struct talk *talk, uint32_t start, uint32_t end, unsigned most)
{
	unsigned before = talk->gaps;
	for (unsigned i = 0; i < talk->gaps;) {
		struct gap *g = &talk->gap[i];
		if (sequence_after(g->start, end) || sequence_before(g->end, start)) {
			i++;
			continue;
		}
		if (sequence_before(g->start, start))
			start = g->start;
		if (sequence_after(g->end, end))
			end = g->end;
		drop_gap(talk, i);
	}
	if (talk->gaps == before && before >= most)
		return false;
	memmove(&talk->gap[1], &talk->gap[0], talk->gaps * sizeof(talk->gap[0]));
	talk->gap[0] = (struct gap){start, end};
	talk->gaps++;
	return true;
}

static enum bs_reason take_ahead(struct dataplane *dataplane, const struct connection *c,
	struct bs_stream *stream, struct talk *talk, const struct payload *p)
{
	bool near = p->sequence - c->rcv_nxt < TALK_NEAR;
	talk->flags |= TALK_ACK_NOW; // RFC 5681, 4.2: at once, so that the sender sees the gap
	copy_new(stream, talk, p);   // where there is no place for its range, nothing tells of it
	if (!add_gap(talk, p->sequence, p->sequence + p->length,
		    near ? TALK_GAPS : TALK_GAPS - TALK_GAPS_NEAR))
		return BS_REASON_TCP_NO_ROOM;
	dataplane->counters->out_of_order++;
	return BS_REASON_ACCEPTED;
}

static void take_next(struct dataplane *dataplane, struct connection *c, struct bs_stream *stream,
	struct talk *talk, const struct payload *p)
{
	bool had_gaps = talk->gaps > 0;
	if (had_gaps)
		copy_new(stream, talk, p);
	else
		copy_in(stream, talk, p);
	c->rcv_nxt += p->length;
	if (had_gaps)
		close_gaps(c, talk);
	atomic_store_explicit(&stream->rx_head, c->rcv_nxt - talk->rx_base, memory_order_release);
	bs_stream_raise(dataplane->streams, c->block,
		window_cramps(dataplane, c, stream, talk) ? BS_EVENT_READABLE | BS_EVENT_CRAMPED
							  : BS_EVENT_READABLE);
	// RFC 9293, 3.8.6.3: every second segment, or when a gap closes; else a reply may carry it.
	talk->flags |= had_gaps || talk->flags & TALK_ACK_LATER ? TALK_ACK_NOW : TALK_ACK_LATER;
}

enum bs_reason talk_take(struct dataplane *dataplane, struct connection *c,
	struct bs_stream *stream, const struct payload *p)
{
	struct talk *talk = block_talk(stream);
	enum bs_reason reason = BS_REASON_ACCEPTED;
	if (c->flags & CONNECTION_PEER_FIN) { // nothing comes after a FIN
		talk->flags |= TALK_ACK_NOW;
		return reason;
	}
	if (p->fin && !(talk->flags & TALK_FIN_SEEN)) {
		talk->flags |= TALK_FIN_SEEN;
		talk->fin = p->sequence + p->length;
	}
	if (talk->flags & TALK_LET_GO) {
		if (p->sequence == c->rcv_nxt)
			c->rcv_nxt += p->length;
		talk->flags |= TALK_ACK_NOW;
	} else if (p->length > 0 && p->sequence == c->rcv_nxt) {
		take_next(dataplane, c, stream, talk, p);
	} else if (p->length > 0) {
		reason = take_ahead(dataplane, c, stream, talk, p);
	} else {
		talk->flags |= TALK_ACK_NOW; // old bytes, or a probe of a closed window
	}
	if (talk->flags & TALK_FIN_SEEN && c->rcv_nxt == talk->fin) {
		c->rcv_nxt++;
		c->flags |= CONNECTION_PEER_FIN;
		talk->flags |= TALK_ACK_NOW;
		if (!(talk->flags & TALK_LET_GO))
			bs_stream_raise(dataplane->streams, c->block, BS_EVENT_EOF);
	}
	return reason;
}
