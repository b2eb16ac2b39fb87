// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: rate INTERFACE accept|drop PACKETS: nanoseconds that this network namespace spends on a
 * received UDP packet, printed as one number. For scripts/bench.
 *
 * accept: all of one flow, to port 53, where a socket is whose queue is full; drop: each of another
 * flow, to port 9. The packets are injected behind the driver by a test run of an XDP program
 * (Documentation/bpf/bpf_prog_run.rst), so that no sender is measured.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/live.h"

struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	char data[22];
} __attribute__((packed));

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })

/* XDP: goes on to the stack, with a random source port if the flows are to differ. */
static int load_program(int differ)
{
	const struct bpf_insn same[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	const struct bpf_insn random[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32),
		INSN(BPF_LDX | BPF_W | BPF_MEM, 1, 6, offsetof(struct xdp_md, data), 0),
		INSN(BPF_LDX | BPF_W | BPF_MEM, 2, 6, offsetof(struct xdp_md, data_end), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 1, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, sizeof(struct packet)),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 3, 2, 1, 0),
		INSN(BPF_STX | BPF_H | BPF_MEM, 1, 0, offsetof(struct packet, udp.source), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "rate", "GPL", differ ? random : same,
			     differ ? sizeof(random) / sizeof(random[0]) : 2, NULL);
}

static uint16_t ip_checksum(const void *ip)
{
	const unsigned char *p = ip;
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < sizeof(struct iphdr); i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~(sum + (sum >> 16)));
}

/* From 10.78.0.1 to 10.78.0.2 and the interface's own MAC address. */
static int make_packet(const char *ifname, int port, struct packet *p)
{
	struct ifreq req = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	ret = ioctl(fd, SIOCGIFHWADDR, &req);
	close(fd);
	memset(p, 0, sizeof(*p));
	memcpy(p->eth.h_dest, req.ifr_hwaddr.sa_data, ETH_ALEN);
	p->eth.h_source[0] = 2;
	p->eth.h_proto = htons(ETH_P_IP);
	p->ip.version = 4;
	p->ip.ihl = 5;
	p->ip.ttl = 64;
	p->ip.protocol = IPPROTO_UDP;
	p->ip.tot_len = htons(sizeof(*p) - sizeof(p->eth));
	p->ip.saddr = inet_addr("10.78.0.1");
	p->ip.daddr = inet_addr("10.78.0.2");
	p->ip.check = ip_checksum(&p->ip);
	p->udp.source = htons(40000);
	p->udp.dest = htons((uint16_t)port);
	p->udp.len = htons(sizeof(p->udp) + sizeof(p->data));
	return ret;
}

static int open_socket(int port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		return -1;
	return bind(fd, (struct sockaddr *)&any, sizeof(any));
}

int main(int argc, char **argv)
{
	int accept = argc == 4 && !strcmp(argv[2], "accept"), port = accept ? 53 : 9, count, prog;
	unsigned int ifindex;
	struct packet p;
	double start;

	if (argc != 4 || (count = atoi(argv[3])) < 64) {
		fprintf(stderr, "usage: rate INTERFACE accept|drop PACKETS\n");
		return 2;
	}
	ifindex = if_nametoindex(argv[1]);
	prog = load_program(!accept);
	if (make_packet(argv[1], port, &p) || open_socket(port) || prog < 0) {
		perror("rate");
		return 1;
	}
	inject(prog, &p, sizeof(p), ifindex, count / 8); /* warms up */
	start = cpu_time();
	if (inject(prog, &p, sizeof(p), ifindex, count)) {
		perror("rate: live frames");
		return 1;
	}
	printf("%.1f\n", (cpu_time() - start) / count);
	return 0;
}
