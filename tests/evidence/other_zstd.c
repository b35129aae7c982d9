/* The builder as it would be with another zstd: another version, and other
 * choices, so that the same content gives other bytes. Linked over the library
 * by --wrap for tests of `rebuild`. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

const char *other_version(void) __asm__("__wrap_ZSTD_versionString");
ZSTD_compressionParameters real_parameters(int level, unsigned long long size,
					   size_t dict) __asm__("__real_ZSTD_getCParams");
ZSTD_compressionParameters other_parameters(int level, unsigned long long size,
					    size_t dict) __asm__("__wrap_ZSTD_getCParams");

const char *other_version(void)
{
	return "1.5.99";
}

ZSTD_compressionParameters other_parameters(int level, unsigned long long size, size_t dict)
{
	return real_parameters(level > 1 ? level - 1 : 2, size, dict);
}
