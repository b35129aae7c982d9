#include "core/utf8.h"

#include "tests/unit/unit.h"

#include <string.h>

/* Encode by the table of RFC 3629, section 3. */
static size_t encode(uint32_t p, char out[4])
{
	static const uint32_t last[] = {0x7f, 0x7ff, 0xffff, 0x1fffff};
	static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
	size_t n = 1;

	while (p > last[n - 1])
		n++;
	for (size_t i = n; i-- > 1; p >>= 6)
		out[i] = (char)(0x80 | (p & 63));
	out[0] = (char)(lead[n - 1] | p);
	return n;
}

KB_TEST(utf8_every_code_point)
{
	for (uint32_t p = 0; p < 0x110400; p++) {
		bool good = p <= 0x10ffff && !(p >= 0xd800 && p <= 0xdfff);
		char bytes[4];
		size_t n = encode(p, bytes);
		uint32_t point = 0;

		assert_int_equal(kb_utf8_take(bytes, n, &point), good ? n : 0);
		if (good)
			assert_int_equal(point, p);
		if (n > 1)
			assert_int_equal(kb_utf8_take(bytes, n - 1, &point), 0);
	}
}

KB_TEST(utf8_refuses_overlong_and_stray_bytes)
{
	static const char *const bad[] = {"\x80",
					  "\xbf",
					  "\xc0\x80",
					  "\xc1\xbf",
					  "\xe0\x9f\xbf",
					  "\xf0\x8f\xbf\xbf",
					  "\xf8\x88\x80\x80\x80",
					  "\xfe",
					  "a\xc3(",
					  "\xe2\x28\xa1",
					  "\xf0\x28\x8c\xbc"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(kb_utf8_valid(bad[i], strlen(bad[i])));
	assert_true(kb_utf8_valid("", 0));
	assert_true(kb_utf8_valid("a\0b", 3));
}

KB_TEST(utf8_controls)
{
	assert_true(kb_utf8_is_control('\n'));
	assert_true(kb_utf8_is_control(0x7f));
	assert_true(kb_utf8_is_control(0x85));
	assert_true(kb_utf8_is_control(0x2028));
	assert_false(kb_utf8_is_control(' '));
	assert_false(kb_utf8_is_control(0xa0));
}
