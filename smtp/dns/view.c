// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/dns/view.h"

#include <stdio.h>
#include <string.h>

#include "smtp/dns/resolver_state.h"

// Behind what is there; false when it does not fit, which leaves it as it was.
static bool put_record(const struct dns_record *record, enum dns_type type, char *text, size_t room)
{
	char address[BS_ADDRESS_TEXT];
	int length;
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		length = snprintf(text, room, "%s", bs_address_format(&record->address, address));
		break;
	case DNS_MX:
		length = snprintf(text, room, "%u %s", record->preference,
			record->text[0] != '\0' ? record->text : ".");
		break;
	case DNS_TXT: // to its first NUL: none that means anything has one
	case DNS_PTR:
	default:
		length = snprintf(text, room, "%s", record->text);
		break;
	}
	return length >= 0 && (size_t)length < room;
}

static void fill(struct dns_view *view, const struct dns_entry *entry, uint64_t now_ms)
{
	const struct dns_answer *answer = entry->answer;
	size_t used = 0;
	*view = (struct dns_view){.type = entry->type, .asked = answer == NULL};
	if (answer == NULL)
		return;
	view->status = (uint8_t)answer->status;
	view->why = answer->why;
	view->records = answer->count;
	view->left_ms = entry->expires_ms - now_ms; // else it would not have been found
	while (view->shown < answer->count && used < DNS_VIEW_TEXT &&
		put_record(&answer->record[view->shown], (enum dns_type)entry->type,
			view->text + used, DNS_VIEW_TEXT - used)) {
		used += strlen(view->text + used) + 1;
		view->shown++;
	}
}

unsigned resolver_view(struct resolver *resolver, const char *name, enum dns_type type,
	struct dns_view view[DNS_VIEWS])
{
	static const enum dns_type all[DNS_VIEWS] = {DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR};
	char lower[DNS_NAME];
	unsigned count = 0;
	if (dns_name_lower(name, lower) == 0)
		return 0;
	for (unsigned i = 0; i < DNS_VIEWS; i++) {
		const struct dns_entry *entry = type == 0 || type == all[i]
							? dns_cache_find(resolver->cache, lower,
								  all[i], resolver->now_ms)
							: NULL;
		if (entry != NULL)
			fill(&view[count++], entry, resolver->now_ms);
	}
	return count;
}
