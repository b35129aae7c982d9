/* Which operating system this is: ID and VERSION_ID of os-release(5), read as
 * data. The file is shell syntax, but only plain assignments are understood,
 * and nothing is ever evaluated. */
#ifndef STUB_OSRELEASE_H
#define STUB_OSRELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/manifest.h"

struct kb_osrelease {
	char id[64];      /* "debian"; "linux" when the file does not say, as the standard has it */
	char version[64]; /* "13", or "" */
};

int kb_osrelease_parse(const char *text, size_t len, struct kb_osrelease *ret_os,
		       struct kb_err *err);
int kb_osrelease_read(int rootfd, struct kb_osrelease *ret_os, struct kb_err *err);

/* -1, 0, 1: dotted numbers, "9" < "10" < "10.1". Anything else sorts as 0. */
int kb_version_cmp(const char *a, const char *b);

/* Does one of the manifest's entries cover it? No entries cover everything. */
bool kb_osrelease_accepted(const struct kb_osrelease *os, const struct kb_manifest *m);

#endif
