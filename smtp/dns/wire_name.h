// SPDX-License-Identifier: BSD-3-Clause
//
// Names as they are on the wire (RFC 1035, 3.1 and 4.1.4), decompressed and in lower case: so names are compared label by label, whatever
// bytes are in them.
//
// Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/dns/dns.h"

struct wire_name {
	uint8_t length; // with the root's zero
	uint8_t octet[255];
};

// `name` as dns_name_lower() gives it.
void wire_name_make(const char *name, struct wire_name *wire);
// The name at `at`; returns where what follows it begins, 0 when it is malformed.
size_t wire_name_read(const uint8_t *message, size_t length, size_t at, struct wire_name *wire);
// The same without reading what a pointer points to.
size_t wire_name_skip(const uint8_t *message, size_t length, size_t at);
bool wire_name_equal(const struct wire_name *a, const struct wire_name *b);
// `inner` is `outer` or below it.
bool wire_name_within(const struct wire_name *inner, const struct wire_name *outer);
// As text without final dot: what is no letter, digit, '-' or '_' becomes '?'. Returns the length.
size_t wire_name_text(const struct wire_name *wire, char text[DNS_NAME]);
