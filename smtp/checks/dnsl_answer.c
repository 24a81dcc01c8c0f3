// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/checks/dnsl_answer.h"

#include <string.h>

static bool named(const struct bs_dnsl *list, const uint8_t octets[4])
{
	for (uint32_t i = 0; i < list->codes && i < BS_DNSL_CODES; i++)
		if (bs_dnsl_code_matches(&list->code[i], octets))
			return true;
	return false;
}

static enum dnsl_reading read_address(const struct bs_dnsl *list, const uint8_t octets[4])
{
	// RFC 5782, 2.1: entries are in 127/8. Anything else is a parked domain or a resolver that sells its NXDOMAINs.
	if (octets[0] != 127)
		return DNSL_ERROR;
	// the convention for "you are asking wrongly", whatever the patterns say
	if (octets[1] == 255 && octets[2] == 255)
		return DNSL_ERROR;
	if (named(list, octets))
		return DNSL_HIT;
	if (octets[1] == 0 && octets[2] == 0) {
		// RFC 5782, 2.1: not to be used, and URI lists say "refused" with it
		if (octets[3] == 1)
			return DNSL_ERROR;
		// DNSWL.org's way to say that too much was asked: it must not let anybody in
		if (octets[3] == 255 && list->hit < 0)
			return DNSL_ERROR;
	}
	return list->codes == 0 ? DNSL_HIT : DNSL_OTHER;
}

enum dnsl_reading dnsl_read(
	const struct bs_dnsl *list, const struct dns_answer *answer, uint8_t octets[4])
{
	enum dnsl_reading reading = DNSL_UNKNOWN;

	memset(octets, 0, 4);
	if (answer->status == DNS_NO_NAME || answer->status == DNS_NO_DATA)
		return DNSL_CLEAN;
	if (answer->status != DNS_FOUND)
		return DNSL_UNKNOWN;
	for (unsigned i = 0; i < answer->count; i++) {
		const uint8_t *this = answer->record[i].address.octet + 12;
		enum dnsl_reading one = read_address(list, this);

		if (one == DNSL_ERROR) { // one such address, and the others mean nothing
			memcpy(octets, this, 4);
			return DNSL_ERROR;
		}
		if (reading == DNSL_UNKNOWN || (one == DNSL_HIT && reading == DNSL_OTHER)) {
			memcpy(octets, this, 4);
			reading = one;
		}
	}
	return reading;
}

const char *dnsl_error_meaning(const uint8_t octets[4])
{
	static const char *const odd =
		"no entry looks like this: the zone may have changed hands, or the resolver "
		"answers for names that are not there; ask another resolver, or take the list out";

	if (octets[0] != 127)
		return odd;
	if (octets[1] == 255 && octets[2] == 255) {
		switch (octets[3]) {
		case 252:
			return "there is no such zone: correct the spelling of zone";
		case 254:
			return "it is asked through a public resolver, which it does not answer: "
			       "run a resolver of your own, or use the zone with your key";
		case 255:
			return "more was asked than is free: get an account there, or take the "
			       "list out";
		default:
			return "it refuses to answer: see what its web site says of this address";
		}
	}
	if (octets[3] == 255)
		return "more was asked than is free: get an account there, or take the list out";
	return "it refuses to answer (RFC 5782 keeps 127.0.0.1 out of use): see its web site, or "
	       "name the address in codes";
}
