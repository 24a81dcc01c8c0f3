// SPDX-License-Identifier: BSD-3-Clause
//
// The mails of the bench `transfer`: a header that says how many blocks follow, and blocks that are all the same, of
// lines of 80 bytes. Client and sink have the block each, so the sink compares every byte that comes with the one that was
// sent, which costs it less than a digest and finds more.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CONTENT_LINE   80u
#define CONTENT_BLOCK  1000000u
#define CONTENT_BLOCKS "X-Blocks: "

_Static_assert(CONTENT_BLOCK % CONTENT_LINE == 0, "a block is whole lines");

// Some lines begin with a dot, stuffed (RFC 5321, 4.5.2), as they are on the wire both before and behind a relay; the first one does
// not, so at a block's end a dot is the mail's.
void content_fill(uint8_t block[CONTENT_BLOCK]);

// As strerror(), and ends the program.
_Noreturn void content_fail(const char *program, const char *what);
