#include "core/bytes.h"

#include <string.h>

bool kb_all_zero(const uint8_t *p, size_t len)
{
	/* the first is zero and each is as the one before it */
	return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

const uint8_t *kb_take(struct kb_cursor *c, size_t len)
{
	const uint8_t *p = c->at;

	if (c->bad || len > c->left) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	c->left -= len;
	return p;
}

uint8_t kb_take8(struct kb_cursor *c)
{
	const uint8_t *p = kb_take(c, 1);

	return p ? *p : 0;
}

uint16_t kb_take16(struct kb_cursor *c)
{
	const uint8_t *p = kb_take(c, 2);

	return p ? kb_get16(p) : 0;
}

uint32_t kb_take32(struct kb_cursor *c)
{
	const uint8_t *p = kb_take(c, 4);

	return p ? kb_get32(p) : 0;
}

uint64_t kb_take64(struct kb_cursor *c)
{
	const uint8_t *p = kb_take(c, 8);

	return p ? kb_get64(p) : 0;
}

void kb_add8(struct kb_buf *buf, uint8_t v)
{
	kb_buf_add(buf, &v, 1);
}

void kb_add16(struct kb_buf *buf, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

	kb_buf_add(buf, b, sizeof(b));
}

void kb_add32(struct kb_buf *buf, uint32_t v)
{
	uint8_t b[4];

	kb_put32(b, v);
	kb_buf_add(buf, b, sizeof(b));
}

void kb_add64(struct kb_buf *buf, uint64_t v)
{
	uint8_t b[8];

	kb_put64(b, v);
	kb_buf_add(buf, b, sizeof(b));
}
