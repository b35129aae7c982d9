/* libarchive asks iconv for a converter when it meets a pax header, and glibc's
 * iconv_open reads gconv's files and may dlopen what they name: not in a static
 * program that runs as root. With these in their place libarchive copies
 * ASCII and shows other bytes as '?', which is enough for names nobody here
 * uses. Hidden, so they only replace glibc's where libarchive is linked
 * statically; programs that load it as a library keep the real ones.
 */
#include <errno.h>
#include <iconv.h>

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN iconv_t iconv_open(const char *to, const char *from)
{
	(void)to;
	(void)from;
	errno = EINVAL;
	return (iconv_t)-1; /* as POSIX has it for charsets that are not known */
}

HIDDEN size_t iconv(iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left)
{
	(void)cd;
	(void)in;
	(void)in_left;
	(void)out;
	(void)out_left;
	errno = EBADF;
	return (size_t)-1;
}

HIDDEN int iconv_close(iconv_t cd)
{
	(void)cd;
	errno = EBADF;
	return -1;
}
