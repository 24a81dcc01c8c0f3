// SPDX-License-Identifier: BSD-3-Clause
//
// What one asker asked and was told: the same question gets the same answer until it forgets, also when the source has
// learnt better meanwhile. So whoever is run again from its beginning comes by the same way.
#include <stdlib.h>
#include <string.h>

#include "smtp/dns/dns.h"
#include "smtp/worker/heap.h"

struct dns_question {
	SLIST_ENTRY(dns_question) entry;
	const struct dns_answer *answer; // NULL: pending
	uint16_t type;
	uint8_t length;
	char name[]; // in lower case, with its NUL
};

static const struct dns_answer no_name = {.status = DNS_NO_NAME};
static const struct dns_answer no_source = {.status = DNS_TROUBLE, .why = "no resolver"};
static const struct dns_answer no_memory = {.status = DNS_TROUBLE, .why = "no memory"};
static const struct dns_answer too_many = {.status = DNS_TROUBLE, .why = "too many questions"};
static const struct dns_answer too_late = {.status = DNS_TROUBLE, .why = "timeout"};

void dns_asker_init(
	struct dns_asker *asker, struct dns_source *source, void (*news)(struct dns_asker *))
{
	memset(asker, 0, sizeof(*asker));
	asker->source = source;
	asker->news = news;
	asker->deadline_ms = UINT64_MAX;
}

static struct dns_question *find(
	const struct dns_asker *asker, const char *name, size_t length, enum dns_type type)
{
	struct dns_question *question;
	SLIST_FOREACH(question, &asker->question, entry)
	if (question->length == length && question->type == type &&
		memcmp(question->name, name, length) == 0)
		break;
	return question;
}

static struct dns_question *add(
	struct dns_asker *asker, const char *name, size_t length, enum dns_type type)
{
	struct heap *heap = asker->source->heap;
	size_t size = sizeof(struct dns_question) + length + 1;
	struct dns_question *question = heap != NULL ? heap_take(heap, size) : calloc(1, size);
	if (question == NULL)
		return NULL;
	question->type = (uint16_t)type;
	question->length = (uint8_t)length;
	memcpy(question->name, name, length + 1);
	SLIST_INSERT_HEAD(&asker->question, question, entry);
	asker->questions++;
	asker->pending++;
	return question;
}

const struct dns_answer *dns_look(struct dns_asker *asker, const char *name, enum dns_type type)
{
	char lower[DNS_NAME];
	size_t length = dns_name_lower(name, lower);
	if (length == 0)
		return &no_name;
	if (asker->source == NULL)
		return &no_source;
	struct dns_question *question = find(asker, lower, length, type);
	if (question != NULL && question->answer != NULL)
		return question->answer;
	if (question == NULL) {
		if (asker->questions >= DNS_QUESTIONS)
			return &too_many;
		question = add(asker, lower, length, type);
	}
	if (question == NULL)
		return &no_memory;
	const struct dns_answer *answer = asker->source->look(
		asker->source, asker, question->name, type);
	if (answer == NULL && asker->late)
		answer = &too_late;
	if (answer != NULL) {
		question->answer = answer;
		asker->pending--;
	}
	return answer;
}

void dns_asker_deadline(struct dns_asker *asker, uint64_t deadline_ms)
{
	asker->deadline_ms = deadline_ms;
	asker->late = false;
	if (asker->source != NULL && asker->source->deadline != NULL)
		asker->source->deadline(asker->source, asker);
}

void dns_asker_forget(struct dns_asker *asker)
{
	struct dns_question *question;
	if (asker->source == NULL)
		return;
	asker->source->forget(asker->source, asker);
	while ((question = SLIST_FIRST(&asker->question)) != NULL) {
		SLIST_REMOVE_HEAD(&asker->question, entry);
		if (asker->source->heap != NULL)
			heap_release(asker->source->heap, question);
		else
			free(question);
	}
	asker->questions = asker->pending = 0;
	asker->late = false;
	asker->deadline_ms = UINT64_MAX;
}
