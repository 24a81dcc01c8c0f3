// SPDX-License-Identifier: BSD-3-Clause
//
// The policy: everything that decides about a client, as one immutable snapshot behind one pointer.
// Control builds it (control/policy/policy.c), dataplane lcores and workers read it. No field changes after
// it was published, but for the count of those who hold it.
//
// Who may read what, and for how long:
//   an lcore, from bs_policy_get() to the end of its turn: everything (QSBR, dataplane/seam/qsbr.h)
//   who holds it (bs_policy_hold()), as long as he likes: everything but `classes` and `overlay`, the large ones, which go
//   when no turn can see them any more. So a mail that takes hours keeps kilobytes of the past and no tables.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/policy/checks_policy.h"
#include "control/class/class.h"
#include "control/lists/domains.h"
#include "control/lists/names.h"
#include "control/overlay/overlay.h"
#include "control/lists/recipients.h"
#include "dataplane/seam/address.h"
#include "dataplane/seam/verdict.h"
#include "smtp/checks/dnsl.h"

// What happens to a source of a class.
enum bs_action {
	BS_ACTION_NONE,    // plain: judged by the checks
	BS_ACTION_ALLOW,   // every filter bypassed, no wait
	BS_ACTION_REFUSE,  // 554 with the reason
	BS_ACTION_DROP,    // its SYN is not answered
	BS_ACTION_STUTTER, // 554 as the greeting, a byte a second
	BS_ACTION_OBSERVE, // only logged: what refuse would have done
	BS_ACTION_RELAY,   // a relay that we trust: no wait, no checks of the client, no verdicts
	BS_ACTION_BOGON,   // dropped; counted as syn-bogon
	BS_ACTION_OWN,     // dropped; counted as syn-own
};

// No wait, no verdict, no limit for a source.
static inline bool bs_action_spares(uint8_t action)
{
	return action == BS_ACTION_ALLOW || action == BS_ACTION_RELAY;
}

enum bs_refuse_at {
	BS_REFUSE_AT_RCPT, // default: postmaster and abuse stay reachable, the log has sender and recipient
	BS_REFUSE_AT_CONNECT, // the greeting is 554
};

// Rows of the policy's classes that are always there; the lists of the configuration follow.
enum bs_fixed_class {
	BS_CLASS_BOGON = BS_CLASS_PLAIN + 1,
	BS_CLASS_OWN,
	BS_CLASS_RUNTIME_ALLOW, // the overlay's
	BS_CLASS_RUNTIME_DENY,
	BS_CLASS_LISTS
};

#define BS_CLASS_NAME 32
struct bs_class {
	char name[BS_CLASS_NAME]; // of the list, for log and reply: [A-Za-z0-9._-]
	uint8_t action;           // enum bs_action
	uint8_t refuse_at;        // enum bs_refuse_at
	bool unverified;          // of an allow list of senders: also without SPF pass
};

// Texts that the dataplane sends by itself, so that what must be sent again is made again and not kept.
// Complete SMTP replies with CRLF, one segment each (RFC 5321, 4.5.3.1.5: 512 bytes a line at most).
enum bs_template_number {
	BS_TEMPLATE_NONE,
	BS_TEMPLATE_GREETING, // 220
	BS_TEMPLATE_TEASER, // 220-: a first line of the greeting, before the wait; empty: there is none
	BS_TEMPLATE_PREGREET, // 554: spoke before the greeting
	BS_TEMPLATE_DENIED,   // 554: on a deny list with refuse-at = connect
	BS_TEMPLATE_SYNC,     // 554: spoke after the greeting was sent and before it arrived
	BS_TEMPLATE_SEQUENCE, // 503: anything but QUIT after a 554 greeting
	BS_TEMPLATE_BYE,      // 221
	BS_TEMPLATE_BUSY,     // 421: no session block
	BS_TEMPLATE_DRAINING, // 421: stopping
	BS_TEMPLATE_TIMEOUT,  // 421: silent after the greeting
	BS_TEMPLATE_KILLED,   // 421: the operator wants it gone
	BS_TEMPLATE_CROWDED,  // 421: too many connections from one source
	BS_TEMPLATE_RATE,     // 421: too many connections from one source in a time
	BS_TEMPLATE_STUTTER,  // 554-: a line before a verdict, for those who get it slowly
#define X(identifier, name, sentence) BS_TEMPLATE_VERDICT_##identifier, // 554
	BS_VERDICTS(X)
#undef X
		BS_TEMPLATES
};

// The 554 of a verdict that is not BS_VERDICT_NONE.
#define BS_TEMPLATE_OF_VERDICT(verdict) (BS_TEMPLATE_STUTTER + (verdict))

#define BS_TEMPLATE_TEXT 508 // RFC 5321's 512 at most; a power of two less two counts
struct bs_template {
	uint16_t length;
	char text[BS_TEMPLATE_TEXT];
};

// All texts of a moment. There are BS_TEMPLATE_SETS of them, as long as we run: a connection remembers the number of
// the set that its text began with, and a reload writes its texts to one that no connection can have
// (control/policy/templates.h).
#define BS_TEMPLATE_SETS 16u // the number takes four bits of a record
struct bs_template_set {
	struct bs_template template[BS_TEMPLATES];
};

enum bs_bare_newline { BS_BARE_NEWLINE_REJECT, BS_BARE_NEWLINE_NORMALISE };

// A bad network, made on purpose (dataplane/impairment.h): of a million packets in a direction.
struct bs_impairment_shares {
	uint32_t loss, reorder, duplicate, corrupt;
};
struct bs_impairment {
	bool on; // any of them is not 0
	uint32_t seed;
	struct bs_impairment_shares receive, send;
};

struct bs_policy {
	// ingress
	struct bs_class_table *classes;
	struct bs_overlay *overlay; // asked before `classes`; NULL: no entries
	struct bs_class class
		[BS_CLASSES_MAX]; // row = what bs_classify_bulk() gives; row 0 is plain
	uint32_t class_count;
	// waiting
	uint32_t
		wait_ms; // before the greeting, for those who are not allowed in at once; 0: for nobody
	uint32_t suspicious_wait_ms; // the same for suspicious sources; 0: twice that
	uint32_t stress_wait_ms;     // wait_ms in overload, where that is longer
	uint32_t stutters;           // at once, over all lcores; 0: a tenth of the connections
	uint32_t stutter_ms;         // that one lasts
	uint32_t remember_ms; // after a session that behaved its source is spared it; 0: never
	const struct bs_template_set *texts; // BS_TEMPLATE_SETS of them, the same in all policies
	uint8_t text_set;                    // for texts that begin now
	uint32_t greeted_timeout_ms;         // for the first command
	// sources
	struct bs_verdict_rules verdicts;
	uint32_t connections_per_source; // at once, 0: no limit
	struct bs_impairment impairment;
	// smtp
	char hostname[256];
	char **domains; // lower case, the first gets <postmaster>
	uint32_t domain_count;
	const struct bs_domains *domain_index; // the same (control/lists/domains.h)
	char contact[256];                     // appended to refusals; may be empty
	uint32_t command_timeout_ms;           // for one whole command
	uint32_t data_timeout_ms;     // without progress, and the allowance at the start of DATA
	uint32_t data_rate;           // bytes a second below which DATA runs out of time
	uint64_t message_size;        // bytes, 0: no limit
	uint32_t line_length;         // bytes of a command line with CRLF
	uint32_t text_line_length;    // bytes of a line of a mail with CRLF, 0: no limit
	uint32_t errors;              // refused commands before 421
	uint32_t commands;            // commands in a session
	uint32_t junk_commands;       // NOOP, RSET, VRFY, HELP, EHLO without a mail between
	uint32_t recipients;          // of one mail
	uint32_t unknown_recipients;  // of one session; one more and it is disconnected
	uint8_t allowed_bare_newline; // enum bs_bare_newline, for clients with BS_ACTION_ALLOW
	// checks
	struct bs_checks checks; // of all recipients, but for those of a policy of their own
	char reply[BS_CHECK_COUNT][BS_CHECK_REPLY]; // the texts; "": the row's own
	uint32_t dns_deadline_ms; // that a reply to RCPT waits for the DNS at most
	bool nameless;            // dns.client-name = no: clients' names are not looked up
	uint8_t refuse_at;        // enum bs_checks_at
	bool sender_failure_defers; // 450 when the DNS does not say whether the sender's domain exists
	struct bs_rates rates;
	const struct bs_prefix *rate_exceptions; // the base's: bs_rates_spare()
	uint32_t rate_exception_count;
	const struct bs_recipient_policy *recipient_policy; // the base's
	uint32_t recipient_policy_count;
	const struct bs_recipient_map *recipient_map; // domains and addresses to rows; NULL: none
	const struct bs_dnsl *dnsl;                   // the base's; at most BS_DNSL_MOST
	uint32_t dnsl_count;
	const struct bs_names
		*names; // lists of names and addresses (control/lists/names.h); NULL: none
	// Who exists, as far as files tell (control/lists/recipients.h); NULL: only the backend knows.
	const struct bs_recipients *known_recipients;
	_Atomic uint32_t holders; // bs_policy_hold()
};

// The one pointer. Set before any lcore starts; control replaces it.
extern _Atomic(const struct bs_policy *) bs_policy_current;

static inline bool bs_impairment_any(const struct bs_impairment_shares *shares)
{
	return (shares->loss | shares->reorder | shares->duplicate | shares->corrupt) != 0;
}

static inline const struct bs_policy *bs_policy_get(void)
{
	return atomic_load_explicit(&bs_policy_current, memory_order_acquire);
}

// Keeps a policy beyond the turn in which it was got. Any lcore; control frees none that is held.
static inline const struct bs_policy *bs_policy_hold(const struct bs_policy *policy)
{
	atomic_fetch_add_explicit(&((struct bs_policy *)policy)->holders, 1, memory_order_relaxed);
	return policy;
}

static inline void bs_policy_release(const struct bs_policy *policy)
{
	atomic_fetch_sub_explicit(&((struct bs_policy *)policy)->holders, 1, memory_order_release);
}

// classes[i] becomes the row of policy->class that holds for addresses[i]: what the overlay allows before all, then
// what the class table says, but for what the overlay denies and the table neither allows nor drops. Of a policy from
// bs_policy_get(), within the same turn.
void bs_policy_classify_burst(
	const struct bs_policy *policy, const struct bs_class_burst *burst, uint8_t *classes);
void bs_policy_classify(const struct bs_policy *policy, const struct bs_address *addresses,
	uint8_t *classes, size_t count);

// A domain, in lower case, that we take mail for. Of any policy that is held.
bool bs_policy_has_domain(const struct bs_policy *policy, const char *domain);
