#include "core/utf8.h"

static bool tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

static size_t take2(const unsigned char *s, uint32_t *ret_point)
{
	*ret_point = (s[0] & 0x1fU) << 6 | (s[1] & 0x3fU);
	return 2;
}

static size_t take3(const unsigned char *s, uint32_t *ret_point)
{
	uint32_t p = (s[0] & 0x0fU) << 12 | (s[1] & 0x3fU) << 6 | (s[2] & 0x3fU);

	if (p < 0x800 || (p >= 0xd800 && p <= 0xdfff))
		return 0;
	*ret_point = p;
	return 3;
}

static size_t take4(const unsigned char *s, uint32_t *ret_point)
{
	uint32_t p =
		(s[0] & 0x07U) << 18 | (s[1] & 0x3fU) << 12 | (s[2] & 0x3fU) << 6 | (s[3] & 0x3fU);

	if (p < 0x10000 || p > 0x10ffff)
		return 0;
	*ret_point = p;
	return 4;
}

size_t kb_utf8_take(const char *text, size_t left, uint32_t *ret_point)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80) {
		*ret_point = s[0];
		return 1;
	}
	/* C0 and C1 could only begin overlong forms */
	if (s[0] >= 0xc2 && s[0] <= 0xdf && left >= 2 && tail(s[1]))
		return take2(s, ret_point);
	if ((s[0] & 0xf0) == 0xe0 && left >= 3 && tail(s[1]) && tail(s[2]))
		return take3(s, ret_point);
	if ((s[0] & 0xf8) == 0xf0 && left >= 4 && tail(s[1]) && tail(s[2]) && tail(s[3]))
		return take4(s, ret_point);
	return 0;
}

bool kb_utf8_valid(const char *s, size_t len)
{
	uint32_t point;

	for (size_t i = 0, n; i < len; i += n) {
		n = kb_utf8_take(s + i, len - i, &point);
		if (n == 0)
			return false;
	}
	return true;
}

bool kb_utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029;
}
