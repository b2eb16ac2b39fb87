/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_TESTS_SERVICES_H
#define BOOT_TESTS_SERVICES_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * What a guest offers to the probes of boot-tests/host/flood.c, some of it allowed by the rules,
 * and how it calls the flood itself. Private to the programs of this folder.
 */

#define SERVICES_MAX	8

struct services {
	struct pollfd sockets[SERVICES_MAX];
	bool tcp[SERVICES_MAX];
	unsigned int nr;
};

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 0, or -1 with errno: a port that is taken is EADDRINUSE. */
static inline int service_add(struct services *s, int type, int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), off = 0, on = 1, error;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    (type == SOCK_STREAM && listen(fd, 64))) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	s->tcp[s->nr] = type == SOCK_STREAM;
	s->sockets[s->nr++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

/* All of them; a port that a real server has taken already is left to that one. */
static inline int services_open(struct services *s)
{
	static const int tcp_ports[] = { 22, 80, 8080 }, udp_ports[] = { 53, 9999 };
	unsigned int i;

	for (i = 0; i < sizeof(tcp_ports) / sizeof(tcp_ports[0]); i++) {
		if (service_add(s, SOCK_STREAM, tcp_ports[i]) && errno != EADDRINUSE)
			return -1;
	}
	for (i = 0; i < sizeof(udp_ports) / sizeof(udp_ports[0]); i++) {
		if (service_add(s, SOCK_DGRAM, udp_ports[i]) && errno != EADDRINUSE)
			return -1;
	}
	return 0;
}

static inline void service_answer(int fd, bool tcp)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	char data[64];
	ssize_t n;
	int client;

	if (tcp) {
		client = accept(fd, NULL, NULL);
		if (client >= 0)
			close(client);
		return;
	}
	n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&peer, &len);
	if (n >= 0)
		sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&peer, len);
}

static inline void services_serve(struct services *s, double seconds)
{
	double end = now() + seconds;
	unsigned int i;

	while (now() < end) {
		if (poll(s->sockets, s->nr, 100) <= 0)
			continue;
		for (i = 0; i < s->nr; i++) {
			if (s->sockets[i].revents)
				service_answer(s->sockets[i].fd, s->tcp[i]);
		}
	}
}

/* A connection to the peer, which takes it; 0, or -1: none came about. */
static inline int peer_connect(int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct pollfd p = { .events = POLLOUT };
	int error = -1;
	socklen_t len = sizeof(error);

	inet_pton(AF_INET, "10.77.0.1", &four.sin_addr);
	inet_pton(AF_INET6, "fd77::1", &six.sin6_addr);
	p.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p.fd < 0)
		return -1;
	if (family == AF_INET)
		connect(p.fd, (struct sockaddr *)&four, sizeof(four));
	else
		connect(p.fd, (struct sockaddr *)&six, sizeof(six));
	if (poll(&p, 1, 1500) > 0)
		getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	close(p.fd);
	return error ? -1 : 0;
}

#endif
