// SPDX-License-Identifier: BSD-3-Clause
//
// What a dataplane lcore is made of, made before its first turn and freed after its last, by control.
#include <rte_malloc.h>

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/dataplane.h"
#include "dataplane/impairment.h"
#include "dataplane/frame/plain.h"
#include "dataplane/neighbour/link.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/tcp/syn_ack.h"
#include "dataplane/tcp/syn_rate.h"

// A scan of our ports is answered slowly.
#define RESETS_A_SECOND 1000u

static bool make_streams(struct dataplane *dataplane, const struct dataplane_settings *settings)
{
	struct bs_streams *streams = rte_zmalloc("streams", sizeof(*streams), 64);
	dataplane->streams = streams;
	if (streams == NULL)
		return false;
	streams->bell = settings->bell;
	streams->workers = settings->workers;
	dataplane->blocks = blocks_new(settings->talking,
		ring_pool_new(
			settings->data_rings, settings->data_ring_size, settings->data_ring_most),
		streams);
	for (uint32_t i = 0; i < settings->workers; i++) {
		streams->worker_bell[i] = settings->worker_bell[i];
		streams->events[i] = bs_ring_new(settings->talking, sizeof(uint32_t));
		streams->wishes[i] = bs_ring_new(settings->talking, sizeof(uint32_t));
		streams->early[i] = bs_ring_new(BS_EARLY_ROOM, sizeof(struct bs_early));
		streams->greet[i] = bs_ring_new(BS_EARLY_ROOM, sizeof(struct bs_greet));
		if (streams->events[i] == NULL || streams->wishes[i] == NULL ||
			streams->early[i] == NULL || streams->greet[i] == NULL)
			return false;
	}
	return dataplane->blocks != NULL;
}

static bool make_frames(struct dataplane *dataplane)
{
	const struct ports *ports = dataplane->ports;
	dataplane->plain = rte_malloc("plain", PORTS_MAX * sizeof(*dataplane->plain), 64);
	dataplane->syn_acks = rte_malloc("syn acks", PORTS_MAX * sizeof(*dataplane->syn_acks), 64);
	if (dataplane->plain == NULL || dataplane->syn_acks == NULL)
		return false;
	for (uint8_t i = 0; i < ports->port_count; i++) {
		plain_prepare(&dataplane->plain[i], ports, &ports->port[i]);
		syn_ack_prepare(&dataplane->syn_acks[i], &ports->port[i]);
	}
	return true;
}

static bool make_parts(
	struct dataplane *dataplane, const struct dataplane_settings *settings, uint64_t now_ns)
{
	struct siphash_key key[3];
	memcpy(key, settings->secret, sizeof(key));
	cookies_init(&dataplane->cookies, &key[0], dataplane->clock_ms);
	dataplane->worker_secret = key[2]; // with the rates: of neither hash anything gets out
	dataplane->connections = connections_new(
		settings->connections, settings->half_open, &key[1]);
	dataplane->syn_rates = syn_rate_new(&key[2]);
	dataplane->links = links_new();
	dataplane->impairment = impairment_new();
	dataplane->notices = bs_ring_new(settings->notices, sizeof(struct bs_notice));
	if (settings->neighbour_lcore) {
		dataplane->neighbours = neighbours_new(
			settings->ports, (uint32_t)(now_ns / 1000000));
		if (dataplane->neighbours == NULL)
			return false;
	}
	return make_streams(dataplane, settings) && dataplane->connections != NULL &&
	       dataplane->syn_rates != NULL && dataplane->links != NULL &&
	       dataplane->impairment != NULL && dataplane->notices != NULL;
}

struct dataplane *dataplane_new(const struct dataplane_settings *settings, uint64_t now_ns)
{
	struct dataplane *dataplane = rte_zmalloc("dataplane", sizeof(*dataplane), 64);
	if (dataplane == NULL)
		return NULL;
	dataplane->number = settings->number;
	dataplane->ports = settings->ports;
	dataplane->pool = settings->pool;
	dataplane->counters = settings->counters;
	dataplane->draining = settings->draining;
	dataplane->sources = settings->sources;
	dataplane->lcores = settings->lcores;
	dataplane->door = settings->door;
	dataplane->handover = settings->handover;
	dataplane->transmit_queue = settings->transmit_queue;
	dataplane->queue_count = settings->queue_count;
	memcpy(dataplane->queue, settings->queue,
		settings->queue_count * sizeof(settings->queue[0]));
	dataplane->clock_ms = now_ns / 1000000;
	dataplane->now_ms = (uint32_t)dataplane->clock_ms;
	dataplane->policy = bs_policy_get();
	dataplane->resets = (struct bucket){.rate = RESETS_A_SECOND,
		.burst = RESETS_A_SECOND,
		.tokens = RESETS_A_SECOND * 1000,
		.last_ms = dataplane->now_ms};
	if (!make_frames(dataplane) || !make_parts(dataplane, settings, now_ns)) {
		dataplane_free(dataplane);
		return NULL;
	}
	return dataplane;
}

void dataplane_free(struct dataplane *dataplane)
{
	if (dataplane == NULL)
		return;
	struct bs_streams *streams = dataplane->streams;
	if (streams != NULL) {
		for (uint32_t i = 0; i < streams->workers; i++) {
			free(streams->events[i]);
			free(streams->wishes[i]);
			free(streams->early[i]);
			free(streams->greet[i]);
		}
		rte_free(streams->stream);
		rte_free(streams);
	}
	rte_free(dataplane->plain);
	rte_free(dataplane->syn_acks);
	neighbours_free(dataplane->neighbours);
	blocks_free(dataplane->blocks);
	connections_free(dataplane->connections);
	syn_rate_free(dataplane->syn_rates);
	links_free(dataplane->links);
	impairment_free(dataplane->impairment);
	free(dataplane->notices);
	rte_free(dataplane);
}
