// SPDX-License-Identifier: BSD-3-Clause
//
// The table of checks. From it come configuration keys (sections checks { } and policy { }), counters, the lines of
// `explain`, the manual's table, the words in the log and the replies. A new check is a row here and one file in
// smtp/checks/ with its check_run_NAME() (smtp/checks/check.h).
//
// X(identifier, name, stage, consequence, mode, hit, miss, code, "enhanced", "text", "sentence")
//   stage        what it must know (enum bs_check_stage); BEHAVIOUR has no check_run: dataplane or session see it
//   consequence  of a hit when enforced (enum bs_consequence): REFUSES and DEFERS answer by themselves, SCORES adds to the total;
//                a miss adds its weight in any case
//   mode         the default (enum bs_mode)
//   hit, miss    default weights in hundredths
//   code, enhanced, text: the reply, its text as long as replies { } has no other; in it $client, $name, $helo, $sender, $sender-domain, $recipient and $detail stand for
//                what they say (smtp/checks/reply_text.h). The operator's contact is appended.
//
// Order is precedence: of several that refuse, the first gives the reply. A leaf: includes nothing; any thread.
#pragma once

// clang-format off
#define BS_CHECKS(X) \
	X(EARLY_TALK, early_talk, BEHAVIOUR, REFUSES, ENFORCE, 0, 0, 554, "5.5.1", "you spoke before the greeting; wait for 220", \
		"speaks before it was greeted") \
	X(PIPELINING, pipelining, BEHAVIOUR, REFUSES, ENFORCE, 0, 0, 554, "5.5.0", "Error: SMTP protocol synchronization", \
		"sends commands before it may (RFC 2920)") \
	X(NON_SMTP_COMMAND, non_smtp_command, BEHAVIOUR, REFUSES, ENFORCE, 0, 0, 554, "5.7.0", "Error: this is a mail server", \
		"speaks another protocol: GET, POST, CONNECT") \
	X(HEADER_COMMAND, header_command, BEHAVIOUR, REFUSES, ENFORCE, 0, 0, 554, "5.7.0", "Error: a mail header is no command", \
		"sends a header line where a command belongs: it listens to no reply") \
	X(BARE_NEWLINE, bare_newline, BEHAVIOUR, REFUSES, ENFORCE, 0, 0, 550, "5.5.2", "<DATA>: Data command rejected: message has $detail", \
		"sends a mail with a bare CR, LF or NUL") \
	X(SPAMTRAP, spamtrap, RECIPIENT, REFUSES, ENFORCE, 0, 0, 550, "5.1.1", "<$recipient>: Recipient address rejected: User unknown", \
		"writes to an address that nobody may know") \
	X(NULL_RECIPIENTS, null_recipients, RECIPIENT, REFUSES, ENFORCE, 0, 0, 550, "5.5.3", "<$recipient>: Recipient address rejected: Multi-recipient bounce", \
		"sends one bounce to several recipients") \
	X(SENDER_NULL_MX, sender_null_mx, SENDER, REFUSES, ENFORCE, 0, 0, 550, "5.7.27", "<$sender>: Sender address rejected: Domain $sender-domain does not accept mail (nullMX)", \
		"the sender's domain says that it has no mail (RFC 7505)") \
	X(SENDER_DOMAIN, sender_domain, SENDER, REFUSES, ENFORCE, 0, 0, 550, "5.1.8", "<$sender>: Sender address rejected: Domain not found", \
		"the sender's domain has no MX, A or AAAA") \
	X(SENDER_MX, sender_mx, SENDER, REFUSES, ENFORCE, 210, 0, 550, "5.1.8", "<$sender>: Sender address rejected: Domain $sender-domain has no usable mail server: $detail", \
		"all mail servers of the sender's domain are at private or reserved addresses, or are ours though the domain is not") \
	X(SPF_FAIL, spf_fail, SENDER, REFUSES, ENFORCE, 0, 0, 550, "5.7.23", "<$sender>: Sender address rejected: SPF validation failed: $detail", \
		"the sender's domain says that this client may not send for it; a bounce is left to helo-spf-fail") \
	X(SPF_SOFTFAIL, spf_softfail, SENDER, SCORES, OBSERVE, 100, 0, 550, "5.7.23", "<$sender>: Sender address rejected: SPF validation failed: $detail", \
		"the sender's domain says that this client probably may not send for it") \
	X(SPF_NEUTRAL, spf_neutral, SENDER, SCORES, OFF, 0, 0, 550, "5.7.23", "<$sender>: Sender address rejected: SPF says nothing: $detail", \
		"the sender's domain does not say whether this client may send for it") \
	X(SPF_NONE, spf_none, SENDER, SCORES, OFF, 0, 0, 550, "5.7.23", "<$sender>: Sender address rejected: no SPF record: $detail", \
		"the sender's domain publishes no SPF record") \
	X(SPF_PASS, spf_pass, SENDER, SCORES, OBSERVE, -100, 0, 550, "5.7.23", "", \
		"the sender's domain says that this client may send for it") \
	X(SPF_PERMERROR, spf_permerror, SENDER, SCORES, OBSERVE, 100, 0, 550, "5.7.24", "<$sender>: Sender address rejected: SPF record is faulty: $detail", \
		"the SPF record of the sender's domain is faulty") \
	X(HELO_SPF_FAIL, helo_spf_fail, HELO, REFUSES, OBSERVE, 150, 0, 550, "5.7.23", "<$helo>: Helo command rejected: SPF validation failed: $detail", \
		"the domain of the HELO says that this client may not use it") \
	X(HELO_SYNTAX, helo_syntax, HELO, SCORES, OBSERVE, 150, 0, 504, "5.5.2", "<$helo>: Helo command rejected: need fully-qualified hostname", \
		"the HELO is no fully qualified name") \
	X(HELO_LITERAL, helo_literal, HELO, SCORES, OBSERVE, 150, 0, 501, "5.5.2", "<$helo>: Helo command rejected: address is not yours", \
		"the HELO is an address literal of another address") \
	X(HELO_NUMERIC, helo_numeric, HELO, SCORES, OBSERVE, 250, 0, 501, "5.5.2", "<$helo>: Helo command rejected: numeric name", \
		"the HELO is an address without brackets") \
	X(HELO_OURS, helo_ours, HELO, REFUSES, ENFORCE, 300, 0, 550, "5.7.1", "<$helo>: Helo command rejected: this is our name", \
		"the HELO is our own name or address, or a domain of ours") \
	X(HELO_UNRESOLVED, helo_unresolved, HELO, SCORES, OBSERVE, 150, 0, 450, "4.7.1", "<$helo>: Helo command rejected: Host not found", \
		"the name of the HELO has no A, AAAA or MX") \
	X(HELO_OTHER, helo_other, HELO, SCORES, OBSERVE, 150, -125, 550, "5.7.1", "<$helo>: Helo command rejected: not the client's name", \
		"neither A, AAAA nor MX of the HELO's name is the client") \
	X(SENDER_OTHER, sender_other, SENDER, SCORES, OBSERVE, 150, -310, 550, "5.7.1", "<$sender>: Sender address rejected: not the client's domain", \
		"neither A, AAAA nor MX of the sender's domain is the client") \
	X(HELO_DYNAMIC, helo_dynamic, HELO, SCORES, OBSERVE, 150, 0, 550, "5.7.1", "<$helo>: Helo command rejected: looks like a dialup", \
		"the HELO looks like the name of a dialup") \
	X(NAME_MISSING, name_missing, CLIENT, SCORES, OBSERVE, 100, 0, 450, "4.7.25", "Client host rejected: cannot find your reverse hostname, [$client]", \
		"the client's address has no name (PTR)") \
	X(NAME_UNCONFIRMED, name_unconfirmed, CLIENT, SCORES, OBSERVE, 100, 0, 450, "4.7.25", "Client host rejected: cannot find your hostname, [$client]", \
		"the client's name does not lead back to its address") \
	X(NAME_DYNAMIC, name_dynamic, CLIENT, SCORES, OBSERVE, 375, 0, 550, "5.7.1", "Client host rejected: looks like a dialup: $detail", \
		"the client's name looks like one of a dialup") \
	X(CLIENT_LISTS, client_lists, CLIENT, SCORES, ENFORCE, 0, 0, 554, "5.7.1", "Service unavailable; Client host [$client] blocked using $detail", \
		"DNS lists have the client; each list has its own weights") \
	X(RATE, rate, RECIPIENT, DEFERS, ENFORCE, 0, 0, 450, "4.7.1", "<$recipient>: Recipient address rejected: $detail, try again later", \
		"sends more mails or recipients in a time than it may") \
	X(GREYLIST, greylist, RECIPIENT, DEFERS, OBSERVE, 0, 0, 451, "4.7.1", "<$recipient>: Recipient address rejected: Greylisted, try again later", \
		"network, sender and recipient were not seen together before (RFC 6647)")
// clang-format on

enum bs_check {
#define X(identifier, name, stage, consequence, mode, hit, miss, code, enhanced, text, sentence) \
	BS_CHECK_##identifier,
	BS_CHECKS(X)
#undef X
		BS_CHECK_COUNT
};

// What a check must know, in the order in which it becomes known.
enum bs_check_stage {
	BS_STAGE_BEHAVIOUR,
	BS_STAGE_CLIENT,
	BS_STAGE_HELO,
	BS_STAGE_SENDER,
	BS_STAGE_RECIPIENT,
};

enum bs_consequence { BS_SCORES, BS_REFUSES, BS_DEFERS };

enum bs_mode {
	BS_MODE_OFF,     // not looked at
	BS_MODE_OBSERVE, // decided and logged, changes nothing
	BS_MODE_ENFORCE,
};
