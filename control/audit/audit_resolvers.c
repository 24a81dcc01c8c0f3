// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: the resolvers. Each is asked for the SOA of the root, which whoever resolves has at hand; all at once, for two
// seconds.
#include <stdio.h>
#include <stdlib.h>

#include "control/audit/audit_net.h"
#include "control/audit/audit_say.h"
#include "control/policy/policy_make.h"
#include "smtp/dns/channel.h"
#include "smtp/dns/message.h"

#define PATIENCE_MS 2000u
#define MARGIN_MS   500u // the channels' clock ticks; then nobody waits longer for them
#define QUESTIONS   128u // room for: a channel a server
#define SOA         6
#define PLACE       (BS_ADDRESS_TEXT + 10)

// RFC 1035, 4.1.1: the header's third and fourth octet.
#define HEADER              12u
#define RESPONSE            0x80
#define RECURSION_AVAILABLE 0x80
#define RCODE               0x0f

enum state { SILENT, WORKS, FAULT };

struct probe {
	struct channel_ask ask;
	bool done;
	enum state state;
	char what[80]; // of FAULT
};

struct probes {
	struct audit_net net;
	struct channels *channels;
	struct dns_servers servers;
	struct probe probe[DNS_SERVERS];
};

static void fault(struct probe *probe, const char *what)
{
	probe->state = FAULT;
	snprintf(probe->what, sizeof(probe->what), "%s", what);
}

static void answered(struct channel_ask *ask, enum channel_outcome outcome, const uint8_t *bytes,
	size_t length, const char *why)
{
	struct probe *probe = (struct probe *)((char *)ask - offsetof(struct probe, ask));
	unsigned rcode;
	probe->done = true;
	if (outcome == CHANNEL_FAILURE)
		fault(probe, why);
	if (outcome != CHANNEL_ANSWER)
		return;
	if (length < HEADER || (bytes[2] & RESPONSE) == 0) {
		fault(probe, "what it sends is no answer");
		return;
	}
	rcode = bytes[3] & RCODE;
	if (rcode == 2)
		fault(probe, "it answers SERVFAIL for the root");
	else if (rcode == 5)
		fault(probe, "it answers REFUSED: we are none of its clients");
	else if (rcode != 0)
		fault(probe, "it answers with an error");
	else if ((bytes[3] & RECURSION_AVAILABLE) == 0)
		fault(probe, "it does not resolve for us (no recursion)");
	else
		probe->state = WORKS;
}

static void ask_all(struct probes *probes)
{
	uint64_t now_ms = audit_net_now(), end_ms = now_ms + PATIENCE_MS + MARGIN_MS;
	uint8_t packet[DNS_ASK_MOST];
	bool pending = true;
	for (unsigned i = 0; i < probes->servers.count; i++) {
		struct probe *probe = &probes->probe[i];
		size_t length = dns_message_ask(
			packet, (uint16_t)random(), "", (enum dns_type)SOA, false);
		probe->ask.done = answered;
		if (!channels_ask(probes->channels, &probes->servers.server[i], packet, length,
			    false, &probe->ask)) {
			probe->done = true;
			fault(probe, "it can't be asked (no memory, or no such network here)");
		}
	}
	while (pending && now_ms < end_ms) {
		now_ms = audit_net_turn(&probes->net);
		channels_turn(probes->channels);
		pending = false;
		for (unsigned i = 0; i < probes->servers.count; i++)
			pending |= !probes->probe[i].done;
	}
}

static const char *place_of(const struct dns_server *server, char text[PLACE])
{
	char address[BS_ADDRESS_TEXT];
	bs_address_format(&server->address, address);
	if (server->port == DNS_PORT)
		snprintf(text, PLACE, "%s", address);
	else
		snprintf(text, PLACE, bs_address_is_ipv4(&server->address) ? "%s:%u" : "[%s]:%u",
			address, server->port);
	return text;
}

static bool is_public(const struct dns_server *server)
{
	static const char *const known[] = {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9",
		"149.112.112.112", "2001:4860:4860::8888", "2001:4860:4860::8844",
		"2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2620:fe::9"};
	struct bs_address address;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bs_address_parse(known[i], &address) &&
			bs_address_equal(&address, &server->address))
			return true;
	return false;
}

static bool lists_are_asked(const struct policy_base *base)
{
	for (uint32_t i = 0; i < base->dnsl_count; i++)
		if (base->dnsl[i].mode != BS_MODE_OFF)
			return true;
	return false;
}

// Those that know nothing without an answer.
static bool asks(enum bs_check check, const struct policy_base *base)
{
	switch (check) {
	case BS_CHECK_SENDER_NULL_MX:
	case BS_CHECK_SENDER_DOMAIN:
	case BS_CHECK_SENDER_MX:
	case BS_CHECK_SENDER_OTHER:
	case BS_CHECK_SPF_FAIL:
	case BS_CHECK_SPF_SOFTFAIL:
	case BS_CHECK_SPF_NEUTRAL:
	case BS_CHECK_SPF_NONE:
	case BS_CHECK_SPF_PASS:
	case BS_CHECK_SPF_PERMERROR:
	case BS_CHECK_HELO_SPF_FAIL:
	case BS_CHECK_HELO_UNRESOLVED:
	case BS_CHECK_HELO_OTHER:
	case BS_CHECK_NAME_MISSING:
	case BS_CHECK_NAME_UNCONFIRMED:
	case BS_CHECK_NAME_DYNAMIC:
		return true;
	case BS_CHECK_CLIENT_LISTS:
		return lists_are_asked(base);
	default:
		return false;
	}
}

static unsigned checks_that_ask(const struct audit *audit, const struct policy_base *base)
{
	struct bs_policy *policy = policy_make(audit->config, base, NULL, NULL, 0);
	unsigned count = 0;
	for (unsigned i = 0; policy != NULL && i < BS_CHECK_COUNT; i++)
		count += bs_check_mode(policy, 0, (enum bs_check)i) != BS_MODE_OFF &&
			 asks((enum bs_check)i, base);
	free(policy);
	return count;
}

static void say(struct audit *audit, const struct policy_base *base, const struct probes *probes)
{
	unsigned working = 0, asking = checks_that_ask(audit, base);
	for (unsigned i = 0; i < probes->servers.count; i++) {
		const struct probe *probe = &probes->probe[i];
		char place[PLACE];
		place_of(&probes->servers.server[i], place);
		working += probe->state == WORKS;
		if (probe->state == WORKS)
			audit_ok(audit, "dns: resolver %s answers", place);
		else
			audit_warning(audit,
				"dns: resolver %s: %s; start it, let it resolve for us, or take it "
				"out of dns/servers (else /etc/resolv.conf)",
				place,
				probe->state == FAULT ? probe->what
						      : "there is no answer within 2 seconds");
		if (lists_are_asked(base) && is_public(&probes->servers.server[i]))
			audit_warning(audit,
				"dns: %s is a public resolver, which many DNS lists answer with "
				"errors (127.255.255.254) instead of entries; run a resolver of "
				"your own, unbound for example, and name it in dns/servers",
				place);
	}
	if (working == 0 && asking > 0)
		audit_warning(audit,
			"dns: no resolver works: the checks that ask the DNS (%u) will all be "
			"unknown, for every client; name one that does in dns/servers",
			asking);
}

void audit_resolvers(struct audit *audit, const struct policy_base *base)
{
	struct probes *probes = calloc(1, sizeof(*probes));
	char error[256] = "no memory; free some", why[DNS_SERVER_WHY] = "";
	if (probes == NULL)
		return;
	if (!dns_servers_parse(audit->config->dns.servers, &probes->servers, why) ||
		(probes->servers.count == 0 && !dns_servers_of_host(&probes->servers, why)))
		snprintf(error, sizeof(error), "dns/servers: %s", why);
	else if (audit_net_begin(&probes->net))
		probes->channels = channels_new(
			probes->net.heap, probes->net.poller, PATIENCE_MS, QUESTIONS, error);
	if (probes->channels != NULL) {
		ask_all(probes);
		say(audit, base, probes);
	} else {
		audit_warning(audit, "dns: the resolvers can't be tested: %s", error);
	}
	channels_free(probes->channels);
	audit_net_end(&probes->net);
	free(probes);
}
