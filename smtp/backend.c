// SPDX-License-Identifier: BSD-3-Clause
//
// The kinds of backends there are. A new one is a file and a line here.
#include "smtp/backend.h"

#include <stdio.h>
#include <string.h>

#include "smtp/maildir/maildir.h"
#include "smtp/relay/relay.h"

struct backend *backend_new(const char *uri, const char *hostname,
	const struct backend_settings *settings, char error[256])
{
	static const char maildir[] = "maildir:";
	if (strncmp(uri, maildir, sizeof(maildir) - 1) == 0)
		return maildir_new(uri + sizeof(maildir) - 1, error);
	if (relay_place_is(uri))
		return relay_new(uri, hostname, settings, error);
	snprintf(error, 256,
		"backend \"%.100s\": no such kind of backend; write \"maildir:/PATH\", "
		"\"smtp://HOST:PORT\", \"lmtp://HOST:PORT\" or \"lmtp:///SOCKET\"",
		uri);
	return NULL;
}

void backend_free(struct backend *backend)
{
	if (backend != NULL)
		backend->operations->free(backend);
}
