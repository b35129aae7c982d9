/* A fingerprint as six words, to be compared by telephone: proquints (D. S.
 * Wilkerson's public scheme, 16 bits in five letters, consonant and vowel in
 * turn) of the first 96 bits. Finding another key with the same words takes
 * about 2^96 tries.
 */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define KB_WORDS_BYTES 12 /* of the fingerprint that are shown */
#define KB_WORDS_LEN   36 /* six words, five hyphens, NUL */

/* "lusab-babad-.." of the first KB_WORDS_BYTES bytes. */
void kb_words_format(const uint8_t *fingerprint, char out[KB_WORDS_LEN]);

/* One word of 16 bits, no NUL. */
void kb_words_one(uint16_t bits, char out[5]);

#endif
