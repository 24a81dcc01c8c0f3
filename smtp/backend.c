// SPDX-License-Identifier: BSD-3-Clause
//
// The kinds of backends there are. A new one is a file and a line here.
#include "smtp/backend.h"

#include <stdio.h>
#include <string.h>

#include "smtp/maildir.h"

static const struct {
	const char *scheme;
	struct backend *(*make)(const char *place, char error[256]);
} kind[] = {
	{"maildir", maildir_new},
};

struct backend *backend_new(const char *uri, char error[256])
{
	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		size_t length = strlen(kind[i].scheme);
		if (strncmp(uri, kind[i].scheme, length) == 0 && uri[length] == ':')
			return kind[i].make(uri + length + 1, error);
	}
	snprintf(error, 256, "backend \"%.100s\": no such kind of backend; write \"maildir:/PATH\"",
		uri);
	return NULL;
}

void backend_free(struct backend *backend)
{
	if (backend != NULL)
		backend->operations->free(backend);
}
