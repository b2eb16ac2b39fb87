/* SPDX-License-Identifier: GPL-2.0-only */
/* connlimit: connections in our own memory are counted, and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extension.h"

struct tuple {
	uint32_t src[4];
	uint16_t sport, pad;
	uint32_t dst[4];
	uint16_t dport;
	uint8_t proto, pad2;
};

struct connection {
	uint64_t use;
	uint32_t status, timeout;
	struct tuple tuple[2];
	uint8_t state, pad[7];
};

#define TUPLE(i, member)	offsetof(struct connection, tuple[i].member)

static const struct ct_layout layout = {
	.status = offsetof(struct connection, status),
	.timeout = offsetof(struct connection, timeout),
	.address = { TUPLE(0, src), TUPLE(0, dst), TUPLE(1, src), TUPLE(1, dst) },
	.port = { TUPLE(0, sport), TUPLE(0, dport), TUPLE(1, sport), TUPLE(1, dport) },
	.proto = TUPLE(0, proto),
	.tcp_state = offsetof(struct connection, state),
};

#define NET16(x)	((uint16_t)((x) << 8 | (x) >> 8))
#define HZ		250U

enum { ESTABLISHED = 3, TIME_WAIT = 7, CLOSE };
enum { DYING = 1 << 9 };

/* A host with one rule, and the time of day. */
struct host {
	uint8_t *space;
	size_t size;
	enum family f;
	uint64_t now;
};

static void host_start(struct host *h, const char *rule, enum family f)
{
	struct error err;
	struct ruleset rs;
	struct image img;
	char text[256];

	h->f = f;
	h->now = 5000;
	h->size = IMAGE_CAPACITY_1;
	h->space = calloc(1, h->size);
	assert_non_null(h->space);
	snprintf(text, sizeof(text), "-m connlimit %s -j DROP", rule);
	if (parse_rule(&rs, text, f, &err) || image_compile(&rs, &img, &err) ||
	    image_validate(img.data, img.size, &err))
		fail_msg("%s: %s", rule, err.msg);
	assert_int_equal(img.header->features,
			 IMAGE_F_CONNTRACK | IMAGE_F_KERNEL | IMAGE_F_JIFFIES | IMAGE_F_RESIDUAL |
				 IMAGE_F_GROUP(OPS_CONNLIMIT));
	ruleset_free(&rs);
	memcpy(h->space, img.data, img.size);
	image_free(&img);
	assert_int_equal(image_layout((struct image_header *)(void *)h->space, h->size, 1), 0);
	((struct image_header *)(void *)h->space)->hz = HZ;
}

static void host_stop(struct host *h)
{
	free(h->space);
}

/* TCP from host number @from, port @port: what is in its packets and in its connection. */
static size_t packet_make(enum family f, uint8_t *p, unsigned int from, unsigned int port)
{
	static const uint8_t head4[40] = {
		0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 0, 10, 0, 0, 1,
		0, 0, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16, 0,
	};
	static const uint8_t head6[60] = {
		0x60, 0, 0, 0, 0, 20, 6, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16, 0,
	};
	size_t ports = f ? 40 : 20, len = f ? sizeof(head6) : sizeof(head4);

	memcpy(p, f ? head6 : head4, len);
	p[f ? 23 : 15] = (uint8_t)from;
	p[f ? 22 : 14] = (uint8_t)(p[f ? 22 : 14] + (from >> 8));
	p[ports] = (uint8_t)(port >> 8);
	p[ports + 1] = (uint8_t)port;
	return len;
}

static void connect_to(struct connection *ct, enum family f, unsigned int from, unsigned int port)
{
	uint8_t p[64];
	size_t at = f ? 8 : 12, len = f ? 16 : 4;

	packet_make(f, p, from, port);
	memset(ct, 0, sizeof(*ct));
	ct->timeout = 1000000;
	memcpy(ct->tuple[0].src, p + at, len);
	memcpy(ct->tuple[0].dst, p + at + len, len);
	memcpy(ct->tuple[1].src, p + at + len, len);
	memcpy(ct->tuple[1].dst, p + at, len);
	ct->tuple[0].sport = ct->tuple[1].dport = NET16(port & 0xffff);
	ct->tuple[0].dport = ct->tuple[1].sport = NET16(22);
	ct->tuple[0].proto = ct->tuple[1].proto = 6;
	ct->state = ESTABLISHED;
}

/* Does a packet of @ct pass? NULL: it has none. Passing makes the connection a known one. */
static bool passes(struct host *h, struct connection *ct, unsigned int from, unsigned int port)
{
	struct packet_context ctx = {
		.family = h->f, .table = TABLE_FILTER, .hook = HOOK_INPUT, .layout = &layout,
		.ct = ct ? CT_NEW : CT_INVALID, .jiffies = h->now, .nfct = (uintptr_t)ct,
	};
	uint8_t p[64];
	size_t len = packet_make(h->f, p, from, port);
	unsigned int verdict = image_evaluate(h->space, h->size, &ctx, p, len);

	if (ct && verdict == EVALUATE_ACCEPT)
		ct->status |= CT_STATUS_CONFIRMED;
	assert_true(verdict <= EVALUATE_ACCEPT || verdict == 2 + DROP_HOTDROP);
	return verdict == EVALUATE_ACCEPT;
}

/* A new connection. */
static bool opens(struct host *h, struct connection *ct, unsigned int from, unsigned int port)
{
	h->now += 3;
	connect_to(ct, h->f, from, port);
	return passes(h, ct, from, port);
}

static void counts(void **state)
{
	struct connection ct[8];
	struct host h;
	unsigned int f;

	(void)state;
	for (f = 0; f < 2; f++) {
		host_start(&h, "--connlimit-above 2", (enum family)f);
		assert_true(opens(&h, &ct[0], 1, 1000));
		assert_true(opens(&h, &ct[1], 1, 1001));
		assert_false(opens(&h, &ct[2], 1, 1002));
		assert_true(opens(&h, &ct[3], 2, 1002));
		/* Again and again: the one that never came to be is forgotten. */
		assert_false(opens(&h, &ct[4], 1, 1003));
		/* A known one is not counted twice; those behind it are not looked at. */
		h.now += 3;
		assert_false(passes(&h, &ct[0], 1, 1000));
		ct[0].status |= CT_STATUS_ASSURED;
		assert_true(passes(&h, &ct[0], 1, 1000));
		/* Closed, gone, timed out, another one in its memory: room for one each. */
		ct[0].state = TIME_WAIT;
		assert_true(opens(&h, &ct[2], 1, 1004));
		assert_false(opens(&h, &ct[4], 1, 1005));
		ct[1].status |= DYING;
		assert_true(opens(&h, &ct[4], 1, 1006));
		assert_false(opens(&h, &ct[5], 1, 1007));
		ct[2].timeout = (uint32_t)h.now;
		assert_true(opens(&h, &ct[5], 1, 1008));
		assert_false(opens(&h, &ct[6], 1, 1009));
		assert_true(opens(&h, &ct[5], 3, 1008));
		assert_true(opens(&h, &ct[6], 1, 1010));
		assert_false(opens(&h, &ct[7], 1, 1011));
		host_stop(&h);
	}
}

static void counts_by_mask(void **state)
{
	struct connection ct[4];
	struct host h;

	(void)state;
	host_start(&h, "--connlimit-above 1 --connlimit-mask 31", FAMILY_IPV4);
	assert_true(opens(&h, &ct[0], 2, 1000));
	assert_false(opens(&h, &ct[1], 3, 1000));
	assert_true(opens(&h, &ct[2], 4, 1000));
	host_stop(&h);
	host_start(&h, "--connlimit-upto 1 --connlimit-daddr", FAMILY_IPV6);
	assert_false(opens(&h, &ct[0], 2, 1000));
	ct[0].status |= CT_STATUS_CONFIRMED;
	assert_false(passes(&h, &ct[0], 2, 1000));
	assert_true(opens(&h, &ct[1], 3, 1000));
	host_stop(&h);
}

/* list->last_gc: within a tick connections that are not there yet are not looked through. */
static void within_a_tick(void **state)
{
	struct connection ct[3];
	struct host h;

	(void)state;
	host_start(&h, "--connlimit-above 1", FAMILY_IPV4);
	connect_to(&ct[0], FAMILY_IPV4, 1, 1000);
	assert_true(passes(&h, &ct[0], 1, 1000));
	ct[0].status = 0;
	assert_false(passes(&h, &ct[0], 1, 1000));
	h.now++;
	assert_true(passes(&h, &ct[0], 1, 1000));
	host_stop(&h);
}

/* -EEXIST: an assured connection is never added; where none is left, its packets are dropped. */
static void assured(void **state)
{
	struct connection ct[2];
	struct host h;

	(void)state;
	host_start(&h, "--connlimit-above 1", FAMILY_IPV4);
	assert_true(opens(&h, &ct[0], 1, 1000));
	connect_to(&ct[1], FAMILY_IPV4, 1, 1001);
	ct[1].status = CT_STATUS_CONFIRMED | CT_STATUS_ASSURED;
	h.now += 3;
	assert_true(passes(&h, &ct[1], 1, 1001));
	/* One without a connection of its own is another one, unless it is of one that counts. */
	h.now += 3;
	assert_false(passes(&h, NULL, 1, 1002));
	ct[0].status |= CT_STATUS_ASSURED;
	h.now += 3;
	assert_true(passes(&h, NULL, 1, 1000));
	ct[0].state = CLOSE;
	h.now += 3;
	assert_false(passes(&h, &ct[0], 1, 1000));
	assert_false(passes(&h, &ct[1], 1, 1001));
	assert_true(opens(&h, &ct[0], 1, 1003));
	host_stop(&h);
}

/* As many as there is room for, and then none, until some have gone. */
static void full(void **state)
{
	const unsigned int most = CONNLIMIT_SLOTS / 8 * 7, sources = 4096;
	struct connection *ct = calloc(most, sizeof(*ct));
	struct host h;
	unsigned int i, tries;

	(void)state;
	assert_non_null(ct);
	host_start(&h, "--connlimit-above 1024", FAMILY_IPV4);
	for (i = 0; i < most && opens(&h, &ct[i], i % sources, 1000 + i); i++)
		;
	/* An address takes a place as well, unless nobody came from it for long. */
	assert_in_range(i, most - sources - 16, most);
	ct[7].status |= DYING;
	ct[7 + sources].status |= DYING;
	h.now += 3;
	/* Each packet that finds no room looks at some that may go. */
	for (tries = 0; tries < CONNLIMIT_SLOTS / 32 && !opens(&h, &ct[i], 7, 1000 + i); tries++)
		h.now += 3;
	assert_in_range(tries, 0, CONNLIMIT_SLOTS / 32 - 1);
	host_stop(&h);
	/* Of addresses that nobody comes from any more, too. */
	host_start(&h, "--connlimit-above 1", FAMILY_IPV4);
	for (i = 0; i < 2 * most; i++) {
		assert_true(opens(&h, &ct[i % most], i % 251, 1000 + i));
		ct[i % most].status |= DYING;
	}
	host_stop(&h);
	free(ct);
}

static void not_in_raw(void **state)
{
	static const char text[] = "*raw\n-A OUTPUT -m connlimit --connlimit-above 5\nCOMMIT\n";
	const struct rules_source src = {
		.where = "test", .families = FAMILY_BIT(FAMILY_IPV4), .text = text,
		.len = sizeof(text) - 1,
	};
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	assert_int_not_equal(ruleset_finish(&rs, &err), 0);
	assert_non_null(strstr(err.msg, "unsupported match \"connlimit\" in table raw"));
	assert_int_equal(err.line, 2);
	ruleset_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts), cmocka_unit_test(counts_by_mask),
		cmocka_unit_test(within_a_tick), cmocka_unit_test(assured), cmocka_unit_test(full),
		cmocka_unit_test(not_in_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
