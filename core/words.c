#include "core/words.h"

#include <string.h>

void kb_words_one(uint16_t bits, char out[5])
{
	static const char consonants[] = "bdfghjklmnprstvz";
	static const char vowels[] = "aiou";

	out[0] = consonants[bits >> 12];
	out[1] = vowels[bits >> 10 & 3];
	out[2] = consonants[bits >> 6 & 15];
	out[3] = vowels[bits >> 4 & 3];
	out[4] = consonants[bits & 15];
}

void kb_words_format(const uint8_t *fingerprint, char out[KB_WORDS_LEN])
{
	char *p = out;

	for (int i = 0; i < KB_WORDS_BYTES; i += 2) {
		if (i > 0)
			*p++ = '-';
		/* the scheme reads the bytes in network order */
		kb_words_one((uint16_t)(fingerprint[i] << 8 | fingerprint[i + 1]), p);
		p += 5;
	}
	*p = '\0';
}
