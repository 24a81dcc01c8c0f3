// SPDX-License-Identifier: BSD-3-Clause
//
// Runtime entries: what holds for an address, their bounds and lifetimes, and the file that they survive in.
#include <fcntl.h>

#include "control/overlay/overlay_entries.h"
#include "control/overlay/overlay_file.h"
#include "tests/unit/config_case.h"

static struct overlay_entries entries;

static void begin(void)
{
	make_folder();
	entries = (struct overlay_entries){0};
}

static void end(void)
{
	overlay_entries_free(&entries);
	remove_folder();
}

TestSuite(overlay, .init = begin, .fini = end);

static enum overlay_put add(uint8_t verdict, const char *prefix, int64_t expires, const char *note)
{
	struct overlay_item item = {.verdict = verdict, .added = 100, .expires = expires};
	cr_assert_eq(bs_prefix_parse(prefix, &item.prefix, NULL), BS_PREFIX_OK, "%s", prefix);
	snprintf(item.note, sizeof(item.note), "%s", note);
	return overlay_entries_put(&entries, &item);
}

static enum overlay_put deny(const char *prefix)
{
	return add(BS_OVERLAY_DENY, prefix, 0, "");
}

static enum overlay_put allow(const char *prefix)
{
	return add(BS_OVERLAY_ALLOW, prefix, 0, "");
}

static enum bs_overlay_verdict verdict(const char *text)
{
	struct bs_overlay *overlay;
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address));
	cr_assert(overlay_entries_build(&entries, &overlay));
	enum bs_overlay_verdict found = overlay == NULL ? BS_OVERLAY_NONE
							: bs_overlay_lookup(overlay, &address);
	bs_overlay_free(overlay);
	return found;
}

Test(overlay, allow_beats_deny_whichever_is_narrower)
{
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_NONE);
	deny("192.0.2.0/24");
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_DENY);
	cr_expect_eq(verdict("192.0.3.7"), BS_OVERLAY_NONE);
	allow("192.0.2.7");
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_ALLOW);
	cr_expect_eq(verdict("192.0.2.8"), BS_OVERLAY_DENY);
	allow("192.0.0.0/16");
	deny("192.0.5.5");
	cr_expect_eq(verdict("192.0.5.5"), BS_OVERLAY_ALLOW);
}

Test(overlay, families_stay_apart)
{
	deny("::/0");
	cr_expect_eq(verdict("2001:db8::1"), BS_OVERLAY_DENY);
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_NONE);
	allow("0.0.0.0/0");
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_ALLOW);
	cr_expect_eq(verdict("2001:db8::1"), BS_OVERLAY_DENY);
	allow("2001:db8::1");
	cr_expect_eq(verdict("2001:db8::1"), BS_OVERLAY_ALLOW);
	cr_expect_eq(verdict("2001:db8::2"), BS_OVERLAY_DENY);
}

Test(overlay, one_entry_a_prefix)
{
	cr_expect_eq(deny("192.0.2.0/24"), OVERLAY_ADDED);
	cr_expect_eq(allow("192.0.2.0/24"), OVERLAY_REPLACED);
	cr_expect_eq(entries.count, 1);
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_ALLOW);
	struct bs_prefix prefix = entries.item[0].prefix;
	cr_expect(overlay_entries_remove(&entries, &prefix));
	cr_expect_not(overlay_entries_remove(&entries, &prefix));
	cr_expect_eq(verdict("192.0.2.7"), BS_OVERLAY_NONE);
}

Test(overlay, expires)
{
	cr_expect_eq(overlay_entries_next(&entries), INT64_MAX);
	add(BS_OVERLAY_DENY, "192.0.2.1", 200, "");
	add(BS_OVERLAY_DENY, "192.0.2.2", 150, "");
	deny("192.0.2.3");
	cr_expect_eq(overlay_entries_next(&entries), 150);
	cr_expect_eq(overlay_entries_expire(&entries, 149), 0);
	cr_expect_eq(overlay_entries_expire(&entries, 150), 1);
	cr_expect_eq(verdict("192.0.2.2"), BS_OVERLAY_NONE);
	cr_expect_eq(overlay_entries_expire(&entries, 1000), 1);
	cr_expect_eq(entries.count, 1);
	cr_expect_eq(overlay_entries_next(&entries), INT64_MAX);
}

// Against a plain reading of the entries.
static enum bs_overlay_verdict plain(const struct bs_address *address)
{
	enum bs_overlay_verdict found = BS_OVERLAY_NONE;
	for (size_t i = 0; i < entries.count; i++) {
		const struct overlay_item *item = &entries.item[i];
		if (bs_address_is_ipv4(address) == bs_prefix_is_ipv4(&item->prefix) &&
			bs_prefix_contains(&item->prefix, address) && found != BS_OVERLAY_ALLOW)
			found = item->verdict;
	}
	return found;
}

Test(overlay, agrees_with_a_plain_reading)
{
	unsigned seen[3] = {0};
	struct bs_overlay *overlay;
	srandom(7);
	for (unsigned i = 0; i < 2000; i++) {
		char text[64];
		unsigned a = (unsigned)random() % 16, b = (unsigned)random() % 256;
		if (i % 3 == 0)
			snprintf(text, sizeof(text), "2001:db8:%x::/%u", b, 48u);
		else if (i % 3 == 1)
			snprintf(text, sizeof(text), "10.%u.%u.0/24", a, b);
		else
			snprintf(text, sizeof(text), "10.%u.%u.%u", a, b, b);
		add(i % 5 == 0 ? BS_OVERLAY_ALLOW : BS_OVERLAY_DENY, text, 0, "");
	}
	cr_assert(overlay_entries_build(&entries, &overlay));
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t octets[16] = {
			10, (uint8_t)(random() % 18), (uint8_t)random(), (uint8_t)random()};
		uint8_t six[16] = {0x20, 1, 0x0d, 0xb8, 0, (uint8_t)random(), 0, [15] = 1};
		struct bs_address address = i % 3 == 0 ? bs_address_from_ipv6(six)
						       : bs_address_from_ipv4(octets);
		enum bs_overlay_verdict found = bs_overlay_lookup(overlay, &address);
		cr_assert_eq(found, plain(&address));
		seen[found]++;
	}
	for (unsigned i = 0; i < 3; i++)
		cr_expect_gt(seen[i], 50);
	bs_overlay_free(overlay);
}

// Whether the burst's question answers for one address, in a place of 64.
static bool may_hold(
	const struct bs_overlay *overlay, const struct bs_address *address, unsigned place)
{
	uint64_t high[64], low[64], half[2], found;
	uint32_t ipv4[64];
	memcpy(half, address->octet, sizeof(half));
	for (unsigned i = 0; i < 64; i++) { // 192.0.2.0/24 is in no entry; 2001:db9::/32 neither
		high[i] = i == place ? be64toh(half[0]) : UINT64_C(0x20010db900000000);
		low[i] = i == place ? be64toh(half[1]) : i;
		ipv4[i] = i == place ? (uint32_t)be64toh(half[1]) : 0xc0000200u + i;
	}
	found = bs_address_is_ipv4(address)
			? bs_overlay_may_hold_ipv4(overlay, ipv4, place + 1)
			: bs_overlay_may_hold_ipv6(overlay, high, low, place + 1);
	cr_assert(place == 63 || found >> (place + 1) == 0, "more places than were asked about");
	return found >> place & 1;
}

Test(overlay, a_burst_misses_no_entry_and_suspects_few_others)
{
	unsigned strangers = 0, suspected = 0;
	struct bs_overlay *overlay;
	char text[64];
	srandom(8);
	for (unsigned i = 0; i < 1500; i++) {
		unsigned a = (unsigned)random() % 16, b = (unsigned)random() % 256;
		snprintf(text, sizeof(text),
			i % 3 == 0   ? "2001:db8:%x:%x::/64"
			: i % 3 == 1 ? "10.%u.%u.0/24"
				     : "10.%u.%u.7",
			a, b);
		add(i % 5 == 0 ? BS_OVERLAY_ALLOW : BS_OVERLAY_DENY, text, 0, "");
	}
	deny("11.0.0.0/8");
	allow("2001:dba::/32");
	allow("2001:dbb::9");
	cr_assert(overlay_entries_build(&entries, &overlay));
	for (unsigned i = 0; i < 6000; i++) {
		uint8_t four[4] = {(uint8_t)(10 + random() % 2), (uint8_t)(random() % 32),
			(uint8_t)random(), (uint8_t)(random() % 16)};
		uint8_t six[16] = {0x20, 1, 0x0d, (uint8_t)(0xb8 + random() % 4), 0,
			(uint8_t)(random() % 32), 0, (uint8_t)random(), [15] = 9};
		struct bs_address address = i % 2 == 0 ? bs_address_from_ipv6(six)
						       : bs_address_from_ipv4(four);
		bool held = bs_overlay_lookup(overlay, &address) != BS_OVERLAY_NONE;
		bool may = may_hold(overlay, &address, i % 64);
		cr_assert(may || !held, "%s", bs_address_format(&address, text));
		strangers += !held;
		suspected += may && !held;
	}
	cr_expect_gt(strangers, 1000);
	cr_expect_lt(suspected * 8, strangers, "%u of %u", suspected, strangers);
	bs_overlay_free(overlay);
}

Test(overlay, holds_65536_and_no_more)
{
	char error[OVERLAY_ERROR], text[BS_ADDRESS_TEXT];
	// From the end, the worst order for a sorted array.
	for (unsigned i = BS_OVERLAY_ENTRIES; i-- > 0;) {
		snprintf(text, sizeof(text), "10.1.%u.%u", i >> 8, i & 255);
		cr_assert_eq(deny(text), OVERLAY_ADDED);
	}
	cr_expect_eq(deny("192.0.2.1"), OVERLAY_FULL);
	cr_expect_eq(allow("10.1.2.3"), OVERLAY_REPLACED);
	cr_expect_eq(verdict("10.1.255.255"), BS_OVERLAY_DENY);
	cr_expect_eq(verdict("10.1.2.3"), BS_OVERLAY_ALLOW);
	cr_assert(overlay_file_write(folder, entries.item, entries.count, error), "%s", error);
	overlay_entries_free(&entries);
	cr_assert(overlay_file_read(folder, 100, &entries, error), "%s", error);
	cr_expect_eq(entries.count, BS_OVERLAY_ENTRIES);
}

Test(overlay, file_keeps_all_but_the_expired)
{
	char error[OVERLAY_ERROR];
	cr_expect(overlay_file_read(folder, 100, &entries, error)); // none yet
	add(BS_OVERLAY_ALLOW, "2001:db8::/32", 0, "a note, with  blanks");
	add(BS_OVERLAY_DENY, "192.0.2.0/24", 300, "");
	add(BS_OVERLAY_DENY, "192.0.2.1", 200, "gone");
	cr_assert(overlay_file_write(folder, entries.item, entries.count, error), "%s", error);
	overlay_entries_free(&entries);
	cr_assert(overlay_file_read(folder, 200, &entries, error), "%s", error);
	cr_assert_eq(entries.count, 2);
	cr_expect_eq(entries.item[0].expires, 300); // IPv4 stands low in the address order
	cr_expect_eq(entries.item[0].added, 100);
	cr_expect_str_eq(entries.item[1].note, "a note, with  blanks");
	cr_expect_eq(entries.item[1].verdict, BS_OVERLAY_ALLOW);
}

#define HEAD "barscreen overlay 1\n"
#define ONE  "deny 192.0.2.1 100 0\n"

// The line named, and how many entries were kept.
static void damaged(const char *text, size_t length, const char *line, size_t kept)
{
	char error[OVERLAY_ERROR] = "";
	const char *path = put("overlay", "");
	FILE *file = fopen(path, "w");
	fwrite(text, 1, length, file);
	fclose(file);
	overlay_entries_free(&entries);
	cr_expect_not(overlay_file_read(folder, 150, &entries, error), "taken: %s", text);
	cr_expect_not_null(strstr(error, line), "no '%s' in: %s\n%s", line, error, text);
	cr_expect_eq(entries.count, kept, "%zu of: %s", entries.count, text);
	cr_expect_neq(access(path, F_OK), 0, "it was not set aside");
	cr_expect_eq(access(put("overlay.damaged-150", ""), F_OK), 0);
}

#define DAMAGED(text, line, kept) damaged(text, sizeof(text) - 1, "overlay:" line ": ", kept)

Test(overlay, damaged_files_are_set_aside)
{
	DAMAGED("", "1", 0);
	DAMAGED("nonsense\n", "1", 0);
	DAMAGED("barscreen overlay 2\n" ONE "end 1\n", "1", 1);
	DAMAGED(HEAD ONE, "3", 1);
	DAMAGED(HEAD ONE "end 2\n", "3", 1);
	DAMAGED(HEAD ONE "end 1", "3", 1);
	DAMAGED(HEAD ONE "end 1\n" ONE, "4", 1);
	DAMAGED(HEAD "deny 192.0.2.1/24 100 0\n" ONE "end 2\n", "2", 1);
	DAMAGED(HEAD "drop 192.0.2.1 100 0\n" ONE "end 1\n", "2", 1);
	DAMAGED(HEAD "deny 192.0.2.1 -1 0\nend 1\n", "2", 0);
	DAMAGED(HEAD "deny 192.0.2.1 100\nend 1\n", "2", 0);
	DAMAGED(HEAD "deny 192.0.2.1 100 99999999999999999999\nend 1\n", "2", 0);
	DAMAGED(HEAD "deny 192.0.2.1 100 0 \x1b[2J\nend 1\n", "2", 0);
	DAMAGED(HEAD "deny 192.0.2.1 100 0 nul\0l\n" ONE "end 1\n", "2", 1);
	DAMAGED(HEAD "\n" ONE "end 1\n", "2", 1);
}

Test(overlay, a_line_without_end)
{
	char *text = calloc(1, 100000), error[OVERLAY_ERROR] = "";
	memset(text, 'a', 99999);
	put("overlay", text);
	free(text);
	cr_expect_not(overlay_file_read(folder, 150, &entries, error));
	cr_expect_eq(entries.count, 0);
}

Test(overlay, a_folder_that_cant_be_made)
{
	char error[OVERLAY_ERROR] = "";
	cr_expect_not(overlay_file_write("/proc/nonexistent/a", NULL, 0, error));
	cr_expect_not_null(strstr(error, "/proc/nonexistent/a"), "%s", error);
}
