// SPDX-License-Identifier: GPL-2.0-only
/*
 * The peer on the guest's network: sends probes from before the guest is switched on until after it
 * is off, records every frame the guest sends, and says which probes were answered. Speaks QEMU's
 * "-netdev dgram" over unix sockets, one Ethernet frame a datagram; needs no root.
 *
 * A probe counts as answered by a SYN-ACK or RST, a UDP reply, an ICMP error about it or an echo
 * reply. The probes of a round are spread over its time: QEMU's socket takes few at once.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "boot-tests/host/frame.h"

#define CLASSES_MAX	32
#define PROBES_MIN	20	/* fewer while the guest was up prove nothing */
#define BIN		0.5	/* seconds since start that a bin of --json has */
#define BINS_MAX	2400	/* the last one takes what comes later, too */

/*
 * NEVER: as DENY, for a guest that may not even come up. REJECT: answered by nothing but an RST or
 * an ICMP error.
 */
enum expectation { ALLOW, DENY, ANY, NEVER, REJECT, EXPECTATIONS };
static const char *const expectation_names[EXPECTATIONS] = { "allow", "deny", "any", "never",
							     "reject" };

struct class {
	enum expectation expected;
	struct target target;
	char name[24];
	unsigned long sent, sent_up, answered;
	unsigned long served;		/* of the answers, those that no REJECT gives */
	double first;			/* of the answers, seconds since start; 0: none */
	char answer[16];		/* what the first answer was */
	unsigned int sent_in[BINS_MAX], answered_in[BINS_MAX];
};

struct flood {
	struct class classes[CLASSES_MAX];
	unsigned int nr_classes;
	unsigned int turn;		/* whose probe is next */
	unsigned int interval_ms;
	int fd;
	struct sockaddr_un remote;
	FILE *pcap;
	double start, up;		/* first frame of the guest; 0: none yet */
	unsigned long frames, other;
	uint16_t round;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned int bin(const struct flood *f)
{
	double n = (now() - f->start) / BIN;

	return n < BINS_MAX - 1 ? (unsigned int)n : BINS_MAX - 1;
}

/* Has the guest got it? */
static bool send_frame(struct flood *f, const struct frame *x)
{
	if (sendto(f->fd, x->data, x->len, MSG_DONTWAIT, (const struct sockaddr *)&f->remote,
		   sizeof(f->remote)) >= 0)
		return true;
	/* No guest yet, or no more, or its queue is full: that is what a network is like. */
	if (errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN && errno != ENOBUFS)
		perror("flood: sendto");
	return false;
}

static void send_next(struct flood *f)
{
	struct class *c = &f->classes[f->turn];
	struct frame x;

	if (f->turn == 0) {
		f->round++;
		frame_arp_request(&x);
		send_frame(f, &x);
	}
	f->turn = (f->turn + 1) % f->nr_classes;
	frame_probe(&x, &c->target, f->round);
	c->sent++;
	c->sent_in[bin(f)]++;
	if (send_frame(f, &x) && f->up > 0)
		c->sent_up++;
}

/* pcap file format, microseconds, LINKTYPE_ETHERNET */
static void pcap_header(FILE *out)
{
	const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };

	fwrite(header, sizeof(header), 1, out);
}

static void pcap_frame(FILE *out, const struct frame *x)
{
	struct timeval t;
	uint32_t header[4];

	gettimeofday(&t, NULL);
	header[0] = (uint32_t)t.tv_sec;
	header[1] = (uint32_t)t.tv_usec;
	header[2] = (uint32_t)x->len;
	header[3] = (uint32_t)x->len;
	fwrite(header, sizeof(header), 1, out);
	fwrite(x->data, x->len, 1, out);
	fflush(out);
}

static bool forbidden(const struct class *c)
{
	return c->expected == DENY || c->expected == NEVER;
}

static bool is_refusal(const char *what)
{
	return !strcmp(what, "RST") || !strcmp(what, "ICMP error");
}

static void note_answer(struct flood *f, struct class *c, const char *what, const struct frame *x)
{
	unsigned int i;

	c->answered_in[bin(f)]++;
	if (!c->answered++) {
		c->first = now() - f->start;
		snprintf(c->answer, sizeof(c->answer), "%s", what);
	}
	if (!is_refusal(what))
		c->served++;
	if (!(forbidden(c) && c->answered <= 3) &&
	    !(c->expected == REJECT && !is_refusal(what) && c->served <= 3))
		return;
	fprintf(stderr, "flood: answer to the denied %s at %.3f s: %s\n ", c->name,
		now() - f->start, what);
	for (i = 0; i < x->len && i < 96; i++)
		fprintf(stderr, " %02x", x->data[i]);
	fprintf(stderr, "\n");
}

static void receive(struct flood *f)
{
	struct frame x, reply;
	struct answer a;
	ssize_t n;
	unsigned int i;

	n = recv(f->fd, x.data, sizeof(x.data), MSG_DONTWAIT);
	if (n <= 0)
		return;
	x.len = (size_t)n;
	f->frames++;
	if (f->up <= 0)
		f->up = now();
	if (f->pcap)
		pcap_frame(f->pcap, &x);
	if (frame_reply(&x, &reply))
		send_frame(f, &reply);
	if (!frame_answer(&x, &a)) {
		f->other++;
		return;
	}
	for (i = 0; i < f->nr_classes; i++) {
		if (target_equal(&f->classes[i].target, &a.target))
			note_answer(f, &f->classes[i], a.what, &x);
	}
}

static void flood(struct flood *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	double next = now(), step = f->interval_ms / 1e3 / f->nr_classes;
	int wait;

	while (!stop) {
		if (now() >= next) {
			send_next(f);
			next += step;
			if (next < now())
				next = now();
		}
		wait = (int)((next - now()) * 1e3) + 1;
		if (poll(&p, 1, wait > 0 ? wait : 0) > 0)
			receive(f);
	}
}

/* Is this class as it should be? NULL: yes. */
static const char *judge(const struct class *c)
{
	if (c->expected == ANY)
		return NULL;
	if (forbidden(c) && c->answered)
		return "a denied probe was answered";
	if (c->expected == REJECT && c->served)
		return "a rejected probe was served";
	if (c->expected != NEVER && c->sent_up < PROBES_MIN)
		return "too few probes while the guest was up: proves nothing";
	if (c->expected == ALLOW && !c->answered)
		return "no allowed probe was answered";
	if (c->expected == REJECT && !c->answered)
		return "no rejected probe was refused";
	return NULL;
}

static bool report(const struct flood *f, FILE *out)
{
	unsigned int i;
	bool ok = true;

	fprintf(out, "%-12s %-7s %8s %8s %9s  %s\n", "probe", "rules", "sent", "while up",
		"answered", "first answer");
	for (i = 0; i < f->nr_classes; i++) {
		const struct class *c = &f->classes[i];

		fprintf(out, "%-12s %-7s %8lu %8lu %9lu", c->name, expectation_names[c->expected],
			c->sent, c->sent_up, c->answered);
		if (c->answered)
			fprintf(out, "  %.2f s, %s", c->first, c->answer);
		fprintf(out, "\n");
	}
	if (f->up > 0)
		fprintf(out,
			"guest: first frame after %.2f s, %lu frames, %lu of them no answers\n",
			f->up - f->start, f->frames, f->other);
	else
		fprintf(out, "guest: sent no frame\n");
	for (i = 0; i < f->nr_classes; i++) {
		if (judge(&f->classes[i])) {
			fprintf(out, "FAIL %s: %s\n", f->classes[i].name, judge(&f->classes[i]));
			ok = false;
		}
	}
	return ok;
}

static void report_bins(FILE *out, const char *name, const unsigned int *bins, unsigned int nr)
{
	unsigned int i;

	fprintf(out, ",\n  \"%s\": [", name);
	for (i = 0; i < nr; i++)
		fprintf(out, "%s%u", i ? ", " : "", bins[i]);
	fprintf(out, "]");
}

/* The bins are of all probes, "sent_in" also of those that no guest was there for. */
static void report_json(const struct flood *f, FILE *out)
{
	unsigned int i, nr = bin(f) + 1;

	fprintf(out, "{\"frames\": %lu, \"up\": %.3f, \"bin\": %.1f, \"classes\": [", f->frames,
		f->up > 0 ? f->up - f->start : 0.0, BIN);
	for (i = 0; i < f->nr_classes; i++) {
		const struct class *c = &f->classes[i];

		fprintf(out,
			"%s\n {\"probe\": \"%s\", \"expected\": \"%s\", \"sent\": %lu, \"sent_up\": %lu, "
			"\"answered\": %lu, \"first\": %.3f, \"ok\": %s",
			i ? "," : "", c->name, expectation_names[c->expected], c->sent, c->sent_up,
			c->answered, c->first, judge(c) ? "false" : "true");
		report_bins(out, "sent_in", c->sent_in, nr);
		report_bins(out, "answered_in", c->answered_in, nr);
		fprintf(out, "}");
	}
	fprintf(out, "\n]}\n");
}

/* "deny:tcp4/8080" */
static int parse_class(struct flood *f, const char *arg)
{
	const char *colon = strchr(arg, ':');
	struct class *c = &f->classes[f->nr_classes];
	unsigned int i;

	if (!colon || f->nr_classes == CLASSES_MAX)
		return -1;
	for (i = 0; i < EXPECTATIONS; i++) {
		if (strlen(expectation_names[i]) == (size_t)(colon - arg) &&
		    !strncmp(arg, expectation_names[i], (size_t)(colon - arg)))
			break;
	}
	if (i == EXPECTATIONS || target_parse(&c->target, colon + 1))
		return -1;
	c->expected = (enum expectation)i;
	snprintf(c->name, sizeof(c->name), "%s", colon + 1);
	f->nr_classes++;
	return 0;
}

static int open_socket(struct flood *f, const char *local, const char *remote)
{
	struct sockaddr_un me = { .sun_family = AF_UNIX };
	int size = 1 << 20;

	f->remote.sun_family = AF_UNIX;
	if (strlen(local) >= sizeof(me.sun_path) || strlen(remote) >= sizeof(me.sun_path)) {
		fprintf(stderr, "flood: the path of a socket is too long\n");
		return -1;
	}
	memcpy(me.sun_path, local, strlen(local) + 1);
	memcpy(f->remote.sun_path, remote, strlen(remote) + 1);
	unlink(local);
	f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&me, sizeof(me)) ||
	    setsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size))) {
		perror("flood: socket");
		return -1;
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: flood --local SOCK --remote SOCK [--pcap FILE] [--report FILE] [--json FILE]\n"
		"             [--interval MS] allow|deny|any|never|reject:tcp4/PORT|tcp6/PORT|udp4/PORT|udp6/PORT|icmp4|icmp6 ...\n"
		"Sends probes until SIGTERM; exit 0 if all expectations were met.\n");
	return 2;
}

/* Write to a file by a function; "-" or NULL is standard output. */
static FILE *open_out(const char *path)
{
	FILE *out = path && strcmp(path, "-") ? fopen(path, "we") : stdout;

	if (!out)
		perror(path);
	return out;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "local", 1, NULL, 'l' }, { "remote", 1, NULL, 'r' }, { "pcap", 1, NULL, 'p' },
		{ "report", 1, NULL, 'o' }, { "json", 1, NULL, 'j' }, { "interval", 1, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	const char *local = NULL, *remote = NULL, *pcap = NULL, *path = NULL, *json = NULL;
	struct sigaction act = { .sa_handler = on_signal };
	static struct flood f = { .interval_ms = 50 };
	FILE *out, *json_out;
	bool ok;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			local = optarg;
		else if (c == 'r')
			remote = optarg;
		else if (c == 'p')
			pcap = optarg;
		else if (c == 'o')
			path = optarg;
		else if (c == 'j')
			json = optarg;
		else if (c == 'i')
			f.interval_ms = (unsigned int)atoi(optarg);
		else
			return usage();
	}
	for (; optind < argc; optind++) {
		if (parse_class(&f, argv[optind]))
			return usage();
	}
	if (!local || !remote || !f.nr_classes || !f.interval_ms || open_socket(&f, local, remote))
		return usage();
	if (pcap && (f.pcap = open_out(pcap)))
		pcap_header(f.pcap);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	f.start = now();
	flood(&f);
	unlink(local);
	out = open_out(path);
	json_out = json ? open_out(json) : NULL;
	if (!out || (json && !json_out))
		return 1;
	ok = report(&f, out);
	if (json_out)
		report_json(&f, json_out);
	return ok ? 0 : 1;
}
