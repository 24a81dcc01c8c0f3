// SPDX-License-Identifier: BSD-3-Clause
#include "control/lists/address_text.h"

#include <string.h>

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static char *put(char *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		*to++ = lower(text[i]);
	return to;
}

bool address_text_set(
	struct address_text *address, const char *local, const char *domain, const char *delimiters)
{
	size_t locals = local == NULL ? 0 : strnlen(local, ADDRESS_TEXT_LOCAL + 1);
	size_t domains = strnlen(domain, ADDRESS_TEXT_DOMAIN + 1);
	char *end = address->text; // cppcheck-suppress ctuuninitvar; written below, from here on

	if (locals > ADDRESS_TEXT_LOCAL || domains > ADDRESS_TEXT_DOMAIN)
		return false;
	end = put(end, local, locals);
	*end++ = '@';
	end = put(end, domain, domains);
	*end = '\0';
	address->length = (uint16_t)(end - address->text);
	address->local = address->without = (uint16_t)locals;
	for (size_t i = 1; i < locals; i++) {
		if (strchr(delimiters, address->text[i]) != NULL) {
			address->without = (uint16_t)i;
			break;
		}
	}
	return true;
}

void address_text_strip(struct address_text *address)
{
	size_t cut = (size_t)address->local - address->without;

	memmove(address->text + address->without, address->text + address->local,
		(size_t)address->length - address->local + 1);
	address->length = (uint16_t)(address->length - cut);
	address->local = address->without;
}
