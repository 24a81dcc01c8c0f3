// SPDX-License-Identifier: BSD-3-Clause
//
// Libraries under DPDK (libbpf, libxdp, EAL's usage text) write to the terminal by themselves. While they are called, standard
// output and standard error go to memory; what they said last serves an error line of ours. Control thread, while no
// other thread writes there: the log writer must not run.
#pragma once

struct hush {
	int memory;
	int kept[2];
};

void hush_begin(struct hush *hush);

// `words`: the last line that was said, or empty; may be NULL.
void hush_end(struct hush *hush, char words[200]);
