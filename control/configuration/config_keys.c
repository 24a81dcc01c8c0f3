// SPDX-License-Identifier: BSD-3-Clause
//
// The table of configuration keys: see the header.
#include "control/configuration/config_keys.h"

#include <stdio.h>
#include <string.h>

#include "control/configuration/config_check_rows.h"
#include "control/configuration/config_impairment_rows.h"
#include "control/configuration/config_port_rows.h"
#include "control/configuration/nearest.h"

#define KB UINT64_C(1024)
#define MB (KB * 1024)
#define GB (MB * 1024)
#define TB (GB * 1024)

#define SECOND UINT64_C(1000)
#define MINUTE (UINT64_C(60) * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define FIELD(type, field) \
	.offset = offsetof(struct type, field), .width = sizeof(((struct type *)0)->field)
#define LIST(type, field, counter) \
	.offset = offsetof(struct type, field), .count_offset = offsetof(struct type, counter)

// clang-format off
const struct config_key config_keys[] = {
	{"", "hostname", KIND_HOSTNAME, FIELD(config, hostname), .change = CHANGE_RELOAD, .most = 253,
	 .sentence = "Our fully qualified name, first word of the greeting. Default: the host's own name."},
	{"", "contact", KIND_TEXT, FIELD(config, contact), .change = CHANGE_RELOAD, .standard = "", .most = 120,
	 .sentence = "Whom a refused sender may ask: added to every refusal. An address of another domain, a web page, a telephone number."},
	{"", "domains", KIND_DOMAINS, LIST(config, domains, domain_count), .change = CHANGE_RELOAD, .needed = true,
	 .sentence = "The domains that we take mail for, each by its full name; the first gets <postmaster> without a domain."},
	{"", "backend", KIND_BACKEND, FIELD(config, backend), .needed = true, .most = 4000,
	 .sentence = "Where accepted mail goes. maildir:/PATH: an existing folder /PATH/DOMAIN/LOCAL is a recipient. smtp://HOST:PORT, lmtp://HOST:PORT or lmtp:///SOCKET: a mail server, which also says who is a recipient."},
	{"", "log", KIND_LOG, FIELD(config, log), .standard = "syslog", .most = 4000,
	 .sentence = "Where the log goes: syslog, journal (with fields of its own), stderr or file:/PATH."},
	{"", "log-format", KIND_WORD, FIELD(config, log_format), .standard = "postfix", .words = "postfix|json",
	 .sentence = "postfix: lines as Postfix writes them. json: an object a line; the journal has its fields in any case."},
	{"", "log-repeat", KIND_COUNT, FIELD(config, log_repeat), .standard = "60", .most = 1000000,
	 .sentence = "Lines a minute of one kind about one client; the others become one line that counts them. Lines of mails are all written. 0: all lines are."},
	{"", "log-name", KIND_SYSLOG_NAME, FIELD(config, log_name), .standard = "postfix-barscreen/smtpd", .least = 1, .most = 48,
	 .sentence = "Program name in the log; one that begins with postfix lets fail2ban, pflogsumm and logcheck read it."},
	{"", "control-socket", KIND_PATH, FIELD(config, control_socket), .standard = "/run/barscreen/control", .least = 1, .most = 107,
	 .sentence = "Socket that barscreenctl talks to. Root and barscreen's own user may change things; the file's group may look, or those named below."},
	{"", "control-readers", KIND_TEXT, FIELD(config, control_readers), .standard = "", .most = 63,
	 .sentence = "A group whose members may look, in place of the file's group."},
	{"", "control-writers", KIND_TEXT, FIELD(config, control_writers), .standard = "", .most = 63,
	 .sentence = "A group whose members may change things too."},
	{"", "state-folder", KIND_PATH, FIELD(config, state_folder), .standard = "/var/lib/barscreen", .least = 1, .most = 200,
	 .sentence = "Folder for what must survive a restart: entries added at run time, what is remembered."},

	PORT_ROWS,

	{"machine", "dataplane-cores", KIND_CORES, LIST(config, dataplane_cores, dataplane_core_count),
	 .sentence = "Processor cores that handle packets, each as often as it stands here. Default: one core that is not the first, if there are several."},
	{"machine", "worker-cores", KIND_CORES, LIST(config, worker_cores, worker_core_count),
	 .sentence = "Processor cores that speak SMTP, each with as many workers as it stands here; the same core may stand in both lists. Default: another one than the dataplane's, if there are several."},
	{"machine", "idle", KIND_WORD, FIELD(config, idle), .standard = "adaptive", .words = "adaptive|spin",
	 .sentence = "adaptive: a core without work sleeps. spin: it polls on, for the last microsecond."},
	{"machine", "hugepages", KIND_WORD, FIELD(config, hugepages), .standard = "auto", .words = "auto|required|off",
	 .sentence = "auto: use them if there are enough, else go on without and say so. required: don't start without. off: never."},
	{"machine", "memory", KIND_SIZE, FIELD(config, memory), .standard = "0", .or_zero = true, .least = 64 * MB, .most = TB,
	 .sentence = "Memory for packets and connections; 0: as much as the limits below need."},
	{"machine", "helper-threads", KIND_COUNT, FIELD(config, helper_threads), .standard = "4", .least = 1, .most = 256,
	 .sentence = "Threads for what waits for a disk: each mail delivered keeps one busy for the time of its fsync."},

	{"waiting", "wait", KIND_DURATION, FIELD(config, smtp.wait_ms), .change = CHANGE_SET, .standard = "25s", .most = 4 * MINUTE,
	 .sentence = "How long a client waits for the greeting; who speaks before it is refused. RFC 5321 has senders wait 5 minutes."},
	{"waiting", "suspicious-wait", KIND_DURATION, FIELD(config, smtp.suspicious_wait_ms), .change = CHANGE_SET, .standard = "0s", .most = 4 * MINUTE,
	 .sentence = "The same for a source that was mostly refused of late. 0s: twice as long, 4m at most. Where the wait above is 0s nobody waits. Sources that behaved don't wait."},
	{"waiting", "teaser", KIND_TEXT, FIELD(config, teaser), .change = CHANGE_RELOAD, .standard = "", .most = 100,
	 .sentence = "Sent at once, as a first line of a greeting of two (220-): who takes it for the greeting and speaks is refused. The wait is before the second line. Default: nothing is sent before the wait is over."},
	{"waiting", "stress-wait", KIND_DURATION, FIELD(config, smtp.stress_wait_ms), .change = CHANGE_SET, .standard = "2s", .most = 4 * MINUTE,
	 .sentence = "The wait while connections run short (STRESS mode: from 80 per cent of limits.connections in use until 60), where it is less than the usual one."},
	{"waiting", "stutters", KIND_COUNT, FIELD(config, smtp.stutters), .change = CHANGE_SET, .standard = "0", .most = 16777216,
	 .sentence = "Clients at once that are refused a byte a second (the action stutter of lists and verdicts); the next are refused at once, and in STRESS mode all are. 0: a tenth of limits.connections."},
	{"waiting", "stutter-time", KIND_DURATION, FIELD(config, smtp.stutter_ms), .change = CHANGE_SET, .standard = "400s", .least = SECOND, .most = HOUR,
	 .sentence = "How long one of them is kept, as far as the text lasts; then the rest is said at once."},
	{"waiting", "connections-per-source", KIND_COUNT, FIELD(config, smtp.connections_per_source), .change = CHANGE_SET, .standard = "100", .most = 1000000,
	 .sentence = "Connections at once from one IPv4 address or IPv6 /64, allow lists excepted; the next is told 421. 0: no limit. Those who wait count too, so there are more than a server without a wait would see."},

	{"remember", "wait-ttl", KIND_DURATION, FIELD(config, smtp.remember_ms), .change = CHANGE_SET, .standard = "1d", .most = 40 * DAY,
	 .sentence = "How long a source is spared the wait after a session in which a mail was accepted and nothing refused. 0s: it never is."},

	{"verdicts", "action", KIND_WORD, FIELD(config, smtp.verdicts.action), .change = CHANGE_SET, .standard = "refuse", .words = "observe|refuse|drop|stutter",
	 .sentence = "What a source with a verdict meets. refuse: 554 as the greeting, at once. drop: it is not answered. stutter: the 554, a byte a second. observe: only the longer wait of the suspicious, the verdict is logged and shown."},
	{"verdicts", "lifetime", KIND_DURATION, FIELD(config, smtp.verdicts.lifetime_ms), .change = CHANGE_SET, .standard = "1h", .least = MINUTE, .most = 30 * DAY,
	 .sentence = "How long a verdict is in force."},
	{"verdicts", "window", KIND_DURATION, FIELD(config, smtp.verdicts.window_ms), .change = CHANGE_SET, .standard = "10m", .least = MINUTE, .most = DAY,
	 .sentence = "The time within which the events below are counted; it begins with the first of them."},
	{"verdicts", "refused-sessions", KIND_COUNT, FIELD(config, smtp.verdicts.refused_sessions), .change = CHANGE_SET, .standard = "10", .most = BS_VERDICT_COUNT_MOST,
	 .sentence = "Sessions of a source that were refused for good before it gets a verdict; 0: never."},
	{"verdicts", "refused-share", KIND_COUNT, FIELD(config, smtp.verdicts.refused_share), .change = CHANGE_SET, .standard = "90", .least = 1, .most = 100,
	 .sentence = "Per cent of its sessions that these must be, and per cent of its recipients that unknown ones must be."},
	{"verdicts", "unknown-recipients", KIND_COUNT, FIELD(config, smtp.verdicts.unknown_recipients), .change = CHANGE_SET, .standard = "20", .most = BS_VERDICT_COUNT_MOST,
	 .sentence = "Unknown recipients that a source asked for, over all its sessions, before it gets a verdict; 0: never."},
	{"verdicts", "early-talks", KIND_COUNT, FIELD(config, smtp.verdicts.early_talks), .change = CHANGE_SET, .standard = "5", .most = BS_VERDICT_COUNT_MOST,
	 .sentence = "Connections of a source that spoke before the greeting before it gets a verdict; 0: never."},
	{"verdicts", "forgiven", KIND_DURATION, FIELD(config, smtp.verdicts.forgiven_ms), .change = CHANGE_SET, .standard = "7d", .most = 30 * DAY,
	 .sentence = "So long after a mail of it was accepted a source gets no verdict, whatever else it does. 0s: it gets one."},

	CHECKS_KEYS
	REPLIES_KEYS
	GREYLIST_KEYS
	RATES_KEYS

	{"smtp", "service", KIND_COUNT, FIELD(config, service), .standard = "25", .least = 1, .most = 65535,
	 .sentence = "TCP port that we serve."},
	{"smtp", "greeted-timeout", KIND_DURATION, FIELD(config, smtp.greeted_timeout_ms), .change = CHANGE_SET, .standard = "5m", .least = SECOND, .most = HOUR,
	 .sentence = "Time for the first command after the greeting. RFC 5321 recommends 5 minutes."},
	{"smtp", "command-timeout", KIND_DURATION, FIELD(config, smtp.command_timeout_ms), .change = CHANGE_SET, .standard = "5m", .least = SECOND, .most = HOUR,
	 .sentence = "Time for one whole command, however slowly its bytes come. RFC 5321 recommends 5 minutes."},
	{"smtp", "data-timeout", KIND_DURATION, FIELD(config, smtp.data_timeout_ms), .change = CHANGE_SET, .standard = "3m", .least = SECOND, .most = HOUR,
	 .sentence = "Time without progress in a mail, and the time given at its start before data-rate counts. RFC 5321 recommends 3 minutes."},
	{"smtp", "data-rate", KIND_SIZE, FIELD(config, smtp.data_rate), .change = CHANGE_SET, .standard = "500", .most = GB,
	 .sentence = "Bytes a second below which a mail runs out of time; 0: never."},
	{"smtp", "message-size", KIND_SIZE, FIELD(config, smtp.message_size), .change = CHANGE_SET, .standard = "50mb", .or_zero = true, .least = 64 * KB, .most = TB,
	 .sentence = "Largest mail, announced by SIZE; 0: no limit. RFC 5321 asks for 64kb at least."},
	{"smtp", "line-length", KIND_SIZE, FIELD(config, smtp.line_length), .change = CHANGE_SET, .standard = "2kb", .least = 512, .most = 16 * KB,
	 .sentence = "Longest command line with its CRLF. RFC 5321 asks for 512 at least."},
	{"smtp", "text-line-length", KIND_SIZE, FIELD(config, smtp.text_line_length), .change = CHANGE_SET, .standard = "0", .or_zero = true, .least = 1000, .most = GB,
	 .sentence = "Longest line of a mail with its CRLF; 0: no limit. RFC 5321 asks for 1000 at least."},
	{"smtp", "errors", KIND_COUNT, FIELD(config, smtp.errors), .change = CHANGE_SET, .standard = "20", .least = 1, .most = 1000000,
	 .sentence = "Refused commands in a session before it is ended with 421."},
	{"smtp", "commands", KIND_COUNT, FIELD(config, smtp.commands), .change = CHANGE_SET, .standard = "2000", .least = 10, .most = 100000000,
	 .sentence = "Commands in a session before it is ended with 421."},
	{"smtp", "junk-commands", KIND_COUNT, FIELD(config, smtp.junk_commands), .change = CHANGE_SET, .standard = "100", .least = 1, .most = 1000000,
	 .sentence = "NOOP, RSET, VRFY, HELP and EHLO without a mail between them before the session is ended with 421."},
	{"smtp", "recipients", KIND_COUNT, FIELD(config, smtp.recipients), .change = CHANGE_SET, .standard = "1000", .least = 100, .most = 1000000,
	 .sentence = "Recipients of one mail; the next gets 452. RFC 5321 asks for 100 at least."},
	{"smtp", "unknown-recipients", KIND_COUNT, FIELD(config, smtp.unknown_recipients), .change = CHANGE_SET, .standard = "5", .most = 1000000,
	 .sentence = "Unknown recipients in a session; with one more the client is taken for a harvester and disconnected."},
	{"smtp", "allowed-bare-newline", KIND_WORD, FIELD(config, smtp.allowed_bare_newline), .change = CHANGE_SET, .standard = "reject", .words = "reject|normalise",
	 .sentence = "A mail with a bare CR or LF from a client on an allow list: refused as from anybody, or made CRLF."},

	{"sender", "on-dns-failure", KIND_WORD, FIELD(config, smtp.sender_failure_defers), .change = CHANGE_SET, .standard = "pass", .words = "pass|defer",
	 .sentence = "When the DNS does not say whether the sender's domain exists. pass: nothing is held against the client. defer: 450, so that the mail comes later; the domain's own trouble then delays its mail."},

	{"relay", "connect-timeout", KIND_DURATION, FIELD(config, relay.connect_timeout_ms), .standard = "10s", .least = 100, .most = 5 * MINUTE,
	 .sentence = "Time for a connection to one address of the mail server."},
	{"relay", "command-timeout", KIND_DURATION, FIELD(config, relay.command_timeout_ms), .standard = "60s", .least = 100, .most = HOUR,
	 .sentence = "Time for its greeting and its replies to EHLO, MAIL, RCPT and RSET."},
	{"relay", "data-timeout", KIND_DURATION, FIELD(config, relay.data_timeout_ms), .standard = "2m", .least = 100, .most = HOUR,
	 .sentence = "Time for its reply to DATA. RFC 5321 recommends 2 minutes."},
	{"relay", "write-timeout", KIND_DURATION, FIELD(config, relay.write_timeout_ms), .standard = "3m", .least = 100, .most = HOUR,
	 .sentence = "Time in which it takes nothing of a mail. RFC 5321 recommends 3 minutes."},
	{"relay", "end-timeout", KIND_DURATION, FIELD(config, relay.end_timeout_ms), .standard = "10m", .least = 100, .most = HOUR,
	 .sentence = "Time for its reply to a whole mail. Shorter makes duplicates. RFC 5321 recommends 10 minutes."},
	{"relay", "negative-ttl", KIND_DURATION, FIELD(config, relay.negative_ttl_ms), .standard = "1h", .most = DAY,
	 .sentence = "How long a recipient that it does not know is refused without asking it again; 0: it is always asked. A new mailbox may wait as long for its first mail."},
	{"relay", "positive-ttl", KIND_DURATION, FIELD(config, relay.positive_ttl_ms), .standard = "24h", .most = 31 * DAY,
	 .sentence = "How long a recipient that it knows is remembered: when it is suddenly unknown, it is asked twice before that is believed."},
	{"relay", "cache-size", KIND_COUNT, FIELD(config, relay.cache_size), .standard = "65536", .most = 16777216,
	 .sentence = "Recipients remembered, 16 bytes each; 0: none."},

	{"dns", "servers", KIND_SERVERS, FIELD(config, dns.servers), .standard = "", .most = 511,
	 .sentence = "Resolvers to ask, at most 8: \"192.0.2.53, [2001:db8::53]:5353\". Default: those of /etc/resolv.conf. Lists like Spamhaus answer public resolvers with errors: have one of your own."},
	{"dns", "timeout", KIND_DURATION, FIELD(config, dns.timeout_ms), .standard = "2s", .least = 100, .most = 30 * SECOND,
	 .sentence = "Time for one answer; then the next server is asked."},
	{"dns", "tries", KIND_COUNT, FIELD(config, dns.tries), .standard = "2", .least = 1, .most = 5,
	 .sentence = "How often each server that says nothing is asked a question."},
	{"dns", "deadline", KIND_DURATION, FIELD(config, smtp.dns_deadline_ms), .change = CHANGE_SET, .standard = "10s", .least = 100, .most = 2 * MINUTE,
	 .sentence = "How long a reply to RCPT waits for answers at most. What has not come then is unknown, which speaks against nobody."},
	{"dns", "client-name", KIND_WORD, FIELD(config, smtp.nameless), .change = CHANGE_SET, .standard = "yes", .words = "yes|no",
	 .sentence = "Whether clients' names are looked up. no: a client is \"unknown\" in the log and in Received, checks of its name and lists of client-name do not hit. As smtpd_peername_lookup of Postfix."},
	{"dns", "cache-size", KIND_COUNT, FIELD(config, dns.cache_size), .standard = "65536", .least = 64, .most = 16777216,
	 .sentence = "Answers that each worker core remembers; 300 bytes each as a rule, never more than 700 on average."},
	{"dns", "ttl-least", KIND_DURATION, FIELD(config, dns.ttl_least_ms), .standard = "5s", .most = HOUR,
	 .sentence = "An answer is remembered at least so long, whatever its TTL."},
	{"dns", "ttl-most", KIND_DURATION, FIELD(config, dns.ttl_most_ms), .standard = "1d", .least = SECOND, .most = 7 * DAY,
	 .sentence = "And at most so long."},
	{"dns", "negative-ttl-most", KIND_DURATION, FIELD(config, dns.negative_most_ms), .standard = "1h", .least = SECOND, .most = DAY,
	 .sentence = "The most for the answer that there is no such name or record: a domain made today may get its first mail today."},
	{"dns", "failure-ttl", KIND_DURATION, FIELD(config, dns.trouble_ms), .standard = "5s", .least = SECOND, .most = 5 * MINUTE,
	 .sentence = "So long a question that nobody answered is not asked again. RFC 9520 wants 1 second at least, 5 minutes at most."},
	{"dns", "in-flight", KIND_COUNT, FIELD(config, dns.in_flight), .standard = "256", .least = 1, .most = 4096,
	 .sentence = "Questions that each worker core has under way at once; others wait for them. 10 kB each."},

	{"limits", "connections", KIND_COUNT, FIELD(config, connections), .standard = "262144", .least = 64, .most = 16777216,
	 .sentence = "Connections at once: waiting, talking and closing together, 64 bytes each."},
	{"limits", "half-open", KIND_COUNT, FIELD(config, half_open), .standard = "16384", .least = 1, .most = 16777216,
	 .sentence = "Of these, handshakes not completed; beyond them SYN cookies take over."},
	{"limits", "talking", KIND_COUNT, FIELD(config, talking), .standard = "8192", .least = 1, .most = 1048576,
	 .sentence = "Of these, clients that speak SMTP with us; the next is told 421."},
	{"limits", "data-rings", KIND_COUNT, FIELD(config, data_rings), .standard = "256", .least = 1, .most = 1048576,
	 .sentence = "Large receive buffers for mails under way; without one a mail comes slowly."},
	{"limits", "data-ring-size", KIND_SIZE, FIELD(config, data_ring_size), .standard = "64kb", .least = 4 * KB, .most = 256 * KB,
	 .sentence = "Size of such a buffer: a power of two."},
	{"limits", "data-ring-most", KIND_SIZE, FIELD(config, data_ring_most), .standard = "1mb", .least = 4 * KB, .most = 1024 * KB,
	 .sentence = "That one grows to when a sender is fast and far away, out of the memory of all of them: a power of two."},
	{"limits", "sources", KIND_COUNT, FIELD(config, sources), .standard = "262144", .least = 64, .most = 16777216,
	 .sentence = "Sources (IPv4 addresses, IPv6 /64) that we remember, 73 bytes each; beyond them the least useful is forgotten."},
	{"limits", "memory-entries", KIND_COUNT, FIELD(config, memory_entries), .standard = "262144", .least = 1000, .most = 100000000,
	 .sentence = "Greylist triplets and sources that behaved that we remember over restarts, 43 bytes each in memory and up to 80 on disk; beyond them what never passed goes, then the longest unused."},
	{"limits", "drain-timeout", KIND_DURATION, FIELD(config, drain_timeout_ms), .change = CHANGE_SET, .standard = "30s", .most = HOUR,
	 .sentence = "When we are told to stop: time for sessions to end."},

	{"networks", "own", KIND_PREFIXES, LIST(config, own, own_count), .change = CHANGE_RELOAD, .standard = "",
	 .sentence = "Networks of ours whose mail never comes in here: packets with such a source are forged, and dropped."},
	{"networks", "trusted", KIND_PREFIXES, LIST(config, trusted, trusted_count), .change = CHANGE_RELOAD, .standard = "",
	 .sentence = "Networks that are not dropped though they are private, reserved or in the list above."},

	{"recipients", "files", KIND_FILES, LIST(config, recipient_files, recipient_file_count), .change = CHANGE_RELOAD, .standard = "", .most = 4000,
	 .sentence = "Files of recipients, one a line: user@example.org, @example.org for all of a domain, user@ for all domains. With these, catch-all or regex-files, who is in none is unknown."},
	{"recipients", "regex-files", KIND_FILES, LIST(config, pattern_files, pattern_file_count), .change = CHANGE_RELOAD, .standard = "", .most = 4000,
	 .sentence = "Files of Perl-compatible patterns, one a line, that a whole address must match: sales-[0-9]+@example[.]org. Case does not count."},
	{"recipients", "catch-all", KIND_DOMAINS, LIST(config, catch_all, catch_all_count), .change = CHANGE_RELOAD, .standard = "",
	 .sentence = "Domains of ours that take mail for any recipient; harvesting can't be seen there."},
	{"recipients", "delimiter", KIND_DELIMITERS, FIELD(config, delimiter), .change = CHANGE_RELOAD, .standard = "+", .most = 8,
	 .sentence = "Characters that begin an extension: with + user+news@example.org is also looked for as user@example.org, here and in lists. Empty: none."},
	{"recipients", "ask-backend", KIND_WORD, FIELD(config, ask_backend), .change = CHANGE_RELOAD, .standard = "no", .words = "no|yes",
	 .sentence = "Who is in none of these: no: 550 5.1.1, the backend is not asked. yes: the backend is asked. Postmaster and abuse are always its business."},
	{"recipients", "spamtraps", KIND_FILES, LIST(config, spamtrap_files, spamtrap_file_count), .change = CHANGE_RELOAD, .standard = "", .most = 4000,
	 .sentence = "Files of recipients whom nobody may know; who writes to one is refused as by checks.spamtrap, and it counts as an unknown recipient."},

	{"list", "files", KIND_FILES, LIST(config_list, files, file_count), .change = CHANGE_RELOAD, .standard = "", .most = 4000,
	 .sentence = "Files of entries, one a line; # or ; begins a comment."},
	{"list", "file", KIND_PATH, FIELD(config_list, file), .change = CHANGE_RELOAD, .standard = "", .most = 4000,
	 .sentence = "The same for a single file; one of the two must be set."},
	{"list", "of", KIND_WORD, FIELD(config_list, of), .change = CHANGE_RELOAD, .standard = "client", .words = "client|helo|client-name|sender|recipient",
	 .sentence = "What the entries are. client: addresses, networks, ranges, Spamhaus DROP as text or JSON lines. helo, client-name: example.org, .example.org for what is under it. sender, recipient: these, user@example.org, and user@ for all domains."},
	{"list", "action", KIND_WORD, FIELD(config_list, action), .change = CHANGE_RELOAD, .standard = "refuse", .words = "allow|refuse|drop|stutter|observe|trusted-relay", .first_word = BS_ACTION_ALLOW,
	 .sentence = "allow: no wait and no checks. refuse: 554 with a reason. observe: only logged. For clients also drop: not answered at all; stutter: 554 as the greeting, a byte a second; trusted-relay: no wait, no checks of the client, no verdicts. Of the lists that have an address allow wins, then trusted-relay, then the first that is not observe."},
	{"list", "refuse-at", KIND_WORD, FIELD(config_list, refuse_at), .change = CHANGE_RELOAD, .standard = "rcpt", .words = "rcpt|connect",
	 .sentence = "rcpt: refused at each recipient but postmaster and abuse. connect: refused by the greeting, and nobody can be reached."},
	{"list", "unverified", KIND_WORD, FIELD(config_list, unverified), .change = CHANGE_RELOAD, .standard = "no", .words = "no|yes",
	 .sentence = "For action = allow of senders. no: it only holds where SPF passes. yes: anybody may pretend to be such a sender."},

	IMPAIRMENT_KEYS
	DNSL_KEYS
	POLICY_KEYS
};
// clang-format on
_Static_assert(BS_ACTION_REFUSE == BS_ACTION_ALLOW + 1 && BS_ACTION_DROP == BS_ACTION_ALLOW + 2 &&
		       BS_ACTION_STUTTER == BS_ACTION_ALLOW + 3 &&
		       BS_ACTION_OBSERVE == BS_ACTION_ALLOW + 4 &&
		       BS_ACTION_RELAY == BS_ACTION_ALLOW + 5,
	"the words of list.action");
_Static_assert(offsetof(struct bs_dnsl, miss) - offsetof(struct bs_dnsl, hit) ==
		       offsetof(struct bs_score, miss),
	"a list's weights are a struct bs_score");
_Static_assert(BS_VERDICT_REFUSE == BS_VERDICT_OBSERVE + 1 &&
		       BS_VERDICT_DROP == BS_VERDICT_OBSERVE + 2 &&
		       BS_VERDICT_STUTTER == BS_VERDICT_OBSERVE + 3,
	"the words of verdicts.action");
const unsigned config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

const struct config_section_row config_sections[] = {
	{"", false, "Names and places."},
	{"port", true,
		"A network port that we own, with a name of your choice. At least one, at most "
		"16."},
	{"machine", false, "Cores and memory."},
	{"waiting", false, "Before the greeting."},
	{"remember", false, "What is remembered of a source that behaved, over restarts too."},
	{"verdicts", false,
		"When a source is refused for what its sessions did, and for how long. Those on "
		"allow lists are not."},
	{"checks", false,
		"What is looked at, and what comes of it. Each check has a key with its name: off, "
		"observe "
		"(decided and logged, changes nothing) or enforce; and one with its weights, HIT "
		"or "
		"HIT/MISS, which add to the total of a session. A check that refuses does so "
		"whatever its "
		"weights are."},
	{"replies", false,
		"What a client is told when a check refuses or defers it, behind the reply's code. "
		"$client, $name, $helo, "
		"$sender, $sender-domain, $recipient and $detail stand for what they say (nothing "
		"of it is known for early-talk); "
		"'contact' is appended."},
	{"greylist", false,
		"Greylisting, when checks.greylist is not off: who was not seen before is told to "
		"come "
		"again."},
	{"rates", false,
		"How much one source may send in a time. Allow lists and trusted relays are "
		"excepted."},
	{"smtp", false, "Limits of a session."},
	{"sender", false, "The sender's domain."},
	{"relay", false,
		"A mail server as backend: how long we wait for it, what we remember of its "
		"recipients."},
	{"dns", false,
		"Where checks ask. Without an answer a check knows nothing, and nobody is refused "
		"for that."},
	{"limits", false, "How much at once. Memory for all of it is taken at the start."},
	{"networks", false,
		"Sources that are dropped: besides these, private and reserved networks always."},
	{"recipients", false,
		"Who exists, as far as files tell. Without files, catch-all and regex-files the "
		"backend "
		"alone says it."},
	{"impairment", false,
		"A bad network, made on purpose, to test with: packets that the port has received, "
		"or that we would send, meet faults. Never on a server that people's mail comes "
		"to."},
	{"list", true,
		"A list of clients, senders or recipients, with a name of your choice, which log "
		"and replies show."},
	{"dnsl", true,
		"A DNS list of clients, bad or good ones, with a name of your choice, which log "
		"and "
		"replies show. Several may ask one zone for other codes with other weights."},
	{"policy", true,
		"Other rules for some recipients; what is not set here is as in checks { }. What "
		"comes "
		"before the recipient is known can't be set: early-talk, pipelining, "
		"non-smtp-command, header-command, the wait, refuse-at, rates."},
};
const unsigned config_section_count = sizeof(config_sections) / sizeof(config_sections[0]);

const struct config_key *config_key_find(const char *section, const char *name)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section) == 0 &&
			strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	}
	return NULL;
}

const char *config_key_place(
	const struct config *config, const char *section, const char *name, char text[CONFIG_PLACE])
{
	const struct config_key *key = config_key_find(section, name);
	const struct config_where *place = key == NULL || config->where == NULL
						   ? NULL
						   : &config->where[key - config_keys];

	if (place == NULL || place->file == NULL)
		snprintf(text, CONFIG_PLACE, "%.280s", config->file);
	else
		snprintf(text, CONFIG_PLACE, "%.280s:%u", place->file, place->line);
	return text;
}

const struct config_section_row *config_section_find(const char *name)
{
	for (unsigned i = 1; i < config_section_count; i++) { // 0, the top, can't be written
		if (strcmp(config_sections[i].name, name) == 0)
			return &config_sections[i];
	}
	return NULL;
}

const char *config_key_nearest(const char *section, const char *name, char text[CONFIG_NEAREST])
{
	struct nearest nearest = {0};
	const char *of = section;

	for (unsigned i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section) == 0)
			nearest_offer(&nearest, name, config_keys[i].name);
	}
	for (unsigned i = 1; section[0] == '\0' && i < config_section_count; i++)
		nearest_offer(&nearest, name, config_sections[i].name);
	nearest_offer(&nearest, name, "include");
	for (unsigned i = 0; i < config_key_count; i++) { // nearer ones only: here comes first
		struct nearest before = nearest;

		nearest_offer(&nearest, name, config_keys[i].name);
		if (nearest.word != before.word)
			of = config_keys[i].section;
	}
	text[0] = '\0';
	if (nearest.word != NULL && of == section)
		snprintf(text, CONFIG_NEAREST, "'%s'", nearest.word);
	else if (nearest.word != NULL && of[0] != '\0')
		snprintf(text, CONFIG_NEAREST, "'%s' of %s { }", nearest.word, of);
	else if (nearest.word != NULL)
		snprintf(text, CONFIG_NEAREST, "'%s' outside of all sections", nearest.word);
	return text;
}

const char *config_key_elsewhere(const char *section, const char *name)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section) != 0 &&
			strcmp(config_keys[i].name, name) == 0)
			return config_keys[i].section;
	}
	return NULL;
}

bool config_key_is_list(const struct config_key *key)
{
	return key->kind >= KIND_DOMAINS;
}
