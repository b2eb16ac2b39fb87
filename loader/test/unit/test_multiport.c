// SPDX-License-Identifier: GPL-2.0-only
/* -m multiport: what is taken, refused and printed, as libxt_multiport.c; what it compiles to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compile/compile.h"
#include "compile/internal.h"
#include "compile/program.h"
#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define MULTI	"-p tcp -m multiport "
#define FIFTEEN	"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"

static int parse(struct ruleset *rs, const char *rule, enum family f, struct error *err)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	char text[512];
	int ret;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", rule);
	src.text = text;
	ruleset_init(rs);
	memset(err, 0, sizeof(*err));
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

/* What iptables-save prints; NULL: the same. */
static const struct { const char *in, *out; } printed[] = {
	{ MULTI "--dports 80,443", NULL },
	{ MULTI "! --sports 22,443:445,80", NULL },
	{ MULTI "--ports " FIFTEEN, NULL },
	{ MULTI "--dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15", NULL },
	{ MULTI "--dports 1,1,3:9,4", NULL },
	{ MULTI "--dports 0:65535", NULL },
	{ MULTI "--sports 1 -m multiport ! --ports 2 -m multiport --dports 3", NULL },
	{ MULTI "--destination-ports ssh,ftp-data:telnet", MULTI "--dports 22,20:23" },
	{ MULTI "--source-ports=0x50,010,+7", MULTI "--sports 80,8,7" },
	{ MULTI "--dport 80", MULTI "--dports 80" },
	{ MULTI "--port 80", MULTI "--ports 80" },
	{ "-m multiport -p 33 --ports 5", "-p dccp -m multiport --ports 5" },
	{ "-p sctp -m multiport --dports 1:2", NULL },
	{ "-p udplite -m multiport --dports 1:2", NULL },
	{ "-p udp -m multiport --ports domain", "-p udp -m multiport --ports 53" },
	{ "-p tcp --syn -m multiport --dports 80,81",
	  "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m multiport --dports 80,81" },
};

static void prints(void **state)
{
	struct buffer out;
	struct error err;
	struct ruleset rs;
	char want[512];
	const struct chain *c;
	unsigned int f;
	size_t i;

	(void)state;
	for (i = 0; i < NR(printed) * NR_FAMILIES; i++) {
		f = i % NR_FAMILIES;
		if (parse(&rs, printed[i / 2].in, f, &err))
			fail_msg("%s: %s", printed[i / 2].in, err.msg);
		c = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
		out = (struct buffer){ 0 };
		rule_print(&out, c->rules, c, f);
		snprintf(want, sizeof(want), "-A INPUT %s",
			 printed[i / 2].out ? printed[i / 2].out : printed[i / 2].in);
		assert_string_equal(out.data, want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

/* As iptables -L, with both blanks. */
static const struct { const char *rule; bool numeric; const char *want; } listed[] = {
	{ MULTI "--dports 22,443:445,81", false, " multiport dports ssh,https:microsoft-ds,81" },
	{ MULTI "! --sports 22,443:445", true, " multiport sports  !22,443:445" },
	{ "-p udplite -m multiport --ports 53", false, " multiport ports 53" },
};

static void lists(void **state)
{
	const struct match *m;
	struct buffer out;
	struct error err;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(listed); i++) {
		assert_int_equal(parse(&rs, listed[i].rule, FAMILY_IPV4, &err), 0);
		m = ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "INPUT", false)->rules->matches;
		out = (struct buffer){ 0 };
		m->ext->list(&out, m->data, FAMILY_IPV4, listed[i].numeric);
		assert_string_equal(out.data, listed[i].want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

/* Columns count from "-A INPUT ". */
static const struct { const char *rule; unsigned int column; const char *message; } refused[] = {
	{ MULTI, 20, "requires --sports, --dports or --ports" },
	{ "-m multiport --dports 80 -p tcp", 32, "before --dports, match \"multiport\" needs -p tcp" },
	{ "-m multiport --ports 80", 31, "sctp or dccp" },
	{ "! -p tcp -m multiport --dports 80", 41, "not inverted" },
	{ "-p icmp -m multiport --dports 80", 40, "needs -p tcp" },
	{ "-p all -m multiport --dports 80", 39, "needs -p tcp" },
	{ MULTI "--dports 80 --sports 81", 51, "--sports cannot be used together with --dports" },
	{ MULTI "--dports 80 --destination-ports 81", 42, "only be used once" },
	{ MULTI "--dports 80,", 42, "invalid port" },
	{ MULTI "--dports ,80", 39, "invalid port" },
	{ MULTI "--dports 80,,81", 42, "invalid port" },
	{ MULTI "--dports 1,80:", 44, "invalid port" },
	{ MULTI "--dports 1,:80", 41, "invalid port" },
	{ MULTI "--dports 1:2:3", 41, "invalid port or service \"2:3\"" },
	{ MULTI "--dports 65536", 39, "(0 to 65535, or a service of tcp)" },
	{ MULTI "--dports SSH", 39, "invalid port" },
	{ "-p udplite -m multiport --ports domain", 42, "a service of udplite" },
	{ MULTI "--dports 7,80:80", 41, "the first must be the smaller" },
	{ MULTI "--dports=7,90:80", 41, "invalid port range 90:80" },
	{ MULTI "--dports " FIFTEEN ",16", 75, "15 at most" },
	{ MULTI "--dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16", 72, "a range counts as two" },
	{ MULTI "--dports ! 80", 39, "invalid port" },
	{ MULTI "--dports", 38, "requires an argument" },
	{ "-p tcp -m tcp -m multiport --dport 80", 27, "requires --sports" },
	{ "-p tcp --dports 80", 17, "unknown option" },
};

static void refuses(void **state)
{
	struct error err;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		assert_int_not_equal(parse(&rs, refused[i].rule, FAMILY_IPV4, &err), 0);
		ruleset_free(&rs);
		if (err.column != refused[i].column || !strstr(err.msg, refused[i].message))
			fail_msg("%s: %u: %s", refused[i].rule, err.column, err.msg);
		assert_int_equal(err.line, 2);
	}
}

#define ANY	0, 65535

/* The boxes, of which there may be @max, and whether they are the whole truth. */
static const struct {
	const char *rule;
	unsigned int max;
	bool loose;
	unsigned int count;
	struct port_box boxes[PROGRAM_BOXES];
} boxed[] = {
	{ "--dports 22,80,443", 4, false, 3, { { ANY, 22, 22 }, { ANY, 80, 80 }, { ANY, 443, 443 } } },
	{ "--dports 22,80,443", 2, true, 1, { { ANY, 22, 443 } } },
	{ "--sports 9:12,7,8,11:20", 4, false, 1, { { 7, 20, ANY } } },
	{ "--sports 5,1,3,9,7", 4, true, 1, { { 1, 9, ANY } } },
	{ "--ports 5,7:8", 4, false, 4,
	  { { 5, 5, ANY }, { ANY, 5, 5 }, { 7, 8, ANY }, { ANY, 7, 8 } } },
	{ "--ports 5,7,9", 4, true, 1, { { ANY, ANY } } },
	{ "! --dports 5", 4, true, 1, { { ANY, ANY } } },
	{ "--dports 0:9,10:65535", 4, false, 1, { { ANY, ANY } } },
	{ "--dports 1,3 -m multiport --sports 5,9", 4, false, 4,
	  { { 5, 5, 1, 1 }, { 9, 9, 1, 1 }, { 5, 5, 3, 3 }, { 9, 9, 3, 3 } } },
	{ "--dports 1,3,5 -m multiport --sports 5,9", 4, true, 3,
	  { { 5, 9, 1, 1 }, { 5, 9, 3, 3 }, { 5, 9, 5, 5 } } },
	{ "--dports 1,3,5 -m multiport --dports 3:4", 4, false, 1, { { ANY, 3, 3 } } },
	{ "--dports 1,3,5 -m multiport --dports 2", 4, true, 3,
	  { { ANY, 1, 1 }, { ANY, 3, 3 }, { ANY, 5, 5 } } },
	{ "--dports 1,3,5 -m tcp --dport 3: --sport 7", 4, false, 2, { { 7, 7, 3, 3 }, { 7, 7, 5, 5 } } },
	{ "--dports 1,3 -m tcp --dport 3 --tcp-option 8 -m multiport --dports 3", 4, true, 1,
	  { { ANY, 3, 3 } } },
	{ "--dports 1,3 -m multiport ! --sports 9", 4, true, 2, { { ANY, 1, 1 }, { ANY, 3, 3 } } },
};

static void boxes(void **state)
{
	static struct program p;
	const struct match *m;
	struct error err;
	struct ruleset rs;
	char rule[256];
	size_t i;

	(void)state;
	for (i = 0; i < NR(boxed); i++) {
		snprintf(rule, sizeof(rule), MULTI "%s", boxed[i].rule);
		assert_int_equal(parse(&rs, rule, FAMILY_IPV4, &err), 0);
		program_start(&p, boxed[i].max);
		m = ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "INPUT", false)->rules->matches;
		for (; m; m = m->next)
			assert_int_equal(m->ext->compile(&p, m->data, NULL, FAMILY_IPV4), 0);
		if (p.nr_boxes != boxed[i].count || p.loose != boxed[i].loose ||
		    memcmp(p.boxes, boxed[i].boxes, p.nr_boxes * sizeof(*p.boxes)))
			fail_msg("%s: %u boxes, loose %d", rule, p.nr_boxes, p.loose);
		assert_true(p.l4 && p.multiport);
		ruleset_free(&rs);
	}
}

static void compile(const char *rules, struct image *img)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(FAMILY_IPV4) };
	struct error err = { 0 };
	struct ruleset rs;

	src.text = rules;
	src.len = strlen(rules);
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, img, &err) || image_validate(img->data, img->size, &err))
		fail_msg("%s", err.msg);
	ruleset_free(&rs);
}

/* Sixteen rules are one leaf, whatever their ports; more of them may become more records. */
static void small_chains(void **state)
{
	struct buffer text = { 0 };
	struct image img;
	unsigned int i, n, more;

	(void)state;
	for (n = 1; n < 20; n++) {
		more = 2 * n;		/* records besides one each, an even number */
		if (n <= 16 && more > 16 - n)
			more = (16 - n) / 2 * 2;
		text.len = 0;
		buffer_puts(&text, "*filter\n");
		for (i = 0; i < n; i++)
			buffer_puts(&text, "-A INPUT -p tcp -m multiport --dports 22,80,443\n");
		buffer_puts(&text, "COMMIT\n");
		compile(text.data, &img);
		assert_int_equal(img.header->trees.count != 0, n > 16);
		assert_int_equal(img.header->rules4.count, n + more);
		image_free(&img);
	}
	buffer_free(&text);
}

/* The validator: words and direction of the op. */
static void broken_lists(void **state)
{
	static const u32 bad[] = { 0, 2, 3 << 8 | 2, 1 << 8 | 2, 2 << 8, 2 << 8 | 4, 2 << 8 | 255,
				   1 << 16 | 2 << 8 | 2 };
	struct error err = { 0 };
	struct image_op op;
	struct image img;
	char *at;
	size_t i;

	(void)state;
	compile("*filter\n-A INPUT -p tcp -m multiport --dports 22,80,443\nCOMMIT\n", &img);
	at = (char *)img.data + img.header->programs.offset;
	memcpy(&op, at, sizeof(op));
	assert_int_equal(op.code, OP_MULTIPORT);
	assert_int_equal(op.arg, 2 << 8 | MULTIPORT_DESTINATION);
	for (i = 0; i <= NR(bad); i++) {
		op.arg = i < NR(bad) ? bad[i] : 2 << 8 | (MULTIPORT_SOURCE | MULTIPORT_DESTINATION);
		memcpy(at, &op, sizeof(op));
		img.header->checksum = image_checksum(img.header, img.size);
		assert_int_equal(image_validate(img.data, img.size, &err), i < NR(bad) ? -22 : 0);
	}
	image_free(&img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(lists),
		cmocka_unit_test(refuses), cmocka_unit_test(boxes),
		cmocka_unit_test(small_chains), cmocka_unit_test(broken_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
