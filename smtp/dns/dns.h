// SPDX-License-Identifier: BSD-3-Clause
//
// Questions to the DNS as those who judge see them: an asker looks for an answer; when there is none yet it is told later
// that there is news, and looks again. So a check is straight-line code that is run anew from its beginning,
// and what it looked for before is found at once.
//
// Answers are remembered by the resolver for their TTL, failures for a short time, and questions under way are asked
// once whoever wants to know.
//
// Owner: one worker; nothing here blocks.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dataplane/seam/address.h"
#include "smtp/worker/timers.h"

#define DNS_NAME 254 // RFC 1035, 2.3.4: 253 as text, with the final NUL

// RFC 1035, 3596
enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
	DNS_FOUND,   // at least one record
	DNS_NO_DATA, // the name exists, without such records
	DNS_NO_NAME, // NXDOMAIN
	DNS_TROUBLE, // no answer in time, SERVFAIL, REFUSED, garbage: nothing is known
};

struct dns_record {
	uint16_t preference; // MX
	uint16_t length;     // of `text`
	union {
		struct bs_address address; // A, AAAA
		// MX, PTR: a name in lower case without final dot, "" for the root; bytes that belong in no name are '?'.
		// TXT: its strings joined (RFC 7208, 3.3); any bytes, a NUL behind them.
		const char *text;
	};
};

#define DNS_RECORDS 64 // of an answer; more are left out

struct dns_answer {
	enum dns_status status;
	uint16_t count;
	const char *why; // of DNS_TROUBLE: "timeout", "SERVFAIL": for explain and the log
	struct dns_record record[]; // MX by preference
};

struct dns_asker;
struct heap;
struct resolver;

// Where answers come from: the resolver, or what a test has written down.
struct dns_source {
	// The answer, or NULL when it will come; then `news` of the asker is called. `name` without final dot, in any case.
	const struct dns_answer *(*look)(struct dns_source *source, struct dns_asker *asker,
		const char *name, enum dns_type type);
	// The asker wants to know no more: its answers are let go, nothing is called any more.
	void (*forget)(struct dns_source *source, struct dns_asker *asker);
	// asker->deadline_ms was changed: when it comes and something is pending, `late` of the asker is set and `news` called. NULL:
	// the source knows no time.
	void (*deadline)(struct dns_source *source, struct dns_asker *asker);
	struct heap *heap; // of the askers' questions; NULL: malloc()
};

#define DNS_QUESTIONS 320 // of one asker; what is more is answered with DNS_TROUBLE

struct dns_question; // one of an asker; smtp/dns/asker.c
struct dns_hold;     // of an answer for an asker; smtp/dns/resolver.c

SLIST_HEAD(dns_question_list, dns_question);
SLIST_HEAD(dns_asker_holds, dns_hold);

// Who asks. Zeroed by dns_asker_init().
struct dns_asker {
	struct dns_source *source;
	void (*news)(struct dns_asker *asker); // an answer came; not called from within dns_look()
	uint64_t
		deadline_ms; // of the worker's clock: from then on what has not come is DNS_TROUBLE; UINT64_MAX: none
	uint32_t questions, pending;
	struct dns_question_list question;
	bool late; // the deadline has come
	// the source's own
	bool telling;
	struct timer timer;
	struct dns_asker_holds held;
	TAILQ_ENTRY(dns_asker) entry; // of those to be told
};

void dns_asker_init(
	struct dns_asker *asker, struct dns_source *source, void (*news)(struct dns_asker *));
// The answer, valid until dns_asker_forget(), or NULL when it is not there yet. The same question again gets the same
// answer. A name that is none (RFC 1035: labels of 1 to 63, 253 in all; any byte but NUL and dot in a label) is DNS_NO_NAME.
const struct dns_answer *dns_look(struct dns_asker *asker, const char *name, enum dns_type type);
// Moves the deadline; when it has come already what is pending is told (news) at the next turn.
void dns_asker_deadline(struct dns_asker *asker, uint64_t deadline_ms);
// Lets all answers go; then it can ask anew, without a deadline. Also from within `news`, after which the asker may be gone.
void dns_asker_forget(struct dns_asker *asker);

// A name as it is asked for: lower case, without its final dot. Its length, or 0 when it is none (see dns_look()).
size_t dns_name_lower(const char *name, char lower[DNS_NAME]);

// "d.c.b.a.zone" or nibbles (RFC 1035, 3.5; RFC 3596, 2.5; RFC 5782, 2.1 and 2.4). `zone` "": in-addr.arpa or ip6.arpa. False
// when it is too long.
bool dns_reverse(const struct bs_address *address, const char *zone, char name[DNS_NAME]);
