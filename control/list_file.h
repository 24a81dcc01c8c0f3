// SPDX-License-Identifier: BSD-3-Clause
//
// A list file: an IPv4 or IPv6 ADDRESS or ADDRESS/LENGTH a line. From # or ; to the end of the line is
// comment; blank lines, CRLF and a UTF-8 byte order mark are allowed. Host bits are an error, as the
// writer may have meant the address or the network.
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "dataplane/seam/address.h"

#define LIST_LINE_MAX   1000u      // characters of a line; more is no list
#define LIST_ENTRIES    (1u << 24) // more would take gigabytes while the class table is built
#define LIST_FAULTS_MAX 20u        // named; the rest is counted

// All or nothing. Returns the entries in the order of the file and their number in `count`; an empty list
// is an array, too. The caller frees it with free(). NULL when the file can't be read, is no list or has
// a faulty line: `errors` has then FILE:LINE: what; cure. Control thread; blocks on the disk.
struct bs_prefix *list_file_read(const char *file, size_t *count, FILE *errors);
