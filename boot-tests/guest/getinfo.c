// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: getinfo [UID]: the system call that each iptables command starts with, as UID if given:
 * getsockopt(SOL_IP, IPT_SO_GET_INFO). Up to Linux 6.7 the kernel took it for bpfilter's first
 * (net/ipv4/bpfilter/sockopt.c). What it answers does not matter.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IPT_SO_GET_INFO 64

int main(int argc, char **argv)
{
	char info[84] = "filter"; /* struct ipt_getinfo */
	socklen_t len = sizeof(info);
	int fd;

	if (argc > 1 && setuid((uid_t)atoi(argv[1]))) {
		perror("getinfo: setuid");
		return 1;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		perror("getinfo: socket");
		return 1;
	}
	if (getsockopt(fd, SOL_IP, IPT_SO_GET_INFO, info, &len))
		printf("getinfo: uid %d: %s\n", (int)getuid(), strerror(errno));
	close(fd);
	return 0;
}
