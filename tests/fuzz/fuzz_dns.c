// SPDX-License-Identifier: BSD-3-Clause
//
// Fuzz target: answers of a name server into the parser, and what they come to into the cache.
//
// The input: pieces, each of two bytes of length (big-endian) and so many of message. The last may be shorter than it says. The first byte of a message
// says what was asked: its low bits the type, the next three one of some names; the rest is the answer as it stands on the wire, whose
// header and question are made right where the byte's highest bit is set.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/dns/cache.h"
#include "smtp/dns/message.h"
#include "smtp/worker/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#define HELD 4

static struct {
	struct heap *heap;
	struct dns_cache *cache;
	struct dns_entry *held[HELD];
	uint64_t evicted, now_ms;
	unsigned next;
} run;

static const enum dns_type types[] = {DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA};
static const char *const names[] = {"example.org", "a.b", "2.0.0.127.bl.test", "x",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	"mail.example.org", "a\\b.c d", "_spf.example.org"};

static void check_text(const struct dns_record *record, enum dns_type type)
{
	CHECK(record->text[record->length] == '\0');
	if (type == DNS_TXT)
		return;
	CHECK(record->length < DNS_NAME && strlen(record->text) == record->length);
	for (const char *c = record->text; *c != '\0'; c++)
		CHECK(*c > ' ' && *c <= '~' && !(*c >= 'A' && *c <= 'Z'));
}

static void check_answer(const struct dns_message *read, enum dns_type type)
{
	const struct dns_answer *answer = read->answer;
	CHECK((answer == NULL) != (read->why == NULL));
	if (answer == NULL)
		return;
	CHECK(answer->status != DNS_TROUBLE);
	CHECK((answer->status == DNS_FOUND) == (answer->count != 0));
	CHECK(answer->count <= DNS_RECORDS);
	for (unsigned i = 0; i < answer->count; i++) {
		if (type != DNS_A && type != DNS_AAAA)
			check_text(&answer->record[i], type);
		if (type == DNS_A)
			CHECK(bs_address_is_ipv4(&answer->record[i].address));
		if (type == DNS_MX && i != 0)
			CHECK(answer->record[i].preference >= answer->record[i - 1].preference);
	}
}

static void keep(const struct dns_message *read, const char *name, enum dns_type type)
{
	struct dns_entry **held = &run.held[run.next++ % HELD];
	struct dns_entry *entry = dns_cache_find(run.cache, name, type, run.now_ms);
	if (*held != NULL)
		dns_cache_release(run.cache, *held);
	*held = NULL;
	if (entry != NULL) {
		CHECK(entry->answer != NULL && entry->expires_ms > run.now_ms);
		dns_cache_unlist(run.cache, entry);
	}
	entry = dns_cache_add(run.cache, name, type);
	CHECK(entry != NULL && dns_cache_find(run.cache, name, type, run.now_ms) == entry);
	dns_cache_answer(run.cache, entry, read->answer, read->bytes,
		run.now_ms + (read->has_ttl ? read->ttl : 0) * UINT64_C(1000));
	*held = entry;
	run.now_ms += 1000;
	CHECK(dns_cache_count(run.cache) <= 3);
}

static void take(const uint8_t *data, size_t size)
{
	struct dns_message read;
	enum dns_type type = types[(data[0] & 7) % 5];
	const char *name = names[data[0] >> 3 & 7];
	uint8_t *message = malloc(
		size + DNS_ASK_MOST); // of its very size: the sanitizer sees what is read behind it
	size_t head = 0;
	CHECK(message != NULL);
	if (data[0] & 0x80 && size >= 9) { // eight bytes: flags and three numbers of records
		head = dns_message_ask(message, 1, name, type, false);
		memcpy(message + 2, data + 1, 2);
		message[2] |= 0x80;
		message[2] &= 0x87;
		memcpy(message + 6, data + 3, 6);
		data += 8;
		size -= 8;
	}
	memcpy(message + head, data + 1, size - 1);
	uint8_t *exact = realloc(message, head + size - 1 == 0 ? 1 : head + size - 1);
	CHECK(exact != NULL);
	dns_message_read(exact, head + size - 1, name, type, run.heap, &read);
	free(exact);
	check_answer(&read, type);
	if (read.answer != NULL)
		keep(&read, name, type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&run, 0, sizeof(run));
	run.heap = heap_new();
	run.cache = dns_cache_new(run.heap, 3, &run.evicted);
	CHECK(run.heap != NULL && run.cache != NULL);
	while (size > 2) {
		size_t length = (size_t)(data[0] << 8 | data[1]);
		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		if (length != 0)
			take(data, length);
		data += length;
		size -= length;
	}
	for (unsigned i = 0; i < HELD; i++)
		if (run.held[i] != NULL)
			dns_cache_release(run.cache, run.held[i]);
	dns_cache_free(run.cache);
	heap_free(run.heap);
	return 0;
}
