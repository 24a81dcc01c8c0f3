// SPDX-License-Identifier: BSD-3-Clause
//
// HELO names: what Domain and address-literal of RFC 5321 allow, and an underscore, which honest servers use.
#include "smtp/checks/helo.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LABEL_MOST 63u // RFC 1035, 2.3.4

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool read_literal(const char *said, struct bs_address *address)
{
	char inside[BS_ADDRESS_TEXT];
	size_t length = strlen(said);
	if (length < 3 || said[length - 1] != ']' || length - 2 >= sizeof(inside))
		return false;
	memcpy(inside, said + 1, length - 2);
	inside[length - 2] = 0;
	// An IPv6 address without its tag is wrong, but nothing to hold against a client.
	return bs_address_parse(
		strncasecmp(inside, "IPv6:", 5) == 0 ? inside + 5 : inside, address);
}

static const char *fault_of_label(const char *label, size_t length)
{
	if (length == 0)
		return "empty label";
	if (length > LABEL_MOST)
		return "label too long";
	if (label[0] == '-' || label[length - 1] == '-')
		return "hyphen at the end of a label";
	for (size_t i = 0; i < length; i++) {
		char byte = label[i];
		if (!(byte >= 'a' && byte <= 'z') && !is_digit(byte) && byte != '-' && byte != '_')
			return "a byte that belongs in no name";
	}
	return NULL;
}

// `name`: lower case, without final dot. NULL: it is one.
static const char *fault_of(const char *name)
{
	const char *label = name, *why = NULL;
	unsigned labels = 0;
	bool numeric = true;
	while (why == NULL) {
		size_t length = strcspn(label, ".");
		why = fault_of_label(label, length);
		numeric = strspn(label, "0123456789") == length;
		labels++;
		if (label[length] == 0)
			break;
		label += length + 1;
	}
	if (why == NULL && labels < 2)
		why = "no fully qualified name";
	if (why == NULL && numeric) // RFC 3696, 2: no top-level domain is
		why = "no such top-level domain";
	return why;
}

void helo_read(const char *said, struct helo_said *helo)
{
	size_t length = strlen(said);
	*helo = (struct helo_said){.kind = HELO_KIND_FAULTY, .why = "no address literal"};
	if (length == 0) {
		helo->kind = HELO_KIND_NONE;
		return;
	}
	if (said[0] == '[') {
		helo->has_address = read_literal(said, &helo->address);
		if (helo->has_address)
			helo->kind = HELO_KIND_LITERAL;
		return;
	}
	helo->has_address = bs_address_parse(said, &helo->address);
	if (helo->has_address || (strspn(said, "0123456789.") == length && is_digit(said[0]) &&
					 strchr(said, '.') != NULL)) {
		helo->kind = HELO_KIND_NUMERIC;
		return;
	}
	if (length > 1 && said[length - 1] == '.')
		length--;
	helo->why = "name too long";
	if (length >= sizeof(helo->name))
		return;
	for (size_t i = 0; i < length; i++)
		helo->name[i] = (char)(said[i] >= 'A' && said[i] <= 'Z' ? said[i] + ('a' - 'A')
									: said[i]);
	helo->why = fault_of(helo->name);
	if (helo->why == NULL)
		helo->kind = HELO_KIND_NAME;
}
