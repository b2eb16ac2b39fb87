/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/names.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct name_number {
	const char *name;
	unsigned int number;
};

struct service {
	const char *name;
	unsigned int port;
	const char *proto;
};

/* xtables_chain_protos[]: names iptables knows without /etc/protocols; first of a number prints. */
static const struct name_number own_protos[] = {
	{ "tcp", 6 }, { "sctp", 132 }, { "udp", 17 }, { "udplite", 136 }, { "icmp", 1 },
	{ "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "esp", 50 }, { "ah", 51 },
	{ "mobility-header", 135 }, { "ipv6-mh", 135 }, { "mh", 135 }, { "dccp", 33 },
	{ "ipcomp", 108 }, { "all", 0 },
};

static const struct name_number protos[] = {
#define PROTO(name, number)	{ name, number },
#include "gen/protocols.h"
#undef PROTO
};

static const struct service services[] = {
#define SERVICE(name, port, proto)	{ name, port, proto },
#include "gen/services.h"
#undef SERVICE
};

/* An extension that iptables knows. */
struct known {
	const char *name, *reason;
};

/* Extensions of iptables 1.8.11 (extensions/libxt_*, libipt_*, libip6t_*), sorted. */
static const char *const known_matches[] = {
	"addrtype", "ah", "bpf", "cgroup", "connbytes", "connlimit", "connmark", "cpu", "dccp",
	"devgroup", "dscp", "dst", "ecn", "esp", "eui64", "frag", "hashlimit", "hbh", "helper",
	"hl", "ipcomp", "iprange", "ipv6header", "length", "limit", "mac", "mark", "mh", "multiport",
	"owner", "physdev", "pkttype", "policy", "quota", "realm", "recent", "rt", "sctp", "set",
	"statistic", "string", "tcpmss", "time", "tos", "ttl", "u32",
};

/* Those that are refused, and why. */
static const struct known refused_matches[] = {
	{ "cluster", "hashes of the kernel decide, which nodes must share" },
	{ "connlabel", "labels of connections are not read" },
	{ "ipvs", "connections of IPVS cannot be seen" },
	{ "nfacct", "accounting objects of the kernel cannot be reached" },
	{ "osf", "the fingerprints are in the kernel and cannot be reached" },
	{ "rateest", "rate estimators of the kernel cannot be reached" },
	{ "rpfilter", "routes cannot be looked up from a filter" },
	{ "socket", "sockets cannot be looked up from a filter" },
	{ "unclean", "no kernel since 2.6 has it" },
};

#define ALTERS		"it alters packets"
#define TRANSLATES	"it translates addresses"
#define ALTERS_CT	"it alters the connection tracking of packets"
#define USER_SPACE	"it hands packets to a program for a verdict"

/* Targets of iptables and why they are refused; without a reason: ours. A BPF filter only reads. */
static const struct known known_targets[] = {
	{ "AUDIT", "the audit log cannot be reached" }, { "CHECKSUM", ALTERS },
	{ "CLASSIFY", ALTERS }, { "CLUSTERIP", ALTERS }, { "CONNMARK", ALTERS_CT },
	{ "CONNSECMARK", ALTERS_CT }, { "CT", ALTERS_CT }, { "DNAT", TRANSLATES },
	{ "DNPT", TRANSLATES }, { "DSCP", ALTERS }, { "ECN", ALTERS }, { "HL", ALTERS },
	{ "HMARK", ALTERS }, { "IDLETIMER", "timers in sysfs cannot be reached" },
	{ "LED", "LED triggers cannot be reached" }, { "LOG", NULL }, { "MARK", ALTERS },
	{ "MASQUERADE", TRANSLATES }, { "NETMAP", TRANSLATES }, { "NFLOG", NULL },
	{ "NFQUEUE", USER_SPACE }, { "NOTRACK", ALTERS_CT }, { "QUEUE", USER_SPACE },
	{ "RATEEST", "rate estimators of the kernel cannot be reached" },
	{ "REDIRECT", TRANSLATES }, { "REJECT", NULL }, { "SECMARK", ALTERS },
	{ "SET", "it alters sets of addresses" }, { "SNAT", TRANSLATES }, { "SNPT", TRANSLATES },
	{ "SYNPROXY", "it answers packets in place of the host" }, { "TCPMSS", ALTERS },
	{ "TCPOPTSTRIP", ALTERS }, { "TEE", "it sends copies of packets" }, { "TOS", ALTERS },
	{ "TPROXY", "it redirects packets to another socket" },
	{ "TRACE", "it traces packets through the kernel's own rules" }, { "TTL", ALTERS },
	{ "ULOG", "kernels since 3.17 do not have it; -j NFLOG took its place" },
};

bool parse_number(const char *s, const char **end, unsigned int *value, unsigned int min,
		  unsigned int max)
{
	const char *p = s;
	char *stop;
	uintmax_t v;

	/* The usual case: a few decimal digits, no leading zero. */
	if (*s >= '1' && *s <= '9') {
		for (v = 0; *p >= '0' && *p <= '9' && p - s < 9; p++)
			v = v * 10 + (unsigned int)(*p - '0');
		if (!*p) {
			*value = (unsigned int)v;
			if (end)
				*end = p;
			return v >= min && v <= max;
		}
		p = s;
	}
	while (isspace((unsigned char)*p))
		p++;
	if (*p != '+' && (*p < '0' || *p > '9'))
		return false;
	errno = 0;
	v = strtoumax(s, &stop, 0);
	if (stop == s || errno == ERANGE || v < min || v > max)
		return false;
	if (end)
		*end = stop;
	else if (*stop)
		return false;
	*value = (unsigned int)v;
	return true;
}

const char *parse_count(const char *s, char stop, uint64_t *value)
{
	uint64_t v = 0;
	unsigned int d;

	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		d = (unsigned int)(*s - '0');
		if (v > (UINT64_MAX - d) / 10)
			return NULL;
		v = v * 10 + d;
	}
	if (*s != stop)
		return NULL;
	*value = v;
	return s;
}

int proto_parse(const char *name)
{
	unsigned int n;
	size_t i;

	if (parse_number(name, NULL, &n, 0, UINT8_MAX))
		return (int)n;
	for (i = 0; i < ARRAY_SIZE(own_protos); i++)
		if (same_word(own_protos[i].name, name))
			return (int)own_protos[i].number;
	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (!strcmp(protos[i].name, name))
			return (int)protos[i].number;
	return -1;
}

const char *proto_name(unsigned int proto, bool lookup)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own_protos); i++)
		if (own_protos[i].number == proto)
			return own_protos[i].name;
	if (!lookup)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].number == proto)
			return protos[i].name;
	return NULL;
}

int service_parse(const char *name, const char *proto)
{
	size_t i;
	int found = -1;

	for (i = 0; i < ARRAY_SIZE(services); i++) {
		if (strcmp(services[i].name, name))
			continue;
		if (proto ? !strcmp(services[i].proto, proto) : !strcmp(services[i].proto, "tcp"))
			return (int)services[i].port;
		if (!proto && found < 0)
			found = (int)services[i].port;
	}
	return found;
}

const char *service_name(unsigned int port, const char *proto)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(services); i++)
		if (services[i].port == port && !strcmp(services[i].proto, proto))
			return services[i].name;
	return NULL;
}

static const struct known *find_known(const struct known *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (same_word(list[i].name, name))
			return &list[i];
	return NULL;
}

bool known_match(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known_matches); i++)
		if (same_word(known_matches[i], name))
			return true;
	return find_known(refused_matches, ARRAY_SIZE(refused_matches), name);
}

bool known_target(const char *name)
{
	return find_known(known_targets, ARRAY_SIZE(known_targets), name);
}

const char *match_refused(const char *name)
{
	const struct known *k = find_known(refused_matches, ARRAY_SIZE(refused_matches), name);

	return k ? k->reason : "it is not carried out here";
}

const char *target_refused(const char *name)
{
	const struct known *k = find_known(known_targets, ARRAY_SIZE(known_targets), name);

	return k && k->reason ? k->reason : "it is not carried out here";
}

static void save_quoted(struct buffer *out, const char *s)
{
	buffer_putc(out, '"');
	for (; *s; s++) {
		if (strchr("\"\\'", *s))
			buffer_putc(out, '\\');
		buffer_putc(out, *s);
	}
	buffer_putc(out, '"');
}

void save_string(struct buffer *out, const char *s)
{
	static const char plain[] = "_-0123456789"
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strspn(s, plain);

	buffer_putc(out, ' ');
	if (n && !s[n])
		buffer_puts(out, s);
	else
		save_quoted(out, s);
}

void save_word(struct buffer *out, const char *s)
{
	const char *p = s;

	while (*p && *p != '"' && !isspace((unsigned char)*p))
		p++;
	if (*p)
		save_quoted(out, s);
	else
		buffer_puts(out, s);
}
