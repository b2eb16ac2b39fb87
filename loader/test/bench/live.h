/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_BENCH_LIVE_H
#define TEST_BENCH_LIVE_H

#include <bpf/bpf.h>
#include <stddef.h>
#include <time.h>

/** cpu_time() - of this thread, in nanoseconds. */
static inline double cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/**
 * inject() - @count copies of a frame come in at the interface, behind its driver: a test run of an
 * XDP program in live-frames mode (Documentation/bpf/bpf_prog_run.rst). All of their way is over
 * when it returns, and it is CPU time of this thread.
 */
static inline int inject(int prog, void *frame, size_t size, unsigned int ifindex, int count)
{
	struct xdp_md ctx = { .data_end = (unsigned int)size, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (unsigned int)size,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);

	return bpf_prog_test_run_opts(prog, &opts);
}

#endif
