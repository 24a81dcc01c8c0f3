// SPDX-License-Identifier: BSD-3-Clause
//
// Taking a sent frame apart, independently of the program's parser.
#pragma once

#include "tests/wire/wire.h"

// Fills in `frame` from frame->byte and frame->length. NULL, or what is wrong with the frame.
const char *wire_see(struct wire_frame *frame);
