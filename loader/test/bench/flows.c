// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: flows OBJECT INTERFACE FILE PACKETS: nanoseconds of CPU time that this network namespace
 * spends on a received packet of the flows in FILE, one after the other, printed as one number.
 * FILE: lines "SRC DST SPORT DPORT PROTO", as many as a power of two. For scripts/bench packets.
 *
 * The packets are injected behind the driver by a test run of an XDP program in live-frames mode
 * (Documentation/bpf/bpf_prog_run.rst), so that no sender is measured.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "live.h"

static int fill_flows(const char *path, int map)
{
	static unsigned int keys[FLOWS_MAX];
	static struct flow flows[FLOWS_MAX];
	int n = read_flows(path, flows);
	unsigned int i, count;

	if (n <= 0 || n & (n - 1))
		return -1;
	count = (unsigned int)n;
	for (i = 0; i < count; i++)
		keys[i] = i;
	return bpf_map_update_batch(map, keys, flows, &count, NULL) ? -1 : n;
}

static int make_frame(const char *ifname, struct frame *f)
{
	struct ifreq req = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	ret = ioctl(fd, SIOCGIFHWADDR, &req);
	close(fd);
	frame_init(f);
	memcpy(f->eth.h_dest, req.ifr_hwaddr.sa_data, ETH_ALEN);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned int one = 1, ifindex, mask;
	struct bpf_object *o;
	int count, prog, n;
	struct frame frame;
	double start;

	if (argc != 5 || (count = atoi(argv[4])) < 64) {
		fprintf(stderr, "usage: flows OBJECT INTERFACE FILE PACKETS\n");
		return 2;
	}
	o = bpf_object__open(argv[1]);
	if (!o || bpf_object__load(o) || make_frame(argv[2], &frame)) {
		perror("flows");
		return 1;
	}
	prog = bpf_program__fd(bpf_object__next_program(o, NULL));
	n = fill_flows(argv[3], bpf_object__find_map_fd_by_name(o, "flows"));
	if (n < 0) {
		fprintf(stderr, "flows: %s: not a power of two of flows\n", argv[3]);
		return 1;
	}
	mask = (unsigned int)n - 1;
	bpf_map_update_elem(bpf_object__find_map_fd_by_name(o, "state"), &one, &mask, BPF_ANY);
	ifindex = if_nametoindex(argv[2]);
	/* Warms up. */
	inject(prog, &frame, sizeof(frame), ifindex, count / 4 < 64 ? 64 : count / 4);
	start = cpu_time();
	if (inject(prog, &frame, sizeof(frame), ifindex, count)) {
		perror("flows: live frames");
		return 1;
	}
	printf("%.1f\n", (cpu_time() - start) / count);
	bpf_object__close(o);
	return 0;
}
