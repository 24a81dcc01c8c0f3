// SPDX-License-Identifier: BSD-3-Clause
#include "control/configuration/config_impairment.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "control/configuration/config_keys.h"
#include "control/configuration/config_values.h"

const struct config_key *config_impairment(const struct config *config, char *text, size_t size)
{
	FILE *out = fmemopen(text, size - 1, "w");
	const struct config_key *first = NULL;

	memset(text, 0, size);
	if (out == NULL)
		return NULL;
	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		uint32_t share = 0;

		if (strcmp(key->section, "impairment") != 0 || key->kind != KIND_SHARE)
			continue;
		memcpy(&share, (const char *)config + key->offset, sizeof(share));
		if (share == 0)
			continue;
		fprintf(out, "%s%s = ", first == NULL ? "" : ", ", key->name);
		config_value_print(key, config, out);
		if (first == NULL)
			first = key;
	}
	fclose(out);
	return first;
}
