// SPDX-License-Identifier: BSD-3-Clause
//
// Greylisting (RFC 6647, 2.4): who is new is told to come again, who does is let through, and a network that did so often enough is not asked
// any more.
#include "smtp/memory/memory_table.h"

static uint32_t later(uint64_t wall_s, uint32_t ms)
{
	return (uint32_t)(wall_s + (ms + 999u) / 1000u);
}

// Of the network, or of the domain that stands for it.
static uint32_t passes_of(struct memory *memory, const struct memory_key *network,
	const struct bs_greylist_rules *rules, uint64_t wall_s, bool change)
{
	struct place place = place_lock(memory, network);
	struct memory_entry *entry = place_find(&place, network, wall_s);
	uint32_t passes = entry != NULL ? entry->passes : 0;
	if (entry != NULL && change && rules->auto_allow != 0 && passes >= rules->auto_allow) {
		entry->last_s = (uint32_t)wall_s;
		entry->until_s = later(wall_s, rules->lifetime_ms);
		place_changed(&place, entry);
	}
	place_unlock(&place);
	return passes;
}

static uint32_t count_pass(struct memory *memory, const struct memory_key *network,
	const struct bs_greylist_rules *rules, uint64_t wall_s)
{
	struct place place = place_lock(memory, network);
	struct memory_entry *entry = place_find(&place, network, wall_s);
	if (entry == NULL)
		entry = place_put(&place, network, wall_s);
	if (entry->passes < UINT16_MAX)
		entry->passes++;
	entry->last_s = (uint32_t)wall_s;
	entry->until_s = later(wall_s, rules->lifetime_ms);
	place_changed(&place, entry);
	uint32_t passes = entry->passes;
	place_unlock(&place);
	return passes;
}

// What a known triplet comes to, by the rules of now: they may have changed since it was written.
static enum greylist_state state_of(const struct memory_entry *entry,
	const struct bs_greylist_rules *rules, uint64_t wall_s, uint32_t *wait_s)
{
	uint64_t age = wall_s > entry->first_s ? wall_s - entry->first_s
					       : 0; // a clock was set back
	uint32_t delay_s = later(0, rules->delay_ms);
	if (entry->passes > 0)
		return GREYLIST_PASSED;
	if (age > later(0, rules->retry_ms))
		return GREYLIST_NEW;
	*wait_s = age < delay_s ? (uint32_t)(delay_s - age) : 0;
	return age < delay_s ? GREYLIST_EARLY : GREYLIST_PASSED;
}

// Writes down what the answer means for the triplet. `entry`: NULL when it is not there. True when it passes for the first time.
static bool take_down(struct place *place, const struct memory_key *key, struct memory_entry *entry,
	enum greylist_state state, const struct bs_greylist_rules *rules, uint64_t wall_s)
{
	bool first = false;
	if (state == GREYLIST_NEW) {
		if (entry == NULL)
			entry = place_put(place, key, wall_s);
		entry->first_s = entry->last_s = (uint32_t)wall_s;
		entry->until_s = later(wall_s, rules->retry_ms) + 1;
	} else if (state == GREYLIST_PASSED) {
		first = entry->passes == 0;
		entry->passes = 1;
		entry->last_s = (uint32_t)wall_s;
		entry->until_s = later(wall_s, rules->lifetime_ms);
	} else if (entry->first_s > wall_s) {
		entry->first_s = (uint32_t)wall_s;
	} else {
		return false;
	}
	place_changed(place, entry);
	return first;
}

struct greylist_answer greylist_ask(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient,
	const struct bs_greylist_rules *rules, uint64_t wall_s, bool change)
{
	struct memory_key network = greylist_network_key(memory, client, spf_domain);
	struct greylist_answer answer = {.state = GREYLIST_AUTO,
		.passes = passes_of(memory, &network, rules, wall_s, change)};
	if (rules->auto_allow != 0 && answer.passes >= rules->auto_allow)
		return answer;
	struct memory_key key = greylist_triplet_key(memory, &network, sender, recipient);
	struct place place = place_lock(memory, &key);
	struct memory_entry *entry = place_find(&place, &key, wall_s);
	answer.state = GREYLIST_NEW;
	if (entry != NULL)
		answer.state = state_of(entry, rules, wall_s, &answer.wait_s);
	if (answer.state == GREYLIST_NEW)
		answer.wait_s = later(0, rules->delay_ms);
	bool first = change && take_down(&place, &key, entry, answer.state, rules, wall_s);
	place_unlock(&place);
	if (first) // the locks are taken one after the other
		answer.passes = count_pass(memory, &network, rules, wall_s);
	return answer;
}

static uint32_t forget(struct memory *memory, const struct memory_key *key)
{
	struct place place = place_lock(memory, key);
	struct memory_entry *entry = place_find(&place, key, 0);
	if (entry != NULL)
		place_remove(&place, entry);
	place_unlock(&place);
	return entry != NULL;
}

// The triplet's, or without sender and recipient its network's.
static struct memory_key key_of(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient)
{
	struct memory_key network = greylist_network_key(memory, client, spf_domain);
	if (sender == NULL || recipient == NULL)
		return network;
	return greylist_triplet_key(memory, &network, sender, recipient);
}

uint32_t greylist_forget(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient)
{
	struct memory_key key = key_of(memory, client, spf_domain, sender, recipient);
	return forget(memory, &key);
}

bool greylist_find(struct memory *memory, const struct bs_address *client, const char *spf_domain,
	const char *sender, const char *recipient, uint64_t wall_s, struct memory_entry *entry)
{
	struct memory_key key = key_of(memory, client, spf_domain, sender, recipient);
	struct place place = place_lock(memory, &key);
	const struct memory_entry *found = place_find(&place, &key, wall_s);
	if (found != NULL)
		*entry = *found;
	place_unlock(&place);
	return found != NULL;
}
