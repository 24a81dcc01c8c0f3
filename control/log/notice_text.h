// SPDX-License-Identifier: BSD-3-Clause
//
// The words for what a dataplane lcore has to say (dataplane/seam/notice.h): postscreen's, so that fail2ban,
// pflogsumm and logcheck know them, with the session id behind.
//
// Pure functions, any thread. Whatever the bytes of a sample are, the text is printable ASCII in one line.
#pragma once

#include <stddef.h>

#include "dataplane/seam/log.h"
#include "dataplane/seam/notice.h"

// The longest: a sample of which each byte takes four characters, between words and addresses.
#define NOTICE_TEXT 512

// Writes the line and returns its length. A kind that does not exist is written as such.
size_t notice_text(const struct bs_notice *notice, char text[NOTICE_TEXT]);

// Each session has one closing line. A worker writes that of the sessions it saw; where the notice is the end of a
// session that no worker will see, this writes
//   DISCONNECT [192.0.2.7]:41234 outcome=pregreet time=0.05; session=ID
// and returns its length; else returns 0 (BS_NOTICE_CONNECT, NEIGHBOUR, LINK).
size_t notice_closing_text(const struct bs_notice *notice, char text[NOTICE_TEXT]);

enum bs_severity notice_severity(const struct bs_notice *notice);
