// SPDX-License-Identifier: GPL-2.0-only
#include "answers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer/ratelimit.h"

#define SECOND 1000000000ULL

static struct ratelimit rl;
static struct reject_settings settings;
static struct reply reply;
/* Any; rates know differences only. */
static u64 now = 5 * SECOND;

static void start(u32 ms, u32 per_sec, u32 burst)
{
	memset(&settings, 0, sizeof(settings));
	settings.ratelimit[0] = settings.ratelimit[1] = ms;
	settings.ratemask4 = 6168;
	settings.ratemask6[0] = 0xfffffffb;
	settings.msgs_per_sec = per_sec;
	settings.msgs_burst = burst;
	settings.key = 77;
	ratelimit_init(&rl, &settings, now);
	memset(&reply, 0, sizeof(reply));
	reply.limits = REPLY_LIMIT_ALL | REPLY_LIMIT_HOST;
}

static void to(u32 host)
{
	memcpy(reply.data + (reply.family ? 24 : 16), &host, sizeof(host));
}

static unsigned int allowed(unsigned int times)
{
	unsigned int n = 0;

	while (times--)
		n += ratelimit_allow(&rl, &reply, now);
	return n;
}

/* inet_peer_xrlim_allow(): six at once, then one in each interval. */
static void test_host(void **state)
{
	(void)state;
	for (u8 family = 0; family < 2; family++) {
		start(1000, 1000000, 1000000);
		reply.family = family;
		to(1);
		assert_int_equal(allowed(100), 6);
		now += SECOND - 1;
		assert_int_equal(allowed(10), 0);
		now += 1;
		assert_int_equal(allowed(10), 1);
		now += 3 * SECOND;
		assert_int_equal(allowed(10), 3);
		now += 1000 * SECOND;
		assert_int_equal(allowed(10), 6);
		to(2);
		assert_int_equal(allowed(10), 6);
		to(1);
		assert_int_equal(allowed(10), 0);
	}
}

/* What saved up for a minute is all that a new host has. */
static void test_long_interval(void **state)
{
	(void)state;
	start(30000, 1000000, 1000000);
	assert_int_equal(allowed(10), 2);
	start(61000, 1000000, 1000000);
	assert_int_equal(allowed(10), 0);
	now += SECOND;
	assert_int_equal(allowed(10), 1);
}

static void test_families_apart(void **state)
{
	(void)state;
	start(1000, 1000000, 1000000);
	assert_int_equal(allowed(10), 6);
	reply.family = RECORD_IPV6;
	assert_int_equal(allowed(10), 6);
}

/* icmp_global_allow(): each costs 0, 1 or 2 of the burst; more comes 50 times a second at most. */
static void test_all(void **state)
{
	unsigned int n;

	(void)state;
	start(0, 1000, 50);
	n = allowed(1000);
	assert_in_range(n, 25, 150);
	assert_int_equal(allowed(100), 0);
	now += SECOND / 50 - 1;
	assert_int_equal(allowed(100), 0);
	now += 1;
	assert_in_range(allowed(1000), 5, 80);
	now += 100 * SECOND;
	assert_in_range(allowed(1000), 25, 150);
	start(0, 0, 0);
	assert_int_equal(allowed(10), 0);
}

/* In the mean one of credit: a thousand a second. */
static void test_mean(void **state)
{
	unsigned int i, n = 0;

	(void)state;
	start(0, 1000, 50);
	for (i = 0; i < 50 * 20; i++, now += SECOND / 50)
		n += allowed(200);
	assert_in_range(n, 18000, 22000);
}

static void test_exempt(void **state)
{
	(void)state;
	start(1000, 0, 0);
	reply.reset = true;
	assert_int_equal(allowed(1000), 1000);
	start(1000, 0, 0);
	reply.limits = 0;
	assert_int_equal(allowed(1000), 1000);
	start(1000, 1000000, 1000000);
	reply.limits = REPLY_LIMIT_ALL;
	assert_int_equal(allowed(1000), 1000);
	start(1000, 0, 0);
	rl.settings.ratemask4 = ~8U;
	assert_int_equal(allowed(1000), 1000);
	start(1000, 0, 0);
	reply.family = RECORD_IPV6;
	assert_int_equal(allowed(10), 0);
	rl.settings.ratemask6[0] &= ~2U;
	assert_int_equal(allowed(1000), 1000);
}

/* A flood of senders: no host is forgotten but by others, and none gets more than a burst. */
static void test_flood(void **state)
{
	u32 host;

	(void)state;
	start(1000, 100000000, 100000000);
	for (host = 1; host <= 100000; host++) {
		to(host);
		assert_int_equal(allowed(7), 6);
		now += 1000;
	}
	assert_int_equal(allowed(7), 0);
}

static void test_clock_back(void **state)
{
	(void)state;
	start(1000, 1000, 50);
	allowed(200);
	now -= 2 * SECOND;
	assert_int_equal(allowed(10), 0);
	now += 2 * SECOND;
}

static void put(int dir, const char *path, const char *text)
{
	char parent[64];
	unsigned int i;
	int fd;

	for (i = 0; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(parent, sizeof(parent), "%.*s", (int)i, path);
		mkdirat(dir, parent, 0700);
	}
	fd = openat(dir, path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static const struct {
	const char *path, *text;
} sysctls[] = {
	{ "ipv4/ip_default_ttl", "255\n" },	 { "ipv4/icmp_errors_use_inbound_ifaddr", "1\n" },
	{ "ipv4/fwmark_reflect", "1\n" },	 { "ipv6/conf/default/hop_limit", "63\n" },
	{ "ipv6/conf/lo/hop_limit", "63" },	 { "ipv6/conf/eth0/hop_limit", "9\n" },
	{ "ipv6/conf/eth1/hop_limit", "300" },	 { "ipv6/auto_flowlabels", "0\n" },
	{ "ipv4/icmp_ratelimit", "7\n" },	 { "ipv6/icmp/ratelimit", "100\n" },
	{ "ipv4/icmp_ratemask", "junk" },	 { "ipv6/icmp/ratemask", "0-1,3,31-33,255-400\n" },
	{ "ipv4/icmp_msgs_per_sec", "10000\n" }, { "ipv4/icmp_msgs_burst", "-1\n" },
};

static void test_settings(void **state)
{
	char name[] = "/tmp/bpfilter-settings-XXXXXX";
	struct reject_settings s = { .key = 5 };
	int dir, i;

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY);
	reject_settings_read(&s, dir);
	assert_int_equal(s.key, 5);
	assert_int_equal(s.ttl, 64);
	assert_int_equal(s.hop_limit, 64);
	assert_int_equal(s.ratelimit[0], 1000);
	assert_int_equal(s.ratemask4, 6168);
	assert_int_equal(s.ratemask6[0], 0xfffffffb);
	assert_int_equal(s.ratemask6[3], 0xffffffff);
	assert_int_equal(s.ratemask6[4], 0);
	assert_int_equal(s.msgs_per_sec, 1000);
	assert_int_equal(s.msgs_burst, 50);
	for (i = 0; i < (int)(sizeof(sysctls) / sizeof(sysctls[0])); i++)
		put(dir, sysctls[i].path, sysctls[i].text);
	s.key = 0;
	reject_settings_read(&s, dir);
	assert_int_not_equal(s.key, 0);
	assert_int_equal(s.ttl, 255);
	assert_true(s.inbound_ifaddr && s.reflect_mark[0] && !s.reflect_mark[1]);
	assert_int_equal(s.hop_limit, 63);
	assert_int_equal(s.nr_devices, 1);
	assert_string_equal(s.device[0].name, "eth0");
	assert_int_equal(s.device[0].hop_limit, 9);
	assert_false(s.flow_labels);
	assert_int_equal(s.ratelimit[0], 7);
	assert_int_equal(s.ratelimit[1], 100);
	assert_int_equal(s.ratemask4, 6168);
	assert_int_equal(s.ratemask6[0], 0x8000000b);
	assert_int_equal(s.ratemask6[1], 3);
	assert_int_equal(s.ratemask6[7], 0x80000000);
	assert_int_equal(s.msgs_per_sec, 10000);
	assert_int_equal(s.msgs_burst, 50);
	for (i = 0; i < (int)(sizeof(sysctls) / sizeof(sysctls[0])); i++)
		unlinkat(dir, sysctls[i].path, 0);
	for (i = 0; i < 8; i++) {
		static const char *const folders[] = {
			"ipv6/conf/default", "ipv6/conf/lo", "ipv6/conf/eth0", "ipv6/conf/eth1",
			"ipv6/conf",	     "ipv6/icmp",    "ipv6",	       "ipv4"
		};
		assert_int_equal(unlinkat(dir, folders[i], AT_REMOVEDIR), 0);
	}
	close(dir);
	rmdir(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),	       cmocka_unit_test(test_long_interval),
		cmocka_unit_test(test_families_apart), cmocka_unit_test(test_all),
		cmocka_unit_test(test_mean),	       cmocka_unit_test(test_exempt),
		cmocka_unit_test(test_flood),	       cmocka_unit_test(test_clock_back),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
