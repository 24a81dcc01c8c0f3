// SPDX-License-Identifier: BSD-3-Clause
//
// A list file of clients, told by each line what it is:
//   192.0.2.0/24, 192.0.2.1, 2001:db8::/32     an address or a network; from # or ; to the end of the line is comment,
//                                              so this is Spamhaus DROP as text, too: 1.2.3.0/24 ; SBL1234
//   192.0.2.1-192.0.2.9                        all addresses from one to the other
//   {"cidr":"1.2.3.0/24","sblid":"SBL1234"}    Spamhaus DROP as JSON lines; {"type":"metadata","records":N} ends a part, which
//                                              must have N entries: so a download that broke off is seen
// Blank lines, CRLF and a UTF-8 byte order mark are allowed. Host bits are an error, as the writer may have meant the address or
// the network.
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "control/lists/list_lines.h"
#include "dataplane/seam/address.h"

#define LIST_ENTRIES (1u << 24) // more would take gigabytes while the class table is built

// All or nothing. Returns the entries in the order of the file and their number in `count`; an empty list
// is an array, too. The caller frees it with free(). NULL when the file can't be read, is no list or has
// a faulty line: `errors` has then FILE:LINE: what; cure. Control thread; blocks on the disk.
struct bs_prefix *list_file_read(const char *file, size_t *count, FILE *errors);
