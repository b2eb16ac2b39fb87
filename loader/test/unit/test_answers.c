// SPDX-License-Identifier: GPL-2.0-only
/* REJECT, LOG and NFLOG in an image: what rules make of them, who refuses wrong ones, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpf/answer.h"
#include "compile/internal.h"
#include "extension.h"

struct compiled_case {
	enum family f;
	const char *rule;
	struct image_answer want;
};

static const struct compiled_case compiled[] = {
	{ FAMILY_IPV4, "-j REJECT", { .kind = ANSWER_REJECT, .type = 3 } },
	{ FAMILY_IPV4, "-j REJECT --reject-with net-unreach", { .kind = ANSWER_REJECT } },
	{ FAMILY_IPV4, "-j REJECT --reject-with host-unr", { .kind = ANSWER_REJECT, .type = 1 } },
	{ FAMILY_IPV4, "-j REJECT --reject-with proto-unr", { .kind = ANSWER_REJECT, .type = 2 } },
	{ FAMILY_IPV4, "-j REJECT --reject-with net-proh", { .kind = ANSWER_REJECT, .type = 5 } },
	{ FAMILY_IPV4, "-j REJECT --reject-with host-proh", { .kind = ANSWER_REJECT, .type = 6 } },
	{ FAMILY_IPV4,
	  "-p tcp -j REJECT --reject-with tcp-reset",
	  { .kind = ANSWER_REJECT, .type = 7 } },
	{ FAMILY_IPV4, "-j REJECT --reject-with admin", { .kind = ANSWER_REJECT, .type = 8 } },
	{ FAMILY_IPV6, "-j REJECT", { .kind = ANSWER_REJECT, .type = 4 } },
	{ FAMILY_IPV6, "-j REJECT --reject-with no-route", { .kind = ANSWER_REJECT, .type = 0 } },
	{ FAMILY_IPV6, "-j REJECT --reject-with adm", { .kind = ANSWER_REJECT, .type = 1 } },
	{ FAMILY_IPV6, "-j REJECT --reject-with addr", { .kind = ANSWER_REJECT, .type = 3 } },
	{ FAMILY_IPV6,
	  "-p tcp -j REJECT --reject-with tcp-reset",
	  { .kind = ANSWER_REJECT, .type = 6 } },
	{ FAMILY_IPV6, "-j REJECT --reject-with policy", { .kind = ANSWER_REJECT, .type = 7 } },
	{ FAMILY_IPV6, "-j REJECT --reject-with reject-r", { .kind = ANSWER_REJECT, .type = 8 } },
	{ FAMILY_IPV4, "-j LOG", { .kind = ANSWER_LOG, .level = 4 } },
	{ FAMILY_IPV6,
	  "-j LOG --log-level 7 --log-prefix \"a b \" --log-tcp-sequence --log-uid",
	  { .kind = ANSWER_LOG,
	    .level = 7,
	    .flags = ANSWER_LOG_TCPSEQ | ANSWER_LOG_UID,
	    .prefix = "a b " } },
	{ FAMILY_IPV4,
	  "-j LOG --log-macdecode --log-ip-options --log-tcp-options",
	  { .kind = ANSWER_LOG,
	    .level = 4,
	    .flags = ANSWER_LOG_MACDECODE | ANSWER_LOG_IPOPT | ANSWER_LOG_TCPOPT } },
	{ FAMILY_IPV4, "-j NFLOG", { .kind = ANSWER_NFLOG } },
	{ FAMILY_IPV4,
	  "-j NFLOG --nflog-group 7 --nflog-threshold 9 --nflog-size 64 "
	  "--nflog-prefix x",
	  { .kind = ANSWER_NFLOG,
	    .group = 7,
	    .threshold = 9,
	    .size = 64,
	    .flags = ANSWER_NFLOG_SIZE,
	    .prefix = "x" } },
	{ FAMILY_IPV6,
	  "-j NFLOG --nflog-size 0",
	  { .kind = ANSWER_NFLOG, .flags = ANSWER_NFLOG_SIZE } },
	{ FAMILY_IPV4, "-j NFLOG --nflog-range 9", { .kind = ANSWER_NFLOG } },
};

static const struct image_answer *answers_of(const struct image_header *h)
{
	return (const void *)((const char *)h + h->answers.offset);
}

static void compile_all(void **state)
{
	char rule[256];
	size_t i;

	(void)state;
	for (i = 0; i < NR(compiled); i++) {
		struct image_header *h;

		snprintf(rule, sizeof(rule), "-A INPUT %s\n", compiled[i].rule);
		h = rules_in_force(rule, FAMILY_BIT(compiled[i].f));
		assert_int_equal(h->answers.count, 1);
		assert_true(h->features & IMAGE_F_GROUP(OPS_ANSWER));
		if (memcmp(answers_of(h), &compiled[i].want, sizeof(struct image_answer)))
			fail_msg("%s: another answer", compiled[i].rule);
		free(h);
	}
}

static void shared(void **state)
{
	struct image_header *h = rules_in_force("-A INPUT -s 10.0.0.1 -j REJECT\n"
						"-A INPUT -p tcp -j LOG --log-prefix a\n"
						"-A INPUT -p udp -j REJECT\n"
						"-A INPUT -p udp -j LOG --log-prefix a\n"
						"-A INPUT -p udp -j LOG --log-prefix b\n"
						"-A INPUT -d 10.0.0.1 -j REJECT\n",
						FAMILY_BIT(FAMILY_IPV4));

	(void)state;
	assert_int_equal(h->answers.count, 3);
	free(h);
	/* Without any there is no section, and the evaluator need not know of them. */
	h = rules_in_force("-A INPUT -j DROP\n", FAMILY_BIT(FAMILY_IPV4));
	assert_int_equal(h->answers.offset | h->answers.count, 0);
	assert_false(h->features & IMAGE_F_GROUP(OPS_ANSWER));
	free(h);
}

static unsigned int judge(struct image_header *h, uint8_t proto)
{
	const uint8_t packet[40] = { 0x45, 0, 0, 40, 0, 1, 0, 0, 64, proto, 0,	0, 10,
				     0,	   0, 1, 10, 0, 0, 2, 0, 7,  0,	    53, 0, 20 };
	struct packet_context c = { .hook = HOOK_INPUT, .in = "eth0" };

	return image_evaluate(h, IMAGE_CAPACITY_0, &c, packet, sizeof(packet));
}

static void verdicts(void **state)
{
	struct image_header *h = rules_in_force("-A INPUT -p udp -j LOG\n"
						"-A INPUT -p udp -j NFLOG\n"
						"-A INPUT -p udp -j ACCEPT\n"
						"-A INPUT -j REJECT\n"
						"-A INPUT -j ACCEPT\n",
						FAMILY_BIT(FAMILY_IPV4));
	static const uint64_t want[] = { 1, 1, 1, 1, 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(judge(h, 17), EVALUATE_ACCEPT);
	assert_int_equal(judge(h, 132), EVALUATE_DROP);
	for (i = 0; i < NR(want); i++)
		assert_int_equal(counted(h, i), want[i]);
	free(h);
}

/* In a chain with trees LOG hides nothing that comes behind it, and REJECT all. */
static void in_trees(void **state)
{
	struct buffer rules = { 0 };
	struct image_header *h;
	unsigned int i;

	(void)state;
	for (i = 0; i < 40; i++)
		buffer_printf(&rules, "-A INPUT -s 10.9.%u.0/24 -j LOG\n", i);
	buffer_puts(&rules, "-A INPUT -s 10.0.0.0/8 -j LOG\n-A INPUT -s 10.0.0.0/24 -j REJECT\n"
			    "-A INPUT -s 10.0.0.0/25 -j ACCEPT\n");
	h = rules_in_force(rules.data, FAMILY_BIT(FAMILY_IPV4));
	assert_int_equal(judge(h, 17), EVALUATE_DROP);
	assert_int_equal(counted(h, 40), 1);
	assert_int_equal(counted(h, 41), 1);
	assert_int_equal(counted(h, 42), 0);
	free(h);
	buffer_free(&rules);
}

struct victim {
	struct image img;
	void *good;
	struct image_answer *reject, *log, *nflog;
	struct image_trait *t[4]; /* REJECT of IPv4, LOG, NFLOG, REJECT of IPv6 */
};

static void victim_make(struct victim *v)
{
	struct rules_source src = { .where = "test", .families = FAMILIES_ALL };
	struct error err = { 0 };
	struct ruleset rs;
	uint32_t i, act;

	src.text = "*filter\n-A INPUT -j REJECT --reject-with icmp-proto-unreachable\n"
		   "-A INPUT -j LOG --log-prefix abc\n-A INPUT -j NFLOG --nflog-size 3\n"
		   "-A INPUT -j REJECT --reject-with icmp6-port-unreachable\nCOMMIT\n";
	src.len = strlen(src.text);
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	assert_int_equal(image_compile(&rs, &v->img, &err), 0);
	ruleset_free(&rs);
	v->good = malloc(v->img.size);
	assert_non_null(v->good);
	memcpy(v->good, v->img.data, v->img.size);
	assert_int_equal(v->img.header->answers.count, 4);
	v->reject = (void *)((char *)v->img.data + v->img.header->answers.offset);
	v->log = v->reject + 1;
	v->nflog = v->reject + 2;
	for (i = 0; i < v->img.header->traits.count; i++) {
		v->t[0] = (void *)((char *)v->img.data + v->img.header->traits.offset);
		act = v->t[0][i].act;
		assert_true(act >> ACT_SHIFT < 4);
		v->t[act >> ACT_SHIFT] = v->t[0] + i;
	}
	v->t[0] = (void *)((char *)v->img.data + v->img.header->traits.offset);
}

static int check_victim(struct victim *v)
{
	struct error err = { 0 };

	v->img.header->checksum = image_checksum(v->img.header, v->img.size);
	return image_validate(v->img.data, v->img.size, &err);
}

#define REFUSED(change)                                          \
	do {                                                     \
		change;                                          \
		if (!check_victim(&v))                           \
			fail_msg("taken for good: %s", #change); \
		memcpy(v.img.data, v.good, v.img.size);          \
	} while (0)

static void damaged_answers(void **state)
{
	struct victim v;

	(void)state;
	victim_make(&v);
	assert_int_equal(check_victim(&v), 0);
	REFUSED(v.reject->kind = 0);
	REFUSED(v.reject->kind = ANSWER_KINDS);
	REFUSED(v.reject->kind = ANSWER_LOG);
	REFUSED(v.reject->type = 4);
	REFUSED(v.reject->type = 9);
	REFUSED(v.reject->type = 255);
	REFUSED(v.reject->level = 1);
	REFUSED(v.reject->flags = 1);
	REFUSED(v.reject->group = 1);
	REFUSED(v.reject->pad = 1);
	REFUSED(v.reject->prefix[0] = 'a');
	REFUSED(v.reject[3].type = 2);
	REFUSED(v.log->type = 1);
	REFUSED(v.log->level = 8);
	REFUSED(v.log->flags = 16);
	REFUSED(v.log->flags = 64);
	REFUSED(v.log->size = 1);
	REFUSED(v.log->threshold = 1);
	REFUSED(v.log->prefix[5] = 'x');
	REFUSED(v.log->prefix[1] = '\n');
	REFUSED(memset(v.log->prefix, 'x', sizeof(v.log->prefix)));
	REFUSED(v.nflog->level = 1);
	REFUSED(v.nflog->flags = 2);
	REFUSED(v.nflog->flags = 0);
	REFUSED(v.nflog->prefix[ANSWER_PREFIX - 1] = 1);
	free(v.good);
	image_free(&v.img);
}

static void damaged_acts(void **state)
{
	struct image_header *h;
	struct victim v;

	(void)state;
	victim_make(&v);
	h = v.img.header;
	REFUSED(h->features &= ~IMAGE_F_GROUP(OPS_ANSWER));
	REFUSED(h->answers.offset = 0);
	REFUSED(h->answers.offset += 4);
	REFUSED(h->answers.offset = (uint32_t)v.img.size - 8);
	REFUSED(h->answers.count = UINT32_MAX);
	REFUSED(h->answers.count--);
	REFUSED((h->answers.count = 0, h->answers.offset = 0));
	REFUSED(v.t[1]->act = ACT_ANSWER | 4U << ACT_SHIFT);
	REFUSED(v.t[1]->act = ACT_ANSWER | UINT32_MAX << ACT_SHIFT);
	REFUSED(v.t[1]->act = ACT_ANSWER);
	REFUSED(v.t[1]->act = ACT_REJECT | 1U << ACT_SHIFT);
	REFUSED(v.t[1]->act = ACT_REJECT);
	REFUSED(v.t[1]->act = ACT_REJECT | 3U << ACT_SHIFT);
	REFUSED(v.t[3]->act = ACT_REJECT);
	free(v.good);
	image_free(&v.img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compile_all),	   cmocka_unit_test(shared),
		cmocka_unit_test(verdicts),	   cmocka_unit_test(in_trees),
		cmocka_unit_test(damaged_answers), cmocka_unit_test(damaged_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
