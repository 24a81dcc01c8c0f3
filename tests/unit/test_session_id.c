// SPDX-License-Identifier: BSD-3-Clause
//
// Session ids: fixed width, different for different sessions, in order of the serial number.

#include <criterion/criterion.h>
#include <string.h>

#include "dataplane/seam/log.h"

Test(session_id, fixed_width_and_alphabet)
{
	static const uint32_t serial[] = {0, 1, 31, 32, 0x7fffffff, 0xffffffff};
	char id[BS_SESSION_ID];

	for (size_t i = 0; i < sizeof(serial) / sizeof(serial[0]); i++) {
		cr_assert_eq(bs_session_id(id, 255, serial[i]), id);
		cr_expect_eq(strlen(id), 16);
		cr_expect_eq(strspn(id, "0123456789abcdefghjkmnpqrstvwxyz"), 16);
	}
}

Test(session_id, serial_and_lcore_make_the_difference)
{
	char a[BS_SESSION_ID], b[BS_SESSION_ID];

	cr_expect_str_eq(bs_session_id(a, 3, 7), bs_session_id(b, 3, 7));
	cr_expect_str_neq(bs_session_id(a, 3, 7), bs_session_id(b, 4, 7));
	cr_expect_str_neq(bs_session_id(a, 3, 7), bs_session_id(b, 3, 0x80000007));
	cr_expect_lt(strcmp(bs_session_id(a, 3, 255), bs_session_id(b, 3, 256)), 0);
	cr_expect_lt(strcmp(bs_session_id(a, 3, 0xffffffff), bs_session_id(b, 4, 0)), 0);
	// the last eight characters: lcore and serial
	cr_expect_str_eq(bs_session_id(a, 1, 33) + 8, "04000011");
}
