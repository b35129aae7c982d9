#include "core/random.h"

#include <errno.h>
#include <sys/random.h>

int kb_random(void *buf, size_t len, struct kb_err *err)
{
	char *p = buf;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kb_err_errno(err, KB_E_IO, "getrandom");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
