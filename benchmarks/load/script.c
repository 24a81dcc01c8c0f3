// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmarks/load/segment.h"

static void add(struct script *script, uint16_t code, const char *text)
{
	size_t length = strlen(text);
	if (script->steps == SCRIPT_STEPS || script->length + length > SCRIPT_TEXT_MAX)
		abort(); // sized for all that is below
	struct step *step = &script->step[script->steps++];
	step->code = code;
	step->begin = script->length;
	memcpy(script->text + script->length, text, length);
	script->length += (uint16_t)length;
	step->end = script->length;
	step->sum = segment_sum(text, (uint32_t)length);
}

static void add_mail(struct script *script)
{
	char mail[SCRIPT_MAIL + 1];
	int at = snprintf(mail, sizeof(mail),
		"From: Sender <sender@example.com>\r\n"
		"Subject: load\r\n\r\n");
	while ((size_t)at + 66 + 3 <= SCRIPT_MAIL) {
		memset(mail + at, 'a' + at / 66 % 26, 64);
		mail[at + 64] = '\r';
		mail[at + 65] = '\n';
		at += 66;
	}
	snprintf(mail + at, sizeof(mail) - (size_t)at, ".\r\n");
	add(script, 354, mail);
}

void scripts_make(struct script script[SCRIPTS], const char *known, const char *unknown)
{
	static const char hello[] = "EHLO client.example.com\r\n";
	static const char from[] = "MAIL FROM:<sender@example.com>\r\n";
	static const char *const name[SCRIPTS] = {
		"refused", "accepted", "early", "harvester", "silent"};
	char to[300], nobody[300];

	snprintf(to, sizeof(to), "RCPT TO:<%s>\r\n", known);
	snprintf(nobody, sizeof(nobody), "RCPT TO:<%s>\r\n", unknown);
	memset(script, 0, SCRIPTS * sizeof(*script));
	for (unsigned i = 0; i < SCRIPTS; i++)
		script[i].name = name[i];
	struct script *now = &script[SCRIPT_REFUSED];
	add(now, 220, hello);
	add(now, 250, from);
	add(now, 250, nobody);
	add(now, 550, "QUIT\r\n");
	add(now, 221, "");
	now = &script[SCRIPT_ACCEPTED];
	add(now, 220, hello);
	add(now, 250, from);
	add(now, 250, to);
	add(now, 250, "DATA\r\n");
	add_mail(now);
	add(now, 250, "QUIT\r\n");
	add(now, 221, "");
	now = &script[SCRIPT_EARLY];
	add(now, 0, hello);
	add(now, 554, "QUIT\r\n");
	add(now, 221, "");
	now = &script[SCRIPT_HARVESTER];
	add(now, 220, hello);
	add(now, 250, from);
	for (unsigned i = 0; i < 6; i++)
		add(now, i == 0 ? 250 : 550, nobody);
	add(now, 421, "");
	add(&script[SCRIPT_SILENT], 220, "");
}

enum script_kind script_find(const struct script script[SCRIPTS], const char *name, unsigned length)
{
	unsigned kind = 0;
	while (kind < SCRIPTS && (strlen(script[kind].name) != length ||
					 strncmp(script[kind].name, name, length) != 0))
		kind++;
	return (enum script_kind)kind;
}
