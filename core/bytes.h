/* Little-endian integers in byte arrays, and a cursor that cannot run off the
 * end. Records on disk are arrays of bytes; no struct is ever laid over one.
 */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

static inline uint16_t kb_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t kb_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t kb_get64(const uint8_t *p)
{
	return kb_get32(p) | (uint64_t)kb_get32(p + 4) << 32;
}

static inline void kb_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline void kb_put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* LEN is one or more. */
bool kb_all_zero(const uint8_t *p, size_t len);

/* A cursor over LEN bytes. The first read past the end sets `bad`, every later
 * read gives zeros; test once at the end. */
struct kb_cursor {
	const uint8_t *at;
	size_t left;
	bool bad;
};

uint8_t kb_take8(struct kb_cursor *c);
uint16_t kb_take16(struct kb_cursor *c);
uint32_t kb_take32(struct kb_cursor *c);
uint64_t kb_take64(struct kb_cursor *c);
const uint8_t *kb_take(struct kb_cursor *c, size_t len); /* NULL when bad */

/* The writer's side, onto a buffer. */
void kb_add8(struct kb_buf *buf, uint8_t v);
void kb_add16(struct kb_buf *buf, uint16_t v);
void kb_add32(struct kb_buf *buf, uint32_t v);
void kb_add64(struct kb_buf *buf, uint64_t v);

#endif
