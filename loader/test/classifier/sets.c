// SPDX-License-Identifier: GPL-2.0-only
/* Rule sets: random ones in a small world, large regular ones, and such that defeat trees. */
#include <stdlib.h>
#include <string.h>

#include "bpf/image.h"
#include "model.h"

static uint64_t seed = 1;

void random_start(uint64_t start)
{
	seed = start * 0x9e3779b97f4a7c15ULL + 1;
}

uint32_t random_word(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

uint32_t random_number(uint32_t n)
{
	return random_word() % n;
}

static bool chance(uint32_t percent)
{
	return random_number(100) < percent;
}

static void mask(uint32_t *w, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		w[i] &= len >= 32 * i + 32 ? UINT32_MAX :
			len > 32 * i ? ~(UINT32_MAX >> (len - 32 * i)) : 0;
}

/* An address out of few, so that rules and packets meet. */
static void small_address(uint32_t *w, bool ipv6)
{
	w[0] = 0x0a000000 | random_number(4) << 16 | random_number(8);
	w[1] = ipv6 ? random_number(3) << 30 : 0;
	w[2] = ipv6 ? random_number(2) : 0;
	w[3] = ipv6 ? random_number(4) : 0;
}

static const char *const devices[] = { "", "lo", "eth0", "eth1", "eth10", "wg0", "wlan0", "br-a" };
static const char *const patterns[] = { "lo", "eth0", "eth+", "eth1+", "wg0", "br-+", "eth10" };

/* Few values or many, some of them touching, of one or both directions. */
static void random_list(struct model_list *l, uint32_t world)
{
	unsigned int slots = 1 + random_number(chance(60) ? 4 : 15), lo;

	l->source = chance(40);
	l->destination = !l->source || chance(30);
	l->not = chance(15);
	l->first = chance(50);
	for (l->count = 0; slots; l->count++) {
		lo = random_number(world);
		l->lo[l->count] = (uint16_t)lo;
		l->hi[l->count] = (uint16_t)lo;
		slots--;
		if (!slots || chance(70))
			continue;
		l->hi[l->count] = (uint16_t)(lo + 1 + random_number(world / 8 + 1));
		slots--;
	}
}

static bool has_ports(unsigned int proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136;
}

static void random_lists(struct model_rule *r)
{
	static const unsigned int protos[] = { 6, 6, 6, 6, 17, 17, 132, 136, 33 };

	if (!r->ports)
		r->proto = protos[random_number(9)];
	if (!has_ports(r->proto))
		return;
	random_list(&r->lists[0], 40);
	if (chance(25))
		random_list(&r->lists[1], 40);
}

static void random_ports(struct model_rule *r, bool ipv6)
{
	r->proto = chance(50) ? 6 : chance(70) ? 17 : ipv6 ? 58 : 1;
	r->ports = chance(80);
	if (chance(25))
		random_lists(r);
	if (!r->ports)
		return;
	if (r->proto != 6 && r->proto != 17) {
		r->dport_lo = (random_number(4) * 3) << 8;
		r->dport_hi = chance(50) ? r->dport_lo : r->dport_lo | 255;
		return;
	}
	if (chance(70)) {
		r->dport_lo = random_number(30);
		r->dport_hi = r->dport_lo + (chance(60) ? 0 : random_number(20));
		r->not_dport = chance(10);
	}
	if (chance(20)) {
		r->sport_lo = random_number(30);
		r->sport_hi = r->sport_lo + random_number(30);
		r->not_sport = chance(10);
	}
	r->syn = r->proto == 6 && chance(20);
	r->not_syn = r->syn && chance(40);
}

/* Everything this test knows, in a small world. */
static void random_rule(struct model_set *s)
{
	static const unsigned int lengths[] = { 0, 8, 16, 24, 29, 30, 31, 32 };
	static const unsigned int lengths6[] = { 0, 32, 33, 34, 64, 96, 126, 128 };
	struct model_rule *r = model_add(s);

	small_address(r->src, s->ipv6);
	small_address(r->dst, s->ipv6);
	r->src_len = (s->ipv6 ? lengths6 : lengths)[random_number(8)];
	r->dst_len = chance(40) ? 0 : (s->ipv6 ? lengths6 : lengths)[random_number(8)];
	mask(r->src, r->src_len);
	mask(r->dst, r->dst_len);
	r->not_src = r->src_len && chance(4);
	r->not_dst = r->dst_len && chance(4);
	if (chance(70))
		random_ports(r, s->ipv6);
	else if (chance(30))
		r->proto = chance(50) ? 47 : 6;
	r->not_proto = r->proto && !r->ports && !r->lists[0].count && chance(20);
	if (chance(20)) {
		r->in = patterns[random_number(7)];
		r->not_in = chance(30);
	}
	if (chance(25)) {
		r->state = chance(40) ? CT_NEW : CT_ESTABLISHED | CT_RELATED;
		r->not_state = chance(20);
		r->state_first = chance(50);
	}
	if (!s->ipv6 && chance(5))
		r->fragment = chance(50) ? 1 : -1;
	r->terminal = chance(70);
}

static void random_prefix(uint32_t *w, unsigned int *len, unsigned int bits)
{
	unsigned int i;

	*len = bits;
	for (i = 0; i < 4; i++)
		w[i] = random_word();
	mask(w, bits);
}

static void random_range(unsigned int *lo, unsigned int *hi)
{
	unsigned int a = random_number(65536), b = random_number(65536);

	*lo = a < b ? a : b;
	*hi = a < b ? b : a;
}

/* Wide port rectangles: every two of them cross. */
static void rectangle_rule(struct model_set *s)
{
	struct model_rule *r = model_add(s);

	r->proto = 6;
	r->ports = true;
	random_range(&r->sport_lo, &r->sport_hi);
	random_range(&r->dport_lo, &r->dport_hi);
	r->terminal = true;
}

/* Short prefixes on both sides. */
static void wide_rule(struct model_set *s)
{
	struct model_rule *r = model_add(s);

	random_prefix(r->src, &r->src_len, random_number(13));
	random_prefix(r->dst, &r->dst_len, random_number(13));
	r->terminal = true;
}

/* Prefixes in prefixes, times ports. */
static void nested_rule(struct model_set *s)
{
	static const unsigned int ports[] = { 0, 1024, 80, 443, 8000 };
	static const unsigned int ends[] = { 65535, 65535, 80, 443, 9000 };
	struct model_rule *r = model_add(s);
	uint32_t port = random_number(5);

	random_prefix(r->src, &r->src_len, random_number(9) * 4);
	random_prefix(r->dst, &r->dst_len, random_number(5) * 8);
	r->proto = 6;
	r->ports = true;
	r->dport_lo = ports[port];
	r->dport_hi = ends[port];
	r->terminal = true;
}

/* A list of addresses, as many sites have it. */
static void block_rule(struct model_set *s)
{
	unsigned int full = s->ipv6 ? 128 : 32, net = s->ipv6 ? 64 : 24;
	struct model_rule *r = model_add(s);

	random_prefix(r->src, &r->src_len, chance(70) ? full : net);
	r->terminal = true;
	if (chance(2)) {
		r->proto = 6;
		r->ports = true;
		r->dport_lo = r->dport_hi = chance(50) ? 22 : 443;
	}
}

/* One box again and again: nothing to cut. */
static void same_rule(struct model_set *s)
{
	struct model_rule *r = model_add(s);

	r->proto = 17;
	r->ports = true;
	r->dport_lo = r->dport_hi = 53;
	r->state = chance(50) ? CT_NEW : CT_ESTABLISHED;
	r->terminal = chance(5);
}

/* Services on networks, as many sites write them. */
static void list_rule(struct model_set *s)
{
	struct model_rule *r = model_add(s);

	random_prefix(r->src, &r->src_len, chance(50) ? 0 : 8 + random_number(17));
	r->proto = chance(80) ? 6 : 17;
	random_list(&r->lists[0], 50000);
	r->terminal = chance(80);
}

int model_make(struct model_set *s, const char *name, uint32_t count)
{
	static const struct {
		const char *name;
		void (*rule)(struct model_set *s);
	} kinds[] = {
		{ "random", random_rule }, { "rectangles", rectangle_rule }, { "wide", wide_rule },
		{ "nested", nested_rule }, { "blocklist", block_rule }, { "same", same_rule },
		{ "lists", list_rule },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		while (s->count < count)
			kinds[i].rule(s);
		return 0;
	}
	return -1;
}

/* An IPv4 prefix; in an IPv6 set one behind 2001:db8::/32, and the empty one stays empty. */
static void file_prefix(uint32_t *w, unsigned int *len, const unsigned int *byte, unsigned int bits,
			bool ipv6)
{
	uint32_t address = byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3];

	w[0] = ipv6 ? 0x20010db8 : address;
	w[1] = ipv6 ? address : 0;
	*len = ipv6 && bits ? 32 + bits : bits;
	mask(w, *len);
}

int model_file(struct model_set *s, const char *path)
{
	unsigned int a[4], b[4], src_len, dst_len, sl, sh, dl, dh, proto, mask_proto;
	FILE *f = fopen(path, "re");
	struct model_rule *r;
	char line[256];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "@%u.%u.%u.%u/%u %u.%u.%u.%u/%u %u : %u %u : %u %x/%x", &a[0], &a[1],
			   &a[2], &a[3], &src_len, &b[0], &b[1], &b[2], &b[3], &dst_len, &sl, &sh,
			   &dl, &dh, &proto, &mask_proto) != 16)
			continue;
		r = model_add(s);
		file_prefix(r->src, &r->src_len, a, src_len, s->ipv6);
		file_prefix(r->dst, &r->dst_len, b, dst_len, s->ipv6);
		r->proto = mask_proto ? s->ipv6 && proto == 1 ? 58 : proto : 0;
		r->terminal = true;
		/* iptables has ports with a protocol only */
		r->ports = r->proto == 6 || r->proto == 17;
		if (!r->ports)
			continue;
		r->sport_lo = sl;
		r->sport_hi = sh;
		r->dport_lo = dl;
		r->dport_hi = dh;
	}
	fclose(f);
	return 0;
}

static unsigned int between(unsigned int lo, unsigned int hi)
{
	return lo + random_number(hi - lo + 1);
}

static void fill_host(uint32_t *to, const uint32_t *prefix, unsigned int len, bool small)
{
	uint32_t host[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		host[i] = small ? random_number(8) : random_word();
	memcpy(to, host, sizeof(host));
	mask(to, len);
	for (i = 0; i < 4; i++)
		to[i] = prefix[i] | (host[i] ^ to[i]);
}

/* A port of the list, or the one behind it. */
static void fill_ports(const struct model_list *l, struct model_packet *p)
{
	unsigned int i = random_number(l->count), port = between(l->lo[i], l->hi[i]);

	if (chance(25))
		port = (l->hi[i] + 1U) & 65535;
	if (l->source && (!l->destination || chance(50)))
		p->sport = port;
	else
		p->dport = port;
}

/* How much of the headers is there; where there are no ports, they are 0. */
static void fill_l4(struct model_packet *p, bool ipv6)
{
	static const enum model_l4 odd[] = { MODEL_FRAGMENT, MODEL_FRAGMENT, MODEL_SHORT,
					     MODEL_PORTS, MODEL_PORTS };

	if (chance(10))
		p->l4 = odd[random_number(5)];
	if (p->l4 == MODEL_FRAGMENT && !ipv6 && p->proto == 6 && chance(40))
		p->l4 = MODEL_EVIL;
	if (p->l4 != MODEL_READABLE && ipv6 && chance(30))
		p->l4 = MODEL_UNPARSED;
	/* the others end there */
	if (p->l4 == MODEL_PORTS && p->proto != 6 && p->proto != 17)
		p->l4 = MODEL_READABLE;
	if (!has_ports(p->proto) && p->proto != 1 && p->proto != 58)
		p->sport = p->dport = 0;
	if (p->proto == 1 || p->proto == 58)
		p->sport = 0;
	if (p->l4 != MODEL_READABLE)
		p->tcp_flags = 0;
	if (p->l4 != MODEL_READABLE && p->l4 != MODEL_PORTS)
		p->sport = p->dport = 0;
	p->fragment = (p->l4 == MODEL_FRAGMENT || p->l4 == MODEL_EVIL) && !ipv6;
}

void model_packet_near(const struct model_set *s, struct model_packet *p)
{
	static const unsigned int states[] = { CT_INVALID, CT_ESTABLISHED, CT_RELATED, CT_NEW,
					       CT_UNTRACKED };
	const struct model_rule *r = &s->rules[random_number(s->count)];

	memset(p, 0, sizeof(*p));
	fill_host(p->src, r->src, r->src_len, chance(50));
	fill_host(p->dst, r->dst, r->dst_len, chance(50));
	if (chance(10))
		small_address(p->src, s->ipv6);
	if (chance(10))
		small_address(p->dst, s->ipv6);
	p->proto = r->proto && chance(95) ? r->proto : chance(60) ? 6 : chance(60) ? 17 : 47;
	p->sport = between(r->sport_lo, r->sport_hi);
	p->dport = between(r->dport_lo, r->dport_hi);
	if (r->lists[0].count)
		fill_ports(&r->lists[0], p);
	if (r->lists[1].count)
		fill_ports(&r->lists[1], p);
	if (chance(15))
		p->dport = random_number(40);
	p->tcp_flags = p->proto == 6 ? chance(50) ? 2 : 0x10 : 0;
	p->in = devices[random_number(8)];
	p->out = "";
	p->state = states[random_number(5)];
	fill_l4(p, s->ipv6);
}
