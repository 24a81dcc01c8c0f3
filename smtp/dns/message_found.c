// SPDX-License-Identifier: BSD-3-Clause
//
// The records found become an answer: one block of memory, the texts behind the records.
#include <string.h>

#include "smtp/dns/message_reading.h"
#include "smtp/worker/heap.h"

// TXT: strings joined (RFC 7208, 3.3). The length, or SIZE_MAX when they don't fill the record exactly.
static size_t join_text(const uint8_t *data, size_t length, char *text)
{
	size_t count = 0;
	for (size_t at = 0; at < length; at += 1u + data[at]) {
		if (at + 1 + data[at] > length)
			return SIZE_MAX;
		memcpy(text + count, data + at + 1, data[at]);
		count += data[at];
	}
	text[count] = '\0';
	return count;
}

static bool read_name(const struct reading *reading, const struct rr *rr, size_t skip, char *text,
	uint16_t *length)
{
	struct wire_name name;
	size_t end = (size_t)rr->data + rr->length;
	if (rr->length <= skip ||
		wire_name_read(reading->message, end, rr->data + skip, &name) != end)
		return false;
	*length = (uint16_t)wire_name_text(&name, text);
	return true;
}

// `text` has room for what text_room() says. False: malformed.
static bool read_record(
	const struct reading *reading, const struct rr *rr, struct dns_record *record, char *text)
{
	const uint8_t *data = reading->message + rr->data;
	size_t count;
	switch (rr->type) {
	case DNS_A:
		record->address = bs_address_from_ipv4(data);
		return true;
	case DNS_AAAA:
		record->address = bs_address_from_ipv6(data);
		return true;
	case DNS_TXT:
		count = join_text(data, rr->length, text);
		record->length = (uint16_t)count;
		record->text = text;
		return count != SIZE_MAX;
	case DNS_MX:
		record->text = text;
		record->preference = number16(data);
		return read_name(reading, rr, 2, text, &record->length);
	default:
		record->text = text;
		return read_name(reading, rr, 0, text, &record->length);
	}
}

// Bytes that its text needs; false when the record has not the length that its type demands.
static bool text_room(const struct rr *rr, size_t *room)
{
	*room = 0;
	switch (rr->type) {
	case DNS_A:
		return rr->length == 4;
	case DNS_AAAA:
		return rr->length == 16;
	case DNS_TXT:
		*room = rr->length + 1u;
		return true;
	case DNS_MX:
		*room = DNS_NAME;
		return rr->length > 2;
	default:
		*room = DNS_NAME;
		return true;
	}
}

// In place and stable; there are few.
static void sort_by_preference(struct dns_answer *answer)
{
	for (unsigned i = 1; i < answer->count; i++) {
		struct dns_record record = answer->record[i];
		unsigned at = i;
		for (; at > 0 && answer->record[at - 1].preference > record.preference; at--)
			answer->record[at] = answer->record[at - 1];
		answer->record[at] = record;
	}
}

void message_take_found(const struct reading *reading, struct heap *heap, struct dns_message *read)
{
	size_t size = sizeof(struct dns_answer) + reading->count * sizeof(struct dns_record), room;
	size_t text = size;
	for (unsigned i = 0; i < reading->count; i++) {
		if (!text_room(&reading->rr[reading->found[i]], &room)) {
			read->why = "malformed record";
			return;
		}
		size += room;
	}
	struct dns_answer *answer = heap_take(heap, size);
	if (answer == NULL) {
		read->why = "no memory";
		return;
	}
	answer->status = DNS_FOUND;
	answer->count = (uint16_t)reading->count;
	for (unsigned i = 0; i < reading->count; i++) {
		const struct rr *rr = &reading->rr[reading->found[i]];
		if (!read_record(reading, rr, &answer->record[i], (char *)answer + text)) {
			heap_release(heap, answer);
			read->why = "malformed record";
			return;
		}
		text_room(rr, &room);
		text += room;
	}
	if (reading->rr[reading->found[0]].type == DNS_MX)
		sort_by_preference(answer);
	read->answer = answer;
	read->bytes = size;
	read->ttl = reading->ttl;
	read->has_ttl = true;
}
