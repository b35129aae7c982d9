/* The builder as it would be with another zstd: another version, and other
 * choices, so that the same content gives other bytes. Linked over the library
 * by --wrap for tests of `rebuild`. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

const char *__wrap_ZSTD_versionString(void);
ZSTD_compressionParameters __real_ZSTD_getCParams(int level, unsigned long long size, size_t dict);
ZSTD_compressionParameters __wrap_ZSTD_getCParams(int level, unsigned long long size, size_t dict);

const char *__wrap_ZSTD_versionString(void)
{
	return "1.5.99";
}

ZSTD_compressionParameters __wrap_ZSTD_getCParams(int level, unsigned long long size, size_t dict)
{
	return __real_ZSTD_getCParams(level > 1 ? level - 1 : 2, size, dict);
}
