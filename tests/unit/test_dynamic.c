// SPDX-License-Identifier: BSD-3-Clause
//
// Names that look like a dialup's, and names of mail servers that do not, in the shapes that providers use.
#include <criterion/criterion.h>
#include <string.h>

#include "smtp/checks/dynamic.h"

static const char *look(const char *name, const char *client)
{
	struct bs_address address;
	cr_assert(bs_address_parse(client, &address), "%s", client);
	return name_looks_dynamic(name, &address);
}

// Of 198.51.100.7.
static const char *const dynamic[] = {
	"198-51-100-7.example.net",
	"7.100.51.198.example.net",
	"c-198-51-100-7.hsd1.ca.example.net",
	"cpe-198-51-100-7.austin.res.example.com",
	"pool-198-51-100-7.nycmny.fios.example.net",
	"ip-198-51-100-7.example.co.uk",
	"host198-51-100-7.range198-51.example.com",
	"7-100-51-198.adsl.terra.example",
	"198.51.100.7.broad.gz.gd.dynamic.example.com",
	"adsl-198-51-100-7.dsl.example.net",
	"dsl-198.51.100.7.example.com.br",
	"198051100007.ctinets.example.com",
	"007100051198.example.com",
	"p5dc6336407.dip0.t-example.de",
	"pC6336407.dip0.t-example.de",
	"dslb-c6336407.pools.example-ip.net",
	"x.dyn.user.example.no",
	"abts-kk-dynamic-007.example.in",
	"dhcp-077-249-017-003.chello.example.nl",
	"u7.dialup.example.ru",
	"ppp7.example.gr",
	"ppp-88.sta.ntwk.example.com",
	"m7-mp1.cvx1-b.pop.dial.example.com",
	"client-7.speedy.example.pe",
	"cable-7.example.rs",
	"cm7.7.customer.example.net",
	"lns-bzn-49-7.adsl.proxad.example.net",
	"nothing-else.dinamico.example.es",
	"7.mobile.example.pt",
};

static const char *const proper[] = {
	"mail.example.org",
	"mx.example.org",
	"mx1.example.org",
	"smtp-out-127-107.example.com",
	"example.org",
	"dynamic.example", // a domain of its own
	"pool.example.org",
	"pool.ntp.example.org",
	"7.example.org",
	"customer.io",
	"a7-51.smtp-out.eu-west-1.amazonses.example",
	"mail-198-51-100-7.example.com",
	"o7.ptr1234.outbound-mail.example.net",
	"static.7.100.51.198.clients.your-server.example",
	"static-198-51-100-7.ipcom.comunitel.example.net",
	"198-51-100-7.static.example.net",
	"7-100.static.example.com",
	"rrcs-198-51-100-7.biz.rr.example",
	"ec2-198-51-100-7.compute-1.amazonaws.example",
	"vps-198-51-100-7.example.net",
	"fixed-198-51-100-7.example.com.mx",
	"fix.7.dsl.example.de",
	"dedicated-7-100.example.net",
	"dsl.example.org", // a company with one line
	"cable.example.co.uk",
	"client.example.org",
	"client3.example.org",
	"customer12.example.com",
	"pools.example.org",
	"home.example.org",
	"user.example.org",
	"dialog.example.org",
	"dynamo-7.example.org",
	"adslabs7.example.org",
	"webmail.dsl.example.net",
	"exchange.7.dsl.example.net",
	"gw-198-51-100-7.example.net",
	"www.dyn.example.org",
	"server7.pool.example.net",
	"198-51-100.example.net",
	"51-100-7-198.example.net",  // neither order
	"1198-51-100-7.example.net", // other numbers
	"198-51-100-77.example.net",
	"ac6336407d.example.net", // a longer hexadecimal number
	"relay7.adsl.example.net",
	"postfix.7.adsl.example.net",
	"news7.cable.example.net",
	"zeus.example.com",
	"a.b.c.d.example.org",
	"",
	".",
	"...",
	"com",
};

Test(dynamic, what_looks_so)
{
	for (size_t i = 0; i < sizeof(dynamic) / sizeof(dynamic[0]); i++)
		cr_expect_not_null(look(dynamic[i], "198.51.100.7"), "%s", dynamic[i]);
}

Test(dynamic, what_does_not)
{
	for (size_t i = 0; i < sizeof(proper) / sizeof(proper[0]); i++)
		cr_expect_null(look(proper[i], "198.51.100.7"), "%s: %s", proper[i],
			look(proper[i], "198.51.100.7"));
}

Test(dynamic, ipv6)
{
	const char *client = "2001:db8:12:34::5:6";
	cr_expect_not_null(look("2001-db8-12-34--5-6.example.net", client));
	cr_expect_not_null(look("host-20010db8001200340000000000050006.example.net", client));
	cr_expect_not_null(look("2001-0db8-0012-0034-0000-0000-0005-0006.ip6.example.net", client));
	cr_expect_not_null(look("6.0.0.0.5.0.0.0.0.0.0.0.0.0.0.0.4.3.0.0.2.1.0.0.8.b.d.0.1.0.0.2."
				"example.net",
		client));
	cr_expect_not_null(look("a-b.dyn6.dyn.example.net", client));
	cr_expect_null(look("2001-db8-12-34--5-7.example.net", client));
	cr_expect_null(look("mail-2001-db8-12-34--5-6.example.net", client));
	cr_expect_null(look("six.customer.example.net", client));
	cr_expect_null(look("5-6.example.net", client));
}

Test(dynamic, why)
{
	cr_assert_str_eq(look("198-51-100-7.example.net", "198.51.100.7"), "address in the name");
	cr_assert_str_eq(look("7.dsl.example.net", "198.51.100.7"), "DSL");
	cr_assert_str_eq(look("7.cust.example.net", "198.51.100.7"), "customer");
}

Test(dynamic, any_bytes_and_any_length)
{
	char name[600];
	for (size_t length = 0; length < sizeof(name) - 1; length++) {
		for (int byte = 0; byte < 4; byte++) {
			memset(name,
				".\xff"
				"19"[byte],
				sizeof(name));
			name[length] = 0;
			(void)look(name, "198.51.100.7");
			(void)look(name, "2001:db8::1");
		}
	}
}
