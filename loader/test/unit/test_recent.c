// SPDX-License-Identifier: GPL-2.0-only
/* -m recent: what is taken, refused, printed and listed, as libxt_recent.c; what it does. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/recent.h"
#include "compile/recent.h"
#include "extension.h"


#define ALL4	" --mask 255.255.255.255"
#define ALL6	" --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define SIDE	" --rsource"

/* What iptables-save prints; NULL: the same. */
static const struct { enum family f; const char *in, *out; } printed[] = {
	{ FAMILY_IPV4, "-m recent --set", "-m recent --set --name DEFAULT" ALL4 SIDE },
	{ FAMILY_IPV6, "-m recent --set", "-m recent --set --name DEFAULT" ALL6 SIDE },
	{ FAMILY_IPV4, "-m recent ! --set --name foo" ALL4 " --rdest", NULL },
	{ FAMILY_IPV4, "-m recent --rcheck --seconds 60 --reap --hitcount 4 --rttl --name a" ALL4 SIDE,
	  NULL },
	{ FAMILY_IPV4, "-m recent --name a --rdest --rsource --hitcount 010 --sec 0x10 --upd",
	  "-m recent --update --seconds 16 --hitcount 8 --name a" ALL4 SIDE },
	{ FAMILY_IPV4, "-m recent --update --seconds 4294967295 --hitcount 65535 --name a" ALL4 SIDE,
	  NULL },
	{ FAMILY_IPV4, "-m recent --remove --hitcount 0", "-m recent --remove --name DEFAULT" ALL4 SIDE },
	{ FAMILY_IPV4, "-m recent --set --mask 255.255",
	  "-m recent --set --name DEFAULT --mask 255.0.0.255 --rsource" },
	{ FAMILY_IPV4, "-m recent --set --mask 0",
	  "-m recent --set --name DEFAULT --mask 0.0.0.0 --rsource" },
	{ FAMILY_IPV6, "-m recent --set --name a --mask ffff:: --rdest", NULL },
	{ FAMILY_IPV4, "-m recent --set --name a" ALL4 SIDE " -m recent ! --rcheck --name b" ALL4 SIDE,
	  NULL },
};

static void prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(printed); i++)
		assert_printed(printed[i].in, printed[i].f, printed[i].out);
}

/* What is longer than the kernel's field is cut. */
static void long_name(void **state)
{
	char in[256], want[256];

	(void)state;
	snprintf(in, sizeof(in), "-m recent --set --name %0201d", 0);
	snprintf(want, sizeof(want), "-m recent --set --name %0199d" ALL4 SIDE, 0);
	assert_printed(in, FAMILY_IPV4, want);
}

static const struct { const char *rule, *want; } listed[] = {
	{ "-m recent --set", " recent: SET name: DEFAULT side: source mask: 255.255.255.255" },
	{ "-m recent ! --update --seconds 9 --reap --hitcount 4 --rttl --rdest --mask 0.0.0.255",
	  " ! recent: UPDATE seconds: 9 reap hit_count: 4 TTL-Match name: DEFAULT side: dest"
	  " mask: 0.0.0.255" },
	{ "-m recent --rcheck --name a", " recent: CHECK name: a side: source mask: 255.255.255.255" },
	{ "-m recent --remove --name a", " recent: REMOVE name: a side: source mask: 255.255.255.255" },
};

static void lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(listed); i++)
		assert_listed(listed[i].rule, FAMILY_IPV4, listed[i].want, strlen(listed[i].want));
}

static const struct { const char *rule; unsigned int column; const char *message; } refused[] = {
	{ "-m recent --name foo", 4, "requires --set, --rcheck, --update or --remove" },
	{ "-m recent --set --set", 17, "only be used once" },
	{ "-m recent --set --update", 17, "--update cannot be used together with --set" },
	{ "-m recent --set --name a --name b", 26, "only be used once" },
	{ "-m recent --update --seconds 0", 30, "1 to 4294967295" },
	{ "-m recent --update --seconds 4294967296", 30, "1 to 4294967295" },
	{ "-m recent --update --seconds -1", 30, "bad value" },
	{ "-m recent --update --seconds 5s", 30, "bad value" },
	{ "-m recent --update --hitcount 65536", 31, "0 to 65535" },
	{ "-m recent --remove --seconds 3", 4, "need --rcheck or --update" },
	{ "-m recent --set --hitcount 3", 4, "need --rcheck or --update" },
	{ "-m recent --set --rttl", 4, "need --rcheck or --update" },
	{ "-m recent --set --reap --seconds 3", 4, "need --rcheck or --update" },
	{ "-m recent --rcheck --reap", 4, "--reap also requires --seconds" },
	{ "-m recent --set --name a/b", 24, "no name for a table" },
	{ "-m recent --set --name ..", 24, "no name for a table" },
	{ "-m recent --set --name \"\"", 24, "no name for a table" },
	{ "-m recent --set ! --rdest", 19, "cannot be inverted" },
	{ "-m recent --set --mask ::", 24, "an IPv4 address is expected" },
	{ "-m recent --set --mask /24", 24, "an IPv4 address is expected" },
	{ "-m recent --set --mask", 23, "requires an argument" },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(refused); i++)
		assert_refused(refused[i].rule, FAMILY_IPV4, refused[i].column, refused[i].message);
	assert_refused("-m recent --set --mask 255.0.0.0", FAMILY_IPV6, 24, "an IPv6 address");
}

/* An IPv4 packet from 10.0.0.@from to 10.0.1.1 at time @jiffies, hook INPUT. */
static unsigned int packet(struct image_header *h, unsigned int from, uint64_t jiffies, uint8_t ttl)
{
	const struct packet_context ctx = { .family = FAMILY_IPV4, .table = TABLE_FILTER,
					    .hook = HOOK_INPUT, .in = "eth0", .jiffies = jiffies };
	uint8_t bytes[28] = {
		0x45,	       0,  0, 28, 0, 1, 0, 0, ttl, 17, 0, 0, 10, 0, (uint8_t)(from >> 8),
		(uint8_t)from, 10, 0, 1,  1, 0, 9, 0, 9,   0,  8
	};

	return image_evaluate(h, IMAGE_CAPACITY_0, &ctx, bytes, sizeof(bytes));
}

/* A packet a second: the stamps, the wrap of their ring, the window. */
static void hits(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -m recent --set --name a\n"
		"-A INPUT -m recent --rcheck --seconds 10 --hitcount 3 --name a\n"
		"-A INPUT -m recent --rcheck --hitcount 32 --name a\n"
		"-A INPUT -m recent --rcheck --hitcount 33 --name b\n"
		"-A INPUT -m recent --rcheck --seconds 10 --name a -j DROP\n", FAMILY_BIT(FAMILY_IPV4));
	unsigned int i;

	(void)state;
	/* one a second: of eleven stamps that are no older than 1000 jiffies, at least three */
	for (i = 0; i < 40; i++)
		assert_int_equal(packet(h, 7, 5000 + i * 100, 64), EVALUATE_DROP);
	assert_int_equal(counted(h, 0), 40);
	assert_int_equal(counted(h, 1), 38);
	assert_int_equal(counted(h, 2), 9);
	assert_int_equal(counted(h, 3), 0);
	assert_int_equal(counted(h, 4), 40);
	free(h);
}

/* --seconds: a stamp of exactly that age still counts, one jiffy more does not. */
static void window(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -s 10.0.0.1 -m recent --set --name a --rdest\n"
		"-A INPUT -s 10.0.0.2 -m recent --rcheck --seconds 10 --name a --rdest -j DROP\n"
		"-A INPUT -s 10.0.0.3 -m recent ! --rcheck --seconds 10 --name a --rdest -j DROP\n"
		"-A INPUT -s 10.0.0.4 -m recent --update --seconds 10 --name a --rdest -j DROP\n"
		"-A INPUT -s 10.0.0.5 -m recent --rcheck --seconds 42949673 --name a --rdest -j DROP\n",
		FAMILY_BIT(FAMILY_IPV4));

	(void)state;
	assert_int_equal(packet(h, 2, 5000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 1, 5000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 2, 6000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 2, 6001, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 3, 6000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 3, 6001, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 4, 6001, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 4, 6000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 4, 7000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 2, 8000, 64), EVALUATE_DROP);
	/* 42949673 * 100 is 4 in 32 bits */
	assert_int_equal(packet(h, 5, 7004, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 5, 7005, 64), EVALUATE_ACCEPT);
	free(h);
}

/* A hundred addresses; the one that was not touched for the longest time goes. */
static void eviction(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -s 10.0.1.0/24 -m recent --update --name a -j DROP\n"
		"-A INPUT -s 10.0.1.0/24 -m recent --set --name a\n"
		"-A INPUT -s 10.0.2.0/24 -m recent --rcheck --name a --rdest -j DROP\n"
		"-A INPUT -s 10.0.3.0/24 -m recent --rcheck --name a -j DROP\n", FAMILY_BIT(FAMILY_IPV4));
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(packet(h, 256 + i, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 256, 1000, 64), EVALUATE_DROP); /* the second is the oldest */
	assert_int_equal(packet(h, 256 + 100, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 256, 1000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 256 + 100, 1000, 64), EVALUATE_DROP);
	for (i = 2; i < 100; i++)
		assert_int_equal(packet(h, 256 + i, 1000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 256 + 1, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 256, 1000, 64), EVALUATE_ACCEPT);
	free(h);
}

/* --remove, and ! --update, which touches what does not match. */
static void removal(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -s 10.0.0.0/25 -m recent --set --name a -j ACCEPT\n"
		"-A INPUT -s 10.0.1.0/24 -m recent --remove --name a --rdest -j DROP\n"
		"-A INPUT -s 10.0.0.128/25 -m recent --set --name b\n"
		"-A INPUT -s 10.0.0.128/25 -m recent ! --update --hitcount 3 --name b -j DROP\n",
		FAMILY_BIT(FAMILY_IPV4));

	(void)state;
	assert_int_equal(packet(h, 1, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 257, 1000, 64), EVALUATE_ACCEPT);	/* 10.0.1.1 is not there */
	/* set, then touched by the inverted update, and so on: the third stamp decides */
	assert_int_equal(packet(h, 129, 1000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 129, 1000, 64), EVALUATE_ACCEPT);
	free(h);
}

/* Both families share a table, entries do not. The mask is that of the first rule. */
static void shared(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -s 10.0.1.0/24 -m recent --set --name a --mask 255.255.255.0 -j ACCEPT\n"
		"-A INPUT -m recent --rcheck --name a --mask 255.255.255.255 -j DROP\n",
		FAMILY_BIT(FAMILY_IPV4));
	const struct image_named *t = (const void *)((const char *)h + h->named.offset);

	(void)state;
	assert_int_equal(h->named.count, 1);
	assert_string_equal(t->name, "a");
	assert_int_equal(t->family, 2);
	assert_int_equal(packet(h, 256 + 9, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 9, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(counted(h, 1), 0);
	free(h);
	h = rules_in_force("-A INPUT -m recent --set --name a --mask 255.255.255.0\n"
			   "-A INPUT -s 10.0.1.7 -m recent --remove --name a --mask 255.255.255.255\n"
			   "-A INPUT -s 10.0.1.8 -m recent --rcheck --name a --mask 255.255.255.255 -j DROP\n",
			   FAMILY_BIT(FAMILY_IPV4));
	assert_int_equal(packet(h, 256 + 7, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(counted(h, 1), 1);
	assert_int_equal(packet(h, 256 + 8, 1000, 64), EVALUATE_DROP);
	free(h);
}

static void time_to_live(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -s 10.0.0.0/24 -m recent --rcheck --rttl --name a -j DROP\n"
		"-A INPUT -m recent --set --name a\n", FAMILY_BIT(FAMILY_IPV4));

	(void)state;
	assert_int_equal(packet(h, 1, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 1, 1000, 64), EVALUATE_DROP);
	assert_int_equal(packet(h, 1, 1000, 63), EVALUATE_ACCEPT);	/* 63 from now on */
	assert_int_equal(packet(h, 1, 1000, 64), EVALUATE_ACCEPT);
	assert_int_equal(packet(h, 1, 1000, 0), EVALUATE_DROP);		/* 0 is any */
	free(h);
}

/* A table has room for the most stamps that any of its rules asks for. */
static void stamps(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -m recent --set --name a\n-A INPUT -m recent --rcheck --hitcount 70 --name a\n",
		FAMILY_BIT(FAMILY_IPV4));
	const struct image_named *t = (const void *)((const char *)h + h->named.offset);
	unsigned int i;

	(void)state;
	assert_int_equal(t->params[0], 128);
	assert_int_equal(t->count, RECENT_CELLS(128));
	for (i = 0; i < 100; i++)
		packet(h, 1, 1000, 64);
	assert_int_equal(counted(h, 1), 31);
	/* without HZ a window cannot be judged: the packet is dropped */
	free(h);
	h = rules_in_force("-A INPUT -m recent --set --name a\n"
			   "-A INPUT -m recent --rcheck --seconds 5 --name a -j ACCEPT\n",
			   FAMILY_BIT(FAMILY_IPV4));
	h->hz = 0;
	assert_int_equal(packet(h, 1, 1000, 64), 2 + DROP_BAD_IMAGE);
	free(h);
}

/* --reap takes the oldest entry if it is too old, but never the one that is being updated. */
static void reaped(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -s 10.0.1.0/24 -m recent --set --name a -j ACCEPT\n"
		"-A INPUT -s 10.0.2.0/24 -m recent --rcheck --seconds 10 --reap --name a --rdest\n"
		"-A INPUT -s 10.0.3.0/24 -m recent --set --name a --rdest\n"
		"-A INPUT -s 10.0.3.0/24 -m recent --rcheck --seconds 10 --reap --name a --rdest\n",
		FAMILY_BIT(FAMILY_IPV4));
	struct buffer out = { 0 };

	(void)state;
	packet(h, 256 + 2, 1000, 64);
	packet(h, 768, 1500, 61);	/* 10.0.1.1; 10.0.1.2 is young enough */
	packet(h, 512, 1999, 64); /* only asks: nobody asks with --update, and all are young */
	assert_int_equal(recent_list(&out, h, "a"), 0);
	assert_string_equal(out.data, "src=10.0.1.2 ttl: 64 last_seen: 1000 oldest_pkt: 1 1000\n"
				      "src=10.0.1.1 ttl: 61 last_seen: 1500 oldest_pkt: 1 1500\n");
	packet(h, 512, 2001, 64);
	buffer_free(&out);
	assert_int_equal(recent_list(&out, h, NULL), 0);
	assert_string_equal(out.data,
			    "# a\nsrc=10.0.1.1 ttl: 61 last_seen: 1500 oldest_pkt: 1 1500\n");
	buffer_free(&out);
	assert_int_equal(recent_list(&out, h, "b"), -ENOENT);
	buffer_free(&out);
	free(h);
}

#define THREADS		4U
#define ADDRESSES	150U

static void *traffic(void *arg)
{
	struct image_header *h = arg;
	unsigned int i;

	for (i = 0; i < 4000; i++)
		packet(h, i * 7 % ADDRESSES, i, 64);
	return NULL;
}

/* Many CPUs at once: no address twice, no entry lost, and none that stays half made. */
static void threads(void **state)
{
	struct image_header *h = rules_in_force(
		"-A INPUT -m recent --set --name a\n-A INPUT -s 10.0.0.3 -m recent --remove --name a\n",
		FAMILY_BIT(FAMILY_IPV4));
	const struct image_named *t = (const void *)((const char *)h + h->named.offset);
	const struct recent_head *head = (const void *)((const char *)h + h->state + t->first * 64);
	const struct image_cell *cells = (const void *)(head + 1);
	const struct recent_entry *e;
	bool seen[ADDRESSES] = { false };
	unsigned int i, from, live = 0;
	pthread_t id[THREADS];

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&id[i], NULL, traffic, h), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	for (i = 0; i < RECENT_ENTRIES; i++) {
		e = (const void *)(cells + i * RECENT_ENTRY_CELLS(RECENT_STAMPS));
		assert_true(RECENT_STATE(e->meta) != RECENT_BUSY);
		assert_int_equal(RECENT_STATE(e->meta) == RECENT_LIVE, head->tag[i] != 0);
		assert_true(!head->tag[i] || head->touched[i]);
		if (!head->tag[i])
			continue;
		from = (unsigned int)(e->addr[0] >> 32) & 0xffff;
		assert_true(from < ADDRESSES && !seen[from]);
		seen[from] = true;
		live++;
	}
	assert_true(live > RECENT_ENTRIES - THREADS && live <= RECENT_ENTRIES);
	assert_int_equal(counted(h, 0), THREADS * 4000);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(long_name), cmocka_unit_test(lists),
		cmocka_unit_test(refuses), cmocka_unit_test(hits), cmocka_unit_test(window),
		cmocka_unit_test(eviction), cmocka_unit_test(removal), cmocka_unit_test(shared),
		cmocka_unit_test(time_to_live), cmocka_unit_test(stamps),
		cmocka_unit_test(reaped), cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
