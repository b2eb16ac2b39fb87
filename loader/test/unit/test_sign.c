// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

#include "sign/secret.h"
#include "sign/text.h"

/* What minisign 0.11 wrote: -G -W, then -S of RULES as rules.v4, then -S -l. */
#define RULES	"*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
#define ID	"D66FF5C308FFAAA8"
#define PUBLIC	"RWSoqv8Iw/Vv1rOJ5u0F70S4AuL4rnORqfGKglIi5famhKKm9Fl8ihk0"
#define PUBLIC_FILE "untrusted comment: minisign public key " ID "\n" PUBLIC "\n"
#define SECRET_FILE "untrusted comment: minisign encrypted secret key\n"			\
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAqKr/CMP1"	\
	"b9aSrpK2EUp/Be5JHbd3yFWVI/T4Z+qN7jWldIjA6QXU4LOJ5u0F70S4AuL4rnORqfGKglIi5fam"	\
	"hKKm9Fl8ihk0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define BODY	"RUSoqv8Iw/Vv1s31F3PIhXI4+fMKJGWLDDCdMm4ftcTb1ZRuqE/Ka5X4wEyVnGBYxXIBoL1c2d0"	\
	"bZqTg2YRpqBHi/rrdpZqbZwY="
#define COMMENT	"timestamp:1795262851\tfile:rules.v4\thashed"
#define GLOBAL	"H8kibCqthzJ4WPCohibZ5Hn84xWut4jj9uXXnQbMp5wR+5kMalpQAKIJymvXe22NhReCaY4gKRp"	\
	"Kws3J1oMQDQ=="
#define HASHED	"untrusted comment: signature from minisign secret key\n" BODY "\n"		\
	"trusted comment: " COMMENT "\n" GLOBAL "\n"
#define LEGACY	"untrusted comment: signature from minisign secret key\n"			\
	"RWSoqv8Iw/Vv1o+E5FQOGWDXgQKbTMB57QI51usVDebYiH2fhheNfPxR93F/XzLA0n3zlBiI8cArPAzqYqyU"	\
	"5SLGiWsAJwHpGwc=\n"								\
	"trusted comment: timestamp:1795262851\tfile:rules.v4\n"			\
	"/6BmjiHzNHpQ9pj52DMxBXItGHepyo36DEg392N3yPhN5s3ZQqSsG95B56gZWo+ishSCU2xzJdhK"	\
	"/sDhhkLwDg==\n"

static struct sign_key public_key(void)
{
	struct error err = { 0 };
	struct sign_key key;

	assert_int_equal(sign_key_parse(&key, PUBLIC_FILE, strlen(PUBLIC_FILE), "k.pub", &err), 0);
	return key;
}

static struct sign_secret secret_key(void)
{
	struct error err = { 0 };
	struct sign_secret secret;

	assert_int_equal(sign_secret_parse(&secret, SECRET_FILE, strlen(SECRET_FILE), "k.key",
					   &err), 0);
	return secret;
}

/* Exact copies on the heap: a byte read behind the end is seen. */
static int verify_bytes(const struct sign_key *key, const char *name, const char *data, size_t len,
			const char *sig, size_t sig_len, struct error *err)
{
	char *data_copy = malloc(len), *sig_copy = malloc(sig_len);
	int ret;

	if (len)
		memcpy(data_copy, data, len);
	if (sig_len)
		memcpy(sig_copy, sig, sig_len);
	ret = sign_verify(key, name, data_copy, len, sig_copy, sig_len, err);
	assert_true(!ret == !err->msg[0]);
	free(data_copy);
	free(sig_copy);
	return ret;
}

static void accepts(const char *name, const char *data, const char *sig)
{
	struct sign_key key = public_key();
	struct error err = { 0 };

	if (verify_bytes(&key, name, data, strlen(data), sig, strlen(sig), &err))
		fail_msg("%s", err.msg);
}

static void refuses(const char *name, const char *data, const char *sig, int wanted,
		    unsigned int line, const char *message)
{
	struct sign_key key = public_key();
	struct error err = { 0 };
	int ret = verify_bytes(&key, name, data, strlen(data), sig, strlen(sig), &err);

	if (!strstr(err.msg, message))
		fail_msg("\"%s\" not in \"%s\"", message, err.msg);
	assert_int_equal(ret, wanted);
	assert_int_equal(err.line, line);
	assert_string_not_equal(err.hint, "");
}

static void test_minisign(void **state)
{
	(void)state;
	accepts("rules.v4", RULES, HASHED);
	accepts("rules.v4", RULES, LEGACY);
	accepts("/etc/bpfilter/rules.v4", RULES, HASHED);
	accepts("LABEL=x:/rules.v4", RULES, HASHED);
	accepts("rules.v4", RULES,
		"untrusted comment: \r\n" BODY "\r\ntrusted comment: " COMMENT "\r\n" GLOBAL);
}

static void test_refused(void **state)
{
	(void)state;
	refuses("rules.v6", RULES, HASHED, -EKEYREJECTED, 0, "for a file called rules.v4, not rules.v6");
	refuses("/rules.v4/rules", RULES, HASHED, -EKEYREJECTED, 0, "not rules");
	refuses("rules.v", RULES, HASHED, -EKEYREJECTED, 0, "for a file called rules.v4, not rules.v");
	refuses("rules.v4x", RULES, HASHED, -EKEYREJECTED, 0, "not rules.v4x");
	refuses("rules.v4", RULES "\n", HASHED, -EKEYREJECTED, 0, "altered");
	refuses("rules.v4", "", HASHED, -EKEYREJECTED, 0, "altered");
	refuses("rules.v4", RULES "\n", LEGACY, -EKEYREJECTED, 0, "altered");
}

static void test_malformed(void **state)
{
	(void)state;
	refuses("r", RULES, "", -EBADMSG, 1, "ends too early");
	refuses("r", RULES, "\n", -EBADMSG, 1, "does not begin with \"untrusted comment: \"");
	refuses("r", RULES, "untrusted comment:\n", -EBADMSG, 1, "does not begin");
	refuses("r", RULES, BODY "\n", -EBADMSG, 1, "does not begin");
	refuses("r", RULES, "untrusted comment: ", -EBADMSG, 2, "ends too early");
	refuses("r", RULES, "untrusted comment: \n" PUBLIC "\n", -EBADMSG, 2, "not a signature");
	refuses("r", RULES, "untrusted comment: \n\n", -EBADMSG, 2, "not a signature");
	refuses("r", RULES, "untrusted comment: \nRV" BODY "\n", -EBADMSG, 2, "not a signature");
	refuses("r", RULES, "untrusted comment: \nAA" BODY "\n", -EBADMSG, 2, "not a signature");
	refuses("r", RULES, "untrusted comment: \n " BODY "\n", -EBADMSG, 2, "not a signature");
	refuses("r", RULES, "untrusted comment: \n" BODY "\n" GLOBAL "\n", -EBADMSG, 3,
		"does not begin with \"trusted comment: \"");
	refuses("r", RULES, "untrusted comment: \n" BODY "\ntrusted comment: x\n", -EBADMSG, 4,
		"ends too early");
	refuses("r", RULES, "untrusted comment: \n" BODY "\ntrusted comment: x\n" BODY "\n",
		-EBADMSG, 4, "not a signature of the comment");
	refuses("rules.v4", RULES, HASHED "\n", -EBADMSG, 5, "more text");
	refuses("rules.v4", RULES, HASHED HASHED, -EBADMSG, 5, "more text");
}

/* The only bits that may be turned are those of the comment that calls itself untrusted. */
static void test_bit_flips(void **state)
{
	const size_t free_begin = strlen(SIGN_COMMENT), free_end = strcspn(HASHED, "\n");
	const struct sign_key key = public_key();
	char sig[] = HASHED, rules[] = RULES;
	struct error err;

	(void)state;
	for (size_t bit = 0; bit < 8 * strlen(HASHED); bit++) {
		size_t at = bit / 8;
		bool harmless = at >= free_begin && at < free_end;
		int ret;

		sig[at] = (char)(sig[at] ^ 1 << bit % 8);
		harmless = harmless && sig[at] != '\n';
		err = (struct error){ 0 };
		ret = verify_bytes(&key, "rules.v4", rules, strlen(RULES), sig, strlen(HASHED), &err);
		if (!ret != harmless)
			fail_msg("bit %zu of the signature: %d", bit, ret);
		sig[at] = HASHED[at];
	}
	for (size_t bit = 0; bit < 8 * strlen(RULES); bit++) {
		rules[bit / 8] = (char)(rules[bit / 8] ^ 1 << bit % 8);
		err = (struct error){ 0 };
		assert_int_equal(verify_bytes(&key, "rules.v4", rules, strlen(RULES), sig,
					      strlen(HASHED), &err), -EKEYREJECTED);
		rules[bit / 8] = RULES[bit / 8];
	}
	err = (struct error){ 0 };
	assert_int_equal(verify_bytes(&key, "rules.v4", rules, strlen(RULES), sig, strlen(HASHED),
				      &err), 0);
}

/* Every beginning of it, but the one that only lacks the last newline. */
static void test_cut(void **state)
{
	const struct sign_key key = public_key();

	(void)state;
	for (size_t len = 0; len < strlen(HASHED) - 1; len++) {
		struct error err = { 0 };

		assert_int_equal(verify_bytes(&key, "rules.v4", RULES, strlen(RULES), HASHED, len,
					      &err), -EBADMSG);
	}
}

static void test_key_files(void **state)
{
	static const char *const good[] = { PUBLIC_FILE, PUBLIC, PUBLIC "\n", PUBLIC "\r\n",
					    "untrusted comment: \n" PUBLIC };
	static const char *const bad[] = { "", "\n", "x", "untrusted comment: x\n", PUBLIC "\n\n",
					   PUBLIC_FILE PUBLIC, " " PUBLIC, PUBLIC "=", PUBLIC "AAAA",
					   "comment\n" PUBLIC "\n", SECRET_FILE,
					   "RUSoqv8Iw/Vv1rOJ5u0F70S4AuL4rnORqfGKglIi5famhKKm9Fl8ihk0" };
	struct sign_key key, wanted = public_key();
	char name[17];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(sign_key_parse(&key, good[i], strlen(good[i]), "k", &err), 0);
		assert_memory_equal(&key, &wanted, sizeof(key));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(sign_key_parse(&key, bad[i], strlen(bad[i]), "k", &err), -EBADMSG);
		assert_string_equal(err.where, "k");
		assert_true(err.line > 0);
		assert_string_not_equal(err.hint, "");
	}
	sign_key_name(&wanted, name);
	assert_string_equal(name, ID);
	wanted.id[7] = 0;
	wanted.id[6] = 5;
	sign_key_name(&wanted, name);
	assert_string_equal(name, "5F5C308FFAAA8");
}

/* A key with any bit turned is another key: its id, or what it verifies. */
static void test_altered_key(void **state)
{
	struct sign_key key = public_key();
	uint8_t *bytes = (uint8_t *)&key;

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
		struct error err = { 0 };
		int ret;

		bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1 << bit % 8);
		ret = sign_verify(&key, "rules.v4", RULES, strlen(RULES), HASHED, strlen(HASHED),
				  &err);
		assert_int_equal(ret, bit / 8 < sizeof(key.id) ? -ENOKEY : -EKEYREJECTED);
		bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1 << bit % 8);
	}
}

static void test_foreign_key(void **state)
{
	struct sign_key key = public_key();
	struct error err = { 0 };

	(void)state;
	key.id[0] = 0xa9;
	assert_int_equal(sign_verify(&key, "rules.v4", RULES, strlen(RULES), HASHED, strlen(HASHED),
				     &err), -ENOKEY);
	assert_non_null(strstr(err.msg, "key " ID));
	assert_non_null(strstr(err.msg, "key D66FF5C308FFAAA9"));
}

/* A signature as it might be made by other means than ours and minisign's. */
static void make(char *out, size_t size, const char *algorithm, const char *comment)
{
	struct sign_secret secret = secret_key();
	struct sign_signature s = { 0 };
	struct buffer part = { 0 }, text = { 0 };
	uint8_t global[64];
	char base64[200];

	memcpy(s.algorithm, algorithm, 2);
	memcpy(s.id, secret.key.id, 8);
	crypto_sign_ed25519_detached(s.sig, NULL, (const uint8_t *)RULES, strlen(RULES), secret.sk);
	buffer_add(&part, s.sig, 64);
	buffer_puts(&part, comment);
	crypto_sign_ed25519_detached(global, NULL, (uint8_t *)part.data, part.len, secret.sk);
	sodium_bin2base64(base64, sizeof(base64), (uint8_t *)&s, sizeof(s),
			  sodium_base64_VARIANT_ORIGINAL);
	buffer_printf(&text, SIGN_COMMENT "\n%s\n" SIGN_TRUSTED "%s\n", base64, comment);
	sodium_bin2base64(base64, sizeof(base64), global, 64, sodium_base64_VARIANT_ORIGINAL);
	buffer_printf(&text, "%s\n", base64);
	assert_true(text.len < size);
	memcpy(out, text.data, text.len + 1);
	buffer_free(&part);
	buffer_free(&text);
}

static void test_comments(void **state)
{
	static const char *const good[] = {
		"file:rules.v4", "file:rules.v4\t", "\tfile:rules.v4", "x\t\tfile:rules.v4\ty",
		"profile:a\tfile:rules.v4\txfile:b",
	};
	static const struct {
		const char *comment, *message;
	} bad[] = {
		{ "", "no field file:NAME" },
		{ "for the router", "no field" },
		{ "timestamp:1 file:rules.v4", "no field" },
		{ "xfile:rules.v4", "no field" },
		{ "FILE:rules.v4", "no field" },
		{ "file", "no field" },
		{ "file:", "for a file called , not rules.v4" },
		{ "file:rules.v4 ", "for a file called rules.v4 , not" },
		{ "file:/etc/rules.v4", "for a file called /etc/rules.v4" },
		{ "file:rules.v4\tfile:rules.v4", "more than one field" },
		{ "file:rules.v6\tfile:rules.v4", "more than one field" },
	};
	char sig[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		make(sig, sizeof(sig), "Ed", good[i]);
		accepts("rules.v4", RULES, sig);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make(sig, sizeof(sig), "Ed", bad[i].comment);
		refuses("rules.v4", RULES, sig, -EKEYREJECTED, 0, bad[i].message);
	}
	make(sig, sizeof(sig), "Ex", "file:rules.v4");
	refuses("rules.v4", RULES, sig, -EBADMSG, 2, "not an Ed25519 signature");
	make(sig, sizeof(sig), "ED", "file:rules.v4");
	refuses("rules.v4", RULES, sig, -EKEYREJECTED, 0, "altered");
}

/* Under the neutral point as a key, one signature would fit every text: R neutral, S zero. */
static void test_weak_key(void **state)
{
	struct sign_key key = { .pk = { 1 } };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(sign_verify(&key, "r", "x", 1, SIGN_COMMENT "\n"
		"RWQAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAA=\ntrusted comment: file:r\n"
		"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAA==\n", strlen(SIGN_COMMENT) + 1 + 101 + 24 + 89, &err), -EKEYREJECTED);
	assert_non_null(strstr(err.msg, "altered"));
}

static void test_secret(void **state)
{
	const uint8_t random[SIGN_RANDOM] = { 0x17, [7] = 1, [20] = 3 };
	struct sign_secret secret = secret_key(), made, again;
	struct sign_key key = public_key();
	struct buffer text = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_memory_equal(&secret.key, &key, sizeof(key));
	sign_secret_make(&made, random);
	sign_secret_print(&made, &text);
	assert_int_equal(sign_secret_parse(&again, text.data, text.len, "k", &err), 0);
	assert_memory_equal(&again, &made, sizeof(made));
	text.len = 0;
	sign_key_print(&made.key, &text);
	assert_int_equal(sign_key_parse(&key, text.data, text.len, "k", &err), 0);
	assert_memory_equal(&key, &made.key, sizeof(key));
	buffer_free(&text);
}

static void refuses_secret(const char *text, int wanted, const char *message)
{
	struct sign_secret secret;
	struct error err = { 0 };

	assert_int_equal(sign_secret_parse(&secret, text, strlen(text), "k.key", &err), wanted);
	if (!strstr(err.msg, message))
		fail_msg("\"%s\" not in \"%s\"", message, err.msg);
	assert_string_equal(err.excerpt, "");
	assert_string_not_equal(err.hint, "");
}

static void test_bad_secret(void **state)
{
	char text[] = SECRET_FILE;
	char *base64 = text + strlen("untrusted comment: minisign encrypted secret key\n");

	(void)state;
	refuses_secret("", -EBADMSG, "ends too early");
	refuses_secret(base64, -EBADMSG, "does not begin");
	refuses_secret(PUBLIC_FILE, -EBADMSG, "not a secret key");
	refuses_secret(SECRET_FILE "x", -EBADMSG, "more text");
	memcpy(base64, "RWRTY0Iy", 8);
	refuses_secret(text, -EOPNOTSUPP, "k.key is encrypted with a password");
	memcpy(base64, "RWRTYkIy", 8);
	refuses_secret(text, -EBADMSG, "not an Ed25519 key");
	memcpy(base64, "RWQAAEIz", 8);
	refuses_secret(text, -EBADMSG, "not an Ed25519 key");
	memcpy(base64, "RUQAAEIy", 8);
	refuses_secret(text, -EBADMSG, "not an Ed25519 key");
	memcpy(base64, "RWQAAEIy", 8);
	base64[100] = 'A';	/* in the seed */
	refuses_secret(text, -EBADMSG, "damaged");
	base64[100] = SECRET_FILE[base64 + 100 - text];
	base64[140] = 'A';	/* in its public half */
	refuses_secret(text, -EBADMSG, "damaged");
}

static void test_make(void **state)
{
	struct sign_secret secret = secret_key();
	struct buffer sig = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(sign_make(&secret, "/a/rules.v4", RULES, strlen(RULES), 7, &sig, &err), 0);
	assert_non_null(strstr(sig.data, "\ntrusted comment: timestamp:7\tfile:rules.v4\thashed\n"));
	accepts("rules.v4", RULES, sig.data);
	refuses("a", RULES, sig.data, -EKEYREJECTED, 0, "for a file called rules.v4, not a");
	sig.len = 0;
	assert_int_equal(sign_make(&secret, "empty", "", 0, 7, &sig, &err), 0);
	accepts("empty", "", sig.data);
	sig.len = 0;
	assert_int_equal(sign_make(&secret, "a b", RULES, strlen(RULES), 7, &sig, &err), 0);
	accepts("x/a b", RULES, sig.data);
	buffer_free(&sig);
}

static void test_make_refuses(void **state)
{
	static const char *const names[] = { "", "a/", "a\nb", "a\tfile:b", "a\177" };
	struct sign_secret secret = secret_key();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buffer sig = { 0 };
		struct error err = { 0 };

		assert_int_equal(sign_make(&secret, names[i], "", 0, 7, &sig, &err), -EINVAL);
		assert_int_equal(sig.len, 0);
		assert_string_not_equal(err.msg, "");
	}
}

static void test_unsigned(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(sign_unsigned("/x/rules.v4", &err), -EKEYREJECTED);
	assert_string_equal(err.msg, "/x/rules.v4 is not signed: there is no rules.v4.minisig");
	assert_string_not_equal(err.hint, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minisign),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_altered_key),
		cmocka_unit_test(test_foreign_key),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_weak_key),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_bad_secret),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_make_refuses),
		cmocka_unit_test(test_unsigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
