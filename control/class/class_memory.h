// SPDX-License-Identifier: BSD-3-Clause
//
// Memory for the arrays of a class table. A lookup reads a random line of them, so that with 4 KB pages
// most would miss the TLB too: large arrays ask for huge pages.
#pragma once

#include <stdlib.h>
#include <sys/mman.h>

#define CLASS_HUGE_PAGE ((size_t)2 << 20)
#define CLASS_LINE      64u

// On a cache line, not cleared. NULL without memory; freed with free().
static inline void *class_memory(size_t size)
{
	size_t align = size >= CLASS_HUGE_PAGE ? CLASS_HUGE_PAGE : CLASS_LINE;
	void *memory;

	if (posix_memalign(&memory, align, size) != 0)
		return NULL;
	if (align == CLASS_HUGE_PAGE)
		madvise(memory, size / align * align,
			MADV_HUGEPAGE); // a wish; refused, it works too
	return memory;
}
