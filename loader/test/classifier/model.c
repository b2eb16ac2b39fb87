// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/image.h"

struct model_rule *model_add(struct model_set *s)
{
	struct model_rule *r;

	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->rules = realloc(s->rules, s->cap * sizeof(*r));
		if (!s->rules)
			abort();
	}
	r = &s->rules[s->count++];
	memset(r, 0, sizeof(*r));
	r->sport_hi = 65535;
	r->dport_hi = 65535;
	return r;
}

void model_free(struct model_set *s)
{
	free(s->rules);
	memset(s, 0, sizeof(*s));
}

static void print_address(FILE *out, char letter, bool not, const uint32_t *w, unsigned int len,
			  bool ipv6)
{
	unsigned int i;

	if (!len && !not)
		return;
	fprintf(out, "%s -%c ", not ? " !" : "", letter);
	if (ipv6) {
		for (i = 0; i < 4; i++)
			fprintf(out, "%s%x:%x", i ? ":" : "", w[i] >> 16, w[i] & 0xffff);
	} else {
		fprintf(out, "%u.%u.%u.%u", w[0] >> 24, w[0] >> 16 & 255, w[0] >> 8 & 255,
			w[0] & 255);
	}
	fprintf(out, "/%u", len);
}

static void print_state(FILE *out, const struct model_rule *r)
{
	static const char *const names[] = { "INVALID", "ESTABLISHED", "RELATED", "NEW" };
	const char *sep = " ";
	unsigned int i;

	fprintf(out, " -m conntrack%s --ctstate", r->not_state ? " !" : "");
	for (i = 0; i < 4; i++) {
		if (r->state >> i & 1) {
			fprintf(out, "%s%s", sep, names[i]);
			sep = ",";
		}
	}
	if (r->state & CT_UNTRACKED)
		fprintf(out, "%sUNTRACKED", sep);
}

static void print_ports(FILE *out, const struct model_rule *r, bool ipv6)
{
	if (r->proto == 1 || r->proto == 58) {
		fprintf(out, " -m icmp%s --icmp%s-type %u", ipv6 ? "6" : "", ipv6 ? "v6" : "",
			r->dport_lo >> 8);
		if (r->dport_lo == r->dport_hi)
			fprintf(out, "/%u", r->dport_lo & 255);
		return;
	}
	fprintf(out, " -m %s", r->proto == 6 ? "tcp" : "udp");
	if (r->sport_lo || r->sport_hi != 65535 || r->not_sport)
		fprintf(out, "%s --sport %u:%u", r->not_sport ? " !" : "", r->sport_lo,
			r->sport_hi);
	if (r->dport_lo || r->dport_hi != 65535 || r->not_dport)
		fprintf(out, "%s --dport %u:%u", r->not_dport ? " !" : "", r->dport_lo,
			r->dport_hi);
	if (r->syn)
		fprintf(out, "%s --syn", r->not_syn ? " !" : "");
}

static void print_lists(FILE *out, const struct model_rule *r, bool first)
{
	const struct model_list *l;
	unsigned int i;

	for (l = r->lists; l < r->lists + MODEL_LISTS; l++) {
		if (!l->count || l->first != first)
			continue;
		fprintf(out, " -m multiport%s --%sports", l->not ? " !" : "",
			l->source && l->destination ? "" : l->source ? "s" : "d");
		for (i = 0; i < l->count; i++) {
			fprintf(out, "%c%u", i ? ',' : ' ', l->lo[i]);
			if (l->lo[i] != l->hi[i])
				fprintf(out, ":%u", l->hi[i]);
		}
	}
}

static void print_rule(FILE *out, const struct model_rule *r, bool ipv6)
{
	fprintf(out, "-A INPUT");
	print_address(out, 's', r->not_src, r->src, r->src_len, ipv6);
	print_address(out, 'd', r->not_dst, r->dst, r->dst_len, ipv6);
	if (r->in)
		fprintf(out, "%s -i %s", r->not_in ? " !" : "", r->in);
	if (r->proto)
		fprintf(out, "%s -p %u", r->not_proto ? " !" : "", r->proto);
	if (r->fragment)
		fprintf(out, "%s -f", r->fragment < 0 ? " !" : "");
	if (r->state && r->state_first)
		print_state(out, r);
	print_lists(out, r, true);
	if (r->ports)
		print_ports(out, r, ipv6);
	print_lists(out, r, false);
	if (r->state && !r->state_first)
		print_state(out, r);
	fprintf(out, "%s\n", r->terminal ? " -j ACCEPT" : "");
}

void model_print(const struct model_set *s, FILE *out)
{
	uint32_t i;

	fprintf(out, "*filter\n:INPUT DROP\n");
	for (i = 0; i < s->count; i++)
		print_rule(out, &s->rules[i], s->ipv6);
	fprintf(out, "COMMIT\n");
}

static bool in_prefix(const uint32_t *a, const uint32_t *b, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++) {
		if ((a[i / 32] ^ b[i / 32]) >> (31 - i % 32) & 1)
			return false;
	}
	return true;
}

static bool is_device(const char *device, const char *pattern)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '+')
		return !strncmp(device, pattern, len - 1);
	return !strcmp(device, pattern);
}

enum outcome { NO, YES, HOTDROP };

/* xt_tcpudp.c: fragments do not match, a header cut off drops. */
static enum outcome ports_match(const struct model_rule *r, const struct model_packet *p)
{
	if (p->l4 == MODEL_FRAGMENT)
		return NO;
	if (p->l4 != MODEL_READABLE)
		return HOTDROP;
	if ((p->sport >= r->sport_lo && p->sport <= r->sport_hi) == r->not_sport ||
	    (p->dport >= r->dport_lo && p->dport <= r->dport_hi) == r->not_dport)
		return NO;
	if (r->syn && ((p->tcp_flags & 0x17) == 2) == r->not_syn)
		return NO;
	return YES;
}

/* xt_multiport.c: it needs the ports and no more. */
static enum outcome list_matches(const struct model_list *l, const struct model_packet *p)
{
	unsigned int i;

	if (p->l4 == MODEL_FRAGMENT || p->l4 == MODEL_EVIL)
		return NO;
	if (p->l4 != MODEL_READABLE && p->l4 != MODEL_PORTS)
		return HOTDROP;
	for (i = 0; i < l->count; i++) {
		if ((l->source && p->sport >= l->lo[i] && p->sport <= l->hi[i]) ||
		    (l->destination && p->dport >= l->lo[i] && p->dport <= l->hi[i]))
			return l->not ? NO : YES;
	}
	return l->not ? YES : NO;
}

static enum outcome lists_match(const struct model_rule *r, const struct model_packet *p,
				bool first)
{
	enum outcome o = YES;
	unsigned int i;

	for (i = 0; o == YES && i < MODEL_LISTS; i++) {
		if (r->lists[i].count && r->lists[i].first == first)
			o = list_matches(&r->lists[i], p);
	}
	return o;
}

static bool state_matches(const struct model_rule *r, const struct model_packet *p)
{
	return !r->state || ((p->state & r->state) != 0) != r->not_state;
}

/* The options that every rule has: ip_packet_match(), ip6_packet_match(). */
static enum outcome basics_match(const struct model_rule *r, const struct model_packet *p,
				 bool ipv6)
{
	if (in_prefix(p->src, r->src, r->src_len) == r->not_src ||
	    in_prefix(p->dst, r->dst, r->dst_len) == r->not_dst)
		return NO;
	if (r->in && is_device(p->in, r->in) == r->not_in)
		return NO;
	if (ipv6 && r->proto && p->l4 == MODEL_UNPARSED)
		return HOTDROP;
	if (r->proto && (p->proto == r->proto) == r->not_proto)
		return NO;
	if (r->fragment && p->fragment != (r->fragment > 0))
		return NO;
	return YES;
}

static enum outcome rule_matches(const struct model_rule *r, const struct model_packet *p,
				 bool ipv6)
{
	enum outcome o = basics_match(r, p, ipv6);

	if (o == YES && r->state_first && !state_matches(r, p))
		o = NO;
	if (o == YES)
		o = lists_match(r, p, true);
	if (o == YES && r->ports)
		o = ports_match(r, p);
	if (o == YES)
		o = lists_match(r, p, false);
	if (o == YES && !state_matches(r, p))
		o = NO;
	return o;
}

uint32_t model_first(const struct model_set *s, const struct model_packet *p, uint32_t from)
{
	enum outcome o;
	uint32_t i;

	for (i = from; i < s->count; i++) {
		o = rule_matches(&s->rules[i], p, s->ipv6);
		if (o != NO)
			return o == YES ? i : MODEL_HOTDROP;
	}
	return MODEL_NONE;
}
