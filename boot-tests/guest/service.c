// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a system that has an init of its own: "serve" answers the probes for ever, "connect" says
 * whether connections to the outside come about.
 */
#include <stdio.h>
#include <string.h>

#include "boot-tests/guest/services.h"

int main(int argc, char **argv)
{
	static struct services services;

	if (argc == 2 && !strcmp(argv[1], "connect")) {
		printf("outgoing tcp4 %s\n", peer_connect(AF_INET) ? "no" : "yes");
		printf("outgoing tcp6 %s\n", peer_connect(AF_INET6) ? "no" : "yes");
		return 0;
	}
	if (argc != 2 || strcmp(argv[1], "serve")) {
		fprintf(stderr, "usage: service serve|connect\n");
		return 2;
	}
	if (services_open(&services)) {
		perror("server socket");
		return 1;
	}
	for (;;)
		services_serve(&services, 3600);
}
