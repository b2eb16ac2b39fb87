// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of sets: lib/parse.c of ipset 7 for what may be written, the *_uadt() functions of
 * net/netfilter/ipset/ for what it means.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rules/ext/icmp_names.h"
#include "rules/names.h"
#include "rules/sets_source.h"

#define TCP	6U
#define UDP	17U
#define ICMP	1U
#define ICMPV6	58U
#define SCTP	132U
#define UDPLITE	136U

/* Text that is not terminated, for functions that need it so. */
struct text {
	char s[64];
};

static bool copy_text(struct text *t, const char *s, size_t len)
{
	if (len >= sizeof(t->s))
		return false;
	memcpy(t->s, s, len);
	t->s[len] = '\0';
	return true;
}

/* A dotted quad; as inet_pton(), which is slower. */
static bool parse_ipv4(const char *s, size_t len, uint32_t *ip)
{
	unsigned int bytes = 0, digits = 0, byte = 0;
	uint32_t value = 0;
	size_t i;

	for (i = 0; i <= len; i++) {
		if (i < len && s[i] >= '0' && s[i] <= '9' && digits < 3) {
			byte = byte * 10 + (unsigned int)(s[i] - '0');
			digits++;
			if (digits > 1 && byte < 10)
				return false;	/* octal, for some */
			continue;
		}
		if ((i < len && s[i] != '.') || !digits || byte > 255 || ++bytes > 4)
			return false;
		value = value << 8 | byte;
		digits = 0;
		byte = 0;
	}
	*ip = value;
	return bytes == 4;
}

static bool parse_ipv6(const char *s, size_t len, uint32_t ip[4])
{
	struct text t;
	unsigned int i;

	if (!copy_text(&t, s, len) || inet_pton(AF_INET6, t.s, ip) != 1)
		return false;
	for (i = 0; i < 4; i++)
		ip[i] = ntohl(ip[i]);
	return true;
}

/* An address of an entry: one, a prefix, or a range. */
struct set_address {
	uint32_t ip[4];			/* IPv4: the first */
	uint32_t to;			/* IPv4 */
	unsigned int prefix;
	bool range;
};

static int bad_address(struct set_line *l, const struct ipset *set, const struct set_word *w,
		       size_t at)
{
	return set_error(l, w, at, "expected an %s address (names are not looked up)",
			 family_name((enum family)set->family));
}

/* ADDRESS, ADDRESS/PREFIX or FROM-TO: the first @len characters of the word. */
static int parse_address(struct set_line *l, const struct ipset *set, const struct set_word *w,
			 size_t len, struct set_address *a)
{
	unsigned int bits = set->family == FAMILY_IPV6 ? 128 : 32;
	const char *s = w->text, *slash = memchr(s, '/', len), *dash = memchr(s, '-', len);
	size_t first = slash ? (size_t)(slash - s) : dash ? (size_t)(dash - s) : len;
	uint32_t n;

	a->prefix = bits;
	a->range = dash && !slash;
	if (set->family == FAMILY_IPV6 && !parse_ipv6(s, first, a->ip))
		return bad_address(l, set, w, 0);
	if (set->family == FAMILY_IPV4 && !parse_ipv4(s, first, a->ip))
		return bad_address(l, set, w, 0);
	if (a->range && set->family == FAMILY_IPV6)
		return set_error(l, w, first, "ranges of IPv6 addresses do not exist in sets");
	if (a->range && !parse_ipv4(dash + 1, len - first - 1, &a->to))
		return bad_address(l, set, w, first + 1);
	if (!slash)
		return 0;
	if (!word_number(slash + 1, len - first - 1, bits, &n) || !n)
		return set_error(l, w, first + 1, "expected a prefix length from 1 to %u", bits);
	a->prefix = n;
	return 0;
}

static uint32_t mask4(unsigned int prefix)
{
	return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

static void mask6(uint32_t ip[4], unsigned int prefix)
{
	unsigned int i, left;

	for (i = 0; i < 4; i++) {
		left = prefix > 32 * i ? prefix - 32 * i : 0;
		ip[i] &= mask4(left < 32 ? left : 32);
	}
}

/* What all records of an entry have in common. */
struct entry {
	struct set_line *l;
	struct ipset *set;
	const struct set_word *w;
	uint32_t port, tag;
};

/* As many elements more: is there room for them? With -exist they may be there already. */
static int count(const struct entry *e, uint64_t n)
{
	struct ipset *set = e->set;

	set->exist |= e->l->exist;
	set->count += n;
	if (!set->exist && set->count > set->maxelem)
		return set_error(e->l, e->w, 0, "set \"%s\" is full: maxelem allows %u elements",
				 set->name, set->maxelem);
	return 0;
}

static int record4(const struct entry *e, uint32_t first, uint32_t last)
{
	const uint32_t r[SET_WORDS_IPV4] = { e->port, first, ~last, e->tag };
	int ret = ipset_add_record(e->l->sets, e->set, r);

	return ret == -ENOMEM ? set_no_memory(e->l) : ret;
}

/* hash:ip and hash:ip,port: hash_ip4_uadt() */
static int add_ips4(const struct entry *e, const struct set_address *a)
{
	uint32_t mask = mask4(e->set->netmask), first = a->ip[0] & mask, last;
	int ret;

	if (a->range && (a->ip[0] & mask) > a->to) {
		if (mask != UINT32_MAX)
			return set_error(e->l, e->w, 0, "the first address of a range must be the smaller, as the set has a netmask");
		first = a->to;
		last = a->ip[0];
	} else if (a->range) {
		last = a->to;
	} else {
		first &= mask4(a->prefix);
		last = first | ~mask4(a->prefix);
	}
	if (!first)
		return set_error(e->l, e->w, 0, "the address 0.0.0.0 cannot be in a set of type %s",
				 set_kinds[e->set->type].name);
	last |= ~mask;
	ret = count(e, ((uint64_t)last - first + 1) >> (32 - e->set->netmask));
	return ret ? ret : record4(e, first, last);
}

/* hash:net and hash:net,port: a range becomes prefixes (ip_set_range_to_cidr()). */
static int add_nets4(const struct entry *e, const struct set_address *a)
{
	uint32_t first = a->range ? a->ip[0] : a->ip[0] & mask4(a->prefix);
	uint32_t last = a->range ? a->to : first | ~mask4(a->prefix), size;
	int ret = 0;

	if (a->range && first > last) {
		last = first;
		first = a->to;
	}
	if (!first && last == UINT32_MAX)
		return set_error(e->l, e->w, 0, "this range is all there is");
	for (;; first += size + 1) {
		/* the largest block of 2^n that begins here and ends in the range, less one */
		for (size = 0; size < UINT32_MAX >> 1 && !(first & (size * 2 + 1)) &&
			       first + (size * 2 + 1) <= last;)
			size = size * 2 + 1;
		ret = count(e, 1);
		if (!ret)
			ret = record4(e, first, first + size);
		if (ret || first + size == last)
			return ret;
	}
}

static int add6(const struct entry *e, const struct set_address *a)
{
	const struct ipset *set = e->set;
	unsigned int prefix = set_kinds[set->type].nomatch ? a->prefix : set->netmask;
	uint32_t r[SET_WORDS_IPV6] = { e->port, a->ip[0], a->ip[1], a->ip[2], a->ip[3], prefix,
				       e->tag };
	int ret;

	if (!set_kinds[set->type].nomatch && a->prefix != 128)
		return set_error(e->l, e->w, 0, "a set of type %s has single IPv6 addresses",
				 set_kinds[set->type].name);
	mask6(r + 1, prefix);
	if (!set_kinds[set->type].nomatch && !(r[1] | r[2] | r[3] | r[4]))
		return set_error(e->l, e->w, 0, "the address :: cannot be in a set of type %s",
				 set_kinds[set->type].name);
	ret = count(e, 1);
	if (ret)
		return ret;
	ret = ipset_add_record(e->l->sets, e->set, r);
	return ret == -ENOMEM ? set_no_memory(e->l) : ret;
}

static int add_address(const struct entry *e, const struct set_address *a)
{
	if (e->set->family == FAMILY_IPV6)
		return add6(e, a);
	return set_kinds[e->set->type].nomatch ? add_nets4(e, a) : add_ips4(e, a);
}

/* Services are named for tcp, udp and sctp; udplite has the ports of udp in /etc/services, too. */
static bool parse_port(const char *s, size_t len, const char *proto, uint32_t *port)
{
	struct text t;
	int n;

	if (word_number(s, len, UINT16_MAX, port))
		return true;
	/* [NAME]: a dash in the name is none of a range */
	if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
		s++;
		len -= 2;
	}
	if (!copy_text(&t, s, len))
		return false;
	n = service_parse(t.s, proto);
	*port = (uint32_t)n;
	return n >= 0;
}

/* PORT or FROM-TO */
static int parse_range(struct set_line *l, const struct set_word *w, size_t at, size_t len,
		       const char *proto, struct set_ports *p)
{
	const char *s = w->text + at, *close = len && *s == '[' ? memchr(s, ']', len) : NULL;
	const char *from = close ? close : s;
	const char *dash = memchr(from, '-', len - (size_t)(from - s));
	size_t first = dash ? (size_t)(dash - s) : len;
	uint32_t swap;

	if (!parse_port(s, first, proto, &p->first))
		return set_error(l, w, at, "expected a port of %s", proto);
	p->last = p->first;
	if (dash && !parse_port(dash + 1, len - first - 1, proto, &p->last))
		return set_error(l, w, at + first + 1, "expected a port of %s", proto);
	if (p->first > p->last) {
		swap = p->first;
		p->first = p->last;
		p->last = swap;
	}
	return 0;
}

/* Type and code, by name or as TYPE/CODE. */
static int parse_icmp(struct set_line *l, const struct ipset *set, const struct set_word *w,
		      size_t at, size_t len, struct set_ports *p)
{
	const char *s = w->text + at, *slash = memchr(s, '/', len);
	size_t first = slash ? (size_t)(slash - s) : len;
	uint32_t type, code;
	struct text t;

	if (slash && word_number(s, first, UINT8_MAX, &type) &&
	    word_number(slash + 1, len - first - 1, UINT8_MAX, &code)) {
		p->first = type << 8 | code;
	} else if (slash || !copy_text(&t, s, len) ||
		   !icmp_type_code(t.s, (enum family)set->family, &p->first)) {
		return set_error(l, w, at, "expected an ICMP type: a name or TYPE/CODE");
	}
	p->last = p->first;
	return 0;
}

/* Lower case; "icmpv6" is what ipset calls ipv6-icmp. */
static int parse_proto(const char *s, size_t len)
{
	struct text t;
	size_t i;

	if (!copy_text(&t, s, len))
		return -1;
	for (i = 0; i < len; i++) {
		if (t.s[i] >= 'A' && t.s[i] <= 'Z')
			t.s[i] = (char)(t.s[i] | 32);
	}
	return proto_parse(strcmp(t.s, "icmpv6") ? t.s : "ipv6-icmp");
}

int set_parse_ports(struct set_line *l, const struct ipset *set, const struct set_word *w,
		    size_t at, size_t len, struct set_ports *p)
{
	const char *s = w->text + at, *colon = memchr(s, ':', len);
	size_t skip = colon ? (size_t)(colon - s) + 1 : 0;
	int proto = colon ? parse_proto(s, skip - 1) : (int)TCP;

	if (proto <= 0)
		return set_error(l, w, at, "expected a protocol before the colon");
	p->proto = (uint32_t)proto;
	if (set->type == SET_PORT && p->proto != TCP && p->proto != UDP)
		return set_error(l, w, at, "expected tcp or udp");
	switch (p->proto) {
	case TCP:
		return parse_range(l, w, at + skip, len - skip, "tcp", p);
	case UDP:
	case UDPLITE:
		return parse_range(l, w, at + skip, len - skip, "udp", p);
	case SCTP:
		return parse_range(l, w, at + skip, len - skip, "sctp", p);
	case ICMP:
	case ICMPV6:
		if ((p->proto == ICMP) != (set->family == FAMILY_IPV4))
			return set_error(l, w, at, "this protocol does not go with %s",
					 family_name((enum family)set->family));
		return parse_icmp(l, set, w, at + skip, len - skip, p);
	}
	p->first = p->last = 0;
	if (len - skip != 1 || s[skip] != '0')
		return set_error(l, w, at + skip, "this protocol has no ports: expected 0");
	return 0;
}

/* bitmap:port */
static int add_ports(const struct entry *e)
{
	const struct ipset *set = e->set;
	struct set_ports p = { 0 };
	int ret = set_parse_ports(e->l, set, e->w, 0, e->w->len, &p);

	if (ret)
		return ret;
	if (p.first < set->first_port || p.last > set->last_port)
		return set_error(e->l, e->w, 0, "outside the range of the set, %u-%u",
				 set->first_port, set->last_port);
	return record4(e, p.first, p.last);
}

int set_add_entry(struct set_line *l, struct ipset *set, const struct set_word *w, bool nomatch)
{
	struct entry e = { .l = l, .set = set, .w = w,
			   .tag = l->id | (nomatch ? SET_TAG_NOMATCH : 0) |
				  (l->exist ? SET_TAG_EXIST : 0) };
	const char *comma = memchr(w->text, ',', w->len);
	size_t len = comma ? (size_t)(comma - w->text) : w->len;
	struct set_address a = { .prefix = 0 };
	struct set_ports p = { 0 };
	uint32_t port;
	int ret;

	if (set->type == SET_PORT)
		return add_ports(&e);
	if (set_kinds[set->type].port != !!comma)
		return comma ? set_error(l, w, len, "a set of type %s has no ports",
					 set_kinds[set->type].name) :
			       set_error(l, w, w->len, "expected a comma and a port");
	ret = parse_address(l, set, w, len, &a);
	if (ret || !comma)
		return ret ? ret : add_address(&e, &a);
	ret = set_parse_ports(l, set, w, len + 1, w->len - len - 1, &p);
	for (port = p.first; !ret && port <= p.last; port++) {
		e.port = p.proto << 16 | port;
		ret = add_address(&e, &a);
	}
	return ret;
}
