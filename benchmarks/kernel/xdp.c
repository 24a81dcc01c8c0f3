// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/kernel/xdp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int filter_fd, nothing_fd, receive_fd;

static bool fail(const char *what)
{
	fprintf(stderr, "ingress_kernel: %s\n", what);
	return false;
}

static bool fill(const struct bpf_object *object, const struct prefixes *prefixes,
	const uint32_t *sources, uint32_t count)
{
	int trie = bpf_object__find_map_fd_by_name(object, "listed");
	int array = bpf_object__find_map_fd_by_name(object, "sources");
	if (trie < 0 || array < 0)
		return fail("the object lacks a map");
	for (size_t i = 0; i < prefixes->count; i++) {
		uint8_t one = 1;
		struct {
			uint32_t length, address;
		} key = {.length = prefixes->prefix[i].length - 96u};
		memcpy(&key.address, prefixes->prefix[i].address.octet + 12, 4);
		if (bpf_map_update_elem(trie, &key, &one, BPF_ANY) != 0)
			return fail("the trie takes no more prefixes");
	}
	for (uint32_t i = 0; i < count; i++) {
		if (bpf_map_update_elem(array, &i, &sources[i], BPF_ANY) != 0)
			return fail("the array takes no more sources");
	}
	return true;
}

// The constants of the program, in the order in which it has them.
static bool set_constants(const struct bpf_object *object, uint32_t count, uint32_t local)
{
	const uint32_t constant[] = {count, local};
	struct bpf_map *map;
	bpf_object__for_each_map(map, object)
	{
		if (strstr(bpf_map__name(map), ".rodata") != NULL)
			return bpf_map__set_initial_value(map, constant, sizeof(constant)) == 0;
	}
	return false;
}

bool xdp_load(const char *path, const struct prefixes *prefixes, const uint32_t *sources,
	uint32_t count, uint32_t local)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	if (object == NULL || !set_constants(object, count, local))
		return fail("no XDP object");
	if (bpf_object__load(object) != 0)
		return fail("the kernel does not take the XDP program");
	filter_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "filter"));
	nothing_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "nothing"));
	receive_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "receive"));
	if (filter_fd < 0 || nothing_fd < 0 || receive_fd < 0)
		return fail("the object lacks a program");
	return fill(object, prefixes, sources, count);
}

static double run(int program, const uint8_t *frame, uint32_t length, uint32_t runs)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length,
		.repeat = (int)runs);
	if (bpf_prog_test_run_opts(program, &options) != 0 || options.retval != XDP_DROP)
		return 0;
	return options.duration;
}

double xdp_run(const uint8_t *frame, uint32_t length, uint32_t runs)
{
	double whole = run(filter_fd, frame, length, runs),
	       empty = run(nothing_fd, frame, length, runs);
	return whole > empty ? whole - empty : 0;
}

static double now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double xdp_receive(const uint8_t *frame, uint32_t length, uint32_t runs, unsigned interface)
{
	struct xdp_md context = {.data_end = length, .ingress_ifindex = interface};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length,
		.ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = (int)runs,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	double began = now_ns();
	if (bpf_prog_test_run_opts(receive_fd, &options) != 0)
		return 0;
	return (now_ns() - began) / runs;
}
