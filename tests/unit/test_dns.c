// SPDX-License-Identifier: BSD-3-Clause
//
// Names, the parser of answers, the cache, and what an asker remembers; the wire is in test_resolver.c.
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/dns/cache.h"
#include "smtp/dns/message.h"
#include "smtp/worker/heap.h"

#define RESOLVED 0x8180 // response, recursion desired and available

static struct heap *heap;
static uint8_t message[65535];
static size_t length;
static struct dns_message read;

static void setup(void)
{
	heap = heap_new();
}

static void stop(void)
{
	if (read.bytes != 0)
		heap_release(heap, (void *)(uintptr_t)read.answer);
	heap_free(heap);
}

TestSuite(dns, .init = setup, .fini = stop);

static void put(const void *bytes, size_t count)
{
	memcpy(message + length, bytes, count);
	length += count;
}

static void put16(unsigned number)
{
	put((uint8_t[]){(uint8_t)(number >> 8), (uint8_t)number}, 2);
}

static void count_record(unsigned at)
{
	unsigned count = (unsigned)(message[at] << 8 | message[at + 1]) + 1;
	message[at] = (uint8_t)(count >> 8);
	message[at + 1] = (uint8_t)count;
}

// An answer without records yet.
static void begin(const char *name, enum dns_type type, unsigned flags)
{
	length = dns_message_ask(message, 7, name, type, false);
	message[2] = (uint8_t)(flags >> 8);
	message[3] = (uint8_t)flags;
}

// `owner` on the wire; "" is the name asked for. `section`: where its number stands.
#define ANSWER    6
#define AUTHORITY 8
#define MORE      10
static void record(unsigned section, const char *owner, unsigned type, uint32_t ttl,
	const void *data, size_t count)
{
	if (owner[0] == '\0')
		put("\xc0\x0c", 2);
	else
		put(owner, strlen(owner) + 1);
	put16(type);
	put16(1);
	put16(ttl >> 16);
	put16(ttl & 0xffff);
	put16((unsigned)count);
	put(data, count);
	count_record(section);
}

static void address(const char *owner, uint32_t ttl, uint8_t last)
{
	record(ANSWER, owner, DNS_A, ttl, (uint8_t[]){192, 0, 2, last}, 4);
}

static void soa(const char *owner, uint32_t ttl, uint8_t minimum)
{
	uint8_t data[22] = {0};
	data[21] = minimum;
	record(AUTHORITY, owner, 6, ttl, data, sizeof(data));
}

static enum dns_status parse(const char *name, enum dns_type type)
{
	uint8_t *exact = malloc(length); // so that a sanitizer sees what is read behind it
	memcpy(exact, message, length);
	if (read.bytes != 0)
		heap_release(heap, (void *)(uintptr_t)read.answer);
	dns_message_read(exact, length, name, type, heap, &read);
	free(exact);
	cr_assert_eq(read.answer == NULL, read.why != NULL);
	return read.answer == NULL ? DNS_TROUBLE : read.answer->status;
}

Test(dns, names)
{
	char lower[DNS_NAME], label[80], longest[300] = "";
	cr_expect_eq(dns_name_lower("Mail.Example.ORG.", lower), 16);
	cr_expect_str_eq(lower, "mail.example.org");
	cr_expect_eq(dns_name_lower("_a b\\.x", lower), 7, "any byte may be in a label");
	memset(label, 'a', sizeof(label));
	label[63] = '\0';
	cr_expect_eq(dns_name_lower(label, lower), 63);
	label[63] = 'a';
	label[64] = '\0';
	cr_expect_eq(dns_name_lower(label, lower), 0);
	for (unsigned i = 0; i < 63; i++)
		strcat(longest, "abc.");
	strcat(longest, "d");
	cr_expect_eq(dns_name_lower(longest, lower), 253);
	strcat(longest, ".");
	cr_expect_eq(dns_name_lower(longest, lower), 253);
	longest[253] = 'e';
	cr_expect_eq(dns_name_lower(longest, lower), 0);
	static const char *const none[] = {"", ".", "..", ".a", "a..b", "a..",
		"b\xc3\xbc"
		"cher.example"};
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_eq(dns_name_lower(none[i], lower), 0, "'%s'", none[i]);
}

Test(dns, reversed_addresses)
{
	struct bs_address ipv4, ipv6;
	char name[DNS_NAME], zone[DNS_NAME];
	bs_address_parse("192.0.2.10", &ipv4);
	bs_address_parse("2001:db8::a", &ipv6);
	cr_assert(dns_reverse(&ipv4, "", name));
	cr_expect_str_eq(name, "10.2.0.192.in-addr.arpa");
	cr_assert(dns_reverse(&ipv4, "bl.test", name));
	cr_expect_str_eq(name, "10.2.0.192.bl.test");
	cr_assert(dns_reverse(&ipv6, "", name));
	cr_expect_str_eq(
		name, "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	memset(zone, 'z', sizeof(zone));
	zone[189] = '\0';
	cr_expect(dns_reverse(&ipv6, zone, name));
	cr_expect_eq(strlen(name), 253);
	zone[189] = 'z';
	zone[190] = '\0';
	cr_expect_not(dns_reverse(&ipv6, zone, name));
}

Test(dns, records_of_the_chain_only)
{
	begin("a.test", DNS_A, RESOLVED);
	address("\1x\4evil", 300, 66);
	record(ANSWER, "", 5, 40, "\1b\4test", 8);
	record(ANSWER, "\1C\4test", DNS_A, 90, "\xc0\x00\x02\x01", 4);
	record(ANSWER, "\1b\4TEST", 5, 70, "\1c\4test", 8);
	cr_assert_eq(parse("a.test", DNS_A), DNS_FOUND);
	cr_expect_eq(read.answer->count, 1);
	cr_expect_eq(read.answer->record[0].address.octet[15], 1);
	cr_expect_eq(read.ttl, 40);
}

Test(dns, texts_and_names)
{
	begin("a.test", DNS_TXT, RESOLVED);
	record(ANSWER, "", DNS_TXT, 300, "\6v=spf1\0\5 -all", 14);
	record(ANSWER, "", DNS_TXT, 300, "\3a\0b", 4);
	cr_assert_eq(parse("a.test", DNS_TXT), DNS_FOUND);
	cr_expect_str_eq(read.answer->record[0].text, "v=spf1 -all");
	cr_expect_eq(read.answer->record[1].length, 3);
	cr_expect_eq(memcmp(read.answer->record[1].text, "a\0b", 4), 0);
	begin("a.test", DNS_PTR, RESOLVED);
	record(ANSWER, "", DNS_PTR, 300, "\5Ho.\n-\xc0\x0c", 8);
	record(ANSWER, "", DNS_PTR, 300, "", 1);
	cr_assert_eq(parse("a.test", DNS_PTR), DNS_FOUND);
	cr_expect_str_eq(read.answer->record[0].text, "ho\?\?-.a.test");
	cr_expect_str_eq(read.answer->record[1].text, "");
}

Test(dns, more_records_than_anybody_needs)
{
	begin("a.test", DNS_A, RESOLVED);
	for (unsigned i = 0; i < 600; i++)
		address("", 300, (uint8_t)i);
	cr_assert_eq(parse("a.test", DNS_A), DNS_FOUND);
	cr_expect_eq(read.answer->count, DNS_RECORDS);
}

Test(dns, nothing_there)
{
	begin("a.test", DNS_A, RESOLVED | 3);
	soa("\4test", 900, 60);
	cr_expect_eq(parse("a.test", DNS_A), DNS_NO_NAME);
	cr_expect_eq(read.ttl, 60);
	begin("a.test", DNS_A, RESOLVED);
	soa("\4test", 30, 60);
	cr_expect_eq(parse("a.test", DNS_A), DNS_NO_DATA);
	cr_expect_eq(read.ttl, 30);
	begin("a.test", DNS_A, RESOLVED | 3); // whose CNAME's name is not there: RFC 6604
	record(ANSWER, "", 5, 20, "\1b\4test", 8);
	soa("\4test", 900, 60);
	cr_expect_eq(parse("a.test", DNS_A), DNS_NO_NAME);
	cr_expect_eq(read.ttl, 20);
	begin("a.test", DNS_A, RESOLVED);
	soa("\4evil", 900, 60);
	cr_expect_eq(parse("a.test", DNS_A), DNS_NO_DATA);
	cr_expect_not(read.has_ttl, "an SOA that is not ours");
}

static void expect_trouble(const char *why)
{
	cr_expect_eq(parse("a.test", DNS_A), DNS_TROUBLE, "not %s", why);
	cr_expect(read.why != NULL && strstr(read.why, why) != NULL, "'%s' is not '%s'", read.why,
		why);
}

Test(dns, trouble)
{
	begin("a.test", DNS_A, RESOLVED | 2);
	expect_trouble("SERVFAIL");
	begin("a.test", DNS_A, RESOLVED | 11);
	expect_trouble("error");
	begin("a.test", DNS_A, 0x0100);
	expect_trouble("not an answer");
	begin("a.test", DNS_A, RESOLVED | 0x2800);
	expect_trouble("not an answer");
	begin("a.test", DNS_A, RESOLVED | 0x0200);
	expect_trouble("truncated");
	begin("b.test", DNS_A, RESOLVED);
	expect_trouble("another question");
	begin("a.test", DNS_MX, RESOLVED);
	expect_trouble("another question");
	begin("a.test", DNS_A, 0x8000 | 3);
	expect_trouble("does not resolve");
	begin("a.test", DNS_A, RESOLVED);
	record(AUTHORITY, "\4test", 2, 300, "\2ns\4test", 9);
	expect_trouble("referral");
	begin("a.test", DNS_A, RESOLVED);
	address("\1x\4evil", 300, 1);
	expect_trouble("another question");
	begin("a.test", DNS_A, RESOLVED);
	record(ANSWER, "\1x\4evil", 5, 300, "\1b\4test", 8);
	expect_trouble("another question");
	begin("a.test", DNS_A, RESOLVED | 3);
	address("", 300, 1);
	expect_trouble("does not exist");
	begin("a.test", DNS_A, RESOLVED);
	record(ANSWER, "", DNS_A, 300, "\1\2\3", 3);
	expect_trouble("malformed");
	begin("a.test", DNS_A, RESOLVED);
	record(MORE, "", 41, 0x01000000, "", 0); // BADVERS
	expect_trouble("error");
	begin("a.test", DNS_A, RESOLVED);
	record(ANSWER, "", 5, 300, "\1b\4test", 8);
	record(ANSWER, "\1b\4test", 5, 300, "\xc0\x0c", 2);
	expect_trouble("too many CNAMEs");
}

// Whatever is cut off, it is trouble or what was asked for, and nothing is read behind the end.
Test(dns, every_prefix)
{
	begin("a.test", DNS_MX, RESOLVED);
	record(ANSWER, "", DNS_MX, 300, "\0\12\1b\xc0\x0c", 6);
	soa("\4test", 900, 60);
	record(MORE, "", DNS_TXT, 300, "\3abc", 4);
	size_t whole = length;
	cr_assert_eq(parse("a.test", DNS_MX), DNS_FOUND);
	cr_expect_str_eq(read.answer->record[0].text, "b.a.test");
	for (length = 1; length < whole; length++)
		cr_expect_eq(parse("a.test", DNS_MX), DNS_TROUBLE, "%zu bytes", length);
}

Test(dns, pointers_end)
{
	uint8_t data[4] = {0, 10};
	begin("a.test", DNS_MX, RESOLVED);
	size_t at = length + 14; // of the name
	data[2] = (uint8_t)(0xc0 | at >> 8);
	data[3] = (uint8_t)at;
	record(ANSWER, "", DNS_MX, 300, data, 4);
	cr_expect_eq(parse("a.test", DNS_MX), DNS_TROUBLE);
}

// -- the cache

static uint64_t evicted;
static const struct dns_answer no_data = {.status = DNS_NO_DATA};

static struct dns_entry *remember(struct dns_cache *cache, const char *name, uint64_t expires_ms)
{
	struct dns_entry *entry = dns_cache_add(cache, name, DNS_A);
	dns_cache_answer(cache, entry, &no_data, 0, expires_ms);
	dns_cache_release(cache, entry);
	return entry;
}

Test(dns, cache_forgets_the_least_used)
{
	struct dns_cache *cache = dns_cache_new(heap, 3, &evicted);
	remember(cache, "a", 100);
	remember(cache, "b", 100);
	remember(cache, "c", 100);
	cr_expect_not_null(dns_cache_find(cache, "a", DNS_A, 1));
	cr_expect_null(dns_cache_find(cache, "a", DNS_MX, 1));
	remember(cache, "d", 100);
	cr_expect_null(dns_cache_find(cache, "b", DNS_A, 1));
	cr_expect_not_null(dns_cache_find(cache, "a", DNS_A, 1));
	cr_expect_eq(evicted, 1);
	cr_expect_null(dns_cache_find(cache, "a", DNS_A, 100), "its time is over");
	cr_expect_eq(dns_cache_count(cache), 2);
	dns_cache_free(cache);
}

Test(dns, cache_keeps_what_is_held)
{
	struct dns_cache *cache = dns_cache_new(heap, 1, &evicted);
	struct dns_entry *entry = remember(cache, "a", 100);
	dns_cache_hold(entry);
	remember(cache, "b", 100);
	cr_expect_null(dns_cache_find(cache, "a", DNS_A, 1));
	cr_expect_str_eq(entry->name, "a");
	cr_expect_eq(entry->answer, &no_data);
	dns_cache_release(cache, entry);
	struct dns_entry *waiting = dns_cache_add(cache, "c", DNS_A);
	remember(cache, "d", 100);
	cr_expect_eq(dns_cache_find(cache, "c", DNS_A, 1), waiting, "under way: never evicted");
	dns_cache_unlist(cache, waiting);
	dns_cache_release(cache, waiting);
	dns_cache_free(cache);
}

Test(dns, cache_has_a_bound_of_bytes)
{
	struct dns_cache *cache = dns_cache_new(heap, 100, &evicted);
	for (unsigned i = 0; i < 100; i++) {
		char name[20];
		snprintf(name, sizeof(name), "n%u", i);
		struct dns_entry *entry = dns_cache_add(cache, name, DNS_TXT);
		struct dns_answer *answer = heap_take(heap, 10000);
		dns_cache_answer(cache, entry, answer, 10000, 100);
		dns_cache_release(cache, entry);
	}
	cr_expect_eq(dns_cache_count(cache), 5);
	dns_cache_free(cache);
}

// -- the asker

static unsigned looked;
static const struct dns_answer *there;

static const struct dns_answer *look(
	struct dns_source *source, struct dns_asker *asker, const char *name, enum dns_type type)
{
	looked++;
	return there;
}

static void forget(struct dns_source *source, struct dns_asker *asker)
{
	there = NULL;
}

Test(dns, an_asker_is_told_the_same_again)
{
	struct dns_source source = {.look = look, .forget = forget, .heap = heap};
	struct dns_asker asker;
	dns_asker_init(&asker, &source, NULL);
	cr_expect_null(dns_look(&asker, "a.test", DNS_A));
	cr_expect_eq(asker.pending, 1);
	there = &no_data;
	cr_expect_eq(dns_look(&asker, "A.test.", DNS_A), &no_data);
	there = NULL;
	cr_expect_eq(dns_look(&asker, "a.test", DNS_A), &no_data);
	cr_expect_eq(looked, 2);
	cr_expect_eq(asker.questions, 1);
	cr_expect_eq(dns_look(&asker, "a..test", DNS_A)->status, DNS_NO_NAME);
	cr_expect_null(dns_look(&asker, "b.test", DNS_A));
	asker.late = true;
	const struct dns_answer *late = dns_look(&asker, "b.test", DNS_A);
	cr_expect_eq(late->status, DNS_TROUBLE);
	there = &no_data;
	dns_asker_deadline(&asker, 1000);
	cr_expect_eq(dns_look(&asker, "b.test", DNS_A), late);
	cr_expect_eq(asker.pending, 0);
	for (unsigned i = 0; i < DNS_QUESTIONS; i++) {
		char name[20];
		snprintf(name, sizeof(name), "n%u", i);
		cr_expect_eq(dns_look(&asker, name, DNS_A)->status,
			i < DNS_QUESTIONS - 2 ? DNS_NO_DATA : DNS_TROUBLE);
	}
	dns_asker_forget(&asker);
	cr_expect_null(dns_look(&asker, "a.test", DNS_A));
	dns_asker_forget(&asker);
	dns_asker_init(&asker, NULL, NULL);
	cr_expect_eq(dns_look(&asker, "a.test", DNS_A)->status, DNS_TROUBLE);
	dns_asker_forget(&asker);
}
