# SPDX-License-Identifier: BSD-3-Clause
set title "Latencies of refused sessions at a quarter of the most a second, one core"
set xlabel "microseconds"
set ylabel "share that took longer"
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set yrange [1e-6:1]
part(n, what) = (series(n) && stringcolumn(2) eq what)
plot for [n = 1:4] data using (part("nothing", word("connect greeting reply session", n)) ? $3 : NaN):4 with lines linewidth 2 linecolor rgb colour[n] title word("connect greeting reply session", n), \
	for [n = 1:4] data using (part("syn-flood", word("connect greeting reply session", n)) ? $3 : NaN):4 with lines linewidth 2 dashtype 3 linecolor rgb colour[n] title word("connect greeting reply session", n) . ", SYN flood"
