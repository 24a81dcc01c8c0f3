// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK is told for a given configuration and machine, and the memory plan under it.
#include <criterion/criterion.h>

#include "control/start/eal_arguments.h"
#include "dataplane/port/port_open.h"

#define MEGABYTE (UINT64_C(1) << 20)

static struct config config;
static struct config_port port[4];
static int dataplane_cores[2] = {1, 2}, worker_cores[1] = {1};
static struct memory_plan plan;
static struct eal_surroundings around;
static struct eal_arguments arguments;
static char error[256];

static void prepare(void)
{
	config = (struct config){.dataplane_cores = dataplane_cores,
		.dataplane_core_count = 1,
		.worker_cores = worker_cores,
		.worker_core_count = 1,
		.port = port,
		.port_count = 1,
		.connections = 262144,
		.half_open = 16384,
		.talking = 8192,
		.data_rings = 256,
		.data_ring_size = 65536};
	port[0] = (struct config_port){
		.name = "mx0", .device = DEVICE_TAP, .interface = "bs0", .mtu = 1500};
	around = (struct eal_surroundings){
		.hugepages_free = 4096 * MEGABYTE, .hugepage_size = 2 * MEGABYTE, .pid = 4711};
	CPU_ZERO(&around.cpus);
	for (size_t cpu = 0; cpu < 4; cpu++)
		CPU_SET(cpu, &around.cpus);
	CPU_SET(8, &around.cpus);
	error[0] = '\0';
}

static bool make(void)
{
	cr_assert(memory_plan_make(&config, &plan, error), "%s", error);
	return eal_arguments_make(&config, &plan, &around, &arguments, error);
}

// The argument after `name`, or `name` itself when nothing is asked of it; NULL when it is not there.
static const char *given(const char *name)
{
	for (int i = 0; i < arguments.count; i++)
		if (strcmp(arguments.argument[i], name) == 0)
			return i + 1 < arguments.count ? arguments.argument[i + 1] : "";
	return NULL;
}

TestSuite(eal_arguments, .init = prepare);

Test(eal_arguments, hugepages_are_used_when_enough_are_free)
{
	cr_assert(make());
	cr_assert(arguments.hugepages);
	cr_assert_not_null(given("--in-memory"));
	cr_assert_null(given("--no-huge"));
	cr_assert_null(given("-m"));
	cr_assert_str_empty(arguments.warning);
	cr_assert_null(arguments.argument[arguments.count]);
}

Test(eal_arguments, too_few_hugepages_are_said_with_the_cure)
{
	around.hugepages_free = 2 * MEGABYTE;
	cr_assert(make());
	cr_assert(!arguments.hugepages);
	cr_assert_not_null(given("--no-huge"));
	cr_assert_not_null(given("--no-shconf"));
	cr_assert_null(given("--in-memory"), "EAL refuses both together");
	uint64_t megabytes = strtoull(given("-m"), NULL, 10);
	cr_assert_geq(megabytes * MEGABYTE, plan.total);
	char cure[80];
	snprintf(cure, sizeof(cure), "sysctl -w vm.nr_hugepages=%llu",
		(unsigned long long)((plan.total + 2 * MEGABYTE - 1) / (2 * MEGABYTE)));
	cr_assert(strstr(arguments.warning, cure) != NULL, "%s", arguments.warning);
	cr_assert(strstr(arguments.warning, ", 1 are there") != NULL, "%s", arguments.warning);
	cr_assert_null(strchr(arguments.warning, '\n'));
}

Test(eal_arguments, required_hugepages_that_lack_are_an_error)
{
	config.hugepages = HUGEPAGES_REQUIRED;
	around.hugepages_free = 0;
	cr_assert(!make());
	cr_assert(strstr(error, "nr_hugepages") != NULL, "%s", error);
	around.hugepages_free = 4096 * MEGABYTE;
	cr_assert(make());
}

Test(eal_arguments, hugepages_off_needs_no_warning)
{
	config.hugepages = HUGEPAGES_OFF;
	cr_assert(make());
	cr_assert_not_null(given("--no-huge"));
	cr_assert_str_empty(arguments.warning);
}

Test(eal_arguments, a_kernel_without_hugepages_is_said)
{
	around.hugepage_size = around.hugepages_free = 0;
	cr_assert(make());
	cr_assert_not_null(given("--no-huge"));
	cr_assert(strstr(arguments.warning, "no hugepages") != NULL, "%s", arguments.warning);
}

Test(eal_arguments, configured_memory_beats_the_plan)
{
	config.memory = 300 * MEGABYTE;
	config.hugepages = HUGEPAGES_OFF;
	cr_assert(make());
	cr_assert_str_eq(given("-m"), "300");
	config.hugepages = HUGEPAGES_AUTO;
	around.hugepages_free = 300 * MEGABYTE;
	cr_assert(make());
	cr_assert(arguments.hugepages);
}

Test(eal_arguments, control_thread_may_run_on_all_allowed_cores)
{
	cr_assert(make());
	cr_assert_str_eq(given("--lcores"), "0@(0-3,8)");
	cr_assert_str_eq(given("--file-prefix"), "barscreen-4711");
	cr_assert_not_null(given("--no-telemetry"));
}

Test(eal_arguments, pci_devices_are_allowed_by_name)
{
	cr_assert(make());
	cr_assert_not_null(given("--no-pci"));
	cr_assert_not_null(given("--iova-mode=va"));
	port[1] = (struct config_port){
		.name = "mx1", .device = DEVICE_PCI, .pci = "0000:03:00.0", .mtu = 1500};
	config.port_count = 2;
	cr_assert(make());
	cr_assert_null(given("--no-pci"));
	cr_assert_str_eq(given("-a"), "0000:03:00.0");
	cr_assert_null(
		given("--iova-mode=va"), "with hugepages EAL finds out what the device needs");
	config.hugepages = HUGEPAGES_OFF;
	cr_assert(make());
	cr_assert_not_null(given("--iova-mode=va"));
}

Test(eal_arguments, all_ports_fit)
{
	static struct config_port many[PORTS_MAX];
	for (unsigned i = 0; i < PORTS_MAX; i++)
		many[i] = (struct config_port){
			.name = "p", .device = DEVICE_PCI, .pci = "0000:03:00.0", .mtu = 1500};
	config.port = many;
	config.port_count = PORTS_MAX;
	config.hugepages = HUGEPAGES_OFF;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu += 2)
		CPU_SET(cpu, &around.cpus);
	cr_assert(make());
	unsigned allowed = 0;
	for (int i = 0; i < arguments.count; i++)
		allowed += strcmp(arguments.argument[i], "-a") == 0;
	cr_assert_eq(allowed, PORTS_MAX);
	cr_assert_not_null(given("--log-level=pmd.*:warning"));
}

Test(eal_arguments, tap_ends_have_different_and_lasting_addresses)
{
	char text[EAL_DEVICE], again[EAL_DEVICE];
	uint8_t ours[6], kernels[6];
	eal_device_text(&port[0], 3, 1, text);
	eal_device_text(&port[0], 3, 1, again);
	cr_assert_str_eq(text, again);
	cr_assert_eq(strncmp(text, "net_tap3,iface=bs0,mac=02:", 26), 0, "%s", text);
	port_tap_mac("bs0", false, ours);
	port_tap_mac("bs0", true, kernels);
	cr_assert_neq(memcmp(ours, kernels, 6), 0);
	cr_assert_eq(ours[0] & 3, 2, "locally administered, not a group");
}

Test(eal_arguments, af_packet_frames_fit_their_blocks)
{
	static const uint16_t mtu[] = {576, 1280, 1500, 4000, 9000, 9600};
	for (size_t i = 0; i < sizeof(mtu) / sizeof(mtu[0]); i++) {
		char text[EAL_DEVICE];
		unsigned queues, block, frame, count;
		port[0] = (struct config_port){.name = "mx0",
			.device = DEVICE_AF_PACKET,
			.interface = "eth1",
			.mtu = mtu[i]};
		eal_device_text(&port[0], 0, 2, text);
		cr_assert_eq(sscanf(text,
				     "net_af_packet0,iface=eth1,qpairs=%u,blocksz=%u,framesz=%u,"
				     "framecnt=%u",
				     &queues, &block, &frame, &count),
			4, "%s", text);
		cr_assert_eq(queues, 2u);
		cr_assert_eq(block % 4096, 0u, "a block is whole pages");
		cr_assert_eq(block % frame, 0u, "DPDK lays frames end to end over the blocks");
		cr_assert_geq(frame, mtu[i] + 14u + 4u + 66u);
		cr_assert_eq(count % (block / frame), 0u);
		cr_assert(memory_plan_make(&config, &plan, error));
		cr_assert_geq(plan.mbuf_room, frame - 66u,
			"the driver copies a frame without looking at the room");
	}
}

Test(eal_arguments, af_xdp_names_its_queues)
{
	char text[EAL_DEVICE];
	port[0] = (struct config_port){
		.name = "mx0", .device = DEVICE_AF_XDP, .interface = "eth1", .mtu = 1500};
	eal_device_text(&port[0], 1, 2, text);
	cr_assert_str_eq(text, "net_af_xdp1,iface=eth1,start_queue=0,queue_count=2");
}

static struct config_port memif_port(void)
{
	static char path[] = "/run/vpp/memif.sock";
	return (struct config_port){.name = "mx0",
		.device = DEVICE_MEMIF,
		.socket = path,
		.memif_id = 7,
		.ring_size = 2048,
		.mtu = 1500};
}

Test(eal_arguments, memif_says_its_end_of_the_socket)
{
	static const char begin[] = "net_memif2,role=server,id=7,rsize=11,bsize=2048,"
				    "socket=/run/vpp/memif.sock,socket-abstract=no,mac=02:";
	char text[EAL_DEVICE], name[EAL_DEVICE];
	port[0] = memif_port();
	eal_device_text(&port[0], 2, 1, text);
	cr_assert_eq(strncmp(text, begin, sizeof(begin) - 1), 0, "%s", text);
	eal_device_name(&port[0], 2, name);
	cr_assert_str_eq(name, "net_memif2");
	port[0].memif_role = MEMIF_CLIENT;
	eal_device_text(&port[0], 2, 1, text);
	cr_assert_not_null(strstr(text, "role=client"));
}

Test(eal_arguments, memif_ends_and_ids_have_other_macs_but_always_the_same)
{
	char server[EAL_DEVICE], again[EAL_DEVICE], client[EAL_DEVICE], other[EAL_DEVICE];
	port[0] = memif_port();
	eal_device_text(&port[0], 0, 1, server);
	eal_device_text(&port[0], 0, 1, again);
	port[0].memif_id = 8;
	eal_device_text(&port[0], 0, 1, other);
	port[0] = memif_port();
	port[0].memif_role = MEMIF_CLIENT;
	eal_device_text(&port[0], 0, 1, client);
	cr_assert_str_eq(server, again);
	cr_assert_str_neq(strstr(server, "mac="), strstr(client, "mac="));
	cr_assert_str_neq(strstr(server, "mac="), strstr(other, "mac="));
}

Test(eal_arguments, memif_buffers_carry_the_mtu_and_a_long_path_fits)
{
	char text[EAL_DEVICE], path[108];
	unsigned size;
	port[0] = memif_port();
	port[0].mtu = 9000;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[107] = '\0';
	port[0].socket = path;
	port[0].memif_id = UINT32_MAX;
	eal_device_text(&port[0], 0, 1, text);
	cr_assert_eq(sscanf(strstr(text, "bsize="), "bsize=%u", &size), 1);
	cr_assert_geq(size, 9000u + 14u + 4u);
	cr_assert(memory_plan_make(&config, &plan, error), "%s", error);
	cr_assert_geq(plan.mbuf_room, 9000u + 14u + 4u);
	cr_assert_eq(text[strlen(text) - 3], ':', "cut: %s", text);
}

Test(eal_arguments, af_xdp_buffers_stay_within_a_page)
{
	port[0] = (struct config_port){
		.name = "mx0", .device = DEVICE_AF_XDP, .interface = "eth1", .mtu = 3498};
	cr_assert(memory_plan_make(&config, &plan, error), "%s", error);
	cr_assert_leq(plan.mbuf_room + 64u + 128u + 128u, 4096u);
	// and in pages of that size each takes a whole one
	cr_assert_eq(plan.packets + plan.straddled, (uint64_t)plan.mbufs * 4096);
	port[1] = (struct config_port){
		.name = "mx1", .device = DEVICE_TAP, .interface = "bs0", .mtu = 9000};
	config.port_count = 2;
	cr_assert(!memory_plan_make(&config, &plan, error));
	cr_assert(strstr(error, "mx1") != NULL && strstr(error, "mx0") != NULL, "%s", error);
}

Test(eal_arguments, memory_grows_with_the_limits)
{
	struct memory_plan small, large;
	cr_assert(memory_plan_make(&config, &small, error));
	cr_assert_geq(small.records, 262144u * (64u + 16u));
	cr_assert_geq(small.blocks, 8192u * 3456u);
	cr_assert_eq(small.data_rings, 256u * 65536u);
	cr_assert_geq(small.mbufs, 2u * 1024u);
	cr_assert_gt(small.total, small.records + small.blocks + small.data_rings + small.packets);
	config.dataplane_core_count = 2;
	config.connections *= 2;
	cr_assert(memory_plan_make(&config, &large, error));
	cr_assert_geq(large.records, 2 * small.records);
	cr_assert_eq(
		large.packets, 2 * small.packets, "each dataplane lcore has a pool of its own");
	cr_assert_eq(small.handover, 0u, "one lcore has nobody to hand over to");
	cr_assert_geq(large.handover, 2u * 512u * 1500u);
	port[0].queues = 1;
	cr_assert(memory_plan_make(&config, &large, error));
	cr_assert_eq(large.handover, 0u, "no connection leaves its queue");
}
