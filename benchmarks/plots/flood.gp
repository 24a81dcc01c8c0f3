# SPDX-License-Identifier: BSD-3-Clause
set title "Refused sessions beside a flood, one core"
set xlabel "packets of the flood, thousands a second"
set ylabel "sessions a second"
set yrange [0:*]
set xrange [0:*]
array kind[3] = ["SYNs", "ACKs", "SYNs of listed sources"]
plot for [n = 1:3] data using (series(word("syn ack listed", n)) ? $2 / 1e3 : NaN):3 with linespoints linewidth 2 pointtype 7 linecolor rgb colour[n] title kind[n]
