// SPDX-License-Identifier: BSD-3-Clause
//
// Rows of impairment { }: a part of the table in control/configuration/config_keys.c, which alone includes this and
// defines FIELD.
#pragma once

// clang-format off
#define IMPAIRMENT_KEYS \
	{"impairment", "seed", KIND_COUNT, FIELD(config, smtp.impairment.seed), .change = CHANGE_SET, .standard = "1", .most = UINT32_MAX, \
	 .sentence = "Where the sequence of faults begins: the same packets meet the same ones again."}, \
	{"impairment", "receive-loss", KIND_SHARE, FIELD(config, smtp.impairment.receive.loss), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets received, how many are lost. 1%, 500ppm."}, \
	{"impairment", "receive-reorder", KIND_SHARE, FIELD(config, smtp.impairment.receive.reorder), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets received, how many are put out of order: held back until up to 8 others have passed, 20 ms at most. 1%, 500ppm."}, \
	{"impairment", "receive-duplicate", KIND_SHARE, FIELD(config, smtp.impairment.receive.duplicate), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets received, how many are doubled. 1%, 500ppm."}, \
	{"impairment", "receive-corrupt", KIND_SHARE, FIELD(config, smtp.impairment.receive.corrupt), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets received, how many are damaged: a byte of an IP packet, behind its Ethernet header. 1%, 500ppm."}, \
	{"impairment", "send-loss", KIND_SHARE, FIELD(config, smtp.impairment.send.loss), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets sent, how many are lost. 1%, 500ppm."}, \
	{"impairment", "send-reorder", KIND_SHARE, FIELD(config, smtp.impairment.send.reorder), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets sent, how many are put out of order: held back until up to 8 others have passed, 20 ms at most. 1%, 500ppm."}, \
	{"impairment", "send-duplicate", KIND_SHARE, FIELD(config, smtp.impairment.send.duplicate), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets sent, how many are doubled. 1%, 500ppm."}, \
	{"impairment", "send-corrupt", KIND_SHARE, FIELD(config, smtp.impairment.send.corrupt), .change = CHANGE_SET, .standard = "0", .most = 1000000, \
	 .sentence = "Of the packets sent, how many are damaged: a byte of an IP packet, behind its Ethernet header. 1%, 500ppm."},
// clang-format on
