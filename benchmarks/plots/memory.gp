# SPDX-License-Identifier: BSD-3-Clause
set title "Memory of connections that wait for their greeting"
set xlabel "connections, millions"
set ylabel "whole process, MB"
set logscale y
set yrange [10:*]
set xrange [0:*]
plot data using (series("barscreen") ? $2 / 1e6 : NaN):($3 / 1e6) with linespoints linewidth 2 pointtype 7 linecolor rgb colour[1] title "barscreen", \
	data using (series("tarpit") ? $2 / 1e6 : NaN):($3 / 1e6) with linespoints linewidth 2 pointtype 5 linecolor rgb colour[2] title "tarpit on the kernel's sockets"
