/* A fuzz target: one file fuzz_NAME.c with
 *
 *	KB_FUZZ(NAME) { .. data, len ..; return 0; }
 *
 * mk/fuzz.mk builds each twice: with libFuzzer, one program per target, and
 * without, all of them in tests/fuzz/replay.c, which runs the kept inputs of
 * corpus/NAME and needs no clang. Beyond not crashing a target states what
 * must hold of whatever is accepted, by KB_MUST.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*kb_fuzz_fn)(const uint8_t *data, size_t len);

#ifdef KB_REPLAY
void kb_fuzz_register(const char *name, kb_fuzz_fn fn);

#define KB_FUZZ(name)                                                  \
	static int fuzz_##name(const uint8_t *data, size_t len);       \
	static void __attribute__((constructor)) register_##name(void) \
	{                                                              \
		kb_fuzz_register(#name, fuzz_##name);                  \
	}                                                              \
	static int fuzz_##name(const uint8_t *data, size_t len)
#else
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define KB_FUZZ(name) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
#endif

/* Memory that is made once and not for each execution. What is taken ends where
 * the memory ends, and what was taken before is closed, so that an access behind
 * the one or to the other is seen. */
struct kb_fuzz_room {
	uint8_t *bytes;
	size_t size, taken;
};

static inline void *kb_fuzz_take(struct kb_fuzz_room *room, size_t len)
{
	if (!room->bytes || len > room->size) {
		free(room->bytes);
		room->size = len > 4096 ? len : 4096;
		room->bytes = malloc(room->size);
		room->taken = room->size;
		if (!room->bytes)
			abort();
	}
	ASAN_POISON_MEMORY_REGION(room->bytes + room->size - room->taken, room->taken);
	ASAN_UNPOISON_MEMORY_REGION(room->bytes + room->size - len, len);
	room->taken = len;
	return room->bytes + room->size - len;
}

#define KB_MUST(condition)                                                                \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
				#condition);                                              \
			abort();                                                          \
		}                                                                         \
	} while (0)

#endif
