// SPDX-License-Identifier: BSD-3-Clause
//
// What is counted, one table a kind of lcore. Each lcore has its own copy and alone writes it, with plain
// increments (a torn read of an aligned 64-bit word does not exist here); control adds the copies up.
//
// X(identifier, "name", "sentence for the operator")
#pragma once

#include <stdint.h>

#include "dataplane/seam/reason.h"
#include "smtp/checks/rows.h"

#define BS_DATAPLANE_COUNTERS(X) \
	X(rx_packets, "rx-packets", "packets received") \
	X(rx_bytes, "rx-bytes", "bytes received, without frame check sequence") \
	X(tx_packets, "tx-packets", "packets sent") \
	X(tx_bytes, "tx-bytes", "bytes sent") \
	X(syn_received, "syn-received", "SYNs that passed the ingress filter") \
	X(syn_cookies, "syn-cookies", "SYN-ACKs sent without keeping a record") \
	X(cookies_accepted, "cookies-accepted", "connections opened by a cookie alone") \
	X(accepted, "connections-accepted", "handshakes completed") \
	X(pregreets, "pregreets", "clients that spoke before the greeting") \
	X(pregreets_observed, "pregreets-observed", \
		"the same where that is only observed: they were served") \
	X(hangups, "hangups", "clients that left before the greeting") \
	X(denied, "denied", "connections refused as the greeting") \
	X(verdicts_met, "verdicts-met", "of these, for a verdict on the source") \
	X(verdicts_given, "verdicts-given", "verdicts on sources that spoke too early") \
	X(stutters, "stutters", "refusals told a byte a second") \
	X(stressed, "stress-entered", "times that STRESS mode began") \
	X(shed, "shed", "suspicious clients told 421 in STRESS mode") \
	X(early_lost, "early-questions-lost", \
		"sources that no worker was told of while they waited") \
	X(crowded, "crowded", "connections refused: too many from one source") \
	X(too_fast, "connection-rate", "connections refused: too many from one source in a time") \
	X(sources_evicted, "sources-evicted", "sources forgotten to make room for others") \
	X(sources_no_room, "sources-no-room", "connections not counted: no room for their source") \
	X(greeted, "greeted", "greetings sent") \
	X(busy, "busy", "clients told 421 because no session block was free") \
	X(talking, "talking", "connections handed to a worker") \
	X(retransmits, "retransmits", "segments sent again") \
	X(path_mtu_lowered, "path-mtu-lowered", \
		"connections whose segments were made smaller because a router said so") \
	X(out_of_order, "out-of-order", "segments kept ahead of a gap") \
	X(tiny, "tiny", "segments of one or two bytes, less than any line of SMTP has") \
	X(windows_grown, "windows-grown", "receive rings doubled for fast senders") \
	X(resets_sent, "resets-sent", "RSTs sent") \
	X(resets_received, "resets-received", "RSTs that ended a connection") \
	X(challenge_acks, "challenge-acks", "ACKs sent to make sure of the peer (RFC 5961)") \
	X(challenges_held, "challenge-acks-held", "of these, not sent: there were enough") \
	X(timeouts, "timeouts", "connections given up after unanswered retransmissions") \
	X(time_wait_recycled, "time-wait-recycled", \
		"TIME_WAIT records ended early for want of room") \
	X(expired_late, "expired-late", "waits and timeouts that ended more than 50 ms late") \
	X(echo_replies, "echo-replies", "ICMP and ICMPv6 echo replies") \
	X(arp_replies, "arp-replies", "ARP and neighbour advertisements sent in answer") \
	X(half_open_displaced, "half-open-displaced", \
		"handshakes whose record another one took that was complete; the cookie serves " \
		"them") \
	X(displaced, "displaced", \
		"waiting clients reset since an allowed or known one needed the record") \
	X(data_rings_short, "data-rings-short", \
		"mails received by the small ring: no large one was free") \
	X(handed_over, "handed-over", \
		"packets that came in by another core's queue than their connection's") \
	X(notices_lost, "notices-lost", "log records lost because the ring was full") \
	X(impaired_received_lost, "impaired-received-lost", \
		"packets lost on purpose (impairment) before they were looked at") \
	X(impaired_received_reordered, "impaired-received-reordered", \
		"the same: put out of order") \
	X(impaired_received_duplicated, "impaired-received-duplicated", "the same: doubled") \
	X(impaired_received_corrupted, "impaired-received-corrupted", "the same: damaged") \
	X(impaired_sent_lost, "impaired-sent-lost", \
		"packets to be sent that were lost on purpose (impairment)") \
	X(impaired_sent_reordered, "impaired-sent-reordered", "the same: put out of order") \
	X(impaired_sent_duplicated, "impaired-sent-duplicated", "the same: doubled") \
	X(impaired_sent_corrupted, "impaired-sent-corrupted", "the same: damaged")

// Moments, not sums: written by the owner lcore, shown as they are.
#define BS_DATAPLANE_GAUGES(X) \
	X(records, "connection-records", "connection records in use") \
	X(half_open, "half-open", "of these, handshakes not completed") \
	X(waiting, "waiting", "of these, waiting for the greeting") \
	X(fin_wait_2, "fin-wait-2", \
		"of these, closed by us with all acknowledged, the client's own close to come") \
	X(time_wait, "time-wait", "of these, in TIME_WAIT") \
	X(stuttering, "stuttering", "of these, being told a refusal a byte a second") \
	X(stress, "stress", "dataplane cores in STRESS mode: short waits, no stutters") \
	X(blocks, "session-blocks", "session blocks in use") \
	X(data_rings, "data-rings", "large receive rings in use") \
	X(mbufs, "packet-buffers", \
		"packet buffers not free, as of the last second; some stay with the port")

// The same, of which the lcores' sum says nothing: control shows the greatest.
#define BS_DATAPLANE_MAXIMA(X) \
	X(expiry_lag, "expiry-lag", "milliseconds that the wait or timeout longest over is late")

#define BS_WORKER_COUNTERS(X) \
	X(sessions, "sessions", "SMTP sessions begun") \
	X(sessions_ended, "sessions-ended", "SMTP sessions ended") \
	X(commands, "commands", "SMTP commands") \
	X(mails_accepted, "mails-accepted", "mails the backend took") \
	X(mails_refused, "mails-refused", "mails answered 5xx after DATA") \
	X(mails_deferred, "mails-deferred", "mails answered 4xx after DATA") \
	X(mail_bytes, "mail-bytes", "bytes of accepted mails") \
	X(recipients_accepted, "recipients-accepted", "RCPT answered 250") \
	X(recipients_unknown, "recipients-unknown", "RCPT for nobody: 550 5.1.1") \
	X(recipients_cached, "recipients-cached", \
		"of these, answered without asking the backend again") \
	X(backend_connections, "backend-connections", "connections to the backend opened") \
	X(backend_failures, "backend-failures", \
		"connections to the backend that failed or were lost") \
	X(lmtp_partial, "lmtp-partial", \
		"mails that only some recipients' mailboxes took: deferred") \
	X(lmtp_spared, "lmtp-duplicates-avoided", \
		"deliveries not repeated when such a mail came again") \
	X(relay_denied, "relay-denied", "RCPT for a domain that is not ours") \
	X(denied, "denied", "RCPT refused because the client is on a deny list") \
	X(judged_refused, "judged-refused", "recipients refused by checks") \
	X(judged_deferred, "judged-deferred", "recipients deferred by checks") \
	X(observed, "judged-observed", "of those let through, refused if all were enforced") \
	X(harvests, "harvests", "sessions ended for too many unknown recipients") \
	X(verdicts_given, "verdicts-given", "verdicts on sources for what their sessions did") \
	X(verdicts_met, "verdicts-met", "sessions ended for a verdict on their source") \
	X(synchronisation, "synchronisation-errors", "sessions ended for talking out of turn") \
	X(smuggling, "bare-newlines", "mails refused for a bare CR, LF or NUL") \
	X(too_large, "too-large", "mails over the size limit") \
	X(errors_limit, "error-limit", "sessions ended for too many errors") \
	X(timeouts, "timeouts", "sessions ended for waiting too long") \
	X(lost, "lost-connections", "clients that left without QUIT") \
	X(dns_looked, "dns-looked", "answers of the DNS that checks wanted") \
	X(dns_cached, "dns-cached", "of these, remembered ones") \
	X(dns_joined, "dns-joined", "of these, asked for already by another session") \
	X(dns_asked, "dns-asked", "questions sent to name servers, repetitions included") \
	X(dns_found, "dns-found", "answers with records") \
	X(dns_negative, "dns-negative", "answers that there is no such name or record") \
	X(dns_trouble, "dns-trouble", "questions without an answer: nothing is known then") \
	X(dns_timeouts, "dns-timeouts", "name servers that said nothing in time") \
	X(dns_evicted, "dns-evicted", "answers forgotten before their time for want of room")

// Of each port, as its driver and the kernel say: read by control (control/start/port_losses.h).
#define BS_PORT_COUNTERS(X) \
	X(rx_missed, "rx-missed", "packets lost because nobody took them from the port in time") \
	X(rx_errors, "rx-errors", \
		"packets that came in damaged, or that the driver could not take") \
	X(rx_no_buffer, "rx-no-buffer", "packets lost because no packet buffer was free") \
	X(tx_errors, "tx-errors", "packets that the port did not send")

struct bs_port_counters {
#define X(identifier, name, sentence) uint64_t identifier;
	BS_PORT_COUNTERS(X)
#undef X
};

struct bs_dataplane_counters {
	uint64_t reason[BS_REASON_COUNT];
#define X(identifier, name, sentence) uint64_t identifier;
	BS_DATAPLANE_COUNTERS(X)
	BS_DATAPLANE_GAUGES(X)
	BS_DATAPLANE_MAXIMA(X)
#undef X
	// Connections with a text of template set i: not shown, but what control asks before it writes to a set anew.
	uint64_t text_holders[16];
};

struct bs_worker_counters {
#define X(identifier, name, sentence) uint64_t identifier;
	BS_WORKER_COUNTERS(X)
#undef X
	uint64_t sessions_now;
	// By check: how often it came out so, and how often it gave the reply.
	struct {
		uint64_t hit, miss, unknown, answered;
	} check[BS_CHECK_COUNT];
};
