#include "core/words.h"

#include "tests/unit/unit.h"

#include <string.h>

/* The examples of the proposal (arXiv:0901.4016): addresses as two words. */
KB_TEST(words_known_proquints)
{
	static const struct {
		uint8_t ip[4];
		const char *words;
	} known[] = {
		{{127, 0, 0, 1}, "lusab-babad"},      {{63, 84, 220, 193}, "gutih-tugad"},
		{{63, 118, 7, 35}, "gutuk-bisog"},    {{140, 98, 193, 141}, "mudof-sakat"},
		{{64, 255, 6, 200}, "haguz-biram"},   {{128, 30, 52, 45}, "mabiv-gibot"},
		{{147, 67, 119, 2}, "natag-lisaf"},   {{212, 58, 253, 68}, "tibup-zujah"},
		{{216, 35, 68, 215}, "tobog-higil"},  {{216, 68, 232, 21}, "todah-vobij"},
		{{198, 81, 129, 136}, "sinid-makam"}, {{12, 110, 110, 204}, "budov-kuras"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char word[6] = {0};

		kb_words_one((uint16_t)(known[i].ip[0] << 8 | known[i].ip[1]), word);
		assert_memory_equal(word, known[i].words, 5);
		kb_words_one((uint16_t)(known[i].ip[2] << 8 | known[i].ip[3]), word);
		assert_memory_equal(word, known[i].words + 6, 5);
	}
}

KB_TEST(words_of_a_fingerprint_are_six)
{
	uint8_t fingerprint[32] = {127, 0, 0, 1, 63, 84, 220, 193, 0, 0, 255, 255};
	char out[KB_WORDS_LEN];

	memset(fingerprint + KB_WORDS_BYTES, 0xaa, sizeof(fingerprint) - KB_WORDS_BYTES);
	kb_words_format(fingerprint, out);
	assert_string_equal(out, "lusab-babad-gutih-tugad-babab-zuzuz");
	assert_int_equal(strlen(out) + 1, KB_WORDS_LEN);
}

KB_TEST(words_differ_for_all_16_bit_values)
{
	static uint8_t seen[65536];

	for (uint32_t i = 0; i < 65536; i++) {
		char w[5];
		uint32_t back = 0;

		kb_words_one((uint16_t)i, w);
		for (int k = 0; k < 5; k++) {
			const char *set = k % 2 ? "aiou" : "bdfghjklmnprstvz";

			back = back << (k % 2 ? 2 : 4) | (uint32_t)(strchr(set, w[k]) - set);
		}
		assert_int_equal(back, i);
		assert_int_equal(seen[back]++, 0);
	}
}
