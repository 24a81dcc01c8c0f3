// SPDX-License-Identifier: BSD-3-Clause
//
// The XDP program (listed.bpf.c), loaded but on no interface: the kernel runs it by BPF_PROG_TEST_RUN.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "benchmarks/packets/prefixes.h"

// Loads the object at `path`, with the prefixes in its trie and `count` sources (network byte order), a million at most.
// `local`: in network byte order. False, with a sentence on stderr, where the kernel does not.
bool xdp_load(const char *path, const struct prefixes *prefixes, const uint32_t *sources,
	uint32_t count, uint32_t local);

// Nanoseconds a run of the program over this frame, less those of an empty program; 0 where it did not drop it.
double xdp_run(const uint8_t *frame, uint32_t length, uint32_t runs);

// Nanoseconds that such a frame takes the kernel which receives it on the interface, with the next source each time; 0 where it does
// not. The interface is in our network namespace and has the kernel's own receive queue (a veth: generic receive offload on).
double xdp_receive(const uint8_t *frame, uint32_t length, uint32_t runs, unsigned interface);
