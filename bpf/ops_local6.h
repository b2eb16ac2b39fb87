/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_LOCAL6_H
#define BPF_OPS_LOCAL6_H

/*
 * OP_LOCAL6: address type LOCAL of IPv6, match_lookup_rt6() in net/netfilter/xt_addrtype.c. It asks
 * which route a packet to the address would take (ip6_pol_route(), net/ipv6/route.c), and a
 * netfilter program has no helper for that: the same walk is made here, in the memory of the
 * tables. Included by bpf/ops_object.h, kernel alone.
 *
 * What is not known here (is a router reachable, has a route expired, which policy rule matches) is
 * taken both ways: all results are collected. Mostly they are the same. A packet for which they
 * are not is dropped.
 */

#define RTN_TL_ROOT_		1U
#define RTN_ROOT_		2U
#define RTN_RTINFO_		4U
#define RTN_THROW_		9U
#define RTF_NONEXTHOP_		0x00200000U
#define RTF_EXPIRES_		0x00400000U
#define RTF_LOCAL_		0x80000000U
#define RTF_REJECT_		0x00000200U
#define IFA_F_OPTIMISTIC_	4U
#define IFA_F_TENTATIVE_	64U
#define FR_ACT_TO_TBL_		1U
#define RTPROT_KERNEL_		2U

/* What may come of the look-up; bits. */
#define RESULT_NO	1U
#define RESULT_YES	2U
#define RESULT_NEXT	4U	/* RTN_THROW: the next table is asked */

enum { LOCAL6_TABLE, LOCAL6_DOWN, LOCAL6_NODE, LOCAL6_ROUTE, LOCAL6_SUBTREE, LOCAL6_DONE };

/*
 * Which tables are left: none, the main one, or all of them, in an order that policy rules decide.
 * REST: they are being asked; each may answer, or not be asked.
 */
enum { TABLES_NONE, TABLES_MAIN, TABLES_ALL, TABLES_REST };

struct local6 {
	u64 node;		/* struct fib6_node */
	u64 at;			/* ROUTE: struct fib6_info; SUBTREE: struct fib6_node */
	u64 table;		/* the next struct fib6_table; 0: as left says */
	u64 net;
	u64 dev;		/* the route has to leave by it; 0: any */
	u64 high, low;		/* the address */
	u32 metric;		/* the first one of the node */
	u16 bucket;		/* of the table of all tables */
	u8 state;
	u8 left;
	u8 results;		/* RESULT_*, of all tables */
	u8 best;		/* the result of the best route of the node, 0: none yet */
	u8 score;		/* of it */
	u8 unsure;		/* this node may be passed over */
	u8 later;		/* behind the first metric of the node */
	u8 retry;		/* if no router is reachable, one of them is taken */
};

#define LOCAL6_KNOWN	bpf_core_field_exists(struct fib6_info, fib6_flags)
#define TABLES6_MAX	256U

/* Begins the address with the prefix? @key: struct rt6key. */
static __always_inline u32 in_prefix6(const struct local6 *w, u64 key, u32 len)
{
	u64 high = w->high ^ __builtin_bswap64(kernel_u64(key));
	u64 low = w->low ^ __builtin_bswap64(kernel_u64(key + 8));

	if (len <= 64)
		return !len || !(high >> ((64 - len) & 63));
	return !high && !(low >> ((128 - len) & 63));
}

static __always_inline u32 forwarding6(u64 net)
{
	return KERNEL(struct ipv6_devconf, POINTER(net, struct net, ipv6.devconf_all))->forwarding;
}

/* ip6_ignore_linkdown() */
static __always_inline u32 ignores_linkdown6(u64 dev)
{
	u64 in_dev = POINTER(dev, struct net_device, ip6_ptr);

	return !in_dev || KERNEL(struct inet6_dev, in_dev)->cnf.ignore_routes_with_linkdown;
}

/* What match_lookup_rt6() makes of the route. */
static __always_inline u32 route_result6(const struct local6 *w, u32 flags, u32 type)
{
	u32 error = (flags & RTF_REJECT_) && type >= RTN_BLACKHOLE_;

	if (error && type == RTN_THROW_)
		return RESULT_NEXT;
	if (w->dev)
		return flags & RTF_REJECT_ ? RESULT_NO : RESULT_YES;
	return !error && (flags & RTF_LOCAL_) ? RESULT_YES : RESULT_NO;
}

/* rt6_score_route() of a route that is taken: the preference of the router, 1 to 3. */
static __always_inline u32 route_score6(u32 flags)
{
	return bpf_core_field_exists(struct ipv6_devconf, rtr_probe_interval) ?
		       (flags >> 27 & 3) ^ 2 : 1;
}

/* find_match(), of one route of the node. */
static __always_inline void weigh_route(struct local6 *w, u64 route)
{
	const struct fib6_info *f = KERNEL(struct fib6_info, route);
	u64 hop = FIELD(route, struct fib6_info, fib6_nh);
	const struct fib_nh_common *h = KERNEL(struct fib_nh_common, hop);
	u32 flags = f->fib6_flags, result = route_result6(w, flags, f->fib6_type);
	u32 unsure = w->unsure | !!(flags & RTF_EXPIRES_), state;

	if (POINTER(route, struct fib6_info, nh)) {
		/* a nexthop object, which may be a black hole */
		w->results |= result | RESULT_NO;
		return;
	}
	state = h->nhc_flags;
	if ((state & RTNH_F_DEAD_) ||
	    (w->dev && POINTER(hop, struct fib_nh_common, nhc_dev) != w->dev) ||
	    ((state & RTNH_F_LINKDOWN_) &&
	     ignores_linkdown6(POINTER(hop, struct fib_nh_common, nhc_dev))))
		return;
	/* fib6_select_path() and redirects put another in the place of such a route. */
	if ((h->nhc_gw_family || f->fib6_nsiblings) && (flags & (RTF_LOCAL_ | RTF_REJECT_)))
		w->results |= RESULT_NO | RESULT_YES;
	if (h->nhc_gw_family && !(flags & RTF_NONEXTHOP_) && !forwarding6(w->net)) {
		w->retry |= !unsure;
		unsure = 1;
	}
	if (unsure) {
		w->results |= result;
	} else if (route_score6(flags) > w->score || !w->best) {
		w->best = result;
		w->score = route_score6(flags);
	}
}

/* The table has been asked. @sure: 0: nothing in it answers for certain. */
static __always_inline void end_table(struct local6 *w, u32 sure)
{
	if (sure)
		w->results |= w->best;
	w->state = LOCAL6_TABLE;
	if (!(w->results & RESULT_NEXT) && (sure || w->retry) && w->left != TABLES_REST)
		w->state = LOCAL6_DONE;
}

/* fib6_backtrack() */
static __always_inline void to_parent(struct local6 *w)
{
	if (KERNEL(struct fib6_node, w->node)->fn_flags & (RTN_TL_ROOT_ | RTN_ROOT_)) {
		end_table(w, 0);
		return;
	}
	w->node = POINTER(w->node, struct fib6_node, parent);
	w->state = LOCAL6_NODE;
}

/* find_rr_leaf(): the routes of the first metric, then all others. */
static __always_inline void step_route6(struct local6 *w)
{
	u64 route = w->at;
	u32 metric = KERNEL(struct fib6_info, route)->fib6_metric;

	if (w->best && (!route || (!w->later && metric != w->metric))) {
		end_table(w, 1);
		return;
	}
	if (!route) {
		to_parent(w);
		return;
	}
	w->later |= metric != w->metric;
	weigh_route(w, route);
	w->at = POINTER(route, struct fib6_info, fib6_next);
}

/* The routes for sources that :: is one of. There hardly ever are any. */
static __always_inline void step_subtree(struct local6 *w)
{
	u64 node = w->at, leaf = POINTER(node, struct fib6_node, leaf);
	u64 key = FIELD(leaf, struct fib6_info, fib6_src);

	if (!node) {
		w->at = POINTER(w->node, struct fib6_node, leaf);
		w->state = LOCAL6_ROUTE;
		return;
	}
	if ((KERNEL(struct fib6_node, node)->fn_flags & RTN_RTINFO_) &&
	    !(kernel_u64(key) | kernel_u64(key + 8)))
		w->results |= RESULT_NO | RESULT_YES | RESULT_NEXT;
	w->at = POINTER(node, struct fib6_node, left);
}

/* rt6_select(), and what fib6_node_lookup_1() asks of the node. */
static __always_inline void step_node(struct local6 *w)
{
	const struct fib6_node *n = KERNEL(struct fib6_node, w->node);
	u64 leaf = POINTER(w->node, struct fib6_node, leaf), turn, subtree = 0;
	const struct fib6_info *f = KERNEL(struct fib6_info, leaf);
	u64 key = FIELD(leaf, struct fib6_info, fib6_dst);
	u32 len = f->fib6_dst.plen;

	if (bpf_core_field_exists(struct fib6_node, subtree))
		subtree = POINTER(w->node, struct fib6_node, subtree);
	if (!leaf || !in_prefix6(w, key, len) || (!subtree && !(n->fn_flags & RTN_RTINFO_))) {
		to_parent(w);
		return;
	}
	turn = POINTER(w->node, struct fib6_node, rr_ptr);
	w->unsure = subtree || (turn && turn != leaf) || f->fib6_src.plen;
	w->metric = f->fib6_metric;
	w->later = 0;
	w->best = 0;
	w->score = 0;
	w->at = subtree ? subtree : leaf;
	w->state = subtree ? LOCAL6_SUBTREE : LOCAL6_ROUTE;
	if (!subtree && (leaf == POINTER(w->net, struct net, ipv6.fib6_null_entry) ||
			 n->fn_bit != len))
		to_parent(w);
}

static __always_inline void step_down6(struct local6 *w)
{
	u32 bit = KERNEL(struct fib6_node, w->node)->fn_bit;
	u64 half = bit < 64 ? w->high : w->low, next;

	next = bit < 128 && (half >> (63 - (bit & 63)) & 1) ?
		       POINTER(w->node, struct fib6_node, right) :
		       POINTER(w->node, struct fib6_node, left);
	if (next)
		w->node = next;
	else
		w->state = LOCAL6_NODE;
}

/* fib6_rule_lookup(): which table comes next? Where none is left, there is no route. */
static __always_inline void step_table(struct local6 *w)
{
	u64 table = w->table;

	w->retry = 0;
	if (table) {
		w->node = FIELD(table, struct fib6_table, tb6_root);
		w->state = LOCAL6_DOWN;
		w->table = w->left == TABLES_REST ? kernel_u64(table) : 0;
	} else if (w->left == TABLES_MAIN) {
		w->results &= RESULT_NO | RESULT_YES;
		w->table = POINTER(w->net, struct net, ipv6.fib6_main_tbl);
		w->left = TABLES_NONE;
	} else if (w->left != TABLES_NONE && w->bucket < TABLES6_MAX) {
		w->left = TABLES_REST;
		w->table = kernel_u64(POINTER(w->net, struct net, ipv6.fib_table_hash) +
				      w->bucket++ * 8);
	} else {
		w->results = (w->results & RESULT_YES) | RESULT_NO;
		w->state = LOCAL6_DONE;
	}
}

static long local6_step(u32 i, struct local6 *w)
{
	(void)i;
	switch (w->state) {
	case LOCAL6_TABLE:
		step_table(w);
		return 0;
	case LOCAL6_DOWN:
		step_down6(w);
		return 0;
	case LOCAL6_NODE:
		step_node(w);
		return 0;
	case LOCAL6_ROUTE:
		step_route6(w);
		return 0;
	case LOCAL6_SUBTREE:
		step_subtree(w);
		return 0;
	}
	return 1;
}

/* Is the first policy rule the one that the kernel makes: everything asks the local table? */
static __always_inline u32 local_rule_first(u64 net)
{
	u64 ops = POINTER(net, struct net, ipv6.fib6_rules_ops);
	u64 rule = POINTER(ops, struct fib_rules_ops, rules_list.next) -
		   bpf_core_field_offset(struct fib_rule, list);
	const struct fib_rule *r = KERNEL(struct fib_rule, rule);

	return r->action == FR_ACT_TO_TBL_ && r->table == RT_TABLE_LOCAL_ && !r->pref &&
	       r->proto == RTPROT_KERNEL_ && !r->l3mdev && !r->flags && !r->mark_mask &&
	       !r->iifindex && !r->oifindex;
}

/* route_local6() - is the route to the address local; with @dev: is there one by the device? */
verified_once u32 route_local6(u64 net, u64 dev, u64 high, u64 low)
{
	struct local6 w = { .net = net, .dev = dev, .high = high, .low = low };
	u32 custom = 0;

	if (!group_in(OPS_OBJECT) || !LOCAL6_KNOWN)
		return MATCH_HOTDROP;
	w.left = TABLES_MAIN;
	if (bpf_core_field_exists(struct net, ipv6.fib6_local_tbl)) {
		w.table = POINTER(net, struct net, ipv6.fib6_local_tbl);
		custom = KERNEL(struct net, net)->ipv6.fib6_has_custom_rules;
	}
	if (custom) {
		w.left = TABLES_ALL;
		if (!local_rule_first(net))
			w.table = 0;
	}
	portable_loop(ROUTE_STEPS_MAX, local6_step, &w);
	if (w.state != LOCAL6_DONE)
		return MATCH_HOTDROP;
	return w.results == RESULT_YES ? MATCH_YES :
	       w.results == RESULT_NO  ? MATCH_NO :
					 MATCH_HOTDROP;
}

struct address_search {
	u64 at, end;		/* struct list_head */
	u64 high, low;
	u32 found;		/* enum match_result */
};

static long on_device_step(u32 i, struct address_search *s)
{
	u64 entry = s->at - bpf_core_field_offset(struct inet6_ifaddr, if_list);
	u64 address = FIELD(entry, struct inet6_ifaddr, addr);
	u32 flags = KERNEL(struct inet6_ifaddr, entry)->flags;

	(void)i;
	if (s->at == s->end || !s->at) {
		s->found = MATCH_NO;
		return 1;
	}
	s->at = kernel_u64(s->at);
	if (__builtin_bswap64(kernel_u64(address)) != s->high ||
	    __builtin_bswap64(kernel_u64(address + 8)) != s->low)
		return 0;
	if ((flags & (IFA_F_TENTATIVE_ | IFA_F_OPTIMISTIC_)) == IFA_F_TENTATIVE_)
		return 0;
	s->found = MATCH_YES;
	return 1;
}

/* device_address6() - ipv6_chk_addr() of this device alone. */
verified_once u32 device_address6(u64 dev, u64 high, u64 low)
{
	struct address_search s = { .high = high, .low = low, .found = MATCH_HOTDROP };
	u64 in_dev;

	if (!group_in(OPS_OBJECT) || !LOCAL6_KNOWN)
		return MATCH_HOTDROP;
	in_dev = POINTER(dev, struct net_device, ip6_ptr);
	if (!in_dev)
		return MATCH_NO;
	s.end = FIELD(in_dev, struct inet6_dev, addr_list);
	s.at = kernel_u64(s.end);
	portable_loop(ROUTE_STEPS_MAX, on_device_step, &s);
	return s.found;
}

verified_once u32 match_local6(hook_ctx *ctx, const struct packet *p, u32 arg)
{
	u64 dev, high, low;
	const u32 *a;
	u32 found;

	if (!group_in(OPS_OBJECT) || !LOCAL6_KNOWN || !p)
		return MATCH_BAD;
	if (!p->family || limit_device(ctx, arg, &dev))
		return MATCH_HOTDROP;
	a = arg & ADDRTYPE_SOURCE ? p->src : p->dst;
	if (!address_type6(a, arg & ADDRTYPE_TYPES))
		return MATCH_NO;
	high = (u64)a[0] << 32 | a[1];
	low = (u64)a[2] << 32 | a[3];
	found = dev ? device_address6(dev, high, low) : MATCH_YES;
	return found == MATCH_YES ? route_local6(hook_net(ctx), dev, high, low) : found;
}

#endif
