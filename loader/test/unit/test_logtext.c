// SPDX-License-Identifier: GPL-2.0-only
/* LOG's lines, and the writer to /dev/kmsg. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "answer/kmsg.h"
#include "answer/logtext.h"
#include "logtext_lines.h"

#define NR(a)		(sizeof(a) / sizeof((a)[0]))
#define SECOND		1000000000ULL
#define ETHERNET	1
#define UDP		"4500001c000140004011000001020304050607080035003500080000"
#define UDP_FIELDS	"SRC=1.2.3.4 DST=5.6.7.8 LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=UDP " \
			"SPT=53 DPT=53 LEN=8 "
#define MAC		"020000000101020000000102080045000000"

static union {
	struct answer_record r;
	u8 space[RECORD_SIZE_3];
} u;
static struct buffer out;

static u32 unhex(u8 *to, const char *s)
{
	unsigned int byte;
	u32 n = 0;

	for (; sscanf(s, "%2x", &byte) == 1; s += 2)
		to[n++] = (u8)byte;
	return n;
}

/* A record of the packet @hex, with nothing around it. */
static struct answer_record *record(const char *hex)
{
	memset(&u, 0, sizeof(u));
	u.r.len = u.r.captured = unhex(u.r.data, hex);
	return &u.r;
}

static void device(struct record_device *d, const char *name, u32 index)
{
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->index = index;
	d->type = ETHERNET;
}

static void expect_ae(bool names_ae, const char *line)
{
	out.len = 0;
	log_text(&u.r, names_ae, &out);
	assert_int_equal(out.failed, 0);
	assert_string_equal(out.data, line);
}

static void expect(const char *line)
{
	expect_ae(true, line);
}

static void packets(void **state)
{
	char line[2048];
	size_t i;

	(void)state;
	for (i = 0; i < NR(packet_lines); i++) {
		record(packet_lines[i].packet)->family = packet_lines[i].family;
		u.r.rule.flags = ANSWER_LOG_TCPSEQ | ANSWER_LOG_TCPOPT | ANSWER_LOG_IPOPT;
		snprintf(line, sizeof(line), "IN= OUT= %s", packet_lines[i].line);
		expect(line);
	}
}

static void devices(void **state)
{
	struct answer_record *r = record(UDP);

	(void)state;
	device(&r->out, "eth1", 3);
	expect("IN= OUT=eth1 " UDP_FIELDS);
	device(&r->in, "eth0", 2);
	expect("IN=eth0 OUT=eth1 MAC= " UDP_FIELDS);
	memset(&r->out, 0, sizeof(r->out));
	memset(r->in.name, 'n', sizeof(r->in.name));
	expect("IN=nnnnnnnnnnnnnnnn OUT= MAC= " UDP_FIELDS);
	device(&r->in, "br0", 9);
	device(&r->phys_in, "eth0", 2);
	device(&r->phys_out, "eth1", 3);
	expect("IN=br0 OUT= MAC= " UDP_FIELDS);
	r->flags |= RECORD_BRIDGED;
	expect("IN=br0 OUT= PHYSIN=eth0 PHYSOUT=eth1 MAC= " UDP_FIELDS);
	r->in = r->phys_in;
	memset(&r->phys_out, 0, sizeof(r->phys_out));
	expect("IN=eth0 OUT= MAC= " UDP_FIELDS);
}

static void mac(void **state)
{
	struct answer_record *r = record(UDP);

	(void)state;
	device(&r->in, "eth0", 2);
	r->flags = RECORD_MAC;
	unhex(r->mac, MAC);
	r->mac_len = 14;
	expect("IN=eth0 OUT= MAC=02:00:00:00:01:01:02:00:00:00:01:02:08:00 " UDP_FIELDS);
	/* A VLAN's device: its headers have 18 bytes, this packet's has 14. */
	r->mac_len = 18;
	expect("IN=eth0 OUT= MAC=02:00:00:00:01:01:02:00:00:00:01:02:08:00:45:00:00:00 " UDP_FIELDS);
	r->rule.flags = ANSWER_LOG_MACDECODE;
	expect("IN=eth0 OUT= MACSRC=02:00:00:00:01:02 MACDST=02:00:00:00:01:01 MACPROTO=0800 "
	       UDP_FIELDS);
	r->vlan = 0x6fff;
	r->vlan_proto = 0x8100;
	expect("IN=eth0 OUT= MACSRC=02:00:00:00:01:02 MACDST=02:00:00:00:01:01 VPROTO=8100 "
	       "VID=28671 MACPROTO=0800 " UDP_FIELDS);
	r->mac_len = 13;
	expect("IN=eth0 OUT= " UDP_FIELDS);
	r->mac_len = 255;
	r->in.type = 772;
	memset(r->mac, 0, sizeof(r->mac));
	expect("IN=eth0 OUT= MAC=00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00 "
	       UDP_FIELDS);
	r->flags = 0;
	expect("IN=eth0 OUT= MAC= " UDP_FIELDS);
	memset(&r->in, 0, sizeof(r->in));
	r->flags = RECORD_MAC;
	expect("IN= OUT= " UDP_FIELDS);
}

static void owner_and_mark(void **state)
{
	struct answer_record *r = record(UDP);

	(void)state;
	r->uid = 0xffffffff;
	r->gid = 7;
	r->mark = 0xdeadbeef;
	r->rule.flags = ANSWER_LOG_UID;
	expect("IN= OUT= " UDP_FIELDS "MARK=0xdeadbeef ");
	r->flags = RECORD_OWNER;
	expect("IN= OUT= " UDP_FIELDS "UID=4294967295 GID=7 MARK=0xdeadbeef ");
	r->rule.flags = 0;
	r->mark = 1;
	expect("IN= OUT= " UDP_FIELDS "MARK=0x1 ");
	/* A line that ends early has neither. */
	r->captured -= 1;
	expect("IN= OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF "
	       "PROTO=UDP INCOMPLETE [8 bytes] ");
	r->captured = 19;
	expect("IN= OUT= TRUNCATED");
	r->family = 1;
	r->captured = 0;
	expect("IN= OUT= TRUNCATED");
}

static void prefixes(void **state)
{
	struct answer_record *r = record(UDP);
	char line[512];

	(void)state;
	strcpy(r->rule.prefix, "\0013\001c\0018a\001\\\x7f%s");
	expect("\0018a\001\\\x7f%sIN= OUT= " UDP_FIELDS);
	strcpy(r->rule.prefix, "\0010\0017");
	expect("IN= OUT= " UDP_FIELDS);
	strcpy(r->rule.prefix, "\001");
	expect("\001IN= OUT= " UDP_FIELDS);
	memset(r->rule.prefix, 'p', sizeof(r->rule.prefix));
	snprintf(line, sizeof(line), "%.64sIN= OUT= " UDP_FIELDS, r->rule.prefix);
	expect(line);
}

/* Lengths of what is segmented later, and no others. */
static void big(void **state)
{
	struct answer_record *r = record("4500000000014000400600000102030405060708");

	(void)state;
	r->len = 70000;
	expect("IN= OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=70000 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF "
	       "PROTO=TCP INCOMPLETE [69980 bytes] ");
	r->len = 65535;
	expect("IN= OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=0 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF "
	       "PROTO=TCP INCOMPLETE [65515 bytes] ");
	r = record("60000000000006400000000000000000000000000000000100000000000000000000000000000002");
	r->family = 1;
	r->len = 70000;
	expect("IN= OUT= SRC=0000:0000:0000:0000:0000:0000:0000:0001 "
	       "DST=0000:0000:0000:0000:0000:0000:0000:0002 LEN=70000 TC=0 HOPLIMIT=64 FLOWLBL=0 "
	       "PROTO=TCP INCOMPLETE [69960 bytes] ");
}

static void accurate_ecn(void **state)
{
	(void)state;
	record("45000028000140004006000001020304050607080016005000000001000000025f022000000000ff");
	expect_ae(true, "IN= OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF "
			"PROTO=TCP SPT=22 DPT=80 WINDOW=8192 RES=0x38 AE SYN URGP=255 ");
	expect_ae(false, "IN= OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF "
			 "PROTO=TCP SPT=22 DPT=80 WINDOW=8192 RES=0x3c SYN URGP=255 ");
	assert_false(log_names_ae("6.6.0"));
	assert_false(log_names_ae("6.12.43+deb12-amd64"));
	assert_false(log_names_ae("6.14.9"));
	assert_false(log_names_ae("5.99"));
	assert_false(log_names_ae(""));
	assert_true(log_names_ae("6.15-rc1"));
	assert_true(log_names_ae("6.18.44"));
	assert_true(log_names_ae("7.0"));
	assert_true(log_names_ae("6.300"));
}

/* Extension headers without end: the line is cut, and what was in the buffer stays. */
static void too_long(void **state)
{
	struct answer_record *r = record("");
	u32 n = 20000, i;

	(void)state;
	r->family = 1;
	r->rule.flags = ANSWER_LOG_IPOPT;
	r->captured = r->len = n;
	memset(r->data, 0, n);
	r->data[6] = 60;
	for (i = 40; i < n; i += 8)
		r->data[i] = 60;
	out.len = 0;
	buffer_puts(&out, "before");
	log_text(r, true, &out);
	assert_int_equal(out.len, 6 + LOG_LINE_MAX);
	assert_int_equal(strlen(out.data), out.len);
	assert_memory_equal(out.data, "beforeIN= OUT= SRC=", 19);
	assert_memory_equal(out.data + out.len - 16, ") OPT ( ) OPT ( ", 16);
}

static void written(void **state)
{
	char path[] = "/tmp/test_logtext.XXXXXX", text[LOG_LINE_MAX + 9], back[2048];
	int fd = mkstemp(path);
	ssize_t n;

	(void)state;
	assert_true(fd >= 0);
	memset(text, 'x', sizeof(text));
	assert_int_equal(kmsg_write(fd, 4, "a line ", 7), 0);
	assert_int_equal(kmsg_write(fd, 0, "", 0), 0);
	assert_int_equal(kmsg_write(fd, 7, text, sizeof(text)), 0);
	assert_int_equal(kmsg_write(fd, 12, "b", 1), 0);
	n = pread(fd, back, sizeof(back), 0);
	assert_int_equal(n, 12 + 4 + 4 + LOG_LINE_MAX + 1 + 6);
	assert_memory_equal(back, "<12>a line \n<8>\n<15>xxx", 23);
	assert_memory_equal(back + n - 9, "xx\n<12>b\n", 9);
	close(fd);
	unlink(path);
	assert_int_equal(kmsg_write(-1, 4, "a", 1), -EBADF);
}

static void policy(void **state)
{
	static const struct {
		const char *text;
		enum kmsg_policy policy;
	} cases[] = {
		{ "on\n", KMSG_ON }, { "off\n", KMSG_OFF }, { "ratelimit\n", KMSG_RATIONED },
		{ "", KMSG_RATIONED }, { "o", KMSG_RATIONED },
	};
	char path[] = "/tmp/test_logtext.XXXXXX";
	int fd = mkstemp(path);
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].text, strlen(cases[i].text), 0),
				 strlen(cases[i].text));
		assert_int_equal(kmsg_policy(fd), cases[i].policy);
		assert_int_equal(kmsg_rationed(fd), cases[i].policy != KMSG_ON);
	}
	close(fd);
	unlink(path);
	assert_int_equal(kmsg_policy(-ENOENT), KMSG_RATIONED);
}

static void ration(void **state)
{
	struct kmsg_ration r = { 0 };
	u64 now = 100 * SECOND;
	int i, taken = 0;

	(void)state;
	for (i = 0; i < 40; i++, now += SECOND / 10)
		taken += kmsg_ration_take(&r, KMSG_RATIONED, now);
	assert_int_equal(taken, 10);
	assert_false(kmsg_ration_take(&r, KMSG_RATIONED, 105 * SECOND));
	assert_true(kmsg_ration_take(&r, KMSG_RATIONED, 106 * SECOND));
	for (i = 0, taken = 0; i < 20; i++)
		taken += kmsg_ration_take(&r, KMSG_RATIONED, 111 * SECOND);
	assert_int_equal(taken, 9);
	assert_true(kmsg_ration_take(&r, KMSG_ON, 111 * SECOND));
	assert_false(kmsg_ration_take(&r, KMSG_OFF, 999 * SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets),
		cmocka_unit_test(devices),
		cmocka_unit_test(mac),
		cmocka_unit_test(owner_and_mark),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(big),
		cmocka_unit_test(accurate_ecn),
		cmocka_unit_test(too_long),
		cmocka_unit_test(written),
		cmocka_unit_test(policy),
		cmocka_unit_test(ration),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	buffer_free(&out);
	return ret;
}
