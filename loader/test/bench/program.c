// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: program run FLOWS REPEAT RUNS PIN...
 *          Nanoseconds of one run of each program for each flow in FLOWS ("SRC DST SPORT DPORT
 *          PROTO"), at INPUT, by BPF_PROG_TEST_RUN: the least of RUNS rounds of REPEAT runs, the
 *          mean of all flows. First line: of an empty program; then one for each PIN: nanoseconds,
 *          flows it accepts, instructions verified, bytes of machine code.
 *        program load OBJECT RUNS
 *          Instructions verified and median microseconds of verification, as the verifier says, of
 *          the first program in a BPF object.
 * For scripts/bench program.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

/* Of linux/netfilter.h, which cannot be had together with musl's netinet/in.h. */
#define NF_ACCEPT	1
#define NF_INET_LOCAL_IN 1
#define NFPROTO_IPV4	2

#define PROGRAMS_MAX	8
#define LOG_SIZE	(1U << 20)
#define LOG_SHOWN	600U	/* bytes of its end, if a program is refused */
#define LOG_STATISTICS	4	/* BPF_LOG_STATS, include/linux/bpf_verifier.h */
#define RUNS_MAX	1000

/* struct nf_hook_state of the kernel, as far as a test run takes it (net/bpf/test_run.c). */
struct hook_state {
	uint8_t hook, pf;
	uint64_t in, out, sk, net, okfn;
};

struct program {
	int fd;
	double ns, least;
	unsigned int accepted;
};

static int load_empty(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = NF_ACCEPT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_NETFILTER);

	return bpf_prog_load(BPF_PROG_TYPE_NETFILTER, "empty", "GPL", insns, 2, &opts);
}

/* One round. The kernel tells whole nanoseconds, the mean of a round. */
static int run(struct program *p, struct frame *frame, int repeat)
{
	struct hook_state state = { .hook = NF_INET_LOCAL_IN, .pf = NFPROTO_IPV4 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(*frame),
		    .ctx_in = &state, .ctx_size_in = sizeof(state), .repeat = repeat);
	int ret = bpf_prog_test_run_opts(p->fd, &opts);

	if (ret)
		return ret;
	if (p->least < 0 || opts.duration < p->least)
		p->least = opts.duration;
	return (int)opts.retval;
}

/* All programs in turn, @runs times. */
static int run_flow(struct program *p, int count, struct frame *frame, int repeat, int runs)
{
	int i, r, verdict;

	for (i = 0; i < count; i++)
		p[i].least = -1;
	for (r = 0; r < runs; r++) {
		for (i = 0; i < count; i++) {
			verdict = run(&p[i], frame, repeat);
			if (verdict < 0)
				return verdict;
			if (!r)
				p[i].accepted += verdict == NF_ACCEPT;
		}
	}
	for (i = 0; i < count; i++)
		p[i].ns += p[i].least;
	return 0;
}

static int print_program(const struct program *p, int flows)
{
	struct bpf_prog_info info = { 0 };
	unsigned int size = sizeof(info);

	if (bpf_obj_get_info_by_fd(p->fd, &info, &size))
		return -1;
	printf("%.2f %u %u %u\n", p->ns / flows, p->accepted, info.verified_insns,
	       info.jited_prog_len);
	return 0;
}

static int run_all(const char *path, int repeat, int runs, char **pins, int count)
{
	static struct flow flows[FLOWS_MAX];
	struct program p[PROGRAMS_MAX + 1] = { { .fd = load_empty() } };
	int n = read_flows(path, flows), i, ret = 0;
	struct frame frame;

	if (n <= 0 || p[0].fd < 0 || repeat < 1 || runs < 1 || count > PROGRAMS_MAX)
		return -1;
	for (i = 1; i <= count; i++) {
		p[i].fd = bpf_obj_get(pins[i - 1]);
		if (p[i].fd < 0)
			return -1;
	}
	for (i = 0; i < n && !ret; i++) {
		frame_init(&frame);
		frame_of(&frame, &flows[i]);
		ret = run_flow(p, count + 1, &frame, repeat, runs);
	}
	for (i = 0; i <= count && !ret; i++)
		ret = print_program(&p[i], n);
	return ret;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* The programs of the object that are loaded by default: one, that of table filter. */
static int load_once(const char *path, unsigned int *insns, double *verify)
{
	struct bpf_object *o = bpf_object__open(path);
	struct bpf_program *prog = o ? bpf_object__next_program(o, NULL) : NULL;
	static char log[LOG_SIZE];
	const char *at;
	int ret = -1;

	log[0] = '\0';
	if (prog && !bpf_program__set_log_level(prog, LOG_STATISTICS) &&
	    !bpf_program__set_log_buf(prog, log, LOG_SIZE) && !bpf_object__load(o)) {
		at = strstr(log, "verification time ");
		*verify = at ? atof(at + strlen("verification time ")) : 0;
		at = strstr(log, "processed ");
		*insns = at ? (unsigned int)atoi(at + strlen("processed ")) : 0;
		ret = 0;
	} else {
		fputs(log + (strlen(log) > LOG_SHOWN ? strlen(log) - LOG_SHOWN : 0), stderr);
	}
	bpf_object__close(o);
	return ret;
}

static int ascending(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

static int load_all(const char *path, int runs)
{
	double verify[RUNS_MAX];
	unsigned int insns = 0;
	int i;

	if (runs < 1 || runs > RUNS_MAX)
		return -1;
	for (i = 0; i < runs; i++)
		if (load_once(path, &insns, &verify[i]))
			return -1;
	qsort(verify, (size_t)runs, sizeof(verify[0]), ascending);
	printf("%u %.0f\n", insns, verify[runs / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	int ret;

	libbpf_set_print(quiet);
	if (argc > 4 && !strcmp(argv[1], "run")) {
		ret = run_all(argv[2], atoi(argv[3]), atoi(argv[4]), argv + 5, argc - 5);
	} else if (argc == 4 && !strcmp(argv[1], "load")) {
		ret = load_all(argv[2], atoi(argv[3]));
	} else {
		fprintf(stderr, "usage: program run FLOWS REPEAT RUNS PIN... | load OBJECT RUNS\n");
		return 2;
	}
	if (ret)
		perror("program");
	return ret ? 1 : 0;
}
