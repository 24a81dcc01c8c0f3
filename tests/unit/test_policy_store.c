// SPDX-License-Identifier: BSD-3-Clause
//
// Policies that are replaced while they are read: what is freed when, the numbered texts, what a reload tells, and readers
// in threads of their own while policies come and go. With ASan a use after free is found.
#include <jansson.h>
#include <pthread.h>
#include <sched.h>

#include "control/configuration/config_changes.h"
#include "control/policy/policy_store.h"
#include "tests/unit/config_case.h"

static struct bs_qsbr qsbr;
static struct bs_dataplane_counters counters;
static struct bs_dataplane_counters *const dataplane[] = {&counters};
static uint32_t dataplanes = 1;
static struct config *config;
static struct policy_store *store;

static struct policy_base *base_of(const struct config *from)
{
	struct policy_base *base = policy_base_new(from, stderr);
	cr_assert_not_null(base);
	return base;
}

static void begin(void)
{
	make_folder();
	bs_qsbr_init(&qsbr);
	put("list", "198.51.100.0/24\n");
	char text[400];
	snprintf(text, sizeof(text), GOOD "list a { file = \"%s/list\" }\n", folder);
	config = taken(text);
	struct policy_readers readers = {&qsbr, dataplane, &dataplanes};
	store = policy_store_new(&readers, config, base_of(config));
	cr_assert_not_null(store);
}

static void end(void)
{
	policy_store_free(store);
	config_free(config);
	remove_folder();
}

TestSuite(policy_store, .init = begin, .fini = end);

static const char *class_of(const char *text)
{
	const struct bs_policy *policy = bs_policy_get();
	struct bs_address address;
	uint8_t class;
	cr_assert(bs_address_parse(text, &address));
	bs_policy_classify(policy, &address, &class, 1);
	return policy->class[class].name;
}

static struct bs_overlay *overlay_of(uint8_t verdict, const char *prefix)
{
	struct bs_overlay_entry entry = {.verdict = verdict};
	cr_assert_eq(bs_prefix_parse(prefix, &entry.prefix, NULL), BS_PREFIX_OK);
	return bs_overlay_new(&entry, 1);
}

Test(policy_store, a_reader_keeps_what_it_may_see)
{
	struct bs_qsbr_reader *reader = bs_qsbr_join(&qsbr);
	bs_qsbr_online(reader);
	cr_assert(policy_store_base(store, base_of(config)));
	cr_expect_eq(policy_store_state(store).fading, 1);
	policy_store_turn(store);
	cr_expect_eq(policy_store_state(store).fading, 1);
	bs_qsbr_quiescent(reader);
	policy_store_turn(store);
	cr_expect_eq(policy_store_state(store).fading, 0);
	cr_assert(policy_store_base(store, base_of(config)));
	bs_qsbr_offline(reader); // asleep: delays nobody
	policy_store_turn(store);
	cr_expect_eq(policy_store_state(store).fading, 0);
	cr_assert(policy_store_base(store, base_of(config)));
	cr_expect_eq(policy_store_state(store).fading, 0);
}

Test(policy_store, a_holder_keeps_the_rest)
{
	const struct bs_policy *held = bs_policy_hold(bs_policy_get());
	snprintf(config->hostname, sizeof(config->hostname), "other.example.org");
	cr_assert(policy_store_base(store, base_of(config)));
	cr_expect_eq(policy_store_state(store).held, 1);
	cr_expect_str_eq(held->hostname, "mx1.example.org");
	cr_expect_str_eq(held->domains[0], "example.org");
	cr_expect_str_eq(bs_policy_get()->hostname, "other.example.org");
	bs_policy_release(held);
	policy_store_turn(store);
	cr_expect_eq(policy_store_state(store).held, 0);
}

Test(policy_store, precedence_of_the_overlay)
{
	cr_expect_str_eq(class_of("198.51.100.7"), "bogon"); // TEST-NET-2
	cr_assert(policy_store_overlay(store, overlay_of(BS_OVERLAY_ALLOW, "198.51.100.7")));
	cr_expect_str_eq(class_of("198.51.100.7"), "runtime-allow");
	cr_assert(policy_store_overlay(store, overlay_of(BS_OVERLAY_DENY, "0.0.0.0/0")));
	cr_expect_str_eq(class_of("198.51.100.7"), "bogon");
	cr_expect_str_eq(class_of("1.1.1.1"), "runtime-deny");
	config->list[0].action = BS_ACTION_ALLOW;
	cr_assert(policy_store_base(store, base_of(config)));
	cr_expect_str_eq(class_of("198.51.100.7"), "a", "a list that allows beats deny add");
	cr_assert(policy_store_overlay(store, NULL));
	cr_expect_str_eq(class_of("1.1.1.1"), "plain");
}

static void name_us(unsigned number)
{
	snprintf(config->hostname, sizeof(config->hostname), "mx%u.example.org", number);
	cr_assert(policy_store_numbers(store));
}

static const char *greeting(unsigned set)
{
	return bs_policy_get()->texts[set].template[BS_TEMPLATE_GREETING].text;
}

Test(policy_store, texts_that_are_being_said_stay)
{
	uint8_t first = bs_policy_get()->text_set;
	counters.text_holders[first] = 1;
	for (unsigned i = 2; i < 100; i++)
		name_us(i);
	cr_expect_neq(bs_policy_get()->text_set, first);
	cr_expect_str_eq(greeting(bs_policy_get()->text_set), "220 mx99.example.org ESMTP\r\n");
	cr_expect_str_eq(greeting(first), "220 mx1.example.org ESMTP\r\n");
	name_us(1);
	cr_expect_eq(bs_policy_get()->text_set, first, "texts that come back take their old set");
	counters.text_holders[first] = 0;
}

Test(policy_store, without_a_free_set_the_old_texts_go_on)
{
	for (unsigned i = 1; i <= BS_TEMPLATE_SETS; i++) {
		name_us(i);
		counters.text_holders[bs_policy_get()->text_set]++;
	}
	uint8_t last = bs_policy_get()->text_set;
	cr_expect_not(policy_store_state(store).texts_wait);
	name_us(50);
	cr_expect(policy_store_state(store).texts_wait);
	cr_expect_eq(bs_policy_get()->text_set, last);
	cr_expect_str_eq(bs_policy_get()->hostname, "mx50.example.org");
	policy_store_turn(store);
	cr_expect(policy_store_state(store).texts_wait);
	counters.text_holders[(last + 1) % BS_TEMPLATE_SETS] = 0; // they have ended
	policy_store_turn(store);
	cr_expect_not(policy_store_state(store).texts_wait);
	cr_expect_str_eq(greeting(bs_policy_get()->text_set), "220 mx50.example.org ESMTP\r\n");
	cr_expect_str_eq(greeting(last), "220 mx16.example.org ESMTP\r\n");
	memset(counters.text_holders, 0, sizeof(counters.text_holders));
}

// The set of a policy that an lcore may still see is not written to, though nobody has it yet.
Test(policy_store, texts_of_a_fading_policy_stay)
{
	struct bs_qsbr_reader *reader = bs_qsbr_join(&qsbr);
	uint8_t first = bs_policy_get()->text_set;
	bs_qsbr_online(reader);
	for (unsigned i = 2; i < 40; i++)
		name_us(i);
	cr_expect_str_eq(greeting(first), "220 mx1.example.org ESMTP\r\n");
	bs_qsbr_offline(reader);
}

static json_t *changes_of(const char *text, struct policy_base **base, struct config **fresh)
{
	*fresh = taken(text);
	*base = base_of(*fresh);
	json_t *changes = config_changes(config, policy_store_base_now(store), *fresh, *base);
	cr_assert_not_null(changes);
	return changes;
}

static void expect_key(json_t *list, size_t at, const char *key, const char *old, const char *new)
{
	const json_t *entry = json_array_get(list, at);
	cr_expect_str_eq(json_string_value(json_object_get(entry, "key")), key);
	cr_expect_str_eq(json_string_value(json_object_get(entry, "old")), old);
	cr_expect_str_eq(json_string_value(json_object_get(entry, "new")), new);
}

Test(policy_store, tells_what_changes)
{
	char text[600];
	struct policy_base *base;
	struct config *fresh;
	put("list", "198.51.100.0/24\n203.0.113.1\n203.0.113.1\n203.0.113.2\n");
	put("new", "192.0.2.1\n");
	snprintf(text, sizeof(text),
		GOOD "waiting { wait = 3s }\nlimits { connections = 100000 }\n"
		     "list a { file = \"%s/list\" action = allow }\nlist b { file = \"%s/new\" }\n",
		folder, folder);
	json_t *changes = changes_of(text, &base, &fresh);
	json_t *changed = json_object_get(changes, "changed");
	json_t *lists = json_object_get(changes, "lists");
	cr_assert_eq(json_array_size(changed), 2);
	expect_key(changed, 0, "waiting.wait", "25s", "3s");
	expect_key(changed, 1, "list a.action", "\"refuse\"", "\"allow\"");
	cr_assert_eq(json_array_size(json_object_get(changes, "restart")), 1);
	expect_key(
		json_object_get(changes, "restart"), 0, "limits.connections", "262144", "100000");
	cr_assert_eq(json_array_size(lists), 2);
	const json_t *a = json_array_get(lists, 0);
	cr_expect_eq(json_integer_value(json_object_get(a, "entries-added")), 2);
	cr_expect_eq(json_integer_value(json_object_get(a, "entries-removed")), 0);
	cr_expect_eq(
		json_integer_value(json_object_get(a, "entries")), 3, "one stands there twice");
	cr_expect_str_eq(
		json_string_value(json_object_get(json_array_get(lists, 1), "change")), "added");
	json_decref(changes);
	config_adopt(config, fresh);
	cr_expect_eq(config->smtp.wait_ms, 3000);
	cr_expect_eq(config->connections, 262144, "it waits for a restart");
	cr_expect_eq(config->list_count, 2);
	cr_assert(policy_store_base(store, base));
	config_free(fresh);
	cr_expect_eq(bs_policy_get()->wait_ms, 3000);
	cr_expect_str_eq(class_of("198.51.100.7"), "a");
}

// Two readers as lcores are, one of them a session too, and 300 publications of all kinds.
struct reading {
	struct bs_qsbr_reader *reader;
	pthread_t thread;
	bool holds;
	_Atomic uint64_t turns;
};
static _Atomic bool stop;
static _Atomic unsigned wrong;

static void look(const struct bs_policy *policy)
{
	struct bs_address address[3];
	uint8_t class[3];
	bs_address_parse("198.51.100.7", &address[0]);
	bs_address_parse("1.1.1.1", &address[1]);
	bs_address_parse("2001:db8::1", &address[2]);
	bs_policy_classify(policy, address, class, 3);
	for (unsigned i = 0; i < 3; i++)
		wrong += class[i] >= policy->class_count;
	const struct bs_template *text =
		&policy->texts[policy->text_set].template[BS_TEMPLATE_GREETING];
	wrong += memcmp(text->text, "220 mx", 6) != 0;
}

static void *read_on(void *argument)
{
	struct reading *reading = argument;
	const struct bs_policy *held = NULL;
	bs_qsbr_online(reading->reader);
	for (; !stop; reading->turns++) {
		bs_qsbr_quiescent(reading->reader);
		look(bs_policy_get());
		if (held != NULL)
			wrong += strcmp(held->domains[0], "example.org") != 0;
		if (reading->holds && reading->turns % 50 == 0) {
			if (held != NULL)
				bs_policy_release(held);
			held = bs_policy_hold(bs_policy_get());
		}
		if (reading->turns % 20 == 0) {
			bs_qsbr_offline(reading->reader);
			sched_yield();
			bs_qsbr_online(reading->reader);
		}
	}
	if (held != NULL)
		bs_policy_release(held);
	bs_qsbr_offline(reading->reader);
	return NULL;
}

Test(policy_store, readers_while_policies_come_and_go, .timeout = 100)
{
	struct reading reading[2] = {{.holds = false}, {.holds = true}};
	for (unsigned i = 0; i < 2; i++) {
		reading[i].reader = bs_qsbr_join(&qsbr);
		pthread_create(&reading[i].thread, NULL, read_on, &reading[i]);
		while (reading[i].turns == 0) // on a loaded machine all could be over before
			sched_yield();
	}
	for (unsigned i = 0; i < 300; i++) {
		if (i % 3 == 0)
			cr_assert(policy_store_base(store, base_of(config)));
		else if (i % 3 == 1)
			cr_assert(policy_store_overlay(store,
				i % 2 == 0 ? NULL : overlay_of(BS_OVERLAY_DENY, "1.0.0.0/8")));
		else
			name_us(i % 40);
		sched_yield();
	}
	stop = true;
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(reading[i].thread, NULL);
		cr_expect_gt(reading[i].turns, 0);
	}
	policy_store_turn(store);
	cr_expect_eq(wrong, 0);
	cr_expect_eq(policy_store_state(store).fading, 0);
	cr_expect_eq(policy_store_state(store).held, 0);
}
