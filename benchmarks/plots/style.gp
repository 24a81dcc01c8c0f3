# SPDX-License-Identifier: BSD-3-Clause
# What all plots have in common. The variables data and picture come from plots.py.
set terminal svg size 720,420 background "white" font "Helvetica,13"
set output picture
set datafile separator "\t"
set grid linecolor rgb "#d8d8d8"
set border 3
set tics nomirror
set key outside bottom center horizontal
array colour[4] = ["#1b6ca8", "#d1495b", "#66a182", "#8d6a9f"]
series(n) = (stringcolumn(1) eq n)
