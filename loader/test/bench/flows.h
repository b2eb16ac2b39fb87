/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_BENCH_FLOWS_H
#define TEST_BENCH_FLOWS_H

/* One flow; network byte order. */
struct flow {
	unsigned int src, dst;
	unsigned short sport, dport;
	unsigned int proto;
};

#define FLOWS_MAX	65536U	/* a power of two */

#endif
