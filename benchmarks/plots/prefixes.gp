# SPDX-License-Identifier: BSD-3-Clause
set title "64-byte SYNs of listed sources dropped, one core"
set xlabel "prefixes in the lists"
set ylabel "million packets a second"
set logscale x
set format x "10^{%L}"
set yrange [0:*]
plot for [n = 1:2] data using (series(word("ipv4 ipv6", n)) ? $2 : NaN):3 with linespoints linewidth 2 pointtype 7 linecolor rgb colour[n] title word("IPv4 IPv6", n), \
	for [n = 1:2] data using (series(word("ipv4 ipv6", n)) ? $2 : NaN):4 with linespoints dashtype 2 pointtype 6 linecolor rgb colour[n] title word("IPv4 IPv6", n) . ", packets only freed"
