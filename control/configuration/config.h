// SPDX-License-Identifier: BSD-3-Clause
//
// The configuration as it stands in barscreen.conf: parsed, typed, checked, and not yet acted upon. One table
// of keys (control/configuration/config_keys.h) is parser, check, --print-config and manual.
//
// Control thread only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "control/policy/policy.h"
#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"
#include "smtp/backend_settings.h"
#include "smtp/dns/resolver.h"

enum config_device { DEVICE_PCI, DEVICE_TAP, DEVICE_AF_PACKET, DEVICE_AF_XDP, DEVICE_MEMIF };
enum config_memif_role { MEMIF_SERVER, MEMIF_CLIENT };
enum config_hugepages { HUGEPAGES_AUTO, HUGEPAGES_REQUIRED, HUGEPAGES_OFF };
enum config_idle { IDLE_ADAPTIVE, IDLE_SPIN };

struct config_address {
	struct bs_address address;
	struct bs_prefix on_link;
};

struct config_port {
	char name[PORT_NAME];
	enum config_device device;
	char pci[32];       // DEVICE_PCI: 0000:03:00.0
	char interface[16]; // kernel interface: TAP's own name, or the one that af_packet and af_xdp open
	char *socket;       // DEVICE_MEMIF: where both ends meet
	enum config_memif_role memif_role;
	uint32_t memif_id;
	uint16_t ring_size; // entries, a power of two
	struct config_address *address;
	size_t address_count;
	struct bs_address gateway4, gateway6;
	bool has_gateway4, has_gateway6;
	uint16_t mtu;
	uint16_t vlan;
	uint16_t queues; // 0: as many as there are dataplane lcores and the device has
	char *source;    // the file it stands in: config->file, or an included one
	unsigned line;   // there, for messages
};

enum config_list_of {
	LIST_OF_CLIENTS, // addresses; the others are names (control/lists/names.h)
	LIST_OF_HELO,
	LIST_OF_CLIENT_NAMES,
	LIST_OF_SENDERS,
	LIST_OF_RECIPIENTS,
};

struct config_list { // list "NAME" { files = {...} action = ... }
	char name[BS_CLASS_NAME];
	char *file; // "": none
	char **files;
	size_t file_count; // of `files`
	uint8_t of;        // enum config_list_of
	uint8_t action;    // BS_ACTION_ALLOW to BS_ACTION_RELAY
	uint8_t refuse_at; // enum bs_refuse_at
	bool unverified;
	char *source;  // the file it stands in
	unsigned line; // where `file` or `files` stands there
};

struct config_dnsl { // dnsl "NAME" { }
	struct bs_dnsl list;
	char **codes; // patterns as written; list.code has them parsed
	size_t code_count;
	char *source; // the file it stands in
	unsigned line;
};

struct config_policy { // policy "NAME" { }
	struct bs_recipient_policy rules;
	char **domains,
		**addresses; // whose it is: lower case; user@domain, or user@ for all domains
	size_t domain_count, address_count;
	char **lists; // names of dnsl sections; rules.lists has their bits
	size_t list_count;
	char *source; // the file it stands in
	unsigned line;
};

// Where a key was set. file NULL: it was not.
struct config_where {
	char *file;
	unsigned line;
};

#define CONFIG_CORES_MOST 64 // of a kind; struct daemon has as many rows

// Where keys of checks { } have their defaults from (control/configuration/config_preset.h).
enum config_preset { PRESET_STANDARD, PRESET_POLICYD_WEIGHT };

enum config_log_format { LOG_FORMAT_POSTFIX, LOG_FORMAT_JSON };

struct config {
	char *file; // where it came from
	// names and places
	char hostname[256];
	char contact[256];
	char teaser[128]; // waiting { }: first line of the greeting; "": none
	char *backend; // "maildir:/var/mail/virtual", "smtp://host:port", "lmtp://host:port", "lmtp:///socket"
	char **domains;
	size_t domain_count;
	char *log;           // "syslog", "journal", "stderr", "file:/var/log/barscreen.log"
	char *log_name;      // "postfix-barscreen/smtpd"
	uint32_t log_repeat; // lines a minute, 0: all
	enum config_log_format log_format;
	char *control_socket;
	char *state_folder;
	char control_readers[64], control_writers[64]; // groups; "": none
	// machine { }
	int *dataplane_cores, *worker_cores; // CPU numbers; the same core may stand in both
	size_t dataplane_core_count, worker_core_count;
	enum config_idle idle;
	enum config_hugepages hugepages;
	uint64_t memory; // bytes for DPDK, 0: as much as the limits need
	uint32_t helper_threads;
	// port "NAME" { }
	struct config_port *port;
	size_t port_count;
	uint16_t service; // TCP port
	// relay { }
	struct backend_settings relay;
	// dns { }
	struct resolver_settings dns;
	// limits { }
	uint32_t connections;    // records: waiting, talking and closing together
	uint32_t half_open;      // of these, SYN cache
	uint32_t talking;        // session blocks
	uint32_t data_rings;     // large receive rings
	uint32_t data_ring_size; // bytes, a power of two, at most 256 KB
	uint32_t data_ring_most; // bytes, a power of two, at most 1 MB
	uint32_t sources;        // rows of the source table
	uint32_t memory_entries; // what outlives sessions (smtp/memory/memory.h)
	// networks { }
	struct bs_prefix *own, *trusted;
	size_t own_count, trusted_count;
	// recipients { }
	char **recipient_files, **pattern_files, **spamtrap_files, **catch_all;
	size_t recipient_file_count, pattern_file_count, spamtrap_file_count, catch_all_count;
	char delimiter[9];
	bool ask_backend;
	// list "NAME" { }
	struct config_list *list;
	size_t list_count;
	// dnsl "NAME" { }, policy "NAME" { }
	struct config_dnsl *dnsl;
	size_t dnsl_count;
	struct config_policy *policy;
	size_t policy_count;
	uint32_t drain_timeout_ms;
	// checks { }, greylist { }
	uint8_t checks_preset; // enum config_preset
	// rates { }
	struct bs_prefix *rate_exceptions;
	size_t rate_exception_count;
	// smtp { }, waiting { }, verdicts { }, checks { }, greylist { } and rates { }: the fields of struct bs_policy that a reload may change
	struct bs_policy
		smtp; // only its numbers are filled in here; lists, names, templates by policy_new()
	// As it was read: of each row of config_keys without a titled section, where it was set.
	struct config_where *where;
};

// Reads and checks `file`. On failure returns NULL and has written to `errors` one line a fault:
// FILE:LINE: what is wrong; how to mend it (without :LINE when the file itself can't be read).
struct config *config_read(const char *file, FILE *errors);
void config_free(struct config *config);

// Writes every key with its value in force, its default and its sentence, as a file that can be read again.
void config_print(const struct config *config, FILE *out);

// Builds a policy that stands alone: lists read, class table made, templates composed. NULL as above: a list file's fault
// is named FILE:LINE. What the running program has is made by control/policy/policy_store.h.
struct bs_policy *policy_new(const struct config *config, FILE *errors);
void policy_free(struct bs_policy *policy);
